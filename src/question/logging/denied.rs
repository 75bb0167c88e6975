//! What each policy denies and records, at every hook of every class of endpoints.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::engine::reach::{Arrival, ArrivalHook, ArrivalOwner, ArrivalTier, End, Reach};
use crate::engine::space::{Space, SpaceError, Spaces};
use crate::engine::{Chain, ChainTier, Class, Effect, PolicyId, Program, RuleOwner};
use crate::resource::Direction;

/// Why packets are with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A Deny rule of its own drops them, or may: what is before it may hold them.
    Rule,
    /// A Deny rule of its own drops them, and no other rule of it may hold them.
    SureRule,
    /// The end of its tier drops them.
    End,
    /// A Log rule of its own records them.
    Log,
}

type PartKey = (PolicyId, Direction, Cause);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The packets, by the number of the place where they were found.
    parts: BTreeMap<PartKey, BTreeMap<usize, Space>>,
    /// The Deny rules that drop anything, by their places in their lists, each with the rules of the
    /// same policy before it that take packets away from it.
    pub(super) denying: BTreeMap<(PolicyId, Direction), BTreeMap<u32, BTreeSet<u32>>>,
    /// The last policy that any endpoint shares with a policy.
    pub(super) last: BTreeMap<(PolicyId, Direction), PolicyId>,
    /// Policies that anything gets to.
    pub(super) reached: BTreeSet<PolicyId>,
}

impl Tally {
    /// The packets of one part, by place.
    pub(super) fn part(
        &self,
        policy: PolicyId,
        direction: Direction,
        cause: Cause,
    ) -> BTreeMap<usize, Space> {
        let key = (policy, direction, cause);
        self.parts.get(&key).cloned().unwrap_or_default()
    }

    /// Whether there is any packet in a part.
    pub(super) fn has(&self, policy: PolicyId, direction: Direction, cause: Cause) -> bool {
        self.parts.contains_key(&(policy, direction, cause))
    }

    fn add(
        &mut self,
        key: PartKey,
        place: usize,
        space: Space,
        spaces: &mut Spaces,
    ) -> Result<(), SpaceError> {
        if space.is_empty() {
            return Ok(());
        }
        let known = self.parts.entry(key).or_default();
        let known = known.entry(place).or_insert(Space::EMPTY);
        *known = spaces.union(*known, space)?;
        Ok(())
    }
}

/// What the policies of a program deny and record. Where it is not known whether a rule matches, a
/// packet counts with the rule and with what comes behind it.
pub(super) fn tally(reach: &mut Reach<'_>) -> Result<Tally, SpaceError> {
    let arrivals = reach.arrivals()?;
    let program = reach.program();
    let imagined: FxHashMap<usize, Class> = reach
        .ends()
        .filter_map(|(_, end)| match end {
            End::Imagined { number, pods } => Some((*number, pods.first()?.class.clone())),
            _ => None,
        })
        .collect();
    let mut found = Tally::default();
    for (place, arrival) in arrivals.iter().enumerate() {
        let class = match arrival.owner {
            ArrivalOwner::Listed(id) => program.class(id),
            ArrivalOwner::Imagined(number) => imagined.get(&number),
        };
        if let Some(class) = class {
            let (chain, direction) = chain_of(class, arrival.hook);
            let mut look = Look {
                program,
                found: &mut found,
                place,
                direction,
            };
            look.at(arrival, chain, reach.spaces())?;
        }
    }
    Ok(found)
}

fn chain_of(class: &Class, hook: ArrivalHook) -> (&Chain, Direction) {
    fn of(chains: &[Chain; 2], direction: Direction) -> (&Chain, Direction) {
        let [ingress, egress] = chains;
        match direction {
            Direction::Ingress => (ingress, direction),
            Direction::Egress => (egress, direction),
        }
    }
    match hook {
        ArrivalHook::Untracked(direction) => of(&class.untracked, direction),
        ArrivalHook::PreDnat => (&class.pre_dnat, Direction::Ingress),
        ArrivalHook::Normal(direction) => of(&class.normal, direction),
        ArrivalHook::Forward(direction) => of(&class.forward, direction),
    }
}

