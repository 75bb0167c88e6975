//! Telling what changes in files.

use crate::bundle::{Bundle, Change, Changes};
use crate::report::unified;

use super::terminal;

/// Every change as a unified difference.
pub(super) fn unified(changes: &[Changes]) -> String {
    let mut text = String::new();
    for folder in changes {
        for (path, change) in &folder.files {
            let path = folder.folder().join(path).display().to_string();
            let (old, new) = match change {
                Change::Create { new } => ("", new.as_str()),
                Change::Update { old, new, .. } => (old.as_str(), new.as_str()),
                Change::Remove { old, .. } => (old.as_str(), ""),
            };
            text.push_str(&unified::diff(&path, old, new));
        }
    }
    text
}

/// How many files are not as they would be written. A folder of which only the inventory is not, or
/// which holds what an interrupted run left, counts as one.
pub(super) fn differences(changes: &[Changes]) -> usize {
    let differing = changes.iter().filter(|folder| !folder.is_empty());
    differing.map(|folder| folder.files.len().max(1)).sum()
}

/// Tells which files somebody else had changed.
pub(super) fn tell_edited(changes: &[Changes]) {
    for folder in changes {
        for (path, change) in &folder.files {
            let path = folder.folder().join(path);
            let path = path.display();
            match change {
                Change::Update { edited: true, .. } => terminal::tell_note(&format!(
                    "{path} had been edited by hand; it is as generated again"
                )),
                Change::Remove { edited: true, .. } => terminal::tell_note(&format!(
                    "{path} had been edited by hand; it is no longer rendered and gone"
                )),
                _ => {}
            }
        }
    }
}

/// How many files of `bundles` are written, stay as they are, and go.
pub(super) fn counted(bundles: &[Bundle], changes: &[Changes]) -> String {
    let all = || changes.iter().flat_map(|folder| folder.files.values());
    let removed = all()
        .filter(|change| matches!(change, Change::Remove { .. }))
        .count();
    let written = all().count() - removed;
    let files: usize = bundles.iter().map(|bundle| bundle.files.len()).sum();
    let unchanged = files.saturating_sub(written);
    format!(
        "{} written, {unchanged} unchanged, {removed} removed",
        if written == 1 {
            "1 file".to_owned()
        } else {
            format!("{written} files")
        },
    )
}
