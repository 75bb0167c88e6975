//! Why a command could not do what was asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{Place, nearest};

/// Why a command could not do what was asked. Findings are not errors: they are what a command
/// was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input or the call is wrong; the same call will fail again (exit 2).
    #[error(transparent)]
    Input(#[from] InputError),
    /// Something outside failed: a disk, a repository, a network (exit 3).
    #[error(transparent)]
    Outside(#[from] OutsideError),
}

/// One thing that is wrong with an input: what, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    message: String,
    place: Option<Box<Place>>,
    hint: Option<String>,
    also: Vec<InputError>,
}

impl InputError {
    /// The error that `message` tells, in lower case and without a final stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            hint: None,
            also: Vec::new(),
        }
    }

    /// Says where.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// Says what would be right.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Proposes the names of `known` that are nearest to `wrong`, or lists them all where none
    /// is near.
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest(wrong, known.iter().copied());
        let listed = |names: &[&str]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(", ")
        };
        if near.is_empty() {
            self.hint(format!("known are {}", listed(&known)))
        } else {
            self.hint(format!("did you mean {}?", near_list(&near)))
        }
    }

    /// Adds a second place or sentence that belongs to this error.
    pub fn also(mut self, other: InputError) -> Self {
        self.also.push(other);
        self
    }

    /// The same error at other places: where each of its own is, by `place`. Its own place comes with
    /// `true`, those of what belongs to it with `false`.
    pub fn moved(mut self, place: &impl Fn(&Place, bool) -> Option<Place>) -> Self {
        let main = self.place.take();
        self.place = main.and_then(|at| place(&at, true)).map(Box::new);
        self.also = std::mem::take(&mut self.also)
            .into_iter()
            .map(|mut other| {
                let at = other.place.take();
                other.place = at.and_then(|at| place(&at, false)).map(Box::new);
                other
            })
            .collect();
        self
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where, if it is known.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_deref()
    }

    /// What would be right, if that is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Further places and sentences that belong to this error.
    pub fn others(&self) -> &[InputError] {
        &self.also
    }
}

fn near_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        for other in &self.also {
            write!(f, "; {other}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InputError {}

/// Something outside the program that failed.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Files or folders could not be read, in a sentence that names the first.
    #[error("{message}")]
    Unread {
        /// The sentence.
        message: String,
    },
    /// A git repository did not answer as it should.
    #[error("cannot read the repository {repository}: {message}")]
    Git {
        /// The repository as the user gave it.
        repository: String,
        /// What the git library said.
        message: String,
    },
    /// A source other than files did not yield what was asked of it.
    #[error("{message}")]
    Source {
        /// What went wrong, in a sentence that names the source.
        message: String,
        /// What would be right, if that is known.
        hint: Option<String>,
    },
    /// Standard input or output failed.
    #[error("cannot {action}: {source}")]
    Stream {
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl OutsideError {
    /// The error of trying to `action` the file or folder `path`.
    pub fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// The error of a source other than files.
    pub fn of_source(message: impl Into<String>) -> Self {
        Self::Source {
            message: message.into(),
            hint: None,
        }
    }

    /// What would be right, if that is known.
    pub fn hint_text(&self) -> Option<&str> {
        match self {
            Self::Source { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}

impl From<InputError> for OutsideError {
    /// The same sentence and hint, where it is the outside that does not hold what was asked for.
    fn from(error: InputError) -> Self {
        Self::Source {
            message: error.message,
            hint: error.hint,
        }
    }
}
