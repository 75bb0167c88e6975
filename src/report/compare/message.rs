//! What a commit changes, as its message: bounded, and saying so where it was cut.

use std::fmt::Write as _;

use crate::question::compare::{FlowChange, What};

use super::{Compared, titled};

/// The longest message, in bytes.
pub const LONGEST: usize = 32_000;

/// The longest first line: what git and those who show its log have room for.
const SUBJECT: usize = 72;

/// The longest line of the rest.
const LINE: usize = 240;

/// How many objects of each kind of change are named.
const OBJECTS: usize = 40;

/// How many changes of flows of each kind are told.
const FLOWS: usize = 10;

/// What a commit changes for one target.
#[derive(Debug)]
pub struct Part<'a> {
    /// For whom: `region eu-de`.
    pub target: String,
    /// What.
    pub compared: Compared<'a>,
}

/// The message of a commit that changes this, of which `proven` was proven; nothing where nobody
/// asked.
pub fn render(parts: &[Part<'_>], proven: Option<&str>) -> String {
    let mut lines = Vec::new();
    for part in parts {
        lines.push(String::new());
        lines.push(part.target.clone());
        tell(part, &mut lines);
    }
    let mut end = String::from("\n");
    // Writing to a String cannot fail.
    let _ = match proven {
        Some(proven) => writeln!(end, "Proven before it was committed: {proven}."),
        None => writeln!(end, "Nothing was proven of it (`--no-verify`)."),
    };
    let _ = writeln!(end, "Made by palisade {}.", env!("CARGO_PKG_VERSION"));
    let mut message = subject(parts);
    message.push('\n');
    let total = lines.len();
    // The longest that the sentence about what was cut can be.
    let room = LONGEST.saturating_sub(end.len() + LINE);
    for (index, line) in lines.into_iter().enumerate() {
        if message.len() + line.len() > room {
            let left = total - index;
            let _ = writeln!(
                message,
                "\n{left} more lines are cut off here; `palisade diff` of the two commits tells all."
            );
            break;
        }
        message.push_str(&line);
        message.push('\n');
    }
    message.push_str(&end);
    message
}

fn subject(parts: &[Part<'_>]) -> String {
    let count = |what| {
        let all = parts.iter().map(|part| part.compared.found.count(what));
        all.sum::<usize>()
    };
    let counts: Vec<String> = What::ALL
        .into_iter()
        .map(|what| (count(what), what))
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {}", what.word()))
        .collect();
    let counts = if counts.is_empty() {
        "no object that is compared changes".to_owned()
    } else {
        counts.join(", ")
    };
    let targets: Vec<&str> = parts.iter().map(|part| part.target.as_str()).collect();
    let named = format!("palisade: {counts} in {}", targets.join(", "));
    if named.chars().count() <= SUBJECT {
        return named;
    }
    match targets.as_slice() {
        [_] => cut(&named, SUBJECT),
        all => format!("palisade: {counts} in {} targets", all.len()),
    }
}

fn tell(part: &Part<'_>, lines: &mut Vec<String>) {
    let found = part.compared.found;
    for what in What::ALL {
        let changes = found.changes.iter();
        let names: Vec<String> = changes
            .filter(|change| change.what() == what)
            .map(|change| format!("    {}", titled(change)))
            .collect();
        list(what.word(), OBJECTS, &names, lines);
    }
    if found.changes.is_empty() {
        lines.push("  files change, and no object that is compared".to_owned());
    }
    if let Some(flows) = &found.flows {
        for (word, changes) in [
            ("newly allowed", &flows.opened),
            ("newly denied", &flows.closed),
            ("no longer known", &flows.blurred),
        ] {
            let told: Vec<String> = changes.iter().map(flow).collect();
            list(word, FLOWS, &told, lines);
        }
        if flows.is_empty() {
            lines.push("  no flow between two addresses is treated otherwise".to_owned());
        }
    }
    for remark in part.compared.remarks() {
        lines.push(cut(&format!("  note: {remark}"), LINE));
    }
}

/// A heading, the first of `entries`, and how many more there are.
fn list(word: &str, most: usize, entries: &[String], lines: &mut Vec<String>) {
    if entries.is_empty() {
        return;
    }
    lines.push(format!("  {word} ({}):", entries.len()));
    let shown = entries.iter().take(most);
    lines.extend(shown.flat_map(|entry| entry.lines().map(|line| cut(line, LINE))));
    if let Some(more) = entries.len().checked_sub(most).filter(|more| *more > 0) {
        lines.push(format!("    {more} more are cut off here"));
    }
}

fn flow(change: &FlowChange) -> String {
    format!(
        "    {}\n      such as {}\n      before: {}\n      after:  {}",
        change.space, change.witness, change.before, change.after
    )
}

/// The first characters of a line, and a sign where some are missing.
fn cut(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}
