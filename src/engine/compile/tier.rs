//! Tiers and the order of policies in them (EVAL-1 to EVAL-3, MOD-16, STORE-7).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::engine::topology::Tier;
use crate::resource::{Api, Body, Era, Kind, Policy, Resource};

use super::cluster::namespace_of;
use super::objects::Objects;
use super::stored_name;

const DEFAULT: &str = "default";
const DEFAULT_ORDER: f64 = 1_000_000.0;

/// Tiers that exist without being written (MOD-16): name, order, whether they pass.
fn built_in(era: Era) -> &'static [(&'static str, f64, bool)] {
    const LAST: f64 = 10_000_000.0;
    match era {
        Era::E1 => &[(DEFAULT, DEFAULT_ORDER, false)],
        Era::E2 => &[
            (DEFAULT, DEFAULT_ORDER, false),
            ("adminnetworkpolicy", 1000.0, true),
            ("baselineadminnetworkpolicy", LAST, true),
        ],
        Era::E3 => &[
            (DEFAULT, DEFAULT_ORDER, false),
            ("kube-admin", 1000.0, true),
            ("kube-baseline", LAST, true),
        ],
    }
}

/// Every tier, in the order in which they are asked: those that exist, then those that only
/// policies name.
pub(super) fn tiers<'a>(
    resources: &Objects<'_>,
    era: Era,
    named: impl Iterator<Item = &'a str>,
) -> Vec<Tier> {
    let mut tiers: BTreeMap<String, Tier> = BTreeMap::new();
    for (name, order, passes) in built_in(era) {
        tiers.insert((*name).to_owned(), tier(name, Some(*order), *passes, true));
    }
    // E1 has no others.
    for resource in resources.iter().filter(|_| era != Era::E1) {
        let Body::Tier(body) = &resource.body else {
            continue;
        };
        let order = body.order.as_ref().map(|order| order.value);
        // MOD-16: the API fills the order in, storage keeps it absent.
        let order = match resource.api {
            Api::CalicoV1 => order,
            _ => order.or(Some(DEFAULT_ORDER)),
        };
        let action = body.default_action.as_ref().map(|action| &*action.value);
        let name = &resource.key.name;
        tiers.insert(
            name.clone(),
            tier(name, order, action == Some("Pass"), true),
        );
    }
    for name in named {
        let missing = || tier(name, None, false, false);
        tiers.entry(name.to_owned()).or_insert_with(missing);
    }
    let mut tiers: Vec<Tier> = tiers.into_values().collect();
    tiers.sort_by(|a, b| {
        b.exists
            .cmp(&a.exists)
            .then_with(|| by_order(a.order, b.order))
            .then_with(|| a.name.cmp(&b.name))
    });
    tiers
}

fn tier(name: &str, order: Option<f64>, passes: bool, exists: bool) -> Tier {
    Tier {
        name: name.to_owned(),
        order,
        passes,
        exists,
    }
}

/// Ascending, absent last.
pub(super) fn by_order(a: Option<f64>, b: Option<f64>) -> Ordering {
    let order = |order: Option<f64>| order.unwrap_or(f64::INFINITY);
    // Zero has two signs and one order.
    (order(a) + 0.0).total_cmp(&(order(b) + 0.0))
}

/// The tier of a policy (STORE-7).
pub(super) fn tier_of(resource: &Resource, policy: &Policy, era: Era) -> String {
    let written = policy.tier.as_ref().map_or("", |tier| &tier.value);
    match era {
        Era::E1 => DEFAULT.to_owned(),
        Era::E2 => {
            let name = stored_name(resource, era);
            // These have their tier behind a word of their own.
            let rest = ["knp.", "kanp.", "kbanp.", "ossg."]
                .into_iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(&name);
            let tier = rest.split_once('.').map(|(tier, _)| tier);
            tier.unwrap_or(DEFAULT).to_owned()
        }
        Era::E3 if written.is_empty() => DEFAULT.to_owned(),
        Era::E3 => written.to_owned(),
    }
}

/// What decides between policies of one order, bytewise (EVAL-3). `resource` is the policy as
/// Calico holds it.
pub(super) fn tie_break(resource: &Resource, era: Era) -> String {
    let name = stored_name(resource, era);
    let namespace = namespace_of(resource);
    match era {
        Era::E3 => {
            let kind = match &resource.key.kind {
                // Of this kind are only converted ones (KNP-1).
                Kind::KubernetesNetworkPolicy => "KubernetesNetworkPolicy",
                // Likewise (KNP-11).
                Kind::ClusterNetworkPolicy => "KubernetesClusterNetworkPolicy",
                kind => kind.word(),
            };
            format!("{name}/{namespace}/{kind}")
        }
        _ if namespace.is_empty() => name,
        _ => format!("{namespace}/{name}"),
    }
}
