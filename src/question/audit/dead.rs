//! Rules that change no verdict.
//!
//! Rules are looked at from the last to the first, in every place where they are asked at once.
//! What a rule is the first to hold must come to the same behind it, everywhere; then it is as good
//! as gone, and what stands before it is held against the rest. So all that is found can be removed
//! together: each step leaves every verdict as it was.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::reach::{ArrivalHook, Reach};
use crate::engine::space::{Space, SpaceError};
use crate::engine::{Effect, PolicyKind, Program, Rule, RuleId, RuleOwner, Side};
use crate::finding::Span;
use crate::resource::{self, Body, Direction, ResourceSet};

use super::asked::{Asked, Spot};

/// Why something changes no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// No packet that is asked about is held.
    Never,
    /// Everything that is held was decided before.
    Before,
    /// Everything that is held was decided before, and otherwise.
    Opposed,
    /// What stands behind decides the same.
    Behind,
    /// Other entries of the list hold all of it, or that one alone.
    InList(Option<Span>),
}

/// Something that changes no verdict.
#[derive(Debug, Clone)]
pub(super) struct Dead {
    pub(super) rule: RuleId,
    /// The list entry; nothing for the whole rule.
    pub(super) entry: Option<Entry>,
    pub(super) reason: Reason,
    /// A place where it is asked, and packets of it there.
    pub(super) shown: Option<(Spot, Space)>,
}

/// An entry of a list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) span: Span,
    pub(super) list: &'static str,
}

/// Everywhere that rules are asked, and what was found so far.
pub(super) struct Walk<'p> {
    pub(super) reach: Reach<'p>,
    pub(super) asked: Vec<Asked>,
    spots: FxHashMap<RuleId, Vec<Spot>>,
    /// Lists of rules of which at least one counts.
    kept: FxHashSet<(RuleOwner, Direction)>,
    /// Rules that are as good as gone.
    pub(super) gone: FxHashSet<RuleId>,
    pub(super) dead: Vec<Dead>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(mut reach: Reach<'p>) -> Result<Self, SpaceError> {
        let mut arrivals = reach.arrivals()?;
        let drops_first = denies_before_translation(reach.program());
        for arrival in &mut arrivals {
            // By services and node ports packets come where no flow between two endpoints goes: to
            // addresses that no endpoint has, through other nodes, and from a node's own address.
            // What leaves an endpoint is what it sends, unless it is dropped by the address that it
            // has before that is changed.
            let leaves = matches!(
                arrival.hook,
                ArrivalHook::Normal(Direction::Egress) | ArrivalHook::Untracked(Direction::Egress)
            );
            if !leaves || drops_first {
                arrival.packets = Space::EVERYTHING;
            }
        }
        let mut walk = Self {
            reach,
            asked: Vec::with_capacity(arrivals.len()),
            spots: FxHashMap::default(),
            kept: FxHashSet::default(),
            gone: FxHashSet::default(),
            dead: Vec::new(),
        };
        for arrival in arrivals {
            let asked = Asked::of(arrival, walk.reach.spaces())?;
            let number = walk.asked.len();
            for (tier, of_tier) in asked.tiers.iter().enumerate() {
                for (line, of_line) in of_tier.lines.iter().enumerate() {
                    walk.spots.entry(of_line.rule).or_default().push(Spot {
                        asked: number,
                        tier,
                        line,
                    });
                }
            }
            walk.asked.push(asked);
        }
        Ok(walk)
    }

    /// Looks at every rule.
    pub(super) fn go(&mut self, resources: &ResourceSet) -> Result<(), SpaceError> {
        let program = self.reach.program();
        let mut rules: Vec<RuleId> = self.spots.keys().copied().collect();
        // Rules are numbered in the order in which they are asked.
        rules.sort_unstable();
        while let Some(last) = rules.pop() {
            let mut unit = vec![last];
            while let Some(before) = rules.pop_if(|before| are_one(program, *before, last)) {
                unit.push(before);
            }
            self.unit(&unit, resources)?;
        }
        Ok(())
    }

    /// Looks at the rules that stand at one place of the text, the last first: most often one.
    fn unit(&mut self, unit: &[RuleId], resources: &ResourceSet) -> Result<(), SpaceError> {
        let program = self.reach.program();
        let mut reasons = Vec::with_capacity(unit.len());
        for id in unit {
            let Some(rule) = program.rule(*id) else {
                return Ok(());
            };
            let found = if can_go(program, rule) {
                self.whole(*id, rule)?
            } else {
                None
            };
            reasons.extend(found);
        }
        if reasons.len() == unit.len() && !self.is_last_of_list(unit, resources) {
            let found = reasons.into_iter().next_back();
            let is_opposed = found.as_ref().is_some_and(|d| d.reason == Reason::Opposed);
            self.dead.extend(found);
            // What is opposed is told, but somebody wanted it: what is before it is held against it.
            if !is_opposed {
                self.gone.extend(unit);
                return Ok(());
            }
            for id in unit {
                self.keep(*id)?;
            }
            return Ok(());
        }
        for id in unit {
            let Some(rule) = program.rule(*id) else {
                continue;
            };
            if unit.len() == 1
                && can_go(program, rule)
                && let Some(written) = written(program, rule, resources)
            {
                self.lists(*id, rule, written)?;
            }
            self.keep(*id)?;
        }
        Ok(())
    }

    /// Whether a list is empty without these rules, and the policy governs its direction only
    /// because it is not (MOD-1, KNP-2).
    fn is_last_of_list(&self, unit: &[RuleId], resources: &ResourceSet) -> bool {
        let program = self.reach.program();
        let Some(first) = unit.last().and_then(|id| program.rule(*id)) else {
            return false;
        };
        let RuleOwner::Policy(id) = first.owner else {
            return false;
        };
        let resource = program
            .policy(id)
            .and_then(|policy| resources.get(&policy.key));
        let is_empty = first.index == 0 && !self.kept.contains(&(first.owner, first.direction));
        is_empty
            && !resource.is_some_and(|resource| {
                let types = match &resource.body {
                    Body::Policy(policy) => &policy.types,
                    Body::KubernetesPolicy(policy) => &policy.policy_types,
                    _ => return false,
                };
                types.as_ref().is_some_and(|types| !types.is_empty())
            })
    }

    /// The places of a rule; what stands behind it is ready in each.
    pub(super) fn spots(&mut self, rule: RuleId) -> Result<Vec<Spot>, SpaceError> {
        let spots = self.spots.get(&rule).cloned().unwrap_or_default();
        for spot in &spots {
            if let Some(asked) = self.asked.get_mut(spot.asked) {
                asked.go_to(spot.tier, self.reach.spaces())?;
            }
        }
        Ok(spots)
    }

    /// Why the rule changes no verdict; nothing where it does.
    fn whole(&mut self, id: RuleId, rule: &Rule) -> Result<Option<Dead>, SpaceError> {
        let spots = self.spots(id)?;
        let mut held = None;
        let mut owned = None;
        let mut opposed = true;
        for spot in &spots {
            let Some(asked) = self.asked.get_mut(spot.asked) else {
                continue;
            };
            let spaces = self.reach.spaces();
            let own = asked.owned(*spot);
            if !asked.behind.decides_alike(rule.effect, own, spaces)? {
                return Ok(None);
            }
            if !own.is_empty() {
                owned = owned.or(Some((*spot, own)));
                continue;
            }
            let (Some(line), Some(tier)) =
                (asked.line(*spot).copied(), asked.tiers.get_mut(spot.tier))
            else {
                continue;
            };
            let packets = spaces.intersection(tier.packets, line.possible)?;
            if !packets.is_empty() {
                held = held.or(Some((*spot, packets)));
                opposed = opposed && tier.is_opposed(spot.line, rule.effect, packets, spaces)?;
            }
        }
        let reason = match (owned, held) {
            (Some(_), _) => Reason::Behind,
            (None, Some(_)) if opposed => Reason::Opposed,
            (None, Some(_)) => Reason::Before,
            // Pods that are not listed may be what it is for.
            (None, None) if !self.reach.program().pods().is_empty() && asks_pods(rule) => {
                return Ok(None);
            }
            (None, None) => Reason::Never,
        };
        Ok(Some(Dead {
            rule: id,
            entry: None,
            reason,
            shown: owned.or(held),
        }))
    }

    /// Puts the rule, or what is left of it, in front of what stands behind.
    fn keep(&mut self, id: RuleId) -> Result<(), SpaceError> {
        if let Some(rule) = self.reach.program().rule(id) {
            self.kept.insert((rule.owner, rule.direction));
        }
        for spot in self.spots(id)? {
            let Some(asked) = self.asked.get_mut(spot.asked) else {
                continue;
            };
            let Some(line) = asked.line(spot).copied() else {
                continue;
            };
            if line.effect != Effect::Log {
                let spaces = self.reach.spaces();
                asked
                    .behind
                    .put(line.effect, line.yes, line.possible, spaces)?;
            }
        }
        Ok(())
    }
}

