//! Kubernetes NetworkPolicies as Calico holds them: KNP-1 to KNP-10, KNP-12.

use palisade::resource::{
    Direction, EntityRule, Era, Field, Kind, Policy, Resource, Rule, convert,
};

use crate::support::{World, read};
use crate::vectors::{BASE, global, policy};

fn kubernetes(spec: &str) -> String {
    format!(
        "{{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {{name: web, \
         namespace: a, labels: {{own: 'yes'}}}}, spec: {{{spec}}}}}"
    )
}

fn converted_in(era: Era, spec: &str) -> Resource {
    let set = read(&kubernetes(spec));
    convert(set.iter().next().expect("a policy"), era).expect("it is one")
}

fn converted(spec: &str) -> Policy {
    converted_in(Era::E3, spec)
        .policy()
        .expect("a policy")
        .clone()
}

fn text(field: &Field<Box<str>>) -> &str {
    field.as_ref().map_or("", |field| &field.value)
}

fn ingress(spec: &str) -> Vec<Rule> {
    let list = converted(spec).ingress;
    list.map(|list| list.value).unwrap_or_default()
}

/// The rules that one ingress rule becomes.
fn rules(rule: &str) -> Vec<Rule> {
    ingress(&format!("podSelector: {{}}, ingress: [{{{rule}}}]"))
}

fn ports(rule: &Rule) -> String {
    let side = rule.destination.clone().unwrap_or_default();
    let list = side.ports.map(|list| list.value).unwrap_or_default();
    let shown: Vec<String> = list
        .iter()
        .map(|port| match &port.value {
            palisade::resource::Port::Range(range) => range.to_string(),
            palisade::resource::Port::Named(name) => name.to_string(),
            palisade::resource::Port::Invalid(text) => format!("!{text}"),
        })
        .collect();
    shown.join(",")
}

fn protocol(rule: &Rule) -> String {
    let protocol = rule.protocol.as_ref();
    protocol.map_or(String::new(), |p| {
        p.value.valid().expect("a protocol").to_string()
    })
}

/// The source that one peer becomes.
fn peer(peer: &str) -> EntityRule {
    let rules = rules(&format!("from: [{peer}]"));
    assert_eq!(rules.len(), 1);
    rules[0].source.clone().unwrap_or_default()
}

fn nets(list: &palisade::resource::List<palisade::resource::Net>) -> Vec<String> {
    let list = list.iter().flat_map(|list| list.iter());
    list.map(|net| net.value.block().expect("a block").to_string())
        .collect()
}

#[test]
fn knp_1_tier_order_and_name() {
    let spec = "podSelector: {}";
    let new = converted_in(Era::E3, spec);
    assert_eq!(
        (new.key.kind.clone(), new.key.name.as_str()),
        (Kind::KubernetesNetworkPolicy, "web")
    );
    assert_eq!(new.key.namespace.as_deref(), Some("a"));
    assert!(new.metadata.labels.is_empty());
    for era in [Era::E1, Era::E2] {
        let old = converted_in(era, spec);
        assert_eq!(
            (old.key.kind, old.key.name.as_str()),
            (Kind::NetworkPolicy, "knp.default.web")
        );
    }
    let policy = converted(spec);
    assert_eq!(text(&policy.tier), "default");
    assert_eq!(policy.order.map(|order| order.value), Some(1000.0));
    // Every part is at the place of what it was made from.
    assert!(new.span.line == 1 && policy.selector.is_some_and(|s| s.span.line == 1));
    let set = read(&policy_text());
    assert!(convert(set.iter().next().expect("a policy"), Era::E3).is_none());
}

fn policy_text() -> String {
    policy("p", "types: [Ingress]").replace("---", "")
}

