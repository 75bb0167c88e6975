//! Findings as JSON, for scripts. The shape is documented in `docs/lint/README.md`; what is there
//! stays, and what may be missing is left out.

use serde::Serialize;

use crate::finding::{Code, Finding, Place, Severity};

use super::Report;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    files: &'a [String],
    summary: Summary,
    findings: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    code: Code,
    severity: Severity,
    #[serde(flatten)]
    place: At<'a>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: At<'a>,
    message: &'a str,
}

/// The version of the shape: it changes only when something is taken away or means another thing.
const VERSION: u32 = 1;

/// A report as one JSON document, indented, with a line feed at its end.
pub fn render(report: &Report) -> String {
    let document = Document {
        version: VERSION,
        files: &report.files,
        summary: Summary {
            files: report.files.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
        },
        findings: report.findings.iter().map(told).collect(),
    };
    super::to_json(&document)
}

fn told(finding: &Finding) -> Told<'_> {
    Told {
        code: finding.code,
        severity: finding.severity,
        place: at(&finding.place),
        message: &finding.message,
        hint: finding.hint.as_deref(),
        related: finding
            .related
            .iter()
            .map(|(place, message)| Related {
                place: at(place),
                message,
            })
            .collect(),
    }
}

fn at(place: &Place) -> At<'_> {
    At {
        file: &place.input.name,
        line: place.span.line,
        column: place.span.column,
    }
}
