//! What a program does with all flows at once.
//!
//! [`Reach`] puts endpoints into classes that nothing tells apart ([`End`]), and says for every
//! pair of classes by which ways flows go between them and which of them pass ([`Way`]), exactly:
//! a flow of a way is in its `allow` if and only if the evaluator allows it.
//!
//! A way is walked once, by members that stand for their classes; the rest is sets. Where the
//! judge of one flow keeps the states that its packet may be in, the judge here keeps for each
//! state the packets that may be in it. What is not known splits them as it does there, and ends
//! as `unknown`, a part of its own.
//!
//! Where the input has no pods, every combination of labels that selectors tell apart stands for
//! those to come, wherever in the pod subnets: what holds for all of them holds for pods that do
//! not exist yet.
//!
//! | part | what it does |
//! |---|---|
//! | `atoms`, `combinations` | kinds of pods that need not exist |
//! | `ends` | classes of endpoints, and where they are |
//! | `course`, `way` | the ways between two of them, and what happens on each |
//! | `asked`, `asking` | what policies ask of labels, and where those of pods are asked |
//! | `alike` | pairs of classes between which the same happens |
//! | `judge` | one way, stage by stage |
//! | `arrival` | which packets policies are asked about, rule by rule |
//! | `chain`, `under_way` | the policies of one endpoint, hook and direction |
//! | `rule`, `named` | the packets that a rule matches |
//! | `called` | pods that need not exist by what they call a port |
//! | `view`, `truth` | what a packet shows at a hook; yes, no and perhaps |

mod alike;
mod arrival;
mod asked;
mod asking;
mod atoms;
mod called;
mod chain;
mod combinations;
mod course;
mod ends;
mod judge;
mod named;
mod rule;
mod truth;
mod under_way;
mod view;
mod way;
mod witness;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::address::{AddressSet, Family};
use super::program::Program;
use super::space::{Addresses, Cube, Space, SpaceError, Spaces};
use super::tables::RuleId;
use crate::resource::Direction;

use alike::Alike;
pub use alike::AlikeId;
use arrival::Arrivals;
use called::Called;
use chain::{ChainKey, ClassRef, Part, Split};
use ends::Ends;
use truth::Truth;
use view::{Addressing, ViewKey};

pub use arrival::{
    Arrival, ArrivalAddress, ArrivalHook, ArrivalLine, ArrivalOwner, ArrivalSide, ArrivalTier,
};
pub use combinations::{
    Assumptions, MOST_COMBINATIONS, TooManyPods, differing_namespaces, selectors_of,
};
pub use ends::{End, EndId};
pub use view::HeaderEnd;
pub use way::Way;
pub use witness::Witness;

/// What a program does with all flows at once.
pub struct Reach<'p> {
    work: Work<'p>,
}

/// Spaces, and what was found out so far.
struct Work<'p> {
    program: &'p Program,
    ends: Arc<Ends>,
    spaces: Spaces,
    rules: FxHashMap<(RuleId, Family, ViewKey, ViewKey), Truth>,
    chains: FxHashMap<ChainKey, Arc<Split>>,
    label_asking: FxHashMap<(ClassRef, Part), (bool, bool)>,
    among: Vec<AddressSet>,
    arrivals: Arrivals,
    safe: FxHashMap<SafeKey, Truth>,
    called: Called,
    alike: Alike,
}

/// What failsafes let pass hangs on: which they are, the direction, whether answers pass too, and
/// what is seen.
type SafeKey = (usize, Direction, bool, Family, [ViewKey; 2]);

impl Work<'_> {
    fn addressing(&self, family: Family) -> Addressing<'_> {
        Addressing {
            program: self.program,
            among: &self.among,
            family,
        }
    }

    /// The number of a set of addresses.
    fn among_number(&mut self, set: AddressSet) -> usize {
        let known = self.among.iter().position(|own| *own == set);
        known.unwrap_or_else(|| {
            self.among.push(set);
            self.among.len() - 1
        })
    }
}

