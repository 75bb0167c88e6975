//! What must change for a folder to hold what it should, wherever it lies: nothing that is not
//! Palisade's own is ever among it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Error, Input, InputError, OutsideError};

use super::inventory::{INVENTORY, Inventory, digest_of};

/// How the lines of a merge that was not finished begin, as git writes them.
const CONFLICT: [&str; 3] = ["<<<<<<< ", "=======", ">>>>>>> "];

/// What holds bundles: a folder on disk, or a commit.
pub(super) trait Holding {
    /// Where a folder of the output is.
    fn at(&self, folder: &str) -> PathBuf;

    /// The text of the file at `path`; nothing where there is none.
    ///
    /// # Errors
    /// Something else is in its place or in that of a folder above, or it cannot be read.
    fn read(&self, path: &Path) -> Result<Option<String>, Error>;

    /// Texts below `folder` that an interrupted run left.
    fn leftovers(&self, folder: &Path) -> Vec<PathBuf>;
}

/// What a folder of the output should hold: the text of each file by its path below the folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its path below the output folder, written with `/`.
    pub path: String,
    /// Its files; none means that the folder should hold nothing of Palisade's.
    pub files: BTreeMap<String, Arc<Input>>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Create {
        /// Its text.
        new: String,
    },
    /// It gets another text.
    Update {
        /// The text that is there.
        old: String,
        /// Its new text.
        new: String,
        /// Whether somebody else changed it since Palisade wrote it.
        edited: bool,
    },
    /// It goes.
    Remove {
        /// The text that is there.
        old: String,
        /// Whether somebody else changed it since Palisade wrote it.
        edited: bool,
    },
}

/// What must change for a folder to hold what it should.
#[derive(Debug)]
pub struct Changes {
    pub(super) folder: PathBuf,
    /// By path below the folder.
    pub files: BTreeMap<String, Change>,
    /// What the inventory says now.
    pub(super) before: Inventory,
    /// What it should say.
    pub(super) after: Inventory,
    /// Texts that an interrupted run left beside their place.
    pub(super) leftovers: Vec<PathBuf>,
}

impl Changes {
    /// Whether the folder holds what it should.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.before == self.after && self.leftovers.is_empty()
    }

    /// Whether the inventory says what it should.
    pub fn has_inventory(&self) -> bool {
        self.before == self.after
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Compares a folder of what `holding` holds with what it should hold.
///
/// # Errors
/// A file that is in the way and not Palisade's, or a folder that cannot be read.
pub(super) fn compare(holding: &impl Holding, folder: &Folder) -> Result<Changes, Error> {
    let path = holding.at(&folder.path);
    let before = inventory(holding, &path)?;
    let mut after = Inventory::default();
    let mut files = BTreeMap::new();
    for (name, input) in &folder.files {
        let new = &input.text;
        after.add(name, digest_of(new.as_bytes()));
        let at = path.join(name);
        match holding.read(&at)? {
            None => {
                files.insert(name.clone(), Change::Create { new: new.clone() });
            }
            Some(old) if old == *new => {}
            Some(_) if !before.owns(name) => return Err(in_the_way(&at)),
            Some(old) => {
                let edited = !before.wrote(name, &digest_of(old.as_bytes()));
                let new = new.clone();
                files.insert(name.clone(), Change::Update { old, new, edited });
            }
        }
    }
    for name in before
        .paths()
        .filter(|name| !folder.files.contains_key(*name))
    {
        if let Some(old) = holding.read(&path.join(name))? {
            let edited = !before.wrote(name, &digest_of(old.as_bytes()));
            files.insert(name.to_owned(), Change::Remove { old, edited });
        }
    }
    Ok(Changes {
        leftovers: holding.leftovers(&path),
        folder: path,
        files,
        before,
        after,
    })
}

fn inventory(holding: &impl Holding, folder: &Path) -> Result<Inventory, Error> {
    let path = folder.join(INVENTORY);
    match holding.read(&path)? {
        None => Ok(Inventory::default()),
        Some(text) => {
            refuse_conflict(&path, &text)?;
            let input = Input::new(path.display().to_string(), text);
            Ok(Inventory::read(&input)?)
        }
    }
}

/// Refuses a text that a merge left unfinished.
pub(super) fn refuse_conflict(path: &Path, text: &str) -> Result<(), OutsideError> {
    let mut wanted = CONFLICT.iter();
    let mut next = wanted.next();
    for line in text.lines() {
        if next.is_some_and(|begin| line.starts_with(begin)) {
            next = wanted.next();
        }
    }
    if next.is_some() {
        return Ok(());
    }
    Err(OutsideError::Source {
        message: format!("{} holds a merge that is not finished", path.display()),
        hint: Some(
            "take either side of it whole, such as with `git checkout --ours`: what is written \
             anew does not depend on it"
                .to_owned(),
        ),
    })
}

/// The error of a place that is wanted and holds what Palisade did not write.
pub(super) fn in_the_way(path: &Path) -> Error {
    InputError::new(format!(
        "{} is in the way: Palisade did not write it, so it is left alone",
        path.display()
    ))
    .hint("move it away, or choose another folder with `-o DIR`")
    .into()
}
