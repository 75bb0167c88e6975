//! Ends of rules between apps, as selectors and as words.

use std::collections::{BTreeMap, BTreeSet};

use crate::net::Cidr;
use crate::profile::{InNamespace, Isolation, PodSet, Who};

use super::super::pods::NAMESPACE;

/// What Calico puts before the labels of a pod's namespace (RES-5).
const OF_NAMESPACE: &str = "pcns.";

/// The selector of pods among those of all namespaces.
pub(super) fn text(pods: &PodSet) -> String {
    let namespace: Vec<String> = match &pods.namespace {
        InNamespace::Any => Vec::new(),
        InNamespace::Named(name) => vec![format!("{NAMESPACE} == '{name}'")],
        InNamespace::Labelled(labels) => labels
            .iter()
            .map(|(key, value)| format!("{OF_NAMESPACE}{key} == '{value}'"))
            .collect(),
    };
    let labels = pods.labels.iter();
    let labels = labels.map(|(key, value)| format!("{key} == '{value}'"));
    let terms: Vec<String> = namespace.into_iter().chain(labels).collect();
    if terms.is_empty() {
        "all()".to_owned()
    } else {
        terms.join(" && ")
    }
}

/// The selector of pods of these namespaces.
pub(super) fn in_namespaces(names: &BTreeSet<&str>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("{NAMESPACE} in {{{}}}", names.join(", "))
}

/// What pods of a namespace with these labels are called.
pub(super) fn pods_of(
    isolation: &Isolation,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> String {
    match isolation.called(namespace, labels) {
        Some(name) => format!("{name} of {namespace}"),
        None => format!("pods{} of {namespace}", with(labels)),
    }
}

fn with(labels: &BTreeMap<String, String>) -> String {
    let pairs = labels.iter().map(|(key, value)| format!("{key}={value}"));
    if labels.is_empty() {
        String::new()
    } else {
        format!(" with {}", pairs.collect::<Vec<_>>().join(","))
    }
}

/// What an end of a rule is called, for a sentence.
pub(super) fn told(isolation: &Isolation, who: &Who) -> String {
    let list = |nets: &[Cidr]| -> String {
        let texts: Vec<String> = nets.iter().map(ToString::to_string).collect();
        texts.join(", ")
    };
    match who {
        Who::Anyone => "anyone".to_owned(),
        Who::Nets { nets, except } if except.is_empty() => list(nets),
        Who::Nets { nets, except } => format!("{} but {}", list(nets), list(except)),
        Who::Pods(pods) => match &pods.namespace {
            InNamespace::Any => format!("pods{}", with(&pods.labels)),
            InNamespace::Named(name) => pods_of(isolation, name, &pods.labels),
            InNamespace::Labelled(labels) => {
                format!("pods{} of namespaces{}", with(&pods.labels), with(labels))
            }
        },
    }
}

/// The blocks without the parts that are not meant.
pub(super) fn without(nets: &[Cidr], except: &[Cidr]) -> Vec<Cidr> {
    let mut left = Vec::new();
    let mut open: Vec<Cidr> = nets.to_vec();
    while let Some(net) = open.pop() {
        if except.iter().any(|part| part.covers(&net)) {
            continue;
        }
        if !except.iter().any(|part| part.overlaps(&net)) {
            left.push(net);
        } else if let Ok(halves) = net.to_net().subnets(net.prefix_len().saturating_add(1)) {
            open.extend(halves.map(Cidr::truncated));
        }
    }
    left.sort_unstable();
    left
}
