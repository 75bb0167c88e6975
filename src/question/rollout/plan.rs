//! What is done in which wave.

use std::cmp::Ordering;

use crate::engine::{Moment, Program, Settings, UnderWay, compile_moment};
use crate::finding::InputError;
use crate::question::compare::{Comparison, Side, What, in_place, is_compared, otherwise};
use crate::question::subject::{Known, Subject, subject};
use crate::resource::{Body, Key, Resource, ResourceSet};

use super::Wave;

/// How many steps that the engine does not follow may be under way at once: every combination of
/// theirs is looked at.
const MOST_UNFOLLOWED: usize = 4;

/// A wave of a roll-out: of objects that come or change, or of objects that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phase {
    /// The wave of its objects.
    pub wave: Wave,
    /// Whether they go.
    pub removes: bool,
}

impl Ord for Phase {
    /// What comes or changes before what goes, that from the highest wave down.
    fn cmp(&self, other: &Self) -> Ordering {
        self.removes.cmp(&other.removes).then_with(|| {
            let upwards = self.wave.cmp(&other.wave);
            if self.removes {
                upwards.reverse()
            } else {
                upwards
            }
        })
    }
}

impl PartialOrd for Phase {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An object that is made, changed or taken away.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// As it was; nothing where it was not there.
    pub old: Option<Resource>,
    /// As it will be; nothing where it will not be there.
    pub new: Option<Resource>,
}

impl Step {
    fn new(old: Option<Resource>, new: Option<Resource>) -> Option<Self> {
        let says = new.as_ref().or(old.as_ref())?;
        let phase = Phase {
            wave: Wave::of(says),
            removes: new.is_none(),
        };
        Some(Self { phase, old, new })
    }

    /// The object as it is told of: as it will be, else as it was.
    fn object(&self) -> Option<&Resource> {
        self.new.as_ref().or(self.old.as_ref())
    }

    /// Which object.
    pub fn key(&self) -> Option<&Key> {
        self.object().map(|object| &object.key)
    }

    /// What is done with it.
    pub fn what(&self) -> What {
        match (&self.old, &self.new) {
            (None, _) => What::Added,
            (_, None) => What::Removed,
            _ => What::Changed,
        }
    }

    fn under_way(&self) -> UnderWay<'_> {
        UnderWay {
            old: self.old.as_ref(),
            new: self.new.as_ref(),
        }
    }

    fn form(&self, done: bool) -> Option<&Resource> {
        let form = if done { &self.new } else { &self.old };
        form.as_ref()
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Not done yet.
    Open,
    /// Done or not, and nobody knows.
    UnderWay,
    /// Done.
    Done,
}

/// What is rolled out, and what is there besides.
#[derive(Debug, Clone)]
pub struct Rollout {
    settled: ResourceSet,
    settings: Settings,
    steps: Vec<Step>,
}

impl Rollout {
    /// The way from a cluster that has nothing of what `goal` has, but for nodes, pods and the like.
    /// `known` says what else there is; `tell` what the evaluator is told besides.
    ///
    /// # Errors
    /// The platform's own policies cannot be read.
    pub fn from_nothing(
        goal: &ResourceSet,
        mut known: Known,
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let managed = |resource: &&Resource| is_compared([Some(*resource), None]);
        let mut start = ResourceSet::default();
        for fact in goal.iter().filter(|resource| !managed(resource)) {
            start.add(fact.clone());
        }
        known.sample(&[goal]);
        let mut start = subject(start, &known)?;
        tell(&mut start.settings);
        let keys = goal.iter().filter(managed).map(|resource| &resource.key);
        Ok(Self::new(start, goal, keys))
    }

    /// The way from one side of a comparison to the other. What differs without being compared, as
    /// labels of namespaces, is as the old side has it, all the time.
    ///
    /// # Errors
    /// A side holds bundles of several clusters; the platform's own policies cannot be read.
    pub fn between(
        [old, new]: [&Side; 2],
        found: &Comparison,
        mut known: Known,
        tell: impl FnOnce(&mut Settings),
    ) -> Result<Self, InputError> {
        let mut parts: Vec<&String> = old.parts.keys().chain(new.parts.keys()).collect();
        parts.sort_unstable();
        parts.dedup();
        if let [first, second, ..] = parts.as_slice() {
            return Err(InputError::new(format!(
                "the sources hold objects of one name in several folders, as of several clusters: \
                 `{first}` and `{second}`"
            ))
            .hint("name the folder of one"));
        }
        let nothing = ResourceSet::default();
        let part = parts.first();
        let of = |side: &'_ Side| part.and_then(|part| side.parts.get(*part).cloned());
        let sets = [old, new].map(|side| of(side).unwrap_or_else(|| nothing.clone()));
        let [was, is] = &sets;
        let [before, after] = in_place([was, is], found);
        known.sample(&[&before, &after]);
        let mut start = subject(before, &known)?;
        tell(&mut start.settings);
        let changed = found.changes.iter().map(|change| &change.key);
        let mut keys: Vec<&Key> = changed.collect();
        for key in otherwise([was, is], [old, new]) {
            let is_step = |one: &Resource| is_compared([Some(one), None]);
            if was.get(key).is_some_and(is_step) && !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(Self::new(start, &after, keys))
    }

    /// The way from `start` to where the objects of `keys` are as `goal` has them, and gone where
    /// it has none. All else stays as it is.
    pub fn new<'k>(
        start: Subject,
        goal: &ResourceSet,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> Self {
        let Subject {
            resources: mut settled,
            mut settings,
        } = start;
        let mut steps: Vec<Step> = Vec::new();
        for key in keys {
            settings.assumed.remove(key);
            steps.extend(Step::new(settled.take(key), goal.get(key).cloned()));
        }
        steps.sort_by(|a, b| a.phase.cmp(&b.phase).then_with(|| a.key().cmp(&b.key())));
        Self {
            settled,
            settings,
            steps,
        }
    }

    /// The cluster before anything is done.
    pub fn before(&self) -> Program {
        self.program(&vec![Progress::Open; self.steps.len()])
    }

    /// What is done, in order; within a phase by key.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The phases in which something is done, in order.
    pub fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = self.steps.iter().map(|step| step.phase).collect();
        phases.dedup();
        phases
    }

