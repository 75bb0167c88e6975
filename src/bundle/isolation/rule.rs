//! Rules between apps, as templates see them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::net::{Cidr, Protocol};
use crate::profile::{AppPort, InNamespace, PodSet, Who};

use super::Said;

/// A label.
#[derive(Serialize)]
pub(super) struct Label {
    key: String,
    value: String,
}

/// A rule of a Kubernetes policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    /// Whether it is about everybody, whoever else is listed.
    anyone: bool,
    peers: Vec<Peer>,
    ports: Vec<Port>,
}

/// An end of such a rule: blocks, or pods of which everything that is given must hold.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Peer {
    nets: Vec<Block>,
    in_namespace: Scope,
    namespace: Option<String>,
    namespace_labels: Vec<Label>,
    labels: Vec<Label>,
}

/// Of which namespaces an end is, as seen from the policy's own.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Own,
    Named,
    Labelled,
    Any,
}

#[derive(Serialize)]
struct Block {
    net: Cidr,
    except: Vec<Cidr>,
}

/// A port of a Kubernetes policy.
#[derive(Serialize)]
struct Port {
    protocol: Protocol,
    #[serde(rename = "port", skip_serializing_if = "Option::is_none")]
    first: Option<serde_json::Value>,
    #[serde(rename = "endPort", skip_serializing_if = "Option::is_none")]
    last: Option<u16>,
}

/// A rule of a Calico policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CalicoRule {
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<Protocol>,
    /// Whether it says who is at the other end.
    is_peer: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_selector: Option<String>,
    nets: Vec<Cidr>,
    not_nets: Vec<Cidr>,
    ports: Vec<AppPort>,
}

pub(super) fn labels(labels: &BTreeMap<String, String>) -> Vec<Label> {
    let label = |(key, value): (&String, &String)| Label {
        key: key.clone(),
        value: value.clone(),
    };
    labels.iter().map(label).collect()
}

/// The selector of what has these labels; nothing where there are none. The value of a label has no
/// quotes (VAL-6).
pub(super) fn selector(labels: &BTreeMap<String, String>) -> Option<String> {
    let terms: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key} == '{value}'"))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" && "))
}

impl Rule {
    /// The rule of a policy in `namespace`.
    pub(super) fn new(said: &Said, namespace: &str) -> Self {
        Self {
            anyone: said.others.contains(&Who::Anyone),
            peers: said
                .others
                .iter()
                .filter_map(|who| peer(who, namespace))
                .collect(),
            ports: ports(said),
        }
    }
}

fn peer(who: &Who, own: &str) -> Option<Peer> {
    let none = Peer {
        nets: Vec::new(),
        in_namespace: Scope::Any,
        namespace: None,
        namespace_labels: Vec::new(),
        labels: Vec::new(),
    };
    match who {
        Who::Anyone => None,
        Who::Nets { nets, except } => Some(Peer {
            nets: nets
                .iter()
                .map(|net| Block {
                    net: *net,
                    except: except
                        .iter()
                        .copied()
                        .filter(|part| net.covers(part))
                        .collect(),
                })
                .collect(),
            ..none
        }),
        Who::Pods(pods) => {
            let (in_namespace, namespace, namespace_labels) = match &pods.namespace {
                InNamespace::Any => (Scope::Any, None, Vec::new()),
                InNamespace::Named(name) if name == own => (Scope::Own, None, Vec::new()),
                InNamespace::Named(name) => (Scope::Named, Some(name.clone()), Vec::new()),
                InNamespace::Labelled(all) => (Scope::Labelled, None, labels(all)),
            };
            Some(Peer {
                in_namespace,
                namespace,
                namespace_labels,
                labels: labels(&pods.labels),
                ..none
            })
        }
    }
}

fn ports(said: &Said) -> Vec<Port> {
    let mut ports = Vec::new();
    for protocol in &said.protocols {
        if said.ports.is_empty() {
            ports.push(Port {
                protocol: *protocol,
                first: None,
                last: None,
            });
        }
        for port in &said.ports {
            let (first, last) = match port {
                AppPort::Name(name) => (name.as_str().into(), None),
                AppPort::Range(range) => (
                    range.first().into(),
                    (range.first() != range.last()).then_some(range.last()),
                ),
            };
            ports.push(Port {
                protocol: *protocol,
                first: Some(first),
                last,
            });
        }
    }
    ports
}

impl CalicoRule {
    /// The rules of a policy in `namespace`: one for each protocol and end, and for each IP version
    /// of addresses (VAL-35).
    pub(super) fn all(said: &Said, namespace: &str, action: &str) -> Vec<Self> {
        let protocols: Vec<Option<Protocol>> = if said.protocols.is_empty() {
            vec![None]
        } else {
            said.protocols.iter().copied().map(Some).collect()
        };
        let anyone = [Who::Anyone];
        let others = if said.others.contains(&Who::Anyone) {
            &anyone[..]
        } else {
            &said.others
        };
        let mut rules = Vec::new();
        for protocol in protocols {
            for who in others {
                for end in ends(who, namespace) {
                    rules.push(Self {
                        action: action.to_owned(),
                        protocol,
                        ports: said.ports.clone(),
                        ..end
                    });
                }
            }
        }
        rules
    }
}

/// Rules that say nothing but who is at the other end.
fn ends(who: &Who, own: &str) -> Vec<CalicoRule> {
    let none = || CalicoRule {
        action: String::new(),
        protocol: None,
        is_peer: true,
        selector: None,
        namespace_selector: None,
        nets: Vec::new(),
        not_nets: Vec::new(),
        ports: Vec::new(),
    };
    match who {
        Who::Anyone => vec![CalicoRule {
            is_peer: false,
            ..none()
        }],
        Who::Pods(pods) => vec![of_pods(pods, own, none())],
        Who::Nets { nets, except } => {
            let versions: BTreeSet<bool> = nets.iter().map(Cidr::is_ipv4).collect();
            let of = |all: &[Cidr], ipv4| -> Vec<Cidr> {
                all.iter()
                    .copied()
                    .filter(|net| net.is_ipv4() == ipv4)
                    .collect()
            };
            let rule = |ipv4| CalicoRule {
                nets: of(nets, ipv4),
                not_nets: of(except, ipv4),
                ..none()
            };
            versions.into_iter().rev().map(rule).collect()
        }
    }
}

fn of_pods(pods: &PodSet, own: &str, none: CalicoRule) -> CalicoRule {
    let own_labels = selector(&pods.labels);
    let (own_labels, namespaces) = match &pods.namespace {
        // Without a selector of namespaces the policy's own is meant (RES-11).
        InNamespace::Named(name) if name == own => {
            (own_labels.or_else(|| Some("all()".to_owned())), None)
        }
        InNamespace::Named(name) => (
            own_labels,
            Some(format!("projectcalico.org/name == '{name}'")),
        ),
        InNamespace::Labelled(labels) => (own_labels, selector(labels)),
        InNamespace::Any => (own_labels, Some("all()".to_owned())),
    };
    CalicoRule {
        selector: own_labels,
        namespace_selector: namespaces,
        ..none
    }
}
