//! What an import changed, for people.

use std::fmt::Write;

use crate::upstream::{Change, ListChange};

use super::facts::{Ranges, Regions};
use super::short;

/// What was read.
pub(super) struct Read<'a> {
    /// Of the regions' repository.
    pub(super) regions: Option<&'a Regions>,
    /// Of the operator of ranges.
    pub(super) ranges: Option<&'a Ranges>,
}

impl Read<'_> {
    /// What was read and in which state, as the beginning of a sentence.
    fn said(&self) -> String {
        let regions = self.regions.map(|regions| {
            let count = counted(regions.profiles.len(), "region");
            let commit = regions.pin.commit.as_ref().map(|c| short(c.as_str()));
            let commit = commit.unwrap_or_default();
            format!("{count} read at {commit} ({})", regions.pin.date)
        });
        let ranges = self.ranges.map(|ranges| {
            let name = &ranges.profile.ranges;
            match &ranges.pin.etag {
                Some(etag) => format!("the ranges of {name} read at {}", short(etag.as_str())),
                None => format!("the ranges of {name} read"),
            }
        });
        let parts: Vec<String> = [regions, ranges].into_iter().flatten().collect();
        parts.join(", ")
    }
}

/// What `changes` do, list by list, and a last line that sums up. `files` is the number of files
/// whose bytes differ.
pub(super) fn text(changes: &[Change], read: &Read<'_>, files: usize, is_dry: bool) -> String {
    let mut text = String::new();
    let (unchanged, changed): (Vec<_>, Vec<_>) = changes.iter().partition(|c| c.is_empty());
    for change in &changed {
        change_text(&mut text, change);
    }
    if !unchanged.is_empty() && !changed.is_empty() {
        let names: Vec<&str> = unchanged.iter().map(|c| c.profile.as_str()).collect();
        line(&mut text, &format!("unchanged: {}", names.join(", ")));
    }
    let facts = match changed.len() {
        // The commit that the facts come from may be another one.
        0 if files > 0 => "no fact changed".to_owned(),
        0 => "nothing changed".to_owned(),
        n => format!("{n} changed"),
    };
    let files = match (files, is_dry) {
        (0, _) => String::new(),
        (n, true) => format!("; {} would be written", counted(n, "file")),
        (n, false) => format!("; {} written", counted(n, "file")),
    };
    line(&mut text, &format!("{}: {facts}{files}", read.said()));
    text
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn line(text: &mut String, line: &str) {
    // A string takes whatever is written to it.
    let _ = writeln!(text, "{line}");
}

/// Adds what changes in one profile: of each list what goes, then what comes.
pub(super) fn change_text(text: &mut String, change: &Change) {
    let name = &change.profile;
    if change.is_new {
        line(text, &format!("{name} is new"));
    }
    // Every entry of a new region would say less than the numbers of its lists do.
    let is_told = |list: &&ListChange| !change.is_new || list.is_of_blocks;
    for list in change.lists.iter().filter(is_told) {
        line(text, &format!("{name} {}: {}", list.name, sums(list)));
        if !change.is_new {
            list.removed
                .iter()
                .for_each(|entry| line(text, &format!("  - {entry}")));
            list.added
                .iter()
                .for_each(|entry| line(text, &format!("  + {entry}")));
        }
    }
    if change.is_reordered {
        line(text, &format!("{name} services: in another order"));
    }
}

fn sums(list: &ListChange) -> String {
    let part = |sign, entries: &[String]| match entries.len() {
        0 => None,
        n => Some(format!("{sign}{n}")),
    };
    let parts = [part('+', &list.added), part('-', &list.removed)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" ")
}
