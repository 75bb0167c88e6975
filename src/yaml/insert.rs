//! Putting pairs into mappings, the rest of the text as it was.

use std::fmt::Write as _;

use super::{Node, is_plain_safe};

/// A text that goes in at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// The byte before which it goes in.
    pub at: usize,
    /// The text.
    pub text: String,
}

/// What puts `pairs` into the mapping that `mapping` has under `key`, which is made where it is not
/// there. Pairs whose key is there already are left out. Nothing where there is nothing to put in,
/// or where `mapping` is none that a line can be added to.
///
/// Whether the text then says what it should only reading it back tells: anchors and tags go where
/// they stand.
pub fn insertion(
    text: &str,
    mapping: &Node,
    key: &str,
    pairs: &[(&str, &str)],
) -> Option<Insertion> {
    let inner = mapping.get(key);
    let missing: Vec<String> = pairs
        .iter()
        .filter(|(key, _)| inner.is_none_or(|inner| inner.entry(key).is_none()))
        .map(|(key, value)| format!("{}: {}", scalar(key), scalar(value)))
        .collect();
    if missing.is_empty() {
        return None;
    }
    if let Some(inner) = inner {
        return into(text, inner, &missing);
    }
    let first = mapping.entries().first();
    let indent = first.and_then(|first| indent(text, first.key_span.range().start));
    match indent {
        None => into(
            text,
            mapping,
            &[format!("{}: {{{}}}", scalar(key), missing.join(", "))],
        ),
        Some(indent) => {
            let mut lines = vec![format!("{}:", scalar(key))];
            lines.extend(missing.iter().map(|pair| format!("  {pair}")));
            Some(Insertion {
                at: first?.key_span.range().start,
                text: block(&lines, indent),
            })
        }
    }
}

/// What puts `pairs` before the first entry of `mapping`.
fn into(text: &str, mapping: &Node, pairs: &[String]) -> Option<Insertion> {
    let start = mapping.span.range().start;
    let first = mapping.entries().first();
    if text.as_bytes().get(start) == Some(&b'{') {
        let mut text = pairs.join(", ");
        if first.is_some() {
            text.push_str(", ");
        }
        return Some(Insertion {
            at: start + 1,
            text,
        });
    }
    let at = first?.key_span.range().start;
    Some(Insertion {
        at,
        text: block(pairs, indent(text, at)?),
    })
}

/// Lines that go before one that is already indented.
fn block(lines: &[String], indent: usize) -> String {
    let mut text = String::new();
    for line in lines {
        // Writing to a String cannot fail.
        let _ = write!(text, "{line}\n{:indent$}", "");
    }
    text
}

/// How far the line is indented whose content begins at `at`; nothing where it begins before.
fn indent(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    line.bytes().all(|b| b == b' ').then_some(line.len())
}

/// A text as one scalar that every reader takes for it.
fn scalar(text: &str) -> String {
    if is_plain_safe(text) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// The text with all of these in it.
pub fn with_insertions(text: &str, insertions: &[Insertion]) -> String {
    let mut sorted: Vec<&Insertion> = insertions.iter().collect();
    sorted.sort_by_key(|insertion| insertion.at);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for insertion in sorted {
        out.push_str(text.get(done..insertion.at).unwrap_or_default());
        out.push_str(&insertion.text);
        done = insertion.at;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
