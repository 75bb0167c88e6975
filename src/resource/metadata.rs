//! Names, labels and annotations.

use crate::finding::Span;
use crate::yaml::Located;

use super::Field;

/// A label or annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The key.
    pub key: Located<Box<str>>,
    /// The value.
    pub value: Located<Box<str>>,
}

/// What an object's `metadata` says, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Where it stands.
    pub span: Span,
    /// The name as written; the v3 name is in the object's key.
    pub name: Field<Box<str>>,
    /// The v3 name that storage form records beside its own (STORE-5, STORE-8).
    pub recorded_name: Option<Box<str>>,
    /// The namespace as written.
    pub namespace: Field<Box<str>>,
    /// Labels in the order written; for objects in storage form, merged as a read through the
    /// v3 API merges them (STORE-9).
    pub labels: Vec<Label>,
    /// Annotations in the order written.
    pub annotations: Vec<Label>,
}

impl Metadata {
    /// The value of the label `key`.
    pub fn label(&self, key: &str) -> Option<&str> {
        find(&self.labels, key)
    }

    /// The value of the annotation `key`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        find(&self.annotations, key)
    }
}

fn find<'a>(labels: &'a [Label], key: &str) -> Option<&'a str> {
    labels
        .iter()
        .find(|label| &*label.key.value == key)
        .map(|label| &*label.value.value)
}
