//! What was proven, for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::finding::Place;
use crate::question::intent::Intent;
use crate::question::verify::{Proof, ProofOutcome};
use crate::report::trace;

use super::{Proofs, Proven, like, more_ways, plain, wrong};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
const HEADING: Style = Style::new().bold();

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What speaks against intents; those that hold are counted.
    Failed,
    /// Besides, a line for every intent that holds, and what the proofs go by.
    All,
}

/// A block for every case: how many intents came to what, and of those that do not hold one flow
/// for each kind of fault, as `palisade trace` tells it.
pub fn render(proofs: &Proofs, detail: Detail) -> String {
    let mut out = String::new();
    for case in &proofs.cases {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{HEADING}{}{HEADING:#}: {}",
            case.heading(),
            case.counted()
        );
        if detail == Detail::All {
            write_all(&mut out, case);
        }
        for (intent, proof) in case.failed() {
            out.push('\n');
            out.push_str(&failed(intent, proof));
        }
        if case.failed().next().is_some() {
            out.push('\n');
        }
    }
    out
}

fn write_all(out: &mut String, case: &Proven) {
    for sentence in case.assumptions() {
        let _ = writeln!(out, "  {sentence}");
    }
    for (intent, proof) in case.all().filter(|(_, proof)| proof.outcome.holds()) {
        let _ = writeln!(out, "  {}  {}", outcome(proof.outcome), plain(&intent.name));
    }
}

fn outcome(outcome: ProofOutcome) -> String {
    let style = match outcome {
        ProofOutcome::Proved | ProofOutcome::Empty => GOOD,
        ProofOutcome::Unknown => UNSURE,
        ProofOutcome::Refuted => BAD,
    };
    format!("{style}{}{style:#}", outcome.word())
}

/// One intent that does not hold, or of which it is not known.
pub(super) fn failed(intent: &Intent, proof: &Proof) -> String {
    let mut out = String::new();
    let place = intent.place.as_ref().map(at).unwrap_or_default();
    let _ = writeln!(
        out,
        "{}: {}{place}",
        outcome(proof.outcome),
        plain(&intent.name)
    );
    if !intent.why.is_empty() {
        let _ = writeln!(out, "  {}", plain(&intent.why));
    }
    let _ = writeln!(
        out,
        "  {} {} -> {}",
        intent.expect,
        plain(&intent.from.to_string()),
        plain(&intent.to.to_string())
    );
    for counter in &proof.counters {
        let _ = writeln!(out, "  {}", wrong(intent, counter));
        let _ = writeln!(out, "  like it:");
        for line in like(counter) {
            let _ = writeln!(out, "    {line}");
        }
        out.push('\n');
        for line in trace::text(&counter.answered, None).lines() {
            let _ = match line {
                "" => writeln!(out),
                _ => writeln!(out, "    {line}"),
            };
        }
    }
    if let Some(more) = more_ways(proof) {
        let _ = writeln!(out, "  {more}");
    }
    out
}

fn at(place: &Place) -> String {
    format!("  {}:{}", plain(&place.input.name), place.span.line)
}
