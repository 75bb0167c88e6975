//! Workers, and when their host endpoints are written.

use crate::call::{Ran, Room, project};

/// Two workers as `kubectl get nodes -o yaml` shows them, the second without a public address.
const NODES: &str = r"
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata:
    name: 10.94.87.12
    labels:
      ibm-cloud.kubernetes.io/worker-id: kube-b-one
      ibm-cloud.kubernetes.io/internal-ip: 10.94.87.12
      ibm-cloud.kubernetes.io/external-ip: 203.0.113.12
      ibm-cloud.kubernetes.io/worker-pool-name: default
- apiVersion: v1
  kind: Node
  metadata:
    name: 10.94.87.17
    labels:
      ibm-cloud.kubernetes.io/worker-id: kube-b-two
      ibm-cloud.kubernetes.io/internal-ip: 10.94.87.17
";

const NOTE: &str = "private host endpoints are written, because no version is given: from \
                    kubernetes 1.16 on the platform makes them itself, and then they must not be \
                    applied (say which with `version` in a cluster profile, or with \
                    `--host-endpoints never`)";

fn host_endpoints(room: &Room) -> Vec<String> {
    let files = room.files("generated").into_keys();
    files
        .filter(|path| path.contains("host-endpoints"))
        .collect()
}

fn generate(arguments: &str) -> (Room, Ran) {
    let room = Room::new();
    room.write("nodes.yaml", NODES);
    let ran = room.run(&format!(
        "gen --region us-south --workers nodes.yaml {arguments}"
    ));
    (room, ran)
}

#[test]
fn without_a_version_they_are_written_with_a_note() {
    let (room, ran) = generate("--private");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.starts_with(&format!("note: {NOTE}\n")),
        "{}",
        ran.stderr
    );
    assert_eq!(
        host_endpoints(&room),
        [
            "us-south/private/host-endpoints/kube-b-one-worker-private.yaml",
            "us-south/private/host-endpoints/kube-b-two-worker-private.yaml",
        ]
    );
    let text =
        room.read("generated/us-south/private/host-endpoints/kube-b-two-worker-private.yaml");
    let body: String = text
        .lines()
        .skip(3)
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        body,
        "apiVersion: projectcalico.org/v3\n\
         kind: HostEndpoint\n\
         metadata:\n  name: kube-b-two-worker-private\n  labels:\n    ibm.role: worker_private\n\
         spec:\n  node: kube-b-two\n  interfaceName: eth0\n  expectedIPs:\n  - 10.94.87.17\n"
    );
}

#[test]
fn only_workers_on_the_public_network_have_public_ones() {
    let (room, ran) = generate("--public --host-endpoints always");
    assert_eq!(ran.code, 0);
    assert!(!ran.stderr.contains("note"), "{}", ran.stderr);
    assert_eq!(
        host_endpoints(&room),
        ["us-south/public/host-endpoints/kube-b-one-worker-public.yaml"]
    );
}

#[test]
fn never_means_never() {
    let (room, ran) = generate("--host-endpoints never");
    assert_eq!(ran.code, 0);
    assert!(!ran.stderr.contains("note"), "{}", ran.stderr);
    assert_eq!(host_endpoints(&room), Vec::<String>::new());
}

#[test]
fn the_version_decides_who_makes_them() {
    // Platform, version, whether private and public ones are written.
    const CASES: [(&str, &str, bool, bool); 6] = [
        ("kubernetes", "1.15", true, false),
        ("kubernetes", "1.15.12_1552", true, false),
        ("kubernetes", "1.16", false, false),
        ("kubernetes", "1.31.4", false, false),
        ("openshift", "3.11", true, false),
        ("openshift", "4.17", false, false),
    ];
    for (platform, version, private, public) in CASES {
        let room = Room::new();
        room.write(
            "c.yaml",
            format!(
                "name: c\nregion: us-south\nnetworks: [private, public]\n\
                 platform: {platform}\nversion: \"{version}\"\nworkers:\n\
                 - {{name: w, privateIP: 10.94.87.12, publicIP: 203.0.113.12}}\n"
            ),
        );
        let ran = room.run("gen --cluster c.yaml");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let there = |network: &str| {
            room.path(&format!("generated/clusters/c/{network}/host-endpoints"))
                .exists()
        };
        assert_eq!(
            (there("private"), there("public")),
            (private, public),
            "{platform} {version}"
        );
    }
}

