//! Objects: what an API server makes of them means the same, and what is printed reads back.
//!
//! `recorded/` holds what a real API server answered, with the objects that had been applied.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

mod version;

use std::path::{Path, PathBuf};

use palisade::finding::Input;
use palisade::resource::{Api, Kind, Resource, ResourceSet, digest, normal_form, read};
use palisade::source::text::{read_folder, read_text};
use palisade::yaml::to_text;
use proptest::prelude::*;
use serde_json::{Value, json};

fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/resource/recorded")
        .join(path)
}

fn all(text: &str) -> Vec<Resource> {
    let (resources, findings) = read(&Input::new("t", text));
    assert_eq!(findings, []);
    resources
}

fn one(text: &str) -> Resource {
    all(text).remove(0)
}

#[test]
fn what_the_v3_api_makes_of_an_object_means_the_same() {
    // STORE-12 over section 7.4: server fields, the tier, its label, filled types, canonical numbers.
    let applied = ResourceSet::read([&read_text(&recorded("applied-v3.yaml")).unwrap()]);
    let mut compared = 0;
    for (_, input) in read_folder(&recorded("v3"), ".json").unwrap() {
        for live in read(&input).0 {
            let mine = applied
                .get(&live.key)
                .unwrap_or_else(|| panic!("{}", live.key));
            assert_eq!(normal_form(&live), normal_form(mine), "{}", live.key);
            assert_eq!(digest(&live), digest(mine));
            compared += 1;
        }
    }
    assert_eq!(compared, 6);
}

#[test]
fn storage_form_reads_back_as_what_was_stored() {
    // STORE-4, STORE-8, STORE-9: names lose `default.`, labels come out of the annotation.
    let applied = ResourceSet::read([&read_text(&recorded("applied-crd-v1.yaml")).unwrap()]);
    let mut compared = 0;
    for (_, input) in read_folder(&recorded("v1"), ".json").unwrap() {
        for live in read(&input).0 {
            assert_eq!(live.api, Api::CalicoV1);
            let mine = applied
                .get(&live.key)
                .unwrap_or_else(|| panic!("{}", live.key));
            assert_eq!(normal_form(&live), normal_form(mine), "{}", live.key);
            compared += 1;
        }
    }
    assert_eq!(compared, 2);
}

#[test]
fn labels_of_the_annotation_win_key_by_key() {
    // STORE-9.
    let endpoint = one(
        r#"{"apiVersion": "crd.projectcalico.org/v1", "kind": "HostEndpoint", "metadata": {"name": "h",
        "labels": {"projectcalico.org/a": "crd", "b": "crd"},
        "annotations": {"projectcalico.org/metadata": "{\"labels\":{\"b\":\"v3\",\"c\":\"v3\"}}"}},
        "spec": {"node": "n", "interfaceName": "eth0"}}"#,
    );
    let labels = normal_form(&endpoint)["metadata"]["labels"].clone();
    assert_eq!(
        labels,
        json!({"b": "v3", "c": "v3", "projectcalico.org/a": "crd"})
    );
    assert_eq!(
        endpoint.metadata.annotation("projectcalico.org/metadata"),
        None
    );
}

#[test]
fn stored_names_are_those_of_the_v3_api() {
    // STORE-4 to STORE-6: stored name, recorded name, v3 name.
    for (stored, recorded, expected) in [
        ("default.allow-dns", "", "allow-dns"),
        ("allow-dns", "", "allow-dns"),
        ("security.deny", "", "security.deny"),
        ("knp.default.web", "", "knp.default.web"),
        ("default.p", "default.p", "default.p"),
        ("default.p", "p", "p"),
    ] {
        let annotation = if recorded.is_empty() {
            String::new()
        } else {
            format!(", annotations: {{projectcalico.org/metadata: '{{\"name\":\"{recorded}\"}}'}}")
        };
        let policy = one(&format!(
            "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {{name: {stored}{annotation}}}\n"
        ));
        assert_eq!(policy.key.name, expected, "{stored} {recorded}");
    }
}

