//! Every code of the audit has a page and fixtures, and nothing else has.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use palisade::finding::{Code, Finding, Input};
use palisade::profile::RegionProfile;
use palisade::question::audit::dated;
use palisade::report::Report;
use palisade::report::terminal::{self, Style};

use crate::call::project;
use crate::{audited, sorted};

/// Set this to write what is expected anew, and look at the difference.
const BLESS: &str = "PALISADE_BLESS";

fn fixture(code: Code, file: &str) -> PathBuf {
    project("tests/audit/fixtures").join(code.word()).join(file)
}

/// What is told of a fixture: those of facts are profiles of a region.
fn told(code: Code, file: &str) -> Vec<Finding> {
    let text = fs::read_to_string(fixture(code, file)).unwrap();
    if !text.starts_with("region:") {
        return audited(file, &text, true);
    }
    let input = Input::new(file, text);
    let region = RegionProfile::read(&input).unwrap();
    sorted(dated(&region, &input, Some("2026-03-01".parse().unwrap())))
}

#[test]
fn every_code_is_shown_by_a_fixture() {
    for &code in Code::AUDIT {
        let findings = told(code, "bad.yaml");
        let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, BTreeSet::from([code]), "{findings:?}");
        let report = Report {
            files: Vec::new(),
            findings,
        };
        let text = terminal::report(&report, Style::Plain);
        let expected = fixture(code, "expected.txt");
        if std::env::var_os(BLESS).is_some() {
            fs::write(&expected, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&expected).unwrap(), "{code:?}");
    }
}

#[test]
fn every_code_is_silent_where_all_is_right() {
    for &code in Code::AUDIT {
        let findings = told(code, "good.yaml");
        assert!(findings.is_empty(), "{}: {findings:?}", code.word());
    }
}

/// A page shows the very fixtures, so that what it shows is proven.
#[test]
fn every_code_has_a_page() {
    for &code in Code::AUDIT {
        let (word, page) = (code.word(), code.page());
        assert!(page.starts_with(&format!("# {word}\n")), "{word}");
        assert!(page.contains(code.sentence()), "{word}");
        let severity = format!("**Severity:** {}.", code.severity().word());
        assert!(page.contains(&severity), "{word}");
        for part in ["## What it means", "## Why it matters"] {
            assert!(page.contains(part), "{word}: {part}");
        }
        for (part, file) in [("## Wrong", "bad.yaml"), ("## Right", "good.yaml")] {
            let shown = page.split_once(part).unwrap().1;
            let shown = shown.split_once("```yaml\n").unwrap().1;
            let shown = shown.split_once("```").unwrap().0;
            let fixture = fs::read_to_string(fixture(code, file)).unwrap();
            assert!(
                !shown.is_empty() && fixture.contains(shown),
                "{word}: {part}"
            );
        }
    }
}

#[test]
fn the_document_names_every_code() {
    let index = fs::read_to_string(project("docs/audit.md")).unwrap();
    for &code in Code::AUDIT {
        let row = format!(
            "| [{word}](audit/{word}.md) | {} | {} |",
            code.severity().word(),
            code.sentence(),
            word = code.word()
        );
        assert!(index.contains(&row), "{row}");
    }
}

#[test]
fn no_page_or_fixture_is_without_a_code() {
    let words: BTreeSet<String> = Code::AUDIT
        .iter()
        .map(|code| code.word().to_owned())
        .collect();
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        fs::read_dir(project(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .collect()
    };
    assert_eq!(names("docs/audit", ".md"), words);
    assert_eq!(names("tests/audit/fixtures", ""), words);
    let all: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(all.len(), Code::ALL.len(), "a word stands for two codes");
    assert_eq!(all.len(), Code::LINT.len() + Code::AUDIT.len());
}
