//! What two sources differ in, for people and for machines: one file a format.

mod intents;
mod json;
mod markdown;
mod message;
mod sarif;
mod text;

pub use intents::Judged;
pub use json::render as json;
pub use markdown::{LONGEST as LONGEST_MARKDOWN, render as markdown};
pub use message::{LONGEST as LONGEST_MESSAGE, Part, render as message};
pub use sarif::render as sarif;
pub use text::render as text;

use std::fmt::Write as _;

use crate::question::compare::{Change, Comparison, FlowChanges, Verdict, What};

use super::unified;

/// A comparison, and what its user should know about how its sides were got.
#[derive(Debug)]
pub struct Compared<'a> {
    /// The comparison.
    pub found: &'a Comparison,
    /// What verify says of both sides, cluster by cluster; empty where that was not asked.
    pub judged: &'a [Judged],
    /// What could not be seen or read, in sentences.
    pub notes: &'a [String],
}

impl Compared<'_> {
    /// How it ends, in one line.
    fn verdict(&self) -> String {
        let mut text = self.difference();
        if let Some(broken) = intents::broken(self.judged) {
            text.push_str("; ");
            text.push_str(&broken);
        }
        text
    }

    fn difference(&self) -> String {
        let [old, new] = &self.found.sides;
        match self.found.verdict() {
            Verdict::Same => format!("{old} and {new} say the same"),
            Verdict::Differs if self.found.changes.is_empty() => {
                format!("from {old} to {new}: no object that is compared differs, and flows do")
            }
            Verdict::Differs => {
                let counts: Vec<String> = What::ALL
                    .into_iter()
                    .map(|what| (self.found.count(what), what))
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, what)| format!("{count} {}", what.word()))
                    .collect();
                format!("from {old} to {new}: {}", counts.join(", "))
            }
            Verdict::Unseen => format!(
                "{old} and {new} say the same as far as can be seen, and not everything can"
            ),
        }
    }

    /// What is told besides, each in one line.
    fn remarks(&self) -> Vec<String> {
        let found = self.found;
        let mut remarks = self.notes.to_vec();
        if !found.unseen.is_empty() {
            remarks.push(format!(
                "{} not compared, since the other side could not list the kind: {}",
                objects(found.unseen.len()),
                first_of(found.unseen.iter())
            ));
        }
        for (key, both) in &found.platform {
            if *both {
                remarks.push(format!(
                    "{key} is the platform's own: it is not compared, and to apply another would \
                     take it from the platform"
                ));
            }
        }
        let alone = found.platform.iter().filter(|(_, both)| !both).count();
        if alone > 0 {
            remarks.push(format!(
                "{alone} host {} the platform's own",
                if alone == 1 {
                    "endpoint is"
                } else {
                    "endpoints are"
                }
            ));
        }
        if !found.unmanaged.is_empty() {
            remarks.push(format!(
                "{} only in the cluster and managed by neither side (`--all` shows what)",
                objects(found.unmanaged.len())
            ));
        }
        if let Some(flows) = found.flows.as_ref().filter(|f| !f.not_compared.is_empty()) {
            remarks.push(format!(
                "no flows are compared of what one side alone has: {}",
                first_of(flows.not_compared.iter())
            ));
        }
        if !found.not_compared.is_empty() {
            let kinds = found.not_compared.iter();
            let kinds: Vec<String> = kinds.map(|(kind, n)| format!("{n} {kind}")).collect();
            remarks.push(format!("not compared: {}", kinds.join(", ")));
        }
        remarks
    }

    /// What was ignored: the rules that took something out with how much, and the others.
    fn ignored(&self) -> (Vec<(String, usize)>, Vec<String>) {
        let (took, idle): (Vec<_>, Vec<_>) =
            self.found.ignored.iter().partition(|(_, count)| *count > 0);
        let took = took.into_iter();
        let idle = idle.into_iter();
        (
            took.map(|(rule, count)| (rule.to_string(), *count))
                .collect(),
            idle.map(|(rule, _)| rule.to_string()).collect(),
        )
    }
}

fn objects(count: usize) -> String {
    match count {
        1 => "1 object is".to_owned(),
        _ => format!("{count} objects are"),
    }
}

/// The first of many names.
fn first_of<T: std::fmt::Display>(mut all: impl ExactSizeIterator<Item = T>) -> String {
    /// How many are named.
    const NAMED: usize = 5;

    let total = all.len();
    let named: Vec<String> = all
        .by_ref()
        .take(NAMED)
        .map(|name| name.to_string())
        .collect();
    match total.checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{} and {more} more", named.join(", ")),
        _ => named.join(", "),
    }
}

/// An object as it is told: its key, and the part that it is of where there are several.
fn titled(change: &Change) -> String {
    match change.part.as_str() {
        "" => change.key.to_string(),
        part => format!("{} in {part}", change.key),
    }
}

/// The unified difference of an object, under the names of the texts that it stands in.
fn unified_of(change: &Change) -> String {
    let side = |stated: &Option<crate::question::compare::Stated>| {
        stated.as_ref().map_or_else(
            || (unified::NOTHING.to_owned(), String::new()),
            |stated| (stated.place.input.name.clone(), stated.text.clone()),
        )
    };
    let ((old_name, old), (new_name, new)) = (side(&change.old), side(&change.new));
    unified::between((&old_name, &old), (&new_name, &new))
}

/// How many lines of a unified difference come and go.
fn lines(diff: &str) -> (usize, usize) {
    // The first two lines are the names.
    let count = |sign: char| {
        diff.lines()
            .skip(2)
            .filter(|line| line.starts_with(sign))
            .count()
    };
    (count('+'), count('-'))
}

/// What changes in flows, in lines.
fn flows(changes: &FlowChanges) -> String {
    let mut text = String::new();
    for (word, list) in [
        ("opens", &changes.opened),
        ("closes", &changes.closed),
        ("no longer known", &changes.blurred),
    ] {
        for change in list {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{word}: {}", change.space);
            let _ = writeln!(text, "  such as {}", change.witness);
            let _ = writeln!(text, "    before: {}", change.before);
            let _ = writeln!(text, "    after:  {}", change.after);
        }
    }
    if changes.is_empty() {
        text.push_str("no flow between two addresses is treated otherwise\n");
    }
    text
}
