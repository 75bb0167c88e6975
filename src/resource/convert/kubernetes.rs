//! Kubernetes NetworkPolicies (KNP-1 to KNP-10, KNP-12).

use std::collections::BTreeMap;

use crate::finding::Span;
use crate::net::{PortRange, Protocol};
use crate::resource::{
    Action, Direction, EntityRule, Era, Kind, KubernetesPeer, KubernetesPolicy, KubernetesPort,
    KubernetesRule, LabelSelector, Net, Policy, Port, Resource, Rule, Written,
};
use crate::yaml::Located;

use super::port::simplified;
use super::selector::{namespace_selector, pod_selector};
use super::text;

/// The order of every converted policy (KNP-1).
pub const KUBERNETES_POLICY_ORDER: f64 = 1000.0;

/// How converted policies are called up to Calico 3.31 (KNP-1).
const NAME_PREFIX: &str = "knp.default.";

/// What a Kubernetes policy is called in clusters of `era`, and of which kind it is there (KNP-1).
pub(super) fn named(resource: &Resource, era: Era) -> (Kind, String) {
    let written = &resource.key.name;
    match (era, &resource.key.kind) {
        (Era::E3, kind) => (kind.clone(), written.clone()),
        (_, Kind::StagedKubernetesNetworkPolicy) => {
            (Kind::StagedNetworkPolicy, format!("{NAME_PREFIX}{written}"))
        }
        _ => (Kind::NetworkPolicy, format!("{NAME_PREFIX}{written}")),
    }
}

pub(super) fn policy_of(policy: &KubernetesPolicy) -> Policy {
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
