//! What two sources differ in, for scripts. The shape is documented in `docs/diff.md`; what is
//! there stays, and what may be missing is left out.

use serde::Serialize;

use crate::question::compare::{FlowChange, IgnoreRule, Stated, Turn, Turned, Verdict};
use crate::question::verify::ProofOutcome;
use crate::report::proof::Proven;
use crate::report::proof::json::{Against, Summary, Told as Proof, against, summary, told};
use crate::resource::Key;

use super::{Compared, Judged, unified_of};

/// The version of the shape: it changes only when something is taken away or means another thing.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    old: &'a str,
    new: &'a str,
    verdict: &'static str,
    same: usize,
    changes: Vec<Told<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flows: Option<Flows<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    intents: Vec<Cluster<'a>>,
    unmanaged: &'a [Key],
    platform: Vec<&'a Key>,
    unseen: &'a [Key],
    not_compared: Vec<Count<&'a crate::resource::Kind>>,
    ignored: Vec<Count<&'a IgnoreRule>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Told<'a> {
    change: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    part: &'a str,
    #[serde(flatten)]
    key: &'a Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Side<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Side<'a>>,
    diff: String,
}

#[derive(Serialize)]
struct Side<'a> {
    source: &'a str,
    line: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Count<T> {
    #[serde(rename = "what")]
    of: T,
    count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Flows<'a> {
    opened: Vec<Flow<'a>>,
    closed: Vec<Flow<'a>>,
    blurred: Vec<Flow<'a>>,
    not_compared: &'a [String],
}

#[derive(Serialize)]
struct Flow<'a> {
    space: &'a str,
    witness: &'a str,
    before: &'a str,
    after: &'a str,
}

/// What verify says of one cluster.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster<'a> {
    target: &'a str,
    networks: Vec<&'static str>,
    baseline: bool,
    assumptions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Summary>,
    new: Summary,
    proofs: Vec<OnBoth<'a>>,
}

#[derive(Serialize)]
struct OnBoth<'a> {
    turn: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Was<'a>>,
    #[serde(flatten)]
    after: Proof<'a>,
}

#[derive(Serialize)]
struct Was<'a> {
    outcome: ProofOutcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counters: Vec<Against<'a>>,
}

/// A comparison as one JSON document, indented, with a line feed at its end.
pub fn render(compared: &Compared<'_>) -> String {
    let found = compared.found;
    let [old, new] = &found.sides;
    let flows = found.flows.as_ref().map(|changes| Flows {
        opened: changes.opened.iter().map(flow).collect(),
        closed: changes.closed.iter().map(flow).collect(),
        blurred: changes.blurred.iter().map(flow).collect(),
        not_compared: &changes.not_compared,
    });
    let changes = found.changes.iter().map(|change| Told {
        change: change.what().word(),
        part: &change.part,
        key: &change.key,
        old: change.old.as_ref().map(side),
        new: change.new.as_ref().map(side),
        diff: unified_of(change),
    });
    let kinds = found.not_compared.iter();
    let rules = found.ignored.iter();
    super::super::to_json(&Document {
        version: VERSION,
        old,
        new,
        verdict: match found.verdict() {
            Verdict::Same => "same",
            Verdict::Differs => "differs",
            Verdict::Unseen => "unseen",
        },
        same: found.same,
        changes: changes.collect(),
        flows,
        intents: compared.judged.iter().map(cluster).collect(),
        unmanaged: &found.unmanaged,
        platform: found.platform.iter().map(|(key, _)| key).collect(),
        unseen: &found.unseen,
        not_compared: kinds.map(|(of, &count)| Count { of, count }).collect(),
        ignored: rules
            .map(|(of, count)| Count { of, count: *count })
            .collect(),
        notes: compared.notes,
    })
}

fn side(stated: &Stated) -> Side<'_> {
    Side {
        source: &stated.place.input.name,
        line: stated.place.span.line,
        text: &stated.text,
    }
}

fn cluster(judged: &Judged) -> Cluster<'_> {
    let after = &judged.after;
    let counts = |proven: &Proven| summary(|outcome| proven.count(outcome));
    Cluster {
        target: &after.target,
        networks: after
            .networks
            .iter()
            .map(|network| network.word())
            .collect(),
        baseline: after.baseline,
        assumptions: after.assumptions(),
        old: judged.before.as_ref().map(counts),
        new: counts(after),
        proofs: judged.turns().iter().map(on_both).collect(),
    }
}

fn on_both<'a>(turned: &Turned<'a>) -> OnBoth<'a> {
    OnBoth {
        turn: turned.turn.word(),
        before: turned.before.map(|proof| Was {
            outcome: proof.outcome,
            // What spoke against it is of interest where nothing does any more.
            counters: match turned.turn {
                Turn::Mended => proof.counters.iter().map(against).collect(),
                _ => Vec::new(),
            },
        }),
        after: told(turned.intent, turned.after),
    }
}

fn flow(change: &FlowChange) -> Flow<'_> {
    Flow {
        space: &change.space,
        witness: &change.witness,
        before: &change.before,
        after: &change.after,
    }
}
