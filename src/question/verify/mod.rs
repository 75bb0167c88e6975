//! Whether intents hold, for all packets at once.
//!
//! Every class of endpoints that an intent means is looked at with every other, on every way
//! between them. What speaks against it comes as one concrete flow, with the trace that
//! [`trace`](super::trace::trace()) would give of it.

mod counter;
mod group;

pub(in crate::question) use counter::answered;
pub use counter::{Counter, Fault};

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::Program;
use crate::engine::reach::{Assumptions, EndId, Reach, Way};
use crate::engine::space::{Space, SpaceError};
use crate::finding::InputError;
use crate::profile::PlatformProfile;

use super::intent::{Expect, Intent};
use super::pods::too_many;
use group::Networks;

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
}

/// What an intent says, as spaces.
struct Meant {
    /// The packets that it speaks of.
    scope: Space,
    /// Those of them that it wants.
    wanted: Space,
}

impl Prover<'_> {
    fn prove(&mut self, intent: &Intent) -> Result<Proof, InputError> {
        let proof = self.look_at(intent).map_err(too_large)?;
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

    fn look_at(&mut self, intent: &Intent) -> Result<Proof, SpaceError> {
        let scope = intent.scope(self.reach.spaces())?;
        let wanted = intent.space(self.reach.spaces())?;
        let meant = Meant { scope, wanted };
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
                for way in self.ways(from, *to)?.iter() {
                    if self.networks.means(intent, way) {
                        self.look_at_way(intent, &meant, way, &mut proof)?;
                    }
                }
            }
        }
        Ok(proof)
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
        meant: &Meant,
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
