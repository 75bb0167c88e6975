//! What is read of upstream's policies as they are today.

use palisade::profile::Network;
use palisade::upstream::kube_samples::{import, is_wanted};
use palisade::upstream::text_of;

use crate::upstream::{Upstream, name, origin, platform, shown};

/// Every list of the one region: its name, its path, its blocks.
fn lists(upstream: &Upstream) -> Vec<String> {
    let profile = upstream.profile();
    let lists = profile.lists().into_iter().map(|(name, facts, blocks)| {
        let path = facts.source.path.clone().expect("a path");
        let file = path.rsplit('/').next().expect("a file").to_owned();
        let blocks: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        format!("{name} [{file}]: {}", blocks.join(", "))
    });
    lists.collect()
}

/// Every fact finds its list; blocks are sorted by address, not as text.
#[test]
fn every_list_is_read() {
    insta::assert_snapshot!(lists(&Upstream::of(&["aa-one"])).join("\n"), @r#"
    control-plane-private [allow-private-service-endpoint.yaml]: 192.0.2.9/32, 192.0.2.10/32, 192.0.2.64/26
    control-plane-public [allow-public-service-endpoint.yaml]: 198.51.100.7/32, 198.51.100.8/32
    kubernetes-api [allow-ibm-ports-private.yaml]: 203.0.113.1/32, 203.0.113.2/32
    infrastructure-required-abc09-xyz01 [allow-sys-mgmt-private.yaml]: 192.0.2.112/28, 192.0.2.128/28, 192.0.2.144/28
    infrastructure-zones [allow-sys-mgmt-private.yaml]: 192.0.2.160/28, 192.0.2.176/28
    services-private-registry [allow-private-services.yaml]: 203.0.113.9/32, 203.0.113.16/28
    services-private-monitoring [allow-private-services.yaml]: 203.0.113.50/32
    services-private-monitoring-api [allow-private-services.yaml]: 203.0.113.50/32
    services-private-logging [allow-private-services.yaml]: 203.0.113.40/32, 203.0.113.41/32
    services-private-logging-syslog [allow-private-services.yaml]: 203.0.113.44/32
    services-private-logging-syslog-udp [allow-private-services.yaml]: 203.0.113.44/32
    services-public-registry [allow-public-services.yaml]: 203.0.113.9/32, 203.0.113.16/28
    services-public-logging [allow-public-services.yaml]: 203.0.113.40/32, 203.0.113.41/32
    "#);
}

#[test]
fn what_is_not_a_list_is_read() {
    let profile = Upstream::of(&["aa-one"]).profile();
    let zones: Vec<&str> = profile.zones.iter().map(|zone| zone.as_str()).collect();
    assert_eq!(zones, ["abc01", "abc02"]);
    let subnets = &profile.infrastructure.zones.nets;
    let subnets: Vec<String> = subnets
        .iter()
        .map(|s| format!("{} {}", s.zone, s.net))
        .collect();
    assert_eq!(subnets, ["abc01 192.0.2.160/28", "abc02 192.0.2.176/28"]);
    let groups: Vec<String> = profile
        .services
        .iter()
        .map(|g| {
            let ports: Vec<String> = g.ports.iter().map(|port| port.value.to_string()).collect();
            format!(
                "{} {} {} {}",
                g.network,
                g.name.value,
                g.protocol,
                ports.join(",")
            )
        })
        .collect();
    assert_eq!(
        groups,
        [
            "private registry TCP 8443,443",
            "private monitoring TCP 8080",
            "private monitoring-api TCP 443",
            "private logging TCP 443,80",
            "private logging-syslog TCP 514",
            "private logging-syslog-udp UDP 514",
            "public registry TCP 8443,443",
            "public logging TCP 443,80",
        ]
    );
    let facts = profile.control_plane(Network::Public).facts();
    assert_eq!(facts.source.repository, origin().repository);
    assert_eq!(
        facts.source.commit.as_deref(),
        Some(crate::upstream::COMMIT)
    );
    assert_eq!(
        facts.source.path.as_deref(),
        Some("calico-policies/public-network-isolation/aa-one/allow-public-service-endpoint.yaml")
    );
    assert_eq!(facts.date, origin().date);
    assert_eq!(
        profile.display_name, "aa-one",
        "upstream says no other name"
    );
}

/// A plain upstream has nothing odd about it.
#[test]
fn nothing_is_remarked_without_cause() {
    let import = Upstream::of(&["aa-one", "bb-two"])
        .import()
        .expect("two regions");
    assert_eq!(import.remarks, []);
    assert_eq!(import.profiles.len(), 2);
}

#[test]
fn the_same_texts_make_the_same_bytes() {
    let upstream = Upstream::of(&["aa-one"]);
    let text = || text_of(&upstream.profile()).expect("a text");
    assert_eq!(text(), text());
    insta::assert_snapshot!(text().lines().take(24).collect::<Vec<_>>().join("\n"), @r#"
    # The facts of aa-one (aa-one), made by `palisade profile update`.
    # yaml-language-server: $schema=../../docs/schema/region-profile.json
    region: aa-one
    displayName: aa-one
    zones:
    - abc01
    - abc02
    controlPlane:
      private:
        source:
          repository: https://example.com/policies
          commit: "1111222233334444555566667777888899990000"
          path: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml
        date: "2024-05-06"
        nets:
        - 192.0.2.9/32
        - 192.0.2.10/32
        - 192.0.2.64/26
      public:
        source:
          repository: https://example.com/policies
          commit: "1111222233334444555566667777888899990000"
          path: calico-policies/public-network-isolation/aa-one/allow-public-service-endpoint.yaml
        date: "2024-05-06"
    "#);
}

/// The order in which copies list their blocks, and the space around them, do not count.
#[test]
fn order_and_space_do_not_count() {
    let plain = Upstream::of(&["aa-one"]);
    let swapped = plain.clone().with(
        "allow-egress-pods-private.yaml",
        "      - 192.0.2.9/32\n      - 192.0.2.10/32\n",
        "      - 192.0.2.10/32\n      -   192.0.2.9/32  \n",
    );
    assert_eq!(lists(&swapped), lists(&plain));
    let windows = plain.clone().with_all("", "\n", "\r\n");
    assert_eq!(lists(&windows), lists(&plain));
}

#[test]
fn only_the_wanted_regions_are_read() {
    let upstream =
        Upstream::of(&["aa-one", "bb-two"]).without("bb-two/allow-private-services.yaml");
    let texts = upstream.texts();
    let read = |regions: &[&str]| {
        let wanted: Vec<_> = regions.iter().map(|region| name(region)).collect();
        import(&texts, "", &origin(), &platform(), &wanted)
    };
    let one = read(&["aa-one"]).expect("the whole region is read");
    assert_eq!(one.profiles.len(), 1);
    let error = read(&["aa-on"]).expect_err("there is no such region");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream has no region `aa-on`
     |
     = help: did you mean `aa-one`?
    "#);
    let error = read(&[]).expect_err("one of them lacks a file");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream has no `calico-policies/private-network-isolation/bb-two/allow-private-services.yaml`
     |
     = help: leave bb-two out by naming the others with `--region`
    "#);
}

/// What upstream has and nobody here knows is told, once, however many regions have it; and every
/// policy file is handed on.
#[test]
fn unknown_orders_and_ports_are_told() {
    let mut upstream = Upstream::of(&["aa-one", "bb-two"])
        .with_all("allow-public-services.yaml", "- 853\n", "- 854\n")
        .with_all("allow-egress-pods-public", "- 5353\n", "- 5354\n")
        .with_all("allow-sys-mgmt", "order: 1800", "order: 1700");
    for region in ["aa-one", "bb-two"] {
        let path = format!("calico-policies/public-network-isolation/{region}/allow-news.yaml");
        upstream.files.insert(path, "kind: News\n".to_owned());
    }
    let import = upstream.import().expect("two regions");
    for published in import.policies.values() {
        let file = (Network::Public, "allow-news.yaml".to_owned());
        assert_eq!(published.files[&file].text, "kind: News\n");
        assert_eq!(published.files.len(), 12);
    }
    let told = palisade::upstream::summed(&import.remarks).join("\n");
    insta::assert_snapshot!(told, @r#"
    upstream's `allow-egress-pods-public` opens port 5354, which the platform profile does not have (calico-policies/public-network-isolation/aa-one/allow-egress-pods-public.yaml:13:9 and 3 times more)
    upstream gives `allow-sys-mgmt-private` the order 1700, the platform profile 1800 (calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:32:10 and once more)
    upstream's `allow-public-services` opens other ports for the Istio add-on than the platform profile: also 854, not 853 (calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:43:9 and once more)
    "#);
}

#[test]
fn texts_that_cannot_hold_facts_are_not_wanted() {
    for (path, wanted) in [
        (
            "calico-policies/private-network-isolation/aa-one/allow-x.yaml",
            true,
        ),
        ("public-network-isolation/aa-one/public-ips.md", true),
        ("public-network-isolation/aa-one/allow-x.yml", true),
        ("public-network-isolation/aa-one/allow-x.json", true),
        (
            "private-network-isolation/calico-v3/aa-one/allow-x.yaml",
            true,
        ),
        ("private-network-isolation/aa-one/picture.png", false),
        ("private-network-isolations/aa-one/allow-x.yaml", false),
        ("app/deployment.yaml", false),
        ("private-network-isolation/aa-one/yaml", false),
    ] {
        assert_eq!(is_wanted(path), wanted, "{path}");
    }
}
