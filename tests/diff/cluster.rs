//! Differences from a running cluster.

use serde_json::{Value, json};

use crate::api_server::{ApiServer, Reply};
use crate::clusters::TestCluster;
use crate::{Ran, Room};

/// What `recordings` were made with, as a user's file has it.
const WANTED: &str = "tests/live/recordings/applied-v3.yaml";

fn run(server: &ApiServer, arguments: &str, wanted: &str) -> Ran {
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    room.write("wanted.yaml", wanted);
    room.run(&format!("diff {arguments} --kubeconfig kubeconfig"))
}

fn wanted() -> String {
    std::fs::read_to_string(crate::project(WANTED)).unwrap()
}

fn without_rules(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.starts_with("to ignore"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// As [`run`], of a cluster that may be a real one.
fn run_in(cluster: &TestCluster, arguments: &str, wanted: &str) -> Ran {
    let room = Room::new();
    room.write("kubeconfig", cluster.kubeconfig());
    room.write("wanted.yaml", wanted);
    let ran = room.run(&format!("diff {arguments} --kubeconfig kubeconfig"));
    for told in [&ran.stdout, &ran.stderr] {
        assert!(!cluster.is_betrayed_by(told), "{told}");
    }
    ran
}

#[test]
fn what_was_applied_is_the_same_after_the_round_trip() {
    for cluster in TestCluster::of_v3() {
        let named = format!("wanted.yaml live:{}", cluster.context);
        for arguments in ["wanted.yaml", "live wanted.yaml", &named] {
            let ran = run_in(&cluster, arguments, &wanted());
            assert_eq!(
                (ran.code, ran.stderr.as_str()),
                (0, ""),
                "{}: {}",
                cluster.mode,
                ran.stdout
            );
        }
    }
    // Storage form, and the v3 object that it stands for.
    let stored = crate::project("tests/live/recordings/applied-crd-v1.yaml");
    let stored = std::fs::read_to_string(stored).unwrap();
    let policy = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n\
        metadata: {name: allow-example-private, labels: {app.kubernetes.io/managed-by: palisade}}\n\
        spec:\n  order: 1500\n  selector: ibm.role == 'worker_private'\n  types: [Ingress, Egress]\n  \
        ingress: [{action: Allow, protocol: TCP, destination: {ports: [10250, 53, '20000:32767']}}]\n  \
        egress: [{action: Allow, protocol: UDP, destination: {nets: [198.51.100.7/32, 192.0.2.0/24], ports: [443]}}]\n";
    for cluster in TestCluster::of_v1() {
        for text in [&*stored, policy] {
            let ran = run_in(&cluster, "wanted.yaml", text);
            assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        }
    }
}

#[test]
fn what_differs_is_told_of_every_cluster() {
    for cluster in TestCluster::of_v3() {
        let changed = wanted()
            .replace("order: 99900", "order: 99901")
            .replace("name: partners", "name: friends");
        let ran = run_in(&cluster, "wanted.yaml", &changed);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
        for line in [
            "changed GlobalNetworkPolicy deny-example-private",
            "-  order: 99900",
            "+  order: 99901",
            "added GlobalNetworkSet friends",
        ] {
            let mut lines = ran.stdout.lines();
            assert!(
                lines.any(|own| own.starts_with(line)),
                "{line}: {}",
                ran.stdout
            );
        }
    }
}

#[test]
fn what_differs_is_shown_from_the_cluster_to_the_source() {
    let server = ApiServer::replaying("v3");
    let changed = wanted()
        .replace("order: 99900", "order: 99901")
        .replace("name: partners", "name: friends")
        .replace("  name: deny-example-private\n  labels: {app.kubernetes.io/managed-by: palisade, palisade/bundle: example}", "  name: deny-example-private");
    let ran = run(&server, "wanted.yaml", &changed);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(without_rules(&ran.stdout));
}

#[test]
fn a_managed_object_that_the_source_lacks_is_removed_and_others_are_no_noise() {
    let server = ApiServer::replaying("v3");
    let one = wanted().split("---").next().unwrap().to_owned();
    let ran = run(&server, "wanted.yaml", &one);
    assert_eq!(ran.code, 1);
    // Its label says whose it is, and of which bundle.
    assert!(
        ran.stdout
            .contains("removed GlobalNetworkPolicy deny-example-private")
    );
    assert!(
        ran.stdout.contains("live to wanted.yaml: 1 removed\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("4 objects are only in the cluster and managed by neither side"),
        "{}",
        ran.stdout
    );
    let other_bundle = one.replace("palisade/bundle: example", "palisade/bundle: other");
    let ran = run(&server, "wanted.yaml", &other_bundle);
    assert!(
        ran.stdout.contains("live to wanted.yaml: 1 changed\n"),
        "{}",
        ran.stdout
    );
    let ran = run(&server, "wanted.yaml --all", &one);
    assert!(
        ran.stdout.contains("live to wanted.yaml: 5 removed\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("removed GlobalNetworkPolicy handmade-egress-only")
    );
}

/// A server that has one policy besides, of this name.
fn with_policy(name: &'static str) -> ApiServer {
    with_item(json!({"metadata": {"name": name}, "spec": {"order": 1}}))
}

/// A server that has this policy and no other.
fn with_item(item: Value) -> ApiServer {
    ApiServer::but("v3", move |asked| {
        let policies = asked
            .path
            .starts_with("/apis/projectcalico.org/v3/globalnetworkpolicies");
        policies.then(|| Reply::Json(200, json!({"metadata": {}, "items": [item]})))
    })
}

#[test]
fn a_policy_that_palisade_would_render_there_is_managed() {
    let server = with_policy("allow-vrrp-private");
    let private = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n\
        metadata: {name: allow-icmp-private}\nspec: {order: 1}\n";
    let ran = run(&server, "wanted.yaml", private);
    assert!(
        ran.stdout
            .contains("live to wanted.yaml: 1 added, 1 removed\n"),
        "{}",
        ran.stdout
    );
    // Not where the source is of the other network.
    let public = private.replace("allow-icmp-private", "allow-konnectivity");
    let ran = run(&server, "wanted.yaml", &public);
    assert!(
        ran.stdout.contains("live to wanted.yaml: 1 added\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_a_layout_labelled_is_held_against_a_source_without_labels_by_names() {
    let labelled = |name: &str| {
        let labels = json!({"app.kubernetes.io/managed-by": "palisade", "palisade/bundle": "us-south.private"});
        let annotations = json!({"argocd.argoproj.io/sync-wave": "1"});
        json!({"metadata": {"name": name, "labels": labels, "annotations": annotations}, "spec": {"order": 1}})
    };
    let private = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n\
        metadata: {name: allow-icmp-private}\nspec: {order: 1}\n";
    // The same policy: what the layout wrote into it is no difference, and is told.
    let server = with_item(labelled("allow-icmp-private"));
    let ran = run(&server, "wanted.yaml", private);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for rule in [
        "annotation:argocd.argoproj.io/sync-wave (1)",
        "label:app.kubernetes.io/managed-by (1)",
        "label:palisade/bundle (1)",
    ] {
        let line = format!("ignored: {rule}\n");
        assert!(ran.stdout.contains(&line), "{rule}: {}", ran.stdout);
    }
    // One that the source lacks, of a name that would be rendered beside the source's.
    let server = with_item(labelled("allow-vrrp-private"));
    let ran = run(&server, "wanted.yaml", private);
    assert!(
        ran.stdout
            .contains("live to wanted.yaml: 1 added, 1 removed\n"),
        "{}",
        ran.stdout
    );
    // Where both sides have labels they count.
    let other = private.replace(
        "{name: allow-icmp-private}",
        "{name: allow-vrrp-private, labels: {app.kubernetes.io/managed-by: palisade, palisade/bundle: other}}",
    );
    let ran = run(&server, "wanted.yaml", &other);
    assert!(
        ran.stdout.contains("live to wanted.yaml: 1 changed\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_host_endpoint_of_the_platform_is_never_claimed() {
    let endpoints = |text: &str| text.replace("interfaceName: eth0", "interfaceName: eth7");
    for cluster in TestCluster::of_v3() {
        let ran = run_in(&cluster, "wanted.yaml", &endpoints(&wanted()));
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let expected = "note: HostEndpoint kube-example-w1-worker-private is the platform's own: it \
            is not compared, and to apply another would take it from the platform\n";
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    }
    let server = ApiServer::replaying("v3");
    for arguments in ["wanted.yaml", "wanted.yaml --all", "wanted.yaml live --all"] {
        let ran = run(
            &server,
            arguments,
            &wanted().replace("worker-private\n  labels", "other\n  labels"),
        );
        let own = "HostEndpoint kube-example-w1-worker-private";
        assert!(!ran.stdout.contains(own), "{}", ran.stdout);
        assert!(
            ran.stdout
                .contains("note: 1 host endpoint is the platform's own\n")
        );
    }
}

#[test]
fn what_cannot_be_seen_is_not_called_added() {
    let server = ApiServer::but("v3", |asked| {
        let policies = asked
            .path
            .starts_with("/apis/projectcalico.org/v3/globalnetworkpolicies");
        policies.then(|| Reply::Json(403, json!({"message": "no"})))
    });
    let ran = run(&server, "wanted.yaml", &wanted());
    assert_eq!(ran.code, 4, "{}", ran.stdout);
    insta::assert_snapshot!(without_rules(&ran.stdout));
    let none = ApiServer::but("v3", |asked| {
        let calico = asked.path.contains("projectcalico.org");
        calico.then_some(Reply::Text(404, "404 page not found\n"))
    });
    assert_eq!(run(&none, "wanted.yaml", &wanted()).code, 4);
}

#[test]
fn two_clusters_are_compared_whole() {
    let server = ApiServer::replaying("v3");
    let other = ApiServer::replaying("v1");
    let room = Room::new();
    // Both contexts in one kubeconfig.
    let read = |server: &ApiServer| -> Value {
        serde_yaml::from_str(&server.kubeconfig_by_token()).unwrap()
    };
    let (mut both, mut second) = (read(&server), read(&other));
    second["contexts"][0]["context"] = json!({"cluster": "other", "user": "other"});
    for list in ["clusters", "contexts", "users"] {
        let mut more = second[list][0].take();
        more["name"] = "other".into();
        both[list].as_array_mut().unwrap().push(more);
    }
    room.write("kubeconfig", both.to_string());
    let ran = room.run("diff live:loopback live:other --kubeconfig kubeconfig");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("removed GlobalNetworkPolicy handmade-egress-only"),
        "{}",
        ran.stdout
    );
}

#[test]
fn no_secret_is_told_in_any_format() {
    let server = ApiServer::replaying("v3");
    for format in ["text", "json", "markdown", "sarif"] {
        let arguments = format!("wanted.yaml --all --format {format}");
        let ran = run(&server, &arguments, "");
        for secret in [
            crate::api_server::TOKEN,
            "BEGIN CERTIFICATE",
            "managedFields",
        ] {
            assert!(
                !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
                "{format}"
            );
        }
    }
}
