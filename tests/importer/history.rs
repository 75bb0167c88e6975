//! Shapes that upstream's policies had since May 2021.

use crate::upstream::Upstream;

fn blocks(upstream: &Upstream, list: &str) -> Vec<String> {
    let profile = upstream.profile();
    let lists = profile.lists();
    let (_, _, blocks) = lists
        .iter()
        .find(|(name, _, _)| name == list)
        .unwrap_or_else(|| panic!("no list {list}"));
    blocks.iter().map(ToString::to_string).collect()
}

fn zones(upstream: &Upstream) -> Vec<String> {
    upstream
        .profile()
        .zones
        .iter()
        .map(|zone| zone.to_string())
        .collect()
}

/// Until May 2022 the private policies lay in `calico-v3/`, beside general ones of no region.
#[test]
fn private_policies_one_folder_deeper() {
    let today = Upstream::of(&["aa-one"]);
    let mut old = today.clone().moved(|path| {
        path.replace(
            "private-network-isolation/",
            "private-network-isolation/calico-v3/",
        )
    });
    for general in ["calico-v3", "calico-v2"] {
        let path =
            format!("calico-policies/private-network-isolation/{general}/allow-icmp-private.yaml");
        old.files.insert(path, "kind: Whatever\n".to_owned());
    }
    let profile = old.profile();
    let path = profile.control_plane.private.source.path.as_deref();
    assert_eq!(
        path,
        Some(
            "calico-policies/private-network-isolation/calico-v3/aa-one/allow-private-service-endpoint.yaml"
        )
    );
    assert_eq!(
        profile.control_plane.private.nets,
        today.profile().control_plane.private.nets
    );
    assert_eq!(profile.services.len(), today.profile().services.len());
}

#[test]
fn policies_at_the_root() {
    let root = Upstream::of(&["aa-one"]).moved(|path| path.replacen("calico-policies/", "", 1));
    let profile = root.profile();
    assert_eq!(
        profile.control_plane.public.source.path.as_deref(),
        Some("public-network-isolation/aa-one/allow-public-service-endpoint.yaml")
    );
}

