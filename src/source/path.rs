//! Files and folders of objects, as a user names them: what cannot be read is told, and the rest
//! is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Code, Error, Finding, Input, OutsideError, Place, Span};
use crate::resource::Kind;

use super::text::read_text;

/// The endings of files that hold objects.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Texts that were read, and what could not be.
#[derive(Debug, Default)]
pub struct Given {
    /// The texts, sorted by name.
    pub inputs: Vec<Arc<Input>>,
    /// What could not be read.
    pub unread: Vec<Finding>,
    /// Whether any of that was the outside's fault: a file that is not there, a right that is
    /// missing.
    pub outside_failed: bool,
    /// What the user should know about how they were got, and what could not be seen.
    pub notes: Vec<String>,
    /// Kinds whose objects could not be seen.
    pub unseen: BTreeSet<Kind>,
    /// What the names of the texts begin with where they are of one folder, with a `/` at its end.
    pub root: String,
}

impl Given {
    /// The name of every text, whether it could be read or not, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        let read = self.inputs.iter().map(|input| &*input.name);
        let unread = self.unread.iter().map(|f| &*f.place.input.name);
        read.chain(unread).collect()
    }
}

/// Reads files, folders (their `.yaml`, `.yml` and `.json` files, and those of folders below) and
/// `-`, standard input. Hidden files and folders below a folder are passed over; a file that is
/// named is read whatever it is called. No file is read twice, and no folder, whatever links lead
/// to it.
pub fn read(paths: &[PathBuf]) -> Given {
    let mut walk = Walk::default();
    for path in paths {
        walk.visit(path);
    }
    let mut given = walk.given;
    for (name, path) in &walk.files {
        match read_text(path) {
            // The text goes by the name under which it was found.
            Ok(input) if input.name == *name => given.inputs.push(input),
            Ok(input) => given
                .inputs
                .push(Input::new(name.as_str(), input.text.as_str())),
            Err(error) => given.fail(name, &error),
        }
    }
    given
}

impl Given {
    /// Adds the texts of another source.
    pub fn extend(&mut self, other: Self) {
        self.inputs.extend(other.inputs);
        self.unread.extend(other.unread);
        self.outside_failed |= other.outside_failed;
        self.notes.extend(other.notes);
        self.unseen.extend(other.unseen);
    }

    fn fail(&mut self, name: &str, error: &Error) {
        let (message, hint) = match error {
            Error::Input(error) => (error.message().to_owned(), error.hint_text()),
            Error::Outside(error) => {
                self.outside_failed = true;
                (error.to_string(), None)
            }
        };
        let start = Span {
            line: 1,
            column: 1,
            ..Span::default()
        };
        let place = Place::new(&Input::new(name, ""), start);
        let mut finding = Finding::new(Code::UnreadableFile, place, message);
        finding.hint = hint.map(str::to_owned);
        self.unread.push(finding);
    }
}

#[derive(Default)]
struct Walk {
    /// Files to read, by the name that a user knows them by.
    files: BTreeMap<String, PathBuf>,
    /// Folders that were looked into, under their real names.
    visited: BTreeSet<PathBuf>,
    given: Given,
}

impl Walk {
    fn visit(&mut self, path: &Path) {
        if path == Path::new("-") {
            self.files.insert("<stdin>".to_owned(), path.to_owned());
            return;
        }
        // `./a.yaml` and `a.yaml` are one file, and the shorter name is the better one.
        let path = path.strip_prefix(".").unwrap_or(path);
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                if self.folder(path) == Some(0) {
                    let message = "no file of this folder ends in .yaml, .yml or .json";
                    let error = crate::finding::InputError::new(message);
                    self.given.fail(&name_of(path), &error.into());
                }
            }
            Ok(_) => {
                self.files.insert(name_of(path), path.to_owned());
            }
            Err(error) => self.fail(path, error),
        }
    }

    /// Adds the files of a folder and of those below, and says how many there are. No folder is
    /// looked into twice, so a link that leads back up ends there; nothing where that is so of
    /// this one, or where it could not be looked into.
    fn folder(&mut self, root: &Path) -> Option<usize> {
        let mut count = None;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            match fs::canonicalize(&folder) {
                Ok(real) => {
                    if !self.visited.insert(real) {
                        continue;
                    }
                }
                Err(error) => {
                    self.fail(&folder, error);
                    continue;
                }
            }
            match self.entries(&folder) {
                Ok((files, below)) => {
                    *count.get_or_insert(0) += files;
                    folders.extend(below);
                }
                Err(error) => self.fail(&folder, error),
            }
        }
        count
    }

    /// Adds the files of one folder. Returns how many, and the folders in it, last first.
    fn entries(&mut self, folder: &Path) -> io::Result<(usize, Vec<PathBuf>)> {
        let mut count = 0;
        let mut below = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = if folder == Path::new(".") {
                PathBuf::from(&name)
            } else {
                entry.path()
            };
            let fits = is_object_file(&name);
            let mut kind = entry.file_type()?;
            if kind.is_symlink() {
                match fs::metadata(&path) {
                    Ok(found) => kind = found.file_type(),
                    Err(error) => {
                        // A dangling link matters where it stands for a file of objects.
                        if fits {
                            count += 1;
                            self.fail(&path, error);
                        }
                        continue;
                    }
                }
            }
            if kind.is_dir() {
                below.push(path);
            } else if fits && kind.is_file() {
                count += 1;
                self.files.insert(name_of(&path), path);
            }
        }
        below.sort();
        below.reverse();
        Ok((count, below))
    }

    fn fail(&mut self, path: &Path, source: io::Error) {
        let error = OutsideError::file("read", path, source);
        self.given.fail(&name_of(path), &error.into());
    }
}

/// How the names of a folder's files begin, which is how [`read`] calls them.
pub fn root_of(folder: &Path) -> String {
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    if folder.as_os_str().is_empty() {
        return String::new();
    }
    format!("{}/", name_of(folder).trim_end_matches('/'))
}

/// Whether a file of this name, found in a folder, is one of objects.
pub(super) fn is_object_file(name: impl AsRef<OsStr>) -> bool {
    Path::new(&name)
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| ENDINGS.contains(&ending))
}

/// The name that a user knows a file by: with `/`, as it was given.
fn name_of(path: &Path) -> String {
    let name = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        name.into_owned()
    } else {
        name.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
