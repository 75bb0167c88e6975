//! The form in which objects are held against each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::finding::Origin;
use crate::resource::{Body, Kind, Resource, normal_form};

use super::{IgnoreRule, Side, is_labelled};

/// The label of a node that says its name as Calico has it.
const WORKER_ID: &str = "ibm-cloud.kubernetes.io/worker-id";

/// Lists whose order and repetitions mean nothing, whatever they are part of: ports, methods and
/// paths match where any of them does. The normal form sorts those of the other kinds.
const SETS: [&str; 7] = [
    "ports",
    "protocols",
    "notPorts",
    "methods",
    "paths",
    "performanceHints",
    "matchExpressions",
];

/// Lists of Kubernetes policies that are sets besides: its rules only ever add (KNP-7), and so do
/// their peers.
const OF_KUBERNETES: [&str; 4] = ["ingress", "egress", "from", "to"];

/// Of its policies for the whole cluster the peers alone: their first rule that matches decides.
const OF_CLUSTER_WIDE: [&str; 2] = ["from", "to"];

/// Under which name a form has what is not known.
const UNKNOWN: &str = "not known to this version";

/// The fields that are not known of which a server has kept what somebody wrote, so that they mean
/// something to it.
fn served(pair: [Option<&Resource>; 2]) -> BTreeSet<(&str, &str)> {
    let live = pair.into_iter().flatten();
    let live = live.filter(|resource| resource.input.origin == Origin::Live);
    let fields = live.flat_map(|resource| &resource.unknown);
    fields.map(|field| (&*field.of, &*field.name)).collect()
}

/// Makes forms of objects, and counts what the rules took out of them.
pub(super) struct Forms<'a> {
    rules: Vec<(&'a IgnoreRule, usize)>,
    /// The labels of nodes, by the name that host endpoints call them by.
    nodes: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
}

impl<'a> Forms<'a> {
    pub(super) fn new(rules: &'a [IgnoreRule], sides: [&'a Side; 2]) -> Self {
        let mut nodes = BTreeMap::new();
        for resource in sides.iter().flat_map(|side| side.resources()) {
            if !matches!(resource.body, Body::Node(_)) {
                continue;
            }
            let labels = resource.metadata.labels.iter();
            let labels: Vec<(&str, &str)> =
                labels.map(|l| (&*l.key.value, &*l.value.value)).collect();
            nodes.insert(resource.key.name.as_str(), labels.clone());
            if let Some(name) = resource.metadata.label(WORKER_ID) {
                nodes.insert(name, labels);
            }
        }
        Self {
            rules: rules.iter().map(|rule| (rule, 0)).collect(),
            nodes,
        }
    }

    /// The forms of both sides of an object.
    pub(super) fn of_pair(&mut self, pair: [Option<&Resource>; 2]) -> [Option<Value>; 2] {
        let served = served(pair);
        pair.map(|resource| resource.map(|resource| self.of(resource, &served)))
    }

    /// The form of an object. Of fields that are not known it has those that a server is known to
    /// take.
    fn of(&mut self, resource: &Resource, served: &BTreeSet<(&str, &str)>) -> Value {
        let mut form = normal_form(resource);
        let unknown = resource.unknown.iter();
        let unknown = unknown.filter(|field| served.contains(&(&*field.of, &*field.name)));
        let unknown: Vec<Value> = unknown
            .map(|field| json!({(format!("{}.{}", field.of, field.name)): field.value}))
            .collect();
        if let (false, Some(form)) = (unknown.is_empty(), form.as_object_mut()) {
            form.insert(UNKNOWN.to_owned(), unknown.into());
        }
        let sets = match &resource.body {
            Body::KubernetesPolicy(_) => &OF_KUBERNETES[..],
            Body::ClusterPolicy(_) => &OF_CLUSTER_WIDE,
            _ => &[],
        };
        if let Some(spec) = form.get_mut("spec") {
            sort_sets(spec, sets);
        }
        let of_node = match &resource.body {
            Body::HostEndpoint(endpoint) => {
                let node = endpoint.node.as_ref().map(|node| &*node.value);
                node.and_then(|node| self.nodes.get(node))
            }
            _ => None,
        };
        let of_node = of_node.map_or(&[][..], Vec::as_slice);
        for (rule, count) in &mut self.rules {
            *count += rule.apply(&mut form, &resource.key.kind, of_node);
        }
        form
    }

    /// Whether an object is a host endpoint that the platform made: it has the platform's role and
    /// labels that the platform copied onto it, and nobody else says to manage it.
    pub(super) fn is_platforms(&self, resource: &Resource, role_label: &str) -> bool {
        if resource.input.origin != Origin::Live
            || resource.key.kind != Kind::HostEndpoint
            || resource.metadata.label(role_label).is_none()
            || is_labelled(resource)
        {
            return false;
        }
        resource.metadata.labels.iter().any(|label| {
            let mut rules = self.rules.iter();
            rules.any(|(rule, _)| rule.is_of_host_endpoints(&label.key.value))
        })
    }

    /// The rules, each with how many values it took out.
    pub(super) fn ignored(self) -> Vec<(IgnoreRule, usize)> {
        let rules = self.rules.into_iter();
        rules.map(|(rule, count)| (rule.clone(), count)).collect()
    }
}

/// Sorts the lists whose order means nothing, the inner ones first, and says the same once.
fn sort_sets(value: &mut Value, besides: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                sort_sets(field, besides);
                let is_set = SETS.contains(&key.as_str()) || besides.contains(&key.as_str());
                if let (true, Value::Array(items)) = (is_set, field) {
                    items.sort_by_cached_key(|item| (item.as_u64(), item.to_string()));
                    items.dedup();
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                sort_sets(item, besides);
            }
        }
        _ => {}
    }
}
