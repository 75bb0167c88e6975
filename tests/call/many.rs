//! What a large cluster has.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::api_server::{Asked, Reply};

const POLICIES: &str = "/apis/projectcalico.org/v3/globalnetworkpolicies";

/// How many objects are on a page.
const PAGE: usize = 500;

/// A server's list of `count` policies, each with `rules` rules and what servers add: in pages of 500
/// to who wants them so, else all at once.
pub fn policies(
    count: usize,
    rules: usize,
) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static {
    let list = |from: usize, to: usize| -> Arc<str> {
        let items: Vec<Value> = (from..to).map(|number| policy(number, rules)).collect();
        let next = if to < count {
            to.to_string()
        } else {
            String::new()
        };
        let list = json!({"items": items, "metadata": {"continue": next}});
        list.to_string().into()
    };
    let pages = (0..count).step_by(PAGE);
    let pages: Vec<Arc<str>> = pages
        .map(|from| list(from, (from + PAGE).min(count)))
        .collect();
    let all = OnceLock::new();
    move |asked| {
        let rest = asked.path.strip_prefix(POLICIES)?;
        if rest.is_empty() {
            return Some(Reply::Ready(Arc::clone(all.get_or_init(|| {
                let items: Vec<Value> = (0..count).map(|number| policy(number, rules)).collect();
                json!({"items": items, "metadata": {}}).to_string().into()
            }))));
        }
        let rest = rest.strip_prefix(&format!("?limit={PAGE}"))?;
        let next = rest.strip_prefix("&continue=");
        let from: usize = next.map_or(0, |at| at.parse().unwrap());
        Some(Reply::Ready(Arc::clone(&pages[from / PAGE])))
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
