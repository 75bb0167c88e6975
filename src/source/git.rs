//! Texts of a git repository, out of its objects: what lies in a work tree is not looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{
    Commit, ErrorCode, ObjectType, Repository, StatusOptions, TreeWalkMode, TreeWalkResult,
};

use crate::finding::{Error, Input, InputError, OutsideError};
use crate::profile::Day;

use super::Snapshot;
use super::text::text_of;

/// The mode of a symbolic link in a tree; what it leads to is not part of the commit.
pub(crate) const LINK: i32 = 0o120_000;

/// How much of a commit's name is shown.
const SHORT: usize = 12;

/// The revision that is read where none is given.
pub const HEAD: &str = "HEAD";

/// The texts of `revision` in the repository `given`, those whose path `wanted` picks.
///
/// `given` is a path in a work tree, a bare repository, or a `file://` URL of one.
///
/// # Errors
/// Another kind of URL, no repository, no such revision, or a repository that does not answer.
pub fn snapshot(
    given: &str,
    revision: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<Snapshot, Error> {
    let path = local_path(given)?;
    let (repository, inside) = open(given, &path)?;
    let commit = find_commit(given, &repository, revision)?;
    let address = published(&repository).unwrap_or_else(|| local_url(&repository));
    let snapshot = snapshot_of(given, address, &repository, &commit, &wanted)?;
    let changed = uncommitted(&repository, &snapshot.texts, &wanted);
    let changed = changed.map_err(|error| outside(given, &error))?;
    let notes = changed.map(|path| {
        let short = short(&commit);
        format!("the work tree has changes that are not committed, such as `{path}`: the commit {short} is read, not they")
    });
    Ok(Snapshot {
        inside,
        notes: notes.into_iter().collect(),
        ..snapshot
    })
}

/// The texts of a commit whose path `wanted` picks; `address` is where the repository is published.
pub(super) fn snapshot_of(
    given: &str,
    address: String,
    repository: &Repository,
    commit: &Commit<'_>,
    wanted: &impl Fn(&str) -> bool,
) -> Result<Snapshot, Error> {
    Ok(Snapshot {
        repository: address,
        date: day_of(given, commit)?,
        commit: commit.id().to_string(),
        inside: String::new(),
        texts: texts(given, repository, commit, &short(commit), wanted)?,
        notes: Vec::new(),
    })
}

/// The first digits of a commit's name.
fn short(commit: &Commit<'_>) -> String {
    commit.id().to_string().chars().take(SHORT).collect()
}

/// The path that `given` means.
fn local_path(given: &str) -> Result<PathBuf, InputError> {
    if let Some(path) = given.strip_prefix("file://") {
        let path = path.strip_prefix("localhost").unwrap_or(path);
        return Ok(PathBuf::from(decoded(path)));
    }
    let host = given.split('/').next().unwrap_or_default();
    // As git has it: a colon before the first slash means another machine.
    let is_remote = given.contains("://") || host.contains(':') && !Path::new(given).exists();
    if is_remote {
        let shown = without_secret(given);
        return Err(InputError::new(format!(
            "`{shown}` is on another machine, and `--from` is on this one"
        ))
        .hint(format!(
            "run `git clone {shown} kube-samples` and give `--from kube-samples`"
        )));
    }
    Ok(PathBuf::from(given))
}

/// What a URL's path means: `%20` is a space. As git has it, a `%` that begins no such number is
/// itself.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let number = behind.get(..2).filter(|_| *first == b'%');
        let number = number.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = number.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = match byte {
            Some(_) => behind.get(2..).unwrap_or_default(),
            None => behind,
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// A URL without the name and password that may stand before its host.
fn without_secret(url: &str) -> String {
    let without = url.split_once("://").and_then(|(scheme, rest)| {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (_, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://{host}/{path}"))
    });
    without.unwrap_or_else(|| url.to_owned())
}

fn outside(given: &str, error: &git2::Error) -> Error {
    git_failed(given, error).into()
}

/// What the git library said of the repository `given`.
pub(crate) fn git_failed(given: &str, error: &git2::Error) -> OutsideError {
    let message = if error.code() == ErrorCode::Owner {
        format!(
            "{}; `git config --global --add safe.directory PATH` trusts it",
            error.message()
        )
    } else {
        error.message().to_owned()
    };
    OutsideError::Git {
        repository: given.to_owned(),
        message,
    }
}

/// The repository that `path` is or lies in, and the path in it.
fn open(given: &str, path: &Path) -> Result<(Repository, String), Error> {
    if !path.exists() {
        return Err(InputError::new(format!("`{given}` does not exist")).into());
    }
    let repository = Repository::discover(path).map_err(|error| {
        if error.code() == ErrorCode::NotFound {
            InputError::new(format!(
                "`{given}` is no git repository and has no `SOURCE.yaml`"
            ))
            .hint("give a clone of https://github.com/IBM-Cloud/kube-samples")
            .into()
        } else {
            outside(given, &error)
        }
    })?;
    let inside = repository.workdir().and_then(|root| {
        let inside = path.canonicalize().ok()?;
        let inside = inside.strip_prefix(root.canonicalize().ok()?).ok()?;
        inside.to_str().map(|inside| inside.replace('\\', "/"))
    });
    // A path to the `.git` folder is the repository's, and points at nothing in it.
    let inside = inside.filter(|inside| inside.split('/').next() != Some(".git"));
    Ok((repository, inside.unwrap_or_default()))
}

pub(super) fn find_commit<'r>(
    given: &str,
    repository: &'r Repository,
    revision: &str,
) -> Result<Commit<'r>, Error> {
    let object = repository
        .revparse_single(revision)
        .and_then(|object| object.peel_to_commit());
    object.map_err(|error| match error.code() {
        ErrorCode::NotFound if is_unborn(repository, revision) => {
            InputError::new(format!("`{given}` has no commit yet")).into()
        }
        // The name is there and leads to what is not.
        ErrorCode::NotFound
            if repository
                .resolve_reference_from_short_name(revision)
                .is_ok() =>
        {
            outside(given, &error)
        }
        ErrorCode::NotFound
        | ErrorCode::Ambiguous
        | ErrorCode::InvalidSpec
        | ErrorCode::Invalid
        | ErrorCode::Peel => unknown_revision(given, repository, revision).into(),
        _ => outside(given, &error),
    })
}

/// Whether `revision` is that of a branch on which nothing was committed yet.
fn is_unborn(repository: &Repository, revision: &str) -> bool {
    let head = repository.head().err().map(|error| error.code());
    revision == HEAD && head == Some(ErrorCode::UnbornBranch)
}

fn unknown_revision(given: &str, repository: &Repository, revision: &str) -> InputError {
    let names = names(repository);
    let error = InputError::new(format!("`{given}` has no revision `{revision}`"));
    if names.is_empty() {
        return error;
    }
    error.suggest(revision, names.iter().map(String::as_str))
}

/// The branches and tags, sorted.
fn names(repository: &Repository) -> Vec<String> {
    let branches = repository.branches(None).into_iter().flatten().flatten();
    let mut names: Vec<String> = branches
        .filter_map(|(branch, _)| Some(branch.name().ok()??.to_owned()))
        .collect();
    if let Ok(tags) = repository.tag_names(None) {
        names.extend(tags.iter().flatten().flatten().map(str::to_owned));
    }
    names.sort();
    names.dedup();
    names
}

/// Every text of the commit that is wanted.
fn texts(
    given: &str,
    repository: &Repository,
    commit: &Commit<'_>,
    short: &str,
    wanted: &impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Arc<Input>>, Error> {
    let failed = |error: &git2::Error| outside(given, error);
    let mut found = Vec::new();
    let tree = commit.tree().map_err(|e| failed(&e))?;
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if let Ok(name) = entry.name() {
            let path = format!("{folder}{name}");
            let is_file = entry.kind() == Some(ObjectType::Blob) && entry.filemode() != LINK;
            if is_file && wanted(&path) {
                found.push((path, entry.id()));
            }
        }
        TreeWalkResult::Ok
    })
    .map_err(|e| failed(&e))?;
    let mut texts = BTreeMap::new();
    for (path, id) in found {
        let blob = repository.find_blob(id).map_err(|e| failed(&e))?;
        let name = format!("{short}:{path}");
        let text = text_of(&name, blob.content().to_vec())?;
        texts.insert(path, text);
    }
    Ok(texts)
}

