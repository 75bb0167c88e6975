//! The shape of a SARIF 2.1.0 log, whatever it tells of.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::finding::{Place, Severity};

/// Where the format is described.
pub(crate) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The key of the fingerprints; the number changes when what they are made of does.
const FINGERPRINT: &str = "palisade/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text<'static>,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

/// A kind of thing that a log tells of.
pub(crate) struct Kind {
    /// Its stable word.
    pub(crate) word: &'static str,
    /// What it says, in one sentence.
    pub(crate) sentence: &'static str,
    /// What it means, as Markdown.
    pub(crate) help: &'static str,
    /// The document about it, by its path in the repository.
    pub(crate) page: String,
    /// How grave it usually is.
    pub(crate) severity: Severity,
}

/// One thing that a log tells of.
pub(crate) struct Entry<'a> {
    /// Which of the kinds.
    pub(crate) kind: usize,
    /// How grave.
    pub(crate) severity: Severity,
    /// What, in a sentence.
    pub(crate) message: Cow<'a, str>,
    /// Where, if it is anywhere.
    pub(crate) place: Option<&'a Place>,
    /// Further places, each with what is there.
    pub(crate) related: Vec<(&'a Place, &'a str)>,
    /// What it is known by when lines move, besides its kind and its line.
    pub(crate) known_by: &'a str,
}

/// A log, indented, with a line feed at its end.
pub(crate) fn log(kinds: &[Kind], entries: &[Entry<'_>]) -> String {
    let mut occurrences = FxHashMap::default();
    let results = entries.iter().filter_map(|entry| {
        let kind = kinds.get(entry.kind)?;
        Some(told(entry, kind.word, &mut occurrences))
    });
    super::super::to_json(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "palisade",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: kinds.iter().map(rule).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: results.collect(),
        }],
    })
}

fn rule(kind: &Kind) -> Rule {
    let repository = env!("CARGO_PKG_REPOSITORY");
    Rule {
        id: kind.word,
        short_description: Text {
            text: kind.sentence.into(),
        },
        help: Help {
            text: kind.help,
            markdown: kind.help,
        },
        // Without a home on the web the page itself must do.
        help_uri: (!repository.is_empty()).then(|| format!("{repository}/blob/main/{}", kind.page)),
        default_configuration: Configuration {
            level: level(kind.severity),
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn told<'a>(
    entry: &'a Entry<'a>,
    word: &'static str,
    occurrences: &mut FxHashMap<String, u32>,
) -> Told<'a> {
    Told {
        rule_id: word,
        rule_index: entry.kind,
        level: level(entry.severity),
        message: Text {
            text: Cow::Borrowed(&entry.message),
        },
        locations: entry
            .place
            .map(|place| location(place, None))
            .into_iter()
            .collect(),
        related_locations: entry
            .related
            .iter()
            .map(|(place, what)| location(place, Some(what)))
            .collect(),
        partial_fingerprints: [(FINGERPRINT, fingerprint(entry, word, occurrences))].into(),
    }
}

fn location<'a>(place: &Place, message: Option<&'a str>) -> Location<'a> {
    let span = place.span;
    let marked = place.input.text.get(span.range()).unwrap_or_default();
    // What runs over several lines is told by where it begins.
    let on_one_line = !marked.is_empty() && !marked.contains('\n');
    let width = u32::try_from(marked.chars().count()).unwrap_or(u32::MAX);
    Location {
        physical_location: Physical {
            artifact_location: Artifact {
                uri: uri(&place.input.name),
            },
            region: Region {
                // SARIF counts from 1 and knows no place that is nowhere.
                start_line: span.line.max(1),
                start_column: span.column.max(1),
                end_column: on_one_line.then(|| span.column.saturating_add(width)),
            },
        },
        message: message.map(|text| Text { text: text.into() }),
    }
}

/// What an entry is known by when lines move: its kind, its file, what the line says, and how many
/// of the same stood before it.
fn fingerprint(entry: &Entry<'_>, word: &str, occurrences: &mut FxHashMap<String, u32>) -> String {
    let (name, line) = entry.place.map_or(("", ""), |place| {
        let line = line_at(&place.input.text, place.span.range().start);
        (place.input.name.as_str(), line.trim())
    });
    let mut digest = Sha256::new();
    let own = (!entry.known_by.is_empty()).then_some(entry.known_by);
    for part in [word, name, line].into_iter().chain(own) {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let mut hex = String::new();
    for byte in digest.finalize().iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    let seen = occurrences.entry(hex.clone()).or_insert(0);
    *seen += 1;
    let _ = write!(hex, ":{seen}");
    hex
}

fn line_at(text: &str, at: usize) -> &str {
    let at = text.floor_char_boundary(at.min(text.len()));
    let (before, after) = text.split_at(at);
    let from = before.rfind('\n').map_or(0, |newline| newline + 1);
    let to = at + after.find('\n').unwrap_or(after.len());
    text.get(from..to).unwrap_or_default()
}

/// A path as a relative reference, or as a `file:` URI where it is absolute.
pub(crate) fn uri(name: &str) -> String {
    let mut uri = String::new();
    if name.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_uris() {
        for (name, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("/a b.yaml", "file:///a%20b.yaml"),
            ("<stdin>", "%3Cstdin%3E"),
            ("a:b#ü.yaml", "a%3Ab%23%C3%BC.yaml"),
        ] {
            assert_eq!(uri(name), expected);
        }
    }
}
