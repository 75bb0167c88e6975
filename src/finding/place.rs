//! Texts that were read, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::conceal;

/// What kind of place a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// A file, standard input, or a text of the program's own.
    #[default]
    Text,
    /// A revision of a git repository.
    Revision,
    /// A running cluster: an object as its API server sent it.
    Live,
}

/// A text that was read, with the name a user knows it by.
#[derive(PartialEq, Eq)]
pub struct Input {
    /// What kind of place it comes from.
    pub origin: Origin,
    /// The path as the user gave it, or a description such as `<stdin>`.
    pub name: String,
    /// The whole text, without a byte order mark.
    pub text: String,
    /// Its documents that hold a `Secret`, in order.
    secrets: Vec<Range<usize>>,
}

impl Input {
    /// A text named `name`. A leading byte order mark is dropped: it is not part of the text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::from(Origin::Text, name, text)
    }

    /// As [`Input::new`], a text that comes from `origin`.
    pub fn from(origin: Origin, name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Arc::new(Self {
            origin,
            name: name.into(),
            secrets: conceal::secret_documents(&text),
            text,
        })
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({}, {} bytes)", self.name, self.text.len())
    }
}

/// A stretch of a text: byte offsets, and the line and column of its start.
///
/// Lines and columns count from 1; a column counts characters, as editors do. Texts are far
/// smaller than 4 GiB (the readers bound them), so 32 bits hold every offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
    /// Line of the first byte, from 1; 0 where the position is not known.
    pub line: u32,
    /// Column of the first byte in characters, from 1; 0 where the position is not known.
    pub column: u32,
}

impl Span {
    /// The byte range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end.max(self.start) as usize
    }

    /// The stretch of `text` from byte `start` to byte `end`, its line and column counted.
    pub fn in_text(text: &str, range: Range<usize>) -> Self {
        let before = text.get(..range.start).unwrap_or(text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            start: narrow(range.start),
            end: narrow(range.end),
            line: narrow(line),
            column: narrow(column),
        }
    }

    /// A stretch inside this one, on the same line: `range` counts bytes from this one's start
    /// and must lie in `inner`, the text that this span covers.
    pub fn within(self, inner: &str, range: &Range<usize>) -> Self {
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let skipped = inner
            .get(..range.start)
            .map_or(0, |before| before.chars().count());
        Self {
            start: self.start.saturating_add(offset(range.start)),
            end: self.start.saturating_add(offset(range.end)),
            line: self.line,
            column: self.column.saturating_add(offset(skipped)),
        }
    }
}

/// Where something stands: in which text, and at which stretch of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub input: Arc<Input>,
    /// The stretch of it.
    pub span: Span,
}

impl Place {
    /// The stretch `span` of `input`.
    pub fn new(input: &Arc<Input>, span: Span) -> Self {
        Self {
            input: Arc::clone(input),
            span,
        }
    }

    /// Whether the line that it stands on is not for everybody: one of a `Secret`, one with credentials
    /// in it, or the value of a key that names a secret. Errors and findings do not show such a line.
    pub fn is_secret(&self) -> bool {
        let at = self.span.start as usize;
        let holds = |document: &Range<usize>| (document.start..=document.end).contains(&at);
        self.input.secrets.iter().any(holds) || conceal::is_secret_line(&self.input.text, at)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            self.input.name, self.span.line, self.span.column
        )
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