/// A wanted file of the work tree that differs from what is committed, if there is one.
fn uncommitted(
    repository: &Repository,
    texts: &BTreeMap<String, Arc<Input>>,
    wanted: &impl Fn(&str) -> bool,
) -> Result<Option<String>, git2::Error> {
    if repository.workdir().is_none() {
        return Ok(None);
    }
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .exclude_submodules(true)
        .disable_pathspec_match(true);
    if let Some(folder) = common_folder(texts) {
        options.pathspec(folder);
    }
    let statuses = repository.statuses(Some(&mut options))?;
    let path = |entry: git2::StatusEntry<'_>| entry.path().ok().map(str::to_owned);
    Ok(statuses.iter().filter_map(path).find(|path| wanted(path)))
}

/// The deepest folder that holds every text, unless that is the root. The rest of a large work
/// tree need not be looked at.
fn common_folder(texts: &BTreeMap<String, Arc<Input>>) -> Option<String> {
    let folder = |path: &String| {
        path.rsplit_once('/')
            .map_or(String::new(), |(folder, _)| folder.to_owned())
    };
    let (first, last) = (texts.keys().next()?, texts.keys().next_back()?);
    // The keys are sorted, so what the first and the last share is shared by all.
    let (first, last) = (folder(first), folder(last));
    let shared: Vec<&str> = first
        .split('/')
        .zip(last.split('/'))
        .take_while(|(a, b)| a == b)
        .map(|(part, _)| part)
        .collect();
    Some(shared.join("/")).filter(|shared| !shared.is_empty())
}

