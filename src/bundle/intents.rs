//! What must hold of a plan's bundles: its facts, without its templates.

use crate::engine::FelixFacts;
use crate::question::intent::Facts;

use super::Plan;

/// The facts of which the built-in intents of `plan` are made. `baseline` says whether the
/// platform's own policies are in place besides what is rendered.
pub fn intent_facts(plan: &Plan, baseline: bool) -> Facts<'_> {
    let components = plan.platform_profile.components.iter();
    let groups = plan.region.services.iter();
    Facts {
        platform: &plan.platform_profile,
        region: &plan.region,
        networks: plan.networks.clone(),
        pod_subnet: plan.pod_subnet,
        components: components
            .map(|component| component.name.as_str())
            .filter(|name| plan.wants(name))
            .collect(),
        groups: groups.filter(|group| plan.wants_group(group)).collect(),
        services: &plan.services,
        strict: plan.strict,
        runs: plan.platform,
        isolation: plan.isolation.as_ref(),
        ingress: &plan.ingress,
        baseline,
        felix: FelixFacts::default(),
    }
}
