//! Kubernetes NetworkPolicies, as their API server judges them (KNP-1 to KNP-10).

use palisade::finding::Severity;

use crate::linted;

fn knp(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    )
}

/// `severity code` of everything that is told of a spec.
fn told(spec: &str) -> Vec<String> {
    let findings = linted(&knp(spec), "3.33");
    let words = findings.iter().map(|finding| {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        format!("{severity} {}", finding.code.word())
    });
    words.collect()
}

#[test]
fn what_is_right_is_silent() {
    for spec in [
        "{podSelector: {}}",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
        "{podSelector: {}, ingress: []}",
        "{podSelector: {}, ingress: [{}]}",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}",
        "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: web}, {protocol: UDP}, {}]}]}",
        "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 80}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}",
        "{podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}",
    ] {
        assert!(told(spec).is_empty(), "{spec}: {:?}", told(spec));
    }
}

#[test]
fn what_is_wrong_is_told() {
    let rule = |rule: &str| format!("{{podSelector: {{}}, ingress: [{rule}]}}");
    for (spec, expected) in [
        ("{}".to_owned(), "warning missing-field"),
        (
            "{podSelector: {}, policyTypes: [ingress]}".into(),
            "error policy-types",
        ),
        (
            "{podSelector: {}, policyTypes: [Ingress, Ingress]}".into(),
            "warning policy-types",
        ),
        (
            "{podSelector: {}, policyTypes: [Ingress], egress: [{}]}".into(),
            "warning ineffective-rules",
        ),
        (
            "{podSelector: {}, types: [Ingress]}".into(),
            "error unknown-field",
        ),
        ("{podSelector: {app: web}}".into(), "error unknown-field"),
        (
            "{podSelector: {matchLabels: {a b: c}}}".into(),
            "error label-syntax",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}".into(),
            "error label-selector",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: NotIn}]}}".into(),
            "error label-selector",
        ),
        (
            "{podSelector: {matchExpressions: [{operator: Exists}]}}".into(),
            "error missing-field",
        ),
        (rule("{from: []}"), "warning empty-list"),
        (rule("{ports: []}"), "warning empty-list"),
        (rule("{from: [{}]}"), "error kubernetes-peer"),
        (rule("{from: [{ipBlock: {}}]}"), "error missing-field"),
        (
            rule("{from: [{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}]}"),
            "error kubernetes-peer",
        ),
        (
            rule("{from: [{ipBlock: {cidr: 10.0.0.1}}]}"),
            "error cidr-syntax",
        ),
        (
            rule("{from: [{ipBlock: {cidr: 10.0.0.1/8}}]}"),
            "warning cidr-host-bits",
        ),
        (
            rule("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}"),
            "error ip-block-except",
        ),
        (
            rule("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['2001:db8::/32']}}]}"),
            "error ip-block-except",
        ),
        (
            rule("{ports: [{port: 80, protocol: tcp}]}"),
            "error protocol-name",
        ),
        (
            rule("{ports: [{port: 80, protocol: ICMP}]}"),
            "error protocol-name",
        ),
        (rule("{ports: [{port: 0}]}"), "error port-syntax"),
        (rule("{ports: [{port: 65536}]}"), "error port-syntax"),
        (rule("{ports: [{port: '80'}]}"), "error port-syntax"),
        (rule("{ports: [{port: '80:90'}]}"), "error port-syntax"),
        (rule("{ports: [{port: A_B}]}"), "error port-syntax"),
        (rule("{ports: [{endPort: 80}]}"), "error end-port"),
        (
            rule("{ports: [{port: web, endPort: 80}]}"),
            "error end-port",
        ),
        (rule("{ports: [{port: 80, endPort: 79}]}"), "error end-port"),
        (
            rule("{ports: [{port: 80, endPort: 65536}]}"),
            "error end-port",
        ),
        (rule("{to: [{podSelector: {}}]}"), "error unknown-field"),
    ] {
        assert_eq!(told(&spec), [expected], "{spec}");
    }
}
