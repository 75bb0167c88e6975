//! Whether intents hold, for all packets at once.
//!
//! Every class of endpoints that an intent means is looked at with every other, on every way
//! between them. What speaks against it comes as one concrete flow, with the trace that
//! [`trace`](super::trace::trace()) would give of it.

mod counter;
mod group;
mod names;

pub(in crate::question) use counter::answered;
pub use counter::{Counter, Fault};

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::engine::Program;
use crate::engine::reach::{AlikeId, Assumptions, EndId, Reach, Way};
use crate::engine::space::{Space, SpaceError, Spaces};
use crate::finding::InputError;
use crate::profile::PlatformProfile;

use super::intent::{Expect, Group, Intent, Named, PartSpaces};
use super::pods::too_many;
use group::Networks;
use names::Chosen;

/// How many flows that speak against an intent are told of, for each kind of fault.
const TOLD: usize = 1;

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
    progress: impl FnMut(usize),
) -> Result<Vec<Proof>, InputError> {
    let (proofs, _) = look(Spaces::new(), program, intents, facts, progress)?;
    Ok(proofs)
}

/// How many ranges a keeper has at most that is handed on: a part of what it may hold, so that what is asked
/// next seldom finds too little room in it.
const HANDED_ON: usize = Spaces::LIMIT / 8;

/// As [`verify`], with spaces that an earlier look has made: programs and intents that have much in common
/// are looked at in less time so.
///
/// # Errors
/// As [`verify`] says.
pub(in crate::question) fn verify_with(
    spaces: &mut Spaces,
    program: &Program,
    intents: &[Intent],
    facts: &PlatformProfile,
) -> Result<Vec<Proof>, InputError> {
    let made = std::mem::take(spaces);
    let is_handed_on = (1..=HANDED_ON).contains(&made.ranges());
    let first = if is_handed_on { made } else { Spaces::new() };
    let looked = match look(first, program, intents, facts, |_| {}) {
        // What others have made must not be why there is no room.
        Err(_) if is_handed_on => look(Spaces::new(), program, intents, facts, |_| {}),
        looked => looked,
    };
    let (proofs, made) = looked?;
    *spaces = made;
    Ok(proofs)
}

/// Looks at each of `intents` with these spaces, and gives them back.
fn look(
    spaces: Spaces,
    program: &Program,
    intents: &[Intent],
    facts: &PlatformProfile,
    mut progress: impl FnMut(usize),
) -> Result<(Vec<Proof>, Spaces), InputError> {
    let assumptions = Assumptions {
        asked: intents.iter().flat_map(group::selectors).collect(),
        absent: vec![facts.role_label.clone()],
        services: intents.iter().any(Intent::is_about_services),
    };
    let mut reach = Reach::new(program, &assumptions).map_err(|error| too_many(&error, program))?;
    reach.adopt(spaces);
    let mut prover = Prover {
        networks: Networks::of(program, facts),
        reach,
        parts: PartSpaces::default(),
        ends: FxHashMap::default(),
        ways: BTreeMap::new(),
        alike: FxHashMap::default(),
        proved: FxHashMap::default(),
        asking_names: FxHashMap::default(),
    };
    let mut proofs = Vec::with_capacity(intents.len());
    for intent in intents {
        proofs.push(prover.prove(intent)?);
        progress(proofs.len());
    }
    Ok((proofs, prover.reach.lend()))
}

struct Prover<'p> {
    reach: Reach<'p>,
    networks: Networks,
    /// What the parts of intents mean.
    parts: PartSpaces,
    /// Which classes the groups of intents mean.
    ends: FxHashMap<Group, Rc<[EndId]>>,
    ways: BTreeMap<(EndId, EndId), Rc<[Way]>>,
    /// Which pairs the same happens between.
    alike: FxHashMap<(EndId, EndId), Option<AlikeId>>,
    /// Between which of them nothing speaks against what the intent that is looked at means, with how
    /// many ways it means there.
    proved: FxHashMap<(AlikeId, Meant), usize>,
    /// Whether anything between them hangs on what a port is called.
    asking_names: FxHashMap<AlikeId, bool>,
}

