//! Kubernetes' policies for the whole cluster (KNP-11).
//!
//! What Calico cannot take over it closes: a rule that allows is left out, and any other becomes
//! one that denies everything, so that nothing passes that somebody meant to stop.

use std::collections::BTreeMap;
use std::fmt;

use crate::finding::Span;
use crate::net::{PortRange, Protocol};
use crate::resource::{
    Action, Body, ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, Direction, EntityRule, Era,
    Field, Kind, List, NamespacedPods, Net, Policy, Port, PortNumbers, PortQuestion, Resource,
    Rule, Written,
};
use crate::yaml::Located;

use super::port::simplified;
use super::selector::{namespace_selector, pod_selector};
use super::text;

/// How AdminNetworkPolicies are called as Calico's (KNP-11).
const ADMIN_PREFIX: &str = "kanp.adminnetworkpolicy.";

/// How BaselineAdminNetworkPolicies are called as Calico's (KNP-11).
const BASELINE_PREFIX: &str = "kbanp.baselineadminnetworkpolicy.";

/// The order of every BaselineAdminNetworkPolicy, which has no priority (KNP-11).
const BASELINE_ORDER: f64 = 1000.0;

/// Whether Calico of `era` looks at policies of `kind`, one of those for the whole cluster: the
/// first two from 3.29 (the baseline from 3.30) to 3.31, the third from 3.32 on (KNP-11).
pub fn is_converted(kind: &Kind, era: Era) -> bool {
    match kind {
        Kind::AdminNetworkPolicy | Kind::BaselineAdminNetworkPolicy => era == Era::E2,
        Kind::ClusterNetworkPolicy => era == Era::E3,
        _ => false,
    }
}

/// What a policy is called in clusters of `era`, and of which kind it is there; nothing where
/// Calico of that era does not look at it.
pub(super) fn named(resource: &Resource, era: Era) -> Option<(Kind, String)> {
    let (kind, written) = (&resource.key.kind, &resource.key.name);
    if !is_converted(kind, era) {
        return None;
    }
    Some(match kind {
        Kind::AdminNetworkPolicy => (
            Kind::GlobalNetworkPolicy,
            format!("{ADMIN_PREFIX}{written}"),
        ),
        Kind::BaselineAdminNetworkPolicy => (
            Kind::GlobalNetworkPolicy,
            format!("{BASELINE_PREFIX}{written}"),
        ),
        other => (other.clone(), written.clone()),
    })
}

/// The policy; nothing where it has no subject, which the API refuses.
pub(super) fn policy_of(kind: &Kind, policy: &ClusterPolicy) -> Option<Policy> {
    let subject = policy.subject.as_ref()?;
    let (namespaces, pods) = match (&subject.namespaces, &subject.pods) {
        (Some(namespaces), _) => (namespace_selector(namespaces), pod_selector(None)),
        (None, Some(pods)) => selectors_of(pods),
        (None, None) => return None,
    };
    let priority = policy.priority.as_ref();
    // Priorities are far below where doubles stop holding every whole number.
    #[allow(clippy::cast_precision_loss)]
    let order = match kind {
        Kind::BaselineAdminNetworkPolicy => BASELINE_ORDER,
        _ => priority.map_or(0, |priority| priority.value) as f64,
    };
    let rules = |list: &Option<Located<Vec<ClusterRule>>>, direction| {
        list.as_ref().map(|list| Located {
            value: list
                .iter()
                .flat_map(|rule| rules_of(kind, rule, direction))
                .collect::<Vec<Rule>>(),
            span: list.span,
        })
    };
    let ingress = rules(&policy.ingress, Direction::Ingress);
    let egress = rules(&policy.egress, Direction::Egress);
    let governed: Vec<Located<Written<Direction>>> =
        [(Direction::Ingress, &ingress), (Direction::Egress, &egress)]
            .into_iter()
            .filter_map(|(direction, list)| {
                let list = list.as_ref().filter(|list| !list.is_empty())?;
                Some(Located {
                    value: Written::Valid(direction),
                    span: list.span,
                })
            })
            .collect();
    Some(Policy {
        span: policy.span,
        tier: text(
            tier(kind, policy),
            policy.tier.as_ref().map_or(policy.span, |tier| tier.span),
        ),
        order: Some(Located {
            value: order,
            span: priority.map_or(policy.span, |priority| priority.span),
        }),
        selector: text(pods, subject.span),
        namespace_selector: text(namespaces, subject.span),
        types: (!governed.is_empty()).then_some(Located {
            value: governed,
            span: policy.span,
        }),
        ingress,
        egress,
        ..Policy::default()
    })
}

/// The tier; empty where a ClusterNetworkPolicy names one that there is not.
fn tier(kind: &Kind, policy: &ClusterPolicy) -> &'static str {
    match kind {
        Kind::AdminNetworkPolicy => "adminnetworkpolicy",
        Kind::BaselineAdminNetworkPolicy => "baselineadminnetworkpolicy",
        _ => match policy.tier.as_ref().map(|tier| &*tier.value) {
            Some("Admin") => "kube-admin",
            Some("Baseline") => "kube-baseline",
            _ => "",
        },
    }
}

