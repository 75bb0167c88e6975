//! Clusters whose sets are proven, whatever parts they want and whatever is known of them.

use crate::call::{Room, project};

fn summary(room: &Room, line: &str) -> String {
    let ran = room.run(&format!("verify {line}"));
    assert_eq!(ran.code, 0, "{line}\n{}{}", ran.stdout, ran.stderr);
    ran.stderr
}

#[test]
fn the_example_clusters_are_proven() {
    let room = Room::new();
    for (name, expected) in [
        // A cluster without two gateways, or without two workers, has no flows between them.
        ("openshift-pod-subnet", "147 proved, 4 empty"),
        ("private-only", "88 proved"),
        ("public-gateway", "155 proved"),
        ("alb-cloudflare", "148 proved, 5 empty"),
        ("edge-workers", "188 proved, 4 empty"),
        ("nlb-allow", "143 proved, 4 empty"),
        ("nlb-deny", "155 proved, 4 empty"),
        ("nlb2-allow", "143 proved, 4 empty"),
        ("nodeports-closed", "152 proved, 5 empty"),
    ] {
        let path = project(&format!("examples/clusters/{name}.yaml"));
        let told = summary(&room, &format!("--cluster {}", path.display()));
        assert!(told.contains(&format!(": {expected}\n")), "{name}: {told}");
    }
}

#[test]
fn whatever_parts_are_wanted() {
    let room = Room::new();
    for parts in [
        "--without services",
        "--without services --with istio",
        "--without services --with registry",
        "--without istio",
        "--without vrrp --private",
        "--without vrrp,services,konnectivity,dashboard --private",
        "--without services,konnectivity,dashboard,istio --public",
        "--without konnectivity",
        "--platform openshift",
        "--platform openshift --without openshift",
        "--platform openshift --with dashboard",
        "--pod-subnet 192.168.0.0/16",
    ] {
        summary(&room, &format!("--region eu-de {parts}"));
    }
}

const ONE_WORKER: &str = "workers:\n- {name: one, privateIP: 10.1.2.3}\n";

const GATEWAY: &str = "workers:\n- {name: one, privateIP: 10.1.2.3, publicIP: 198.51.100.9}\n";

#[test]
fn whatever_workers_there_are() {
    let room = Room::new();
    room.write("one.yaml", ONE_WORKER);
    room.write("gateway.yaml", GATEWAY);
    for (line, expected) in [
        // A worker alone reaches no other, and without a public address nothing publicly.
        ("--workers one.yaml", "104 proved, 45 empty"),
        ("--workers one.yaml --public", "40 proved, 43 empty"),
        ("--workers gateway.yaml", "141 proved, 8 empty"),
        (
            "--workers gateway.yaml --host-endpoints always --public",
            "81 proved, 2 empty",
        ),
    ] {
        let told = summary(&room, &format!("--region eu-de {line}"));
        assert!(told.ends_with(&format!(": {expected}\n")), "{line}: {told}");
    }
}

const OLD: &str = "name: old
region: eu-de
networks: [private, public]
version: \"1.14\"
workers:
- {name: a, privateIP: 10.1.2.3, publicIP: 198.51.100.9}
- {name: b, privateIP: 10.1.2.4}
";

/// Version 1.14 makes no host endpoints (the platform profile says since when it does): the bundle
/// has them, or somebody else.
#[test]
fn an_old_cluster_has_host_endpoints_of_somebody() {
    let room = Room::new();
    room.write("old.yaml", OLD);
    summary(&room, "--cluster old.yaml");
    room.write("without.yaml", OLD.split("workers:").next().unwrap());
    for line in ["old.yaml --host-endpoints never", "without.yaml"] {
        let ran = room.run(&format!("verify -v --cluster {line}"));
        assert_eq!(ran.code, 0, "{line}: {}", ran.stdout);
        let assumed = "  Workers have host endpoints, which the platform does not make and the \
                       input does not have.\n";
        assert_eq!(ran.stdout.matches(assumed).count(), 2, "{}", ran.stdout);
    }
    // Of what is given it must be true: nothing judges these workers.
    let ran = room.run("gen --cluster old.yaml --host-endpoints never -o given");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = room.run("verify given --cluster old.yaml");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("\nrefuted: nothing else reaches workers on the private network\n"),
        "{}",
        ran.stdout
    );
}

