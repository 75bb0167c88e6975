//! What a comparison means for flows.

use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::thread;

use crate::engine::{Program, compile};
use crate::finding::InputError;
use crate::question::flows::{Change, ChangeKind, flow_diff};
use crate::question::subject::{Known, subject};
use crate::question::trace::decided_by;
use crate::resource::ResourceSet;

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
        known.sample(&[&before, &after]);
        let [before, after] = programs([before, after], &known)?;
        let absent = [known.platform_profile.role_label.clone()];
        let diff = flow_diff(&before, &after, &absent)?;
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

/// Compiles both sides at once: each takes as long as the other.
fn programs(sides: [ResourceSet; 2], known: &Known) -> Result<[Program; 2], InputError> {
    let program = |set| {
        let subject = subject(set, known)?;
        Ok::<_, InputError>(compile(&subject.resources, &subject.settings))
    };
    let [before, after] = sides;
    let (before, after) = thread::scope(|scope| {
        let before = scope.spawn(|| program(before));
        let after = program(after);
        let before = before.join().unwrap_or_else(|panic| resume_unwind(panic));
        (before, after)
    });
    Ok([before?, after?])
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
