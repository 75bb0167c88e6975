//! The rules that are followed: every id that is cited is documented, every documented one is
//! cited, and every test that the document names exists.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::case_sensitive_file_extension_comparisons
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FAMILIES: [&str; 7] = ["SEL", "MOD", "RES", "EVAL", "KNP", "VAL", "STORE"];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every text file below `folder`.
fn texts(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap();
        if path.is_dir() {
            texts(&path, into);
        } else if name.ends_with(".rs") || name.ends_with(".txt") {
            into.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The ids in `text`: singly (`RES-8`), in ranges (`KNP-1 to KNP-12`, `SEL-1…26`), and in test
/// names (`eval_18_…`).
fn ids(text: &str) -> BTreeSet<(usize, u32)> {
    let mut found = BTreeSet::new();
    for (index, family) in FAMILIES.iter().enumerate() {
        let upper = format!("{family}-");
        let lower = format!("{}_", family.to_lowercase());
        for marker in [&upper, &lower] {
            for (at, _) in text.match_indices(marker.as_str()) {
                let is_word = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
                let digits: String = text[at + marker.len()..]
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .collect();
                if let Ok(number) = digits.parse()
                    && !is_word
                {
                    found.insert((index, number));
                }
            }
        }
        // `X-a to X-b` means what lies between too.
        for (at, _) in text.match_indices(&upper) {
            let rest = &text[at + upper.len()..];
            let first: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let behind = &rest[first.len()..];
            let last = behind.strip_prefix(&format!(" to {upper}")).map(|rest| {
                rest.chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>()
            });
            if let (Ok(first), Some(Ok(last))) =
                (first.parse::<u32>(), last.map(|l| l.parse::<u32>()))
            {
                found.extend((first..=last).map(|number| (index, number)));
            }
        }
    }
    found
}

/// Id and the cell that names the tests, for every row of the document.
fn rows() -> BTreeMap<(usize, u32), String> {
    let text = fs::read_to_string(project("docs/semantics.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some((family, number)) = cells[0].split_once('-') else {
            continue;
        };
        let Some(index) = FAMILIES.iter().position(|known| *known == family) else {
            continue;
        };
        assert_eq!(cells.len(), 4, "{line}");
        let id = (index, number.parse().unwrap());
        assert!(
            rows.insert(id, cells[3].to_owned()).is_none(),
            "{line}: a second time"
        );
    }
    rows
}

fn shown(ids: impl IntoIterator<Item = (usize, u32)>) -> Vec<String> {
    ids.into_iter()
        .map(|(family, number)| format!("{}-{number}", FAMILIES[family]))
        .collect()
}

#[test]
fn every_id_that_is_cited_is_documented_and_the_reverse() {
    let mut all = Vec::new();
    for folder in ["src", "tests", "fuzz"] {
        texts(&project(folder), &mut all);
    }
    let cited: BTreeSet<(usize, u32)> = all.iter().flat_map(|text| ids(text)).collect();
    let rows = rows();
    let documented: BTreeSet<(usize, u32)> = rows.keys().copied().collect();
    assert_eq!(shown(cited.difference(&documented).copied()), [""; 0]);
    let uncited = rows.iter().filter(|(id, _)| !cited.contains(id));
    let unexplained = uncited.filter(|(_, tests)| !tests.starts_with("not modelled"));
    assert_eq!(shown(unexplained.map(|(id, _)| *id)), [""; 0]);
}

#[test]
fn the_document_is_whole() {
    // How many rules each family has.
    let counts = [26, 21, 23, 50, 12, 55, 14];
    let rows = rows();
    for (family, count) in counts.into_iter().enumerate() {
        let missing = (1..=count)
            .map(|number| (family, number))
            .filter(|id| !rows.contains_key(id));
        assert_eq!(shown(missing), [""; 0]);
    }
    assert_eq!(rows.len(), 201);
}

#[test]
fn every_test_that_is_named_exists() {
    let val = fs::read_to_string(project("tests/lint/val.txt")).unwrap();
    for (id, tests) in rows() {
        let id = shown([id]).remove(0);
        for (position, name) in tests.split('`').enumerate() {
            if position % 2 == 0 {
                continue;
            }
            if name == "val.txt" {
                let rows = val.lines().filter(|line| {
                    line.contains(&format!("{id} ")) || line.ends_with(&id) || *line == id
                });
                assert!(
                    rows.count() > 0 || val.contains(&id),
                    "{id} has no row in val.txt"
                );
            } else if let Some((module, function)) = name.rsplit_once("::") {
                assert!(
                    has_function(module, function),
                    "{id}: there is no test `{name}`"
                );
            } else if tests.contains("fixture") {
                assert!(
                    project(&format!("tests/lint/fixtures/{name}")).is_dir(),
                    "{id}: {name}"
                );
            }
        }
    }
}

/// Whether the test crate or module `module` (`engine::doubts`, `parity`, `together`) has `function`.
fn has_function(module: &str, function: &str) -> bool {
    let path = module.replace("::", "/");
    let files = [
        format!("tests/{path}.rs"),
        format!("tests/{path}/main.rs"),
        format!("tests/lint/{path}.rs"),
    ];
    let definition = format!("fn {function}(");
    files
        .iter()
        .filter_map(|file| fs::read_to_string(project(file)).ok())
        .any(|text| text.contains(&definition))
}
