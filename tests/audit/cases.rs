//! Case by case: what is told, and what is not.

use crate::audited;

/// A policy of workers' private host endpoints with these egress rules, in order, and a denial of
/// all else.
fn egress(rules: &[&str]) -> String {
    let rules: Vec<String> = rules
        .iter()
        .map(|rule| format!("  - {{{rule}}}\n"))
        .collect();
    format!(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: p\nspec:\n  \
         order: 100\n  selector: ibm.role == 'worker_private'\n  types: [Egress]\n  egress:\n{}  - \
         {{action: Deny}}\n",
        rules.concat()
    )
}

/// `line:column code: why` of every finding.
fn told(text: &str, baseline: bool) -> Vec<String> {
    let findings = audited("x.yaml", text, baseline);
    let why = |message: &str| {
        let why = message.split_once("changes no verdict: ");
        why.map_or_else(|| message.to_owned(), |(_, why)| why.to_owned())
    };
    findings
        .iter()
        .map(|f| {
            let span = f.place.span;
            let (line, column) = (span.line, span.column);
            format!("{line}:{column} {}: {}", f.code.word(), why(&f.message))
        })
        .collect()
}

const BEFORE: &str = "whatever it holds was decided before";
const BEHIND: &str = "what it holds is decided the same without it";
const NEVER: &str = "no packet that gets there matches it";
const ENTRY_NEVER: &str = "no packet that gets there needs it";
const ONE: &str = "another entry of the list holds all of it";
const TOGETHER: &str = "other entries of the list together hold all of it";

