//! Whether something is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use palisade::bundle::{Case, Plan, Templates, known};
use palisade::engine::{Program, Settings, compile};
use palisade::profile::{Library, Network, Platform, PlatformProfile};
use palisade::question::audit::difference;
use palisade::question::intent::Intent;
use palisade::question::subject::subject;
use palisade::question::verify::{ProofOutcome, verify};
use palisade::resource::ResourceSet;

use crate::changes::Change;
use crate::listed::{EQUAL, listed};
use crate::place::{region_plan, rendered};

pub const PRIVATE: &[Network] = &[Network::Private];
pub const PUBLIC: &[Network] = &[Network::Public];

/// A region's sets with the platform's own policies, and what must hold.
pub struct Judge {
    facts: PlatformProfile,
    settings: Settings,
    whole: Program,
    /// What is rendered.
    pub own: ResourceSet,
    /// The same with what the platform adds.
    pub all: ResourceSet,
    pub intents: Vec<Intent>,
}

impl Judge {
    pub fn of(networks: &[Network], platform: Platform) -> Self {
        let mut plan = region_plan(&Library::embedded(), "us-south", networks);
        plan.platform = platform;
        Self::of_plan(plan)
    }

    /// The sets of a plan.
    pub fn of_plan(plan: Plan) -> Self {
        let library = Library::embedded();
        let own = rendered(&plan, &Templates::embedded().unwrap());
        let baseline = Some(library.baseline());
        let case = Case::rendered(&plan, own.clone(), baseline.clone(), &[], |_| {}).unwrap();
        let subject = subject(own.clone(), &known(&plan, baseline)).unwrap();
        Self {
            facts: plan.platform_profile,
            whole: compile(&subject.resources, &subject.settings),
            settings: subject.settings,
            own,
            all: subject.resources,
            intents: case.intents,
        }
    }

    fn program(&self, change: &Change) -> Program {
        compile(&change.of(&self.all), &self.settings)
    }

    /// The names of those of `intents` that are refuted of `program`.
    fn refuted<'i>(&self, program: &Program, intents: &[&'i Intent]) -> Vec<&'i str> {
        let owned: Vec<Intent> = intents.iter().map(|intent| (*intent).clone()).collect();
        let proofs = verify(program, &owned, &self.facts, |_| {}).unwrap();
        let both = intents.iter().zip(&proofs);
        both.filter(|(_, proof)| proof.outcome == ProofOutcome::Refuted)
            .map(|(intent, _)| intent.name.as_str())
            .collect()
    }

    /// Whether all packets fare as if nothing had been done.
    fn is_equal(&self, program: &Program) -> bool {
        difference(&self.whole, program, &self.facts)
            .unwrap()
            .is_none()
    }

    fn all_intents(&self) -> Vec<&Intent> {
        self.intents.iter().collect()
    }

    /// Holds what is not noticed of `changes` against the list `text`, in both directions.
    pub fn assert_listed(&self, changes: &[Change], text: &str) {
        let listed = listed(text);
        let mut unnoticed: BTreeMap<&str, bool> = BTreeMap::new();
        // What noticed earlier changes of a policy is asked first of the next one.
        let mut quick: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for change in changes {
            let program = self.program(change);
            let reason = change.lines().find_map(|line| listed.get(line));
            // What changes no verdict refutes nothing that holds without it.
            if reason.is_some_and(|reason| reason.starts_with(EQUAL)) && self.is_equal(&program) {
                unnoticed.insert(&change.told, true);
                continue;
            }
            let known = quick.entry(change.becomes[0].0.path()).or_default();
            let first = self.intents.iter();
            let first = first.filter(|intent| known.contains(&intent.name.as_str()));
            let first: Vec<&Intent> = first.collect();
            if !first.is_empty() && !self.refuted(&program, &first).is_empty() {
                continue;
            }
            match self.refuted(&program, &self.all_intents()).first() {
                Some(name) if known.contains(name) => {}
                Some(name) => known.push(name),
                None => {
                    unnoticed.insert(&change.told, self.is_equal(&program));
                }
            }
        }
        let wrong = differences(&lines(changes, &unnoticed), &listed);
        assert!(wrong.is_empty(), "{} changes\n{wrong}", changes.len());
    }

    /// Those of the intents that none of `changes` refutes.
    pub fn never_refuted<'i>(
        &self,
        changes: &[Change],
        mut left: Vec<&'i Intent>,
    ) -> Vec<&'i Intent> {
        for change in changes {
            if left.is_empty() {
                break;
            }
            let refuted: BTreeSet<&str> = self
                .refuted(&self.program(change), &left)
                .into_iter()
                .collect();
            left.retain(|intent| !refuted.contains(intent.name.as_str()));
        }
        left
    }
}

/// The lines of what is not noticed, each with whether it changes no verdict: one for a whole list
/// where that is so of all its entries.
fn lines<'c>(changes: &'c [Change], unnoticed: &BTreeMap<&str, bool>) -> Vec<(&'c str, bool)> {
    let mut lists: BTreeMap<&str, Vec<Option<bool>>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for change in changes {
        assert!(told.insert(&change.told), "twice: {}", change.told);
        let outcome = unnoticed.get(change.told.as_str()).copied();
        lists.entry(&change.list).or_default().push(outcome);
    }
    let mut lines = Vec::new();
    for change in changes {
        let Some(equal) = unnoticed.get(change.told.as_str()) else {
            continue;
        };
        let list = &lists[change.list.as_str()];
        let is_whole = list.len() > 1 && list.iter().all(|other| *other == Some(*equal));
        let line = if is_whole { &change.list } else { &change.told };
        if lines.last() != Some(&(line.as_str(), *equal)) {
            lines.push((line, *equal));
        }
    }
    lines
}

/// What is wrong with the list, a line each.
fn differences(found: &[(&str, bool)], listed: &BTreeMap<&str, &str>) -> String {
    let mut wrong = String::new();
    for (line, equal) in found {
        let what = match (listed.get(line), equal) {
            (Some(reason), _) if reason.starts_with(EQUAL) == *equal => continue,
            (Some(_), true) => "listed with another reason, and changes no verdict",
            (Some(_), false) => "listed as changing no verdict, and changes some",
            (None, true) => "not listed, and changes no verdict",
            (None, false) => "not listed, and no intent notices",
        };
        writeln!(wrong, "{what}: {line}").unwrap();
    }
    let found: BTreeSet<&str> = found.iter().map(|(line, _)| *line).collect();
    for line in listed.keys().filter(|line| !found.contains(**line)) {
        writeln!(wrong, "listed, and noticed or not done: {line}").unwrap();
    }
    wrong
}
