//! The normal form of Kubernetes' policies for the whole cluster.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::resource::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, Field, Kind, LabelSelector,
    NamespacedPods, PortNumberRange, PortQuestion,
};

use super::kubernetes::label_selector;
use super::{items, nets, put, text};

pub(super) fn policy(kind: &Kind, policy: &ClusterPolicy) -> Map<String, Value> {
    let newer = *kind == Kind::ClusterNetworkPolicy;
    let mut spec = Map::new();
    put(&mut spec, "tier", text(&policy.tier));
    put(&mut spec, "priority", integer(&policy.priority));
    if let Some(subject) = &policy.subject {
        let subject = choice(subject.namespaces.as_ref(), subject.pods.as_ref());
        put(&mut spec, "subject", Value::Object(subject));
    }
    for (key, list, peers) in [
        ("ingress", &policy.ingress, "from"),
        ("egress", &policy.egress, "to"),
    ] {
        let rules = list.iter().flat_map(|list| &list.value);
        put(
            &mut spec,
            key,
            rules.map(|one| rule(one, peers, newer)).collect(),
        );
    }
    spec
}

fn integer(field: &Field<i64>) -> Value {
    field
        .as_ref()
        .map_or(Value::Null, |number| json!(number.value))
}

/// Pods by their namespaces, or by labels of both.
fn choice(namespaces: Option<&LabelSelector>, pods: Option<&NamespacedPods>) -> Map<String, Value> {
    let mut object = Map::new();
    // An empty selector selects everything; it is not the same as none.
    if let Some(selector) = namespaces {
        object.insert("namespaces".into(), label_selector(selector));
    }
    if let Some(pods) = pods {
        let or_all = |selector: &Option<LabelSelector>| {
            selector.as_ref().map_or_else(|| json!({}), label_selector)
        };
        let both = json!({
            "namespaceSelector": or_all(&pods.namespace_selector),
            "podSelector": or_all(&pods.pod_selector),
        });
        object.insert("pods".into(), both);
    }
    object
}

fn rule(rule: &ClusterRule, peers: &str, newer: bool) -> Value {
    let mut object = Map::new();
    put(&mut object, "name", text(&rule.name));
    put(&mut object, "action", text(&rule.action));
    let list = rule.peers.iter().flat_map(|list| &list.value);
    put(&mut object, peers, list.map(peer).collect());
    let list = rule.ports.iter().flat_map(|list| &list.value);
    let (key, each): (_, fn(&ClusterPort) -> Value) = if newer {
        ("protocols", protocol)
    } else {
        ("ports", port)
    };
    put(&mut object, key, list.map(each).collect());
    Value::Object(object)
}

fn peer(peer: &ClusterPeer) -> Value {
    let mut object = choice(peer.namespaces.as_ref(), peer.pods.as_ref());
    if let Some(nodes) = &peer.nodes {
        object.insert("nodes".into(), label_selector(nodes));
    }
    put(&mut object, "networks", nets(&peer.networks));
    let names: BTreeSet<&Box<str>> = items(&peer.domain_names).collect();
    put(&mut object, "domainNames", json!(names));
    Value::Object(object)
}

/// An entry of `ports` of `v1alpha1`.
fn port(port: &ClusterPort) -> Value {
    let mut object = Map::new();
    for ask in &port.asks {
        let numbers = match &ask.value {
            PortQuestion::Named(name) => {
                object.insert("namedPort".into(), json!(name));
                continue;
            }
            PortQuestion::Numbers(numbers) => numbers,
        };
        let protocol = numbers.protocol.as_ref().map_or("TCP", |p| &p.value);
        let mut map = Map::new();
        put(&mut map, "protocol", json!(protocol));
        let key = if let Some(range) = &numbers.range {
            map.extend(ends(range));
            "portRange"
        } else {
            put(&mut map, "port", integer(&numbers.number));
            "portNumber"
        };
        object.insert(key.into(), Value::Object(map));
    }
    Value::Object(object)
}

/// An entry of `protocols` of `v1alpha2`.
fn protocol(port: &ClusterPort) -> Value {
    let mut object = Map::new();
    for ask in &port.asks {
        let numbers = match &ask.value {
            PortQuestion::Named(name) => {
                object.insert("destinationNamedPort".into(), json!(name));
                continue;
            }
            PortQuestion::Numbers(numbers) => numbers,
        };
        let protocol = numbers.protocol.as_ref().map_or("TCP", |p| &p.value);
        let mut port = Map::new();
        put(&mut port, "number", integer(&numbers.number));
        if let Some(range) = &numbers.range {
            port.insert("range".into(), Value::Object(ends(range)));
        }
        let mut map = Map::new();
        put(&mut map, "destinationPort", Value::Object(port));
        // A protocol that says no more means all of its ports.
        object.insert(protocol.to_ascii_lowercase(), Value::Object(map));
    }
    Value::Object(object)
}

fn ends(range: &PortNumberRange) -> Map<String, Value> {
    let mut map = Map::new();
    put(&mut map, "start", integer(&range.start));
    put(&mut map, "end", integer(&range.end));
    map
}
