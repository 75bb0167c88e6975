//! A running cluster as the source of a question.

use crate::Room;
use crate::api_server::{ApiServer, Reply, TOKEN};

const FLOW: &str = "--from worker:kube-abc123-cluster-default-00000101 --to ip:192.0.2.9 --port udp/443 --via private";

fn trace(server: &ApiServer, arguments: &str) -> crate::call::Ran {
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    let ran = room.run(&format!(
        "trace live {FLOW} --kubeconfig kubeconfig {arguments}"
    ));
    assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN));
    ran
}

#[test]
fn a_flow_is_judged_by_what_the_cluster_has() {
    for mode in ["v3", "v1", "both"] {
        let ran = trace(&ApiServer::replaying(mode), "");
        assert_eq!(ran.code, 0, "{mode}: {}{}", ran.stdout, ran.stderr);
        let decided = "Allow by rule 1 of GlobalNetworkPolicy allow-example-private  \
            live:loopback/globalnetworkpolicies.";
        assert!(ran.stdout.contains(decided), "{mode}: {}", ran.stdout);
        // The recorded cluster has said its version in storage form alone.
        let told = "note: live does not say which version of Calico it runs";
        assert_eq!(
            ran.stderr.contains(told),
            mode != "v1",
            "{mode}: {}",
            ran.stderr
        );
    }
    let ran = trace(&ApiServer::replaying("v3"), "--calico-version 3.31");
    assert_eq!(ran.stderr, "");
}

#[test]
fn what_could_not_be_seen_is_told_beside_the_verdict() {
    let server = ApiServer::but("v3", |asked| {
        let sets = asked.path.contains("/globalnetworksets?");
        sets.then(|| Reply::Json(403, serde_json::json!({"message": "no"})))
    });
    let ran = trace(&server, "--calico-version 3.31");
    assert_eq!(
        ran.stderr,
        "note: live:loopback does not let you list globalnetworksets.projectcalico.org: the answer \
         is without them\n"
    );
}
