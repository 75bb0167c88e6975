//! Files of objects in a git revision, out of the repository's own store: the work tree is neither
//! read nor touched.

use std::path::{Component, Path};

use git2::{Commit, ErrorCode, ObjectType, Repository, Tree, TreeWalkMode, TreeWalkResult};

use crate::finding::{Error, Input, Origin, OutsideError};

use super::git::{LINK, find_commit};
use super::path::{Given, is_object_file};
use super::text::text_of;

/// What makes a path one from the folder that the command runs in.
const HERE: &str = "./";

/// The files of objects that `path` is or holds at `revision` of the repository that `folder` lies
/// in: those that [`super::path::read`] would read of a folder. A link is passed over, for what it
/// leads to need not be part of the revision.
///
/// `path` is one from the root of the repository; with `./` before it, or where there is none, one
/// from `folder`.
///
/// # Errors
/// No repository, no such revision, no such path in it, or a repository that does not answer: each
/// of them the outside's (exit 3).
pub fn read(folder: &Path, revision: &str, path: Option<&str>) -> Result<Given, Error> {
    let hint = "a `git:` source is a revision of the one that you are in";
    let repository = discover(folder, hint)?;
    let shown = repository.path().display().to_string();
    let commit = commit_at(&repository, revision)?;
    let tree = commit.tree().map_err(|error| failed(&shown, &error))?;
    let path = from_root(folder, &repository, path)?;
    let mut found = Vec::new();
    if path.is_empty() {
        collect(&tree, "", &mut found).map_err(|error| failed(&shown, &error))?;
    } else {
        let entry = tree.get_path(Path::new(&path)).map_err(|error| {
            if error.code() == ErrorCode::NotFound {
                OutsideError::of_source(format!("`{path}` does not exist at `{revision}`"))
            } else {
                failed(&shown, &error)
            }
        })?;
        match entry.kind() {
            Some(ObjectType::Blob) if entry.filemode() != LINK => {
                found.push((path.clone(), entry.id()));
            }
            Some(ObjectType::Tree) => {
                let below = repository.find_tree(entry.id());
                let below = below.map_err(|error| failed(&shown, &error))?;
                collect(&below, &format!("{path}/"), &mut found)
                    .map_err(|error| failed(&shown, &error))?;
            }
            _ => {
                let message = format!("`{path}` is neither a file nor a folder at `{revision}`");
                return Err(OutsideError::of_source(message).into());
            }
        }
    }
    if found.is_empty() {
        let folder = if path.is_empty() { "the root" } else { &path };
        let message = format!("no file of {folder} at `{revision}` ends in .yaml, .yml or .json");
        return Err(OutsideError::of_source(message).into());
    }
    found.sort();
    let mut given = Given {
        root: match path.as_str() {
            "" => format!("git:{revision}:"),
            path => format!("git:{revision}:{path}/"),
        },
        ..Given::default()
    };
    for (path, id) in found {
        let blob = repository.find_blob(id);
        let blob = blob.map_err(|error| failed(&shown, &error))?;
        let name = format!("git:{revision}:{path}");
        let text = text_of(&name, blob.content().to_vec())?;
        let input = Input::from(Origin::Revision, name, text.text.as_str());
        given.inputs.push(input);
    }
    Ok(given)
}

fn failed(repository: &str, error: &git2::Error) -> OutsideError {
    super::git::git_failed(repository, error)
}

/// The commit that `revision` names.
///
/// # Errors
/// There is none, which is the outside's, with the nearest names.
pub(crate) fn commit_at<'r>(
    repository: &'r Repository,
    revision: &str,
) -> Result<Commit<'r>, Error> {
    let shown = repository.path().display().to_string();
    find_commit(&shown, repository, revision).map_err(|error| unknown(repository, revision, error))
}

/// The repository that `folder` is or lies in.
///
/// # Errors
/// It lies in none, or that one does not answer.
pub(crate) fn discover(folder: &Path, hint: &str) -> Result<Repository, OutsideError> {
    Repository::discover(folder).map_err(|error| {
        if error.code() == ErrorCode::NotFound {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            OutsideError::Source {
                message: format!("{} lies in no git repository", folder.display()),
                hint: Some(hint.to_owned()),
            }
        } else {
            failed(&folder.display().to_string(), &error)
        }
    })
}

/// The error of a revision that is not there. It is the outside's: the call may be right where the
/// clone has more.
fn unknown(repository: &Repository, revision: &str, error: Error) -> Error {
    let Error::Input(error) = error else {
        return error;
    };
    if repository.is_shallow() {
        return OutsideError::Source {
            message: format!("this shallow clone has no revision `{revision}`"),
            hint: Some(
                "`git fetch --unshallow` brings the rest; a CI checkout has a depth to set"
                    .to_owned(),
            ),
        }
        .into();
    }
    OutsideError::from(error).into()
}

/// `path` as one from the root of the repository, without `.` and `..`; empty for the root.
///
/// # Errors
/// It leads out of the repository.
pub(crate) fn from_root(
    folder: &Path,
    repository: &Repository,
    path: Option<&str>,
) -> Result<String, OutsideError> {
    let (base, path) = match path {
        None => (here(folder, repository), ""),
        Some(path) if path == "." || path.starts_with(HERE) || path.starts_with("..") => {
            (here(folder, repository), path)
        }
        Some(path) => (String::new(), path),
    };
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.extend(name.to_str()),
            Component::ParentDir if parts.pop().is_none() => {
                let message = format!("`{path}` leads out of the repository");
                return Err(OutsideError::of_source(message));
            }
            _ => {}
        }
    }
    Ok(parts.join("/"))
}

/// The folder that the command runs in, as a path from the root. A bare repository has its root
/// alone.
fn here(folder: &Path, repository: &Repository) -> String {
    let inside = repository.workdir().and_then(|root| {
        let folder = folder.canonicalize().ok()?;
        let inside = folder.strip_prefix(root.canonicalize().ok()?).ok()?;
        inside.to_str().map(|inside| inside.replace('\\', "/"))
    });
    inside.unwrap_or_default()
}

/// Adds the files of objects of `tree`, whose path is `prefix`, and of the folders below.
///
/// # Errors
/// The repository does not answer.
pub(crate) fn collect(
    tree: &Tree<'_>,
    prefix: &str,
    found: &mut Vec<(String, git2::Oid)>,
) -> Result<(), git2::Error> {
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        let Ok(name) = entry.name() else {
            return TreeWalkResult::Ok;
        };
        // As with a folder on disk, what is hidden is passed over.
        if name.starts_with('.') {
            return TreeWalkResult::Skip;
        }
        let is_file = entry.kind() == Some(ObjectType::Blob) && entry.filemode() != LINK;
        if is_file && is_object_file(name) {
            found.push((format!("{prefix}{folder}{name}"), entry.id()));
        }
        TreeWalkResult::Ok
    })
}
