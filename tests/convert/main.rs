//! `palisade convert`, as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

#[path = "../call/mod.rs"]
mod call;

use call::Room;

#[test]
fn convert_prints_what_the_cluster_will_hold() {
    let room = Room::new();
    room.write(
        "k.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: access-nginx, namespace: web}\nspec:\n  podSelector: {matchLabels: {run: nginx}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {run: access}}}]\n    ports: [{port: 80}, {port: 81}]\n",
    );
    let ran = room.run("convert k.yaml --calico-version 3.31");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    // KNP-1, KNP-3, KNP-5, KNP-6, KNP-8.
    assert_eq!(
        ran.stdout,
        "apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: knp.default.access-nginx
  namespace: web
spec:
  ingress:
  - action: Allow
    destination:
      ports:
      - 80:81
    protocol: TCP
    source:
      selector: projectcalico.org/orchestrator == 'k8s' && run == 'access'
  order: 1000
  selector: projectcalico.org/orchestrator == 'k8s' && run == 'nginx'
  tier: default
  types:
  - Ingress
"
    );
    room.write(
        "none.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    );
    let ran = room.run("convert none.yaml");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("the input holds no Kubernetes policy that Calico 3.33 enforces"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_converted_is_calicos_in_every_version_and_lints_clean() {
    let room = Room::new();
    room.write(
        "k.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: web}\nspec:\n  podSelector: {matchExpressions: [{key: e, operator: NotIn, values: [x]}]}\n",
    );
    let newest = room.run("convert k.yaml");
    assert!(
        newest.stdout.starts_with(
            "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata:\n  name: a\n"
        ),
        "{}",
        newest.stdout
    );
    assert!(
        newest
            .stdout
            .contains("  selector: projectcalico.org/orchestrator == 'k8s' && e not in { 'x' }\n"),
        "{}",
        newest.stdout
    );
    let linted = room.run_with("lint -", newest.stdout.as_bytes());
    assert_eq!(linted.code, 0, "{}", linted.stdout);
}

const ADMIN: &str = "apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: telnet}
spec:
  priority: 20
  subject: {namespaces: {matchLabels: {team: red}}}
  egress:
  - {name: no telnet, action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}], ports: [{portNumber: {protocol: TCP, port: 23}}]}
  - {action: Pass, to: [{nodes: {}}]}
  - {action: Allow, to: [{domainNames: [example.com]}]}
";

const CLUSTER: &str = "apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: dns}
spec:
  tier: Baseline
  priority: 3
  subject: {pods: {podSelector: {matchLabels: {app: x}}}}
  egress:
  - action: Accept
    to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: dns}}}}]
    protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: {destinationPort: {range: {start: 53, end: 54}}}}]
";

#[test]
fn knp_11_policies_for_the_whole_cluster_become_global_ones() {
    let room = Room::new();
    room.write("admin.yaml", ADMIN);
    room.write("cluster.yaml", CLUSTER);
    let old = room.run("convert admin.yaml cluster.yaml --calico-version 3.31");
    assert_eq!(old.code, 0, "{}", old.stderr);
    assert_eq!(
        old.stdout,
        "apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: kanp.adminnetworkpolicy.telnet
spec:
  egress:
  - action: Deny
    destination:
      nets:
      - 0.0.0.0/0
      - \"::/0\"
      ports:
      - 23
    protocol: TCP
  - action: Deny
  namespaceSelector: team == 'red'
  order: 20
  selector: projectcalico.org/orchestrator == 'k8s'
  tier: adminnetworkpolicy
  types:
  - Egress
"
    );
    assert_eq!(
        old.stderr,
        "note: admin.yaml:9:33: Calico cannot select nodes here: Calico makes it a rule that denies everything
note: admin.yaml:10:40: open source Calico matches no domain names: Calico leaves the rule out
note: cluster.yaml:1:1: ClusterNetworkPolicy dns is not converted: Calico 3.31 enforces no ClusterNetworkPolicy
"
    );
    let new = room.run("convert admin.yaml cluster.yaml");
    assert_eq!(new.code, 0, "{}", new.stderr);
    assert_eq!(
        new.stdout,
        "apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: dns
spec:
  egress:
  - action: Allow
    destination:
      namespaceSelector: all()
      ports:
      - \"53:54\"
      selector: projectcalico.org/orchestrator == 'k8s' && k8s-app == 'dns'
    protocol: TCP
  - action: Allow
    destination:
      namespaceSelector: all()
      ports:
      - 53
      selector: projectcalico.org/orchestrator == 'k8s' && k8s-app == 'dns'
    protocol: UDP
  namespaceSelector: all()
  order: 3
  selector: projectcalico.org/orchestrator == 'k8s' && app == 'x'
  tier: kube-baseline
  types:
  - Egress
"
    );
    assert_eq!(
        new.stderr,
        "note: admin.yaml:1:1: AdminNetworkPolicy telnet is not converted: Calico 3.33 enforces no AdminNetworkPolicy\n"
    );
    // What is printed for the newest version can be written by people too.
    room.write("converted.yaml", &new.stdout);
    let lint = room.run("lint converted.yaml");
    assert_eq!((lint.code, lint.stdout.as_str()), (0, ""));
}

#[test]
fn knp_11_what_is_not_enforced_is_told_and_nothing_is_printed() {
    let room = Room::new();
    let baseline = ADMIN
        .replace("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")
        .replace("telnet}", "default}")
        .replace("  priority: 20\n", "")
        .replace("Pass", "Deny");
    room.write("baseline.yaml", &baseline);
    room.write("later.yaml", CLUSTER.replace("v1alpha2", "v1beta1"));
    for (files, version, told) in [
        (
            "baseline.yaml",
            "3.29",
            "note: baseline.yaml:1:1: BaselineAdminNetworkPolicy default is not converted: Calico 3.29 enforces no BaselineAdminNetworkPolicy\n",
        ),
        (
            "baseline.yaml",
            "3.32",
            "note: baseline.yaml:1:1: BaselineAdminNetworkPolicy default is not converted: Calico 3.32 enforces no BaselineAdminNetworkPolicy\n",
        ),
        (
            "later.yaml",
            "3.33",
            "note: later.yaml:1:1: ClusterNetworkPolicy dns is not converted: nothing says what Calico makes of policy.networking.k8s.io/v1beta1\n",
        ),
    ] {
        let ran = room.run(&format!("convert {files} --calico-version {version}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{version}");
        assert!(ran.stderr.starts_with(told), "{}", ran.stderr);
    }
    let ran = room.run("convert baseline.yaml --calico-version 3.30");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("  name: kbanp.baselineadminnetworkpolicy.default\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("  order: 1000\n"), "{}", ran.stdout);
}
