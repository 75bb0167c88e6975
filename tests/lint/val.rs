//! The table of the VAL rules, run.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use palisade::finding::Severity;

use crate::linted;

/// Rules that have no row of one kind, and why.
const ONE_WAY: &[(&str, &str)] = &[
    (
        "VAL-4",
        "a file does not know the tiers of a cluster: told, never rejected",
    ),
    ("VAL-13", "accepts everything"),
    ("VAL-20", "says what is accepted"),
    ("VAL-41", "says what is accepted"),
    ("VAL-48", "says what is not validated"),
    ("VAL-51", "not modelled: about deleting"),
    ("VAL-53", "not modelled: about updating"),
    ("VAL-55", "an object in storage form is at best told as one"),
];

/// How many VAL rules there are.
const RULES: usize = 55;

fn object(kind: &str, name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: '{name}'{metadata}}}\nspec: {spec}\n"
    )
}

fn repeated(count: &str, each: impl Fn(usize) -> String) -> String {
    let count: usize = count.parse().unwrap();
    let mut text = String::new();
    for index in 0..count {
        let _ = write!(text, "{}, ", each(index));
    }
    text
}

fn in_rule(rule: &str) -> String {
    object(
        "GlobalNetworkPolicy",
        "a",
        "",
        &format!("{{types: [Ingress], ingress: [{{{rule}}}]}}"),
    )
}

/// The text of a row: `body` put into the shape.
fn text(shape: &str, body: &str) -> String {
    let two = || body.split_once(' ').unwrap();
    let long = |count: &str| format!("a == '{}'", "b".repeat(count.parse::<usize>().unwrap() - 7));
    match shape {
        "gns-name" => object("GlobalNetworkSet", body, "", "{}"),
        "gns-meta" => object("GlobalNetworkSet", "a", &format!(", {body}"), "{}"),
        "gns-long-annotation" => {
            let value = "v".repeat(body.parse().unwrap());
            let metadata = format!(", annotations: {{a: {value}}}");
            object("GlobalNetworkSet", "a", &metadata, "{}")
        }
        "gns" => object("GlobalNetworkSet", "a", "", body),
        "gnp-name" => {
            // The tier that goes with the name, so that VAL-3 has nothing to say.
            let tier = match body.split_once('.') {
                Some((tier, _)) => format!("{{tier: {tier}}}"),
                None => "{}".to_owned(),
            };
            let tier = if body == "a.b" { tier } else { "{}".to_owned() };
            object("GlobalNetworkPolicy", body, "", &tier)
        }
        "gnp-name-spec" => object("GlobalNetworkPolicy", two().0, "", two().1),
        "np-name" => object("NetworkPolicy", body, ", namespace: shop", "{}"),
        "sgnp-name" => object("StagedGlobalNetworkPolicy", body, "", "{}"),
        "tier-name" => object("Tier", body, "", "{}"),
        "tier" => object("Tier", two().0, "", two().1),
        "profile-name" => object("Profile", body, "", "{}"),
        "gnp" => object("GlobalNetworkPolicy", "a", "", body),
        "np" => object("NetworkPolicy", "a", ", namespace: shop", body),
        "np-without-namespace" => object("NetworkPolicy", "a", "", body),
        "sgnp" => object("StagedGlobalNetworkPolicy", "a", "", body),
        "sknp" => object(
            "StagedKubernetesNetworkPolicy",
            "a",
            ", namespace: shop",
            body,
        ),
        "hep" => object("HostEndpoint", "a", "", body),
        "two-heps" => {
            let [first, second] = ["a", "b"].map(|name| object("HostEndpoint", name, "", body));
            format!("{first}---\n{second}")
        }
        "in" => in_rule(body),
        "out" => {
            let spec = format!("{{types: [Egress], egress: [{{{body}}}]}}");
            object("GlobalNetworkPolicy", "a", "", &spec)
        }
        "np-in" => {
            let spec = format!("{{types: [Ingress], ingress: [{{{body}}}]}}");
            object("NetworkPolicy", "a", ", namespace: shop", &spec)
        }
        "np-out" => {
            let spec = format!("{{types: [Egress], egress: [{{{body}}}]}}");
            object("NetworkPolicy", "a", ", namespace: shop", &spec)
        }
        "stored" => in_rule(body).replace("projectcalico.org/v3", "crd.projectcalico.org/v1"),
        "ports" => in_rule(&format!(
            "action: Allow, protocol: TCP, destination: {{ports: [{body}]}}"
        )),
        "many-ports" => {
            let ports = repeated(body, |index| (index + 1).to_string());
            text("ports", &ports)
        }
        "many-nets" => {
            let nets = repeated(body, |index| {
                format!("10.{}.{}.0/24", index / 256, index % 256)
            });
            in_rule(&format!("action: Allow, source: {{nets: [{nets}]}}"))
        }
        "gnp-many-rules" => {
            let rules = repeated(body, |_| "{action: Allow}".to_owned());
            let spec = format!("{{types: [Ingress], ingress: [{rules}]}}");
            object("GlobalNetworkPolicy", "a", "", &spec)
        }
        "gnp-long-selector" => object(
            "GlobalNetworkPolicy",
            "a",
            "",
            &format!("{{selector: {}}}", long(body)),
        ),
        "in-long-account-selector" => in_rule(&format!(
            "action: Allow, source: {{serviceAccounts: {{selector: {}}}}}",
            long(body)
        )),
        other => panic!("no shape {other}"),
    }
}

