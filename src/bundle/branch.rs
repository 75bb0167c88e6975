//! Bringing bundles to a branch of a git repository: one commit, out of the repository's own store,
//! so that the work tree and the index are neither read nor touched.

mod call;
mod work_tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{
    ErrorCode, FileMode, ObjectType, Oid, Reference, Repository, Signature, StatusOptions, Tree,
};

use crate::finding::{Error, OutsideError};
use crate::source::git::{LINK, git_failed};
use crate::source::revision::{collect, commit_at, discover};
use crate::yaml::LONGEST_TEXT;

use super::compare::{Change, Changes, Folder, Holding, compare, in_the_way, refuse_conflict};
use super::inventory::{INVENTORY, Inventory};
use call::{folder_of, name_of};
use work_tree::{refuse_checked_out, refuse_unmerged};

/// Before the name of every branch.
const BRANCHES: &str = "refs/heads/";

/// How many digits of a commit's name are shown.
const SHORT: usize = 12;

/// The output folder on a branch: what its last commit holds, and where the next one goes.
pub struct Branch {
    repository: Repository,
    /// Where the repository is, as it is shown.
    shown: String,
    /// Its full name, `refs/heads/policies`.
    reference: String,
    /// The commit that the next one goes on top of.
    parent: Oid,
    /// Whether the branch is there already.
    exists: bool,
    /// The output folder, from the root of the repository and written with `/`; empty for the root.
    folder: String,
    /// Who commits.
    author: Signature<'static>,
}

impl Branch {
    /// The folder `output` on the branch `name`, which may be its full name, of the repository that
    /// `inside` lies in. A branch that is not there begins at the revision `base`.
    ///
    /// `output` is a path from the root of the repository; with `./` before it, from `inside`. An
    /// absolute one lies in the work tree.
    ///
    /// # Errors
    /// No repository, no such revision, nobody to commit as, a branch that a work tree has checked
    /// out, rebases or bisects, one that is a symbolic reference or that another one leaves no room
    /// for, or a merge in the output folder that is not finished: the outside's. A name that no branch
    /// can have and a folder that no branch can hold are the input's.
    pub fn open(inside: &Path, name: &str, base: &str, output: &str) -> Result<Self, Error> {
        let repository = discover(inside, "`--repository DIR` names another one")?;
        let shown = repository.path().display().to_string();
        let failed = |error: &git2::Error| git_failed(&shown, error);
        let name = name_of(name)?;
        let folder = folder_of(inside, &repository, output)?;
        let author = author(&repository)?;
        let reference = format!("{BRANCHES}{name}");
        refuse_checked_out(&repository, name, &reference)?;
        refuse_unmerged(&repository, &folder)?;
        let (parent, exists) = match repository.find_reference(&reference) {
            Ok(found) => {
                refuse_symbolic(name, &found)?;
                let commit = found.peel_to_commit().map_err(|error| failed(&error))?;
                (commit.id(), true)
            }
            Err(error) if error.code() == ErrorCode::NotFound => {
                refuse_neighbours(&repository, name)?;
                (commit_at(&repository, base)?.id(), false)
            }
            Err(error) => return Err(failed(&error).into()),
        };
        Ok(Self {
            repository,
            shown,
            reference,
            parent,
            exists,
            folder,
            author,
        })
    }

    /// Whether the branch was there before.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The output folder from the root of the repository, written with `/`; empty for the root.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// What of the repository bears on the commit and is not an error, in sentences.
    ///
    /// # Errors
    /// The repository does not answer.
    pub fn notes(&self) -> Result<Vec<String>, Error> {
        let mut notes = Vec::new();
        let config = self.repository.config();
        let config = config.map_err(|error| self.failed(&error))?;
        if config.get_bool("commit.gpgsign").unwrap_or_default() {
            notes.push(
                "`commit.gpgsign` is set, and the commit is not signed: Palisade runs no program \
                 that could; `git commit --amend -S` signs it"
                    .to_owned(),
            );
        }
        if let Some(path) = self.uncommitted().map_err(|error| self.failed(&error))? {
            notes.push(format!(
                "the work tree has changes that are not committed, such as `{path}`: they are no \
                 part of the commit, and stay as they are"
            ));
        }
        Ok(notes)
    }

    /// Compares a folder of the output with what it should hold.
    ///
    /// # Errors
    /// A file that is in the way and not Palisade's, one with a merge that is not finished, or one that
    /// cannot be read.
    pub fn compare(&self, folder: &Folder) -> Result<Changes, Error> {
        compare(self, folder)
    }

