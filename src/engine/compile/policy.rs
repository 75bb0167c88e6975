//! Policies in the order in which they are asked.

use rustc_hash::FxHashMap;

use crate::engine::program::Vanished;
use crate::engine::rule::RuleOwner;
use crate::engine::settings::Settings;
use crate::engine::tables::TierId;
use crate::engine::topology::{Policy, PolicyKind, Tier, policy_id};
use crate::resource::selector::Selector;
use crate::resource::{Body, Direction, Era, Key, Kind, Resource, convert, is_converted};

use super::cluster::{Cluster, namespace_of};
use super::effective;
use super::objects::{Object, Objects};
use super::rule::{Refused, Rules};
use super::selectors::SelectorNo;
use super::tier;

/// A policy with the number of its selector.
pub(super) struct Draft {
    pub(super) policy: Policy,
    pub(super) selector: SelectorNo,
}

/// A policy that is to be compiled, as Calico holds it.
struct Candidate<'r> {
    key: &'r Key,
    resource: std::borrow::Cow<'r, Resource>,
    tier: String,
    tie: String,
    order: Option<f64>,
    step: Option<u32>,
}

pub(super) fn compile(
    resources: &Objects<'_>,
    settings: &Settings,
    cluster: &Cluster,
    rules: &mut Rules,
) -> (Vec<Tier>, Vec<Draft>, Vec<Vanished>) {
    let mut candidates: Vec<Candidate<'_>> = resources
        .all
        .iter()
        .filter_map(|object| candidate(*object, cluster))
        .collect();
    let named = candidates.iter().map(|candidate| candidate.tier.as_str());
    let tiers = tier::tiers(resources, cluster.era, named);
    let numbers: FxHashMap<&str, TierId> = tiers
        .iter()
        .enumerate()
        .map(|(index, tier)| (tier.name.as_str(), TierId::new(index)))
        .collect();
    let number = |name: &str| numbers.get(name).copied().unwrap_or(TierId::new(0));
    candidates.sort_by(|a, b| {
        number(&a.tier)
            .cmp(&number(&b.tier))
            .then_with(|| tier::by_order(a.order, b.order))
            .then_with(|| a.tie.cmp(&b.tie))
    });
    let mut drafts = Vec::with_capacity(candidates.len());
    let mut vanished = without_effect(resources, cluster.era);
    for candidate in &candidates {
        let tier = number(&candidate.tier);
        let id = policy_id(drafts.len());
        match draft(candidate, tier, settings, rules, RuleOwner::Policy(id)) {
            Ok(draft) => drafts.push(draft),
            Err(refused) => vanished.push(Vanished {
                key: candidate.key.clone(),
                place: candidate.resource.at(refused.span),
                reason: refused.reason,
            }),
        }
    }
    (tiers, drafts, vanished)
}

/// Policies for the whole cluster that Calico of `era` makes nothing of (KNP-11).
fn without_effect(resources: &Objects<'_>, era: Era) -> Vec<Vanished> {
    let policies = resources
        .iter()
        .filter(|resource| matches!(resource.body, Body::ClusterPolicy(_)));
    policies
        .filter(|resource| convert(resource, era).is_none())
        .map(|resource| {
            let reason = if is_converted(&resource.key.kind, era) {
                "it has no subject, and the API refuses it".to_owned()
            } else {
                format!("{era} enforces no policies of this kind")
            };
            Vanished {
                key: resource.key.clone(),
                place: resource.place(),
                reason,
            }
        })
        .collect()
}

fn candidate<'r>(object: Object<'r>, cluster: &Cluster) -> Option<Candidate<'r>> {
    use std::borrow::Cow;
    let resource = object.resource;
    let held = match &resource.body {
        Body::Policy(_) => Cow::Borrowed(resource),
        Body::KubernetesPolicy(_) | Body::ClusterPolicy(_) => {
            Cow::Owned(convert(resource, cluster.era)?)
        }
        _ => return None,
    };
    let policy = held.policy()?;
    // MOD-20: what stages a deletion is not sent to Felix.
    let action = policy.staged_action.as_ref();
    if action.is_some_and(|action| &*action.value == "Delete") {
        return None;
    }
    Some(Candidate {
        key: &resource.key,
        tier: tier::tier_of(&held, policy, cluster.era),
        tie: tier::tie_break(&held, cluster.era),
        order: policy.order.as_ref().map(|order| order.value),
        resource: held,
        step: object.step,
    })
}

fn draft(
    candidate: &Candidate<'_>,
    tier: TierId,
    settings: &Settings,
    rules: &mut Rules,
    owner: RuleOwner,
) -> Result<Draft, Refused> {
    let resource = &*candidate.resource;
    let Body::Policy(body) = &resource.body else {
        return Err(Refused::new(resource.span, "it is no policy"));
    };
    let global = matches!(
        resource.key.kind,
        Kind::GlobalNetworkPolicy
            | Kind::StagedGlobalNetworkPolicy
            // Of this kind are only converted ones (KNP-11).
            | Kind::ClusterNetworkPolicy
    );
    let namespace = if global { "" } else { namespace_of(resource) };
    let text = if global {
        effective::of_global_policy(body)
    } else {
        effective::of_policy(body, namespace)
    };
    let number = rules.selectors.parse(&text).ok_or_else(|| {
        let at = body.selector.as_ref().map_or(body.span, |field| field.span);
        Refused::new(at, "its selector does not parse")
    })?;
    let selector = rules.selectors.get(number).cloned();
    let lists = rules.lists(&body.ingress, &body.egress, namespace, owner)?;
    let governed = body.governed(resource.api);
    let flag = |field: &crate::resource::Field<bool>| field.as_ref().is_some_and(|f| f.value);
    let kind = if global && flag(&body.do_not_track) {
        // MOD-5: it goes before `preDNAT`.
        PolicyKind::Untracked
    } else if global && flag(&body.pre_dnat) {
        PolicyKind::PreDnat
    } else if global && flag(&body.apply_on_forward) {
        PolicyKind::Forward
    } else {
        PolicyKind::Normal
    };
    Ok(Draft {
        selector: number,
        policy: Policy {
            key: candidate.key.clone(),
            place: resource.place(),
            tier,
            order: candidate.order,
            selector: selector.unwrap_or_else(Selector::all),
            governs: [
                governed.contains(&Direction::Ingress),
                governed.contains(&Direction::Egress),
            ],
            kind,
            staged: candidate.key.kind.is_staged(),
            assumed: settings.assumed.contains(candidate.key),
            under_way: candidate.step,
            rules: lists,
        },
    })
}
