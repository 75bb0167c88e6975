//! Policies of one tier and one order that decide differently: which comes first is left to their
//! names, and Calico 3.32 changed how these are compared (EVAL-1 to EVAL-4).
//!
//! A tie is told where both can apply to one endpoint, govern one direction, and could decide one
//! packet differently: policies that only allow may stand in any order.

use std::collections::BTreeMap;

use crate::finding::{Code, Finding};
use crate::resource::selector::{Expr, Selector};
use crate::resource::{
    Action, Api, Body, Direction, Era, Kind, KubernetesPolicy, Policy, Resource, Rule, convert,
};
use crate::yaml::Located;

use super::super::Rules;
use super::{name_place, place_or_name};

/// The order of every Kubernetes policy (EVAL-4).
const KUBERNETES_ORDER: f64 = 1000.0;

/// The most pairs that are compared: where thousands of policies tie without meeting, nobody
/// reads on.
const MOST_PAIRS: usize = 1_000_000;

/// The lists into which host endpoint policies are split (EVAL-16); only policies of one list
/// can tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hook {
    Untracked,
    PreDnat,
    Normal,
}

/// Which of Allow, Deny and Pass the rules of one direction hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Actions(u8);

impl Actions {
    const ALLOW: Self = Self(1);

    fn of(rules: Option<&Located<Vec<Rule>>>) -> Self {
        let rules = rules.into_iter().flat_map(|rules| &rules.value);
        let actions = rules.filter_map(|rule| rule.action.as_ref()?.value.valid());
        actions.fold(Self(0), |all, action| {
            Self(
                all.0
                    | match action {
                        Action::Allow => Self::ALLOW.0,
                        Action::Deny => 2,
                        Action::Pass => 4,
                        Action::Log => 0,
                    },
            )
        })
    }

    /// Whether a rule of one can decide otherwise than a rule of the other.
    fn differ(self, other: Self) -> bool {
        self.0 != 0 && other.0 != 0 && (self.0 | other.0).count_ones() > 1
    }
}

/// A policy, as far as ties hang on it.
struct Entry<'a> {
    resource: &'a Resource,
    ingress: Actions,
    egress: Actions,
    /// Labels that an endpoint must have, each with the values that it may have.
    pins: Vec<(String, Vec<String>)>,
    tie_break: String,
}

pub(super) fn judge(resources: &[&Resource], rules: Rules, findings: &mut Vec<Finding>) {
    let mut groups: BTreeMap<(&str, u64, Hook), Vec<Entry<'_>>> = BTreeMap::new();
    for resource in resources.iter().copied() {
        if resource.key.kind.is_staged() {
            continue;
        }
        let (tier, order, hook, entry) = match &resource.body {
            Body::Policy(policy) => calico(resource, policy, rules),
            Body::KubernetesPolicy(policy) => kubernetes(resource, policy, rules),
            Body::ClusterPolicy(_) => match cluster_wide(resource, rules) {
                Some(found) => found,
                None => continue,
            },
            _ => continue,
        };
        let group = groups.entry((tier, order, hook)).or_default();
        group.push(entry);
    }
    let mut pairs = 0;
    for ((tier, order, _), mut entries) in groups {
        let union = |side: fn(&Entry<'_>) -> Actions| {
            entries.iter().fold(0, |all, entry| all | side(entry).0)
        };
        let plain = |all: u8| all.count_ones() < 2;
        if plain(union(|entry| entry.ingress)) && plain(union(|entry| entry.egress)) {
            continue;
        }
        entries.sort_by(|a, b| a.tie_break.cmp(&b.tie_break));
        for (index, later) in entries.iter().enumerate() {
            pairs += index;
            if pairs > MOST_PAIRS {
                return;
            }
            let earlier = entries.iter().take(index).find(|other| meet(other, later));
            if let Some(earlier) = earlier {
                findings.push(tie(earlier, later, tier, f64::from_bits(order), rules));
            }
        }
    }
}

fn calico<'a>(
    resource: &'a Resource,
    policy: &'a Policy,
    rules: Rules,
) -> (&'a str, u64, Hook, Entry<'a>) {
    let set = |field: &Option<Located<bool>>| field.as_ref().is_some_and(|field| field.value);
    let hook = if set(&policy.do_not_track) {
        Hook::Untracked
    } else if set(&policy.pre_dnat) {
        Hook::PreDnat
    } else {
        Hook::Normal
    };
    let tier = policy.tier.as_ref().map_or("default", |tier| &tier.value);
    // An absent order is last, and all that are last tie (EVAL-3).
    let order = policy.order.as_ref().map_or(f64::INFINITY, |o| o.value);
    let governed = policy.governed(resource.api);
    let actions = |direction, list: Option<&Located<Vec<Rule>>>| {
        if governed.contains(&direction) {
            Actions::of(list)
        } else {
            Actions::default()
        }
    };
    let mut pins = Vec::new();
    let selector = policy.selector.as_ref();
    if let Some(Ok(selector)) = selector.map(|text| Selector::parse(&text.value)) {
        pin(selector.expr(), &mut pins);
    }
    let entry = Entry {
        resource,
        ingress: actions(Direction::Ingress, policy.ingress.as_ref()),
        egress: actions(Direction::Egress, policy.egress.as_ref()),
        pins,
        tie_break: tie_break(resource, rules),
    };
    (tier, (order + 0.0).to_bits(), hook, entry)
}

