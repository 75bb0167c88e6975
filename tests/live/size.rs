//! Large clusters.

use std::sync::Arc;

use palisade::resource::ResourceSet;
use serde_json::{Value, json};

use crate::api_server::{ApiServer, Asked, Reply};
use crate::read_from;

const POLICIES: &str = "/apis/projectcalico.org/v3/globalnetworkpolicies?limit=500";

/// A list of `count` policies in pages of 500, each with `rules` rules and what servers add.
fn many(count: usize, rules: usize) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static {
    let page = |from: usize| -> Arc<str> {
        let to = (from + 500).min(count);
        let items: Vec<Value> = (from..to).map(|number| policy(number, rules)).collect();
        let next = if to < count {
            to.to_string()
        } else {
            String::new()
        };
        let list = json!({"items": items, "metadata": {"continue": next}});
        list.to_string().into()
    };
    let pages: Vec<Arc<str>> = (0..count).step_by(500).map(page).collect();
    move |asked| {
        let rest = asked.path.strip_prefix(POLICIES)?;
        let from: usize = rest
            .strip_prefix("&continue=")
            .map_or(0, |at| at.parse().unwrap());
        Some(Reply::Ready(Arc::clone(&pages[from / 500])))
    }
}

fn policy(number: usize, rules: usize) -> Value {
    let rule = |rule: usize| {
        let net = format!("10.{}.{rule}.0/24", number % 256);
        json!({
            "action": "Allow", "protocol": "TCP", "source": {},
            "destination": {"nets": [net], "ports": [443, "20000:32767"]},
        })
    };
    json!({
        "metadata": {
            "name": format!("policy-{number}"),
            "uid": "cdd24eec-97f4-4d97-adb2-4383db123f85",
            "resourceVersion": "292",
            "labels": {"projectcalico.org/tier": "default"},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:egress": {}}}}],
        },
        "spec": {
            "tier": "default", "order": 1500, "selector": "ibm.role == 'worker_private'",
            "types": ["Egress"], "egress": (0..rules).map(rule).collect::<Vec<_>>(),
        },
    })
}

#[test]
fn every_object_of_a_long_list_is_there_once() {
    let cluster = read_from(&ApiServer::but("v3", many(20_250, 0))).unwrap();
    let set = ResourceSet::read(&cluster.given.inputs);
    let named = set.iter().filter(|r| r.key.name.starts_with("policy-"));
    assert_eq!(named.count(), 20_250);
}

/// Holds a large cluster for whoever measures: `docs/performance.md` says how.
#[test]
#[ignore = "serves until it is ended"]
fn serve() {
    let count = std::env::var("PALISADE_POLICIES").unwrap().parse().unwrap();
    let server = ApiServer::but("v3", many(count, 4));
    let path = std::env::temp_dir().join("palisade-large.kubeconfig");
    std::fs::write(&path, server.kubeconfig_by_token()).unwrap();
    println!("kubeconfig: {}", path.display());
    std::thread::sleep(std::time::Duration::from_mins(10));
}
