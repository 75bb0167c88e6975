//! What the policies of one endpoint do with all packets of one hook and direction.

use std::sync::Arc;

use crate::engine::answer::Doubt;
use crate::engine::chain::{Chain, ChainTier, Line};
use crate::engine::rule::Effect;
use crate::engine::space::{Space, SpaceError};
use crate::engine::tables::{Class, ClassId, RuleId, of_direction};
use crate::resource::Direction;

use super::Work;
use super::truth::Truth;
use super::view::{Seen, ViewKey};
use crate::engine::address::Family;

/// Whose policies: those of endpoints of the input, or of pods that need not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ClassRef {
    /// A class of the program.
    Listed(ClassId),
    /// The class of the pod of that number.
    Imagined(usize),
}

/// Which of a class's chains, and whether profiles are asked behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Untracked(Direction),
    PreDnat,
    /// With profiles (EVAL-10 to EVAL-12).
    Normal(Direction),
    Forward(Direction),
}

impl Part {
    /// The chain of that part.
    pub(super) fn of(self, class: &Class) -> &Chain {
        match self {
            Self::Untracked(direction) => of_direction(&class.untracked, direction),
            Self::PreDnat => &class.pre_dnat,
            Self::Normal(direction) => of_direction(&class.normal, direction),
            Self::Forward(direction) => of_direction(&class.forward, direction),
        }
    }
}

/// What may come of packets: a packet may be in several sets where something is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Split {
    pub(super) allow: Sum,
    pub(super) deny: Sum,
    /// Neither: no rule and no end of tier decided.
    pub(super) none: Sum,
    /// What was not known of which packets, in the order in which it was met.
    pub(super) notes: Vec<(Doubt, Space)>,
}

/// A space that begins as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sum(pub(super) Space);

impl Default for Sum {
    fn default() -> Self {
        Self(Space::EMPTY)
    }
}

/// What chains are known by.
pub(super) type ChainKey = (ClassRef, Part, Family, ViewKey, ViewKey);

/// What a tier does besides deciding at its end.
const ALLOW: usize = 0;
const DENY: usize = 1;
const PASS: usize = 2;

