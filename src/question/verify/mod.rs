//! Whether intents hold, for all packets at once.
//!
//! Every class of endpoints that an intent means is looked at with every other, on every way
//! between them. What speaks against it comes as one concrete flow, with the trace that
//! [`trace`](super::trace::trace()) would give of it.

mod counter;
mod group;

pub(in crate::question) use counter::answered;
pub use counter::{Counter, Fault};

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::engine::reach::{AlikeId, Assumptions, EndId, Reach, Way};
use crate::engine::space::{Space, SpaceError};
use crate::engine::{Doubt, Program};
use crate::finding::InputError;
use crate::profile::PlatformProfile;

use super::intent::{Expect, Intent, Named};
use super::pods::too_many;
use group::Networks;

/// How many flows that speak against an intent are told of, for each kind of fault.
const TOLD: usize = 1;

/// How many names of ports are told apart at one receiver: each choice of them is looked at.
const MOST_NAMES: usize = 8;

/// What is known of an intent.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The outcome.
    pub outcome: ProofOutcome,
    /// How many ways of classes of endpoints were looked at.
    pub ways: usize,
    /// What speaks against it, one flow for each kind of fault.
    pub counters: Vec<Counter>,
    /// On how many ways there is something that speaks against it.
    pub against: usize,
}

/// Whether an intent holds, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofOutcome {
    /// There is no flow that it means: one of its ends is not there.
    Empty,
    /// It holds of every flow that it means.
    Proved,
    /// It holds of all that is known, and something is not known.
    Unknown,
    /// It does not hold.
    Refuted,
}

impl ProofOutcome {
    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::Refuted => "refuted",
        }
    }

    /// Whether nothing speaks against the intent.
    pub fn holds(self) -> bool {
        matches!(self, Self::Proved | Self::Empty)
    }
}

/// Looks at each of `intents`, in their order. `facts` say which interface a network is;
/// `progress` is told after each how many are done.
///
/// # Errors
/// The input's selectors tell too many kinds of pods apart, or the sets of packets outgrow the
/// memory set aside for them; an intent that was read from a file means ends that are not there.
pub fn verify(
    program: &Program,
    intents: &[Intent],
    facts: &PlatformProfile,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Proof>, InputError> {
    let assumptions = Assumptions {
        asked: intents.iter().flat_map(group::selectors).collect(),
        absent: vec![facts.role_label.clone()],
        services: intents.iter().any(Intent::is_about_services),
    };
    let reach = Reach::new(program, &assumptions).map_err(|error| too_many(&error, program))?;
    let mut prover = Prover {
        networks: Networks::of(program, facts),
        reach,
        ways: BTreeMap::new(),
        alike: FxHashMap::default(),
        proved: FxHashMap::default(),
    };
    let mut proofs = Vec::with_capacity(intents.len());
    for intent in intents {
        proofs.push(prover.prove(intent)?);
        progress(proofs.len());
    }
    Ok(proofs)
}

struct Prover<'p> {
    reach: Reach<'p>,
    networks: Networks,
    ways: BTreeMap<(EndId, EndId), Rc<[Way]>>,
    /// Which pairs the same happens between.
    alike: FxHashMap<(EndId, EndId), Option<AlikeId>>,
    /// Between which of them nothing speaks against what the intent that is looked at means, with how
    /// many ways it means there.
    proved: FxHashMap<(AlikeId, Meant), usize>,
}

/// What an intent says, as spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Meant {
    /// The packets that it speaks of.
    scope: Space,
    /// Those of them that it wants.
    wanted: Space,
}

