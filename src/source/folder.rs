//! Texts of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::finding::{Error, Input, InputError, OutsideError};
use crate::profile::Day;
use crate::yaml::{self, LONGEST_TEXT};

use super::Snapshot;

/// The file that says which commit a folder was copied from.
const SOURCE: &str = "SOURCE.yaml";

/// How deep folders are looked into. Upstream's policies lie four deep.
const DEEPEST_FOLDER: usize = 16;

/// The most files that are read. Upstream has some hundreds.
const MOST_FILES: usize = 20_000;

/// What the file of a copied folder says of it.
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
    /// The day on which the commit that last changed it was made.
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
    let copied: Copied = yaml::typed(&text_of(&folder.join(SOURCE))?)?;
    let inside = copied.path.trim_matches('/').to_owned();
    let prefix = if inside.is_empty() {
        String::new()
    } else {
        format!("{inside}/")
    };
    let mut walk = Walk {
        wanted: |path: &str| wanted(&format!("{prefix}{path}")),
        texts: BTreeMap::new(),
    };
    walk.folder(folder, "", 0)?;
    let texts = walk
        .texts
        .into_iter()
        .map(|(path, text)| (format!("{prefix}{path}"), text));
    Ok(Snapshot {
        repository: copied.repository,
        commit: copied.commit,
        date: copied.policies_last_changed,
        texts: texts.collect(),
        inside,
        notes: Vec::new(),
    })
}

/// The profiles that lie in a folder, by their path in it, as a library takes them: YAML files of
/// the folder itself, of `regions` and of `ranges`.
///
/// # Errors
/// A folder or file that cannot be read, or that is no text.
pub fn profiles_of(folder: &Path) -> Result<BTreeMap<String, Arc<Input>>, Error> {
    let mut walk = Walk {
        wanted: |path: &str| {
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
            matches!(folder, "" | "regions" | "ranges")
                && Path::new(file).extension().is_some_and(|e| e == "yaml")
        },
        texts: BTreeMap::new(),
    };
    walk.folder(folder, "", 0)?;
    Ok(walk.texts)
}

/// The text of the file `path`.
///
/// # Errors
/// A file that cannot be read, is longer than any text that is read, or is not UTF-8.
pub fn text_of(path: &Path) -> Result<Arc<Input>, Error> {
    let failed = |source| OutsideError::file("read", path, source);
    let mut bytes = Vec::new();
    // One byte more than is read tells that there is more.
    fs::File::open(path)
        .map_err(failed)?
        .take(LONGEST_TEXT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    text(path.display().to_string(), bytes)
}

/// `bytes` as a text.
pub(super) fn text(name: String, bytes: Vec<u8>) -> Result<Arc<Input>, Error> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input::new(name, text)),
        Err(_) => Err(InputError::new(format!("`{name}` is not UTF-8 text")).into()),
    }
}

struct Walk<W> {
    wanted: W,
    texts: BTreeMap<String, Arc<Input>>,
}

impl<W: Fn(&str) -> bool> Walk<W> {
    /// Reads what is wanted in `folder`, whose path from the top is `path`. Links are not
    /// followed: they may lead anywhere.
    fn folder(&mut self, folder: &Path, path: &str, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST_FOLDER {
            return Ok(());
        }
        let failed = |source| OutsideError::file("read the folder", folder, source);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let below = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            if kind.is_dir() && name != ".git" {
                self.folder(&entry.path(), &below, depth + 1)?;
            } else if kind.is_file() && (self.wanted)(&below) {
                if self.texts.len() >= MOST_FILES {
                    let message =
                        format!("`{}` holds more than {MOST_FILES} files", folder.display());
                    return Err(InputError::new(message).into());
                }
                self.texts.insert(below, text_of(&entry.path())?);
            }
        }
        Ok(())
    }
}
