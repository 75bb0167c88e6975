//! One endpoint, one hook, one direction: tiers, policies, rules, profiles.

use std::ops::Range;

use crate::resource::Direction;

use super::answer::{Answer, Doubt};
use super::matching::Criterion;
use super::packet::Packet;
use super::program::Program;
use super::rule::Effect;
use super::tables::{Applied, Class, ProfileId, RuleId, TierId, of_direction};

/// The policies of one hook and direction, by tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// The tiers in which at least one policy governs the direction (EVAL-6), in order.
    pub tiers: Box<[ChainTier]>,
}

/// One tier of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is known of a tier, each by itself"
)]
pub struct ChainTier {
    /// The tier.
    pub tier: TierId,
    /// Whether a packet that no rule decided on goes to the next tier (EVAL-9, EVAL-17).
    pub passes: bool,
    /// Whether an enforced policy surely governs the direction: else the tier may not count.
    pub certain: bool,
    /// Whether an enforced policy governs it that is not under way.
    pub settled: bool,
    /// Whether only assumed policies govern the direction.
    pub assumed: bool,
    /// Its policies, in order; staged ones among them, which have no lines.
    pub policies: Box<[Applied]>,
    /// The rules of its policies, in order.
    pub lines: Box<[Line]>,
    /// Those of its policies that are under way, in order.
    pub forms: Box<[Form]>,
}

impl ChainTier {
    /// Why the tier may not count, where it is not certain.
    pub(super) fn doubt(&self) -> Doubt {
        if self.forms.is_empty() {
            Doubt::NamespaceLabels
        } else {
            Doubt::UnderWay
        }
    }
}

/// One form of a policy that is under way: as it was, or as it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The step: what the two forms of a policy have in common.
    pub step: u32,
    /// Its lines among those of the tier; none where it governs the direction without a rule.
    pub lines: Range<usize>,
    /// Whether it surely applies where it is there.
    pub certain: bool,
}

/// A rule of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The rule.
    pub rule: RuleId,
    /// Why it is not known whether its policy applies; nothing where it surely does.
    pub doubt: Option<Doubt>,
    /// Whether its policy is only assumed.
    pub assumed: bool,
}

/// What may come of a chain: several outcomes where something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of outcomes, and a remark"
)]
pub(super) struct Outcomes {
    pub(super) allow: bool,
    pub(super) deny: bool,
    /// Neither: no rule and no end of tier decided.
    pub(super) none: bool,
    /// The first thing that was not known.
    pub(super) doubt: Option<Doubt>,
    /// Whether an assumed object had a part.
    pub(super) assumed: bool,
}

/// Follows an evaluation, to tell of it.
pub(super) trait Watch {
    /// Whether it wants to know.
    const ON: bool;
    /// A tier is asked.
    fn tier(&mut self, _tier: &ChainTier) {}
    /// A rule was looked at.
    fn rule(&mut self, _rule: RuleId, _answer: Answer) {}
    /// What the rule just told of asks and the packet has not.
    fn failed(&mut self, _criterion: Option<Criterion>) {}
    /// No rule of the tier decided for sure: its end does.
    fn tier_end(&mut self, _passes: bool) {}
    /// Profiles are asked.
    fn profile(&mut self, _profile: Option<ProfileId>) {}
    /// No profile let the packet pass.
    fn no_profile(&mut self) {}
}

/// Nobody follows.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    const ON: bool = false;
}

impl Program {
    /// The tiers of `chain` on `packet` (EVAL-6 to EVAL-9).
    pub(super) fn ask_tiers<W: Watch>(
        &self,
        chain: &Chain,
        packet: &Packet<'_>,
        watch: &mut W,
    ) -> Outcomes {
        let mut out = Outcomes::default();
        for tier in &chain.tiers {
            watch.tier(tier);
            let mut passed = false;
            let mut ended = false;
            for line in &tier.lines {
                let Some(rule) = self.rules.get(line.rule.index()) else {
                    continue;
                };
                if rule.effect == Effect::Log && !W::ON {
                    continue;
                }
                let mut answer = self.matches(rule, packet);
                if answer == Answer::No {
                    if W::ON {
                        watch.rule(line.rule, answer);
                        watch.failed(self.fails_at(rule, packet));
                    }
                    continue;
                }
                if let (Some(doubt), Answer::Yes) = (line.doubt, answer) {
                    answer = Answer::Maybe(doubt);
                }
                watch.rule(line.rule, answer);
                if rule.effect == Effect::Log {
                    continue;
                }
                if rule.effect == Effect::Unclear {
                    out.note(Doubt::Action);
                }
                if let Answer::Maybe(doubt) = answer {
                    out.note(doubt);
                }
                out.assumed |= line.assumed;
                match rule.effect {
                    Effect::Allow => out.allow = true,
                    Effect::Deny => out.deny = true,
                    Effect::Pass | Effect::Log => passed = true,
                    Effect::Unclear => {
                        out.allow = true;
                        out.deny = true;
                        passed = true;
                    }
                }
                if answer == Answer::Yes {
                    let decides = matches!(rule.effect, Effect::Allow | Effect::Deny);
                    // An earlier rule may have passed the packet on: then the next tier is asked
                    // all the same.
                    if decides && !passed {
                        return out;
                    }
                    ended = true;
                    break;
                }
            }
            if ended {
                continue;
            }
            watch.tier_end(tier.passes);
            if !tier.passes {
                out.deny = true;
                out.assumed |= tier.assumed;
                if !tier.certain {
                    out.note(tier.doubt());
                } else if !passed {
                    return out;
                }
            }
        }
        out.none = true;
        out
    }

    /// Tiers, then profiles (EVAL-10 to EVAL-12).
    pub(super) fn ask_all<W: Watch>(
        &self,
        class: &Class,
        direction: Direction,
        packet: &Packet<'_>,
        watch: &mut W,
    ) -> Outcomes {
        let chain = of_direction(&class.normal, direction);
        let mut out = self.ask_tiers(chain, packet, watch);
        if !out.none {
            return out;
        }
        out.none = false;
        for id in &class.profiles {
            watch.profile(*id);
            let Some(profile) = id.and_then(|id| self.profiles.get(id.index())) else {
                // EVAL-11: rules that drop everything stand in for a missing profile.
                out.deny = true;
                return out;
            };
            if *of_direction(&profile.allows_all, direction) {
                out.allow = true;
                return out;
            }
            for index in of_direction(&profile.rules, direction).clone() {
                let id = RuleId::new(index as usize);
                let Some(rule) = self.rules.get(id.index()) else {
                    continue;
                };
                let answer = self.matches(rule, packet);
                watch.rule(id, answer);
                let decides = match rule.effect {
                    Effect::Allow => Some(&mut out.allow),
                    Effect::Deny => Some(&mut out.deny),
                    // EVAL-10: no rule of a profile passes anything on.
                    _ => None,
                };
                match (decides, answer) {
                    (None, _) | (_, Answer::No) => {}
                    (Some(bit), Answer::Yes) => {
                        *bit = true;
                        return out;
                    }
                    (Some(bit), Answer::Maybe(doubt)) => {
                        *bit = true;
                        out.note(doubt);
                    }
                }
            }
        }
        watch.no_profile();
        out.deny = true;
        out
    }
}

impl Outcomes {
    fn note(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }
}
