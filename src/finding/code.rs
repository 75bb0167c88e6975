//! The codes of findings: stable names that people filter by and documents are named after.

use serde::{Serialize, Serializer};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The API refuses it, drops it, or a verdict hangs on it.
    Error,
    /// It works, but most likely not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $severity:ident, $sentence:literal;)*) => {
        /// What kind of thing a finding is. Each has a page under `docs/lint/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $sentence] $(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable word for it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What it says, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }

            /// How grave it is unless a rule says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }
        }
    };
}

codes! {
    YamlSyntax = "yaml-syntax", Error,
        "A document cannot be read as YAML or JSON.";
    NotAnObject = "not-an-object", Error,
        "A document is no Kubernetes object: it has no `apiVersion`, `kind` or name.";
    UnknownKind = "unknown-kind", Note,
        "An object of a kind that bears on no verdict was left aside.";
    UnknownField = "unknown-field", Error,
        "A field that the API does not know is refused or silently dropped.";
    WrongType = "wrong-type", Error,
        "A value is of another type than the API takes.";
    MissingField = "missing-field", Error,
        "A field that the API requires is missing.";
    DuplicateObject = "duplicate-object", Error,
        "Two objects of one kind have one name, and only the last one applied holds.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
