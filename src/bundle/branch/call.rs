//! What the call names: the branch, and the output folder on it.

use std::path::{Component, Path, PathBuf};

use git2::Repository;

use super::BRANCHES;
use crate::finding::InputError;
use crate::source::revision::from_root;

/// What no folder of a commit may be called, in whichever case: git keeps itself there.
const GIT: &str = ".git";

/// The short name of the branch that `given` names, which may be its full name.
///
/// # Errors
/// No branch can have that name.
pub(super) fn name_of(given: &str) -> Result<&str, InputError> {
    let name = given.strip_prefix(BRANCHES).unwrap_or(given);
    if git2::Branch::name_is_valid(name).unwrap_or_default() {
        Ok(name)
    } else {
        let message = format!("`{given}` is not a name of a branch");
        Err(InputError::new(message))
    }
}

/// The folder that `output` names, from the root of the repository and written with `/`; empty for
/// the root.
///
/// # Errors
/// It lies outside of the repository, or where git keeps itself.
pub(super) fn folder_of(
    inside: &Path,
    repository: &Repository,
    output: &str,
) -> Result<String, InputError> {
    let folder = if Path::new(output).is_absolute() {
        in_work_tree(repository, Path::new(output))
    } else {
        from_root(inside, repository, Some(output)).ok()
    };
    let folder =
        folder.ok_or_else(|| {
            InputError::new(format!("the output folder `{output}` is not in the repository")).hint(
            "name it from the root of the repository, as `generated`; with `./` before it, it is \
             from where `--repository` is",
        )
        })?;
    if folder.split('/').any(|part| part.eq_ignore_ascii_case(GIT)) {
        let message = format!("the output folder `{output}` is where git keeps itself");
        return Err(InputError::new(message).hint("a commit cannot hold it: name another one"));
    }
    Ok(folder)
}

/// An absolute path as one from the root of the work tree, if it lies there.
fn in_work_tree(repository: &Repository, path: &Path) -> Option<String> {
    let root = repository.workdir()?;
    let mut folded = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                folded.pop();
            }
            Component::CurDir => {}
            part => folded.push(part),
        }
    }
    // The folder need not be there, and the way to the work tree may lead over links.
    let linked = || {
        let there = folded
            .ancestors()
            .find_map(|above| Some((above, above.canonicalize().ok()?)));
        let (above, real) = there?;
        let path = real.join(folded.strip_prefix(above).ok()?);
        let inside = path.strip_prefix(root.canonicalize().ok()?).ok()?;
        Some(inside.to_owned())
    };
    let inside = folded.strip_prefix(root).ok().map(Path::to_owned);
    let inside = inside.or_else(linked)?;
    let parts: Option<Vec<&str>> = inside
        .components()
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}