    /// The texts of the files of objects below `folder`, by path; both are from the root of the
    /// repository.
    ///
    /// # Errors
    /// A text that cannot be read.
    pub fn texts(&self, folder: &str) -> Result<BTreeMap<PathBuf, String>, Error> {
        let tree = self.tree()?;
        let below = match tree.get_path(Path::new(folder)) {
            Ok(entry) if entry.kind() == Some(ObjectType::Tree) => entry.id(),
            _ => return Ok(BTreeMap::new()),
        };
        let below = self.repository.find_tree(below);
        let below = below.map_err(|error| self.failed(&error))?;
        let mut paths = Vec::new();
        collect(&below, &format!("{folder}/"), &mut paths).map_err(|error| self.failed(&error))?;
        let mut texts = BTreeMap::new();
        for (path, _) in paths {
            if let Entry::File { text, .. } = self.entry(&path)? {
                texts.insert(PathBuf::from(path), text);
            }
        }
        Ok(texts)
    }

    /// Makes all these changes in one commit, and moves the branch to it. Returns the beginning of
    /// the commit's name.
    ///
    /// # Errors
    /// Somebody moved or made the branch since it was opened or locks it, or the repository cannot be
    /// written.
    /// The branch is as it was then.
    pub fn commit(&self, changes: &[Changes], message: &str) -> Result<String, Error> {
        let tree = self.changed(changes)?;
        let made = || {
            let parent = self.repository.find_commit(self.parent)?;
            let tree = self.repository.find_tree(tree)?;
            let (author, committer) = (&self.author, &self.author);
            self.repository
                .commit(None, author, committer, message, &tree, &[&parent])
        };
        let id = made().map_err(|error| self.not_written(&error))?;
        let subject = message.lines().next().unwrap_or_default();
        let log = format!("commit: {subject}");
        let moved = if self.exists {
            // It moves from the commit that was looked at or not at all; that one is the new
            // one's parent, so nothing is ever lost by it.
            self.repository
                .reference_matching(&self.reference, id, true, self.parent, &log)
        } else {
            self.repository.reference(&self.reference, id, false, &log)
        };
        moved.map_err(|error| match error.code() {
            ErrorCode::Locked => self.locked(),
            ErrorCode::Modified | ErrorCode::Exists => OutsideError::Source {
                message: format!(
                    "somebody moved the branch `{}` meanwhile, so it is left alone",
                    self.name()
                ),
                hint: Some("run it again: it goes on top of what is there then".to_owned()),
            },
            _ => self.not_written(&error),
        })?;
        Ok(id.to_string().chars().take(SHORT).collect())
    }

    /// Its short name.
    pub fn name(&self) -> &str {
        self.reference.strip_prefix(BRANCHES).unwrap_or_default()
    }

    /// The tree of the last commit with the changes made.
    fn changed(&self, changes: &[Changes]) -> Result<Oid, Error> {
        let mut update = TreeUpdateBuilder::new();
        for folder in changes {
            for (path, change) in &folder.files {
                let path = folder.folder().join(path);
                match change {
                    Change::Create { new } | Change::Update { new, .. } => {
                        self.put(&mut update, &path, new)?;
                    }
                    Change::Remove { .. } => {
                        update.remove(path.as_path());
                    }
                }
            }
            let inventory = folder.folder().join(INVENTORY);
            if folder.has_inventory() {
                continue;
            }
            if folder.after == Inventory::default() {
                update.remove(inventory.as_path());
            } else {
                self.put(&mut update, &inventory, &folder.after.text())?;
            }
        }
        let tree = self.tree()?;
        let updated = update.create_updated(&self.repository, &tree);
        updated.map_err(|error| self.not_written(&error).into())
    }

    fn put(&self, update: &mut TreeUpdateBuilder, path: &Path, text: &str) -> Result<(), Error> {
        let mode = match self.entry(&path.to_string_lossy())? {
            Entry::File { mode, .. } => mode,
            _ => FileMode::Blob,
        };
        let blob = self.repository.blob(text.as_bytes());
        let blob = blob.map_err(|error| self.not_written(&error))?;
        update.upsert(path, blob, mode);
        Ok(())
    }

