//! What changes no verdict, in sentences.

use crate::engine::space::{Header, Space};
use crate::engine::{Effect, Program, RuleId, RuleOwner};
use crate::finding::{Code, Finding, Place, Span};

use super::asked::{Decider, Spot};
use super::dead::{Dead, Entry, Reason, Walk};
use super::{Found, Removal};

impl Walk<'_> {
    /// Everything that was found, as findings.
    pub(super) fn told(&self) -> Vec<Found> {
        let dead = self.dead.iter();
        dead.filter_map(|dead| self.finding(dead)).collect()
    }

    fn finding(&self, dead: &Dead) -> Option<Found> {
        let program = self.reach.program();
        let rule = program.rule(dead.rule)?;
        let RuleOwner::Policy(id) = rule.owner else {
            return None;
        };
        let policy = program.policy(id)?;
        let at = |span| Place::new(&policy.place.input, span);
        let span = dead.entry.as_ref().map_or(rule.span, |entry| entry.span);
        let code = match (&dead.entry, dead.reason) {
            (Some(_), _) => Code::EntryWithoutEffect,
            (None, Reason::Opposed) => Code::OpposedRule,
            (None, _) => Code::RuleWithoutEffect,
        };
        let what = match &dead.entry {
            Some(entry) => listed(entry, &at(entry.span)),
            None => format!(
                "{} rule {} of {}",
                rule.direction.word().to_lowercase(),
                rule.index + 1,
                policy.key
            ),
        };
        let message = format!("{what} changes no verdict: {}", why(dead));
        let mut finding = Finding::new(code, at(span), message);
        if let Reason::InList(Some(holder)) = dead.reason {
            finding = finding.related(at(holder), "this one holds it");
        }
        if let Some((place, what)) = dead
            .shown
            .and_then(|(spot, packets)| self.shown(dead, rule.effect, spot, packets))
        {
            finding = match place {
                Some(place) => finding.related(place, what),
                None => finding.hint(what),
            };
        }
        let removal = match (&dead.entry, dead.reason) {
            (Some(_), _) => Some(Removal::Entry),
            (None, Reason::Opposed) => None,
            (None, _) => Some(Removal::Rule),
        };
        Some(Found { finding, removal })
    }

    /// One packet, and what decides on it.
    fn shown(
        &self,
        dead: &Dead,
        effect: Effect,
        spot: Spot,
        packets: Space,
    ) -> Option<(Option<Place>, String)> {
        let spaces = self.reach.known_spaces();
        let header = spaces.witness(packets)?;
        let asked = self.asked.get(spot.asked)?;
        if dead.reason == Reason::Behind {
            let is_gone = |rule: RuleId| self.gone.contains(&rule);
            let decider = asked.decider_behind(spot, &header, spaces, is_gone);
            return Some(self.after(decider, effect, &header));
        }
        let tier = asked.tiers.get(spot.tier)?;
        let before = tier.sure.first(&(0..spot.line), &header, spaces)?;
        let line = tier.lines.get(before)?;
        let (place, what) = self.named(line.rule)?;
        Some((Some(place), format!("{what} decides on {header} before")))
    }

    /// What happens to a packet without the rule.
    fn after(&self, decider: Decider, effect: Effect, header: &Header) -> (Option<Place>, String) {
        let does = match effect {
            Effect::Allow => "allows",
            Effect::Deny => "drops",
            Effect::Pass | Effect::Log | Effect::Unclear => "decides on",
        };
        match decider {
            Decider::Rule(rule) => match self.named(rule) {
                Some((place, what)) => (
                    Some(place),
                    format!("without it {what} {does} {header} all the same"),
                ),
                None => (None, format!("without it {header} fares the same")),
            },
            Decider::TierEnd(tier) => {
                let name = self.reach.program().tier(tier).map(|tier| &tier.name);
                let name = name.map_or("", |name| name.as_str());
                let what = format!("without it the end of tier {name} drops {header} all the same");
                (None, what)
            }
            Decider::Tail => {
                let what =
                    format!("without it no policy decides on {header}, which fares the same");
                (None, what)
            }
        }
    }

    /// A rule's place and name.
    fn named(&self, rule: RuleId) -> Option<(Place, String)> {
        named(self.reach.program(), rule)
    }
}

/// An entry as it was written.
fn listed(entry: &Entry, place: &Place) -> String {
    let text = place.input.text.get(place.span.range());
    let text = text.unwrap_or_default().trim();
    format!("`{text}` in `{}`", entry.list)
}

/// A rule's place and name.
pub(super) fn named(program: &Program, rule: RuleId) -> Option<(Place, String)> {
    let rule = program.rule(rule)?;
    let RuleOwner::Policy(id) = rule.owner else {
        return None;
    };
    let policy = program.policy(id)?;
    let span: Span = rule.span;
    let assumed = if policy.assumed { " (assumed)" } else { "" };
    Some((
        Place::new(&policy.place.input, span),
        format!(
            "{} rule {} of {}{assumed}",
            rule.direction.word().to_lowercase(),
            rule.index + 1,
            policy.key
        ),
    ))
}

fn why(dead: &Dead) -> &'static str {
    match dead.reason {
        Reason::Never if dead.entry.is_some() => "no packet that gets there needs it",
        Reason::Never => "no packet that gets there matches it",
        Reason::Before => "whatever it holds was decided before",
        Reason::Opposed => "rules before it decide all that it holds, and otherwise",
        Reason::Behind => "what it holds is decided the same without it",
        Reason::InList(Some(_)) => "another entry of the list holds all of it",
        Reason::InList(None) => "other entries of the list together hold all of it",
    }
}
