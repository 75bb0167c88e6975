//! Addresses that are somebody's: `nets` mean whoever has them, and workers have tunnels too.

use crate::call::Room;

const PODS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: data, labels: {app: db}},
 spec: {nodeName: w1}, status: {phase: Running, podIPs: [{ip: 172.30.64.7}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: site, namespace: web, labels: {app: site}},
 spec: {nodeName: w1}, status: {phase: Running, podIPs: [{ip: 172.30.1.7}]}}
";

const DATABASE: &str = "
{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: db-only}, spec: {order: 1,
 selector: has(projectcalico.org/namespace), types: [Egress], egress: [{action: Allow, protocol: TCP,
 destination: {selector: app == 'db', ports: [5432]}}, {action: Deny}]}}
";

const TUNNELS: &str = "
{apiVersion: v1, kind: Node, metadata: {name: w1, annotations: {projectcalico.org/IPv4IPIPTunnelAddr: 172.30.9.1}},
 status: {addresses: [{type: InternalIP, address: 10.1.0.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: w2, annotations: {projectcalico.org/IPv4IPIPTunnelAddr: 172.30.9.2}},
 status: {addresses: [{type: InternalIP, address: 10.1.0.2}]}}
---
{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: e}, spec: {order: 1,
 selector: app == 'site', types: [Egress], egress: [{action: Deny, destination: {nets: [10.0.0.0/8]}},
 {action: Allow}]}}
---
{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: h}, spec: {order: 1,
 selector: has(ibm.role), types: [Ingress, Egress], ingress: [{action: Allow}], egress: [{action: Allow}]}}
";

fn outcome(resources: &[&str], intent: &str) -> (i32, String) {
    let room = Room::new();
    room.write("in.yaml", resources.join("---\n"));
    room.write(
        "intents.yaml",
        format!("intents:\n- {{name: it, expect: deny, {intent}}}\n"),
    );
    let ran =
        room.run("verify in.yaml --intents intents.yaml --baseline off --pod-subnet 172.30.0.0/16");
    (ran.code, ran.stdout)
}

#[test]
fn nets_mean_the_pods_and_workers_that_have_them() {
    let intent = "from: {pods: {}}, to: {nets: [172.30.64.0/24]}";
    // Listed pods, and pods that need not exist.
    assert_eq!(outcome(&[PODS, DATABASE], intent).0, 1);
    assert_eq!(outcome(&[DATABASE], intent).0, 1);
    let others = "from: {pods: {}}, to: {nets: [172.30.65.0/24]}";
    assert_eq!(outcome(&[PODS, DATABASE], others).0, 0);
}

#[test]
fn a_workers_tunnel_address_is_one_of_its_own() {
    let intent = "from: {pods: {namespace: web}}, to: {workers: {}}";
    let (code, told) = outcome(&[PODS, TUNNELS], intent);
    assert_eq!(code, 1);
    assert!(told.contains("172.30.9."), "{told}");
}