/// The policy whose rules are looked at.
struct Own {
    policy: PolicyId,
    /// The packets that got to it.
    arrived: Space,
    /// Those of them that none of its rules so far may let pass.
    sure: Space,
    /// Its rules so far that let packets pass, and the packets.
    before: Vec<(u32, Space)>,
}

impl Own {
    fn new(policy: PolicyId, arrived: Space) -> Self {
        Self {
            policy,
            arrived,
            sure: arrived,
            before: Vec::new(),
        }
    }
}

/// A look at one place.
struct Look<'a> {
    program: &'a Program,
    found: &'a mut Tally,
    place: usize,
    direction: Direction,
}

impl Look<'_> {
    fn at(
        &mut self,
        arrival: &Arrival,
        chain: &Chain,
        spaces: &mut Spaces,
    ) -> Result<(), SpaceError> {
        let mut packets = arrival.packets;
        for (tier, policies) in arrival.tiers.iter().zip(&chain.tiers) {
            if packets.is_empty() {
                break;
            }
            packets = self.tier(tier, policies, packets, spaces)?;
        }
        Ok(())
    }

    /// Looks at one tier, and says which packets the next is asked about.
    fn tier(
        &mut self,
        tier: &ArrivalTier,
        chain: &ChainTier,
        packets: Space,
        spaces: &mut Spaces,
    ) -> Result<Space, SpaceError> {
        let mut here = packets;
        let mut passed = Space::EMPTY;
        let mut own: Option<Own> = None;
        for line in &tier.lines {
            let Some(rule) = self.program.rule(line.rule) else {
                continue;
            };
            let RuleOwner::Policy(id) = rule.owner else {
                continue;
            };
            let own = match &mut own {
                Some(known) if known.policy == id => known,
                other => other.insert(Own::new(id, here)),
            };
            let hit = spaces.intersection(here, line.possible)?;
            match line.effect {
                Effect::Log => {
                    let key = (id, self.direction, Cause::Log);
                    self.found.add(key, self.place, hit, spaces)?;
                    continue;
                }
                Effect::Deny => {
                    let key = (id, self.direction, Cause::Rule);
                    self.found.add(key, self.place, hit, spaces)?;
                    let surely = spaces.intersection(own.sure, line.possible)?;
                    let key = (id, self.direction, Cause::SureRule);
                    self.found.add(key, self.place, surely, spaces)?;
                    if !hit.is_empty() {
                        let whole = spaces.intersection(own.arrived, line.possible)?;
                        self.denies(own, rule.index, whole, spaces);
                    }
                }
                Effect::Allow | Effect::Pass | Effect::Unclear => {
                    if line.effect != Effect::Allow {
                        passed = spaces.union(passed, hit)?;
                    }
                    own.before.push((rule.index, line.possible));
                    own.sure = spaces.difference(own.sure, line.possible)?;
                }
            }
            here = spaces.difference(here, line.yes)?;
        }
        let enforced: Vec<PolicyId> = chain
            .policies
            .iter()
            .map(|applied| applied.policy)
            .filter(|id| self.program.policy(*id).is_some_and(|p| !p.staged))
            .collect();
        self.found.reached.extend(&enforced);
        for id in &enforced {
            if let Some(last) = enforced.iter().max() {
                let known = self.found.last.entry((*id, self.direction));
                let known = known.or_insert(*last);
                *known = (*known).max(*last);
            }
        }
        if tier.passes {
            return spaces.union(passed, here);
        }
        for id in enforced {
            let key = (id, self.direction, Cause::End);
            self.found.add(key, self.place, here, spaces)?;
        }
        if tier.certain {
            Ok(passed)
        } else {
            spaces.union(passed, here)
        }
    }

    /// Notes a Deny rule that drops something of `whole`, all that gets to its policy and matches it,
    /// and which of the rules before it in the policy hold some of that.
    fn denies(&mut self, own: &Own, index: u32, whole: Space, spaces: &mut Spaces) {
        let key = (own.policy, self.direction);
        let known = self.found.denying.entry(key).or_default();
        let overlapping = known.entry(index).or_default();
        for (earlier, space) in &own.before {
            if spaces.overlap(whole, *space) {
                overlapping.insert(*earlier);
            }
        }
    }
}
