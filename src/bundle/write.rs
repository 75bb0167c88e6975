//! Bringing bundles to disk: all files or none, and nothing that is not Palisade's own.
//!
//! Every new text first lies complete beside its place, inventories included. Then each folder's
//! inventory takes in the new files, the texts move into place, what is no longer rendered goes,
//! and the inventory lets go of it. An error on the way puts back what was there; whenever the
//! process itself is ended, each file is either old or new, the inventory covers both, and the
//! next run finishes the work. Runs on one output folder wait for one another.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::finding::{Error, OutsideError};
use crate::source::write::{find_leftovers, hold, stage};
use crate::yaml::LONGEST_TEXT;

use super::compare::{Change, Changes, Folder, Holding, compare, in_the_way};
use super::inventory::{INVENTORY, Inventory};

/// How deep leftovers of an interrupted run are looked for below a bundle's folder.
const DEEPEST_FOLDER: usize = 4;

/// The output folder while a run has it to itself.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    /// Held until the run ends; the system lets go of it even if the process is killed.
    _lock: Option<File>,
}

impl Holding for Output {
    fn at(&self, folder: &str) -> PathBuf {
        self.path.join(folder)
    }

    fn read(&self, path: &Path) -> Result<Option<String>, Error> {
        self.refuse_links(path.parent().unwrap_or(path))?;
        read_own(path)
    }

    fn leftovers(&self, folder: &Path) -> Vec<PathBuf> {
        let mut leftovers = Vec::new();
        // No other run is under way: it would hold the folder.
        find_leftovers(folder, DEEPEST_FOLDER, &mut leftovers);
        leftovers.sort();
        leftovers
    }
}

impl Output {
    /// The output folder, only to be looked at.
    pub fn look(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            _lock: None,
        }
    }

    /// The output folder, made if it is not there, for this run alone: another run on it is
    /// waited for.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn take(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|e| OutsideError::file("create", path, e))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: hold(path),
        })
    }

    /// Compares a folder of the output with what it should hold.
    ///
    /// # Errors
    /// A file that is in the way and not Palisade's, or a folder that cannot be read.
    pub fn compare(&self, folder: &Folder) -> Result<Changes, Error> {
        compare(self, folder)
    }

    /// Refuses a link among the folders below the output folder: it may lead anywhere, and what
    /// it leads to is somebody else's.
    fn refuse_links(&self, folder: &Path) -> Result<(), Error> {
        let below = folder.ancestors().take_while(|above| *above != self.path);
        for path in below {
            if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(in_the_way(path));
            }
        }
        Ok(())
    }

    /// Makes all these changes, or none.
    ///
    /// # Errors
    /// A file or folder that cannot be written; what was changed before is as it was then.
    pub fn apply(&self, all: &[Changes]) -> Result<(), Error> {
        let mut staged = Vec::new();
        for changes in all.iter().filter(|changes| !changes.is_empty()) {
            staged.push((changes, changes.stage()?));
        }
        let mut done = Vec::new();
        for (changes, texts) in staged {
            done.push(changes);
            if let Err(error) = changes.settle(texts) {
                for changes in done {
                    changes.undo();
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The texts of a folder that wait beside their places.
struct Staged {
    texts: Vec<(PathBuf, TempPath)>,
    /// The inventory while the change is under way.
    during: TempPath,
    /// The inventory afterwards.
    after: TempPath,
}

impl Changes {
    /// Writes every new text beside its place.
    fn stage(&self) -> Result<Staged, Error> {
        let mut texts = Vec::new();
        for (path, change) in &self.files {
            if let Change::Create { new } | Change::Update { new, .. } = change {
                let target = self.folder.join(path);
                let text = stage(&target, new.as_bytes())?;
                texts.push((target, text));
            }
        }
        let inventory = self.folder.join(INVENTORY);
        let during = self.before.clone().union(&self.after);
        Ok(Staged {
            texts,
            during: stage(&inventory, during.text().as_bytes())?,
            after: stage(&inventory, self.after.text().as_bytes())?,
        })
    }

    fn settle(&self, staged: Staged) -> Result<(), Error> {
        let inventory = self.folder.join(INVENTORY);
        put_in_place(staged.during, &inventory)?;
        for (target, text) in staged.texts {
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
        put_in_place(staged.after, &inventory)?;
        if self.after == Inventory::default() {
            remove(&inventory)?;
            // A folder that holds something else stays, and so do those above it.
            for folder in self.folder.ancestors().take(2) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
            return Ok(());
        }
        sync_folder(&self.folder)
    }

    /// Puts back what was there. The error that led here is the one to tell, so none of these is.
    fn undo(&self) {
        for (path, change) in &self.files {
            let target = self.folder.join(path);
            let _ = match change {
                Change::Create { .. } => remove(&target),
                Change::Update { old, .. } | Change::Remove { old, .. } => put_back(&target, old),
            };
        }
        let inventory = self.folder.join(INVENTORY);
        let _ = if self.before == Inventory::default() {
            remove(&inventory)
        } else {
            put_back(&inventory, &self.before.text())
        };
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

/// The text of a file where Palisade may write; nothing where there is none.
fn read_own(path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| OutsideError::file("read", path, source);
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        // No file can be where a name is too long or a file stands for a folder.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::InvalidFilename
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error).into()),
    };
    if !kind.is_file() || kind.len() > LONGEST_TEXT as u64 {
        return Err(in_the_way(path));
    }
    let bytes = fs::read(path).map_err(failed)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn put_in_place(text: TempPath, target: &Path) -> Result<(), Error> {
    text.persist(target)
        .map_err(|error| OutsideError::file("write", target, error.error).into())
}

fn put_back(target: &Path, text: &str) -> Result<(), Error> {
    put_in_place(stage(target, text.as_bytes())?, target)
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
