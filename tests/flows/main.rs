//! What a change of resources does to flows.

#![expect(clippy::unwrap_used, reason = "what tests share may fail as tests do")]

use palisade::engine::{Outcome, Program, Route, Settings, compile};
use palisade::finding::Input;
use palisade::question::flows::{ChangeKind, FlowDiff, flow_diff};
use palisade::resource::ResourceSet;

const WORKERS: &str = "
{apiVersion: v1, kind: Node, metadata: {name: w1}, status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: w2}, status: {addresses: [{type: InternalIP, address: 10.0.0.2}]}}
---
{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: h1, labels: {role: worker}}, spec: {node: w1, interfaceName: eth0, expectedIPs: [10.0.0.1]}}
---
{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: h2, labels: {role: worker}}, spec: {node: w2, interfaceName: eth0, expectedIPs: [10.0.0.2]}}
---
";

fn policy(name: &str, order: u32, selector: &str, direction: &str, rules: &str) -> String {
    let list = direction.to_lowercase();
    format!(
        "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: {name}}}, \
         spec: {{order: {order}, selector: \"{selector}\", types: [{direction}], {list}: [{rules}]}}}}\n---\n"
    )
}

fn program(policies: &str) -> Program {
    let (set, findings) = {
        let read = ResourceSet::read(&[Input::new("input.yaml", format!("{WORKERS}{policies}"))]);
        let findings = read.findings().to_vec();
        (read, findings)
    };
    assert_eq!(findings, []);
    let mut settings = Settings {
        pod_subnets: vec!["172.30.0.0/16".parse().unwrap()],
        ..Settings::default()
    };
    settings.routes.common = vec![Route {
        to: "0.0.0.0/0".parse().unwrap(),
        interface: "eth0".to_owned(),
    }];
    compile(&set, &settings)
}

fn diff(before: &str, after: &str) -> FlowDiff {
    flow_diff(&program(before), &program(after), &["role".to_owned()]).unwrap()
}

/// Every change in a line: what became of it, from where, to where, which packets.
fn told(diff: &FlowDiff) -> Vec<String> {
    let one = |change: &palisade::question::flows::Change| {
        format!(
            "{} {} -> {}: {}",
            change.kind.word(),
            change.from.join(", "),
            change.to.join(", "),
            change.packets.to_string().replace('\n', " | ")
        )
    };
    diff.changes.iter().map(one).collect()
}

const EGRESS: &str =
    "{action: Allow, protocol: TCP, destination: {nets: [203.0.113.0/24], ports: [443]}}";

#[test]
fn a_pod_that_bears_a_workers_label_is_one_of_the_ends_unless_that_is_ruled_out() {
    let before = policy("out", 10, "role == 'worker'", "Egress", EGRESS);
    let closed = flow_diff(&program(&before), &program(""), &[]).unwrap();
    let from: Vec<&String> = closed.changes.iter().flat_map(|c| &c.from).collect();
    assert!(
        from.iter()
            .any(|label| **label == "pods other{role=worker}"),
        "{from:?}"
    );
    let ruled_out = diff(&before, "");
    let from: Vec<&String> = ruled_out.changes.iter().flat_map(|c| &c.from).collect();
    assert!(
        !from.is_empty() && from.iter().all(|label| label.starts_with("worker")),
        "{from:?}"
    );
}

#[test]
fn a_rule_that_goes_closes_what_it_alone_opened_and_nothing_else() {
    let both = format!(
        "{EGRESS}, {{action: Allow, protocol: UDP, destination: {{ports: [53]}}}}, {{action: Deny}}"
    );
    let one = "{action: Allow, protocol: UDP, destination: {ports: [53]}}, {action: Deny}";
    let before = policy("out", 10, "role == 'worker'", "Egress", &both);
    let after = policy("out", 10, "role == 'worker'", "Egress", one);
    let closed = diff(&before, &after);
    assert_eq!(
        told(&closed),
        [
            "closed worker w1 and 1 more -> addresses outside the cluster: TCP to 203.0.113.0/24 \
             port 443"
        ]
    );
    let opened = diff(&after, &before);
    assert_eq!(
        told(&opened),
        [
            "opened worker w1 and 1 more -> addresses outside the cluster: TCP to 203.0.113.0/24 \
             port 443"
        ]
    );
    let change = opened.changes.first().unwrap();
    assert_eq!(change.before.outcome, Outcome::Deny);
    assert_eq!(change.after.outcome, Outcome::Allow);
}

#[test]
fn what_an_earlier_rule_decides_is_no_change() {
    let rules = format!("{EGRESS}, {{action: Allow, protocol: TCP}}, {{action: Deny}}");
    let less = "{action: Allow, protocol: TCP}, {action: Deny}";
    let before = policy("out", 10, "role == 'worker'", "Egress", &rules);
    let after = policy("out", 10, "role == 'worker'", "Egress", less);
    assert!(diff(&before, &after).is_empty());
}

#[test]
fn a_new_name_an_other_order_of_disjoint_rules_and_a_comment_change_no_flow() {
    let other = "{action: Allow, protocol: UDP, destination: {ports: [53]}}";
    let before = policy(
        "a",
        10,
        "role == 'worker'",
        "Egress",
        &format!("{EGRESS}, {other}, {{action: Deny}}"),
    );
    let after = policy(
        "b",
        20,
        "has(role)",
        "Egress",
        &format!("{other}, {EGRESS}, {{action: Deny}}"),
    );
    assert!(diff(&before, &after).is_empty());
}

#[test]
fn pods_that_do_not_exist_yet_are_compared_by_what_either_side_asks_of_them() {
    let before = policy(
        "web",
        10,
        "app == 'web'",
        "Ingress",
        "{action: Allow, protocol: TCP, destination: {ports: [80]}}",
    );
    let after = policy(
        "web",
        10,
        "app in {'web', 'api'}",
        "Ingress",
        "{action: Allow, protocol: TCP, destination: {ports: [80]}}",
    );
    let closed = diff(&before, &after);
    assert!(closed.gone.is_empty() && closed.new.is_empty());
    assert!(closed.changes.iter().all(|c| c.kind == ChangeKind::Closed));
    let to: Vec<&String> = closed.changes.iter().flat_map(|c| &c.to).collect();
    assert!(
        !to.is_empty() && to.iter().all(|label| **label == "pods other{app=api}"),
        "{to:?}"
    );
}

#[test]
fn endpoints_of_one_side_alone_are_named_and_not_compared() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: web}, spec: {nodeName: w1}, \
               status: {phase: Running, podIPs: [{ip: 172.30.0.9}]}}\n---\n\
               {apiVersion: v1, kind: Pod, metadata: {name: q, namespace: web}, spec: {nodeName: w1}, \
               status: {phase: Running, podIPs: [{ip: 172.30.0.10}]}}\n---\n";
    let less = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: web}, spec: {nodeName: w1}, \
                status: {phase: Running, podIPs: [{ip: 172.30.0.9}]}}\n---\n";
    let gone = diff(pod, less);
    assert_eq!(gone.gone, ["pod web/q"]);
    assert!(gone.new.is_empty());
    let new = diff(less, pod);
    assert_eq!(new.new, ["pod web/q"]);
}
