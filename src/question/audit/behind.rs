//! What becomes of packets that a rule does not decide on: what stands behind it.
//!
//! Rules are looked at from the last to the first. What stands behind is kept as runs of rules, the
//! nearest first, each at least twice as long as the one before it: to put a rule in front costs
//! little, and to ask what all of them make of a packet takes few steps.

use crate::engine::Effect;
use crate::engine::space::{Space, SpaceError, Spaces};

const ALLOW: usize = 0;
const DENY: usize = 1;
const PASS: usize = 2;

/// What rules in a row do with packets.
#[derive(Debug, Clone, Copy)]
struct Run {
    rules: usize,
    /// For each decision the packets that it may be taken for.
    may: [Space; 3],
    /// What is surely decided.
    held: Space,
}

/// How a tier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// Whether what no rule decides goes to the next tier, instead of being dropped.
    pub(super) passes: bool,
    /// Whether the tier surely counts.
    pub(super) certain: bool,
}

/// What stands behind a rule: the rest of its tier, and what follows.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    runs: Vec<Run>,
    ending: Ending,
    /// What may become of packets that go on to what follows the tier: allowed, denied, neither.
    next: [Space; 3],
    /// What is surely allowed there, and what is surely denied.
    sure: [Space; 2],
}

/// Where a decision comes to the same as another.
enum Alike {
    Everywhere,
    Nowhere,
    In(Space),
}

impl Behind {
    /// The end of a tier that `tail` follows.
    pub(super) fn end(
        ending: Ending,
        tail: [Space; 3],
        spaces: &mut Spaces,
    ) -> Result<Self, SpaceError> {
        let [allow, deny, none] = tail;
        let not_allow = spaces.union(deny, none)?;
        let not_deny = spaces.union(allow, none)?;
        Ok(Self {
            runs: Vec::new(),
            ending,
            next: tail,
            sure: [
                spaces.difference(allow, not_allow)?,
                spaces.difference(deny, not_deny)?,
            ],
        })
    }

    /// The end of the tier before, which this one follows.
    pub(super) fn tier_before(
        &self,
        ending: Ending,
        spaces: &mut Spaces,
    ) -> Result<Self, SpaceError> {
        let mut all = Run::NOTHING;
        for run in self.runs.iter().rev() {
            all = all.then(run, spaces)?;
        }
        let [mut allow, mut deny, mut on] = all.may;
        let rest = spaces.complement(all.held)?;
        if self.ending.passes || !self.ending.certain {
            on = spaces.union(on, rest)?;
        }
        if !self.ending.passes {
            deny = spaces.union(deny, rest)?;
        }
        let mut next = Vec::with_capacity(self.next.len());
        for part in self.next {
            next.push(spaces.intersection(on, part)?);
        }
        let of = |index: usize| next.get(index).copied().unwrap_or(Space::EMPTY);
        allow = spaces.union(allow, of(0))?;
        deny = spaces.union(deny, of(1))?;
        Self::end(ending, [allow, deny, of(2)], spaces)
    }

    /// Puts a rule in front.
    pub(super) fn put(
        &mut self,
        effect: Effect,
        yes: Space,
        possible: Space,
        spaces: &mut Spaces,
    ) -> Result<(), SpaceError> {
        let may = |decision: usize| match (effect, decision) {
            (Effect::Allow, ALLOW)
            | (Effect::Deny, DENY)
            | (Effect::Pass, PASS)
            | (Effect::Unclear, _) => possible,
            _ => Space::EMPTY,
        };
        let mut run = Run {
            rules: 1,
            may: [may(ALLOW), may(DENY), may(PASS)],
            held: yes,
        };
        while let Some(next) = self.runs.pop_if(|next| next.rules <= run.rules) {
            run = run.then(&next, spaces)?;
        }
        self.runs.push(run);
        Ok(())
    }

    /// Whether all of `packets` surely come to the same here as if a rule of `effect` matched them.
    pub(super) fn decides_alike(
        &self,
        effect: Effect,
        packets: Space,
        spaces: &mut Spaces,
    ) -> Result<bool, SpaceError> {
        let mut rest = packets;
        for run in self.runs.iter().rev() {
            if rest.is_empty() {
                return Ok(true);
            }
            for (decision, may) in run.may.into_iter().enumerate() {
                if !self.is_alike(effect, decision, rest, may, spaces)? {
                    return Ok(false);
                }
            }
            rest = spaces.difference(rest, run.held)?;
        }
        if rest.is_empty() {
            return Ok(true);
        }
        let Ending { passes, certain } = self.ending;
        let all = Space::EVERYTHING;
        let stays = certain && !passes;
        let on = stays || self.is_alike(effect, PASS, rest, all, spaces)?;
        let off = passes || self.is_alike(effect, DENY, rest, all, spaces)?;
        Ok(on && off)
    }

    /// Whether `decision` on those of `packets` that are in `may` comes to the same as `effect`.
    fn is_alike(
        &self,
        effect: Effect,
        decision: usize,
        packets: Space,
        may: Space,
        spaces: &mut Spaces,
    ) -> Result<bool, SpaceError> {
        Ok(match self.alike(effect, decision) {
            Alike::Everywhere => true,
            Alike::Nowhere => !spaces.overlap(packets, may),
            Alike::In(space) => {
                let asked = spaces.intersection(packets, may)?;
                spaces.is_subset(asked, space)
            }
        })
    }

    fn alike(&self, effect: Effect, decision: usize) -> Alike {
        let [allow, deny] = self.sure;
        match (effect, decision) {
            (Effect::Allow, ALLOW) | (Effect::Deny, DENY) | (Effect::Pass, PASS) => {
                Alike::Everywhere
            }
            (Effect::Allow, PASS) | (Effect::Pass, ALLOW) => Alike::In(allow),
            (Effect::Deny, PASS) | (Effect::Pass, DENY) => Alike::In(deny),
            _ => Alike::Nowhere,
        }
    }
}

impl Run {
    const NOTHING: Self = Self {
        rules: 0,
        may: [Space::EMPTY; 3],
        held: Space::EMPTY,
    };

    /// This run and, for what it does not surely decide, the other.
    fn then(&self, other: &Self, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        let mut may = self.may;
        for (part, below) in may.iter_mut().zip(other.may) {
            let own = spaces.difference(below, self.held)?;
            *part = spaces.union(*part, own)?;
        }
        Ok(Self {
            rules: self.rules.saturating_add(other.rules),
            may,
            held: spaces.union(self.held, other.held)?,
        })
    }
}
