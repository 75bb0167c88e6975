//! Kubernetes policies as Calico holds them (KNP-1 to KNP-10, KNP-12).
//!
//! Calico turns every Kubernetes NetworkPolicy into a policy of its own before it enforces it.
//! The result here is the same text, rule by rule, with every part at the place of what it was
//! made from, so that a verdict on the converted policy points into the Kubernetes one.

use std::collections::BTreeMap;

use crate::finding::Span;
use crate::net::{PortRange, Protocol};
use crate::yaml::Located;

use super::{
    Action, Api, Body, Direction, EntityRule, Era, Field, Key, Kind, KubernetesPeer,
    KubernetesPolicy, KubernetesPort, KubernetesRule, LabelSelector, Metadata, Net, Policy, Port,
    Resource, Rule, Written,
};

/// The order of every converted policy (KNP-1).
pub const KUBERNETES_POLICY_ORDER: f64 = 1000.0;

/// How converted policies are called up to Calico 3.31 (KNP-1).
const NAME_PREFIX: &str = "knp.default.";

/// The term that keeps a pod selector to pods (KNP-3).
const PODS: &str = "projectcalico.org/orchestrator == 'k8s'";

/// The Calico policy that the Kubernetes policy `resource` becomes in clusters of `era`; nothing
/// where `resource` is no Kubernetes policy.
///
/// Up to 3.31 it is a `NetworkPolicy` called `knp.default.<name>`; from 3.32 it keeps its name and
/// is of a kind of its own, here [`Kind::KubernetesNetworkPolicy`] (KNP-1). A staged policy stays
/// one. Labels and annotations do not come along.
pub fn convert(resource: &Resource, era: Era) -> Option<Resource> {
    let Body::KubernetesPolicy(policy) = &resource.body else {
        return None;
    };
    let written = &resource.key.name;
    let (kind, name) = match (era, &resource.key.kind) {
        (Era::E3, kind) => (kind.clone(), written.clone()),
        (_, Kind::StagedKubernetesNetworkPolicy) => {
            (Kind::StagedNetworkPolicy, format!("{NAME_PREFIX}{written}"))
        }
        _ => (Kind::NetworkPolicy, format!("{NAME_PREFIX}{written}")),
    };
    let at = |field: &Field<Box<str>>| field.as_ref().map_or(resource.span, |field| field.span);
    let metadata = Metadata {
        recorded_name: None,
        span: resource.metadata.span,
        name: text(name.as_str(), at(&resource.metadata.name)),
        namespace: resource.metadata.namespace.clone(),
        labels: Vec::new(),
        annotations: Vec::new(),
    };
    Some(Resource {
        key: Key {
            kind,
            namespace: resource.key.namespace.clone(),
            name,
        },
        api: Api::CalicoV3,
        input: std::sync::Arc::clone(&resource.input),
        span: resource.span,
        metadata,
        body: Body::Policy(Box::new(policy_of(policy))),
    })
}

fn policy_of(policy: &KubernetesPolicy) -> Policy {
    let governed = policy.governed();
    let types_at = policy.policy_types.as_ref().map_or(policy.span, |t| t.span);
    let rules = |rules: &Option<Located<Vec<KubernetesRule>>>, direction| {
        rules.as_ref().map(|rules| Located {
            value: rules
                .iter()
                .flat_map(|rule| rules_of(rule, direction))
                .collect(),
            span: rules.span,
        })
    };
    let selector = pod_selector(policy.pod_selector.as_ref());
    let selector_at = policy.pod_selector.as_ref().map_or(policy.span, |s| s.span);
    Policy {
        span: policy.span,
        tier: text("default", policy.span),
        order: Some(Located {
            value: KUBERNETES_POLICY_ORDER,
            span: policy.span,
        }),
        selector: text(selector, selector_at),
        types: Some(Located {
            // KNP-2: in this order, whatever order was written.
            value: governed
                .into_iter()
                .map(|direction| Located {
                    value: Written::Valid(direction),
                    span: types_at,
                })
                .collect(),
            span: types_at,
        }),
        ingress: rules(&policy.ingress, Direction::Ingress),
        egress: rules(&policy.egress, Direction::Egress),
        staged_action: policy.staged_action.clone(),
        ..Policy::default()
    }
}

