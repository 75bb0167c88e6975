//! What the work trees of a repository are in the middle of, where a commit to a branch would be in
//! its way.

use std::path::{Path, PathBuf};

use git2::Repository;

use super::BRANCHES;
use crate::finding::OutsideError;
use crate::source::git::git_failed;

/// How git writes that HEAD is a branch.
const SYMBOLIC: &str = "ref: ";

/// Where a rebase that is under way keeps the full names of the branches that it moves at its end:
/// the one that was checked out, and those that `--update-refs` takes along, each on a line.
const REBASED: [&str; 3] = [
    "rebase-merge/head-name",
    "rebase-apply/head-name",
    "rebase-merge/update-refs",
];

/// Where a bisection keeps the name of the branch that it goes back to.
const BISECTED: &str = "BISECT_START";

/// What a work tree does with a branch; `branch.c` of git refuses the same.
#[derive(Clone, Copy)]
enum Use {
    CheckedOut,
    Rebased,
    Bisected,
}

impl Use {
    /// What the work tree, whose files `own` holds, does with the branch.
    fn of(own: &Path, reference: &str) -> Option<Self> {
        let text = |file| std::fs::read_to_string(own.join(file)).unwrap_or_default();
        if text("HEAD").trim_end().strip_prefix(SYMBOLIC) == Some(reference) {
            return Some(Self::CheckedOut);
        }
        let is_named = |file| text(file).lines().any(|line| line == reference);
        if REBASED.into_iter().any(is_named) {
            return Some(Self::Rebased);
        }
        // Git writes the short name there, and older ones the full one.
        let start = text(BISECTED);
        let start = start.trim_end();
        let is_start = start == reference || reference.strip_prefix(BRANCHES) == Some(start);
        is_start.then_some(Self::Bisected)
    }

    /// The error of it, where `root` is the work tree.
    fn refused(self, name: &str, root: &Path) -> OutsideError {
        let root = root.display();
        let (message, hint) = match self {
            Self::CheckedOut => (
                format!(
                    "the branch `{name}` is checked out in {root}, whose files would no longer be \
                     its own"
                ),
                "name another branch, or `git switch` to another one there; `palisade gen` writes \
                 into a work tree",
            ),
            Self::Rebased => (
                format!(
                    "the branch `{name}` is being rebased in {root}, which would lose the commit or \
                     fail by it"
                ),
                "finish that there, or `git rebase --abort`; or name another branch",
            ),
            Self::Bisected => (
                format!("the branch `{name}` is being bisected in {root}, which goes back to it"),
                "`git bisect reset` ends that there; or name another branch",
            ),
        };
        OutsideError::Source {
            message,
            hint: Some(hint.to_owned()),
        }
    }
}

/// Refuses a branch that a work tree has checked out, rebases or bisects, as `git branch --force`
/// does: the work tree would seem to take back what the commit brought.
pub(super) fn refuse_checked_out(
    repository: &Repository,
    name: &str,
    reference: &str,
) -> Result<(), OutsideError> {
    let common = repository.commondir();
    let main = Repository::open(common).map_err(|error| git_failed(name, &error))?;
    // Each work tree, and the folder of the repository that holds what is its own.
    let mut trees: Vec<(PathBuf, PathBuf)> = Vec::new();
    if let Some(root) = main.workdir() {
        trees.push((root.to_owned(), common.to_owned()));
    }
    for linked in main
        .worktrees()
        .iter()
        .flat_map(|all| all.iter())
        .flatten()
        .flatten()
    {
        if let Ok(tree) = main.find_worktree(linked) {
            let own = common.join("worktrees").join(linked);
            trees.push((tree.path().to_owned(), own));
        }
    }
    let mut uses = trees
        .iter()
        .filter_map(|(root, own)| Some((root, Use::of(own, reference)?)));
    match uses.next() {
        None => Ok(()),
        Some((root, found)) => Err(found.refused(name, root)),
    }
}

/// Refuses to go on while a merge is under way in the output folder: which of its sides is to be is
/// for its user to say.
pub(super) fn refuse_unmerged(repository: &Repository, folder: &str) -> Result<(), OutsideError> {
    let Ok(index) = repository.index() else {
        return Ok(());
    };
    let Ok(conflicts) = index.conflicts() else {
        return Ok(());
    };
    let mut paths: Vec<String> = conflicts
        .flatten()
        .flat_map(|conflict| [conflict.our, conflict.their, conflict.ancestor])
        .flatten()
        .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
        .filter(|path| Path::new(path).starts_with(folder))
        .collect();
    paths.sort();
    match paths.first() {
        None => Ok(()),
        Some(path) => Err(OutsideError::Source {
            message: format!("a merge is under way, and `{path}` has a conflict"),
            hint: Some("finish it, or `git merge --abort`".to_owned()),
        }),
    }
}