fn kubernetes<'a>(
    resource: &'a Resource,
    policy: &'a KubernetesPolicy,
    rules: Rules,
) -> (&'a str, u64, Hook, Entry<'a>) {
    let governed = policy.governed();
    let actions = |direction| {
        if governed.contains(&direction) {
            Actions::ALLOW
        } else {
            Actions::default()
        }
    };
    let labels = policy.pod_selector.iter().flat_map(|s| &s.match_labels);
    let entry = Entry {
        resource,
        ingress: actions(Direction::Ingress),
        egress: actions(Direction::Egress),
        pins: labels
            .map(|label| {
                let value = label.value.value.to_string();
                (label.key.value.to_string(), vec![value])
            })
            .collect(),
        tie_break: tie_break(resource, rules),
    };
    ("default", KUBERNETES_ORDER.to_bits(), Hook::Normal, entry)
}

/// A policy for the whole cluster, as Calico of the version holds it; nothing where it does not
/// (KNP-11).
fn cluster_wide(resource: &Resource, rules: Rules) -> Option<(&str, u64, Hook, Entry<'_>)> {
    if !rules.version.enforces(&resource.key.kind) {
        return None;
    }
    let held = convert(resource, rules.version.era())?;
    let (_, order, hook, entry) = calico(&held, held.policy()?, rules);
    let tier = match (&resource.key.kind, &resource.body) {
        (Kind::AdminNetworkPolicy, _) => "adminnetworkpolicy",
        (Kind::BaselineAdminNetworkPolicy, _) => "baselineadminnetworkpolicy",
        (_, Body::ClusterPolicy(policy)) => match &*policy.tier.as_ref()?.value {
            "Admin" => "kube-admin",
            "Baseline" => "kube-baseline",
            _ => return None,
        },
        _ => return None,
    };
    let Entry {
        ingress,
        egress,
        pins,
        tie_break,
        ..
    } = entry;
    let entry = Entry {
        resource,
        ingress,
        egress,
        pins,
        tie_break,
    };
    Some((tier, order, hook, entry))
}

/// Labels that whatever matches must have: only what stands at the top, joined by `&&`.
fn pin(expr: &Expr, pins: &mut Vec<(String, Vec<String>)>) {
    match expr {
        Expr::Eq { label, value } => pins.push((label.clone(), vec![value.clone()])),
        Expr::In { label, values } => pins.push((label.clone(), values.clone())),
        Expr::And(operands) => {
            for operand in operands {
                pin(operand, pins);
            }
        }
        _ => {}
    }
}

/// What orders policies of equal order, byte by byte (EVAL-3).
fn tie_break(resource: &Resource, rules: Rules) -> String {
    let key = &resource.key;
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let converted = matches!(resource.body, Body::KubernetesPolicy(_));
    if rules.version.era() == Era::E3 {
        let kind = match &key.kind {
            _ if converted => "KubernetesNetworkPolicy",
            Kind::ClusterNetworkPolicy => "KubernetesClusterNetworkPolicy",
            kind => kind.word(),
        };
        return format!("{}/{namespace}/{kind}", key.name);
    }
    let stored = if converted {
        format!("knp.default.{}", key.name)
    } else if key.name.contains('.') || resource.api == Api::CalicoV1 {
        let written = resource.metadata.name.as_ref();
        written.map_or_else(|| key.name.clone(), |name| name.value.to_string())
    } else {
        format!("default.{}", key.name)
    };
    if namespace.is_empty() {
        stored
    } else {
        format!("{namespace}/{stored}")
    }
}

/// Whether the two can apply to one endpoint and decide differently.
fn meet(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    let decide = a.ingress.differ(b.ingress) || a.egress.differ(b.egress);
    let (here, there) = (&a.resource.key.namespace, &b.resource.key.namespace);
    let apart = here.is_some() && there.is_some() && here != there;
    // One object given twice is told as that.
    decide && !apart && a.resource.key != b.resource.key && !disjoint(a, b)
}

fn disjoint(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    a.pins.iter().any(|(label, values)| {
        b.pins.iter().any(|(other, others)| {
            label == other && !values.iter().any(|value| others.contains(value))
        })
    })
}

fn tie(earlier: &Entry<'_>, later: &Entry<'_>, tier: &str, order: f64, rules: Rules) -> Finding {
    // The one whose order can be changed.
    let converted = |entry: &Entry<'_>| matches!(entry.resource.body, Body::KubernetesPolicy(_));
    let (told, other) = if converted(later) {
        (earlier, later)
    } else {
        (later, earlier)
    };
    let written = |entry: &Entry<'_>| match &entry.resource.body {
        Body::ClusterPolicy(policy) => policy.priority.as_ref().map(|priority| priority.span),
        _ => entry
            .resource
            .policy()?
            .order
            .as_ref()
            .map(|order| order.span),
    };
    let order = if order.is_finite() {
        format!("order {order}")
    } else {
        "no order".to_owned()
    };
    let message = format!(
        "{} and {} have {order} in tier `{tier}` and can decide one packet differently; by name \
         {} comes first in Calico {}",
        told.resource.key, other.resource.key, earlier.resource.key, rules.version
    );
    Finding::new(
        Code::OrderTie,
        place_or_name(told.resource, written(told)),
        message,
    )
    .hint("give them different orders")
    .related(name_place(other.resource), "the other one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eval_3_only_different_decisions_differ() {
        let (allow, deny, none) = (Actions(1), Actions(2), Actions(0));
        assert!(!allow.differ(allow));
        assert!(!deny.differ(deny));
        assert!(!deny.differ(none));
        assert!(allow.differ(deny));
        assert!(allow.differ(Actions(3)));
        assert!(Actions(3).differ(Actions(3)));
    }
}
