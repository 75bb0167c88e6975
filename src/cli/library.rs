//! Which profiles a command goes by.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::finding::{Error, InputError};
use crate::profile::Library;
use crate::source::text::read_wanted;

/// The variable that names the folder of profiles where no argument does.
const VARIABLE: &str = "PALISADE_PROFILES";

/// Which profiles a command goes by.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ProfilesArguments {
    /// A folder of profiles that stand in for the embedded ones [env: PALISADE_PROFILES]
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

impl ProfilesArguments {
    /// The profiles.
    pub(super) fn library(&self) -> Result<Library, Error> {
        library(self.profiles.clone().or_else(by_variable).as_deref())
    }
}

/// The folder that the variable names.
///
/// Not clap's own reading of it: a variable that is set to nothing is not set.
pub(super) fn by_variable() -> Option<PathBuf> {
    let folder = env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from)
}

/// The profiles in the binary, with those of `folder` in their place.
pub(super) fn library(folder: Option<&Path>) -> Result<Library, Error> {
    let Some(folder) = folder else {
        return Ok(Library::embedded());
    };
    match overlaid(folder)? {
        (_, 0) => Err(
            InputError::new(format!("`{}` holds no profile", folder.display()))
                .hint(format!("profiles are {}", Library::PATHS))
                .into(),
        ),
        (library, _) => Ok(library),
    }
}

/// The profiles in the binary with those of `folder` in their place, and how many it has.
///
/// A YAML file where no profile lies would be passed over in silence, so it is refused.
pub(super) fn overlaid(folder: &Path) -> Result<(Library, usize), Error> {
    let library = Library::embedded();
    let stray = RefCell::new(BTreeSet::new());
    let texts = read_wanted(folder, &|path| {
        let is_profile = Library::is_profile(path);
        if !is_profile && is_yaml(path) {
            stray.borrow_mut().insert(path.to_owned());
        }
        is_profile
    })?;
    if let Some(path) = stray.borrow().first() {
        return Err(library
            .misplaced(&folder.display().to_string(), path)
            .into());
    }
    let count = texts.len();
    Ok((library.overlay(texts)?, count))
}

/// Whether a file at `path` looks as if a profile were meant.
fn is_yaml(path: &str) -> bool {
    let ending = Path::new(path).extension().unwrap_or_default();
    ["yaml", "yml", "json"]
        .iter()
        .any(|yaml| ending.eq_ignore_ascii_case(yaml))
}
