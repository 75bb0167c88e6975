//! Tiers that policies name and nobody has (VAL-4).

use std::collections::BTreeSet;

use crate::finding::{Code, Finding, Severity, nearest};
use crate::resource::{Body, Era, Resource};

use super::super::Rules;

pub(super) fn judge(resources: &[&Resource], rules: Rules, findings: &mut Vec<Finding>) {
    let mut known: BTreeSet<&str> = match rules.version.era() {
        // There is no field to name one with.
        Era::E1 => return,
        Era::E2 => ["default", "adminnetworkpolicy"].into(),
        Era::E3 => ["default", "kube-admin", "kube-baseline"].into(),
    };
    if rules.version.era() == Era::E2 && rules.version.at_least(3, 30) {
        known.insert("baselineadminnetworkpolicy");
    }
    let given = resources
        .iter()
        .filter(|resource| matches!(resource.body, Body::Tier(_)));
    let built_in = known.len();
    known.extend(given.map(|resource| resource.key.name.as_str()));
    let has_tiers = known.len() > built_in;
    for resource in resources {
        let Some(tier) = resource.policy().and_then(|policy| policy.tier.as_ref()) else {
            continue;
        };
        if known.contains(&*tier.value) {
            continue;
        }
        let message = format!("tier `{}` is not in the input", tier.value);
        let mut finding = Finding::new(Code::UnknownTier, resource.at(tier.span), message);
        // Where the input brings no tiers, the cluster will have them.
        if has_tiers {
            finding.severity = Severity::Warning;
        }
        let near = nearest(&tier.value, known.iter().copied());
        findings.push(match near.first() {
            Some(near) => finding.hint(format!("did you mean `{near}`?")),
            None => finding.hint("the API refuses the policy unless the cluster has the tier"),
        });
    }
}
