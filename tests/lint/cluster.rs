//! Kubernetes' policies for the whole cluster, as their API server judges them (KNP-11).

use palisade::finding::Severity;

use crate::{linted, places};

const SUBJECT: &str = "subject: {namespaces: {}}";

fn object(kind: &str, name: &str, spec: &str) -> String {
    let version = if kind == "ClusterNetworkPolicy" {
        "v1alpha2"
    } else {
        "v1alpha1"
    };
    format!(
        "apiVersion: policy.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    )
}

/// `severity code` of everything that is told.
fn told(text: &str, version: &str) -> Vec<String> {
    let findings = linted(text, version);
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

fn cluster(spec: &str) -> String {
    object("ClusterNetworkPolicy", "a", spec)
}

fn admin(spec: &str) -> String {
    object("AdminNetworkPolicy", "a", spec)
}

fn baseline(name: &str, spec: &str) -> String {
    object("BaselineAdminNetworkPolicy", name, spec)
}

#[test]
fn what_is_right_is_silent() {
    for (text, version) in [
        (
            cluster(&format!(
                "tier: Admin, priority: 0, {SUBJECT}, egress: [{{name: a, action: Accept, to: [{{networks: ['::/0', 10.0.0.0/8]}}, {{pods: {{podSelector: {{}}}}}}], protocols: [{{tcp: {{destinationPort: {{range: {{start: 1, end: 2}}}}}}}}, {{udp: {{destinationPort: {{number: 65535}}}}}}]}}]"
            )),
            "3.32",
        ),
        (
            cluster(
                "tier: Baseline, priority: 1000, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}, ingress: [{action: Pass, from: [{namespaces: {}}]}]",
            ),
            "3.33",
        ),
        (
            admin(&format!(
                "priority: 5, {SUBJECT}, ingress: [{{action: Pass, from: [{{namespaces: {{}}}}], ports: [{{portNumber: {{protocol: TCP, port: 80}}}}, {{portRange: {{start: 1, end: 9}}}}]}}]"
            )),
            "3.29",
        ),
        (
            baseline(
                "default",
                &format!("{SUBJECT}, ingress: [{{action: Deny, from: [{{namespaces: {{}}}}]}}]"),
            ),
            "3.30",
        ),
    ] {
        assert_eq!(told(&text, version), [""; 0], "{text}");
    }
}

#[test]
fn knp_11_a_version_that_does_not_enforce_a_kind_says_so() {
    let admin = admin(&format!("priority: 5, {SUBJECT}"));
    let baseline = baseline("default", SUBJECT);
    let cluster = cluster(&format!("tier: Admin, priority: 5, {SUBJECT}"));
    for (text, version, enforced) in [
        (&admin, "3.28", false),
        (&admin, "3.29", true),
        (&admin, "3.31", true),
        (&admin, "3.32", false),
        (&baseline, "3.29", false),
        (&baseline, "3.30", true),
        (&baseline, "3.32", false),
        (&cluster, "3.28", false),
        (&cluster, "3.31", false),
        (&cluster, "3.32", true),
        (&cluster.replace("v1alpha2", "v1beta1"), "3.33", false),
    ] {
        let expected: &[&str] = if enforced {
            &[]
        } else {
            &["warning kind-not-enforced"]
        };
        assert_eq!(told(text, version), expected, "{version}: {text}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    let in_cluster =
        |rules: &str| cluster(&format!("tier: Admin, priority: 5, {SUBJECT}, {rules}"));
    let out = |rule: &str| in_cluster(&format!("egress: [{{action: Deny, {rule}}}]"));
    let peer = |peer: &str| out(&format!("to: [{peer}]"));
    let entry = |entry: &str| out(&format!("to: [{{namespaces: {{}}}}], protocols: [{entry}]"));
    let port = |entry: &str| {
        admin(&format!(
            "priority: 5, {SUBJECT}, egress: [{{action: Deny, to: [{{namespaces: {{}}}}], ports: [{entry}]}}]"
        ))
    };
    let many = |count: usize, item: &str| vec![item; count].join(", ");
    let rules = |action: &str| {
        format!(
            "priority: 5, {SUBJECT}, egress: [{{action: {action}, to: [{{namespaces: {{}}}}]}}]"
        )
    };
    for (text, version, expected) in [
        (
            cluster(&format!("priority: 5, {SUBJECT}")),
            "3.33",
            "error missing-field",
        ),
        (
            cluster(&format!("tier: admin, priority: 5, {SUBJECT}")),
            "3.33",
            "error policy-precedence",
        ),
        (
            cluster(&format!("tier: Admin, {SUBJECT}")),
            "3.33",
            "error missing-field",
        ),
        (
            cluster(&format!("tier: Admin, priority: 1001, {SUBJECT}")),
            "3.33",
            "error policy-precedence",
        ),
        (
            cluster(&format!("tier: Admin, priority: -1, {SUBJECT}")),
            "3.33",
            "error policy-precedence",
        ),
        (
            cluster("tier: Admin, priority: 5"),
            "3.33",
            "error missing-field",
        ),
        (
            cluster("tier: Admin, priority: 5, subject: {}"),
            "3.33",
            "error policy-subject",
        ),
        (
            cluster("tier: Admin, priority: 5, subject: {namespaces: {}, pods: {podSelector: {}}}"),
            "3.33",
            "error policy-subject",
        ),
        (
            cluster("tier: Admin, priority: 5, subject: {pods: {}}"),
            "3.33",
            "error missing-field",
        ),
        (
            admin("priority: 5, subject: {pods: {podSelector: {}}}"),
            "3.31",
            "error missing-field",
        ),
        (
            cluster(
                "tier: Admin, priority: 5, subject: {namespaces: {matchExpressions: [{key: a, operator: is}]}}",
            ),
            "3.33",
            "error label-selector",
        ),
        (baseline("other", SUBJECT), "3.31", "error object-name"),
        (
            baseline("default", &format!("priority: 5, {SUBJECT}")),
            "3.31",
            "error unknown-field",
        ),
        (
            admin(&format!("tier: Admin, priority: 5, {SUBJECT}")),
            "3.31",
            "error unknown-field",
        ),
        (
            in_cluster("egress: [{to: [{namespaces: {}}]}]"),
            "3.33",
            "error missing-field",
        ),
        (
            cluster(&format!("tier: Admin, {}", rules("Allow"))),
            "3.33",
            "error rule-action",
        ),
        (admin(&rules("Accept")), "3.31", "error rule-action"),
        (admin(&rules("deny")), "3.31", "error rule-action"),
        (
            baseline("default", &rules("Pass").replace("priority: 5, ", "")),
            "3.31",
            "error rule-action",
        ),
        (out("to: []"), "3.33", "error missing-field"),
        (peer("{}"), "3.33", "error kubernetes-peer"),
        (
            peer("{namespaces: {}, networks: [10.0.0.0/8]}"),
            "3.33",
            "error kubernetes-peer",
        ),
        (
            in_cluster(
                "ingress: [{action: Deny, from: [{networks: [10.0.0.0/8], namespaces: {}}]}]",
            ),
            "3.33",
            "error unknown-field",
        ),
        (peer("{networks: [10.0.0.1]}"), "3.33", "error cidr-syntax"),
        (
            peer("{networks: [10.0.0.1/8]}"),
            "3.33",
            "warning cidr-host-bits",
        ),
        (
            peer(&format!("{{networks: [{}]}}", many(26, "10.0.0.0/8"))),
            "3.33",
            "error limit-exceeded",
        ),
        (
            peer("{domainNames: [a.example]}"),
            "3.33",
            "error kubernetes-peer",
        ),
        (
            in_cluster("egress: [{action: Accept, to: [{domainNames: [a.example]}]}]"),
            "3.33",
            "warning unconverted-rule",
        ),
        (peer("{nodes: {}}"), "3.33", "warning unconverted-rule"),
        (
            entry("{destinationNamedPort: web}"),
            "3.33",
            "warning unconverted-rule",
        ),
        (port("{namedPort: web}"), "3.31", "warning unconverted-rule"),
        (entry("{}"), "3.33", "error port-syntax"),
        (entry("{tcp: {}, udp: {}}"), "3.33", "error port-syntax"),
        (
            entry("{tcp: {destinationPort: {number: 0}}}"),
            "3.33",
            "error port-syntax",
        ),
        (
            entry("{tcp: {destinationPort: {number: 1, range: {start: 1, end: 2}}}}"),
            "3.33",
            "error port-syntax",
        ),
        (
            entry("{tcp: {destinationPort: {range: {start: 2, end: 2}}}}"),
            "3.33",
            "error end-port",
        ),
        (
            entry("{tcp: {destinationPort: {range: {start: 2}}}}"),
            "3.33",
            "error missing-field",
        ),
        (
            port("{portNumber: {port: 65536}}"),
            "3.31",
            "error port-syntax",
        ),
        (
            port("{portNumber: {protocol: TCP}}"),
            "3.31",
            "error missing-field",
        ),
        (
            port("{portNumber: {protocol: ICMP, port: 1}}"),
            "3.31",
            "error protocol-name",
        ),
        (
            in_cluster(&format!(
                "egress: [{}]",
                many(26, "{action: Deny, to: [{namespaces: {}}]}")
            )),
            "3.33",
            "error limit-exceeded",
        ),
        (
            admin(&format!(
                "priority: 5, {SUBJECT}, egress: [{}]",
                many(101, "{action: Deny, to: [{namespaces: {}}]}")
            )),
            "3.31",
            "error limit-exceeded",
        ),
        (
            out(&format!(
                "name: {}, to: [{{namespaces: {{}}}}]",
                "a".repeat(101)
            )),
            "3.33",
            "error limit-exceeded",
        ),
    ] {
        assert_eq!(told(&text, version), [expected], "{text}");
    }
}

#[test]
fn findings_stand_where_the_fault_is() {
    let text = object(
        "ClusterNetworkPolicy",
        "a",
        "tier: Admin, priority: 5, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}]}]",
    );
    assert_eq!(places(&linted(&text, "3.33")), ["4:98 unconverted-rule"]);
}

#[test]
fn policies_of_equal_priority_that_decide_differently_tie() {
    let of = |name: &str, tier: &str, priority: u32, action: &str, app: &str| {
        let rule = format!("ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]");
        let pods = format!("subject: {{pods: {{podSelector: {{matchLabels: {{app: {app}}}}}}}}}");
        let spec = format!("tier: {tier}, priority: {priority}, {pods}, {rule}");
        format!("---\n{}", object("ClusterNetworkPolicy", name, &spec))
    };
    let first = of("a", "Admin", 5, "Deny", "one");
    for (second, ties) in [
        (of("b", "Admin", 5, "Accept", "one"), true),
        (of("b", "Admin", 5, "Pass", "one"), true),
        (of("b", "Admin", 5, "Deny", "one"), false),
        (of("b", "Admin", 6, "Accept", "one"), false),
        (of("b", "Baseline", 5, "Accept", "one"), false),
        (of("b", "Admin", 5, "Accept", "two"), false),
        (
            "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: b}\nspec: {tier: kube-admin, order: 5, types: [Ingress], ingress: [{action: Allow}]}\n"
                .into(),
            true,
        ),
    ] {
        let findings = linted(&format!("{first}{second}"), "3.33");
        let told: Vec<&str> = findings.iter().map(|f| f.code.word()).collect();
        let expected: &[&str] = if ties { &["order-tie"] } else { &[] };
        assert_eq!(told, expected, "{second}");
    }
    let text = format!("{first}{}", of("b", "Admin", 5, "Accept", "one"));
    let findings = linted(&text, "3.33");
    assert_eq!(
        findings[0].message,
        "ClusterNetworkPolicy b and ClusterNetworkPolicy a have order 5 in tier `kube-admin` and can \
         decide one packet differently; by name ClusterNetworkPolicy a comes first in Calico 3.33"
    );
    assert_eq!(places(&findings), ["10:31 order-tie"]);
}