    /// The steps of a phase, by their place among all.
    pub(super) fn steps_of(&self, phase: Phase) -> Vec<usize> {
        let steps = self.steps.iter().enumerate();
        let own = steps.filter(|(_, step)| step.phase == phase);
        own.map(|(index, _)| index).collect()
    }

    /// How far each step is where the phases before `phase` are done, and of its own steps `done`.
    pub(super) fn state(&self, phase: Phase, done: &[usize]) -> Vec<Progress> {
        let mut progress = self.at(phase, Progress::Open);
        for index in done {
            if let Some(step) = progress.get_mut(*index) {
                *step = Progress::Done;
            }
        }
        progress
    }

    /// How far each step is where those before `phase` are done, its own are `own` and those behind
    /// it are open.
    pub(super) fn at(&self, phase: Phase, own: Progress) -> Vec<Progress> {
        let steps = self.steps.iter();
        let of = |step: &Step| match step.phase.cmp(&phase) {
            Ordering::Less => Progress::Done,
            Ordering::Equal => own,
            Ordering::Greater => Progress::Open,
        };
        steps.map(of).collect()
    }

    /// The ways to settle what is under way and not followed by the engine; nothing where there are
    /// too many.
    pub(super) fn settled(&self, progress: &[Progress]) -> Option<Vec<Vec<Progress>>> {
        let steps = self.steps.iter().enumerate();
        let unfollowed: Vec<usize> = steps
            .filter(|(index, _)| progress.get(*index) == Some(&Progress::UnderWay))
            .filter(|(_, step)| !self.is_followed(step, progress))
            .map(|(index, _)| index)
            .collect();
        if unfollowed.len() > MOST_UNFOLLOWED {
            return None;
        }
        let mut ways = vec![progress.to_vec()];
        for index in unfollowed {
            let both = ways.iter().flat_map(|way| {
                [Progress::Open, Progress::Done].map(|settled| {
                    let mut way = way.clone();
                    if let Some(step) = way.get_mut(index) {
                        *step = settled;
                    }
                    way
                })
            });
            ways = both.collect();
        }
        Some(ways)
    }

    /// The cluster where the steps are that far.
    pub(super) fn program(&self, progress: &[Progress]) -> Program {
        let mut moment = Moment {
            settled: &self.settled,
            there: Vec::new(),
            under_way: Vec::new(),
        };
        for (step, progress) in self.steps.iter().zip(progress) {
            match progress {
                Progress::UnderWay => moment.under_way.push(step.under_way()),
                _ => moment.there.extend(step.form(*progress == Progress::Done)),
            }
        }
        compile_moment(&moment, &self.settings)
    }

    /// Whether the engine follows both forms of the step, or it matters to nothing which of them is
    /// there.
    fn is_followed(&self, step: &Step, progress: &[Progress]) -> bool {
        if step.under_way().is_followed() {
            return true;
        }
        // A tier that comes or goes has no policies yet, or none any more.
        let is_tier = |form: &Resource| matches!(form.body, Body::Tier(_));
        let named = |tier: &Resource| {
            let steps = self.steps.iter().zip(progress);
            let forms = steps.flat_map(|(step, progress)| match progress {
                Progress::Open => [&step.old, &None],
                Progress::Done => [&None, &step.new],
                Progress::UnderWay => [&step.old, &step.new],
            });
            let mut all = self.settled.iter().chain(forms.flatten());
            all.any(|one| is_of_tier(one, &tier.key.name))
        };
        match (&step.old, &step.new) {
            (Some(tier), None) | (None, Some(tier)) => is_tier(tier) && !named(tier),
            _ => false,
        }
    }
}

/// Whether a policy says by its name or its tier that it is of `tier`.
fn is_of_tier(policy: &Resource, tier: &str) -> bool {
    let Body::Policy(body) = &policy.body else {
        return false;
    };
    let named = policy.key.name.split_once('.').map(|(tier, _)| tier);
    let written = body.tier.as_ref().map(|tier| &*tier.value);
    written == Some(tier) || named == Some(tier)
}
