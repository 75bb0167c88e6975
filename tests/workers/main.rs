//! `palisade workers`, as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[cfg(feature = "live")]
#[path = "../call/api_server.rs"]
mod api_server;
#[path = "../call/mod.rs"]
mod call;

use call::{Room, project};

/// What `kubectl get nodes -o json` prints of the recorded cluster.
fn nodes() -> String {
    let path = project("tests/live/recordings/v3/list-nodes.json");
    let recording = std::fs::read_to_string(path).unwrap();
    let mut recording: serde_json::Value = serde_json::from_str(&recording).unwrap();
    recording["response"]["body"].take().to_string()
}

const LIST: &str = "\
workers:
- name: kube-abc123-cluster-default-00000101
  privateIP: \"10.240.0.5\"
  publicIP: \"169.60.0.5\"
- name: kube-abc123-cluster-default-000002ff
  privateIP: \"10.240.0.6\"
";

#[test]
fn nodes_become_a_worker_list_that_is_read_again() {
    let room = Room::new();
    let ran = room.run_with("workers -", nodes().as_bytes());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout, LIST);
    room.write("workers.yaml", &ran.stdout);
    assert_eq!(room.run("workers workers.yaml").stdout, LIST);
}

#[test]
fn host_endpoints_are_those_that_gen_would_write() {
    let room = Room::new();
    let profile = project("examples/clusters/openshift-pod-subnet.yaml");
    let text = std::fs::read_to_string(profile).unwrap();
    let list = text
        .split_once("workers:")
        .unwrap()
        .1
        .split_once("\n#")
        .unwrap()
        .0;
    room.write("workers.yaml", format!("workers:{list}\n"));
    let ran = room.run("workers workers.yaml --format host-endpoints");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    room.write("printed.yaml", &ran.stdout);
    let written = project("generated/clusters/claims/private/host-endpoints");
    let ran = room.run(&format!("diff {} printed.yaml", written.display()));
    // The platform makes public ones here in its old version already.
    assert!(ran.stdout.contains(": 2 added\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("worker-private\n"), "{}", ran.stdout);
}

#[test]
fn new_and_vanished_workers_are_a_difference() {
    let room = Room::new();
    room.write("nodes.json", nodes());
    let profile = "name: shop\nregion: us-south\nnetworks: [private]\n";
    let same = format!("{profile}{LIST}");
    room.write("shop.yaml", &same);
    let ran = room.run("workers nodes.json --check shop.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    room.write("shop.yaml", same.replace("00000101", "00000999"));
    let ran = room.run("workers nodes.json --check shop.yaml");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stdout + &ran.stderr, @r#"
    --- shop.yaml
    +++ nodes.json
    @@ -1,6 +1,6 @@
     workers:
    +- name: kube-abc123-cluster-default-00000101
    +  privateIP: "10.240.0.5"
    +  publicIP: "169.60.0.5"
     - name: kube-abc123-cluster-default-000002ff
       privateIP: "10.240.0.6"
    -- name: kube-abc123-cluster-default-00000999
    -  privateIP: "10.240.0.5"
    -  publicIP: "169.60.0.5"
    nodes.json has 1 worker that shop.yaml lacks, and lacks 1 worker that it has
    "#);
    let ran = room.run("workers shop.yaml --check nodes.json");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn what_says_nothing_about_workers_is_refused() {
    let room = Room::new();
    room.write(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    );
    // The source, the exit code, and what is told.
    for (source, code, told) in [
        ("pod.yaml", 2, "a `Pod` says nothing about workers"),
        ("region:us-south", 2, "says nothing about workers"),
        ("nowhere.yaml", 3, "cannot read nowhere.yaml"),
        ("live --context a", 2, "cannot be used with"),
    ] {
        let ran = room.run(&format!("workers {source}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{source}");
        assert!(ran.stderr.contains(told), "{source}: {}", ran.stderr);
    }
}

#[cfg(feature = "live")]
mod cluster {
    use super::{LIST, Room};
    use crate::api_server::{ApiServer, Reply, status};

    #[test]
    fn a_cluster_is_asked_for_its_nodes_alone() {
        let server = ApiServer::replaying("v3");
        let room = Room::new();
        room.write("kubeconfig", server.kubeconfig_by_token());
        for source in ["", "live:loopback", "--context loopback"] {
            let ran = room.run(&format!("workers {source} --kubeconfig kubeconfig"));
            assert_eq!((ran.code, ran.stdout.as_str()), (0, LIST), "{}", ran.stderr);
        }
        let asked = server.asked();
        assert!(
            asked
                .iter()
                .all(|asked| asked.path == "/api/v1/nodes?limit=500")
        );
        assert_eq!(asked.len(), 3);
    }

    #[test]
    fn nodes_that_may_not_be_listed_end_the_command() {
        let server = ApiServer::but("v3", |_| Some(Reply::Json(403, status(403, "no"))));
        let room = Room::new();
        room.write("kubeconfig", server.kubeconfig_by_token());
        let ran = room.run("workers --kubeconfig kubeconfig");
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
        assert!(
            ran.stderr.contains("does not let you list nodes"),
            "{}",
            ran.stderr
        );
    }
}
