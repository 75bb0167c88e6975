//! What is rendered, held to what the facts want of it.

use std::sync::Arc;

use crate::engine::{Program, Settings, compile};
use crate::finding::{Input, InputError};
use crate::profile::PlatformProfile;
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
    /// What is in place, compiled.
    pub program: Program,
    /// What must hold.
    pub intents: Vec<Intent>,
}

/// The platform's own policies, each text with whether it holds only where the platform makes
/// private host endpoints.
pub type Baseline = Vec<(Arc<Input>, bool)>;

impl Case {
    /// The cluster of `plan` in which `resources` are in place, besides the platform's host
    /// endpoints and the policies of `baseline`. What must hold are the intents of the facts and
    /// `own`.
    ///
    /// Where the plan has no workers, the platform profile's sample workers stand for all.
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
        let is_in_place = baseline.is_some();
        let known = Known {
            platform_profile: plan.platform_profile.clone(),
            platform: plan.platform,
            version: plan.version,
            pod_subnet: plan.pod_subnet,
            workers: plan.workers_or_samples(),
            // Without its policies the platform's host endpoints are there all the same: no policy
            // could take hold of anything without them.
            baseline: Some(baseline.unwrap_or_default()),
        };
        let mut subject = subject(resources, &known)?;
        tell(&mut subject.settings);
        let program = compile(&subject.resources, &subject.settings);
        let mut facts = intent_facts(plan, is_in_place);
        facts.felix = program.felix(None).clone();
        let mut intents = built_in(&facts)?;
        intents.extend_from_slice(own);
        Ok(Self {
            baseline: is_in_place,
            program,
            intents,
        })
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