#[test]
fn directions_are_filled_in_as_by_whoever_takes_the_object() {
    use palisade::resource::Direction::{Egress, Ingress};
    // MOD-1 for the API, MOD-2 for storage form.
    for (spec, through_api, stored) in [
        ("{}", vec![Ingress], vec![Ingress, Egress]),
        (
            "{ingress: [{action: Allow}]}",
            vec![Ingress],
            vec![Ingress, Egress],
        ),
        (
            "{egress: [{action: Allow}]}",
            vec![Egress],
            vec![Ingress, Egress],
        ),
        (
            "{ingress: [{action: Allow}], egress: [{action: Allow}]}",
            vec![Ingress, Egress],
            vec![Ingress, Egress],
        ),
        (
            "{ingress: [], egress: [{action: Allow}]}",
            vec![Egress],
            vec![Ingress, Egress],
        ),
        (
            "{types: [], egress: [{action: Allow}]}",
            vec![Egress],
            vec![Ingress, Egress],
        ),
        (
            "{types: [Ingress], egress: [{action: Allow}]}",
            vec![Ingress],
            vec![Ingress],
        ),
    ] {
        for (group, expected) in [
            ("projectcalico.org/v3", &through_api),
            ("crd.projectcalico.org/v1", &stored),
        ] {
            let policy = one(&format!(
                "apiVersion: {group}\nkind: GlobalNetworkPolicy\nmetadata: {{name: a}}\nspec: {spec}\n"
            ));
            assert_eq!(
                &policy.policy().unwrap().governed(policy.api),
                expected,
                "{group} {spec}"
            );
        }
    }
}

#[test]
fn streams_lists_and_json_are_read_and_strangers_kept_by_name() {
    let text = "kind: GlobalNetworkPolicyList\napiVersion: projectcalico.org/v3\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: ns}}\n---\n{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"d\", \"namespace\": \"x\"}}\n";
    let names: Vec<String> = read(&Input::new("t", text))
        .0
        .iter()
        .map(|r| r.key.to_string())
        .collect();
    assert_eq!(
        names,
        [
            "GlobalNetworkPolicy a",
            "GlobalNetworkPolicy b",
            "Namespace ns",
            "Deployment x/d"
        ]
    );
    let deployment = read(&Input::new("t", text)).0.pop().unwrap();
    assert_eq!(
        deployment.key.kind,
        Kind::Other("apps/v1".into(), "Deployment".into())
    );
}

#[test]
fn everything_that_is_checked_in_prints_and_reads_back_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let mut count = 0;
    for (path, input) in read_folder(&folder, ".yaml").unwrap() {
        let (resources, findings) = read(&input);
        assert_eq!(findings, [], "{path}");
        for resource in resources {
            round_trip(&resource);
            count += 1;
        }
    }
    assert!(count > 200);
}

#[test]
fn policies_for_the_whole_cluster_print_and_read_back_the_same() {
    let cluster = one("apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: a}
spec:
  tier: Admin
  priority: 0
  subject: {pods: {podSelector: {matchLabels: {app: x}}}}
  ingress:
  - {action: Deny, from: [{namespaces: {}}], protocols: [{udp: {}}, {destinationNamedPort: web}]}
  egress:
  - name: out
    action: Accept
    to: [{networks: [10.1.0.0/8, 192.0.2.0/24]}, {nodes: {}}, {domainNames: [b.example, a.example]}]
    protocols: [{tcp: {destinationPort: {number: 80}}}, {sctp: {destinationPort: {range: {start: 1, end: 2}}}}]
");
    round_trip(&cluster);
    assert_eq!(
        normal_form(&cluster)["spec"],
        json!({
            "tier": "Admin",
            "priority": 0,
            "subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}},
            "ingress": [{
                "action": "Deny",
                "from": [{"namespaces": {}}],
                "protocols": [{"udp": {}}, {"destinationNamedPort": "web"}],
            }],
            "egress": [{
                "name": "out",
                "action": "Accept",
                "to": [
                    {"networks": ["10.0.0.0/8", "192.0.2.0/24"]},
                    {"nodes": {}},
                    {"domainNames": ["a.example", "b.example"]},
                ],
                "protocols": [
                    {"tcp": {"destinationPort": {"number": 80}}},
                    {"sctp": {"destinationPort": {"range": {"start": 1, "end": 2}}}},
                ],
            }],
        })
    );
    let admin = one("apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: a}
spec:
  priority: 1000
  subject: {namespaces: {}}
  egress:
  - action: Pass
    to: [{namespaces: {matchLabels: {team: red}}}]
    ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 1, end: 9}}, {namedPort: web}]
");
    round_trip(&admin);
    assert_eq!(
        normal_form(&admin)["spec"]["egress"][0]["ports"],
        json!([
            {"portNumber": {"protocol": "TCP", "port": 80}},
            {"portRange": {"protocol": "UDP", "start": 1, "end": 9}},
            {"namedPort": "web"},
        ])
    );
}

