//! Which packets policies are asked about, and what each of their rules holds.

use std::sync::Arc;

use crate::engine::address::Family;
use crate::engine::imagined::ImaginedPod;
use crate::engine::rule::Effect;
use crate::engine::space::{Addresses, Cube, Space, SpaceError};
use crate::engine::tables::{Class, ClassId, RuleId, TierId};
use crate::resource::Direction;

use super::Work;
use super::chain::{ChainKey, ClassRef, Part, Split};
use super::ends::{End, Ends};
use super::truth::Truth;
use super::view::{At, HeaderEnd, Seen, View};

/// Whose policies are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrivalOwner {
    /// Those of host endpoints or listed pods of a class of the program.
    Listed(ClassId),
    /// Those of the pods that need not exist of that number.
    Imagined(usize),
}

/// At which of an endpoint's hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrivalHook {
    /// Before connection tracking.
    Untracked(Direction),
    /// Before destinations are changed.
    PreDnat,
    /// To and from a host's own processes, or a pod.
    Normal(Direction),
    /// Through a host.
    Forward(Direction),
}

/// The policies of one class of endpoints at one hook, as far as it is asked about packets that it
/// takes for alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Whose policies.
    pub owner: ArrivalOwner,
    /// At which hook.
    pub hook: ArrivalHook,
    /// What of the source is seen there.
    pub source: ArrivalSide,
    /// What of the destination is seen there.
    pub destination: ArrivalSide,
    /// The packets that the first tier is asked about: those that nothing before decided on.
    pub packets: Space,
    /// The tiers, in order.
    pub tiers: Vec<ArrivalTier>,
    /// What becomes of packets that no tier decided on: those that pass, those that are dropped,
    /// and those that go on undecided. Where profiles are asked, none go on.
    pub tail: [Space; 3],
}

/// One side of the packets, as a hook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalSide {
    /// Which end of the packets' headers it is: answers run against the headers that spaces have.
    pub end: HeaderEnd,
    /// Which address it has there.
    pub address: ArrivalAddress,
}

/// Which address a side of packets has at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrivalAddress {
    /// That of the header.
    Header,
    /// One of these: a node has put its own there.
    OneOf(Addresses),
    /// Nobody knows.
    Unknown,
}

/// A tier and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalTier {
    /// The tier.
    pub tier: TierId,
    /// Whether a packet that no rule decides on goes to the next tier, instead of being dropped.
    pub passes: bool,
    /// Whether it surely counts.
    pub certain: bool,
    /// Its rules, in order.
    pub lines: Vec<ArrivalLine>,
}

/// A rule, and the packets that match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalLine {
    /// The rule.
    pub rule: RuleId,
    /// What it does.
    pub effect: Effect,
    /// The packets that surely match.
    pub yes: Space,
    /// Those that match or may.
    pub possible: Space,
}

/// What was written down so far.
#[derive(Default)]
pub(super) struct Arrivals {
    /// Whether anything is written down.
    pub(super) on: bool,
    by_key: rustc_hash::FxHashMap<ChainKey, usize>,
    pub(super) all: Vec<Arrival>,
}

impl Work<'_> {
    /// Writes down that the policies of `class` are asked about `packets`.
    pub(super) fn arrive(
        &mut self,
        which: ClassRef,
        class: &Class,
        part: Part,
        seen: &Seen<'_>,
        packets: Space,
    ) -> Result<(), SpaceError> {
        if !self.arrivals.on || packets.is_empty() {
            return Ok(());
        }
        let key = self.chain_key(which, class, part, seen);
        if let Some(arrival) = self.arrivals.by_key.get(&key).copied() {
            if let Some(known) = self.arrivals.all.get_mut(arrival) {
                known.packets = self.spaces.union(known.packets, packets)?;
            }
            return Ok(());
        }
        let arrival = self.arrival(which, class, part, seen, packets)?;
        self.arrivals.by_key.insert(key, self.arrivals.all.len());
        self.arrivals.all.push(arrival);
        Ok(())
    }

    fn arrival(
        &mut self,
        which: ClassRef,
        class: &Class,
        part: Part,
        seen: &Seen<'_>,
        packets: Space,
    ) -> Result<Arrival, SpaceError> {
        let mut tiers = Vec::new();
        for tier in &part.of(class).tiers {
            let mut lines = Vec::with_capacity(tier.lines.len());
            for line in &tier.lines {
                let Some(rule) = self.program.rule(line.rule) else {
                    continue;
                };
                let truth = self.rule(line.rule, seen)?;
                lines.push(ArrivalLine {
                    rule: line.rule,
                    effect: rule.effect,
                    yes: if line.doubt.is_none() {
                        truth.yes
                    } else {
                        Space::EMPTY
                    },
                    possible: truth.possible,
                });
            }
            tiers.push(ArrivalTier {
                tier: tier.tier,
                passes: tier.passes,
                certain: tier.certain,
                lines,
            });
        }
        Ok(Arrival {
            owner: match which {
                ClassRef::Listed(class) => ArrivalOwner::Listed(class),
                ClassRef::Imagined(number) => ArrivalOwner::Imagined(number),
            },
            hook: match part {
                Part::Untracked(direction) => ArrivalHook::Untracked(direction),
                Part::PreDnat => ArrivalHook::PreDnat,
                Part::Normal(direction) => ArrivalHook::Normal(direction),
                Part::Forward(direction) => ArrivalHook::Forward(direction),
            },
            source: self.arrival_side(&seen.source),
            destination: self.arrival_side(&seen.destination),
            packets,
            tiers,
            tail: self.tail(class, part, seen)?,
        })
    }

    fn arrival_side(&self, view: &View<'_>) -> ArrivalSide {
        let address = match view.at {
            At::Header => ArrivalAddress::Header,
            At::Among(number) => self
                .among
                .get(number)
                .map_or(ArrivalAddress::Unknown, |set| {
                    ArrivalAddress::OneOf(Addresses::from(set))
                }),
            At::Unknown => ArrivalAddress::Unknown,
        };
        ArrivalSide {
            end: view.end,
            address,
        }
    }

    fn tail(
        &mut self,
        class: &Class,
        part: Part,
        seen: &Seen<'_>,
    ) -> Result<[Space; 3], SpaceError> {
        let Part::Normal(direction) = part else {
            return Ok([Space::EMPTY, Space::EMPTY, Space::EVERYTHING]);
        };
        let mut split = Split::undecided();
        self.profiles(class, direction, seen, &mut split)?;
        Ok([split.allow.0, split.deny.0, split.none.0])
    }
}

