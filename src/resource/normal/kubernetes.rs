//! The normal form of Kubernetes NetworkPolicies.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::resource::{KubernetesPeer, KubernetesPolicy, KubernetesRule, LabelSelector, Written};
use crate::yaml::Located;

use super::{items, nets, port, put, put_map, text};

pub(super) fn policy(policy: &KubernetesPolicy) -> Map<String, Value> {
    let mut spec = Map::new();
    let pods = policy.pod_selector.as_ref().map(label_selector);
    // An empty pod selector selects every pod, and the API requires the field.
    spec.insert("podSelector".into(), pods.unwrap_or_else(|| json!({})));
    let types: BTreeSet<String> = items(&policy.policy_types)
        .map(|kind| match kind {
            Written::Valid(direction) => direction.word().to_owned(),
            Written::Invalid(text) => text.to_string(),
        })
        .collect();
    let types = if types.is_empty() {
        policy
            .governed()
            .into_iter()
            .map(|d| d.word().to_owned())
            .collect()
    } else {
        types
    };
    put(&mut spec, "policyTypes", json!(types));
    for (key, list, peers) in [
        ("ingress", &policy.ingress, "from"),
        ("egress", &policy.egress, "to"),
    ] {
        let rules = list.iter().flat_map(|list| &list.value);
        let rules: Value = rules.map(|rule| self::rule(rule, peers)).collect();
        put(&mut spec, key, rules);
    }
    put(&mut spec, "stagedAction", text(&policy.staged_action));
    spec
}

fn rule(rule: &KubernetesRule, peers: &str) -> Value {
    let mut object = Map::new();
    let list = rule.peers.iter().flat_map(|list| &list.value);
    put(&mut object, peers, list.map(peer).collect());
    let list = rule.ports.iter().flat_map(|list| &list.value);
    let list = list.map(|entry| {
        let mut map = Map::new();
        let protocol = entry.protocol.as_ref().map_or("TCP", |p| &p.value);
        put(&mut map, "protocol", json!(protocol));
        let number = entry.port.as_ref().map(|p| port(&p.value));
        put(&mut map, "port", number.unwrap_or(Value::Null));
        let last = entry.end_port.as_ref().map(|last| json!(last.value));
        put(&mut map, "endPort", last.unwrap_or(Value::Null));
        Value::Object(map)
    });
    put(&mut object, "ports", list.collect());
    Value::Object(object)
}

fn peer(peer: &KubernetesPeer) -> Value {
    let mut object = Map::new();
    // An empty selector selects everything; it is not the same as none.
    let selectors = [
        ("podSelector", &peer.pod_selector),
        ("namespaceSelector", &peer.namespace_selector),
    ];
    for (key, selector) in selectors {
        if let Some(selector) = selector {
            object.insert(key.into(), label_selector(selector));
        }
    }
    if let Some(block) = &peer.ip_block {
        let list = Some(Located {
            value: vec![block.clone()],
            span: block.span,
        });
        let mut map = Map::new();
        let cidr = nets(&list).as_array().and_then(|a| a.first().cloned());
        put(&mut map, "cidr", cidr.unwrap_or(Value::Null));
        put(&mut map, "except", nets(&peer.except));
        put(&mut object, "ipBlock", Value::Object(map));
    }
    Value::Object(object)
}

pub(super) fn label_selector(selector: &LabelSelector) -> Value {
    let mut object = Map::new();
    put_map(&mut object, "matchLabels", &selector.match_labels, "");
    let expressions = selector.match_expressions.iter().map(|requirement| {
        let mut map = Map::new();
        put(&mut map, "key", text(&requirement.key));
        put(&mut map, "operator", text(&requirement.operator));
        let values: BTreeSet<&Box<str>> = items(&requirement.values).collect();
        put(&mut map, "values", json!(values));
        Value::Object(map)
    });
    put(&mut object, "matchExpressions", expressions.collect());
    Value::Object(object)
}
