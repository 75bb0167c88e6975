//! Keys without a value, and what may stand there.
//!
//! A key that somebody wrote is meant to say something. What it says without a value differs from
//! one reader to the next, so it is refused wherever it stands; that nothing is meant is said by
//! leaving the key out.

use std::sync::Arc;

use schemars::JsonSchema;
use serde_json::Value;

use crate::finding::{Input, InputError, Place, Span};
use crate::yaml::{Node, documents};

use super::schema;

/// Refuses keys and entries of lists that have no value in the text of a `T`. A text that is no YAML
/// is left to whoever reads it.
///
/// # Errors
/// The first of them, with its place and what may stand there.
pub(super) fn refuse_bare<T: JsonSchema>(input: &Arc<Input>) -> Result<(), InputError> {
    let read = documents(input);
    let roots: Vec<&Node> = read.iter().flatten().collect();
    for root in roots {
        if let Some(bare) = find(root, &mut Vec::new()) {
            return Err(bare.told(input, &schema::of::<T>()));
        }
    }
    Ok(())
}

/// A step from a value to one that it holds.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Entry,
}

/// A key or an entry of a list that has no value.
struct Bare<'a> {
    span: Span,
    path: Vec<Step<'a>>,
}

fn find<'a>(node: &'a Node, path: &mut Vec<Step<'a>>) -> Option<Bare<'a>> {
    for entry in node.entries() {
        path.push(Step::Key(&entry.key));
        if entry.value.is_null() {
            return Some(Bare {
                span: entry.key_span,
                path: path.clone(),
            });
        }
        let inside = find(&entry.value, path);
        if inside.is_some() {
            return inside;
        }
        path.pop();
    }
    for item in node.items() {
        path.push(Step::Entry);
        if item.is_null() {
            return Some(Bare {
                span: item.span,
                path: path.clone(),
            });
        }
        let inside = find(item, path);
        if inside.is_some() {
            return inside;
        }
        path.pop();
    }
    None
}

impl Bare<'_> {
    fn told(&self, input: &Arc<Input>, schema: &Value) -> InputError {
        let place = Place::new(input, self.span);
        let wanted = Shape::of(schema).along(&self.path).described();
        match self.path.last() {
            Some(Step::Key(key)) => {
                let error = InputError::new(format!("`{key}` has no value")).at(place);
                match wanted {
                    Some(wanted) => error.hint(format!("write {wanted}, or leave the key out")),
                    None => error,
                }
            }
            Some(Step::Entry) | None => {
                let error = InputError::new("an entry of this list has no value").at(place);
                match wanted {
                    Some(wanted) => error.hint(format!("write {wanted}")),
                    None => error,
                }
            }
        }
    }
}

/// What a schema lets stand somewhere: any of these.
struct Shape<'s> {
    whole: &'s Value,
    any: Vec<&'s Value>,
}

impl<'s> Shape<'s> {
    fn of(schema: &'s Value) -> Self {
        let mut shape = Self {
            whole: schema,
            any: Vec::new(),
        };
        shape.add(schema);
        shape
    }

    /// Adds what a part of the schema lets stand, each choice by itself.
    fn add(&mut self, part: &'s Value) {
        let reference = part.get("$ref").and_then(Value::as_str);
        if let Some(pointer) = reference.and_then(|text| text.strip_prefix('#')) {
            if let Some(meant) = self.whole.pointer(pointer) {
                self.add(meant);
            }
            return;
        }
        let lists = ["anyOf", "oneOf"].into_iter();
        let mut choices = lists.filter_map(|word| part.get(word)?.as_array());
        match choices.next() {
            // What is one thing in two spellings is told by its own sentence.
            Some(choices) if !(choices.iter().all(is_text_or_number) && is_told(part)) => {
                for choice in choices {
                    self.add(choice);
                }
            }
            _ => self.any.push(part),
        }
    }

    fn along(self, path: &[Step<'_>]) -> Self {
        path.iter().fold(self, |shape, step| shape.inside(*step))
    }

    fn inside(self, step: Step<'_>) -> Self {
        let mut inside = Self {
            whole: self.whole,
            any: Vec::new(),
        };
        for own in self.any {
            let part = match step {
                Step::Key(key) => own
                    .get("properties")
                    .and_then(|properties| properties.get(key))
                    .or_else(|| own.get("additionalProperties")),
                Step::Entry => own.get("items"),
            };
            if let Some(part) = part {
                inside.add(part);
            }
        }
        inside
    }

    /// What may stand there, for a sentence; nothing where that is not known.
    fn described(&self) -> Option<String> {
        let mut words: Vec<String> = Vec::new();
        for word in self.any.iter().filter_map(|own| described(own)) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let (last, others) = words.split_last()?;
        Some(if others.is_empty() {
            last.clone()
        } else {
            format!("{} or {last}", others.join(", "))
        })
    }
}

fn is_told(part: &Value) -> bool {
    part.get("description").is_some()
}

fn is_text_or_number(part: &Value) -> bool {
    let kind = part.get("type").and_then(Value::as_str);
    part.get("const").is_none() && matches!(kind, Some("string" | "integer"))
}

/// What one choice of a schema lets stand.
fn described(own: &Value) -> Option<String> {
    if let Some(word) = own.get("const").and_then(Value::as_str) {
        return Some(format!("`{word}`"));
    }
    let kind = match own.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    let sentence = own.get("description").and_then(Value::as_str);
    Some(match (kind, sentence) {
        (Some("boolean"), _) => "`true` or `false`".to_owned(),
        (Some("array"), _) => "a list".to_owned(),
        (Some("object"), _) => {
            let keys = own.get("properties").and_then(Value::as_object);
            let keys: Vec<String> = keys
                .into_iter()
                .flat_map(|keys| keys.keys().map(|key| format!("`{key}`")))
                .collect();
            match keys.as_slice() {
                [] => "a mapping".to_owned(),
                [only] => format!("a mapping with {only}"),
                [others @ .., last] => format!("a mapping of {} and {last}", others.join(", ")),
            }
        }
        (_, Some(sentence)) => {
            let words: Vec<&str> = sentence.trim_end_matches('.').split_whitespace().collect();
            let sentence = words.join(" ");
            let mut letters = sentence.chars();
            let first = letters.next()?;
            format!("{}{}", first.to_lowercase(), letters.as_str())
        }
        (Some("string"), None) => "a text".to_owned(),
        (Some("integer" | "number"), None) => "a number".to_owned(),
        _ => return None,
    })
}
