//! Why a text is not a selector.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use super::parse::MAX_NESTING;
use super::token::MAX_LABEL_LENGTH;

/// Text that is not a selector, or parts from which none can be made.
///
/// Displayed as one line: what is wrong and, where it can be told, the nearest thing that would be
/// right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorError(Box<Details>);

/// Behind a box, since results pass through every frame of the recursive parser.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    range: Range<usize>,
    kind: SelectorErrorKind,
    hint: Option<String>,
}

/// What is wrong, without the hint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectorErrorKind {
    /// Something stands where the grammar has no place for it (SEL-5 to SEL-15).
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What could have stood there, in words.
        expected: String,
        /// What stands there: a piece of the text in backticks, shortened, or a description.
        found: String,
    },
    /// A quoted value that does not end (SEL-4).
    #[error("this value has no closing `{quote}`")]
    UnclosedValue {
        /// The quote that opens the value.
        quote: char,
    },
    /// A label name that is too long (SEL-3).
    #[error("this label name is {length} bytes long; at most {MAX_LABEL_LENGTH} are allowed")]
    LabelTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// More than [`MAX_NESTING`] groups inside each other.
    #[error("this selector nests more than {MAX_NESTING} groups")]
    TooDeep,
    /// A label name handed to a constructor that the language cannot express (SEL-3).
    #[error("{name:?} is not a label name")]
    InvalidLabel {
        /// What was handed over.
        name: String,
    },
    /// A value handed to a constructor that no quotes can hold (SEL-4).
    #[error("this value holds both `\"` and `'`, and the selector language has no escapes")]
    UnquotableValue,
}

impl SelectorError {
    pub(super) fn new(range: Range<usize>, kind: SelectorErrorKind) -> Self {
        Self(Box::new(Details {
            range,
            kind,
            hint: None,
        }))
    }

    pub(super) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint;
        self
    }

    /// The bytes at fault: always on character boundaries, empty at the end of the text where
    /// something is missing.
    pub fn range(&self) -> Range<usize> {
        self.0.range.clone()
    }

    /// What is wrong.
    pub fn kind(&self) -> &SelectorErrorKind {
        &self.0.kind
    }

    /// What would be right, where it can be told.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)?;
        match &self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SelectorError {}