/// The selectors of namespaces and of pods.
fn selectors_of(pods: &NamespacedPods) -> (String, String) {
    let namespaces = pods.namespace_selector.as_ref();
    (
        // Absent and empty are the same here: all namespaces.
        namespaces.map_or_else(|| "all()".to_owned(), namespace_selector),
        pod_selector(pods.pod_selector.as_ref()),
    )
}

/// A rule that Calico does not take over as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unconverted {
    /// Where the reason stands.
    pub span: Span,
    /// Why, in one sentence.
    pub reason: &'static str,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of a rule that Calico does not take over as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    /// It is left out: it would have allowed something.
    Nothing,
    /// It denies everything: it would have denied something or passed it on.
    DenyAll,
    /// It is a rule for every protocol and every port.
    EveryPort,
}

impl fmt::Display for Becomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Calico leaves the rule out",
            Self::DenyAll => "Calico makes it a rule that denies everything",
            Self::EveryPort => "the rule means every protocol and every port",
        })
    }
}

/// The rules of a policy for the whole cluster that Calico does not take over as they stand; none
/// of any other object.
pub fn unconverted(resource: &Resource) -> Vec<Unconverted> {
    let Body::ClusterPolicy(policy) = &resource.body else {
        return Vec::new();
    };
    let kind = &resource.key.kind;
    [&policy.ingress, &policy.egress]
        .into_iter()
        .flatten()
        .flat_map(|list| &list.value)
        .filter_map(|rule| match converted(kind, rule, Direction::Egress) {
            Err(failed) => Some(failed),
            Ok(_) => opened(rule),
        })
        .collect()
}

/// What opens a rule to every port although it can be taken over.
fn opened(rule: &ClusterRule) -> Option<Unconverted> {
    let entries = rule.ports.iter().flat_map(|ports| &ports.value);
    let mut asks = entries.filter_map(|entry| entry.asks.first());
    let named = asks.find(|ask| matches!(ask.value, PortQuestion::Named(_)))?;
    Some(Unconverted {
        span: named.span,
        reason: "Calico does not look at the names of ports here",
        becomes: Becomes::EveryPort,
    })
}

fn rules_of(kind: &Kind, rule: &ClusterRule, direction: Direction) -> Vec<Rule> {
    match converted(kind, rule, direction) {
        Ok(rules) => rules,
        Err(failed) if failed.becomes == Becomes::DenyAll => vec![Rule {
            span: rule.span,
            action: Some(Located {
                value: Written::Valid(Action::Deny),
                span: rule.span,
            }),
            ..Rule::default()
        }],
        Err(_) => Vec::new(),
    }
}

/// One rule for every protocol and peer, protocols sorted by name.
fn converted(
    kind: &Kind,
    rule: &ClusterRule,
    direction: Direction,
) -> Result<Vec<Rule>, Unconverted> {
    let refuse = |(span, reason)| Unconverted {
        span,
        reason,
        becomes: closed(kind, rule),
    };
    let at = rule.action.as_ref().map_or(rule.span, |action| action.span);
    let action = action(kind, rule).ok_or_else(|| refuse((at, "its action is none")))?;
    let protocols = protocols(kind, rule).map_err(refuse)?;
    let mut rules = Vec::new();
    let peers = rule.peers.as_ref().map_or(&[][..], |peers| &peers.value);
    let sides: Vec<EntityRule> = peers
        .iter()
        .map(side_of)
        .collect::<Result<_, _>>()
        .map_err(refuse)?;
    for (protocol, ports) in &protocols {
        for side in &sides {
            let ports = (!ports.is_empty()).then(|| Located {
                span: ports.first().map_or(rule.span, |port| port.span),
                value: ports.clone(),
            });
            let (source, mut destination) = match direction {
                Direction::Ingress => (Some(side.clone()), None),
                Direction::Egress => (None, Some(side.clone())),
            };
            if let Some(ports) = ports {
                let side = destination.get_or_insert_with(|| EntityRule {
                    span: rule.span,
                    ..EntityRule::default()
                });
                side.ports = Some(ports);
            }
            rules.push(Rule {
                span: rule.span,
                action: Some(Located {
                    value: Written::Valid(action),
                    span: at,
                }),
                protocol: protocol.map(|protocol| Located {
                    value: protocol
                        .parse::<Protocol>()
                        .map_or_else(|_| Written::Invalid(protocol.into()), Written::Valid),
                    span: rule.span,
                }),
                source,
                destination,
                ..Rule::default()
            });
        }
    }
    Ok(rules)
}

/// What the rule does; nothing where its kind has no such action.
fn action(kind: &Kind, rule: &ClusterRule) -> Option<Action> {
    let newer = *kind == Kind::ClusterNetworkPolicy;
    match &*rule.action.as_ref()?.value {
        "Accept" if newer => Some(Action::Allow),
        "Allow" if !newer => Some(Action::Allow),
        "Deny" => Some(Action::Deny),
        "Pass" if *kind != Kind::BaselineAdminNetworkPolicy => Some(Action::Pass),
        _ => None,
    }
}

