//! What was proven and what was not, for people and for machines: one file a format.

pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;

use crate::engine::{Answer, StageDecision, WayTrace, Why};
use crate::finding::Place;
use crate::profile::Network;
use crate::question::intent::{Expect, Intent};
use crate::question::verify::{Counter, Fault, Proof, ProofOutcome};

/// How many rows of like packets are told to people.
const ROWS: usize = 5;

/// What was proven of every cluster that was looked at.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    /// The clusters, in the order in which they are told.
    pub cases: Vec<Proven>,
}

/// What was proven of one cluster.
#[derive(Debug, Clone)]
pub struct Proven {
    /// For whom: `region us-south`, `cluster shop in region eu-de`, or what was given.
    pub target: String,
    /// The networks whose built-in intents were asked about; none where only a file's were.
    pub networks: Vec<Network>,
    /// Whether the platform's own policies are in place.
    pub baseline: bool,
    /// Whether sample workers stand for workers that nobody lists.
    pub sampled: bool,
    /// Whether host endpoints are taken to be there that neither the platform makes nor the input
    /// has.
    pub guarded: bool,
    /// The label that no pod is taken to have; nothing where the input lists the pods.
    pub absent: Option<String>,
    /// What must hold.
    pub intents: Vec<Intent>,
    /// What is known of each intent, in the same order.
    pub proofs: Vec<Proof>,
}

/// The outcomes, in the order in which they are counted.
const OUTCOMES: [ProofOutcome; 4] = [
    ProofOutcome::Proved,
    ProofOutcome::Empty,
    ProofOutcome::Refuted,
    ProofOutcome::Unknown,
];

impl Proofs {
    /// Whether nothing speaks against any intent.
    pub fn hold(&self) -> bool {
        self.cases.iter().all(|case| case.failed().next().is_none())
    }

    /// How many intents came to `outcome`.
    pub fn count(&self, outcome: ProofOutcome) -> usize {
        self.cases.iter().map(|case| case.count(outcome)).sum()
    }

    /// How it went, in one line: `104 intents in 2 cases: 103 proved, 1 refuted`.
    pub fn summary(&self) -> String {
        let intents: usize = self.cases.iter().map(|case| case.intents.len()).sum();
        let counts = counts(|outcome| self.count(outcome));
        let amount = |number: usize, word: &str| match number {
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        };
        format!(
            "{} in {}: {counts}",
            amount(intents, "intent"),
            amount(self.cases.len(), "case")
        )
    }
}

