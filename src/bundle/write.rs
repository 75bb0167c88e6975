//! Bringing bundles to disk: all files or none, and nothing that is not Palisade's own.
//!
//! Every new text first lies complete beside its place, inventories included. Then each folder's
//! inventory takes in the new files, the texts move into place, what is no longer rendered goes,
//! and the inventory lets go of it. An error on the way puts back what was there; whenever the
//! process itself is ended, each file is either old or new, the inventory covers both, and the
//! next run finishes the work. Runs on one output folder wait for one another.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempPath;

use crate::finding::{Error, Input, InputError, OutsideError};
use crate::source::write::{TEMPORARY, stage};
use crate::yaml::LONGEST_TEXT;

use super::inventory::{INVENTORY, Inventory, digest_of};

/// How deep leftovers of an interrupted run are looked for below a bundle's folder.
const DEEPEST_FOLDER: usize = 4;

/// The output folder while a run has it to itself.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    /// Held until the run ends; the system lets go of it even if the process is killed.
    _lock: Option<File>,
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
        /// Whether somebody else changed it since Palisade wrote it.
        edited: bool,
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
        // Where the system cannot lock folders, runs are not kept apart.
        let lock = File::open(path).ok().filter(|file| file.lock().is_ok());
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Compares a folder of the output with what it should hold.
    ///
    /// # Errors
    /// A file that is in the way and not Palisade's, or a folder that cannot be read.
    pub fn compare(&self, folder: &Folder) -> Result<Changes, Error> {
        let path = self.path.join(&folder.path);
        self.refuse_links(&path)?;
        let before = inventory(&path)?;
        let mut after = Inventory::default();
        let mut files = BTreeMap::new();
        for (name, input) in &folder.files {
            let new = &input.text;
            after.add(name, digest_of(new.as_bytes()));
            let at = path.join(name);
            self.refuse_links(at.parent().unwrap_or(&path))?;
            match read_own(&at)? {
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
            let at = path.join(name);
            self.refuse_links(at.parent().unwrap_or(&path))?;
            if let Some(old) = read_own(&at)? {
                let edited = !before.wrote(name, &digest_of(old.as_bytes()));
                files.insert(name.to_owned(), Change::Remove { old, edited });
            }
        }
        let mut leftovers = Vec::new();
        find_leftovers(&path, 0, &mut leftovers);
        leftovers.sort();
        Ok(Changes {
            leftovers,
            folder: path,
            files,
            before,
            after,
        })
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

fn inventory(folder: &Path) -> Result<Inventory, Error> {
    let path = folder.join(INVENTORY);
    match read_own(&path)? {
        None => Ok(Inventory::default()),
        Some(text) => {
            let input = Input::new(path.display().to_string(), text);
            Ok(Inventory::read(&input)?)
        }
    }
}

/// Texts that an interrupted run left. No other run is under way: it would hold the lock.
fn find_leftovers(folder: &Path, depth: usize, leftovers: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
            continue;
        };
        if kind.is_dir() && depth < DEEPEST_FOLDER {
            find_leftovers(&entry.path(), depth + 1, leftovers);
        } else if kind.is_file() && name.to_str().is_some_and(|n| n.starts_with(TEMPORARY)) {
            leftovers.push(entry.path());
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
