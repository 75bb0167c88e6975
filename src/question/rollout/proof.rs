//! Every wave of a roll-out, proven.

use crate::engine::Program;
use crate::engine::space::Spaces;
use crate::finding::InputError;
use crate::profile::PlatformProfile;
use crate::question::intent::{Expect, Group, Intent};
use crate::question::verify::{Counter, Proof, verify_with};

use super::asked::{halves, pieces, wanted};
use super::plan::{Phase, Progress, Rollout};
use super::state::{Found, State, find};
use super::wave::Wave;

/// How often an intent is halved at most: an address of IPv4 has so many bits.
const MOST_ROUNDS: usize = 32;

/// How many pieces are halved at once at most.
const MOST_HALVED: usize = 64;

/// Whom it cuts off if packets do not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// Workers: their own processes, and what uses their network.
    Workers,
    /// Pods.
    Pods,
    /// Services: what workers pass on to them.
    Services,
}

impl Whose {
    /// Whom an intent is about. What goes between workers and pods is about pods, and what comes in
    /// for services about these: a worker is no further away for it.
    pub fn of(intent: &Intent) -> Self {
        let is_pods = |group: &Group| matches!(group, Group::Pods { .. });
        if intent.for_services {
            Self::Services
        } else if is_pods(&intent.from) || is_pods(&intent.to) {
            Self::Pods
        } else {
            Self::Workers
        }
    }

    /// The word for it: `workers`, `pods` or `services`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Workers => "workers",
            Self::Pods => "pods",
            Self::Services => "services",
        }
    }
}

/// An intent that is not proven to hold all the time.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The intent, or the part of it that held before.
    pub intent: Intent,
    /// Whom it cuts off.
    pub whose: Whose,
    /// A state in which the flow of `counter` is dropped. Where there is none, nothing is known to
    /// be cut, and nothing proves that nothing is.
    pub state: Option<State>,
    /// What speaks against it.
    pub counter: Option<Counter>,
}

/// What is known of one phase.
#[derive(Debug, Clone)]
pub struct PhaseProof {
    /// The phase.
    pub phase: Phase,
    /// Its steps, by their place among all of the roll-out.
    pub steps: Vec<usize>,
    /// How many intents held before it, and are proven to hold after it and for every order within
    /// it.
    pub proved: usize,
    /// Those that are not.
    pub cuts: Vec<Cut>,
    /// The names of those that did not hold before it and do after it.
    pub gained: Vec<String>,
}

impl PhaseProof {
    /// Whether a cut comes of host endpoints that are applied one after the other: a rule that finds
    /// workers by the labels of their host endpoints does not find those that have none yet
    /// (RES-17). No order of the bundle's own objects avoids it.
    pub fn is_of_arrival(&self, cut: &Cut) -> bool {
        let is_workers = |group: &Group| matches!(group, Group::Workers { .. });
        self.phase.wave == Wave::HostEndpoint
            && is_workers(&cut.intent.from)
            && is_workers(&cut.intent.to)
    }
}

/// What is known of a roll-out.
#[derive(Debug, Clone)]
pub struct Proven {
    /// How many intents there are.
    pub intents: usize,
    /// The names of those that do not hold before.
    pub not_before: Vec<String>,
    /// The names of those of which some packets pass before that addresses and ports do not tell
    /// from those that do not: whether these stay is not known.
    pub partly: Vec<String>,
    /// Every phase in which something is done, in order.
    pub phases: Vec<PhaseProof>,
    /// Those that do not hold in the end, each with what speaks against it.
    pub not_after: Vec<(Intent, Option<Counter>)>,
}

impl Proven {
    /// Whether everything that held is proven to hold all the time, and everything holds in the
    /// end.
    pub fn holds(&self) -> bool {
        self.partly.is_empty()
            && self.not_after.is_empty()
            && self.phases.iter().all(|phase| phase.cuts.is_empty())
    }

    /// What is cut off, or not proven not to be, in any phase.
    pub fn cuts(&self) -> impl Iterator<Item = &Cut> {
        self.phases.iter().flat_map(|phase| &phase.cuts)
    }
}

