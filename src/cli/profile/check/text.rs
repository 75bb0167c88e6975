//! How fresh the facts are, for people.

use std::fmt::Write as _;

use crate::cli::profile::changes::change_text;
use crate::cli::profile::table;

use super::state::{Asked, Checked, Freshness};

/// A table of the sources, then what is to be told, and a last line that sums up.
pub(super) fn render(checked: &Checked) -> String {
    let header = ["SOURCE", "STATE", "LOCKED", "UPSTREAM"];
    let state = |state: &Option<_>| state.as_ref().map_or("-".to_owned(), ToString::to_string);
    let rows = checked.sources.iter().map(|asked| {
        [
            asked.source.clone(),
            asked.freshness.word().to_owned(),
            state(&asked.locked),
            state(&asked.upstream),
        ]
    });
    let mut text = table(header, rows);
    // A string takes whatever is written to it.
    for (source, why) in checked.sources.iter().filter_map(Asked::failure) {
        let _ = writeln!(text, "\n{source} could not be asked: {why}");
    }
    if !checked.unpinned.is_empty() {
        let _ = writeln!(text, "\nnot pinned: {}", checked.unpinned.join(", "));
    }
    if !checked.lists.is_empty() {
        text.push('\n');
        for list in &checked.lists {
            let _ = writeln!(text, "{} {}: {}", list.profile, list.list, list.why);
        }
    }
    if !checked.changes.is_empty() {
        text.push('\n');
        for change in &checked.changes {
            change_text(&mut text, change);
        }
    }
    if !checked.refused.is_empty() {
        text.push_str("\nrefused without a word for it:\n");
        for refused in &checked.refused {
            let _ = writeln!(text, "  {refused}");
        }
    }
    if !checked.gone.is_empty() {
        let _ = writeln!(
            text,
            "\nno longer at their source: {}",
            checked.gone.join(", ")
        );
    }
    if !checked.unfit.is_empty() {
        text.push_str("\nwould not fit any more after an update:\n");
        for unfit in &checked.unfit {
            let _ = writeln!(text, "  {unfit}");
        }
    }
    if !checked.bundles.is_empty() {
        text.push_str("\npolicies that would change:\n");
        for bundle in &checked.bundles {
            let _ = writeln!(text, "  {}: {}", bundle.folder, bundle.policies.join(", "));
        }
    }
    let _ = writeln!(text, "\n{}", summary(checked));
    text
}

/// What it all comes to, in a sentence without a stop.
pub(super) fn summary(checked: &Checked) -> String {
    let is = |freshness| move |asked: &&Asked| asked.freshness == freshness;
    let those = |freshness| -> Vec<&str> {
        let those = checked.sources.iter().filter(is(freshness));
        those.map(|asked| asked.source.as_str()).collect()
    };
    let (failed, stale) = (those(Freshness::Failed), those(Freshness::Stale));
    let mut parts = Vec::new();
    if !failed.is_empty() {
        parts.push(format!("could not be asked: {}", failed.join(", ")));
    }
    if !stale.is_empty() {
        parts.push(format!("stale: {}", stale.join(", ")));
    }
    match checked.lists.len() {
        0 => {}
        1 => parts.push("1 list in doubt".to_owned()),
        n => parts.push(format!("{n} lists in doubt")),
    }
    let unasked = checked.sources.iter().any(|a| is(Freshness::Unasked)(&a));
    let told = match parts.as_slice() {
        [] if unasked => "nothing in doubt by the lock; no source was asked".to_owned(),
        [] => "the facts are fresh".to_owned(),
        parts => parts.join("; "),
    };
    format!("as of {}: {told}", checked.as_of)
}
