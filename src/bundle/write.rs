//! Bringing bundles to disk: all files or none, and nothing that is not Palisade's own.
//!
//! Every new text first lies complete beside its place. Then the inventory takes in the new files,
//! the texts move into place, what is no longer rendered goes, and the inventory lets go of it.
//! Whenever that is interrupted, each file is either old or new, the inventory covers both, and
//! the next run finishes the work.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use crate::finding::{Error, Input, InputError, OutsideError};
use crate::source::write::{TEMPORARY, stage};
use crate::yaml::LONGEST_TEXT;

use super::inventory::{INVENTORY, Inventory, digest_of};

/// What a folder should hold: the text of each file by its path below the folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
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
        /// The text on disk.
        old: String,
        /// Its new text.
        new: String,
        /// Whether somebody else changed it since Palisade wrote it.
        edited: bool,
    },
    /// It goes.
    Remove {
        /// The text on disk.
        old: String,
    },
}

/// What must change for a folder to hold what it should.
#[derive(Debug)]
pub struct Changes {
    folder: PathBuf,
    /// By path below the folder.
    pub files: BTreeMap<String, Change>,
    /// What the inventory says now.
    before: Inventory,
    /// What it should say.
    after: Inventory,
    /// Texts that an interrupted run left beside their place.
    leftovers: Vec<PathBuf>,
}

impl Folder {
    /// Compares the folder with what it should hold.
    ///
    /// # Errors
    /// A file that is in the way and not Palisade's, or a folder that cannot be read.
    pub fn compare(&self) -> Result<Changes, Error> {
        let before = self.inventory()?;
        let mut after = Inventory::default();
        let mut files = BTreeMap::new();
        for (path, input) in &self.files {
            let new = &input.text;
            after.add(path, digest_of(new.as_bytes()));
            let at = self.path.join(path);
            match read_own(&at)? {
                None => {
                    files.insert(path.clone(), Change::Create { new: new.clone() });
                }
                Some(old) if old == *new => {}
                Some(_) if !before.owns(path) => return Err(in_the_way(&at)),
                Some(old) => {
                    let edited = !before.wrote(path, &digest_of(old.as_bytes()));
                    let new = new.clone();
                    files.insert(path.clone(), Change::Update { old, new, edited });
                }
            }
        }
        for path in before
            .paths()
            .filter(|path| !self.files.contains_key(*path))
        {
            if let Some(old) = read_own(&self.path.join(path))? {
                files.insert(path.to_owned(), Change::Remove { old });
            }
        }
        Ok(Changes {
            leftovers: self.leftovers(&files),
            folder: self.path.clone(),
            files,
            before,
            after,
        })
    }

    fn inventory(&self) -> Result<Inventory, Error> {
        let path = self.path.join(INVENTORY);
        match read_own(&path)? {
            None => Ok(Inventory::default()),
            Some(text) => {
                let input = Input::new(path.display().to_string(), text);
                Ok(Inventory::read(&input)?)
            }
        }
    }

    /// Texts of an interrupted run, in the folders that are written to.
    fn leftovers(&self, files: &BTreeMap<String, Change>) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = files
            .keys()
            .chain(self.files.keys())
            .filter_map(|path| self.path.join(path).parent().map(Path::to_owned))
            .chain([self.path.clone()])
            .collect();
        folders.sort();
        folders.dedup();
        let entries = folders
            .into_iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten()
            .flatten();
        let mut leftovers: Vec<PathBuf> = entries
            .filter(|entry| {
                let name = entry.file_name();
                name.to_str()
                    .is_some_and(|name| name.starts_with(TEMPORARY))
            })
            .map(|entry| entry.path())
            .collect();
        leftovers.sort();
        leftovers
    }
}

impl Changes {
    /// Whether the folder holds what it should.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.before == self.after && self.leftovers.is_empty()
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes all these changes, or none where one of the new texts cannot be written.
    ///
    /// # Errors
    /// A file or folder that cannot be written.
    pub fn apply(all: &[Self]) -> Result<(), Error> {
        let mut staged = Vec::new();
        for changes in all.iter().filter(|changes| !changes.is_empty()) {
            staged.push((changes, changes.stage()?));
        }
        for (changes, staged) in staged {
            changes.settle(staged)?;
        }
        Ok(())
    }

    /// Writes every new text beside its place.
    fn stage(&self) -> Result<Vec<(PathBuf, NamedTempFile)>, Error> {
        let mut staged = Vec::new();
        for (path, change) in &self.files {
            if let Change::Create { new } | Change::Update { new, .. } = change {
                let target = self.folder.join(path);
                let text = stage(&target, new.as_bytes())?;
                staged.push((target, text));
            }
        }
        Ok(staged)
    }

    fn settle(&self, staged: Vec<(PathBuf, NamedTempFile)>) -> Result<(), Error> {
        self.write_inventory(&self.before.clone().union(&self.after))?;
        for (target, text) in staged {
            put_in_place(text, &target)?;
        }
        for (path, change) in &self.files {
            if matches!(change, Change::Remove { .. }) {
                let target = self.folder.join(path);
                remove(&target)?;
                self.remove_empty_folders(&target);
            }
        }
        for leftover in &self.leftovers {
            remove(leftover)?;
        }
        if self.after == Inventory::default() {
            remove(&self.folder.join(INVENTORY))?;
            // A folder that holds something else stays, and says nothing.
            let _ = fs::remove_dir(&self.folder);
            Ok(())
        } else {
            self.write_inventory(&self.after)?;
            sync_folder(&self.folder)
        }
    }

    fn write_inventory(&self, inventory: &Inventory) -> Result<(), Error> {
        let target = self.folder.join(INVENTORY);
        let text = stage(&target, inventory.text().as_bytes())?;
        put_in_place(text, &target)
    }

    /// Removes the folders above `path` that hold nothing any more, up to the bundle's own.
    fn remove_empty_folders(&self, path: &Path) {
        let above = path.ancestors().skip(1);
        for folder in above.take_while(|folder| *folder != self.folder) {
            if fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

fn in_the_way(path: &Path) -> Error {
    InputError::new(format!(
        "{} is in the way: Palisade did not write it, so it is left alone",
        path.display()
    ))
    .hint("move it away, or choose another folder with `-o DIR`")
    .into()
}

/// The text of a file where Palisade may write; nothing where there is none.
fn read_own(path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| OutsideError::file("read", path, source);
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error).into()),
    };
    // A link may lead anywhere, and what it leads to is somebody else's.
    if !kind.is_file() || kind.len() > LONGEST_TEXT as u64 {
        return Err(in_the_way(path));
    }
    let bytes = fs::read(path).map_err(failed)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn put_in_place(text: NamedTempFile, target: &Path) -> Result<(), Error> {
    text.persist(target)
        .map(drop)
        .map_err(|error| OutsideError::file("write", target, error.error).into())
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(OutsideError::file("remove", path, error).into())
        }
        _ => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| OutsideError::file("write", folder, error).into())
}
