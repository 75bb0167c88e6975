//! Values and keys without quotes that kubectl and readers of YAML 1.2 read differently.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding, Input, Place, Severity, Span};
use crate::yaml::{Entry, Kind, Node, Scalar, Value};

/// The longest text that reads differently: a number of 64 bits in base 2, with underscores.
const LONGEST: usize = 130;

/// Tells every value and key of a document that the two read differently. Where `findings`, those of the
/// same document, say that its type is wrong, that is why, and one finding says both.
pub(super) fn look(input: &Arc<Input>, root: &Node, findings: &mut Vec<Finding>) {
    // What is no object is not for kubectl to read.
    if root.get("kind").is_none() {
        return;
    }
    let mut told = FxHashMap::default();
    walk(root, &mut |part| {
        let found = match part {
            Part::Value(scalar, span) => {
                differs(scalar).map(|(message, hint)| (span, message, hint))
            }
            Part::Key(entry) => {
                key_differs(input, entry).map(|(message, hint)| (entry.key_span, message, hint))
            }
        };
        if let Some((span, message, hint)) = found {
            let place = Place::new(input, span);
            let finding = Finding::new(Code::AmbiguousScalar, place, message);
            told.insert(span, finding.hint(hint));
        }
    });
    for finding in findings.iter_mut() {
        if finding.code == Code::WrongType
            && let Some(mut better) = told.remove(&finding.place.span)
        {
            better.message = format!("{}; {}", finding.message, better.message);
            better.severity = Severity::Error;
            *finding = better;
        }
    }
    findings.extend(told.into_values());
}

/// What is looked at.
enum Part<'n> {
    Value(&'n Scalar, Span),
    Key(&'n Entry),
}

fn walk<'n>(node: &'n Node, each: &mut impl FnMut(Part<'n>)) {
    match &node.kind {
        Kind::Scalar(scalar) => each(Part::Value(scalar, node.span)),
        Kind::Sequence(items) => {
            for item in items {
                walk(item, each);
            }
        }
        Kind::Mapping(entries) => {
            for entry in entries {
                each(Part::Key(entry));
                walk(&entry.value, each);
            }
        }
    }
}

/// What to say of a value, and what would be right.
fn differs(scalar: &Scalar) -> Option<(String, String)> {
    if !scalar.plain || !may_differ(&scalar.text) {
        return None;
    }
    let (kubectl, core) = (scalar.value(), scalar.core_value());
    if same(kubectl, core) {
        return None;
    }
    let text = &scalar.text;
    let message = format!(
        "kubectl reads `{text}` as {}, and YAML 1.2 as {}",
        described(kubectl),
        described(core)
    );
    let hint = match (plain(kubectl), plain(core)) {
        (Some(one), Some(other)) => format!("write `{one}` or `{other}`, whichever is meant"),
        (Some(one), None) | (None, Some(one)) => {
            format!("write `{one}`, or a text in quotes: `\"{text}\"`")
        }
        (None, None) => format!("put it into quotes: `\"{text}\"`"),
    };
    Some((message, hint))
}

/// What to say of a key: kubectl makes a text of it again, which may be another one.
fn key_differs(input: &Arc<Input>, entry: &Entry) -> Option<(String, String)> {
    let text = &*entry.key;
    let unusual = |b: u8| b.is_ascii_digit() || b"+-.yYnNoOtTfF".contains(&b);
    if text.len() > LONGEST || !text.bytes().next().is_some_and(unusual) {
        return None;
    }
    // Nodes do not remember whether a key stood in quotes, but the text does.
    if input.text.get(entry.key_span.range()) != Some(text) {
        return None;
    }
    let scalar = Scalar {
        text: text.into(),
        plain: true,
    };
    let read = plain(scalar.value())?;
    (read != text).then(|| {
        (
            format!("kubectl reads the key `{text}` as `{read}`"),
            format!("put it into quotes: `\"{text}\"`"),
        )
    })
}

/// Whether both read the same. A whole number is the same one with or without a fraction.
fn same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one, other) {
        (Value::Int(whole), Value::Float(number)) | (Value::Float(number), Value::Int(whole)) => {
            number.to_string() == whole.to_string()
        }
        _ => one == other,
    }
}

/// How a value is written so that everyone reads it alike; nothing for texts.
fn plain(value: Value<'_>) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::String(_) => None,
    }
}

/// Cheap, because it is asked of every value there is: numbers with a leading zero or
/// underscores, and the short words for true and false.
fn may_differ(text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return false;
    };
    if text.len() > LONGEST {
        return false;
    }
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            text.contains('_') || text.trim_start_matches(['+', '-']).starts_with('0')
        }
        b'y' | b'Y' | b'n' | b'N' | b'o' | b'O' => text.len() <= 3,
        _ => false,
    }
}

fn described(value: Value<'_>) -> String {
    let kind = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(_) => return "a text".to_owned(),
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
    };
    format!("the {kind} {}", plain(value).unwrap_or_default())
}
