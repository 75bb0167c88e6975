//! A state of a wave in which a packet is dropped.

use crate::engine::Program;
use crate::finding::InputError;
use crate::profile::PlatformProfile;
use crate::question::intent::Intent;
use crate::question::verify::{Counter, Fault, Proof, verify};

use super::asked::only;
use super::plan::{Phase, Rollout};

/// How many states of a wave are looked at for one that cuts something off.
const MOST_STATES: usize = 120;

/// Which steps of a wave are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Those that are, by their place among all of the roll-out.
    pub done: Vec<usize>,
    /// Those that are not yet.
    pub open: Vec<usize>,
    /// Those of the open ones that would let the packet pass, each by itself.
    pub missing: Vec<usize>,
}

/// A state, and a flow that is dropped in it.
pub(super) struct Found {
    pub(super) state: State,
    pub(super) counter: Counter,
}

/// For each of the packets of `against`, by which the intents of `asked` are not proven, a state of
/// the phase in which it is dropped, if one is found.
pub(super) fn find(
    rollout: &Rollout,
    phase: Phase,
    asked: &[(&Intent, Option<&Counter>)],
    facts: &PlatformProfile,
) -> Result<Vec<Option<Found>>, InputError> {
    let search = Search {
        rollout,
        phase,
        facts,
    };
    let own = rollout.steps_of(phase);
    let narrowed: Vec<Intent> = asked
        .iter()
        .map(|(intent, counter)| match counter {
            Some(counter) => only(intent, &counter.header),
            None => (*intent).clone(),
        })
        .collect();
    let mut found: Vec<Option<Found>> = narrowed.iter().map(|_| None).collect();
    for done in subsets(&own) {
        let left: Vec<usize> = (0..found.len())
            .filter(|index| found.get(*index).is_some_and(Option::is_none))
            .collect();
        if left.is_empty() {
            break;
        }
        let program = search.program(&done);
        let intents: Vec<Intent> = left
            .iter()
            .filter_map(|index| narrowed.get(*index).cloned())
            .collect();
        let proofs = verify(&program, &intents, facts, |_| {})?;
        for ((index, intent), proof) in left.into_iter().zip(&intents).zip(proofs) {
            let Some(counter) = dropped(proof) else {
                continue;
            };
            let packet = only(intent, &counter.header);
            let open: Vec<usize> = own.iter().copied().filter(|i| !done.contains(i)).collect();
            let state = State {
                missing: search.missing(&done, &open, &packet)?,
                done: done.clone(),
                open,
            };
            if let Some(place) = found.get_mut(index) {
                *place = Some(Found { state, counter });
            }
        }
    }
    Ok(found)
}

struct Search<'a> {
    rollout: &'a Rollout,
    phase: Phase,
    facts: &'a PlatformProfile,
}

impl Search<'_> {
    fn program(&self, done: &[usize]) -> Program {
        self.rollout.program(&self.rollout.state(self.phase, done))
    }

    /// The open steps that let a packet pass which is dropped where `done` are done.
    fn missing(
        &self,
        done: &[usize],
        open: &[usize],
        packet: &Intent,
    ) -> Result<Vec<usize>, InputError> {
        let mut missing = Vec::new();
        for step in open {
            let mut done = done.to_vec();
            done.push(*step);
            let asked = std::slice::from_ref(packet);
            let proofs = verify(&self.program(&done), asked, self.facts, |_| {})?;
            if proofs.iter().all(|proof| proof.outcome.holds()) {
                missing.push(*step);
            }
        }
        Ok(missing)
    }
}

/// The flow that a proof shows to be dropped.
fn dropped(proof: Proof) -> Option<Counter> {
    let mut counters = proof.counters.into_iter();
    counters.find(|counter| counter.fault == Fault::Dropped)
}

/// Sets of steps, those first that are the simplest to tell of: one, all but one, all, two.
fn subsets(own: &[usize]) -> Vec<Vec<usize>> {
    let one = own.iter().map(|index| vec![*index]);
    let but_one = own
        .iter()
        .map(|left_out| own.iter().copied().filter(|i| i != left_out).collect());
    let two = own.iter().enumerate().flat_map(|(at, first)| {
        let others = own.iter().skip(at + 1);
        others.map(|second| vec![*first, *second])
    });
    let all = [own.to_vec(), Vec::new()];
    let mut subsets: Vec<Vec<usize>> = Vec::new();
    for set in one.chain(but_one).chain(all).chain(two) {
        if subsets.len() < MOST_STATES && !subsets.contains(&set) {
            subsets.push(set);
        }
    }
    subsets
}
