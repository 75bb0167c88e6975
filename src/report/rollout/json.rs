//! Roll-outs as JSON, for scripts. The shape is documented in `docs/rollout.md`; what is there
//! stays, and what may be missing is left out.

use serde::Serialize;

use crate::question::intent::Intent;
use crate::question::rollout::{Cut, PhaseProof, Step};
use crate::question::trace::Answered;
use crate::question::verify::Counter;

use super::{RolledOut, name, outcome, told};

/// The version of the shape: it changes only when something is taken away or means another thing.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    holds: bool,
    rollouts: Vec<Told<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    from: &'a str,
    to: &'a str,
    holds: bool,
    intents: usize,
    not_before: &'a [String],
    partly: &'a [String],
    waves: Vec<Wave<'a>>,
    not_after: Vec<Against<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wave<'a> {
    #[serde(rename = "wave")]
    number: u8,
    name: &'static str,
    removes: bool,
    steps: Vec<Done>,
    proved: usize,
    holds_from_here_on: &'a [String],
    cuts: Vec<OneCut<'a>>,
}

#[derive(Serialize)]
struct Done {
    what: &'static str,
    object: String,
}

#[derive(Serialize)]
struct OneCut<'a> {
    outcome: &'static str,
    whose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(flatten)]
    against: Against<'a>,
}

#[derive(Serialize)]
struct State {
    done: Vec<String>,
    open: Vec<String>,
    missing: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Against<'a> {
    intent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Answered>,
}

/// One JSON document, indented, with a line feed at its end.
pub fn render(all: &[RolledOut]) -> String {
    crate::report::to_json(&Document {
        version: VERSION,
        holds: all.iter().all(|rolled| rolled.proven.holds()),
        rollouts: all.iter().map(of).collect(),
    })
}

fn of(rolled: &RolledOut) -> Told<'_> {
    let proven = &rolled.proven;
    Told {
        from: &rolled.from,
        to: &rolled.to,
        holds: proven.holds(),
        intents: proven.intents,
        not_before: &proven.not_before,
        partly: &proven.partly,
        waves: proven.phases.iter().map(|p| wave(rolled, p)).collect(),
        not_after: proven
            .not_after
            .iter()
            .map(|(intent, counter)| against(intent, counter.as_ref()))
            .collect(),
    }
}

fn wave<'a>(rolled: &'a RolledOut, proof: &'a PhaseProof) -> Wave<'a> {
    let done = |step: &Step| Done {
        what: step.what().word(),
        object: name(step),
    };
    Wave {
        number: proof.phase.wave.number(),
        name: proof.phase.wave.word(),
        removes: proof.phase.removes,
        steps: rolled.steps(proof).map(done).collect(),
        proved: proof.proved,
        holds_from_here_on: &proof.gained,
        cuts: proof.cuts.iter().map(|cut| of_cut(rolled, cut)).collect(),
    }
}

fn of_cut<'a>(rolled: &'a RolledOut, cut: &'a Cut) -> OneCut<'a> {
    let names = |steps: &[usize]| rolled.named(steps).map(name).collect();
    OneCut {
        outcome: outcome(cut),
        whose: cut.whose.word(),
        state: cut.state.as_ref().map(|state| State {
            done: names(&state.done),
            open: names(&state.open),
            missing: names(&state.missing),
        }),
        against: against(&cut.intent, cut.counter.as_ref()),
    }
}

fn against<'a>(intent: &'a Intent, counter: Option<&'a Counter>) -> Against<'a> {
    Against {
        intent: &intent.name,
        packet: counter.map(|counter| counter.header.to_string()),
        decided: counter.map(|counter| {
            let [_, decided] = told(intent, counter);
            decided
        }),
        trace: counter.map(|counter| &counter.answered),
    }
}