const SERVICES: &str = "name: services
region: eu-de
networks: [private, public]
version: \"1.31\"
services:
- {name: ping, network: public, for: [workers, pods], protocol: ICMP, nets: [198.51.100.0/24]}
- {name: pay, network: public, for: [workers], protocol: TCP, ports: [8443], nets: [198.51.100.0/24]}
- {name: six, network: public, for: [pods], protocol: TCP, ports: [8443], nets: [\"2001:db8::/32\"]}
- {name: all, network: public, for: [pods], protocol: TCP, ports: [9999], nets: [0.0.0.0/0]}
- {name: own, network: private, for: [workers, pods], protocol: UDP, ports: [\"100:200\"], nets: [10.9.0.0/16]}
- {name: sctp, network: private, for: [pods], protocol: SCTP, ports: [99], nets: [10.9.0.0/16]}
";

#[test]
fn whatever_services_the_cluster_has() {
    let room = Room::new();
    room.write("services.yaml", SERVICES);
    for networks in ["", "--private", "--public"] {
        summary(&room, &format!("--cluster services.yaml {networks}"));
    }
}

/// Like workers are one class: a thousand cost little more than two, on both networks.
#[test]
fn a_thousand_workers_are_proven_as_two_are() {
    let room = Room::new();
    let list = (0..1000)
        .map(|n| {
            let (high, low) = (n / 250, 1 + n % 250);
            format!(
                "- {{name: w{n}, privateIP: 10.1.{high}.{low}, publicIP: 198.18.{high}.{low}}}\n"
            )
        })
        .collect::<String>();
    room.write("list.yaml", format!("workers:\n{list}"));
    let told = summary(
        &room,
        "--region eu-de --workers list.yaml --host-endpoints never",
    );
    // All of them are gateways; none is on the private network alone.
    assert_eq!(told, "149 intents in 2 cases: 145 proved, 4 empty\n");
}

/// What is done by hand to ports beside a name is told with a packet, and what its receiver calls the
/// port where that decides.
#[test]
fn ports_beside_a_name_are_held_to_the_profile() {
    let room = Room::new();
    let cluster = project("examples/clusters/isolated-tiers.yaml");
    let path = cluster.display();
    assert_eq!(room.run(&format!("gen --cluster {path}")).code, 0);
    let policies = [
        "generated/clusters/orders/isolation/orders/allow-to-orders-backend.yaml",
        "generated/clusters/orders/isolation/orders/allow-from-orders-frontend.yaml",
    ];
    let rendered = policies.map(|policy| room.read(policy));
    for (from, to, expected) in [
        (
            "endPort: 9099",
            "endPort: 9100",
            "  TCP 172.30.0.0:40000 -> 172.30.0.0:9100 passes and should be dropped",
        ),
        (
            "port: http",
            "port: https",
            "  TCP 172.30.0.0:40000 -> 172.30.0.0:80, where the receiver calls the port `http`, is \
             dropped and should pass",
        ),
        (
            "port: http\n",
            "port: http\n    - protocol: TCP\n      port: admin\n",
            "  TCP 172.30.0.0:40000 -> 172.30.0.0:80, where the receiver calls the port `admin`, \
             passes and should be dropped",
        ),
    ] {
        for (policy, text) in policies.iter().zip(&rendered) {
            assert!(text.contains(from), "{text}");
            room.write(policy, text.replace(from, to));
        }
        let ran = room.run(&format!("verify generated --cluster {path}"));
        assert_eq!(ran.code, 1, "{to}{}", ran.stderr);
        let mut lines = ran.stdout.lines();
        assert!(lines.any(|line| line == expected), "{to}: {}", ran.stdout);
    }
}

const UNTRACKED: &str = "\
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h1, labels: {host: a}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [10.0.0.1]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 10.0.0.2}]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h2, labels: {host: a}}
spec: {node: n2, interfaceName: eth0, expectedIPs: [10.0.0.2]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: untracked}
spec:
  order: 1
  selector: has(host)
  doNotTrack: true
  applyOnForward: true
  types: [Ingress, Egress]
  ingress: [{action: Allow}]
  egress: [{action: Allow}]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: pods}
spec:
  order: 2
  selector: has(app)
  types: [Ingress, Egress]
  ingress: [{action: Allow, destination: {selector: role != 'a'}}]
  egress: [{action: Allow}]
---
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: {name: default}
spec: {defaultEndpointToHostAction: Accept}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: hosts}
spec:
  order: 3
  selector: has(host)
  types: [Ingress, Egress]
  ingress: [{action: Allow}]
  egress: [{action: Allow}]
";

/// EVAL-19: the answers of a worker to what is not tracked are asked about at the pod, so two kinds of
/// pods whose policies differ about these alone are not alike.
#[test]
fn pods_are_told_apart_by_what_is_asked_of_answers() {
    let intent = |name: &str, selector: &str| {
        format!(
            "- name: {name}\n  expect: allow\n  from: {{pods: {{selector: \"{selector}\"}}}}\n  \
             to: {{workers: {{}}}}\n  protocol: TCP\n  ports: [9100]\n"
        )
    };
    let good = intent("good", "has(app) && role != 'a'");
    let bad = intent("bad", "has(app) && role == 'a'");
    for intents in [format!("{good}{bad}"), format!("{bad}{good}")] {
        let room = Room::new();
        room.write("policies.yaml", UNTRACKED);
        room.write("intents.yaml", format!("intents:\n{intents}"));
        let ran = room.run("verify policies.yaml --intents intents.yaml --baseline off -v");
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert!(lines.contains(&"  proved  good"), "{intents}{}", ran.stdout);
        let refuted = lines.iter().filter(|line| line.starts_with("refuted: "));
        let refuted: Vec<&&str> = refuted.collect();
        assert_eq!(refuted.len(), 1, "{intents}{}", ran.stdout);
        assert!(refuted.iter().all(|line| line.starts_with("refuted: bad ")));
    }
}

/// More names of ports than choices are looked at for leave unknown what they decide, and no more.
#[test]
fn many_names_of_ports_leave_unknown_what_they_decide() {
    let room = Room::new();
    let cluster = project("examples/clusters/isolated-tiers.yaml");
    let path = cluster.display();
    assert_eq!(room.run(&format!("gen --cluster {path}")).code, 0);
    room.write(
        "generated/clusters/orders/isolation/many.yaml",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: many}\nspec:\n  \
         order: 1\n  selector: projectcalico.org/namespace == 'orders'\n  types: [Ingress]\n  \
         ingress:\n  - {action: Allow, protocol: TCP, destination: {ports: [n1, n2, n3, n4, n5, n6, n7, n8, n9]}}\n",
    );
    let ran = room.run(&format!("verify generated --cluster {path}"));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let last = ran.stderr.lines().last();
    let expected = "243 intents in 2 cases: 211 proved, 2 empty, 30 unknown";
    assert_eq!(last, Some(expected), "{}", ran.stderr);
}
