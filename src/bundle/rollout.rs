//! What is rendered, rolled out.

use crate::engine::{Program, Settings};
use crate::finding::InputError;
use crate::question::compare::{Comparison, Side};
use crate::question::intent::{Intent, built_in};
use crate::question::rollout::{Proven, Rollout, Whose, prove, wanted};
use crate::question::subject::Known;
use crate::resource::{Kind, ResourceSet};

use super::{Baseline, Plan, intent_facts};

/// A roll-out for a plan, and what must hold all the time.
#[derive(Debug, Clone)]
pub struct Course {
    /// What is done.
    pub rollout: Rollout,
    /// The cluster before anything is done, compiled.
    pub before: Program,
    /// What must hold.
    pub intents: Vec<Intent>,
}

/// From where a roll-out goes to where.
#[derive(Clone, Copy)]
pub enum Between<'a> {
    /// From a cluster that has nothing of them, to these resources.
    Nothing(&'a ResourceSet),
    /// From one side of a comparison to the other.
    Sides([&'a Side; 2], &'a Comparison),
}

impl Course {
    /// The roll-out of `between`, in a cluster of which `known` says what else there is. `tell` is
    /// what the evaluator is told besides; what must hold are `own` intents.
    ///
    /// # Errors
    /// As [`Rollout::between`] says.
    pub fn of(
        known: Known,
        between: Between<'_>,
        own: &[Intent],
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let rollout = match between {
            Between::Nothing(goal) => Rollout::from_nothing(goal, known, tell)?,
            Between::Sides(sides, found) => Rollout::between(sides, found, known, tell)?,
        };
        Ok(Self {
            before: rollout.before(),
            rollout,
            intents: own.to_vec(),
        })
    }

    /// As [`of`](Self::of), for a plan: what must hold are the intents of its facts besides. The
    /// platform's own policies are in place where there is a `baseline`; its host endpoints are
    /// there all the same.
    ///
    /// # Errors
    /// As [`Rollout::between`] says; a fact is no selector.
    pub fn of_plan(
        plan: &Plan,
        between: Between<'_>,
        baseline: Option<Baseline>,
        own: &[Intent],
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let is_in_place = baseline.is_some();
        let mut known = plan.known(Some(baseline.unwrap_or_default()));
        if let Between::Nothing(goal) = between {
            // Somebody else makes them, and before: what is rendered has none to bring.
            let mut all = goal.iter();
            known.guarded =
                plan.wants_host_endpoints() && all.all(|r| r.key.kind != Kind::HostEndpoint);
        }
        let mut course = Self::of(known, between, &[], tell)?;
        let mut facts = intent_facts(plan, is_in_place);
        facts.felix = course.before.felix(None).clone();
        course.intents = built_in(&facts)?;
        course.intents.extend_from_slice(own);
        Ok(course)
    }

    /// The same, asked about what workers need alone.
    #[must_use]
    pub fn of_workers(mut self) -> Self {
        // What services want is taken out of what says exactly what passes, too.
        self.intents = wanted(&self.intents);
        self.intents.retain(|i| Whose::of(i) == Whose::Workers);
        self
    }

    /// Looks at every wave; `progress` is told after each how many are done.
    ///
    /// # Errors
    /// As [`prove`] says.
    pub fn prove(
        &self,
        facts: &crate::profile::PlatformProfile,
        progress: impl FnMut(usize),
    ) -> Result<Proven, InputError> {
        prove(&self.rollout, &self.before, &self.intents, facts, progress)
    }
}
