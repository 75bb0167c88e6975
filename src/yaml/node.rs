//! A parsed value that knows where it stands.

use crate::finding::Span;

use super::scalar::{Scalar, Value};

/// A YAML or JSON value and where it stands in its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order written. Keys are unique: the reader refuses others.
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: Box<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, if this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The values of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// What kubectl reads here, if this is a scalar.
    pub fn value(&self) -> Option<Value<'_>> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar.value()),
            _ => None,
        }
    }

    /// The text, if kubectl reads a string here.
    pub fn as_str(&self) -> Option<&str> {
        match self.value() {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON, as kubectl reads it. A number that JSON does not have is its text.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.value() {
                Value::Null => serde_json::Value::Null,
                Value::Bool(value) => value.into(),
                Value::Int(value) => value.into(),
                Value::Float(value) if value.is_finite() => value.into(),
                Value::Float(_) => (&*scalar.text).into(),
                Value::String(text) => text.into(),
            },
            Kind::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Kind::Mapping(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|entry| (entry.key.to_string(), entry.value.to_json()));
                serde_json::Value::Object(entries.collect())
            }
        }
    }

    /// Whether kubectl reads nothing here.
    pub fn is_null(&self) -> bool {
        self.value() == Some(Value::Null)
    }

    /// What this is, for an error's sentence: `a list`, `the number 5`.
    pub fn described(&self) -> String {
        match &self.kind {
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a mapping".to_owned(),
            Kind::Scalar(scalar) => match scalar.value() {
                Value::Null => "nothing".to_owned(),
                Value::Bool(value) => format!("the boolean `{value}`"),
                Value::Int(_) | Value::Float(_) => format!("the number `{}`", scalar.text),
                Value::String(text) => format!("the text `{text}`"),
            },
        }
    }
}