/// What comes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome<'a> {
    /// No error.
    Accepted,
    /// Errors of this code, and no others.
    Rejected(&'a str),
    /// No error, and something less grave of this code.
    Told(&'a str),
}

/// A row of the table.
struct Row<'a> {
    rule: &'a str,
    version: &'a str,
    shape: &'a str,
    outcome: Outcome<'a>,
    body: &'a str,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    let lines = include_str!("val.txt").lines();
    let rows = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let mut columns = line.splitn(5, " | ");
        let mut next = || {
            columns
                .next()
                .unwrap_or_else(|| panic!("too short: {line}"))
        };
        let (rule, version, shape, outcome, body) = (next(), next(), next(), next(), next());
        let outcome = match outcome.split_once(' ') {
            None if outcome == "accepted" => Outcome::Accepted,
            Some(("rejected", code)) => Outcome::Rejected(code),
            Some(("told", code)) => Outcome::Told(code),
            _ => panic!("no outcome: {line}"),
        };
        Row {
            rule,
            version,
            shape,
            outcome,
            body,
        }
    })
}

#[test]
fn every_row_comes_out() {
    let mut wrong = String::new();
    for row in rows() {
        let findings = linted(&text(row.shape, row.body), row.version);
        let errors: BTreeSet<&str> = findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .map(|f| f.code.word())
            .collect();
        let holds = match row.outcome {
            Outcome::Accepted => errors.is_empty(),
            Outcome::Rejected(code) => errors == [code].into(),
            Outcome::Told(code) => {
                errors.is_empty() && findings.iter().any(|f| f.code.word() == code)
            }
        };
        if !holds {
            let _ = writeln!(
                wrong,
                "{} {} {}: {} is not {:?}",
                row.rule, row.version, row.shape, row.body, row.outcome
            );
            for finding in findings {
                let word = finding.code.word();
                let _ = writeln!(wrong, "    {} {word}: {}", finding.place, finding.message);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_stands_both_ways() {
    let excused = |rule: &str| ONE_WAY.iter().any(|(name, _)| *name == rule);
    let known: BTreeSet<String> = (1..=RULES).map(|number| format!("VAL-{number}")).collect();
    for rule in &known {
        let has = |wanted: fn(Outcome<'_>) -> bool| {
            rows().any(|row| row.rule == rule && wanted(row.outcome))
        };
        let accepted = has(|outcome| outcome == Outcome::Accepted);
        let rejected = has(|outcome| matches!(outcome, Outcome::Rejected(_)));
        assert_eq!(accepted && rejected, !excused(rule), "{rule}");
    }
    for row in rows() {
        assert!(known.contains(row.rule), "{}", row.rule);
    }
}