fn counts(count: impl Fn(ProofOutcome) -> usize) -> String {
    let told: Vec<String> = OUTCOMES
        .into_iter()
        .map(|outcome| (count(outcome), outcome.word()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    told.join(", ")
}

impl Proven {
    /// Which cluster it is, in one line.
    pub fn heading(&self) -> String {
        let mut text = plain(&self.target);
        if let Some((last, rest)) = self.networks.split_last() {
            let words: Vec<&str> = rest.iter().map(|network| network.word()).collect();
            text.push_str(", ");
            for word in words {
                text.push_str(word);
                text.push_str(" and ");
            }
            text.push_str(last.word());
            text.push_str(" network");
        }
        text.push_str(if self.baseline {
            ", with the platform's own policies"
        } else {
            ", without the platform's own policies"
        });
        text
    }

    /// What the proofs go by, besides the input, each in a sentence.
    pub fn assumptions(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.sampled {
            told.push("Sample workers stand for the workers, which are not listed.".to_owned());
        }
        if self.guarded {
            told.push(
                "Workers have host endpoints, which the platform does not make and the input does \
                 not have."
                    .to_owned(),
            );
        }
        told.push(match &self.absent {
            Some(label) => format!("Pods need not exist; none has the label `{label}`."),
            None => "There are no pods but those of the input.".to_owned(),
        });
        told
    }

    /// How many intents came to `outcome`.
    pub fn count(&self, outcome: ProofOutcome) -> usize {
        let proofs = self.proofs.iter();
        proofs.filter(|proof| proof.outcome == outcome).count()
    }

    /// Every intent with its proof.
    pub fn all(&self) -> impl Iterator<Item = (&Intent, &Proof)> {
        self.intents.iter().zip(&self.proofs)
    }

    /// The intents that do not hold, or of which it is not known.
    pub fn failed(&self) -> impl Iterator<Item = (&Intent, &Proof)> {
        self.all().filter(|(_, proof)| !proof.outcome.holds())
    }

    fn counted(&self) -> String {
        counts(|outcome| self.count(outcome))
    }
}

/// What is wrong with a flow that speaks against `intent`, in a sentence without its stop.
pub(in crate::report) fn wrong(intent: &Intent, counter: &Counter) -> String {
    let mut packet = counter.header.to_string();
    if !counter.called.is_empty() {
        let names: Vec<String> = counter.called.iter().map(|n| format!("`{n}`")).collect();
        packet.push_str(&format!(
            ", where the receiver calls the port {},",
            names.join(" and ")
        ));
    }
    match (counter.fault, intent.expect) {
        (Fault::Dropped, _) => format!("{packet} is dropped and should pass"),
        (Fault::Passes, Expect::Exactly) => {
            format!("{packet} passes and is none of those that should")
        }
        (Fault::Passes, _) => format!("{packet} passes and should be dropped"),
        (Fault::Unknown(doubt), _) => {
            format!("whether {packet} passes is not known: {doubt}")
        }
    }
}

/// On how many further ways something speaks against the intent, if there are more.
fn more_ways(proof: &Proof) -> Option<String> {
    match proof.against.saturating_sub(proof.counters.len().max(1)) {
        0 => None,
        1 => Some("and 1 more way between kinds of ends".to_owned()),
        more => Some(format!("and {more} more ways between kinds of ends")),
    }
}

/// All packets like a counter's, a line for each row, cut short.
fn like(counter: &Counter) -> Vec<String> {
    let cubes = &counter.like.cubes;
    let mut lines: Vec<String> = cubes.iter().take(ROWS).map(ToString::to_string).collect();
    match (cubes.len().saturating_sub(ROWS), counter.like.complete) {
        (0, true) => {}
        (0, false) => lines.push("… and more".to_owned()),
        (more, true) => lines.push(format!("… and {more} more")),
        (more, false) => lines.push(format!("… and more than {more} more")),
    }
    lines
}

/// Where what becomes of a counter's flow was decided: the rule, or the last policy that was asked.
pub(in crate::report) fn decided_at(counter: &Counter) -> Option<&Place> {
    let ways = counter.answered.to_each.iter();
    let ways = ways.flat_map(|each| &each.trace.ways);
    ways.filter_map(|way| decided_on(way, counter.fault))
        .next_back()
}

fn decided_on(way: &WayTrace, fault: Fault) -> Option<&Place> {
    if let Fault::Unknown(_) = fault
        && let Some(place) = unsure(way)
    {
        return Some(place);
    }
    let mut stages = way.stages.iter().rev().filter(|stage| match fault {
        Fault::Dropped => matches!(stage.decision, StageDecision::Drop),
        Fault::Unknown(_) => matches!(stage.decision, StageDecision::Unknown(_)),
        Fault::Passes => true,
    });
    stages.find_map(|stage| {
        if let Why::Rule { place, .. } = &stage.why {
            return Some(place);
        }
        let tiers = stage.asked.iter().flat_map(|asked| &asked.tiers);
        let policies = tiers.flat_map(|tier| &tier.policies);
        policies.last().map(|policy| &policy.place)
    })
}

/// The first rule of which it is not known whether it matches.
fn unsure(way: &WayTrace) -> Option<&Place> {
    let asked = way.stages.iter().flat_map(|stage| &stage.asked);
    let tiers = asked.flat_map(|asked| &asked.tiers);
    let mut rules = tiers
        .flat_map(|tier| &tier.policies)
        .flat_map(|policy| &policy.rules);
    let rule = rules.find(|rule| matches!(rule.matched, Answer::Maybe(_)));
    rule.map(|rule| &rule.place)
}

/// A text from outside without what would speak to a terminal.
pub(in crate::report) fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// A text without colours.
pub(super) fn uncoloured(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
