//! Roll-outs, wave by wave, for people and for machines: one file a format.

pub mod json;
pub mod markdown;
pub mod text;

use crate::question::compare::What;
use crate::question::intent::Intent;
use crate::question::rollout::{Cut, Phase, PhaseProof, Proven, Rollout, State, Step, Whose};
use crate::question::trace::decided_by;
use crate::question::verify::{Counter, Fault};

/// How many objects are named in one sentence.
const NAMED: usize = 3;

/// A roll-out, and what is known of it.
#[derive(Debug, Clone)]
pub struct RolledOut {
    /// From where: `live`, or what there is before.
    pub from: String,
    /// To where: a source, or for whom it was rendered.
    pub to: String,
    /// What is done.
    pub rollout: Rollout,
    /// What is known of it.
    pub proven: Proven,
}

impl RolledOut {
    /// How it went, in one line.
    pub fn summary(&self) -> String {
        let steps = self.rollout.steps().len();
        let phases = self.proven.phases.len();
        let cuts = |whose| {
            let mut names: Vec<&str> = self
                .proven
                .cuts()
                .filter(|cut| cut.whose == whose && cut.state.is_some())
                .map(|cut| cut.intent.name.as_str())
                .collect();
            names.sort_unstable();
            names.dedup();
            names.len()
        };
        let unproven = self.proven.cuts().filter(|cut| cut.state.is_none()).count();
        let counts = [
            (cuts(Whose::Workers), "cut off workers"),
            (cuts(Whose::Pods), "cut off pods"),
            (cuts(Whose::Services), "cut off services"),
            (unproven, "not proven"),
            (self.proven.partly.len(), "followed in part"),
            (self.proven.not_after.len(), "not there in the end"),
        ];
        let mut told: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if told.is_empty() {
            told.push("all of them hold all the time".to_owned());
        }
        format!(
            "{} in {}, {}: {}",
            amount(steps, "object"),
            amount(phases, "wave"),
            amount(self.proven.intents, "intent"),
            told.join(", ")
        )
    }

    /// What is done in a phase.
    fn steps<'a>(&'a self, proof: &'a PhaseProof) -> impl Iterator<Item = &'a Step> {
        self.named(&proof.steps)
    }

    fn named<'a>(&'a self, steps: &'a [usize]) -> impl Iterator<Item = &'a Step> {
        let all = self.rollout.steps();
        steps.iter().filter_map(|index| all.get(*index))
    }

    /// The state in a sentence without its stop.
    fn state(&self, state: &State) -> String {
        let done = self.list(&state.done);
        let missing = self.open(&state.missing);
        match (done.is_empty(), state.missing.is_empty()) {
            (true, true) => "while nothing of the wave is done".to_owned(),
            (true, false) => format!("while {missing} not yet"),
            (false, true) => format!("while {done}"),
            (false, false) => format!("while {done} and {missing} not yet"),
        }
    }

    fn list(&self, steps: &[usize]) -> String {
        let words = self.named(steps).map(|step| match step.what() {
            What::Added => format!("{} is in place", name(step)),
            What::Changed => format!("{} is changed", name(step)),
            What::Removed => format!("{} is gone", name(step)),
        });
        few(words.collect())
    }

    fn open(&self, steps: &[usize]) -> String {
        let is = if steps.len() == 1 { "is" } else { "are" };
        format!("{} {is}", few(self.named(steps).map(name).collect()))
    }
}

/// What stands for a step: `+` for what comes, `~` for what changes, `-` for what goes.
fn sign(step: &Step) -> char {
    match step.what() {
        What::Added => '+',
        What::Changed => '~',
        What::Removed => '-',
    }
}

fn name(step: &Step) -> String {
    step.key().map_or_else(String::new, ToString::to_string)
}

fn few(mut words: Vec<String>) -> String {
    let more = words.len().saturating_sub(NAMED);
    words.truncate(NAMED);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn amount(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

/// The name of a phase: `wave 1, allow`, and of what goes `taking away wave 3, deny`.
fn heading(phase: Phase) -> String {
    let wave = phase.wave;
    let named = format!("wave {}, {}", wave.number(), wave.word());
    if phase.removes {
        format!("taking away {named}")
    } else {
        named
    }
}

/// What was proven of a phase, in a sentence without its stop.
fn proved(proof: &PhaseProof) -> String {
    let hold = if proof.proved == 1 { "holds" } else { "hold" };
    format!(
        "{} {hold} after it and for every order within it",
        amount(proof.proved, "intent")
    )
}

/// The word for what is not proven: `cut`, or `not proven` where no state is known in which it is.
fn outcome(cut: &Cut) -> &'static str {
    match cut.state {
        Some(_) => "cut",
        None => "not proven",
    }
}

/// What is wrong with the flow, and what decided on it, each a sentence without its stop.
fn told(intent: &Intent, counter: &Counter) -> [String; 2] {
    let wrong = super::proof::wrong(intent, counter);
    let decided = match counter.fault {
        Fault::Unknown(_) => "what becomes of it hangs on the order".to_owned(),
        Fault::Dropped | Fault::Passes => decided_by(&counter.answered),
    };
    [wrong, decided]
}
