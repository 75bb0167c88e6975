//! Where rules are asked: each class of endpoints and hook, with the rules there and which packets
//! each is the first to hold.

use crate::engine::reach::{Arrival, ArrivalLine, ArrivalSide};
use crate::engine::space::{Header, Space, SpaceError, Spaces};
use crate::engine::{Effect, RuleId, TierId};

use super::behind::{Behind, Ending};
use super::tree::Tree;

/// The rules of one class of endpoints at one hook, looked at from the last to the first.
pub(super) struct Asked {
    pub(super) source: ArrivalSide,
    pub(super) destination: ArrivalSide,
    pub(super) tiers: Vec<AskedTier>,
    /// The tier that is looked at.
    tier: usize,
    /// What stands behind the rule that is looked at.
    pub(super) behind: Behind,
}

/// A tier there.
pub(super) struct AskedTier {
    pub(super) tier: TierId,
    ending: Ending,
    /// The packets that it is asked about.
    pub(super) packets: Space,
    /// Its rules, in order. What is taken from a rule is gone from here too.
    pub(super) lines: Vec<ArrivalLine>,
    /// Of each rule the packets that no rule before surely holds.
    pub(super) owned: Vec<Space>,
    /// What each rule surely holds.
    pub(super) sure: Tree,
    /// By decision (allow, deny, pass) what each rule that takes it is the first to hold. Made
    /// where somebody asks.
    firsts: Option<[Tree; 3]>,
}

/// A rule's place in one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) asked: usize,
    pub(super) tier: usize,
    pub(super) line: usize,
}

/// What decides on a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decider {
    Rule(RuleId),
    TierEnd(TierId),
    /// No policy at all.
    Tail,
}

impl Asked {
    pub(super) fn of(arrival: Arrival, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        let mut packets = arrival.packets;
        let mut tiers = Vec::with_capacity(arrival.tiers.len());
        for tier in arrival.tiers {
            let ending = Ending {
                passes: tier.passes,
                certain: tier.certain,
            };
            let (tier, next) = AskedTier::of(tier.tier, ending, tier.lines, packets, spaces)?;
            tiers.push(tier);
            packets = next;
        }
        let last = tiers.last().map_or(
            Ending {
                passes: true,
                certain: true,
            },
            |tier| tier.ending,
        );
        Ok(Self {
            source: arrival.source,
            destination: arrival.destination,
            tier: tiers.len().saturating_sub(1),
            behind: Behind::end(last, arrival.tail, spaces)?,
            tiers,
        })
    }

    /// Goes on to a tier, the one that is looked at or one before it.
    pub(super) fn go_to(&mut self, tier: usize, spaces: &mut Spaces) -> Result<(), SpaceError> {
        while self.tier > tier {
            self.tier -= 1;
            if let Some(before) = self.tiers.get(self.tier) {
                self.behind = self.behind.tier_before(before.ending, spaces)?;
            }
        }
        Ok(())
    }

    pub(super) fn line(&self, spot: Spot) -> Option<&ArrivalLine> {
        self.tiers.get(spot.tier)?.lines.get(spot.line)
    }

    /// The packets of a rule that no rule before it surely holds.
    pub(super) fn owned(&self, spot: Spot) -> Space {
        let tier = self.tiers.get(spot.tier);
        let owned = tier.and_then(|tier| tier.owned.get(spot.line));
        owned.copied().unwrap_or(Space::EMPTY)
    }

    /// What decides on a packet that passes the rule of `spot` by. `is_gone` says which rules are
    /// not to be there.
    pub(super) fn decider_behind(
        &self,
        spot: Spot,
        header: &Header,
        spaces: &Spaces,
        is_gone: impl Fn(RuleId) -> bool,
    ) -> Decider {
        let mut from = spot.line.saturating_add(1);
        for tier in self.tiers.iter().skip(spot.tier) {
            let mut passed = false;
            while let Some(at) = tier.sure.first(&(from..tier.lines.len()), header, spaces) {
                from = at + 1;
                let Some(line) = tier.lines.get(at) else {
                    break;
                };
                if is_gone(line.rule) || !spaces.contains(line.yes, header) {
                    continue;
                }
                if line.effect == Effect::Pass {
                    passed = true;
                    break;
                }
                return Decider::Rule(line.rule);
            }
            if !passed && !tier.ending.passes {
                return Decider::TierEnd(tier.tier);
            }
            from = 0;
        }
        Decider::Tail
    }
}

impl AskedTier {
    /// The tier, and the packets that may go on to the next.
    fn of(
        tier: TierId,
        ending: Ending,
        lines: Vec<ArrivalLine>,
        packets: Space,
        spaces: &mut Spaces,
    ) -> Result<(Self, Space), SpaceError> {
        let counts = |line: &&ArrivalLine| line.effect != Effect::Log;
        let mut sure = Vec::with_capacity(lines.len());
        let mut parts = Vec::with_capacity(lines.len());
        for line in &lines {
            // MOD-8: a rule that records decides nothing.
            let is_asked = counts(&line);
            sure.push(if is_asked { line.yes } else { Space::EMPTY });
            parts.push(if is_asked {
                spaces.intersection(packets, line.possible)?
            } else {
                Space::EMPTY
            });
        }
        let sure = Tree::of(sure, spaces)?;
        let owned = sure.without_earlier(parts, spaces)?;
        let mut on = Vec::new();
        for (line, part) in lines.iter().zip(&owned) {
            if matches!(line.effect, Effect::Pass | Effect::Unclear) {
                on.push(*part);
            }
        }
        if ending.passes || !ending.certain {
            on.push(spaces.difference(packets, sure.all())?);
        }
        let next = spaces.union_of(&on)?;
        let tier = Self {
            tier,
            ending,
            packets,
            lines,
            owned,
            sure,
            firsts: None,
        };
        Ok((tier, next))
    }

    /// Whether all of `packets`, which rules before the one at `line` hold, are decided otherwise
    /// there than by `effect`.
    pub(super) fn is_opposed(
        &mut self,
        line: usize,
        effect: Effect,
        packets: Space,
        spaces: &mut Spaces,
    ) -> Result<bool, SpaceError> {
        if self.firsts.is_none() {
            let of = |effects: &[Effect]| -> Vec<Space> {
                let lines = self.lines.iter().zip(&self.owned);
                let part = |(line, owned): (&ArrivalLine, &Space)| {
                    if effects.contains(&line.effect) {
                        *owned
                    } else {
                        Space::EMPTY
                    }
                };
                lines.map(part).collect()
            };
            self.firsts = Some([
                Tree::of(of(&[Effect::Allow, Effect::Unclear]), spaces)?,
                Tree::of(of(&[Effect::Deny, Effect::Unclear]), spaces)?,
                Tree::of(of(&[Effect::Pass]), spaces)?,
            ]);
        }
        let Some([allow, deny, pass]) = &self.firsts else {
            return Ok(false);
        };
        let own = match effect {
            Effect::Allow => allow,
            Effect::Deny => deny,
            Effect::Pass | Effect::Log | Effect::Unclear => return Ok(false),
        };
        let before = 0..line;
        Ok(!own.meets(&before, packets, spaces) && !pass.meets(&before, packets, spaces))
    }
}
