//! Packets that services bring through nodes by ways of their own.

use crate::call::Room;

const CLUSTER: &str = r#"
{apiVersion: v1, kind: Node, metadata: {name: w1}, status: {addresses: [{type: InternalIP, address: 10.1.0.1}, {type: ExternalIP, address: 198.51.100.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: w2}, status: {addresses: [{type: InternalIP, address: 10.1.0.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: run, namespace: web, labels: {app: a}}, spec: {nodeName: w2}, status: {phase: Running, podIPs: [{ip: 172.30.1.1}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: web}, spec: {type: NodePort, clusterIP: 172.21.0.5, selector: {app: a}, ports: [{port: 80, targetPort: 8080, nodePort: 30080, protocol: TCP}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s-1, namespace: web, labels: {kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: [{addresses: [172.30.1.1]}], ports: [{port: 8080, protocol: TCP}]}
---
{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: w1-eth1, labels: {hep: "1"}}, spec: {node: w1, interfaceName: eth1, expectedIPs: [198.51.100.1]}}
---
{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: w1-eth0, labels: {hep: "0"}}, spec: {node: w1, interfaceName: eth0, expectedIPs: [10.1.0.1]}}
---
{apiVersion: projectcalico.org/v3, kind: FelixConfiguration, metadata: {name: default}, spec: {ipipEnabled: false}}
---
"#;

fn policy(rules: &str) -> String {
    format!(
        "{CLUSTER}{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: f}}, spec: \
         {{order: 1, selector: has(hep), applyOnForward: true, types: [Egress], egress: [{rules}\
         {{action: Allow}}]}}}}\n"
    )
}

#[test]
fn a_rule_that_only_packets_to_node_ports_meet_is_not_dead() {
    let room = Room::new();
    let deny =
        "{action: Deny, source: {nets: [203.0.113.0/24]}, destination: {nets: [172.30.0.0/16]}}, ";
    room.write("with.yaml", policy(deny));
    room.write("without.yaml", policy(""));
    let known = "--baseline off --pod-subnet 172.30.0.0/16";
    let trace = |file: &str| {
        let ends = "--from ip:203.0.113.5 --to nodeport:w1:30080 --port tcp";
        room.run(&format!("trace {file} {known} {ends}")).code
    };
    // The rule decides on a flow through w1 to a pod of w2.
    assert_eq!((trace("with.yaml"), trace("without.yaml")), (1, 0));
    let ran = room.run(&format!("audit with.yaml {known}"));
    assert!(
        !ran.stdout.contains("rule-without-effect"),
        "{}",
        ran.stdout
    );
}