/// One Allow rule for every protocol and peer (KNP-7); none where a port cannot be converted
/// (KNP-9).
fn rules_of(rule: &KubernetesRule, direction: Direction) -> Vec<Rule> {
    let Some(protocols) = protocols(rule) else {
        return Vec::new();
    };
    let peers: Vec<Option<&KubernetesPeer>> = match &rule.peers {
        Some(peers) if !peers.is_empty() => peers.iter().map(Some).collect(),
        _ => vec![None],
    };
    let mut rules = Vec::new();
    for (protocol, ports) in &protocols {
        for peer in &peers {
            rules.push(rule_of(rule.span, direction, protocol, ports, *peer));
        }
    }
    rules
}

fn rule_of(
    span: Span,
    direction: Direction,
    protocol: &str,
    ports: &[Located<Port>],
    peer: Option<&KubernetesPeer>,
) -> Rule {
    let peer = peer.map(entity_of);
    let ports = (!ports.is_empty()).then(|| Located {
        span: ports.first().map_or(span, |port| port.span),
        value: ports.to_vec(),
    });
    let (source, mut destination) = match direction {
        Direction::Ingress => (peer, None),
        Direction::Egress => (None, peer),
    };
    if let Some(ports) = ports {
        let side = destination.get_or_insert_with(|| EntityRule {
            span,
            ..EntityRule::default()
        });
        side.ports = Some(ports);
    }
    let nothing = EntityRule::default();
    Rule {
        span,
        action: Some(Located {
            value: Written::Valid(Action::Allow),
            span,
        }),
        protocol: (!protocol.is_empty()).then(|| Located {
            value: protocol
                .parse::<Protocol>()
                .map_or_else(|_| Written::Invalid(protocol.into()), Written::Valid),
            span,
        }),
        source: source.filter(|side| *side != nothing),
        destination: destination.filter(|side| *side != nothing),
        ..Rule::default()
    }
}

/// The ports of a rule by protocol, sorted by its name; an empty list means all ports, an empty
/// name every protocol (KNP-6, KNP-8). Nothing where one cannot be converted.
fn protocols(rule: &KubernetesRule) -> Option<BTreeMap<&str, Vec<Located<Port>>>> {
    let mut protocols: BTreeMap<&str, Option<Vec<Located<Port>>>> = BTreeMap::new();
    let ports = rule.ports.as_ref().map_or(&[][..], |ports| &ports.value);
    for port in ports {
        let protocol = port.protocol.as_ref().map_or("TCP", |p| &*p.value);
        let known = protocols
            .entry(protocol)
            .or_insert_with(|| Some(Vec::new()));
        match port_of(port) {
            PortsOf::Bad => return None,
            PortsOf::All => *known = None,
            PortsOf::These(port) => {
                if let Some(known) = known {
                    known.push(port);
                }
            }
        }
    }
    if protocols.is_empty() {
        protocols.insert("", None);
    }
    let simplified = protocols
        .into_iter()
        .map(|(protocol, ports)| (protocol, ports.map(simplified).unwrap_or_default()))
        .collect();
    Some(simplified)
}

/// The ports that an entry names.
enum PortsOf {
    /// All of its protocol's.
    All,
    /// One, or a range.
    These(Located<Port>),
    /// They cannot be converted.
    Bad,
}

fn port_of(port: &KubernetesPort) -> PortsOf {
    let Some(first) = &port.port else {
        return PortsOf::All;
    };
    let value = match (&first.value, &port.end_port) {
        (Port::Invalid(_), _) | (Port::Named(_), Some(_)) => None,
        (Port::Range(range), Some(end)) => u16::try_from(end.value)
            .ok()
            .and_then(|end| PortRange::new(range.first(), end).ok())
            .map(Port::Range),
        (port, None) => Some(port.clone()),
    };
    let span = first.span;
    value.map_or(PortsOf::Bad, |value| {
        PortsOf::These(Located { value, span })
    })
}

