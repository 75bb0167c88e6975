//! The formats, whole: an intent that is proved, one that is refuted, one that is not known.

use serde_json::Value;

use crate::call::{Ran, Room, project};

const POLICIES: &str = include_str!("fixtures/shop.yaml");
const INTENTS: &str = include_str!("fixtures/intents.yaml");

fn ran(line: &str) -> Ran {
    let room = Room::new();
    room.write("shop.yaml", POLICIES);
    room.write("intents.yaml", INTENTS);
    let ran = room.run(&format!("verify shop.yaml --intents intents.yaml {line}"));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    ran
}

fn told(format: &str) -> String {
    let ran = ran(&format!("--baseline off -o {format}"));
    assert_eq!(
        ran.stderr,
        "3 intents in 1 case: 1 proved, 1 refuted, 1 unknown\n"
    );
    ran.stdout
}

#[test]
fn text() {
    insta::assert_snapshot!(told("text"));
}

#[test]
fn json() {
    insta::assert_snapshot!(told("json"));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(told("markdown"));
}

#[test]
fn sarif() {
    insta::assert_snapshot!(told("sarif"));
}

#[test]
fn junit() {
    insta::assert_snapshot!(told("junit"));
}

#[test]
fn every_intent_is_told_of_where_that_is_asked_for() {
    let told = ran("--baseline off -v").stdout;
    let beginning: Vec<&str> = told.lines().take(4).collect();
    assert_eq!(
        beginning,
        [
            "the cluster of the input, without the platform's own policies: 1 proved, 1 refuted, \
             1 unknown",
            "  There are no pods but those of the input.",
            "  proved  the shop reaches its database",
            "",
        ]
    );
}

#[test]
fn without_a_word_it_is_with_the_platforms_policies_and_without() {
    let both = ran("");
    assert_eq!(
        both.stderr,
        "6 intents in 2 cases: 2 proved, 2 refuted, 2 unknown\n"
    );
    let with = ran("--baseline on").stdout;
    assert_eq!(both.stdout, with + &ran("--baseline off").stdout);
}

/// A built-in intent stands nowhere: its place is the rule that decided.
#[test]
fn a_result_about_a_built_in_intent_points_to_the_rule() {
    let room = Room::new();
    let opening = "apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: everything}
spec:
  order: 1
  selector: ibm.role == 'worker_private'
  types: [Ingress]
  ingress:
  - action: Allow
";
    room.run("gen --region us-south --private -o set --no-verify");
    room.write("set/everything.yaml", opening);
    let ran = room.run("verify set --region us-south --private --baseline on -o sarif");
    assert_eq!(ran.code, 1);
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        assert_eq!(result["ruleId"], "intent-refuted");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "set/everything.yaml");
        assert_eq!(place["region"]["startLine"], 9);
    }
}

/// However much there is to tell, a comment takes it, and it says that it is not all.
#[test]
fn markdown_fits_into_a_comment() {
    let room = Room::new();
    room.write(
        "nothing.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    );
    let ran = room.run("verify nothing.yaml --region us-south -o markdown");
    assert_eq!(ran.code, 1);
    let length = ran.stdout.len();
    assert!((30_000..65_000).contains(&length), "{length}");
    assert!(
        ran.stdout
            .ends_with(" are left out here; `palisade verify` tells all.\n"),
        "{}",
        &ran.stdout[length - 200..]
    );
    let opened = ran.stdout.matches("<details>").count();
    assert_eq!(opened, ran.stdout.matches("</details>").count());
}

/// What a name of an intent may hold does not speak to a terminal, to Markdown or to HTML.
#[test]
fn hostile_names_stay_text() {
    let room = Room::new();
    room.write("shop.yaml", POLICIES);
    room.write(
        "intents.yaml",
        INTENTS.replace(
            "name: batches keep away from the database",
            "name: \"\\e[31m</summary>|<b>`x`\\n# y\"",
        ),
    );
    for format in ["text", "json", "markdown", "sarif", "junit"] {
        let ran = room.run(&format!(
            "verify shop.yaml --intents intents.yaml -o {format}"
        ));
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        assert!(!ran.stdout.contains('\u{1b}'), "{format}: {}", ran.stdout);
        if format == "markdown" {
            let name = "\u{fffd}&#91;31m&lt;/summary&gt;&#124;&lt;b&gt;&#96;x&#96;\u{fffd}&#35; y";
            assert!(ran.stdout.contains(name), "{}", ran.stdout);
        }
    }
}

#[test]
fn nobody_is_told_to_leave_out_what_verify_always_has() {
    let room = Room::new();
    let example = |path: &str| project(&format!("examples/{path}")).display().to_string();
    let ran = room.run(&format!(
        "verify --cluster {} --intents {} --baseline off",
        example("clusters/openshift-pod-subnet.yaml"),
        example("intents/claims.yaml")
    ));
    let note = "is only assumed to be there had a part in this\n";
    assert!(ran.stdout.contains(note), "{}", ran.stdout);
}