impl Work<'_> {
    /// What the policies of `class` do with packets, as `seen` there.
    pub(super) fn chain(
        &mut self,
        which: ClassRef,
        class: &Class,
        part: Part,
        seen: &Seen<'_>,
    ) -> Result<Arc<Split>, SpaceError> {
        let key = self.chain_key(which, class, part, seen);
        if let Some(split) = self.chains.get(&key) {
            return Ok(Arc::clone(split));
        }
        let mut split = self.tiers(part.of(class), seen)?;
        if let Part::Normal(direction) = part {
            self.profiles(class, direction, seen, &mut split)?;
        }
        let split = Arc::new(split);
        self.chains.insert(key, Arc::clone(&split));
        Ok(split)
    }

    /// What the chain is known by: views that no rule of it tells apart have one.
    pub(super) fn chain_key(
        &mut self,
        which: ClassRef,
        class: &Class,
        part: Part,
        seen: &Seen<'_>,
    ) -> ChainKey {
        let (by_source, by_destination) = self.asks_labels(which, class, part);
        (
            which,
            part,
            seen.family,
            seen.source.key(by_source),
            seen.destination.key(by_destination),
        )
    }

    /// Whether any rule asks for labels of the source, and of the destination.
    fn asks_labels(&mut self, which: ClassRef, class: &Class, part: Part) -> (bool, bool) {
        if let Some(known) = self.label_asking.get(&(which, part)) {
            return *known;
        }
        let lines = part.of(class).tiers.iter().flat_map(|tier| &tier.lines);
        let mut asks = (false, false);
        for rule in lines.filter_map(|line| self.program.rule(line.rule)) {
            asks.0 |= rule.source.asks_labels();
            asks.1 |= rule.destination.asks_labels();
        }
        // Rules of profiles are few and seldom: taken to ask.
        let profiles = class.profiles.iter().flatten();
        let mut plain = profiles.filter_map(|id| self.program.profile(*id));
        if plain.any(|profile| profile.rules.iter().any(|rules| !rules.is_empty())) {
            asks = (true, true);
        }
        self.label_asking.insert((which, part), asks);
        asks
    }

    /// EVAL-6 to EVAL-9.
    fn tiers(&mut self, chain: &Chain, seen: &Seen<'_>) -> Result<Split, SpaceError> {
        let mut split = Split::default();
        let mut here = Space::EVERYTHING;
        for tier in &chain.tiers {
            if here.is_empty() {
                break;
            }
            here = self.tier(tier, here, seen, &mut split)?;
        }
        split.none = Sum(here);
        Ok(split)
    }

    /// What one tier does with the packets of `here`, and which of them the next is asked about.
    fn tier(
        &mut self,
        tier: &ChainTier,
        here: Space,
        seen: &Seen<'_>,
        split: &mut Split,
    ) -> Result<Space, SpaceError> {
        if !tier.forms.is_empty() {
            return self.tier_under_way(tier, here, seen, split);
        }
        let lines = self.known_lines(&tier.lines, seen)?;
        let is_plain =
            |(effect, truth): &(Effect, Truth)| truth.is_sure() && *effect != Effect::Unclear;
        let (undecided, passed) = if lines.iter().all(is_plain) {
            self.plain_lines(&lines, here, split)?
        } else {
            self.doubtful_lines(&lines, here, split)?
        };
        let mut next = passed;
        if tier.passes {
            return self.spaces.union(next, undecided);
        }
        split.deny.0 = self.spaces.union(split.deny.0, undecided)?;
        if !tier.certain {
            self.note(&mut split.notes, tier.doubt(), undecided)?;
            next = self.spaces.union(next, undecided)?;
        }
        Ok(next)
    }

    /// What the rules of some lines match, as `seen` there. That a policy is under way is not
    /// among the doubts.
    pub(super) fn known_lines(
        &mut self,
        lines: &[Line],
        seen: &Seen<'_>,
    ) -> Result<Vec<(Effect, Truth)>, SpaceError> {
        let mut known = Vec::with_capacity(lines.len());
        for Line { rule, doubt, .. } in lines {
            let Some(effect) = self.program.rule(*rule).map(|rule| rule.effect) else {
                continue;
            };
            if effect == Effect::Log {
                continue;
            }
            let mut truth = self.rule(*rule, seen)?;
            if truth.is_never() {
                continue;
            }
            if let Some(doubt) = doubt.filter(|doubt| *doubt != Doubt::UnderWay) {
                truth = truth.doubted(doubt);
            }
            known.push((effect, truth));
        }
        Ok(known)
    }

    /// Lines of which everything is known: the first that matches decides.
    fn plain_lines(
        &mut self,
        lines: &[(Effect, Truth)],
        here: Space,
        split: &mut Split,
    ) -> Result<(Space, Space), SpaceError> {
        let list: Vec<(Space, usize)> = lines
            .iter()
            .map(|(effect, truth)| {
                let decision = match effect {
                    Effect::Allow => ALLOW,
                    Effect::Deny => DENY,
                    Effect::Pass | Effect::Log | Effect::Unclear => PASS,
                };
                (truth.yes, decision)
            })
            .collect();
        let decided = self.spaces.decide(&list, 3)?;
        let part = |number: usize| decided.parts.get(number).copied().unwrap_or(Space::EMPTY);
        let allow = self.spaces.intersection(here, part(ALLOW))?;
        let deny = self.spaces.intersection(here, part(DENY))?;
        let passed = self.spaces.intersection(here, part(PASS))?;
        split.allow.0 = self.spaces.union(split.allow.0, allow)?;
        split.deny.0 = self.spaces.union(split.deny.0, deny)?;
        Ok((self.spaces.intersection(here, decided.rest)?, passed))
    }

    /// Lines of which something is not known: every outcome that may be is followed.
    pub(super) fn doubtful_lines(
        &mut self,
        lines: &[(Effect, Truth)],
        here: Space,
        split: &mut Split,
    ) -> Result<(Space, Space), SpaceError> {
        let mut live = here;
        let mut passed = Space::EMPTY;
        for (effect, truth) in lines {
            let hit = self.spaces.intersection(live, truth.possible)?;
            if hit.is_empty() {
                continue;
            }
            if let Some(doubt) = truth.doubt {
                let unsure = self.spaces.difference(hit, truth.yes)?;
                self.note(&mut split.notes, doubt, unsure)?;
            }
            if *effect == Effect::Unclear {
                self.note(&mut split.notes, Doubt::Action, hit)?;
            }
            if matches!(effect, Effect::Allow | Effect::Unclear) {
                split.allow.0 = self.spaces.union(split.allow.0, hit)?;
            }
            if matches!(effect, Effect::Deny | Effect::Unclear) {
                split.deny.0 = self.spaces.union(split.deny.0, hit)?;
            }
            if matches!(effect, Effect::Pass | Effect::Unclear) {
                passed = self.spaces.union(passed, hit)?;
            }
            live = self.spaces.difference(live, truth.yes)?;
        }
        Ok((live, passed))
    }

    /// EVAL-10 to EVAL-12.
    pub(super) fn profiles(
        &mut self,
        class: &Class,
        direction: Direction,
        seen: &Seen<'_>,
        split: &mut Split,
    ) -> Result<(), SpaceError> {
        let mut here = std::mem::take(&mut split.none).0;
        for id in &class.profiles {
            if here.is_empty() {
                return Ok(());
            }
            let program = self.program;
            let Some(profile) = id.and_then(|id| program.profile(id)) else {
                // EVAL-11: rules that drop everything stand in for a missing profile.
                break;
            };
            if *of_direction(&profile.allows_all, direction) {
                split.allow.0 = self.spaces.union(split.allow.0, here)?;
                return Ok(());
            }
            let rules = of_direction(&profile.rules, direction).clone();
            let rules = rules.map(|index| RuleId::new(index as usize));
            for rule in rules {
                let effect = self.program.rule(rule).map(|rule| rule.effect);
                // EVAL-10: no rule of a profile passes anything on.
                let Some(effect @ (Effect::Allow | Effect::Deny)) = effect else {
                    continue;
                };
                let truth = self.rule(rule, seen)?;
                let hit = self.spaces.intersection(here, truth.possible)?;
                let into = match effect {
                    Effect::Allow => &mut split.allow.0,
                    _ => &mut split.deny.0,
                };
                *into = self.spaces.union(*into, hit)?;
                if let Some(doubt) = truth.doubt {
                    let unsure = self.spaces.difference(hit, truth.yes)?;
                    self.note(&mut split.notes, doubt, unsure)?;
                }
                here = self.spaces.difference(here, truth.yes)?;
            }
        }
        split.deny.0 = self.spaces.union(split.deny.0, here)?;
        Ok(())
    }

    /// Notes what is not known of some packets.
    pub(super) fn note(
        &mut self,
        notes: &mut Vec<(Doubt, Space)>,
        doubt: Doubt,
        space: Space,
    ) -> Result<(), SpaceError> {
        if space.is_empty() {
            return Ok(());
        }
        match notes.iter_mut().find(|(known, _)| *known == doubt) {
            Some((_, known)) => *known = self.spaces.union(*known, space)?,
            None => notes.push((doubt, space)),
        }
        Ok(())
    }
}