/// The day of a commit in UTC, by its committer's clock.
fn day_of(given: &str, commit: &Commit<'_>) -> Result<Day, Error> {
    let seconds = commit.committer().when().seconds();
    let time = jiff::Timestamp::from_second(seconds).map_err(|_| {
        InputError::new(format!(
            "the commit {} of `{given}` has no right time",
            commit.id()
        ))
    })?;
    Ok(Day(time.to_zoned(jiff::tz::TimeZone::UTC).date()))
}

/// The address that the repository was cloned from, as people open it in a browser.
fn published(repository: &Repository) -> Option<String> {
    let remote = repository.find_remote("origin").ok()?;
    let url = remote.url().ok()?.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let schemes = ["https://", "http://", "ssh://", "git://"];
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    // As git has it, `user@host:path` is another machine's path.
    let scp = || url.split_once(':').filter(|(host, _)| !host.contains('/'));
    let (host, path) = rest.map_or_else(scp, |rest| rest.split_once('/'))?;
    // What stands before the host is a name or a secret, and neither belongs into a profile.
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    Some(format!("https://{host}/{path}"))
}

/// The URL of a repository that was published nowhere: one and the same, however the user spells
/// where it is.
fn local_url(repository: &Repository) -> String {
    // Every work tree of a repository shares this folder; without any it is the repository.
    let common = repository.commondir();
    let common = common
        .canonicalize()
        .unwrap_or_else(|_| common.to_path_buf());
    let folder = match common.parent() {
        Some(tree) if common.file_name().is_some_and(|name| name == ".git") => tree,
        _ => &common,
    };
    let mut url = "file://".to_owned();
    for byte in folder.as_os_str().as_encoded_bytes() {
        let byte = if cfg!(windows) && *byte == b'\\' {
            b'/'
        } else {
            *byte
        };
        if byte.is_ascii_alphanumeric() || b"/-._~+@:,=".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // A String takes whatever is written to it.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}