/// What becomes of the rule if it cannot be taken over.
fn closed(kind: &Kind, rule: &ClusterRule) -> Becomes {
    match action(kind, rule) {
        Some(Action::Deny | Action::Pass) => Becomes::DenyAll,
        _ => Becomes::Nothing,
    }
}

type Failed = (Span, &'static str);

/// The ports of a rule by protocol; an empty list means all ports, no protocol every one.
fn protocols<'r>(
    kind: &Kind,
    rule: &'r ClusterRule,
) -> Result<BTreeMap<Option<&'r str>, Vec<Located<Port>>>, Failed> {
    let everything = || BTreeMap::from([(None, Vec::new())]);
    let mut protocols: BTreeMap<Option<&str>, Option<Vec<Located<Port>>>> = BTreeMap::new();
    let entries = rule.ports.as_ref().map_or(&[][..], |ports| &ports.value);
    if entries.is_empty() {
        return Ok(everything());
    }
    for entry in entries {
        // The first question that is asked counts.
        let numbers = match entry.asks.first() {
            Some(Located {
                value: PortQuestion::Numbers(numbers),
                ..
            }) => numbers,
            Some(named) if *kind == Kind::ClusterNetworkPolicy => {
                return Err((named.span, "Calico knows no ports by name here"));
            }
            // Up to 3.31 a port by name is not looked at, and an entry that says nothing means
            // everything (inferred).
            Some(_) | None => return Ok(everything()),
        };
        let protocol = numbers.protocol.as_ref().map_or("TCP", |p| &*p.value);
        let known = protocols
            .entry(Some(protocol))
            .or_insert_with(|| Some(Vec::new()));
        match (port_of(kind, entry, numbers)?, known) {
            (None, known) => *known = None,
            (Some(port), Some(known)) => known.push(port),
            (Some(_), None) => {}
        }
    }
    Ok(protocols
        .into_iter()
        .map(|(protocol, ports)| (protocol, ports.map(simplified).unwrap_or_default()))
        .collect())
}

/// The port or range that an entry names; nothing where it names all of its protocol's.
fn port_of(
    kind: &Kind,
    entry: &ClusterPort,
    numbers: &PortNumbers,
) -> Result<Option<Located<Port>>, Failed> {
    let bounds = match (&numbers.number, &numbers.range) {
        (Some(number), _) => Some((number.span, Some(number.value), Some(number.value))),
        (None, Some(range)) => {
            let end = |end: &Field<i64>| end.as_ref().map(|end| end.value);
            Some((range.span, end(&range.start), end(&range.end)))
        }
        (None, None) if *kind == Kind::ClusterNetworkPolicy => None,
        (None, None) => Some((entry.span, None, None)),
    };
    let Some((span, first, last)) = bounds else {
        return Ok(None);
    };
    let port = |number: Option<i64>| u16::try_from(number?).ok();
    let range = port(first)
        .zip(port(last))
        .and_then(|(first, last)| PortRange::new(first, last).ok());
    range.map_or(Err((span, "its ports are none")), |range| {
        Ok(Some(Located {
            value: Port::Range(range),
            span,
        }))
    })
}

/// The peer as one side of a rule.
fn side_of(peer: &ClusterPeer) -> Result<EntityRule, Failed> {
    let mut side = EntityRule {
        span: peer.span,
        ..EntityRule::default()
    };
    let mut is_known = false;
    if let Some(namespaces) = &peer.namespaces {
        side.namespace_selector = text(namespace_selector(namespaces), namespaces.span);
        is_known = true;
    }
    if let Some(pods) = &peer.pods {
        let (namespaces, selector) = selectors_of(pods);
        side.selector = text(selector, pods.span);
        side.namespace_selector = text(namespaces, pods.span);
        is_known = true;
    }
    if let Some(networks) = peer.networks.as_ref().filter(|list| !list.is_empty()) {
        side.nets = blocks(networks)?;
        is_known = true;
    }
    if is_known {
        return Ok(side);
    }
    let names = peer.domain_names.as_ref();
    Err(match (&peer.nodes, names) {
        (Some(nodes), _) => (nodes.span, "Calico cannot select nodes here"),
        (None, Some(names)) => (names.span, "open source Calico matches no domain names"),
        (None, None) => (peer.span, "this peer names nobody"),
    })
}

fn blocks(networks: &Located<Vec<Located<Net>>>) -> Result<List<Net>, Failed> {
    let blocks = networks.iter().map(|net| match &net.value {
        Net::Block(block) => Ok(Located {
            value: Net::Block(block.trunc()),
            span: net.span,
        }),
        Net::Address(_) | Net::Invalid(_) => Err((net.span, "this is no address block")),
    });
    Ok(Some(Located {
        value: blocks.collect::<Result<_, _>>()?,
        span: networks.span,
    }))
}