/// The zones of the masters were headed in other words, or not at all.
#[test]
fn other_headings_of_masters() {
    let heading = "# Control plane IP addresses for aa-one: abc01, abc02";
    let told = |to: &str| Upstream::of(&["aa-one"]).with_all("aa-one", heading, to);
    for (heading, expected) in [
        (
            "# Nets for ABC: abc05, abc06, xyz01",
            vec!["abc05", "abc06", "xyz01"],
        ),
        ("# Nets for ABC multizone location: abc07", vec!["abc07"]),
        // Those of the infrastructure subnets.
        ("# Example nets for ABC", vec!["abc01", "abc02"]),
        (
            "# Taken from: https://example.com/docs",
            vec!["abc01", "abc02"],
        ),
    ] {
        assert_eq!(zones(&told(heading)), expected, "{heading}");
    }
    let remarks = told("# Example nets").import().expect("a region").remarks;
    let remarks = palisade::upstream::summed(&remarks).join("\n");
    insta::assert_snapshot!(remarks, @r#"upstream does not name the zones of aa-one: those of its infrastructure subnets are taken (calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:11:7)"#);
}

/// One copy may name the zones where another does not.
#[test]
fn any_copy_may_name_the_zones() {
    let heading = "# Control plane IP addresses for aa-one: abc01, abc02";
    let upstream = Upstream::of(&["aa-one"])
        .with_all("aa-one", heading, "# Nets")
        .with(
            "allow-egress-pods-private.yaml",
            "# Nets",
            "# Nets for ABC: abc03",
        );
    assert_eq!(zones(&upstream), ["abc03"]);
}

/// The policy of the infrastructure subnets had no rule for outgoing traffic.
#[test]
fn subnets_for_incoming_traffic_only() {
    let today = Upstream::of(&["aa-one"]);
    let text = today
        .files
        .iter()
        .find(|(path, _)| path.contains("sys-mgmt"))
        .expect("a file")
        .1;
    let (from, to) = (
        text.find("  egress:").expect("egress"),
        text.find("  ingress:").expect("ingress"),
    );
    let egress = text[from..to].to_owned();
    let old = today
        .clone()
        .with("sys-mgmt-private.yaml", &egress, "")
        .with("sys-mgmt-private.yaml", "  - Egress\n", "");
    for list in [
        "infrastructure-zones",
        "infrastructure-required-abc09-xyz01",
    ] {
        assert_eq!(blocks(&old, list), blocks(&today, list));
    }
}

/// Zones may stand in the heading, in the order of the nets, and not behind them.
#[test]
fn zones_of_subnets_in_the_heading() {
    let upstream = Upstream::of(&["aa-one"])
        .with_all(
            "sys-mgmt",
            "# Nets for ABC zones",
            "# Nets for São Example zones: abc02, abc01",
        )
        .with_all("sys-mgmt", " # abc02", "")
        .with_all("sys-mgmt", " # abc01", "");
    let profile = upstream.profile();
    let zones = profile.infrastructure.zones.nets.iter();
    let zones: Vec<String> = zones
        .map(|zone| format!("{} {}", zone.zone, zone.net))
        .collect();
    assert_eq!(zones, ["abc01 192.0.2.160/28", "abc02 192.0.2.176/28"]);
}

/// Several groups of required subnets.
#[test]
fn subnets_required_on_a_continent() {
    let upstream = Upstream::of(&["aa-one"]).with_all(
        "sys-mgmt",
        "      # Nets for ABC zones\n",
        "      # Required net for clusters in Europe: eur01\n      - 192.0.2.192/28\n      # Nets for ABC zones\n",
    );
    assert_eq!(
        blocks(&upstream, "infrastructure-required-eur01"),
        ["192.0.2.192/28"]
    );
    assert_eq!(
        blocks(&upstream, "infrastructure-required-abc09-xyz01").len(),
        3
    );
}

/// Services came and went, under headings that changed.
#[test]
fn other_services() {
    for (heading, expected) in [
        ("# IBM Cloud Monitoring with Sysdig: ABC nets", "monitoring"),
        (
            "# backup pools IBM Cloud Monitoring with Sysdig: ABC nets",
            "monitoring",
        ),
        ("# IBM ATracker API : Prod ABC", "activity-tracker"),
        ("# IBM Cloud Activity Tracker: ABC", "activity-tracker"),
        ("# IBM Cloud Logs ingestion: ABC", "cloud-logs"),
        (
            "# IBM Cloud Secrets Manager (private): ABC",
            "secrets-manager-private",
        ),
        ("# Schematics", "schematics"),
        ("# IBM Log Analysis with LogDNA: ABC", "logging"),
    ] {
        let first = format!(
            "  egress:\n  - action: Allow\n    destination:\n      nets:\n      {heading}\n      \
             - 203.0.113.99/32\n      # A second heading\n      - 203.0.113.98/32\n      ports:\n      \
             - 443\n    protocol: TCP\n    source: {{}}\n"
        );
        let upstream = Upstream::of(&["aa-one"]).with_all("public-services", "  egress:\n", &first);
        let list = format!("services-public-{expected}");
        let expected = ["203.0.113.98/32", "203.0.113.99/32"];
        assert_eq!(blocks(&upstream, &list), expected, "{heading}");
    }
}

/// Two groups of one name are told apart by their turn.
#[test]
fn two_groups_of_one_service() {
    let upstream = Upstream::of(&["aa-one"]).with_all(
        "services",
        "IBM Cloud Container Registry",
        "IBM Log Analysis",
    );
    let profile = upstream.profile();
    let names: Vec<&str> = profile
        .services
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(
        names[..4],
        ["logging", "monitoring", "monitoring-api", "logging-2"]
    );
    assert_eq!(names[6..], ["logging", "logging-2"]);
}

/// In 2021 the add-on's rules stood in the policy for pods too, with other ports. They are the
/// platform's facts and not the region's, so they are told and not imported.
#[test]
fn other_ports_of_istio() {
    let upstream = Upstream::of(&["aa-one"])
        .with("public-services-pods.yaml", "- 15443\n", "- 15443\n      # webhook\n      - 15017\n")
        .with(
            "public-services-pods.yaml",
            "\n  order",
            "\n  ingress:\n  - action: Allow\n    destination:\n      ports:\n      - 443\n    protocol: TCP\n    source: {}\n  order",
        )
        .with("public-services-pods.yaml", "  - Egress\n", "  - Egress\n  - Ingress\n");
    let import = upstream.import().expect("a region");
    assert_eq!(import.profiles, [Upstream::of(&["aa-one"]).profile()]);
    let remarks = palisade::upstream::summed(&import.remarks).join("\n");
    insta::assert_snapshot!(remarks, @r#"
    upstream's `allow-public-services-pods` opens other ports for the Istio add-on than the platform profile: also 15017 (calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:35:9)
    upstream's `allow-public-services-pods` opens other ports for the Istio add-on than the platform profile: not 80, 853, 15010, 15012, 15014, 15021, 15443 (calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:45:9)
    "#);
}

/// Single addresses stood without their length.
#[test]
fn addresses_without_a_length() {
    let old = Upstream::of(&["aa-one"]).with_all("private", "- 192.0.2.9/32", "- 192.0.2.9");
    assert_eq!(old.profile(), Upstream::of(&["aa-one"]).profile());
}

/// The lists of bare addresses came in 2023.
#[test]
fn no_bare_addresses() {
    let old = Upstream::of(&["aa-one"]).without("-ips.md");
    assert_eq!(old.profile(), Upstream::of(&["aa-one"]).profile());
}
