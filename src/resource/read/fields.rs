//! Taking fields out of a node: what has the wrong type is told and left out.

use std::sync::Arc;

use crate::finding::{Code, Finding, Input, Place, Span};
use crate::resource::{Field, Label, List, UnknownField};
use crate::yaml::{Kind, Located, Node, Value};

use super::hint;

/// Reads the values of one text and remembers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) input: &'a Arc<Input>,
    pub(super) findings: &'a mut Vec<Finding>,
    /// Fields of the object that is being read which are not known.
    pub(super) unknown: Vec<UnknownField>,
}

/// A mapping whose keys have been looked through.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    node: &'n Node,
}

impl<'n> Fields<'n> {
    /// The value of `name`; nothing where it is absent or null, which the API takes for the same.
    pub(super) fn get(self, name: &str) -> Option<&'n Node> {
        self.node.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn span(self) -> Span {
        self.node.span
    }
}

impl Reader<'_> {
    pub(super) fn tell(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Finding::new(code, Place::new(self.input, span), message));
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn wrong_type(&mut self, node: &Node, name: &str, expected: &str) {
        self.wrong_type_but(node, name, expected, None);
    }

    /// Tells that an item of the list `name` is not of the right type.
    pub(super) fn wrong_item(&mut self, node: &Node, name: &str, expected: &str) {
        let hint = hint::for_item(name, node).or_else(|| written_otherwise(node));
        self.wrong_type_but(node, name, expected, hint);
    }

    fn wrong_type_but(&mut self, node: &Node, name: &str, expected: &str, hint: Option<String>) {
        let message = format!("`{name}` must be {expected}, not {}", node.described());
        let place = Place::new(self.input, node.span);
        let mut finding = Finding::new(Code::WrongType, place, message);
        finding.hint = hint;
        self.push(finding);
    }

    /// Tells that the field `name` is not there, where it is not.
    pub(super) fn require(&mut self, fields: Fields<'_>, name: &str, of: &str) {
        if fields.get(name).is_none() {
            let message = format!("this {of} has no `{name}`");
            self.tell(Code::MissingField, fields.span(), message);
        }
    }

    /// The mapping `node`, which has no other keys than `known`. What it has besides is told with
    /// the nearest right name, since the API would refuse or silently drop it.
    pub(super) fn mapping<'n>(
        &mut self,
        node: &'n Node,
        name: &str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.open(node, name)?;
        for entry in node.entries() {
            if known.contains(&&*entry.key) {
                continue;
            }
            let message = format!("`{name}` has no field `{}`", entry.key);
            let place = Place::new(self.input, entry.key_span);
            let mut finding = Finding::new(Code::UnknownField, place, message);
            finding.hint = hint::for_field(&entry.key, known);
            self.push(finding);
            self.unknown.push(UnknownField {
                of: name.into(),
                name: entry.key.clone(),
                value: entry.value.to_json(),
            });
        }
        Some(fields)
    }

    /// The mapping `node`, which may have any keys.
    pub(super) fn open<'n>(&mut self, node: &'n Node, name: &str) -> Option<Fields<'n>> {
        if matches!(node.kind, Kind::Mapping(_)) {
            Some(Fields { node })
        } else {
            self.wrong_type(node, name, "a mapping");
            None
        }
    }

    /// The field `name` as `convert` reads it.
    pub(super) fn field<T>(
        &mut self,
        fields: Fields<'_>,
        name: &str,
        convert: impl FnOnce(&mut Self, &Node) -> Option<T>,
    ) -> Field<T> {
        let node = fields.get(name)?;
        let value = convert(self, node)?;
        Some(Located {
            value,
            span: node.span,
        })
    }

    pub(super) fn text(&mut self, fields: Fields<'_>, name: &str) -> Field<Box<str>> {
        self.field(fields, name, |reader, node| reader.text_of(node, name))
    }

    fn text_of(&mut self, node: &Node, name: &str) -> Option<Box<str>> {
        let text = node.as_str();
        if text.is_none() {
            self.wrong_type_but(node, name, "a text", written_otherwise(node));
        }
        text.map(Box::from)
    }

    pub(super) fn boolean(&mut self, fields: Fields<'_>, name: &str) -> Field<bool> {
        self.field(fields, name, |reader, node| {
            if let Some(Value::Bool(value)) = node.value() {
                return Some(value);
            }
            reader.wrong_type(node, name, "true or false");
            None
        })
    }

    pub(super) fn integer(&mut self, fields: Fields<'_>, name: &str) -> Field<i64> {
        self.field(fields, name, |reader, node| {
            if let Some(Value::Int(value)) = node.value() {
                return Some(value);
            }
            reader.wrong_type(node, name, "a whole number");
            None
        })
    }

    pub(super) fn number(&mut self, fields: Fields<'_>, name: &str) -> Field<f64> {
        self.field(fields, name, |reader, node| match node.value() {
            // Orders are doubles in the API too.
            #[allow(clippy::cast_precision_loss)]
            Some(Value::Int(value)) => Some(value as f64),
            Some(Value::Float(value)) if value.is_finite() => Some(value),
            _ => {
                reader.wrong_type(node, name, "a number");
                None
            }
        })
    }

    /// The items of the list `name`, each as `convert` reads it.
    pub(super) fn list<T>(
        &mut self,
        fields: Fields<'_>,
        name: &str,
        mut convert: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Option<Located<Vec<T>>> {
        self.field(fields, name, |reader, node| {
            if !matches!(node.kind, Kind::Sequence(_)) {
                let hint = hint::for_list(name, node);
                reader.wrong_type_but(node, name, "a list", hint);
                return None;
            }
            let items = node.items().iter();
            Some(items.filter_map(|item| convert(reader, item)).collect())
        })
    }

    /// The single values of the list `name`, each as `convert` reads its text.
    pub(super) fn values<T>(
        &mut self,
        fields: Fields<'_>,
        name: &str,
        mut convert: impl FnMut(&str) -> T,
    ) -> List<T> {
        self.list(fields, name, |reader, node| {
            let text = node.as_str();
            if text.is_none() {
                reader.wrong_item(node, name, "a list of texts");
            }
            Some(Located {
                value: convert(text?),
                span: node.span,
            })
        })
    }

    pub(super) fn texts(&mut self, fields: Fields<'_>, name: &str) -> List<Box<str>> {
        self.values(fields, name, |text| text.into())
    }

    /// The entries of the mapping `name`, whose values are texts.
    pub(super) fn labels(&mut self, fields: Fields<'_>, name: &str) -> Vec<Label> {
        let Some(node) = fields.get(name) else {
            return Vec::new();
        };
        if self.open(node, name).is_none() {
            return Vec::new();
        }
        let entries = node.entries().iter();
        entries
            .filter_map(|entry| {
                // A label without a value is one of the empty value to the API.
                let value = if entry.value.is_null() {
                    "".into()
                } else {
                    self.text_of(&entry.value, &entry.key)?
                };
                Some(Label {
                    key: Located {
                        value: entry.key.clone(),
                        span: entry.key_span,
                    },
                    value: Located {
                        value,
                        span: entry.value.span,
                    },
                })
            })
            .collect()
    }
}

/// How a text is written that kubectl reads as something else.
fn written_otherwise(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Scalar(scalar) if node.as_str().is_none() && !node.is_null() => Some(format!(
            "a text that looks like this needs quotes: `\"{}\"`",
            scalar.text
        )),
        _ => None,
    }
}
