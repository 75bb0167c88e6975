//! What there is to tell, for people and for machines: one file a format.

pub mod compare;
pub mod explain;
pub mod json;
pub mod junit;
pub mod proof;
pub mod rollout;
pub mod sarif;
pub mod terminal;
pub mod trace;
pub mod unified;

pub use proof::markdown::escaped as markdown_text;

use crate::finding::{Finding, Severity};

/// What a command looked at, and what it found: all that a format is made of.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The names of the texts that were looked at, sorted.
    pub files: Vec<String>,
    /// What was found, in the order in which it is told.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings.filter(|f| f.severity == severity).count()
    }

    /// How it went, in one line: `2 errors and 1 note in 12 files`.
    pub fn summary(&self) -> String {
        let amount = |number: usize, word: &str| match number {
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        };
        let files = amount(self.files.len(), "file");
        let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .map(|severity| (self.count(severity), severity.word()))
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| amount(number, word))
            .collect();
        match counts.split_last() {
            None => format!("{files}, nothing to say"),
            Some((last, [])) => format!("{last} in {files}"),
            Some((last, rest)) => format!("{} and {last} in {files}", rest.join(", ")),
        }
    }
}

/// A document of plain structs as indented JSON, with a line feed at its end.
fn to_json(document: &impl serde::Serialize) -> String {
    // INVARIANT: structs of texts, numbers and lists always serialize.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
