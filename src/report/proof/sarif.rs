//! What was not proven as SARIF 2.1.0, for code scanning.

use crate::finding::Severity;
use crate::question::intent::Intent;
use crate::question::verify::{Counter, Fault};
use crate::report::sarif::{Entry, Kind, log};

use super::{Proofs, Proven, decided_at, plain, wrong};

/// The document that tells of both kinds.
const PAGE: &str = "docs/verify.md";

const HELP: &str = "\
`palisade verify` holds an intent against all packets at once. The message has one packet that speaks \
against it; `palisade verify` without `-o sarif` shows every policy and rule that was asked about it, \
and all packets like it. Either a policy is wrong, or the intent is.";

/// Which of the kinds a counter is of.
const REFUTED: usize = 0;
const UNKNOWN: usize = 1;

/// One SARIF log, indented, with a line feed at its end: a result for each kind of fault of each
/// intent, where the intent stands, else where it was decided.
pub fn render(proofs: &Proofs) -> String {
    let told: Vec<(&Intent, &Counter, String)> = proofs
        .cases
        .iter()
        .flat_map(|case| {
            case.failed().flat_map(move |(intent, proof)| {
                let counters = proof.counters.iter();
                counters.map(move |counter| (intent, counter, message(case, intent, counter)))
            })
        })
        .collect();
    let entries: Vec<Entry<'_>> = told
        .iter()
        .map(|(intent, counter, message)| entry(intent, counter, message))
        .collect();
    log(&kinds(), &entries)
}

fn kinds() -> [Kind; 2] {
    let kind = |word, sentence| Kind {
        word,
        sentence,
        help: HELP,
        page: PAGE.to_owned(),
        severity: Severity::Error,
    };
    [
        kind(
            "intent-refuted",
            "What must hold of a cluster does not hold: there is a flow that speaks against it.",
        ),
        kind(
            "intent-unknown",
            "Whether what must hold of a cluster holds cannot be known from the input.",
        ),
    ]
}

fn message(case: &Proven, intent: &Intent, counter: &Counter) -> String {
    format!(
        "{}: {} ({})",
        plain(&intent.name),
        wrong(intent, counter),
        case.heading()
    )
}

fn entry<'a>(intent: &'a Intent, counter: &'a Counter, message: &'a str) -> Entry<'a> {
    let decided = decided_at(counter);
    let related = match (&intent.place, decided) {
        (Some(_), Some(place)) => vec![(place, "it was decided here")],
        _ => Vec::new(),
    };
    Entry {
        kind: match counter.fault {
            Fault::Dropped | Fault::Passes => REFUTED,
            Fault::Unknown(_) => UNKNOWN,
        },
        severity: Severity::Error,
        message: message.into(),
        place: intent.place.as_ref().or(decided),
        related,
        known_by: &intent.name,
    }
}
