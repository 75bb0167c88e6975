//! Values without quotes that kubectl and readers of YAML 1.2 read differently.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding, Input, Place, Severity};
use crate::yaml::{Kind, Node, Value};

/// The longest text that reads differently: a number of 64 bits in base 2, with underscores.
const LONGEST: usize = 130;

/// Tells every value of a document that the two read differently. Where `findings`, those of the
/// same document, say that its type is wrong, that is why, and one finding says both.
pub(super) fn look(input: &Arc<Input>, root: &Node, findings: &mut Vec<Finding>) {
    let mut told = FxHashMap::default();
    walk(root, &mut |node| {
        if let Some(finding) = differs(input, node) {
            told.insert(node.span, finding);
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

fn differs(input: &Arc<Input>, node: &Node) -> Option<Finding> {
    let (text, kubectl, core) = readings(node)?;
    let message = format!("kubectl reads `{text}` as {kubectl}, and YAML 1.2 as {core}");
    let place = Place::new(input, node.span);
    let hint =
        format!("put a text into quotes, `\"{text}\"`, and write a number or boolean plainly");
    Some(Finding::new(Code::AmbiguousScalar, place, message).hint(hint))
}

fn walk<'n>(node: &'n Node, each: &mut impl FnMut(&'n Node)) {
    match &node.kind {
        Kind::Scalar(_) => each(node),
        Kind::Sequence(items) => {
            for item in items {
                walk(item, each);
            }
        }
        Kind::Mapping(entries) => {
            for entry in entries {
                walk(&entry.value, each);
            }
        }
    }
}

/// What is written, what kubectl reads, and what YAML 1.2 reads, where that differs.
fn readings(node: &Node) -> Option<(&str, String, String)> {
    let Kind::Scalar(scalar) = &node.kind else {
        return None;
    };
    if !scalar.plain || !may_differ(&scalar.text) {
        return None;
    }
    let (kubectl, core) = (scalar.value(), scalar.core_value());
    (kubectl != core).then(|| (&*scalar.text, described(kubectl), described(core)))
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
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Int(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
    }
}