impl<'p> Reach<'p> {
    /// The classes of `program`, and nothing found out of them yet.
    ///
    /// # Errors
    /// There are no pods in the program, and its selectors tell too many kinds of them apart.
    pub fn new(program: &'p Program, assumptions: &Assumptions) -> Result<Self, TooManyPods> {
        let imagined = if program.pods().is_empty() {
            combinations::combinations(program, assumptions)?
        } else {
            combinations::pending(program, assumptions)
        };
        Ok(Self {
            work: Work {
                program,
                ends: Arc::new(Ends::of(program, &imagined, assumptions)),
                spaces: Spaces::new(),
                rules: FxHashMap::default(),
                chains: FxHashMap::default(),
                label_asking: FxHashMap::default(),
                among: Vec::new(),
                arrivals: Arrivals::default(),
                safe: FxHashMap::default(),
                called: Called::of(program, imagined.len()),
                alike: Alike::default(),
            },
        })
    }

    /// The program.
    pub fn program(&self) -> &'p Program {
        self.work.program
    }

    /// The keeper of all spaces that this gives.
    pub fn spaces(&mut self) -> &mut Spaces {
        &mut self.work.spaces
    }

    /// The same, to look at only.
    pub fn known_spaces(&self) -> &Spaces {
        &self.work.spaces
    }

    /// Takes the keeper away, to be given to another program's [`Reach`], so that the spaces of
    /// both can be compared. Until it is given back, nothing that is asked of this one means
    /// anything.
    pub fn lend(&mut self) -> Spaces {
        std::mem::take(&mut self.work.spaces)
    }

    /// Takes over a keeper that another [`Reach`] has lent, or its own that it gets back. To one
    /// that has made spaces of its own, only its own may be given.
    pub fn adopt(&mut self, spaces: Spaces) {
        self.work.spaces = spaces;
    }

    /// The classes of endpoints.
    pub fn ends(&self) -> impl Iterator<Item = (EndId, &End)> {
        let ends = self.work.ends.all.iter().enumerate();
        ends.map(|(index, end)| (EndId(index), end))
    }

    /// The class of that number.
    pub fn end(&self, id: EndId) -> Option<&End> {
        self.work.ends.get(id)
    }

    /// The ways from one class to another, each with what happens to the flows that go it.
    ///
    /// # Errors
    /// The sets of packets outgrow the memory set aside for them.
    pub fn ways(&mut self, from: EndId, to: EndId) -> Result<Vec<Way>, SpaceError> {
        self.work.ways(from, to)
    }

    /// Which pairs of classes the same happens between as from one class to another: their ways are
    /// the same but for the classes. Nothing where no other pair is known to be alike.
    ///
    /// # Errors
    /// The sets of packets outgrow the memory set aside for them.
    pub fn alike(&mut self, from: EndId, to: EndId) -> Result<Option<AlikeId>, SpaceError> {
        self.work.alike(from, to)
    }

    /// The part of a way's `space` that is between addresses which are on one node, or on two, as
    /// the way has it.
    ///
    /// # Errors
    /// The sets of packets outgrow the memory set aside for them.
    pub fn real(&mut self, way: &Way, space: Space) -> Result<Space, SpaceError> {
        let Some(together) = way
            .together
            .filter(|_| !space.is_empty() && way.knows_source)
        else {
            return Ok(space);
        };
        let ends = Arc::clone(&self.work.ends);
        let (Some(from), Some(to)) = (ends.get(way.from), ends.get(way.to)) else {
            return Ok(space);
        };
        let is_listed = |end: &End| matches!(end, End::Workers(_) | End::Pods(_));
        if !is_listed(from) || !is_listed(to) {
            return Ok(space);
        }
        let program = self.work.program;
        let there = Ends::hosts(to, program);
        let mut cubes = Vec::new();
        for host in Ends::hosts(from, program) {
            if there.binary_search(&host).is_ok() {
                cubes.push(
                    Cube::any()
                        .from(witness::of_host(from, host, program))
                        .to(witness::of_host(to, host, program)),
                );
            }
        }
        let spaces = &mut self.work.spaces;
        let same = spaces.union_of_cubes(&cubes)?;
        if together {
            spaces.intersection(space, same)
        } else {
            spaces.difference(space, same)
        }
    }

    /// The addresses of a class, of either family.
    pub fn addresses(&self, id: EndId) -> Addresses {
        let Some(end) = self.work.ends.get(id) else {
            return Addresses::default();
        };
        let of = |family| {
            let ranges = self.work.ends.addresses(end, self.work.program, family);
            Addresses::of_family(family, ranges)
        };
        of(Family::V4).union(&of(Family::V6))
    }
}
