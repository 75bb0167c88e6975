//! What was proven as JSON, for scripts. The shape is documented in `docs/verify.md`; what is there
//! stays, and what may be missing is left out.

use serde::Serialize;

use crate::finding::Place;
use crate::question::intent::Intent;
use crate::question::trace::Answered;
use crate::question::verify::{Counter, Fault, Proof, ProofOutcome};

use super::{Proofs, Proven};

/// The version of the shape: it changes only when something is taken away or means another thing.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    cases: Vec<Case<'a>>,
}

#[derive(Serialize)]
pub(in crate::report) struct Summary {
    proved: usize,
    empty: usize,
    refuted: usize,
    unknown: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    target: &'a str,
    networks: Vec<&'static str>,
    baseline: bool,
    workers: &'static str,
    assumptions: Vec<String>,
    summary: Summary,
    proofs: Vec<Told<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Told<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At<'a>>,
    expect: &'static str,
    from: String,
    to: String,
    outcome: ProofOutcome,
    ways: usize,
    ways_against: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counters: Vec<Against<'a>>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Against<'a> {
    fault: Fault,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    packet: String,
    like: Like,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<At<'a>>,
    trace: &'a Answered,
}

#[derive(Serialize)]
struct Like {
    rows: Vec<String>,
    complete: bool,
}

/// One JSON document, indented, with a line feed at its end.
pub fn render(proofs: &Proofs) -> String {
    crate::report::to_json(&Document {
        version: VERSION,
        summary: summary(|outcome| proofs.count(outcome)),
        cases: proofs.cases.iter().map(case).collect(),
    })
}

pub(in crate::report) fn summary(count: impl Fn(ProofOutcome) -> usize) -> Summary {
    Summary {
        proved: count(ProofOutcome::Proved),
        empty: count(ProofOutcome::Empty),
        refuted: count(ProofOutcome::Refuted),
        unknown: count(ProofOutcome::Unknown),
    }
}

fn case(case: &Proven) -> Case<'_> {
    Case {
        target: &case.target,
        networks: case.networks.iter().map(|network| network.word()).collect(),
        baseline: case.baseline,
        workers: if case.sampled { "samples" } else { "listed" },
        assumptions: case.assumptions(),
        summary: summary(|outcome| case.count(outcome)),
        proofs: case
            .all()
            .map(|(intent, proof)| told(intent, proof))
            .collect(),
    }
}

/// An intent with its proof.
pub(in crate::report) fn told<'a>(intent: &'a Intent, proof: &'a Proof) -> Told<'a> {
    Told {
        name: &intent.name,
        why: &intent.why,
        place: intent.place.as_ref().map(at),
        expect: intent.expect.word(),
        from: intent.from.to_string(),
        to: intent.to.to_string(),
        outcome: proof.outcome,
        ways: proof.ways,
        ways_against: proof.against,
        counters: proof.counters.iter().map(against).collect(),
    }
}

/// What speaks against an intent.
pub(in crate::report) fn against(counter: &Counter) -> Against<'_> {
    Against {
        fault: counter.fault,
        reason: match counter.fault {
            Fault::Unknown(doubt) => Some(doubt.to_string()),
            Fault::Dropped | Fault::Passes => None,
        },
        packet: counter.header.to_string(),
        like: Like {
            rows: counter
                .like
                .cubes
                .iter()
                .map(|cube| format!("{cube:#}"))
                .collect(),
            complete: counter.like.complete,
        },
        decided_at: super::decided_at(counter).map(at),
        trace: &counter.answered,
    }
}

fn at(place: &Place) -> At<'_> {
    At {
        file: &place.input.name,
        line: place.span.line,
        column: place.span.column,
    }
}
