//! Reading files and folders as text, bounded.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::finding::{Error, Input, InputError, OutsideError};
use crate::yaml::LONGEST_TEXT;

/// The deepest folder that is looked into.
const DEEPEST_FOLDER: usize = 16;

/// Reads the text of one file; `-` is standard input.
///
/// # Errors
/// The file cannot be read, is longer than any text that is read, or is no UTF-8.
pub fn read_text(path: &Path) -> Result<Arc<Input>, Error> {
    if path == Path::new("-") {
        let stdin = io::stdin().lock();
        let bytes = bounded(stdin).map_err(|source| OutsideError::Stream {
            action: "read standard input",
            source,
        })?;
        return text_of("<stdin>", bytes);
    }
    let failed = |source| OutsideError::file("read", path, source);
    let name = path.display().to_string();
    if fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(InputError::new(format!("{name} is a folder, and a file is wanted")).into());
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = bounded(file).map_err(failed)?;
    text_of(&name, bytes)
}

/// Reads every file below `folder` whose name ends in `ending`, sorted by path. Each comes with
/// its path below the folder, written with `/`. Hidden files and folders are passed over.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn read_folder(folder: &Path, ending: &str) -> Result<Vec<(String, Arc<Input>)>, Error> {
    read_wanted(folder, &|path| path.ends_with(ending))
}

/// Reads every file below `folder` whose path below it `wanted` picks, as [`read_folder`] does.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn read_wanted(
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<(String, Arc<Input>)>, Error> {
    let mut texts = Vec::new();
    collect(folder, "", wanted, 0, &mut texts)?;
    texts.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(texts)
}

fn collect(
    folder: &Path,
    below: &str,
    wanted: &dyn Fn(&str) -> bool,
    depth: usize,
    texts: &mut Vec<(String, Arc<Input>)>,
) -> Result<(), Error> {
    let failed = |source| OutsideError::file("read", folder, source);
    if depth > DEEPEST_FOLDER {
        return Err(InputError::new(format!(
            "{} lies deeper than any folder that is read",
            folder.display()
        ))
        .hint("does a link lead back up?")
        .into());
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let path = entry.path();
        let below = if below.is_empty() {
            name.to_owned()
        } else {
            format!("{below}/{name}")
        };
        let kind = fs::metadata(&path).map_err(|e| OutsideError::file("read", &path, e))?;
        if kind.is_dir() {
            collect(&path, &below, wanted, depth + 1, texts)?;
        } else if wanted(&below) {
            texts.push((below, read_text(&path)?));
        }
    }
    Ok(())
}

fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is read shows that there is more.
    reader
        .take(LONGEST_TEXT as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `bytes` as the text named `name`.
///
/// # Errors
/// More bytes than are read of any file, or bytes that are no UTF-8.
pub fn text_of(name: &str, bytes: Vec<u8>) -> Result<Arc<Input>, Error> {
    if bytes.len() > LONGEST_TEXT {
        return Err(InputError::new(format!(
            "{name} is longer than {} MiB, the most that is read of one file",
            LONGEST_TEXT >> 20
        ))
        .hint("split it into several files")
        .into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(InputError::new(format!("{name} is no text: byte {at} is no UTF-8")).into())
        }
    }
}
