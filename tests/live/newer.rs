//! A server that knows more than this version does.

use serde_json::{Value, json};

use crate::Room;
use crate::api_server::{ApiServer, Reply};

/// A server whose one policy has fields that nobody here knows.
fn newer() -> ApiServer {
    ApiServer::but("v3", |asked| {
        let policies = "/apis/projectcalico.org/v3/globalnetworkpolicies";
        asked
            .path
            .starts_with(policies)
            .then(|| Reply::Json(200, json!({"metadata": {}, "items": [policy()]})))
    })
}

fn policy() -> Value {
    json!({
        "metadata": {"name": "new"},
        "spec": {
            "selector": "ibm.role == 'worker_private'",
            "order": 1,
            "types": ["Egress"],
            "cadence": {"every": 5},
            "egress": [{"action": "Deny", "protocol": "UDP", "mood": "calm"}],
        },
    })
}

/// The same as a file.
fn file(change: impl Fn(&mut Value)) -> String {
    let mut object = policy();
    object["apiVersion"] = "projectcalico.org/v3".into();
    object["kind"] = "GlobalNetworkPolicy".into();
    change(&mut object["spec"]);
    object.to_string()
}

#[test]
fn a_question_goes_on_with_what_is_known() {
    let room = Room::new();
    let server = newer();
    room.write("kubeconfig", server.kubeconfig_by_token());
    let flow = "--from worker:kube-abc123-cluster-default-00000101 --to ip:192.0.2.9 --via private";
    let ran = room.run(&format!(
        "trace live {flow} --port udp/443 --calico-version 3.31 --kubeconfig kubeconfig"
    ));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("Deny by rule 1 of GlobalNetworkPolicy new"),
        "{}",
        ran.stdout
    );
    insta::assert_snapshot!(ran.stderr, @r"
    note: live:loopback/globalnetworkpolicies.projectcalico.org/new:8:5: `spec` has no field `cadence`; the answer takes no account of it
    note: live:loopback/globalnetworkpolicies.projectcalico.org/new:14:9: `egress rule` has no field `mood`; the answer takes no account of it
    ");
}

/// What the file says otherwise, the exit code, and what is shown of it.
type Case = (fn(&mut Value), i32, &'static [&'static str]);

#[test]
fn what_differs_in_a_field_that_is_not_known_is_seen() {
    let server = newer();
    let cases: [Case; 4] = [
        (|_| {}, 0, &[]),
        (
            |spec| spec["cadence"]["every"] = 6.into(),
            1,
            &["-    every: 5", "+    every: 6"],
        ),
        (
            |spec| {
                spec["egress"][0].as_object_mut().unwrap().remove("mood");
            },
            1,
            &["-- egress rule.mood: calm"],
        ),
        // What the server does not know either is no difference, and is told.
        (|spec| spec["typo"] = 1.into(), 0, &["note: wanted.yaml:1:"]),
    ];
    for (change, code, shown) in cases {
        let room = Room::new();
        room.write("kubeconfig", server.kubeconfig_by_token());
        room.write("wanted.yaml", file(change));
        let ran = room.run("diff wanted.yaml --kubeconfig kubeconfig --no-flows");
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        for line in shown {
            assert!(
                ran.stdout.lines().any(|l| l.starts_with(line)),
                "{line}: {}",
                ran.stdout
            );
        }
    }
}
