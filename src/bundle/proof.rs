//! What is rendered, held to what the facts want of it.

use std::sync::Arc;

use crate::engine::{Program, Settings, compile};
use crate::finding::{Input, InputError};
use crate::profile::{Network, PlatformProfile};
use crate::question::intent::{Intent, built_in};
use crate::question::subject::{Known, subject};
use crate::question::verify::{Proof, verify};
use crate::resource::ResourceSet;

use super::{Plan, intent_facts};

/// A cluster in which intents are to hold: with the platform's own policies or without.
#[derive(Debug, Clone)]
pub struct Case {
    /// Whether the platform's own policies are in place.
    pub baseline: bool,
    /// Whether the platform profile's sample workers stand for workers that nobody lists.
    pub sampled: bool,
    /// Whether host endpoints are taken to be there that neither the platform makes nor the input
    /// has.
    pub guarded: bool,
    /// What is in place, compiled.
    pub program: Program,
    /// What must hold.
    pub intents: Vec<Intent>,
}

/// The platform's own policies, each text with whether it holds only where the platform makes
/// private host endpoints.
pub type Baseline = Vec<(Arc<Input>, bool)>;

/// What there is besides what was rendered for `plan`, as [`Case::rendered`] takes it: with the
/// platform's own policies or without, with host endpoints either way, and with the sample workers
/// where the plan has none.
pub fn known(plan: &Plan, baseline: Option<Baseline>) -> Known {
    let mut known = plan.known(baseline);
    known.guarded = plan.wants_host_endpoints();
    known.baseline.get_or_insert_default();
    if known.workers.is_empty() {
        known
            .workers
            .clone_from(&known.platform_profile.sample_workers);
    }
    known
}

impl Case {
    /// The cluster of `plan` in which `resources` are in place, besides the platform's host
    /// endpoints and the policies of `baseline`. What must hold are the intents of the facts and
    /// `own`.
    ///
    /// Where neither the plan nor the resources have workers, the platform profile's sample workers
    /// stand for all.
    ///
    /// # Errors
    /// The platform's own policies cannot be read, or a fact is no selector.
    pub fn new(
        plan: &Plan,
        resources: ResourceSet,
        baseline: Option<Baseline>,
        own: &[Intent],
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        Self::of_plan(plan, plan.known(baseline), resources, own, tell)
    }

    /// As [`new`](Self::new), of what was rendered for `plan`: it goes with host endpoints, so where
    /// neither the platform makes them nor the bundle has them they are there all the same.
    ///
    /// # Errors
    /// As [`new`](Self::new) says.
    pub fn rendered(
        plan: &Plan,
        resources: ResourceSet,
        baseline: Option<Baseline>,
        own: &[Intent],
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let mut known = plan.known(baseline);
        known.guarded = plan.wants_host_endpoints();
        Self::of_plan(plan, known, resources, own, tell)
    }

    fn of_plan(
        plan: &Plan,
        known: Known,
        resources: ResourceSet,
        own: &[Intent],
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let is_in_place = known.baseline.is_some();
        let mut case = Self::of(known, resources, Vec::new(), tell)?;
        let mut facts = intent_facts(plan, is_in_place);
        facts.felix = case.program.felix(None).clone();
        case.intents = built_in(&facts)?;
        case.intents.extend_from_slice(own);
        Ok(case)
    }

    /// The cluster of which `known` says what there is besides `resources`, and in which `intents`
    /// must hold. Where nobody lists workers, the samples stand for all.
    ///
    /// # Errors
    /// The platform's own policies cannot be read.
    pub fn of(
        mut known: Known,
        resources: ResourceSet,
        intents: Vec<Intent>,
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let sampled = known.sample(&[&resources]);
        let baseline = known.baseline.is_some();
        // Without its policies the platform's host endpoints are there all the same: no policy
        // could take hold of anything without them.
        known.baseline.get_or_insert_default();
        let mut subject = subject(resources, &known)?;
        tell(&mut subject.settings);
        Ok(Self {
            baseline,
            sampled,
            guarded: known.guarded,
            program: compile(&subject.resources, &subject.settings),
            intents,
        })
    }

    /// Interfaces that host endpoints govern and that neither network is: what intents say of a
    /// network is not about them, and would hold of a worker that has no others.
    pub fn on_no_network(&self, facts: &PlatformProfile) -> Vec<String> {
        let networks = Network::BOTH.map(|network| facts.network(network).interface.as_str());
        let named = |id| self.program.interface_name(id).map(String::as_str);
        let mut told = Vec::new();
        for host in self.program.hosts().iter().filter(|host| host.mapped) {
            let own = host.specific.iter().filter_map(|(id, _)| named(*id));
            for interface in own.filter(|own| !networks.contains(own)) {
                told.push(format!(
                    "worker {} has a host endpoint on `{interface}`, which neither network is ({}): \
                     no intent about a network speaks of it",
                    host.name,
                    networks.join(", ")
                ));
            }
        }
        told
    }

    /// Whether each of the intents holds, in their order; `progress` is told after each how many
    /// are done.
    ///
    /// # Errors
    /// As [`verify`] says.
    pub fn prove(
        &self,
        facts: &PlatformProfile,
        progress: impl FnMut(usize),
    ) -> Result<Vec<Proof>, InputError> {
        verify(&self.program, &self.intents, facts, progress)
    }
}
