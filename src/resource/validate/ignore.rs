//! Comments that silence findings: `# palisade:ignore CODE`.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding, Input, Place, Span, nearest};

/// What begins such a comment, behind the `#`.
const MARK: &str = "palisade:ignore";

/// The lines of a text on which findings are silenced, and which.
#[derive(Default)]
pub(super) struct Ignored {
    lines: FxHashMap<u32, Vec<Code>>,
}

impl Ignored {
    /// Reads the comments of a text: codes behind the mark, separated by commas or spaces, then
    /// `--` and a reason. A comment beside a value counts for its line, one on a line of its own
    /// for the next line that is no such comment.
    ///
    /// The text is looked through as text, not as YAML: the mark inside a value counts too, which
    /// harms nobody, and a text without it costs one search.
    pub(super) fn of(input: &Arc<Input>, findings: &mut Vec<Finding>) -> Self {
        let mut ignored = Self::default();
        if !input.text.contains(MARK) {
            return ignored;
        }
        let mut waiting: Vec<Code> = Vec::new();
        let mut start = 0;
        for (number, line) in (1u32..).zip(input.text.split('\n')) {
            let mut codes = std::mem::take(&mut waiting);
            for (word, range) in line.find('#').into_iter().flat_map(|at| words(line, at)) {
                match Code::of(word) {
                    Some(code) => codes.push(code),
                    None => findings.push(unknown(input, word, number, start, line, &range)),
                }
            }
            if line.trim_start().starts_with('#') {
                waiting = codes;
            } else if !codes.is_empty() {
                ignored.lines.insert(number, codes);
            }
            start += line.len() + 1;
        }
        ignored
    }

    /// Whether a finding is silenced.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        // What could not be read was not looked at, and what ignores nothing cannot ignore that.
        let always = matches!(finding.code, Code::YamlSyntax | Code::UnknownIgnore);
        !always
            && self
                .lines
                .get(&finding.place.span.line)
                .is_some_and(|codes| codes.contains(&finding.code))
    }
}

/// The words behind the mark in the comment that begins at `hash`, up to `--`, each with its bytes
/// in the line.
fn words(line: &str, hash: usize) -> Vec<(&str, Range<usize>)> {
    let comment = line.get(hash..).unwrap_or_default();
    let Some(mark) = comment.find(MARK) else {
        return Vec::new();
    };
    let mut at = hash + mark + MARK.len();
    let rest = line.get(at..).unwrap_or_default();
    let end = rest.find("--").unwrap_or(rest.len());
    let mut words = Vec::new();
    for word in rest
        .get(..end)
        .unwrap_or_default()
        .split([' ', ',', '\t', '\r'])
    {
        if !word.is_empty() {
            words.push((word, at..at + word.len()));
        }
        at += word.len() + 1;
    }
    words
}

fn unknown(
    input: &Arc<Input>,
    word: &str,
    number: u32,
    start: usize,
    line: &str,
    range: &Range<usize>,
) -> Finding {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let whole = Span {
        start: offset(start),
        end: offset(start + line.len()),
        line: number,
        column: 1,
    };
    let place = Place::new(input, whole.within(line, range));
    let message = format!("there is no code `{word}`, so this ignores nothing");
    let finding = Finding::new(Code::UnknownIgnore, place, message);
    let known = Code::ALL.iter().map(|code| code.word());
    match nearest(word, known).first() {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding.hint("a reason stands behind `--`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<(u32, Vec<Code>)>, Vec<Finding>) {
        let mut findings = Vec::new();
        let ignored = Ignored::of(&Input::new("x", text), &mut findings);
        let mut lines: Vec<_> = ignored.lines.into_iter().collect();
        lines.sort_by_key(|(line, _)| *line);
        (lines, findings)
    }

    #[test]
    fn beside_and_before() {
        let text = "# palisade:ignore order-tie, empty-list -- as agreed\n\
                    # palisade:ignore label-case\r\n\
                    a: 1\n\
                    b: 2 # palisade:ignore port-syntax\nc: 3\n";
        let (lines, findings) = lines(text);
        let before = vec![Code::OrderTie, Code::EmptyList, Code::LabelCase];
        assert_eq!(lines, [(3, before), (4, vec![Code::PortSyntax])]);
        assert!(findings.is_empty());
    }

    #[test]
    fn unknown_codes_are_told() {
        let (lines, findings) = lines("a: 1\nbü: 2 # palisade:ignore order-ties\n");
        assert!(lines.is_empty());
        let [finding] = findings.as_slice() else {
            panic!("one finding");
        };
        assert_eq!(finding.place.to_string(), "x:2:25");
        assert_eq!(finding.hint.as_deref(), Some("did you mean `order-tie`?"));
    }
}