/// Whether a policy drops packets before destinations are changed.
fn denies_before_translation(program: &Program) -> bool {
    program.rules().iter().any(|rule| {
        let RuleOwner::Policy(id) = rule.owner else {
            return false;
        };
        let first = program.policy(id).is_some_and(|policy| {
            matches!(policy.kind, PolicyKind::PreDnat | PolicyKind::Untracked)
        });
        first && rule.effect != Effect::Allow
    })
}

/// Whether two rules stand at one place of the text: Calico makes several of one rule of a
/// Kubernetes policy.
fn are_one(program: &Program, one: RuleId, other: RuleId) -> bool {
    let (Some(one), Some(other)) = (program.rule(one), program.rule(other)) else {
        return false;
    };
    one.owner == other.owner && one.direction == other.direction && one.span == other.span
}

/// Whether a rule may be found: those of profiles, of what is only assumed, and those that record
/// are left alone.
fn can_go(program: &Program, rule: &Rule) -> bool {
    let RuleOwner::Policy(id) = rule.owner else {
        return false;
    };
    let policy = program.policy(id);
    rule.effect != Effect::Log && policy.is_some_and(|policy| !policy.assumed && !policy.staged)
}

/// Whether a rule asks something of pods or services that may come.
fn asks_pods(rule: &Rule) -> bool {
    let asks = |side: &Side| {
        let named = side.ports.as_ref().is_some_and(|p| !p.named.is_empty());
        side.peers.is_some() || side.service.is_some() || named
    };
    asks(&rule.source) || asks(&rule.destination)
}

/// The rule as it was written, if it is a Calico policy's.
fn written<'r>(
    program: &Program,
    rule: &Rule,
    resources: &'r ResourceSet,
) -> Option<&'r resource::Rule> {
    let RuleOwner::Policy(id) = rule.owner else {
        return None;
    };
    let policy = resources.get(&program.policy(id)?.key)?.policy()?;
    let list = match rule.direction {
        Direction::Ingress => &policy.ingress,
        Direction::Egress => &policy.egress,
    };
    list.as_ref()?.value.get(rule.index as usize)
}