impl super::Reach<'_> {
    /// Every class of endpoints and hook at which policies are asked about any packet between any
    /// two classes, with the packets that they are asked about.
    ///
    /// # Errors
    /// The sets of packets outgrow the memory set aside for them.
    pub fn arrivals(&mut self) -> Result<Vec<Arrival>, SpaceError> {
        self.work.arrivals = Arrivals {
            on: true,
            ..Arrivals::default()
        };
        let ends = Arc::clone(&self.work.ends);
        let count = ends.all.len();
        for from in 0..count {
            for to in 0..count {
                self.work.ways(super::EndId(from), super::EndId(to))?;
            }
        }
        self.work.arrive_by_services(&ends)?;
        let arrivals = std::mem::take(&mut self.work.arrivals);
        Ok(arrivals.all)
    }
}

impl Work<'_> {
    /// Services and node ports bring packets through nodes on ways of their own: whatever goes
    /// through a host endpoint may be of anybody and to anybody.
    fn arrive_by_services(&mut self, ends: &Ends) -> Result<(), SpaceError> {
        let program = self.program;
        let mut classes: Vec<ClassId> = program.host_endpoints().iter().map(|e| e.class).collect();
        classes.sort_unstable();
        classes.dedup();
        let pods = ends.all.iter().filter_map(|end| match end {
            End::Imagined { number, pods } => pods.first().map(|pod| (*number, pod)),
            _ => None,
        });
        let mut pods: Vec<(usize, &ImaginedPod)> = pods.collect();
        pods.dedup_by_key(|(number, _)| *number);
        let pods: Vec<MaybePod<'_>> = std::iter::once(None)
            .chain(pods.into_iter().map(Some))
            .collect();
        let both = [Direction::Ingress, Direction::Egress];
        let parts = both
            .into_iter()
            .flat_map(|direction| [Part::Forward(direction), Part::Untracked(direction)])
            .chain([Part::PreDnat]);
        for part in parts {
            for id in &classes {
                let Some(class) = program.class(*id) else {
                    continue;
                };
                if part.of(class).tiers.is_empty() {
                    continue;
                }
                for family in [Family::V4, Family::V6] {
                    let packets = self.spaces.cube(&Cube::any().family(family))?;
                    for pod in &pods {
                        for seen in [(None, *pod), (*pod, None)] {
                            let seen = anybody(family, seen);
                            self.arrive(ClassRef::Listed(*id), class, part, &seen, packets)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// A pod that need not exist, with its number, if one is meant.
type MaybePod<'p> = Option<(usize, &'p ImaginedPod)>;

/// A packet of which nothing is known, but that an end may be a pod that need not exist.
fn anybody<'p>(family: Family, (from, to): (MaybePod<'p>, MaybePod<'p>)) -> Seen<'p> {
    let side = |end, pod| View {
        end,
        at: At::Header,
        pod,
        host: None,
        knows_port: true,
    };
    Seen {
        family,
        source: side(HeaderEnd::Source, from),
        destination: side(HeaderEnd::Destination, to),
    }
}

impl Split {
    /// Nothing is decided yet of any packet.
    fn undecided() -> Self {
        Self {
            none: super::chain::Sum(Space::EVERYTHING),
            ..Self::default()
        }
    }
}

impl Truth {
    /// Whether it holds for no packet.
    pub(super) fn is_never(self) -> bool {
        self.possible.is_empty()
    }
}
