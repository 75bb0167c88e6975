//! The formats, whole.

use palisade::report::Report;
use palisade::report::terminal::{self, Style};
use serde_json::Value;

use crate::call::Room;

const TEXT: &str = "apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  types: [Ingress]
  ingress:
    - action: allow
      protocol: ICMP
      ipVersion: 6
    - action: allow
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: <a & b>, namespace: c}
";

fn room() -> Room {
    let room = Room::new();
    room.write("x/bad one.yaml", TEXT);
    room.write(
        "x/good.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    );
    room
}

fn json(format: &str) -> Value {
    let ran = room().run(&format!("lint x -o {format}"));
    assert_eq!(ran.code, 1);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The shape that `docs/lint/README.md` documents.
#[test]
fn json_has_its_documented_shape() {
    let expected = serde_json::json!({
        "version": 1,
        "files": ["x/bad one.yaml", "x/good.yaml"],
        "summary": {"files": 2, "errors": 3, "warnings": 0, "notes": 1},
        "findings": [
            {
                "code": "rule-action",
                "severity": "error",
                "file": "x/bad one.yaml",
                "line": 7,
                "column": 15,
                "message": "`allow` is not an action",
                "hint": "did you mean `Allow`?"
            },
            {
                "code": "icmp-ip-version",
                "severity": "error",
                "file": "x/bad one.yaml",
                "line": 8,
                "column": 17,
                "message": "ICMP is a protocol of IPv4, and the rule is for IPv6",
                "related": [{
                    "file": "x/bad one.yaml",
                    "line": 9,
                    "column": 18,
                    "message": "the rule's IP version"
                }]
            },
            {
                "code": "rule-action",
                "severity": "error",
                "file": "x/bad one.yaml",
                "line": 10,
                "column": 15,
                "message": "`allow` is not an action",
                "hint": "did you mean `Allow`?"
            },
            {
                "code": "unknown-kind",
                "severity": "note",
                "file": "x/bad one.yaml",
                "line": 12,
                "column": 1,
                "message": "Deployment of apps/v1 bears on no verdict: left aside"
            }
        ]
    });
    assert_eq!(json("json"), expected);
}

#[test]
fn sarif_names_its_rules_and_places() {
    let log = json("sarif");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "palisade");
    let rules: Vec<&str> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["icmp-ip-version", "rule-action", "unknown-kind"]);
    let rule = &driver["rules"][2];
    assert_eq!(rule["defaultConfiguration"]["level"], "note");
    assert!(
        rule["help"]["markdown"]
            .as_str()
            .unwrap()
            .starts_with("# unknown-kind")
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "x/bad%20one.yaml");
    }
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        *region,
        serde_json::json!({"startLine": 7, "startColumn": 15, "endColumn": 20})
    );
    assert_eq!(results[0]["level"], "error");
    assert_eq!(
        results[0]["message"]["text"],
        "`allow` is not an action (did you mean `Allow`?)"
    );
    let related = &results[1]["relatedLocations"][0];
    assert_eq!(related["message"]["text"], "the rule's IP version");
}

fn fingerprints(text: &str) -> Vec<String> {
    let room = Room::new();
    room.write("a.yaml", text);
    let log: Value = serde_json::from_str(&room.run("lint a.yaml -o sarif").stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    results
        .map(|result| {
            result["partialFingerprints"]["palisade/v1"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn fingerprints_are_their_own_and_stay() {
    let before = fingerprints(TEXT);
    let mut each = before.clone();
    each.sort();
    each.dedup();
    assert_eq!(each.len(), before.len());
    let moved = format!(
        "# a comment\n\n{}",
        TEXT.replace("protocol: ICMP", "protocol: ICMP # it is")
    );
    let after = fingerprints(&moved);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1], "the line itself changed");
    assert_eq!(before[2..], after[2..]);
}

const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="palisade lint" tests="5" skipped="0" failures="3" errors="0">
    <testsuite name="x/bad one.yaml" tests="4" skipped="0" errors="0" failures="3">
        <testcase name="rule-action 7:15" classname="x/bad one.yaml">
            <failure message="`allow` is not an action" type="error">x/bad one.yaml:7:15: `allow` is not an action
did you mean `Allow`?</failure>
        </testcase>
        <testcase name="icmp-ip-version 8:17" classname="x/bad one.yaml">
            <failure message="ICMP is a protocol of IPv4, and the rule is for IPv6" type="error">x/bad one.yaml:8:17: ICMP is a protocol of IPv4, and the rule is for IPv6</failure>
        </testcase>
        <testcase name="rule-action 10:15" classname="x/bad one.yaml">
            <failure message="`allow` is not an action" type="error">x/bad one.yaml:10:15: `allow` is not an action
did you mean `Allow`?</failure>
        </testcase>
        <testcase name="unknown-kind 12:1" classname="x/bad one.yaml">
            <system-out>x/bad one.yaml:12:1: Deployment of apps/v1 bears on no verdict: left aside</system-out>
        </testcase>
    </testsuite>
    <testsuite name="x/good.yaml" tests="1" skipped="0" errors="0" failures="0">
        <testcase name="lint" classname="x/good.yaml"/>
    </testsuite>
</testsuites>
"#;

#[test]
fn junit_is_a_suite_a_file() {
    let ran = room().run("lint x -o junit");
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stdout, JUNIT);
}

#[test]
fn nothing_to_say_is_said_in_every_format() {
    let room = Room::new();
    room.write(
        "a.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    );
    for format in ["text", "json", "sarif", "junit"] {
        let ran = room.run(&format!("lint a.yaml -o {format}"));
        assert_eq!(ran.code, 0, "{format}");
        assert_eq!(ran.stdout.is_empty(), format == "text", "{format}");
        assert_eq!(ran.stderr, "1 file, nothing to say\n");
    }
}

/// Controls that XML cannot hold, and those that would speak to a terminal.
#[test]
fn hostile_names_stay_text() {
    let room = Room::new();
    let text = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: \"a\\x1b[31m\\x07<]]>&\"}\n";
    room.write("a.yaml", text);
    for format in ["text", "json", "sarif", "junit"] {
        let ran = room.run(&format!("lint a.yaml -o {format}"));
        assert_eq!(ran.code, 1, "{format}");
        assert!(
            !ran.stdout.contains(['\u{1b}', '\u{7}']),
            "{format}: {:?}",
            ran.stdout
        );
    }
    // Where it is shown on a terminal nothing is stripped behind the report.
    let findings = crate::linted(text, "3.33");
    let report = Report {
        files: Vec::new(),
        findings,
    };
    let shown = terminal::report(&report, Style::Plain);
    assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
}