/// Named ports first, then numbers sorted and joined into ranges (KNP-8).
fn simplified(ports: Vec<Located<Port>>) -> Vec<Located<Port>> {
    if ports.len() < 2 {
        return ports;
    }
    let mut names = Vec::new();
    let mut ranges = Vec::new();
    for port in ports {
        match port.value {
            Port::Range(range) => ranges.push((range, port.span)),
            other => names.push(Located {
                value: other,
                span: port.span,
            }),
        }
    }
    ranges.sort_by_key(|(range, _)| *range);
    let mut joined: Vec<(PortRange, Span)> = Vec::new();
    for (range, span) in ranges {
        if let Some((last, _)) = joined.last_mut()
            && u32::from(range.first()) <= u32::from(last.last()) + 1
        {
            let end = last.last().max(range.last());
            if let Ok(wider) = PortRange::new(last.first(), end) {
                *last = wider;
            }
        } else {
            joined.push((range, span));
        }
    }
    names.extend(joined.into_iter().map(|(range, span)| Located {
        value: Port::Range(range),
        span,
    }));
    names
}

/// The peer as one side of a rule (KNP-5).
fn entity_of(peer: &KubernetesPeer) -> EntityRule {
    let mut side = EntityRule {
        span: peer.span,
        ..EntityRule::default()
    };
    if let Some(block) = &peer.ip_block {
        // KNP-9: a block that cannot be read is no constraint at all.
        side.nets = masked(&block.value).map(|net| Located {
            value: vec![Located {
                value: net,
                span: block.span,
            }],
            span: block.span,
        });
        side.not_nets = peer.except.as_ref().map(|except| Located {
            value: except
                .iter()
                .filter_map(|net| {
                    Some(Located {
                        value: masked(&net.value)?,
                        span: net.span,
                    })
                })
                .collect(),
            span: except.span,
        });
        return side;
    }
    let at = |selector: &Option<LabelSelector>| selector.as_ref().map_or(peer.span, |s| s.span);
    side.selector = text(
        pod_selector(peer.pod_selector.as_ref()),
        at(&peer.pod_selector),
    );
    side.namespace_selector = peer
        .namespace_selector
        .as_ref()
        .and_then(|selector| text(namespace_selector(selector), selector.span));
    side
}

fn masked(net: &Net) -> Option<Net> {
    net.block().map(Net::Block)
}

/// The text of a pod selector (KNP-3).
fn pod_selector(selector: Option<&LabelSelector>) -> String {
    let mut all = vec![PODS.to_owned()];
    all.extend(selector.into_iter().flat_map(terms));
    all.join(" && ")
}

/// The text of a namespace selector that is present (KNP-4).
fn namespace_selector(selector: &LabelSelector) -> String {
    let terms = terms(selector);
    if terms.is_empty() {
        "all()".to_owned()
    } else {
        terms.join(" && ")
    }
}

fn terms(selector: &LabelSelector) -> Vec<String> {
    let mut labels: Vec<(&str, &str)> = selector
        .match_labels
        .iter()
        .map(|label| (&*label.key.value, &*label.value.value))
        .collect();
    labels.sort_unstable();
    let mut terms: Vec<String> = labels
        .into_iter()
        .map(|(key, value)| format!("{key} == '{value}'"))
        .collect();
    for requirement in &selector.match_expressions {
        let key = requirement.key.as_ref().map_or("", |key| &*key.value);
        let values = || {
            let values = requirement.values.as_ref().map_or(&[][..], |v| &v.value);
            let quoted: Vec<String> = values.iter().map(|v| format!("'{}'", v.value)).collect();
            quoted.join(", ")
        };
        match requirement.operator.as_ref().map(|o| &*o.value) {
            Some("In") => terms.push(format!("{key} in {{ {} }}", values())),
            Some("NotIn") => terms.push(format!("{key} not in {{ {} }}", values())),
            Some("Exists") => terms.push(format!("has({key})")),
            Some("DoesNotExist") => terms.push(format!("! has({key})")),
            // The Kubernetes API refuses any other word.
            _ => {}
        }
    }
    terms
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "fields are optional, this fills one"
)]
fn text(value: impl Into<Box<str>>, span: Span) -> Field<Box<str>> {
    Some(Located {
        value: value.into(),
        span,
    })
}