#[test]
fn knp_2_policy_types_become_types_in_a_fixed_order() {
    let types = |spec: &str| converted(spec).governed(palisade::resource::Api::CalicoV3);
    let both = vec![Direction::Ingress, Direction::Egress];
    assert_eq!(
        types("podSelector: {}, policyTypes: [Egress, Ingress]"),
        both
    );
    assert_eq!(types("podSelector: {}"), [Direction::Ingress]);
    assert_eq!(
        types("podSelector: {}, policyTypes: [Egress]"),
        [Direction::Egress]
    );
    // The Kubernetes API fills Egress in before Calico looks.
    assert_eq!(types("podSelector: {}, egress: [{}]"), both);
}

#[test]
fn knp_3_pod_selectors_as_text() {
    let selector = |pods: &str| {
        let policy = converted(&format!("podSelector: {pods}"));
        text(&policy.selector).to_owned()
    };
    let pods = "projectcalico.org/orchestrator == 'k8s'";
    assert_eq!(selector("{}"), pods);
    assert_eq!(
        selector(
            "{matchLabels: {b: '2', a: '1'}, matchExpressions: [{key: z, operator: Exists}, {key: yy, operator: In, values: [v, u]}]}"
        ),
        format!("{pods} && a == '1' && b == '2' && has(z) && yy in {{ 'v', 'u' }}")
    );
    assert_eq!(
        selector(
            "{matchExpressions: [{key: z, operator: DoesNotExist}, {key: yy, operator: NotIn, values: [v]}]}"
        ),
        format!("{pods} && ! has(z) && yy not in {{ 'v' }}")
    );
}

#[test]
fn knp_4_namespace_selectors_as_text() {
    assert_eq!(text(&peer("{podSelector: {}}").namespace_selector), "");
    assert_eq!(
        text(&peer("{namespaceSelector: {}}").namespace_selector),
        "all()"
    );
    assert_eq!(
        text(&peer("{namespaceSelector: {matchLabels: {team: red}}}").namespace_selector),
        "team == 'red'"
    );
}

#[test]
fn knp_5_peers() {
    let pods = "projectcalico.org/orchestrator == 'k8s'";
    assert_eq!(
        text(&peer("{podSelector: {matchLabels: {app: x}}}").selector),
        format!("{pods} && app == 'x'")
    );
    let both = peer("{podSelector: {matchLabels: {app: x}}, namespaceSelector: {}}");
    assert_eq!(
        (text(&both.selector), text(&both.namespace_selector)),
        (&*format!("{pods} && app == 'x'"), "all()")
    );
    assert_eq!(text(&peer("{namespaceSelector: {}}").selector), pods);
    let block = peer("{ipBlock: {cidr: 10.1.2.3/16, except: [10.1.9.9/24]}}");
    assert_eq!(
        (nets(&block.nets), nets(&block.not_nets)),
        (vec!["10.1.0.0/16".into()], vec!["10.1.9.0/24".into()])
    );
    assert!(block.selector.is_none() && block.namespace_selector.is_none());
    assert!(rules("ports: [{port: 80}]")[0].source.is_none());
    assert!(rules("from: [], ports: [{port: 80}]")[0].source.is_none());
    let world = World::new(&format!(
        "{BASE}\n---\n{}",
        kubernetes("podSelector: {}, ingress: [{from: [{podSelector: {}}]}]")
    ));
    world.allows("pod:a/q1 -> pod:a/p1 tcp/80");
    world.denies("pod:b/p2 -> pod:a/p1 tcp/80");
}

#[test]
fn knp_6_ports() {
    let one = |entry: &str| {
        let rules = rules(&format!("ports: [{entry}]"));
        assert_eq!(rules.len(), 1);
        (protocol(&rules[0]), ports(&rules[0]))
    };
    assert_eq!(one("{port: 80}"), ("TCP".into(), "80".into()));
    assert_eq!(
        one("{port: web, protocol: UDP}"),
        ("UDP".into(), "web".into())
    );
    assert_eq!(
        one("{port: 80, endPort: 90}"),
        ("TCP".into(), "80:90".into())
    );
    assert_eq!(one("{protocol: SCTP}"), ("SCTP".into(), String::new()));
    assert_eq!(one(""), (String::new(), String::new()));
    // One entry without a port opens the whole protocol.
    assert_eq!(
        one("{port: 80}, {protocol: TCP}"),
        ("TCP".into(), String::new())
    );
    assert_eq!(
        one("{protocol: TCP}, {port: 80}"),
        ("TCP".into(), String::new())
    );
}

