//! How differences are told.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{compared, policy};

/// Two sources with one object added, one removed and one changed.
fn three() -> (String, String) {
    let named = |name: &str, order: u32| {
        policy(&format!("order: {order}")).replace("name: a", &format!("name: {name}")) + "---\n"
    };
    (
        named("changes", 1) + &named("goes", 1) + &named("stays", 1),
        named("changes", 2) + &named("comes", 1) + &named("stays", 1),
    )
}

/// Every format but text begins the list of what is ignored at one of these.
fn without_rules(text: &str) -> &str {
    let ends = ["to ignore", "\n<details><summary>What is ignored"];
    ends.iter()
        .fold(text, |text, end| text.split(end).next().unwrap())
}

#[test]
fn text() {
    let (old, new) = three();
    let ran = compared(&old, &new, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(without_rules(&ran.stdout));
}

#[test]
fn what_opens_and_closes_comes_with_a_flow_and_the_rule_on_either_side() {
    let ports = |ports: &str| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: a}}, spec: \
             {{order: 1, selector: \"ibm.role == 'worker_private'\", types: [Ingress], ingress: [{{action: Allow, \
             protocol: TCP, destination: {{ports: [{ports}]}}}}]}}}}\n---\n{{apiVersion: \
             projectcalico.org/v3, kind: HostEndpoint, metadata: {{name: h, labels: {{ibm.role: worker_private}}}}, \
             spec: {{node: w, interfaceName: eth0, expectedIPs: [10.0.0.1]}}}}\n"
        )
    };
    let (old, new) = (ports("443, 8080"), ports("443, 9090"));
    let ran = compared(&old, &new, "--baseline off");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(without_rules(&ran.stdout));
    let ran = compared(&old, &new, "--baseline off --no-flows");
    assert_eq!(ran.code, 1);
    assert!(!ran.stdout.contains("opens"), "{}", ran.stdout);
    let ran = compared(&old, &new, "--baseline off --format json");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["flows"]["opened"].as_array().unwrap().len(), 1);
    assert_eq!(told["flows"]["closed"].as_array().unwrap().len(), 1);
}

#[test]
fn markdown() {
    let (old, new) = three();
    let ran = compared(&old, &new, "--format markdown");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(without_rules(&ran.stdout));
    // The rules are there, folded.
    assert!(ran.stdout.contains("- `label:projectcalico.org/tier`\n"));
    let ran = compared(&old, &old, "--format markdown");
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(without_rules(&ran.stdout), @"
    ## Palisade diff

    ✅ **old.yaml and new.yaml say the same**
    ");
}

#[test]
fn json() {
    let (old, new) = three();
    let ran = compared(&old, &new, "--format json");
    assert_eq!(ran.code, 1);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    insta::assert_json_snapshot!(told, {".ignored" => "[rules]"});
    assert_eq!(told["ignored"].as_array().unwrap().len(), 13);
}

#[test]
fn sarif() {
    let (old, new) = three();
    let ran = compared(&old, &new, "--format sarif");
    assert_eq!(ran.code, 1);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let results = &told["runs"][0]["results"];
    insta::assert_json_snapshot!(results);
    let rules = told["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in results.as_array().unwrap() {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    }
}

#[test]
fn a_comment_is_never_too_long_and_says_what_was_cut() {
    // How many policies, and how many bytes of selector each has.
    for (count, length) in [(400, 400), (3000, 10), (1, 100_000), (2, 64_000)] {
        let mut new = String::new();
        for number in 0..count {
            let selector = "x".repeat(length);
            let text = policy(&format!("selector: a == '{selector}'"));
            let _ = writeln!(
                new,
                "{}---",
                text.replace("name: a", &format!("name: p{number}"))
            );
        }
        let ran = compared("", &new, "--format markdown");
        assert_eq!(ran.code, 1);
        assert!(ran.stdout.len() <= 65_000, "{}", ran.stdout.len());
        assert!(ran.stdout.contains("**Cut**: "), "{count} {length}");
        assert!(ran.stdout.contains(&format!("{count} added")));
        // What is there is whole.
        let count = |part: &str| ran.stdout.matches(part).count();
        assert_eq!(count("<details>"), count("</details>"));
        assert_eq!(count("```") % 2, 0);
    }
    let cut = compared(
        "",
        &policy(&format!("selector: a == '{}'", "x".repeat(70_000))),
        "--format markdown",
    );
    assert!(
        cut.stdout
            .contains("> ✂️ **Cut**: 1 difference left out, since a comment holds 65000 bytes.")
    );
}

#[test]
fn a_comment_stays_text_whatever_objects_are_called() {
    let hostile = policy("selector: has(a)\norder: 1").replace(
        "name: a",
        "name: \"<script>@everyone|`|</details>\"\n  annotations: {a: \"```\\n</details>\\n# h\"}",
    );
    let ran = compared("", &hostile, "--format markdown");
    let (before, fenced) = ran.stdout.split_once("````diff\n").unwrap();
    let (inside, after) = fenced.split_once("````\n").unwrap();
    assert!(!inside.contains("````"));
    assert!(!after.contains("script"), "{after}");
    let mut named = before.lines().filter(|line| line.contains("script"));
    // In code nothing is a tag or a mention; elsewhere they are spelled out.
    let row = "| added | GlobalNetworkPolicy | `<script>@everyone\\|'\\|</details>` | +15 −0 |";
    assert_eq!(named.next(), Some(row));
    let summary = "<details><summary>added GlobalNetworkPolicy \
        &lt;script&gt;&#64;everyone|`|&lt;/details&gt;</summary>";
    assert_eq!(named.next(), Some(summary));
    assert_eq!(named.next(), None);
}