    fn tree(&self) -> Result<Tree<'_>, Error> {
        let commit = self.repository.find_commit(self.parent);
        let tree = commit.and_then(|commit| commit.tree());
        tree.map_err(|error| self.failed(&error).into())
    }

    /// What is at `path`, from the root of the repository.
    fn entry(&self, path: &str) -> Result<Entry, Error> {
        let mut tree = self.tree()?;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = tree.get_name(part) else {
                return Ok(Entry::Nothing);
            };
            let is_last = parts.peek().is_none();
            match entry.kind() {
                Some(ObjectType::Tree) if !is_last => {
                    let below = self.repository.find_tree(entry.id());
                    let below = below.map_err(|error| self.failed(&error))?;
                    drop(entry);
                    tree = below;
                }
                Some(ObjectType::Blob) if is_last && entry.filemode() != LINK => {
                    let blob = self.repository.find_blob(entry.id());
                    let blob = blob.map_err(|error| self.failed(&error))?;
                    if blob.size() > LONGEST_TEXT {
                        break;
                    }
                    let is_program = entry.filemode() == i32::from(FileMode::BlobExecutable);
                    return Ok(Entry::File {
                        text: String::from_utf8_lossy(blob.content()).into_owned(),
                        mode: if is_program {
                            FileMode::BlobExecutable
                        } else {
                            FileMode::Blob
                        },
                    });
                }
                _ => break,
            }
        }
        Ok(Entry::Other)
    }

    /// A file of the work tree that differs from what is committed, if there is one.
    fn uncommitted(&self) -> Result<Option<String>, git2::Error> {
        if self.repository.workdir().is_none() {
            return Ok(None);
        }
        let mut options = StatusOptions::new();
        options.include_untracked(true).exclude_submodules(true);
        let statuses = self.repository.statuses(Some(&mut options))?;
        let first = statuses.iter().next();
        Ok(first.and_then(|entry| entry.path().ok().map(str::to_owned)))
    }

    fn failed(&self, error: &git2::Error) -> OutsideError {
        git_failed(&self.shown, error)
    }

    /// The error of a reference whose lock file is there.
    fn locked(&self) -> OutsideError {
        let lock = self.repository.commondir().join(&self.reference);
        OutsideError::Source {
            message: format!(
                "the branch `{}` is locked by the file {}.lock, so it is left alone",
                self.name(),
                lock.display()
            ),
            hint: Some(
                "another git may be writing the branch: run it again; where none is at work, one \
                 that was ended left the file behind: remove it"
                    .to_owned(),
            ),
        }
    }

    fn not_written(&self, error: &git2::Error) -> OutsideError {
        OutsideError::of_source(format!(
            "cannot write to the repository {}: {}",
            self.shown,
            error.message()
        ))
    }
}

/// What a path of a tree leads to.
enum Entry {
    Nothing,
    File {
        text: String,
        mode: FileMode,
    },
    /// A folder, a link, another repository, or a file that is none of Palisade's.
    Other,
}

impl Holding for Branch {
    fn at(&self, folder: &str) -> PathBuf {
        Path::new(&self.folder).join(folder)
    }

    fn read(&self, path: &Path) -> Result<Option<String>, Error> {
        match self.entry(&path.to_string_lossy())? {
            Entry::Nothing => Ok(None),
            Entry::Other => Err(in_the_way(path)),
            Entry::File { text, .. } => {
                refuse_conflict(path, &text)?;
                Ok(Some(text))
            }
        }
    }

    fn leftovers(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Who commits, as git's configuration has it.
fn author(repository: &Repository) -> Result<Signature<'static>, OutsideError> {
    repository
        .signature()
        .map_err(|error| OutsideError::Source {
            message: format!("git does not know who commits: {}", error.message()),
            hint: Some(
                "`git config user.name NAME` and `git config user.email ADDRESS` say it, with \
             `--global` for every repository"
                    .to_owned(),
            ),
        })
}

/// Refuses a branch that is another name of a reference: the commit would move that one, which
/// nobody named.
fn refuse_symbolic(name: &str, found: &Reference<'_>) -> Result<(), OutsideError> {
    let Some(target) = found.symbolic_target_bytes() else {
        return Ok(());
    };
    let target = String::from_utf8_lossy(target);
    let hint = match target.strip_prefix(BRANCHES) {
        Some(branch) => format!("name that one: `--branch {branch}`"),
        None => "name another branch".to_owned(),
    };
    Err(OutsideError::Source {
        message: format!("the branch `{name}` is a symbolic reference, and leads to `{target}`"),
        hint: Some(hint),
    })
}

/// Refuses a new branch where git has no room for it: each `/` in the name of a branch is a folder,
/// and a folder cannot be a branch as well.
fn refuse_neighbours(repository: &Repository, name: &str) -> Result<(), Error> {
    let above = name.match_indices('/').filter_map(|(at, _)| name.get(..at));
    let mut above = above.filter(|above| {
        let above = format!("{BRANCHES}{above}");
        repository.find_reference(&above).is_ok()
    });
    if let Some(above) = above.next() {
        return Err(OutsideError::Source {
            message: format!("there can be no branch `{name}` while there is a branch `{above}`"),
            hint: Some(format!(
                "name another one, such as `{}`",
                name.replace('/', "-")
            )),
        }
        .into());
    }
    let failed = |error| git_failed(&repository.path().display().to_string(), &error);
    let below = repository.references_glob(&format!("{BRANCHES}{name}/*"));
    let mut below = below.map_err(failed)?;
    let below = below.names().flatten().map(str::to_owned).min();
    match below
        .as_deref()
        .and_then(|full| full.strip_prefix(BRANCHES))
    {
        None => Ok(()),
        Some(below) => Err(OutsideError::Source {
            message: format!("there can be no branch `{name}` while there is a branch `{below}`"),
            hint: Some(format!("name another one, such as `{name}/main`")),
        }
        .into()),
    }
}