#[test]
fn knp_7_one_rule_for_every_protocol_and_peer() {
    let rules = rules(
        "from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 1, protocol: UDP}, {port: 2}, {port: 3, protocol: SCTP}]",
    );
    let shown: Vec<(String, String, bool)> = rules
        .iter()
        .map(|rule| {
            (
                protocol(rule),
                ports(rule),
                rule.source.as_ref().is_some_and(|s| s.nets.is_some()),
            )
        })
        .collect();
    let row =
        |protocol: &str, port: &str, block: bool| (protocol.to_owned(), port.to_owned(), block);
    assert_eq!(
        shown,
        [
            row("SCTP", "3", false),
            row("SCTP", "3", true),
            row("TCP", "2", false),
            row("TCP", "2", true),
            row("UDP", "1", false),
            row("UDP", "1", true),
        ]
    );
    let egress = converted(
        "podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]",
    )
    .egress
    .expect("rules");
    let to = egress[0].destination.clone().expect("a destination");
    assert!(to.nets.is_some() && to.ports.is_some() && egress[0].source.is_none());
}

#[test]
fn knp_8_ports_are_sorted_and_joined_behind_names() {
    let shown = |entries: &str| ports(&rules(&format!("ports: [{entries}]"))[0]);
    assert_eq!(
        shown("{port: 82}, {port: 80}, {port: web}, {port: 81}, {port: 80}"),
        "web,80:82"
    );
    assert_eq!(
        shown("{port: 90, endPort: 95}, {port: 80}, {port: 93, endPort: 99}"),
        "80,90:99"
    );
}

#[test]
fn knp_9_a_rule_that_cannot_be_converted_is_left_out_and_a_bad_block_is_no_constraint() {
    let two = ingress(
        "podSelector: {}, ingress: [{ports: [{port: 90, endPort: 80}]}, {ports: [{port: 1}]}]",
    );
    assert_eq!(two.len(), 1);
    assert_eq!(ports(&two[0]), "1");
    assert!(rules("ports: [{port: web, endPort: 80}]").is_empty());
    assert_eq!(peer("{ipBlock: {cidr: none}}").nets, None);
}

#[test]
fn knp_10_an_empty_rule_allows_all_and_an_empty_list_denies() {
    let rules = rules("");
    assert_eq!(rules.len(), 1);
    assert!(
        rules[0].source.is_none() && rules[0].destination.is_none() && rules[0].protocol.is_none()
    );
    let open = World::new(&format!(
        "{BASE}\n---\n{}",
        kubernetes("podSelector: {}, ingress: [{}]")
    ));
    open.allows("ext -> pod:a/p1 tcp/80");
    for closed in [
        "podSelector: {}, ingress: []",
        "podSelector: {}, policyTypes: [Ingress]",
    ] {
        World::new(&format!("{BASE}\n---\n{}", kubernetes(closed)))
            .denies("ext -> pod:a/p1 tcp/80");
    }
}

#[test]
fn knp_12_the_drop_is_the_tiers_end_so_later_policies_have_a_say() {
    let closed = format!("{BASE}\n---\n{}", kubernetes("podSelector: {}"));
    World::new(&closed).denies("ext -> pod:a/p1 tcp/80");
    let late = global(
        "late",
        "order: 5000, selector: app == 'one', types: [Ingress], ingress: [{action: Allow}]",
    );
    World::new(&(closed + &late)).allows("ext -> pod:a/p1 tcp/80");
}