impl Prover<'_> {
    fn prove(&mut self, intent: &Intent) -> Result<Proof, InputError> {
        let proof = self.look_at(intent)?;
        if proof.outcome == ProofOutcome::Empty
            && let Some(place) = &intent.place
        {
            let error = InputError::new(format!(
                "the intent `{}` means no flow: there are no {} that reach {}",
                intent.name, intent.from, intent.to
            ));
            let error = error.at(place.clone());
            return Err(self.networks.nearest(&self.reach, intent, error));
        }
        Ok(proof)
    }

    fn look_at(&mut self, intent: &Intent) -> Result<Proof, InputError> {
        self.proved.clear();
        let names = intent.names();
        let meant = self.meant(intent, &Named::new()).map_err(too_large)?;
        let mut known = BTreeMap::new();
        let mut proof = Proof {
            outcome: ProofOutcome::Empty,
            ways: 0,
            counters: Vec::new(),
            against: 0,
        };
        let from = self.networks.ends(&self.reach, &intent.from);
        let to = self.networks.ends(&self.reach, &intent.to);
        for from in from {
            for to in &to {
                if names.is_empty() {
                    self.look_between(intent, meant, (from, *to), &mut proof)
                        .map_err(too_large)?;
                    continue;
                }
                for (to, named) in self.by_names(intent, from, *to)? {
                    let meant = match known.get(&named) {
                        Some(meant) => *meant,
                        None => self.meant(intent, &named).map_err(too_large)?,
                    };
                    known.insert(named, meant);
                    self.look_between(intent, meant, (from, to), &mut proof)
                        .map_err(too_large)?;
                }
            }
        }
        Ok(proof)
    }

    fn meant(&mut self, intent: &Intent, named: &Named) -> Result<Meant, SpaceError> {
        let scope = intent.scope(self.reach.spaces())?;
        let wanted = intent.space(self.reach.spaces(), named)?;
        Ok(Meant { scope, wanted })
    }

    fn look_between(
        &mut self,
        intent: &Intent,
        meant: Meant,
        (from, to): (EndId, EndId),
        proof: &mut Proof,
    ) -> Result<(), SpaceError> {
        let reach = &mut self.reach;
        let alike = self.alike.entry((from, to));
        let alike = *alike.or_insert_with(|| reach.alike(from, to));
        if let Some(known) = alike.and_then(|id| self.proved.get(&(id, meant))) {
            proof.ways += known;
            return Ok(());
        }
        let (ways, against) = (proof.ways, proof.against);
        for way in self.ways(from, to)?.iter() {
            if self.networks.means(intent, way) {
                self.look_at_way(intent, meant, way, proof)?;
            }
        }
        if let Some(id) = alike.filter(|_| proof.against == against) {
            self.proved.insert((id, meant), proof.ways - ways);
        }
        Ok(())
    }

    /// The packets from one class to another that an intent means by names of ports: of each choice
    /// of the names by which a receiver may call the port that a packet goes to, where it is not
    /// known what its pods call their ports; with the class that stands for the choice.
    fn by_names(
        &mut self,
        intent: &Intent,
        from: EndId,
        to: EndId,
    ) -> Result<Vec<(EndId, Named)>, InputError> {
        let meant: BTreeSet<String> = intent.names().into_iter().map(str::to_owned).collect();
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut is_asked = false;
        if self.reach.calls_unknown(to) {
            names.clone_from(&meant);
            let ways = self.ways(from, to).map_err(too_large)?;
            let mut doubts = ways.iter().flat_map(|way| &way.doubts);
            // What is known whatever receivers call their ports is so by every choice.
            is_asked = doubts.any(|(doubt, _)| *doubt == Doubt::NamedPort);
            if is_asked {
                let mut asked = names.clone();
                asked.extend(self.reach.names_asked(from, to));
                // Of more choices than these it stays unknown what names decide.
                is_asked = asked.len() <= MOST_NAMES;
                if is_asked {
                    names = asked;
                }
            }
        }
        let names: Vec<String> = names.into_iter().collect();
        let mut all = Vec::new();
        for choice in 0..1_usize << names.len() {
            let is_chosen = |index: usize| choice >> index & 1 == 1;
            let chosen = names.iter().enumerate();
            let chosen = chosen.filter(|(index, _)| is_chosen(*index));
            let chosen: BTreeSet<String> = chosen.map(|(_, name)| name.clone()).collect();
            let mut named = Named::new();
            for name in &meant {
                let space = self.reach.to_named(to, name, &chosen);
                named.insert(name.clone(), space.map_err(too_large)?);
            }
            let end = if is_asked {
                self.reach.called(to, &chosen)
            } else {
                to
            };
            all.push((end, named));
        }
        Ok(all)
    }

    fn ways(&mut self, from: EndId, to: EndId) -> Result<Rc<[Way]>, SpaceError> {
        if let Some(ways) = self.ways.get(&(from, to)) {
            return Ok(Rc::clone(ways));
        }
        let ways: Rc<[Way]> = self.reach.ways(from, to)?.into();
        self.ways.insert((from, to), Rc::clone(&ways));
        Ok(ways)
    }

    fn look_at_way(
        &mut self,
        intent: &Intent,
        meant: Meant,
        way: &Way,
        proof: &mut Proof,
    ) -> Result<(), SpaceError> {
        let spaces = self.reach.spaces();
        let scope = spaces.intersection(way.universe, meant.scope)?;
        let wanted = spaces.intersection(scope, meant.wanted)?;
        let spoken_of = match intent.expect {
            Expect::Allow | Expect::Deny => wanted,
            Expect::Exactly => scope,
        };
        if spoken_of.is_empty() {
            return Ok(());
        }
        proof.ways += 1;
        let dropped = spaces.intersection(wanted, way.deny)?;
        let passes = match intent.expect {
            Expect::Allow => Space::EMPTY,
            Expect::Deny => spaces.intersection(wanted, way.allow)?,
            Expect::Exactly => {
                let others = spaces.difference(scope, wanted)?;
                spaces.intersection(others, way.allow)?
            }
        };
        let dropped = match intent.expect {
            Expect::Allow | Expect::Exactly => dropped,
            Expect::Deny => Space::EMPTY,
        };
        let unknown = spaces.intersection(spoken_of, way.unknown)?;
        let mut outcome = ProofOutcome::Proved;
        for (space, fault) in [(dropped, Fault::Dropped), (passes, Fault::Passes)] {
            let real = self.reach.real(way, space)?;
            if !real.is_empty() {
                outcome = ProofOutcome::Refuted;
                self.tell(way, real, fault, proof);
            }
        }
        let real = self.reach.real(way, unknown)?;
        for (doubt, space) in &way.doubts {
            let part = self.reach.spaces().intersection(real, *space)?;
            if !part.is_empty() {
                outcome = outcome.max(ProofOutcome::Unknown);
                self.tell(way, part, Fault::Unknown(*doubt), proof);
            }
        }
        proof.outcome = proof.outcome.max(outcome);
        if outcome != ProofOutcome::Proved {
            proof.against += 1;
        }
        Ok(())
    }

    /// Tells of one flow of `space`, unless enough was told of its kind.
    fn tell(&mut self, way: &Way, space: Space, fault: Fault, proof: &mut Proof) {
        let known = proof.counters.iter().filter(|c| c.fault == fault).count();
        if known < TOLD
            && let Some(counter) = Counter::of(&mut self.reach, way, space, fault)
        {
            proof.counters.push(counter);
        }
    }
}

fn too_large(error: SpaceError) -> InputError {
    InputError::new(format!("the proof outgrows its memory: {error}")).hint(
        "list the pods there are, or verify parts of the input by themselves: what is told apart \
         is what its selectors and blocks tell apart",
    )
}
