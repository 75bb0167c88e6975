//! Texts of a folder that is a copy of a repository at one commit.

use std::path::Path;

use serde::Deserialize;

use crate::finding::Error;
use crate::profile::Day;
use crate::yaml;

use super::Snapshot;
use super::text::{read_text, read_wanted};

/// The file that says which commit a folder was copied from.
const SOURCE: &str = "SOURCE.yaml";

/// What that file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copied {
    /// The repository.
    repository: String,
    /// The path in the repository that the folder is a copy of.
    #[serde(default)]
    path: String,
    /// The commit.
    commit: String,
    /// The day of the commit that last changed what was copied.
    policies_last_changed: Day,
}

/// Whether `folder` is a copy that says which commit it was made from.
pub fn is_copy(folder: &Path) -> bool {
    folder.join(SOURCE).is_file()
}

/// The texts of a copied folder whose path in the repository `wanted` picks.
///
/// # Errors
/// A file that cannot be read, is no text, or says wrongly where the folder was copied from.
pub fn snapshot(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Snapshot, Error> {
    let copied: Copied = yaml::typed(&read_text(&folder.join(SOURCE))?)?;
    let inside = copied.path.trim_matches('/').to_owned();
    let in_repository = |path: &str| {
        if inside.is_empty() {
            path.to_owned()
        } else {
            format!("{inside}/{path}")
        }
    };
    let texts = read_wanted(folder, &|path| wanted(&in_repository(path)))?;
    Ok(Snapshot {
        repository: copied.repository,
        commit: copied.commit,
        date: copied.policies_last_changed,
        texts: texts
            .into_iter()
            .map(|(path, text)| (in_repository(&path), text))
            .collect(),
        inside,
        notes: Vec::new(),
    })
}
