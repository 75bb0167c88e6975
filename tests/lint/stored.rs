//! Objects in Calico's storage form: nobody validates them, so a finding says what Felix makes of
//! them (VAL intro, VAL-55, MOD-2, RES-9, RES-23).

use palisade::finding::Severity;

use crate::{linted, places};

fn stored(spec: &str) -> String {
    format!(
        "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {{name: default.a}}\nspec: {spec}\n"
    )
}

/// Severity, code and message of everything but the note on the form itself.
fn told(spec: &str, version: &str) -> Vec<(Severity, &'static str, String)> {
    linted(&stored(spec), version)
        .into_iter()
        .filter(|finding| finding.code.word() != "storage-form")
        .map(|finding| (finding.severity, finding.code.word(), finding.message))
        .collect()
}

fn only(spec: &str, version: &str) -> (Severity, &'static str, String) {
    let mut told = told(spec, version);
    assert_eq!(told.len(), 1, "{spec}: {told:?}");
    told.remove(0)
}

/// VAL-55.
#[test]
fn felix_drops_what_its_own_filter_refuses() {
    for rule in [
        "{action: Allow, protocol: nothing}",
        "{action: Allow, destination: {ports: [80]}}",
        "{action: Allow, protocol: ICMP, destination: {ports: [80]}}",
        "{action: Allow, protocol: TCP, destination: {ports: [0]}}",
        "{action: Allow, protocol: ICMP, icmp: {type: 300}}",
        "{action: Allow, source: {selector: a = b}}",
        "{action: Allow, ipVersion: 5}",
    ] {
        let (severity, _, message) =
            only(&format!("{{types: [Ingress], ingress: [{rule}]}}"), "3.31");
        assert_eq!(severity, Severity::Error, "{rule}");
        assert!(
            message.ends_with("in storage form Felix drops the whole object"),
            "{message}"
        );
    }
}

/// VAL-55 lists what Felix does not check again.
#[test]
fn felix_takes_what_only_calicos_own_validator_refuses() {
    for (spec, code) in [
        (
            "{types: [Ingress], preDNAT: true}",
            "apply-on-forward-missing",
        ),
        (
            "{types: [Ingress], ingress: [{action: Allow, source: {nets: [10.0.0.0/8, '::/0']}}]}",
            "mixed-ip-families",
        ),
        // MOD-14: Felix lower-cases names itself.
        (
            "{types: [Ingress], ingress: [{action: Allow, protocol: tcp}]}",
            "protocol-name",
        ),
    ] {
        let (severity, word, message) = only(spec, "3.31");
        assert_eq!((severity, word), (Severity::Warning, code), "{message}");
    }
}

/// RES-9.
#[test]
fn a_scope_that_does_not_parse_widens_the_policy() {
    let (severity, word, message) = only("{types: [Ingress], namespaceSelector: a = b}", "3.31");
    assert_eq!((severity, word), (Severity::Error, "selector-syntax"));
    assert!(message.ends_with("the policy applies to more"), "{message}");
}

/// RES-23.
#[test]
fn a_block_that_is_none_is_left_out() {
    let spec = "{types: [Ingress], ingress: [{action: Allow, source: {nets: [10.0.0.300/33]}}]}";
    let (severity, word, message) = only(spec, "3.33");
    assert_eq!((severity, word), (Severity::Error, "cidr-syntax"));
    assert!(
        message.ends_with("Felix leaves it out of the list"),
        "{message}"
    );
}

/// From 3.32 on the resource definitions themselves refuse some of it (VAL intro).
#[test]
fn newer_definitions_refuse_more() {
    let spec = "{types: [Ingress], preDNAT: true}";
    assert_eq!(only(spec, "3.31").0, Severity::Warning);
    let (severity, _, message) = only(spec, "3.32");
    assert_eq!(severity, Severity::Error);
    assert!(!message.contains("storage form"), "{message}");
    // Names and labels are refused by the Kubernetes API server in any form.
    let text = stored("{types: [Ingress]}").replace("default.a", "Default.a");
    assert_eq!(places(&linted(&text, "3.28"))[1], "3:18 object-name");
}

/// MOD-2.
#[test]
fn without_types_it_applies_to_both_directions() {
    assert_eq!(only("{}", "3.33").1, "types-missing");
    assert!(told("{types: [Egress]}", "3.33").is_empty());
}

/// STORE-7.
#[test]
fn the_tier_is_told_by_the_name_before_3_32() {
    let tiered = |name: &str, tier: &str, version: &str| {
        let text = stored(&format!("{{types: [Ingress], tier: {tier}}}"));
        let findings = linted(&text.replace("default.a", name), version);
        findings.iter().any(|f| f.code.word() == "stored-tier")
    };
    assert!(tiered("a", "security", "3.31"));
    assert!(tiered("other.a", "security", "3.30"));
    assert!(!tiered("security.a", "security", "3.31"));
    assert!(!tiered("default.a", "default", "3.31"));
    assert!(!tiered("knp.default.a", "default", "3.31"));
    assert!(!tiered("a", "security", "3.32"));
}

/// STORE-3: told once for a text, with how many.
#[test]
fn the_form_is_told_once() {
    let text = [stored("{types: [Ingress]}"), stored("{types: [Egress]}")].join("---\n");
    let text = text.replacen("default.a", "default.b", 1);
    let findings = linted(&text, "3.33");
    assert_eq!(places(&findings), ["1:1 storage-form"]);
    assert!(
        findings[0].message.contains("b and 1 more object"),
        "{}",
        findings[0].message
    );
}

/// STORE-8, STORE-9: labels that calicoctl recorded count.
#[test]
fn recorded_labels_are_read() {
    let endpoint = r#"
apiVersion: crd.projectcalico.org/v1
kind: HostEndpoint
metadata:
  name: a
  annotations:
    projectcalico.org/metadata: '{"labels":{"role":"private"}}'
spec: {node: a, interfaceName: eth0}
"#;
    let policy = |role: &str| {
        format!(
            "{endpoint}---\n{}",
            stored(&format!("{{types: [Ingress], selector: role == '{role}'}}"))
        )
    };
    let misses = |role: &str| {
        let findings = linted(&policy(role), "3.33");
        findings
            .iter()
            .any(|f| f.code.word() == "selector-matches-nothing")
    };
    assert!(misses("public"));
    assert!(!misses("private"));
}
