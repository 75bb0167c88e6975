//! Files that are written all or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::finding::OutsideError;

/// How the names of files begin that wait beside their place.
const TEMPORARY: &str = ".palisade-tmp-";

/// Keeps other runs from a folder until the handle is dropped, once those are through that hold it now.
/// Where the system cannot lock folders, runs are not kept apart.
pub fn hold(folder: &Path) -> Option<File> {
    File::open(folder).ok().filter(|file| file.lock().is_ok())
}

/// Adds the texts that an interrupted run left in `folder`, and `depth` folders below it. Whoever removes
/// them has to [`hold`] the folder: those of a run that is under way look the same.
pub fn find_leftovers(folder: &Path, depth: usize, leftovers: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
            continue;
        };
        if kind.is_dir() && depth > 0 {
            find_leftovers(&entry.path(), depth - 1, leftovers);
        } else if kind.is_file() && name.to_str().is_some_and(|n| n.starts_with(TEMPORARY)) {
            leftovers.push(entry.path());
        }
    }
}

/// Writes every file of `files` with its bytes, or none of them, and says how many it wrote.
///
/// A file that has these bytes already is left as it is. The others are first written in full
/// under temporary names beside their places and made durable, and only then put in place, each
/// by one rename: whoever reads meanwhile sees an old file or a new one, and a process that is
/// killed leaves no half of one. Where a rename fails, those before it are undone. Folders that
/// are missing are made.
///
/// # Errors
/// A folder or file that cannot be read, made or written. Nothing has changed then.
pub fn write_all(files: &[(PathBuf, Vec<u8>)]) -> Result<usize, OutsideError> {
    let mut staged = Vec::new();
    for (path, bytes) in files {
        let target = resolved(path);
        let old = old_bytes(&target)?;
        if old.as_ref() != Some(bytes) {
            let temporary = stage(&target, bytes)?;
            staged.push(Staged {
                temporary,
                target,
                old,
            });
        }
    }
    let count = staged.len();
    let mut done: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    for file in staged {
        match file.temporary.persist(&file.target) {
            Ok(()) => done.push((file.target, file.old)),
            Err(error) => {
                undo(&done);
                return Err(OutsideError::file("write", &file.target, error.error));
            }
        }
    }
    for (path, _) in &done {
        sync_folder(path);
    }
    Ok(count)
}

/// The paths of `files` whose bytes are others than these, or that are not there.
///
/// # Errors
/// A file that cannot be read.
pub fn differing(files: &[(PathBuf, Vec<u8>)]) -> Result<Vec<&Path>, OutsideError> {
    let mut differing = Vec::new();
    for (path, bytes) in files {
        if old_bytes(path)?.as_ref() != Some(bytes) {
            differing.push(path.as_path());
        }
    }
    Ok(differing)
}

/// A new file that waits beside its place.
struct Staged {
    temporary: TempPath,
    target: PathBuf,
    old: Option<Vec<u8>>,
}

/// Where a link leads, so that the link stays and what it leads to is written.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn old_bytes(path: &Path) -> Result<Option<Vec<u8>>, OutsideError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OutsideError::file("read", path, error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes `bytes` in full and durably under a temporary name beside `target`, with the rights of
/// the file that is there, or those of any new file. It is not held open, so any number may wait.
///
/// # Errors
/// A folder that cannot be made, or a file that cannot be written.
pub fn stage(target: &Path, bytes: &[u8]) -> Result<TempPath, OutsideError> {
    let folder = folder_of(target);
    fs::create_dir_all(folder).map_err(|e| OutsideError::file("make the folder", folder, e))?;
    // The library adds the temporary path, which says nothing to anyone.
    let failed = |error: io::Error| {
        let plain = error.raw_os_error().map(io::Error::from_raw_os_error);
        let plain = plain.unwrap_or_else(|| io::Error::from(error.kind()));
        OutsideError::file("write", target, plain)
    };
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What any new file gets; the process's mask still takes away.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
    temporary.write_all(bytes).map_err(failed)?;
    if let Ok(old) = fs::metadata(target) {
        temporary
            .as_file()
            .set_permissions(old.permissions())
            .map_err(failed)?;
    }
    temporary.as_file().sync_all().map_err(failed)?;
    Ok(temporary.into_temp_path())
}

/// Puts back what was there. The error that led here is the one to tell, so none of these is.
fn undo(done: &[(PathBuf, Option<Vec<u8>>)]) {
    for (path, old) in done {
        let _ = match old {
            Some(bytes) => stage(path, bytes).map(|file| file.persist(path).is_ok()),
            None => Ok(fs::remove_file(path).is_ok()),
        };
    }
}

/// Makes the renames in the folder of `path` durable, where the system knows how.
fn sync_folder(path: &Path) {
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
}
