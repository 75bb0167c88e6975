//! What must hold of any text whatever. The fuzz targets try to break it, and `tests/corpus.rs`
//! holds it for every file of the corpora.

use std::sync::Arc;

use palisade::finding::{Finding, Input, Place, Span};
use palisade::question::explain::{Counted, Line, PREFIX, read_line};
use palisade::report::{Report, json, junit, sarif, terminal};
use palisade::resource::selector::{Selector, normalise};
use palisade::resource::validate::{Rules, Scope, lint};
use palisade::resource::{digest, normal_form, read};
use palisade::yaml::{Kind, Node, documents};

/// Versions of the three eras, and the one before their rules moved once more.
const VERSIONS: [&str; 4] = ["3.28", "3.31", "3.32", "3.33"];

/// Every document is read or its error has a place; every value stands inside the text.
pub fn yaml(text: &str) {
    let input = Input::new("x", text);
    for document in documents(&input) {
        match document {
            Ok(root) => node(&input, &root),
            Err(error) => inside(&input, error.place().expect("an error has a place").span),
        }
    }
}

fn node(input: &Arc<Input>, at: &Node) {
    inside(input, at.span);
    let _ = at.described();
    match &at.kind {
        Kind::Scalar(scalar) => {
            let _ = (scalar.value(), scalar.core_value());
        }
        Kind::Sequence(items) => items.iter().for_each(|item| node(input, item)),
        Kind::Mapping(entries) => {
            for entry in entries {
                inside(input, entry.key_span);
                node(input, &entry.value);
            }
        }
    }
}

fn inside(input: &Arc<Input>, span: Span) {
    let range = span.range();
    assert!(range.end <= input.text.len(), "{span:?} is not in the text");
    assert!(input.text.get(range).is_some(), "{span:?} cuts a character");
}

/// Canonical text parses to itself; an error points into the text.
pub fn selector(text: &str) {
    let _ = normalise(text);
    match Selector::parse(text) {
        Ok(selector) => {
            let canonical = selector.to_string();
            let again = Selector::parse(&canonical).expect("canonical text parses");
            assert_eq!(again.to_string(), canonical);
            let labels = [("a", "b")];
            assert_eq!(selector.matches(&labels), again.matches(&labels));
        }
        Err(error) => {
            assert!(text.get(error.range()).is_some());
            let _ = error.to_string();
        }
    }
}

/// Objects are read and judged in every version; what is told stands in the text and can be told
/// in every format.
pub fn resource(text: &str) {
    let input = Input::new("x", text);
    for resource in read(&input).0 {
        inside(&input, resource.span);
        assert_eq!(normal_form(&resource), normal_form(&resource.clone()));
        assert_eq!(digest(&resource).len(), 64);
    }
    for version in VERSIONS {
        let rules = Rules {
            version: version.parse().expect("a version"),
        };
        let inputs = [Arc::clone(&input)];
        let findings = lint(&inputs, rules, Scope::Folder);
        assert_eq!(findings, lint(&inputs, rules, Scope::Everything));
        told(findings);
    }
}

/// Every line is one of three things, and what is counted adds up. A packet keeps what was read of
/// it whatever stands before its prefix.
pub fn log(text: &str) {
    let mut counted = Counted::default();
    for line in text.lines() {
        counted.take(line);
        match read_line(line) {
            Line::Other => assert!(!line.contains(PREFIX)),
            Line::Malformed(reason) => {
                assert!(
                    !reason.is_empty() && !reason.contains(char::is_control),
                    "{reason:?}"
                );
            }
            Line::Packet(packet) => {
                assert_eq!(packet.source.is_ipv4(), packet.destination.is_ipv4());
                let (_, own) = line.split_once(PREFIX).expect("a prefix");
                let again = format!("{PREFIX}{own}");
                assert_eq!(read_line(&again), Line::Packet(packet));
            }
        }
    }
    let flows = counted.flows();
    let packets: u64 = flows.iter().map(|(_, seen)| seen.count).sum();
    assert_eq!(packets, counted.packets);
    assert_eq!(
        counted.skipped() + counted.packets + counted.malformed,
        counted.lines
    );
    for (flow, _) in flows {
        assert!(!flow.to_string().is_empty());
    }
}

fn told(findings: Vec<Finding>) {
    for finding in &findings {
        let related = finding.related.iter().map(|(place, _)| place);
        for place in std::iter::once(&finding.place).chain(related) {
            placed(place);
        }
    }
    let report = Report {
        files: vec!["x".to_owned()],
        findings,
    };
    let _ = terminal::report(&report, terminal::Style::Plain);
    for text in [
        json::render(&report),
        sarif::render(&report),
        junit::render(&report),
    ] {
        assert!(text.len() > 1, "a format that tells nothing");
    }
}

fn placed(place: &Place) {
    inside(&place.input, place.span);
    assert!(
        place.span.line > 0 && place.span.column > 0,
        "{place} is nowhere"
    );
}
