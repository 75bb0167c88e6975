//! Every code has a page and fixtures, and nothing else has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use palisade::finding::{Code, Finding, Severity};
use palisade::report::Report;
use palisade::report::terminal::{self, Style};
use palisade::resource::validate::{Rules, Scope, lint};
use palisade::source::path;

use crate::call::project;

/// Set this to write what is expected anew, and look at the difference.
const BLESS: &str = "PALISADE_BLESS";

fn fixture(code: Code, file: &str) -> PathBuf {
    project("tests/lint/fixtures").join(code.word()).join(file)
}

/// What is told of a file; its first line may name a version: `# calico-version: 3.31`.
fn told(file: &Path) -> Vec<Finding> {
    let given = path::read(&[file.to_owned()]);
    let text = given.inputs.first().map_or("", |input| &input.text);
    let version = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# calico-version: "));
    let rules = Rules {
        version: version.map_or_else(Default::default, |version| version.parse().unwrap()),
    };
    let mut findings = lint(&given.inputs, rules, Scope::Everything);
    findings.extend(given.unread);
    findings
}

#[test]
fn every_code_is_shown_by_a_fixture() {
    for &code in Code::LINT {
        let findings = told(&fixture(code, "bad.yaml"));
        let word = code.word();
        assert!(findings.iter().any(|f| f.code == code), "{word}: not told");
        let graver = findings.iter().filter(|f| f.code != code);
        let others: Vec<_> = graver.filter(|f| f.severity <= code.severity()).collect();
        assert!(others.is_empty(), "{word}: besides {others:?}");

        let root = format!("{}/", project("").display());
        let report = Report {
            files: Vec::new(),
            findings,
        };
        let text = terminal::report(&report, Style::Plain).replace(root.trim_end_matches('/'), "");
        let text = text.replace("/tests/lint/fixtures/", "");
        let expected = fixture(code, "expected.txt");
        if std::env::var_os(BLESS).is_some() {
            fs::write(&expected, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&expected).unwrap(), "{word}");
    }
}

#[test]
fn every_code_is_silent_where_all_is_right() {
    for &code in Code::LINT {
        let findings = told(&fixture(code, "good.yaml"));
        let bad: Vec<_> = findings
            .iter()
            .filter(|f| f.code == code || f.severity == Severity::Error)
            .collect();
        assert!(bad.is_empty(), "{}: {bad:?}", code.word());
    }
}

/// A page shows the very fixtures, so that what it shows is proven.
#[test]
fn every_code_has_a_page() {
    for &code in Code::LINT {
        let (word, page) = (code.word(), code.page());
        assert!(page.starts_with(&format!("# {word}\n")), "{word}");
        assert!(page.contains(code.sentence()), "{word}");
        let severity = format!("**Severity:** {}.", code.severity().word());
        assert!(page.contains(&severity), "{word}");
        for part in [
            "## What it means",
            "## Why it matters",
            "## Wrong",
            "## Right",
        ] {
            assert!(page.contains(part), "{word}: {part}");
        }
        // What is no text cannot be shown.
        if code == Code::UnreadableFile {
            continue;
        }
        for (part, file) in [("## Wrong", "bad.yaml"), ("## Right", "good.yaml")] {
            let shown = page.split_once(part).unwrap().1;
            let shown = shown.split_once("```yaml\n").unwrap().1;
            let shown = shown.split_once("```").unwrap().0;
            let fixture = fs::read_to_string(fixture(code, file)).unwrap();
            assert_eq!(shown, fixture, "{word}: {part}");
        }
    }
}

#[test]
fn the_index_names_every_code() {
    let index = fs::read_to_string(project("docs/lint/README.md")).unwrap();
    for &code in Code::LINT {
        let row = format!(
            "| [{word}]({word}.md) | {} | {} |",
            code.severity().word(),
            code.sentence(),
            word = code.word()
        );
        assert!(index.contains(&row), "{row}");
    }
}

#[test]
fn no_page_or_fixture_is_without_a_code() {
    let words: BTreeSet<String> = Code::LINT
        .iter()
        .map(|code| code.word().to_owned())
        .collect();
    assert_eq!(words.len(), Code::LINT.len(), "a word stands for two codes");
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        fs::read_dir(project(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .filter(|name| name != "README")
            .collect()
    };
    assert_eq!(names("docs/lint", ".md"), words);
    assert_eq!(names("tests/lint/fixtures", ""), words);
}