#[test]
fn workers_come_from_kubectl_as_json_too_and_from_a_list() {
    let room = Room::new();
    let json = r#"{"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "n", "labels": {
	"ibm-cloud.kubernetes.io/worker-id": "kube-j", "ibm-cloud.kubernetes.io/internal-ip": "10.1.2.3"}}}]}"#;
    let ran = room.run_with(
        "gen --region us-south --private --workers -",
        json.as_bytes(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        host_endpoints(&room),
        ["us-south/private/host-endpoints/kube-j-worker-private.yaml"]
    );
    room.write(
        "list.yaml",
        "workers:\n- name: kube-l\n  privateIP: 10.1.2.4\n",
    );
    let ran = room.run("gen --region us-south --private --workers list.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        host_endpoints(&room),
        ["us-south/private/host-endpoints/kube-l-worker-private.yaml"]
    );
}

#[test]
fn what_is_no_worker_is_refused_with_its_place() {
    let cases = [
        (
            NODES.replace("      ibm-cloud.kubernetes.io/worker-id: kube-b-two\n", ""),
            "the node 10.94.87.17 has no label `ibm-cloud.kubernetes.io/worker-id`\n  --> nodes.yaml:19:7",
        ),
        (
            NODES.replace("internal-ip: 10.94.87.17", "internal-ip: 10.94.87.12"),
            "a second worker with the address 10.94.87.12\n  --> nodes.yaml:20:44",
        ),
        (
            NODES.replace("kind: List", "kind: Secret"),
            "a `Secret` says nothing about workers",
        ),
        (
            NODES.replace("kube-b-two", "Kube_B"),
            "`Kube_B`: `Kube_B` is not a name",
        ),
        (String::new(), "nodes.yaml holds nothing"),
        (
            format!("{NODES}---\nkind: Pod\n"),
            "a `Pod` says nothing about workers",
        ),
    ];
    for (nodes, expected) in cases {
        let room = Room::new();
        room.write("nodes.yaml", nodes);
        let ran = room.run("gen --region us-south --workers nodes.yaml");
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.contains(expected),
            "expected {expected:?} in\n{}",
            ran.stderr
        );
        assert!(!room.path("generated").exists());
    }
}

#[test]
fn the_example_clusters_have_what_their_comments_say() {
    let room = Room::new();
    for (file, name, written) in [
        ("private-only", "ledger", 0),
        ("public-gateway", "shop", 0),
        ("openshift-pod-subnet", "claims", 2),
    ] {
        let profile = project(&format!("examples/clusters/{file}.yaml"));
        let ran = room.run(&format!("gen --cluster {}", profile.display()));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let own = format!("clusters/{name}/");
        let count = host_endpoints(&room)
            .iter()
            .filter(|path| path.starts_with(&own))
            .count();
        assert_eq!(count, written, "{file}");
    }
}

#[test]
fn nodes_may_come_as_several_documents() {
    let node = |n: u8| {
        format!(
            "---\nkind: Node\nmetadata:\n  name: n{n}\n  labels:\n    ibm-cloud.kubernetes.io/worker-id: kube-{n}\n    ibm-cloud.kubernetes.io/internal-ip: 10.1.2.{n}\n"
        )
    };
    let room = Room::new();
    room.write("nodes.yaml", format!("{}{}", node(1), node(2)));
    let ran = room.run("gen --region us-south --private --workers nodes.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(host_endpoints(&room).len(), 2);
    room.write("nodes.yaml", "kind: List\nitems: []\n");
    let ran =
        room.run("gen --region us-south --private --workers nodes.yaml --host-endpoints always");
    assert!(
        ran.stderr.contains("no workers are known"),
        "{}",
        ran.stderr
    );
}