/// Printing the normal form and reading that gives the same normal form.
fn round_trip(resource: &Resource) {
    let form = normal_form(resource);
    let again = one(&to_text(&form).unwrap());
    assert_eq!(normal_form(&again), form);
    assert_eq!(again.key, resource.key);
}

fn ports() -> impl Strategy<Value = Value> {
    let port = prop_oneof![
        (1..=65535_u16).prop_map(Value::from),
        (1..=65535_u16).prop_map(|port| json!(port.to_string())),
        (1..30000_u16, 30000..=65535_u16).prop_map(|(a, b)| json!(format!("{a}:{b}"))),
        Just(json!("http-alt")),
    ];
    prop::collection::vec(port, 0..4).prop_map(Value::from)
}

fn nets() -> impl Strategy<Value = Value> {
    let net = prop_oneof![
        (any::<u32>(), 0..=32_u8)
            .prop_map(|(a, n)| json!(format!("{}/{n}", std::net::Ipv4Addr::from(a)))),
        (any::<u128>(), 0..=128_u8)
            .prop_map(|(a, n)| json!(format!("{}/{n}", std::net::Ipv6Addr::from(a)))),
        any::<u32>().prop_map(|a| json!(std::net::Ipv4Addr::from(a).to_string())),
    ];
    prop::collection::vec(net, 0..4).prop_map(Value::from)
}

fn selector() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        "",
        "all()",
        "a == 'b'",
        "a=='b'&&has(c)",
        "!(a in {'x','y','x'}) || b not in {}",
        "not a selector",
    ])
    .prop_map(Value::from)
}

fn entity() -> impl Strategy<Value = Value> {
    (nets(), nets(), ports(), selector(), selector()).prop_map(
        |(nets, not_nets, ports, selector, namespaces)| {
            json!({"nets": nets, "notNets": not_nets, "ports": ports, "selector": selector, "namespaceSelector": namespaces})
        },
    )
}

fn rule() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["Allow", "Deny", "Log", "Pass"]);
    let protocol = prop::sample::select(vec![
        json!("TCP"),
        json!("UDP"),
        json!(6),
        json!("17"),
        json!("ICMP"),
    ]);
    (
        action,
        protocol,
        prop::option::of(entity()),
        prop::option::of(entity()),
    )
        .prop_map(|(action, protocol, source, destination)| {
            let mut rule = json!({"action": action, "protocol": protocol});
            rule["source"] = source.unwrap_or_else(|| json!({}));
            if let Some(destination) = destination {
                rule["destination"] = destination;
            }
            rule
        })
}

fn policy() -> impl Strategy<Value = Value> {
    let rules = || prop::collection::vec(rule(), 0..3).prop_map(Value::from);
    let order = prop::option::of(prop_oneof![
        (-9..9_i32).prop_map(Value::from),
        Just(json!(10.5))
    ]);
    let labels = prop::collection::btree_map(
        "[a-z]{1,3}",
        prop::sample::select(vec!["on", "1_000", "", "x"]),
        0..3,
    );
    (rules(), rules(), order, selector(), labels, any::<bool>(), any::<bool>()).prop_map(
        |(ingress, egress, order, selector, labels, forward, types)| {
            let mut spec = json!({"ingress": ingress, "egress": egress, "selector": selector, "applyOnForward": forward});
            if let Some(order) = order {
                spec["order"] = order;
            }
            if types {
                spec["types"] = json!(["Egress", "Ingress"]);
            }
            json!({"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": {"name": "p", "labels": labels}, "spec": spec})
        },
    )
}

proptest! {
    #[test]
    fn printing_and_reading_a_policy_is_the_identity(object in policy()) {
        let (mut resources, _) = read(&Input::new("t", object.to_string()));
        let resource = resources.remove(0);
        round_trip(&resource);
        // As YAML it is the same object.
        let yaml = to_text(&object).unwrap();
        let (mut again, _) = read(&Input::new("t", yaml));
        prop_assert_eq!(digest(&again.remove(0)), digest(&resource));
    }
}

#[test]
fn ten_thousand_policies_are_read_in_one_go() {
    let text: String = (0..10_000)
        .map(|n| format!("apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p{n}}}\n---\n"))
        .collect();
    let set = ResourceSet::read([&Input::new("t", text)]);
    assert_eq!((set.len(), set.findings().len()), (10_000, 0));
}