/// What an intent says, as spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Meant {
    /// The packets that it speaks of.
    spoken_of: Space,
    /// Those of them that are to pass.
    wanted: Space,
    /// Those of them that are to be dropped.
    barred: Space,
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
        let mut proof = Proof {
            outcome: ProofOutcome::Empty,
            ways: 0,
            counters: Vec::new(),
            against: 0,
        };
        let from = self.ends(&intent.from);
        let to = self.ends(&intent.to);
        let names: BTreeSet<String> = intent.names().into_iter().map(str::to_owned).collect();
        if names.is_empty() {
            let meant = self.meant(intent, &Named::new()).map_err(too_large)?;
            for from in from.iter() {
                for to in to.iter() {
                    self.look_between(intent, meant, (*from, *to), &mut proof)
                        .map_err(too_large)?;
                }
            }
        } else {
            let mut chosen = Chosen::new();
            for to in to.iter() {
                self.look_by_names(intent, &names, &mut chosen, (&from, *to), &mut proof)
                    .map_err(too_large)?;
            }
        }
        Ok(proof)
    }

    /// The classes that a group means.
    fn ends(&mut self, group: &Group) -> Rc<[EndId]> {
        if let Some(known) = self.ends.get(group) {
            return Rc::clone(known);
        }
        let ends: Rc<[EndId]> = self.networks.ends(&self.reach, group).into();
        self.ends.insert(group.clone(), Rc::clone(&ends));
        ends
    }

    fn meant(&mut self, intent: &Intent, named: &Named) -> Result<Meant, SpaceError> {
        let spaces = self.reach.spaces();
        let meant = intent.space(spaces, &mut self.parts, named)?;
        Ok(match intent.expect {
            Expect::Allow => Meant {
                spoken_of: meant,
                wanted: meant,
                barred: Space::EMPTY,
            },
            Expect::Deny => Meant {
                spoken_of: meant,
                wanted: Space::EMPTY,
                barred: meant,
            },
            Expect::Exactly => {
                let scope = intent.scope(spaces)?;
                Meant {
                    spoken_of: scope,
                    wanted: meant,
                    barred: spaces.difference(scope, meant)?,
                }
            }
        })
    }

    fn look_between(
        &mut self,
        intent: &Intent,
        meant: Meant,
        (from, to): (EndId, EndId),
        proof: &mut Proof,
    ) -> Result<(), SpaceError> {
        let alike = self.alike(from, to)?;
        if let Some(known) = alike.and_then(|id| self.proved.get(&(id, meant))) {
            proof.ways += known;
            return Ok(());
        }
        let (ways, against) = (proof.ways, proof.against);
        for way in self.ways(from, to)?.iter() {
            if self.networks.means(intent, way) {
                self.look_at_way(meant, way, proof)?;
            }
        }
        if let Some(id) = alike.filter(|_| proof.against == against) {
            self.proved.insert((id, meant), proof.ways - ways);
        }
        Ok(())
    }

    /// The number of all pairs between which the same happens as from one class to another.
    fn alike(&mut self, from: EndId, to: EndId) -> Result<Option<AlikeId>, SpaceError> {
        if let Some(known) = self.alike.get(&(from, to)) {
            return Ok(*known);
        }
        let alike = self.reach.alike(from, to)?;
        self.alike.insert((from, to), alike);
        Ok(alike)
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
        meant: Meant,
        way: &Way,
        proof: &mut Proof,
    ) -> Result<(), SpaceError> {
        // Most often nothing speaks against it, and to see that no space need be made.
        if !self.reach.spaces().overlap(meant.spoken_of, way.universe) {
            return Ok(());
        }
        proof.ways += 1;
        let mut outcome = ProofOutcome::Proved;
        for (space, other, fault) in [
            (meant.wanted, way.deny, Fault::Dropped),
            (meant.barred, way.allow, Fault::Passes),
        ] {
            let real = self.real_of_both(way, space, other)?;
            if !real.is_empty() {
                outcome = ProofOutcome::Refuted;
                self.tell(way, real, fault, proof);
            }
        }
        let real = self.real_of_both(way, meant.spoken_of, way.unknown)?;
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

    /// The packets of both spaces that go a way between addresses which are where the way has them.
    fn real_of_both(&mut self, way: &Way, one: Space, other: Space) -> Result<Space, SpaceError> {
        if !self.reach.spaces().overlap(one, other) {
            return Ok(Space::EMPTY);
        }
        let both = self.reach.spaces().intersection(one, other)?;
        self.reach.real(way, both)
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
