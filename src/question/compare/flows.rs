//! What a comparison means for flows.

use std::fmt::Write as _;

use crate::engine::{Outcome, StageDecision, StageTrace, Why, compile};
use crate::finding::InputError;
use crate::question::flows::{Change, ChangeKind, flow_diff};
use crate::question::subject::{Known, subject};
use crate::question::trace::Answered;
use crate::resource::{Body, ResourceSet};

use super::{FlowChange, FlowChanges, InPlace};

/// How many rows of a space are told before the rest is counted.
const ROWS: usize = 4;

/// What changes in flows from what is in place before to what is after.
///
/// A part that one side alone has is another cluster's: there is nothing to compare it with.
///
/// # Errors
/// The platform's own policies cannot be read, or the comparison outgrows its bounds.
pub fn changed_flows(parts: Vec<InPlace>, known: &Known) -> Result<FlowChanges, InputError> {
    let mut told = FlowChanges::default();
    for part in parts.into_iter().filter(|part| part.differs) {
        let (Some(before), Some(after)) = (part.before, part.after) else {
            continue;
        };
        let mut known = known.clone();
        if known.workers.is_empty() && !lists_workers(&before) && !lists_workers(&after) {
            known
                .workers
                .clone_from(&known.platform_profile.sample_workers);
        }
        let programs = [before, after].map(|set| {
            let subject = subject(set, &known)?;
            Ok::<_, InputError>(compile(&subject.resources, &subject.settings))
        });
        let [before, after] = programs;
        let absent = [known.platform_profile.role_label.clone()];
        let diff = flow_diff(&before?, &after?, &absent)?;
        for change in &diff.changes {
            let one = told_of(&part.part, change);
            match change.kind {
                ChangeKind::Opened => told.opened.push(one),
                ChangeKind::Closed => told.closed.push(one),
                ChangeKind::Blurred => told.blurred.push(one),
            }
        }
        told.not_compared.extend(diff.gone);
        told.not_compared.extend(diff.new);
    }
    told.not_compared.sort();
    told.not_compared.dedup();
    Ok(told)
}

fn lists_workers(resources: &ResourceSet) -> bool {
    resources
        .iter()
        .any(|resource| matches!(resource.body, Body::Node(_) | Body::HostEndpoint(_)))
}

fn told_of(part: &str, change: &Change) -> FlowChange {
    let mut space = String::new();
    if !part.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(space, "{part}: ");
    }
    let _ = write!(space, "{} -> {}", few(&change.from), few(&change.to));
    match change.together {
        Some(true) => space.push_str(", on one node"),
        Some(false) => space.push_str(", on two nodes"),
        None => {}
    }
    let rows: Vec<String> = change
        .packets
        .cubes
        .iter()
        .map(ToString::to_string)
        .collect();
    let shown = rows
        .iter()
        .take(ROWS)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    let more = rows.len().saturating_sub(ROWS);
    let _ = write!(space, ": {shown}");
    if more > 0 || !change.packets.complete {
        let _ = write!(space, "; and {more} more");
    }
    FlowChange {
        space,
        witness: change.header.to_string(),
        before: decided_by(&change.before),
        after: decided_by(&change.after),
    }
}

fn few(labels: &[String]) -> String {
    match labels {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first}, {second}"),
        [first, .., _] => format!("{first} and {} other kinds of ends", labels.len() - 1),
    }
}

/// What decided on a flow, in a few words: `dropped by GlobalNetworkPolicy x rule 1 (x.yaml:9:3)`.
pub fn decided_by(answered: &Answered) -> String {
    let stages = answered.to_each.iter().flat_map(|each| &each.trace.ways);
    let stages: Vec<&StageTrace> = stages.flat_map(|way| &way.stages).collect();
    let drops = |stage: &&&StageTrace| stage.decision == StageDecision::Drop;
    let speaks = |stage: &&&StageTrace| {
        matches!(
            stage.why,
            Why::Rule { .. } | Why::Profile { .. } | Why::Failsafe
        )
    };
    let stage = match answered.outcome {
        Outcome::Deny => stages.iter().find(drops),
        Outcome::Allow | Outcome::Unknown(_) => stages.iter().rev().find(speaks),
    };
    let verdict = match answered.outcome {
        Outcome::Allow => "passes",
        Outcome::Deny => "dropped",
        Outcome::Unknown(_) => "unknown",
    };
    match stage.map(|stage| &stage.why) {
        Some(Why::Rule {
            policy,
            index,
            place,
            ..
        }) => format!("{verdict} by {policy} rule {} ({place})", index + 1),
        Some(Why::TierEnd { tier, .. }) => format!("{verdict} at the end of tier {tier}"),
        Some(Why::Profile { profile }) => format!("{verdict} by the profile {profile}"),
        Some(Why::Failsafe) => format!("{verdict} as a failsafe port"),
        _ => format!("{verdict}: no policy has a say"),
    }
}
