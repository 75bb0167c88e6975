//! Findings as SARIF 2.1.0, for code scanning.

mod log;

pub(crate) use log::{Entry, Kind, SCHEMA, log, uri};

use crate::finding::{Code, Finding};

use super::Report;

/// A report as one SARIF log, indented, with a line feed at its end. Rules are those of the codes
/// that were found.
pub fn render(report: &Report) -> String {
    let mut codes: Vec<Code> = report.findings.iter().map(|f| f.code).collect();
    codes.sort_unstable_by_key(|code| code.word());
    codes.dedup();
    let kinds: Vec<Kind> = codes.iter().copied().map(kind).collect();
    let entries = report.findings.iter();
    let entries: Vec<Entry<'_>> = entries
        .map(|finding| {
            let index = codes.iter().position(|code| *code == finding.code);
            entry(finding, index.unwrap_or_default())
        })
        .collect();
    log(&kinds, &entries)
}

fn kind(code: Code) -> Kind {
    Kind {
        word: code.word(),
        sentence: code.sentence(),
        help: code.page(),
        page: format!("docs/{}/{}.md", code.folder(), code.word()),
        severity: code.severity(),
    }
}

fn entry(finding: &Finding, kind: usize) -> Entry<'_> {
    let related = finding.related.iter();
    Entry {
        kind,
        severity: finding.severity,
        message: match &finding.hint {
            Some(hint) => format!("{} ({hint})", finding.message).into(),
            None => finding.message.as_str().into(),
        },
        place: Some(&finding.place),
        related: related
            .map(|(place, what)| (place, what.as_str()))
            .collect(),
        known_by: "",
    }
}