/// One thing that must pass.
struct Item {
    /// The intent, or a piece of it.
    intent: Intent,
    /// Which of the intents it is of.
    of: usize,
    /// Whether it held at the last look, so that it must stay so.
    held: bool,
    /// Whether it was cut, and did not come back.
    lost: bool,
    /// Whether some of it holds before, and which is not known.
    partly: bool,
}

/// Looks at every phase; `before` is [`Rollout::before`]. What must hold is what `intents` want to pass; `facts` say which interface
/// a network is.
///
/// # Errors
/// As [`verify`](crate::question::verify::verify) says.
pub fn prove(
    rollout: &Rollout,
    before: &Program,
    intents: &[Intent],
    facts: &PlatformProfile,
    mut progress: impl FnMut(usize),
) -> Result<Proven, InputError> {
    let mut prover = Prover {
        rollout,
        facts,
        wanted: wanted(intents),
        items: Vec::new(),
        spaces: Spaces::new(),
    };
    prover.begin(before)?;
    let mut proven = Proven {
        intents: prover.wanted.len(),
        not_before: prover.names(|item| !item.held),
        partly: prover.names(|item| item.partly),
        phases: Vec::new(),
        not_after: Vec::new(),
    };
    for (number, phase) in rollout.phases().into_iter().enumerate() {
        proven.phases.push(prover.phase(phase)?);
        progress(number + 1);
    }
    proven.not_after = prover.end()?;
    Ok(proven)
}

/// How many steps a phase has at most of which every state is looked at by itself.
const FEW_STEPS: usize = 4;

struct Prover<'a> {
    rollout: &'a Rollout,
    facts: &'a PlatformProfile,
    wanted: Vec<Intent>,
    items: Vec<Item>,
    /// What one look has made the next need not make.
    spaces: Spaces,
}