#[test]
fn rules_and_entries_that_change_no_verdict() {
    let rule = |line: u32, why: &str| format!("{line}:5 rule-without-effect: {why}");
    let entry = |place: &str, why: &str| format!("{place} entry-without-effect: {why}");
    let tcp = |nets: &str, ports: &str| {
        format!("action: Allow, protocol: TCP, destination: {{nets: [{nets}], ports: [{ports}]}}")
    };
    let log = tcp("10.1.0.0/16", "443").replace("Allow", "Log");
    let deny = tcp("10.1.0.0/16", "443").replace("Allow", "Deny");
    let any = "action: Allow, destination: {nets: [10.0.0.0/8]}".to_owned();
    let cases: [(&str, Vec<String>, Vec<String>); 14] = [
        ("one rule", vec![tcp("10.1.0.0/16", "443")], vec![]),
        (
            "two equal rules: the later one",
            vec![tcp("10.1.0.0/16", "443"), tcp("10.1.0.0/16", "443")],
            vec![rule(11, BEFORE)],
        ),
        (
            "a narrow rule before a wide one",
            vec![tcp("10.1.0.0/16", "443"), any.clone()],
            vec![rule(10, BEHIND)],
        ),
        (
            "two halves before the whole: the union counts",
            vec![
                tcp("10.1.0.0/17", "443"),
                tcp("10.1.128.0/17", "443"),
                tcp("10.1.0.0/16", "443"),
            ],
            vec![rule(12, BEFORE)],
        ),
        (
            "rules that record are left alone, and decide nothing",
            vec![log.clone(), tcp("10.1.0.0/16", "443"), log],
            vec![],
        ),
        (
            "a denial before a denial of all",
            vec![deny.clone()],
            vec![rule(10, BEHIND)],
        ),
        (
            "an allowed part of what is denied counts",
            vec![tcp("10.1.2.0/24", "443"), deny.clone(), any.clone()],
            vec![],
        ),
        (
            "what failsafes keep open never gets there",
            vec![tcp("10.1.0.0/16", "6443")],
            vec![rule(10, NEVER)],
        ),
        (
            "two equal entries: the later one",
            vec![tcp("10.1.0.0/16, 10.1.0.0/16", "443")],
            vec![entry("10:70", ONE)],
        ),
        (
            "two halves and the whole, whatever the order",
            vec![tcp("10.1.0.0/17, 10.1.128.0/17, 10.1.0.0/16", "443")],
            vec![entry("10:85", TOGETHER)],
        ),
        (
            "a port in a range",
            vec![tcp("10.1.0.0/16", "\"440:450\", 443")],
            vec![entry("10:90", TOGETHER)],
        ),
        (
            "a port that failsafes keep open",
            vec![tcp("10.1.0.0/16", "443, 6443")],
            vec![entry("10:84", ENTRY_NEVER)],
        ),
        (
            "an entry that a rule before holds",
            vec![
                tcp("10.1.0.0/16", "443"),
                tcp("10.1.2.0/24, 10.2.0.0/16", "443"),
            ],
            vec![entry("11:57", BEFORE)],
        ),
        (
            "an entry of notNets that is in another",
            vec![
                "action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8], notNets: \
                 [10.1.0.0/16, 10.1.2.0/24], ports: [443]}"
                    .to_owned(),
            ],
            vec![entry("10:93", ONE)],
        ),
    ];
    let mut wrong = Vec::new();
    for (what, rules, expected) in cases {
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let told = told(&egress(&rules), true);
        if told != expected {
            wrong.push(format!("{what}: {told:#?}, not {expected:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The platform lets everything pass that nobody decided on: what denies all counts with it, and
/// without it the end of the tier does the same.
#[test]
fn a_denial_of_all_counts_where_the_platform_allows_all() {
    let text =
        egress(&["action: Allow, protocol: TCP, destination: {nets: [10.1.0.0/16], ports: [443]}"]);
    assert_eq!(told(&text, true), Vec::<String>::new());
    let expected = format!("11:5 rule-without-effect: {BEHIND}");
    assert_eq!(told(&text, false), [expected]);
}

#[test]
fn wide_rules() {
    let all = "egress rule 1 of GlobalNetworkPolicy p opens";
    let cases = [
        (
            "protocol: TCP, destination: {ports: [443]}",
            Some("TCP 443 to every address"),
        ),
        (
            "destination: {nets: [0.0.0.0/0]}",
            Some("every port to every address"),
        ),
        (
            "destination: {nets: [8.0.0.0/8]}",
            Some("every port to 8.0.0.0/8"),
        ),
        (
            "protocol: UDP, destination: {nets: [8.8.0.0/16]}",
            Some("every UDP port to 8.8.0.0/16"),
        ),
        ("destination: {nets: [8.8.8.0/24]}", None),
        ("destination: {nets: [10.0.0.0/8, 166.9.0.0/16]}", None),
        (
            "protocol: TCP, destination: {nets: [8.0.0.0/8], ports: [443]}",
            None,
        ),
        ("protocol: 112", None),
        ("protocol: ICMP", None),
        ("destination: {selector: all()}", None),
    ];
    for (rule, expected) in cases {
        let text = egress(&[&format!("action: Allow, {rule}")]);
        let told = told(&text, true);
        let wide: Vec<&String> = told.iter().filter(|t| t.contains("wide-rule")).collect();
        let expected: Vec<String> = expected
            .into_iter()
            .map(|what| format!("10:5 wide-rule: {all} {what}"))
            .collect();
        assert_eq!(wide, expected.iter().collect::<Vec<_>>(), "{rule}");
    }
}

/// MOD-1: which directions a policy governs hangs on whether its lists are empty, where it does not
/// say.
#[test]
fn the_last_rule_of_a_list_stays_where_no_types_are_given() {
    let text = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: p\n\
                spec:\n  order: 100\n  selector: ibm.role == 'worker_private'\n  egress:\n  - action: \
                Deny\n    protocol: TCP\n";
    assert_eq!(told(text, false), Vec::<String>::new());
    let given = text.replace("  egress:", "  types: [Egress]\n  egress:");
    let expected = format!("10:5 rule-without-effect: {BEHIND}");
    assert_eq!(told(&given, false), [expected]);
}
