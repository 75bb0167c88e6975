//! Profiles: what is read, what is refused and where, and that the schemas are current.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

mod bare;
mod isolation;

use std::fs;
use std::path::Path;

use palisade::finding::{Input, InputError};
use palisade::profile::{Library, Network, RangesProfile, RegionProfile, schema};
use palisade::yaml::to_text;

const REGION: &str = "\
region: xx-one
displayName: One
zones: [one01, one02]
controlPlane:
  private:
    source: {repository: https://example.com/facts, commit: abc, path: p}
    date: 2025-12-11
    nets: [198.51.100.1/32, 198.51.100.2/32]
  public:
    source: {repository: https://example.com/facts}
    date: 2025-12-11
    nets:
    - 203.0.113.1/32
kubernetesApi:
  source: {repository: https://example.com/facts}
  date: 2025-12-11
  nets: [172.21.0.1/32]
infrastructure:
  required:
  - zones: [one01]
    source: {repository: https://example.com/facts}
    date: 2025-12-11
    nets: [10.1.0.0/20]
  zones:
    source: {repository: https://example.com/facts}
    date: 2025-12-11
    nets:
    - {zone: one01, net: 10.2.0.0/20}
    - {zone: one02, net: 10.3.0.0/20}
services:
- name: registry
  network: private
  protocol: TCP
  ports: [443, 4443]
  source: {repository: https://example.com/facts}
  date: 2025-12-11
  status: deprecated
  validFrom: 2024-01-01
  validUntil: 2026-03-31
  nets: [198.51.100.64/28]
";

fn read(text: &str) -> Result<RegionProfile, InputError> {
    RegionProfile::read(&Input::new("r.yaml", text))
}

#[test]
fn a_region_profile_says_what_it_says() {
    let region = read(REGION).unwrap();
    assert_eq!(region.region.as_str(), "xx-one");
    let private: Vec<String> = region
        .control_plane(Network::Private)
        .blocks()
        .map(|block| block.to_string())
        .collect();
    assert_eq!(private, ["198.51.100.1/32", "198.51.100.2/32"]);
    let lists: Vec<(String, usize)> = region
        .lists()
        .into_iter()
        .map(|(name, facts, _)| (name, facts.len))
        .collect();
    let expected = [
        ("control-plane-private", 2),
        ("control-plane-public", 1),
        ("kubernetes-api", 1),
        ("infrastructure-required-one01", 1),
        ("infrastructure-zones", 2),
        ("services-private-registry", 1),
    ];
    assert_eq!(lists, expected.map(|(name, len)| (name.to_owned(), len)));
    let registry = region.services[0].facts();
    assert_eq!(registry.valid_until.unwrap().to_string(), "2026-03-31");
    // Positions are kept: line and column of a value, from 1.
    let second = region.infrastructure.zones.nets[1].span;
    assert_eq!((second.line, second.column), (29, 7));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    // What is replaced, with what, and the error.
    let cases = [
        (
            "198.51.100.2/32]",
            "198.51.100.300/32]",
            "r.yaml:8:29: `198.51.100.300/32` is not an address block such as `192.0.2.0/24` or `2001:db8::/32`",
        ),
        (
            "198.51.100.2/32]",
            "198.51.100.2]",
            "r.yaml:8:29: `198.51.100.2` has no prefix length: write `198.51.100.2/32`",
        ),
        (
            "198.51.100.2/32]",
            "198.51.100.2/24]",
            "r.yaml:8:29: `198.51.100.2/24` has host bits set: the block is `198.51.100.0/24`",
        ),
        (
            "198.51.100.2/32]",
            "198.51.100.1/32]",
            "r.yaml:8:29: `198.51.100.1/32` stands here a second time; r.yaml:8:12: it stood here first",
        ),
        (
            "198.51.100.2/32]",
            "0.0.0.0/0]",
            "r.yaml:8:29: the list holds every address (`0.0.0.0/0`), and no control plane answers at every one (list the addresses of the masters)",
        ),
        (
            "[198.51.100.1/32, 198.51.100.2/32]",
            "[]",
            "r.yaml:8:11: the list is empty (a list that is there has at least one entry)",
        ),
        (
            "net: 10.3.0.0/20",
            "net: 10.2.0.0/20",
            "r.yaml:29:7: `10.2.0.0/20` stands here a second time; r.yaml:28:7: it stood here first",
        ),
        (
            "zone: one02",
            "zon: one02",
            "r.yaml:29:8: unknown key `zon` (did you mean `zone`?)",
        ),
        (
            "displayName: One",
            "DisplayName: One",
            "r.yaml:2:1: unknown key `DisplayName` (did you mean `displayName`?)",
        ),
        (
            "displayName: One\n",
            "",
            "r.yaml:29:1: the key `displayName` is missing",
        ),
        (
            "zones: [one01, one02]",
            "zones: [one01, one01]",
            "r.yaml:3:16: `one01` stands here a second time; r.yaml:3:9: it stood here first",
        ),
        (
            "region: xx-one",
            "region: XX-One",
            "r.yaml:1:9: `XX-One` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends",
        ),
        (
            "status: deprecated",
            "status: depricated",
            "r.yaml:37:11: unknown value `depricated` (did you mean `deprecated`?)",
        ),
        (
            "validUntil: 2026-03-31",
            "validUntil: 2023-03-31",
            "r.yaml:39:15: `validUntil` 2023-03-31 comes before `validFrom` 2024-01-01",
        ),
        (
            "validUntil: 2026-03-31",
            "validUntil: 31.3.2026",
            "r.yaml:39:15: `31.3.2026` is not a day such as 2025-12-11",
        ),
        (
            "protocol: TCP",
            "protocol: TPC",
            "r.yaml:33:13: `TPC` is not a protocol: use TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number 1 to 255",
        ),
        (
            "protocol: TCP",
            "protocol: ICMP",
            "r.yaml:34:10: `ICMP` has no ports, but the group lists some",
        ),
        (
            "ports: [443, 4443]",
            "ports: [443, 4443:4440]",
            "r.yaml:34:16: `4443:4440` runs backwards: write `4440:4443`",
        ),
        (
            "ports: [443, 4443]",
            "ports: [443, 70000]",
            "r.yaml:34:16: integer `70000` is not a port (1 to 65535) or a range such as `30000:32767`",
        ),
        (
            "network: private",
            "network: vpn",
            "r.yaml:32:12: unknown value `vpn` (known are `private`, `public`)",
        ),
    ];
    for (old, new, expected) in cases {
        assert!(REGION.contains(old), "{old}");
        let error = read(&REGION.replacen(old, new, 1)).unwrap_err();
        assert_eq!(error.to_string(), expected, "{old} -> {new}");
    }
}

#[test]
fn two_service_groups_of_one_name_clash_on_one_network_only() {
    let group = &REGION[REGION.find("- name: registry").unwrap()..];
    let error = read(&format!("{REGION}{group}")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "r.yaml:41:9: a second group `registry` on the private network; r.yaml:31:9: the first one"
    );
    let public = group.replace("network: private", "network: public");
    assert_eq!(
        read(&format!("{REGION}{public}")).unwrap().services.len(),
        2
    );
}

#[test]
fn ranges_are_of_their_family() {
    let text = "ranges: x\ndisplayName: X\n\
                ipv4: {source: {repository: r}, date: 2026-01-01, nets: [192.0.2.0/24]}\n\
                ipv6: {source: {repository: r}, date: 2026-01-01, nets: [198.51.100.0/24]}\n";
    let error = RangesProfile::read(&Input::new("x.yaml", text)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "x.yaml:4:58: `198.51.100.0/24` is not an IPv6 range"
    );
}

#[test]
fn every_profile_in_the_binary_reads_and_writes_back_the_same() {
    let library = Library::embedded();
    assert_eq!(
        library.regions(),
        [
            "au-syd", "br-sao", "ca-tor", "eu-de", "eu-es", "eu-gb", "jp-osa", "jp-tok", "us-east",
            "us-south"
        ]
    );
    for name in library.regions() {
        let region = library.region(name).unwrap();
        let text = to_text(&region).unwrap();
        assert_eq!(read(&text).unwrap(), region, "{name}");
        // Every list says where it is from.
        for (list, facts, _) in region.lists() {
            assert!(
                facts.source.commit.is_some() && facts.source.path.is_some(),
                "{name} {list}"
            );
        }
    }
    library.platform().unwrap();
    let cloudflare = library.ranges("cloudflare").unwrap();
    assert_eq!(
        (cloudflare.ipv4.nets.len(), cloudflare.ipv6.nets.len()),
        (15, 7)
    );
}

#[test]
fn single_zone_locations_are_with_the_region_that_serves_them() {
    let library = Library::embedded();
    for (region, zone) in [("us-east", "tor01"), ("us-south", "sao01")] {
        let region = library.region(region).unwrap();
        let zones: Vec<&str> = region
            .single_zone
            .iter()
            .map(palisade::profile::Name::as_str)
            .collect();
        assert_eq!(zones, [zone]);
    }
}

#[test]
fn a_folder_stands_in_for_the_profiles_in_the_binary() {
    let text = REGION.replace("xx-one", "us-south");
    let mine = Input::new("mine/regions/us-south.yaml", text);
    let new = Input::new("mine/regions/xx-one.yaml", REGION);
    let library = Library::embedded().overlay([
        ("regions/us-south.yaml".to_owned(), mine),
        ("regions/xx-one.yaml".to_owned(), new),
    ]);
    let library = library.unwrap();
    assert_eq!(library.region("us-south").unwrap().display_name, "One");
    assert_eq!(library.region("xx-one").unwrap().display_name, "One");
    assert_eq!(library.regions().len(), 11);
    let misnamed = library.overlay([(
        "regions/xx-two.yaml".to_owned(),
        Input::new("mine/regions/xx-two.yaml", REGION),
    )]);
    let misnamed = misnamed.unwrap();
    assert_eq!(
        misnamed.region("xx-two").unwrap_err().to_string(),
        "mine/regions/xx-two.yaml:1:9: the file is named for region `xx-two`, but says `xx-one`"
    );
}

/// With `PALISADE_UPDATE` set, writes the schemas instead of comparing them.
#[test]
fn the_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for (name, text) in schema::all() {
        let path = folder.join(name);
        if std::env::var_os("PALISADE_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == text,
            "{name} is not current: run the tests with PALISADE_UPDATE=1"
        );
    }
}

#[test]
fn lists_that_must_say_something_are_not_empty_and_say_it_once() {
    let required = "  - zones: [one01]\n    source: {repository: https://example.com/facts}\n    date: 2025-12-11\n    nets: [10.1.0.0/20]\n";
    let services = REGION.find("services:").unwrap();
    let cases = [
        (
            format!("{}services: []\n", &REGION[..services]),
            "r.yaml:1:9: `services` of xx-one is empty",
        ),
        (
            REGION.replace(&format!("required:\n{required}"), "required: []\n"),
            "r.yaml:1:9: `infrastructure.required` of xx-one is empty",
        ),
        (
            REGION.replace("- zones: [one01]", "- zones: []"),
            "r.yaml:1:9: `infrastructure.required.zones` of xx-one is empty",
        ),
        (
            REGION.replace("net: 10.2.0.0/20", "net: 10.1.0.0/20"),
            "r.yaml:28:7: `10.1.0.0/20` stands here a second time; r.yaml:23:12: it stood here first",
        ),
        (
            REGION.replace(
                "[198.51.100.1/32, 198.51.100.2/32]",
                "[0.0.0.0/1, 128.0.0.0/1]",
            ),
            "r.yaml:8:12: the list holds every address (`0.0.0.0/0`), and no control plane answers at every one (list the addresses of the masters)",
        ),
    ];
    for (text, expected) in cases {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_platform_profile_that_would_open_or_drop_something_is_refused() {
    let good = include_str!("../../profiles/platform.yaml");
    let cases = [
        (
            "  kubernetesApi: [443]",
            "  kubernetesApi: []",
            "the list `ports.kubernetesApi` is empty",
        ),
        (
            "egress: [80, 15443]",
            "egress: []",
            "the list `istio.egress` is empty",
        ),
        (
            "nets: [127.0.0.0/8]",
            "nets: []",
            "the list `nets` of the special addresses `loopback, RFC 1122` is empty",
        ),
        (
            "component: vrrp,",
            "component: vrpp,",
            "`allow-vrrp-private` is of the component `vrpp`, which is not listed",
        ),
        (
            "name: allow-vrrp-private,",
            "name: allow-icmp-private,",
            "the policy `allow-icmp-private` is listed twice",
        ),
        (
            "order: 99900",
            "order: .inf",
            "the order of `deny-all-private-default` is not a number",
        ),
        (
            "vrrp: 112",
            "vrrp: TCP",
            "`vrrp` cannot be TCP: that protocol has ports",
        ),
        (
            "role: worker_public",
            "role: it's",
            "`it's` cannot stand in a selector",
        ),
        (
            "pods: projectcalico.org/orchestrator == 'k8s'",
            "pods: a = b",
            "`pods` is no selector: ",
        ),
        (
            "  - 172.20.0.0/24",
            "  - 0.0.0.0/0",
            "a worker-local proxy cannot be at every address",
        ),
        (
            "component: konnectivity\n  network",
            "component: connectivity\n  network",
            "`konnectivity-agent` is of the component `connectivity`, which is not listed",
        ),
        (
            "selector: k8s-app == 'kubernetes-dashboard'}\n  protocol",
            "selector: k8s-app = 'kubernetes-dashboard'}\n  protocol",
            "`way-to-the-dashboard` has no selector: ",
        ),
        (
            "  protocol: TCP\n  ports: dashboard",
            "  ports: dashboard",
            "`way-to-the-dashboard` has ports and no protocol",
        ),
        (
            "  protocol: TCP\n  ports: dashboard",
            "  protocol: ICMP\n  ports: dashboard",
            "`way-to-the-dashboard` has ports, and ICMP has none",
        ),
        (
            "- name: router-to-canary",
            "- name: router-to-console",
            "`router-to-console` is listed twice",
        ),
        (
            "protocols: [TCP, UDP]\n    ports: [52311]",
            "protocols: [TCP, ICMP]\n    ports: [52311]",
            "`updates` has ports, and protocols without any",
        ),
        (
            "    from: pcns.kubernetes-dashboard-policy == 'allow'",
            "    from: pcns.kubernetes-dashboard-policy",
            "`from` of `dashboard` is no selector: ",
        ),
    ];
    for (old, new, expected) in cases {
        assert!(good.contains(old), "{old}");
        let input = Input::new("p.yaml", good.replacen(old, new, 1));
        let error = palisade::profile::PlatformProfile::read(&input)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("p.yaml:1:1: {expected}")),
            "{error}"
        );
    }
}
