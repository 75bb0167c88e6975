//! What a comparison means for flows.

use std::fmt::Write as _;

use crate::engine::compile;
use crate::finding::InputError;
use crate::question::flows::{Change, ChangeKind, flow_diff};
use crate::question::subject::{Known, subject};
use crate::question::trace::decided_by;
use crate::resource::{Key, Resource, ResourceSet};

use super::{Comparison, FlowChange, FlowChanges, Side, is_compared};

/// How many rows of a space are told before the rest is counted.
const ROWS: usize = 4;

/// What changes in flows if what differs between the sides is brought from the old one to the new.
///
/// Objects that are not compared count as each side writes them, and for both where one alone has
/// them, as nodes and pods and what only a cluster has and stays. A part that one side alone has is
/// another cluster's: there is nothing to compare it with.
///
/// # Errors
/// The platform's own policies cannot be read, or the comparison outgrows its bounds.
pub fn changed_flows(
    old: &Side,
    new: &Side,
    found: &Comparison,
    known: &Known,
) -> Result<FlowChanges, InputError> {
    let mut told = FlowChanges::default();
    let parts = old.parts.iter();
    let parts = parts.filter_map(|(part, set)| Some((part, set, new.parts.get(part)?)));
    for (part, was, is) in parts {
        let changed = found.changes.iter().any(|change| change.part == *part);
        if !changed && !facts_differ(was, is) {
            continue;
        }
        let [before, after] = in_place([was, is], found);
        let mut known = known.clone();
        known.sample(&[&before, &after]);
        let programs = [before, after].map(|set| {
            let subject = subject(set, &known)?;
            Ok::<_, InputError>(compile(&subject.resources, &subject.settings))
        });
        let [before, after] = programs;
        let absent = [known.platform_profile.role_label.clone()];
        let diff = flow_diff(&before?, &after?, &absent)?;
        for change in &diff.changes {
            let one = told_of(part, change);
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

/// What is in place before and after: what each side names, and of what it does not name all that no
/// change of policies takes away.
pub(in crate::question) fn in_place(
    parts: [&ResourceSet; 2],
    found: &Comparison,
) -> [ResourceSet; 2] {
    let stays = |key: &Key| {
        found.unmanaged.contains(key)
            || found.unseen.contains(key)
            || found.platform.iter().any(|(own, _)| own == key)
    };
    let is_of_side =
        |resource: &Resource| is_compared([Some(resource), None]) && !stays(&resource.key);
    let [old, new] = parts;
    [(old, new), (new, old)].map(|(own, other)| {
        let mut set = ResourceSet::default();
        for resource in own.iter() {
            set.add(resource.clone());
        }
        for resource in other.iter().filter(|resource| !is_of_side(resource)) {
            if set.get(&resource.key).is_none() {
                set.add(resource.clone());
            }
        }
        set
    })
}

/// Whether the sides write something else of an object that is not compared and may bear on flows, as
/// of a namespace's labels. What that comes to is for the flows to say.
fn facts_differ(old: &ResourceSet, new: &ResourceSet) -> bool {
    let facts = old.iter().filter(|one| !is_compared([Some(one), None]));
    facts.into_iter().any(|one| {
        let other = new.get(&one.key);
        other.is_some_and(|other| written(one) != written(other))
    })
}

fn written(resource: &Resource) -> Option<&str> {
    resource.input.text.get(resource.span.range())
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