impl Prover<'_> {
    /// What holds before anything is done.
    fn begin(&mut self, program: &Program) -> Result<(), InputError> {
        let asked: Vec<Intent> = self.wanted.iter().map(unplaced).collect();
        let proofs = verify_with(&mut self.spaces, program, &asked, self.facts)?;
        let mut apart = Vec::new();
        for (of, (intent, proof)) in self.wanted.iter().zip(proofs).enumerate() {
            let held = proof.outcome.holds();
            let item = |intent| Item {
                intent,
                of,
                held,
                lost: false,
                partly: false,
            };
            if held {
                self.items.push(item(intent.clone()));
            } else {
                apart.extend(pieces(intent).into_iter().map(item));
            }
        }
        self.hold(program, &mut apart)?;
        self.refine(program, apart)
    }

    /// Finds out which of the items hold.
    fn hold(&mut self, program: &Program, items: &mut [Item]) -> Result<(), InputError> {
        let asked: Vec<Intent> = items.iter().map(|item| unplaced(&item.intent)).collect();
        let proofs = verify_with(&mut self.spaces, program, &asked, self.facts)?;
        for (item, proof) in items.iter_mut().zip(proofs) {
            item.held = proof.outcome.holds();
        }
        Ok(())
    }

    /// Takes items of which some packets pass before and some do not apart at the middle of their
    /// addresses and ports, until each half does as one or cannot be halved, or there are too many.
    fn refine(&mut self, program: &Program, mut items: Vec<Item>) -> Result<(), InputError> {
        for round in 0..=MOST_ROUNDS {
            let (held, mut open): (Vec<Item>, Vec<Item>) =
                items.into_iter().partition(|item| item.held);
            self.items.extend(held);
            if open.is_empty() {
                return Ok(());
            }
            let shut: Vec<Intent> = open
                .iter()
                .map(|item| Intent {
                    expect: Expect::Deny,
                    ..unplaced(&item.intent)
                })
                .collect();
            let proofs = verify_with(&mut self.spaces, program, &shut, self.facts)?;
            for (item, proof) in open.iter_mut().zip(proofs) {
                item.partly = !proof.outcome.holds();
            }
            let (partly, shut): (Vec<Item>, Vec<Item>) =
                open.into_iter().partition(|item| item.partly);
            self.items.extend(shut);
            items = Vec::new();
            let may_go_on = round < MOST_ROUNDS && partly.len() <= MOST_HALVED;
            for item in partly {
                match halves(&item.intent).filter(|_| may_go_on) {
                    Some(halves) => items.extend(halves.map(|intent| Item {
                        intent,
                        partly: false,
                        ..item
                    })),
                    None => self.items.push(item),
                }
            }
            self.hold(program, &mut items)?;
        }
        self.items.extend(items);
        Ok(())
    }

    /// The names of the intents of which an item is so, each once, in their order.
    fn names(&self, is: impl Fn(&Item) -> bool) -> Vec<String> {
        let mut of: Vec<usize> = self.items.iter().filter(|i| is(i)).map(|i| i.of).collect();
        of.sort_unstable();
        of.dedup();
        let names = of.into_iter().filter_map(|of| self.wanted.get(of));
        names.map(|intent| intent.name.clone()).collect()
    }

    fn phase(&mut self, phase: Phase) -> Result<PhaseProof, InputError> {
        let steps = self.rollout.steps_of(phase);
        let before = self.names(|item| !item.held);
        let held: Vec<usize> = (0..self.items.len())
            .filter(|index| self.items.get(*index).is_some_and(|item| item.held))
            .collect();
        let asked: Vec<Intent> = self
            .items
            .iter()
            .filter(|item| item.held)
            .map(|item| unplaced(&item.intent))
            .collect();
        let failed = self.within(phase, &asked)?;
        let cut: Vec<usize> = failed
            .iter()
            .filter_map(|(index, _)| held.get(*index).copied())
            .collect();
        let cuts = self.cuts(phase, &asked, failed, &held)?;
        let is_of_lost = |item: &Item| self.items.iter().any(|i| i.lost && i.of == item.of);
        let proved = self.names(|item| item.held && !is_of_lost(item)).len();
        let proved = proved.saturating_sub(cuts.len());
        // What is cut and not there again after the phase is told of once.
        for index in cut {
            if let Some(item) = self.items.get_mut(index) {
                item.held = false;
                item.lost = true;
            }
        }
        self.look_again(phase)?;
        let after = self.names(|item| !item.held);
        let is_cut = |name: &String| cuts.iter().any(|cut| cut.intent.name == *name);
        let gained = before.into_iter().filter(|name| !after.contains(name));
        Ok(PhaseProof {
            phase,
            steps,
            proved,
            gained: gained.filter(|name| !is_cut(name)).collect(),
            cuts,
        })
    }

    /// The proofs of those that are not proven in the middle of the phase, each with its place.
    fn within(
        &mut self,
        phase: Phase,
        asked: &[Intent],
    ) -> Result<Vec<(usize, Proof)>, InputError> {
        let progress = self.rollout.at(phase, Progress::UnderWay);
        let Some(ways) = self.rollout.settled(&progress) else {
            return Err(InputError::new(
                "more tiers change in one wave than can be followed at once",
            )
            .hint("roll them out by themselves first"));
        };
        let mut failed: Vec<(usize, Proof)> = Vec::new();
        for way in ways {
            let program = self.rollout.program(&way);
            let proofs = verify_with(&mut self.spaces, &program, asked, self.facts)?;
            for (index, proof) in proofs.into_iter().enumerate() {
                let known = failed.iter().any(|(known, _)| *known == index);
                if !proof.outcome.holds() && !known {
                    failed.push((index, proof));
                }
            }
        }
        failed.sort_by_key(|(index, _)| *index);
        self.state_by_state(phase, asked, failed)
    }

    /// Those of the intents that are not proven in the middle of the phase which do not hold in some
    /// state of it either. A phase of many steps has too many states: there all of them are left.
    fn state_by_state(
        &mut self,
        phase: Phase,
        asked: &[Intent],
        failed: Vec<(usize, Proof)>,
    ) -> Result<Vec<(usize, Proof)>, InputError> {
        let own = self.rollout.steps_of(phase);
        if failed.is_empty() || own.len() > FEW_STEPS {
            return Ok(failed);
        }
        let mut left: Vec<usize> = failed.into_iter().map(|(index, _)| index).collect();
        let mut failing = Vec::new();
        for choice in 0..1_usize << own.len() {
            let done = own.iter().enumerate();
            let done = done.filter(|(bit, _)| choice >> bit & 1 == 1);
            let done: Vec<usize> = done.map(|(_, step)| *step).collect();
            let intents = left.iter().filter_map(|index| asked.get(*index).cloned());
            let intents: Vec<Intent> = intents.collect();
            let program = self.rollout.program(&self.rollout.state(phase, &done));
            let proofs = verify_with(&mut self.spaces, &program, &intents, self.facts)?;
            let looked_at = std::mem::take(&mut left);
            for (index, proof) in looked_at.into_iter().zip(proofs) {
                if proof.outcome.holds() {
                    left.push(index);
                } else {
                    failing.push((index, proof));
                }
            }
        }
        failing.sort_by_key(|(index, _)| *index);
        Ok(failing)
    }

    /// What speaks against those that are not proven: of one intent the first.
    fn cuts(
        &self,
        phase: Phase,
        asked: &[Intent],
        failed: Vec<(usize, Proof)>,
        held: &[usize],
    ) -> Result<Vec<Cut>, InputError> {
        let mut told: Vec<(&Item, &Intent, Proof)> = Vec::new();
        for (index, proof) in failed {
            let item = held.get(index).and_then(|item| self.items.get(*item));
            if let (Some(item), Some(intent)) = (item, asked.get(index))
                && !told.iter().any(|(known, _, _)| known.of == item.of)
            {
                told.push((item, intent, proof));
            }
        }
        let questions: Vec<(&Intent, Option<&Counter>)> = told
            .iter()
            .map(|(_, intent, proof)| (*intent, proof.counters.first()))
            .collect();
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let found = find(self.rollout, phase, &questions, self.facts)?;
        let cut = |((item, _, proof), found): ((&Item, &Intent, Proof), Option<Found>)| {
            let (state, counter) = match found {
                Some(found) => (Some(found.state), Some(found.counter)),
                None => (None, proof.counters.into_iter().next()),
            };
            Cut {
                whose: Whose::of(&item.intent),
                intent: item.intent.clone(),
                state,
                counter,
            }
        };
        Ok(told.into_iter().zip(found).map(cut).collect())
    }

    /// Finds out which of those that did not hold do after the phase.
    fn look_again(&mut self, phase: Phase) -> Result<(), InputError> {
        let asked: Vec<Intent> = self
            .items
            .iter()
            .filter(|item| !item.held)
            .map(|item| unplaced(&item.intent))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let program = self
            .rollout
            .program(&self.rollout.at(phase, Progress::Done));
        let proofs = verify_with(&mut self.spaces, &program, &asked, self.facts)?;
        let open = self.items.iter_mut().filter(|item| !item.held);
        for (item, proof) in open.zip(proofs) {
            item.held = proof.outcome.holds();
            item.lost &= !item.held;
        }
        Ok(())
    }

    /// What does not hold in the end.
    fn end(&mut self) -> Result<Vec<(Intent, Option<Counter>)>, InputError> {
        let steps = self.rollout.steps().len();
        let program = self.rollout.program(&vec![Progress::Done; steps]);
        let proofs = verify_with(&mut self.spaces, &program, &self.wanted, self.facts)?;
        let failed = self.wanted.iter().zip(proofs);
        Ok(failed
            .filter(|(_, proof)| !proof.outcome.holds())
            .map(|(intent, proof)| (intent.clone(), proof.counters.into_iter().next()))
            .collect())
    }
}

/// The intent without its place: that it means no flow on the way is no mistake of its file.
fn unplaced(intent: &Intent) -> Intent {
    Intent {
        place: None,
        ..intent.clone()
    }
}
