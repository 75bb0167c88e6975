//! What is a difference and what is not (STORE-12).

use crate::{compared, policy};

fn same(old: &str, new: &str) {
    let ran = compared(old, new, "");
    assert_eq!(ran.code, 0, "{old}\n{new}\n{}{}", ran.stdout, ran.stderr);
}

fn differ(old: &str, new: &str) {
    let ran = compared(old, new, "");
    assert_eq!(ran.code, 1, "{old}\n{new}\n{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("@@"), "{}", ran.stdout);
}

#[test]
fn the_order_of_sets_means_nothing() {
    for (old, new) in [
        ("[80, 443]", "[443, 80]"),
        ("[80, \"443\"]", "[443, 80, 80]"),
        ("[\"80:80\"]", "[80]"),
    ] {
        let rule = |ports: &str| {
            policy(&format!(
                "ingress: [{{action: Allow, protocol: TCP, destination: {{ports: {ports}}}}}]"
            ))
        };
        same(&rule(old), &rule(new));
    }
    let nets = |nets: &str| {
        policy(&format!(
            "egress: [{{action: Deny, destination: {{nets: {nets}}}}}]"
        ))
    };
    same(
        &nets("[10.1.0.0/16, 10.0.0.0/16]"),
        &nets("[10.0.0.0/16, 10.1.3.4/16]"),
    );
    differ(&nets("[10.1.0.0/16]"), &nets("[10.1.0.0/17]"));
    same(
        &policy("types: [Ingress, Egress]"),
        &policy("types: [Egress, Ingress]"),
    );
}

#[test]
fn the_order_of_rules_means_something() {
    let rules =
        |one: &str, two: &str| policy(&format!("ingress: [{{action: {one}}}, {{action: {two}}}]"));
    differ(&rules("Allow", "Deny"), &rules("Deny", "Allow"));
}

#[test]
fn the_rules_of_kubernetes_policies_are_a_set() {
    let knp = |rules: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: b}}\n\
             spec: {{podSelector: {{}}, ingress: {rules}}}\n"
        )
    };
    let (a, b) = (
        "{ports: [{port: 80}, {port: 81}]}",
        "{from: [{podSelector: {}}]}",
    );
    let again = "{ports: [{port: 81, protocol: TCP}, {port: 80}]}";
    same(
        &knp(&format!("[{a}, {b}]")),
        &knp(&format!("[{b}, {again}]")),
    );
    differ(&knp(&format!("[{a}]")), &knp(&format!("[{a}, {b}]")));
}

#[test]
fn the_rules_of_policies_for_the_whole_cluster_are_a_list() {
    let policy = |rules: &str| {
        format!(
            "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: a}}\n\
             spec: {{priority: 1, subject: {{namespaces: {{}}}}, ingress: {rules}}}\n"
        )
    };
    let (a, b) = ("{namespaces: {}}", "{namespaces: {matchLabels: {x: y}}}");
    let allow = |one: &str, two: &str| format!("{{action: Allow, from: [{one}, {two}]}}");
    let deny = format!("{{action: Deny, from: [{a}]}}");
    same(
        &policy(&format!("[{}]", allow(a, b))),
        &policy(&format!("[{}]", allow(b, a))),
    );
    differ(
        &policy(&format!("[{}, {deny}]", allow(b, b))),
        &policy(&format!("[{deny}, {}]", allow(b, b))),
    );
}

#[test]
fn the_profiles_of_host_endpoints_are_a_list() {
    let endpoint = |profiles: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {{name: a}}\n\
             spec: {{node: w, interfaceName: eth0, profiles: {profiles}}}\n"
        )
    };
    differ(&endpoint("[a, b]"), &endpoint("[b, a]"));
}

#[test]
fn what_the_server_fills_in_is_no_difference() {
    for (written, read_back) in [
        // MOD-1, and the tier.
        (
            "ingress: [{action: Allow}]",
            "tier: default\ntypes: [Ingress]\ningress: [{action: Allow}]",
        ),
        (
            "egress: [{action: Deny}]",
            "types: [Egress]\ntier: default\negress: [{action: Deny, source: {}, destination: {nets: []}}]",
        ),
        ("order: 10.50", "order: 10.5"),
        ("selector: a=='b'", "selector: a == \"b\""),
    ] {
        same(&policy(written), &policy(read_back));
    }
    let plain = policy("order: 1");
    for metadata in [
        "labels: {projectcalico.org/tier: default}",
        "annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}",
        "annotations: {argocd.argoproj.io/tracking-id: x}",
        "labels: {kustomize.toolkit.fluxcd.io/name: x}",
        "uid: 6a1c\n  generation: 4\n  creationTimestamp: \"2026-01-02T03:04:05Z\"",
    ] {
        same(
            &plain,
            &plain.replace("name: a", &format!("name: a\n  {metadata}")),
        );
    }
    differ(
        &plain,
        &plain.replace("name: a", "name: a\n  labels: {team: b}"),
    );
}

#[test]
fn storage_form_is_what_the_v3_api_shows_of_it() {
    let stored = "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\n\
        metadata:\n  name: default.a\n  annotations:\n    \
        projectcalico.org/metadata: '{\"name\":\"a\",\"labels\":{\"team\":\"b\"}}'\n\
        spec: {types: [Ingress], order: 1}\n";
    let v3 =
        policy("types: [Ingress]\norder: 1").replace("name: a", "name: a\n  labels: {team: b}");
    same(stored, &v3);
    differ(stored, &v3.replace("team: b", "team: c"));
}

#[test]
fn platform_labels_on_host_endpoints_are_no_difference_and_others_are() {
    let endpoint = |labels: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\n\
             metadata: {{name: a, labels: {{ibm.role: worker_private{labels}}}}}\n\
             spec: {{node: w, interfaceName: eth0}}\n"
        )
    };
    let node = "---\napiVersion: v1\nkind: Node\n\
        metadata: {name: w, labels: {team: b, ibm.role: other}}\n";
    let plain = endpoint("");
    for label in [
        "ibm-cloud.kubernetes.io/zone: dal13",
        "kubernetes.io/hostname: w",
        "failure-domain.beta.kubernetes.io/region: us-south",
        "arch: amd64",
        "privateVLAN: \"1234\"",
    ] {
        same(&plain, &endpoint(&format!(", {label}")));
    }
    differ(&plain, &endpoint(", team: b"));
    // A label that the node has was copied from it; one that only has its name was not.
    same(&(plain.clone() + node), &(endpoint(", team: b") + node));
    differ(&(plain.clone() + node), &(endpoint(", team: c") + node));
    differ(&plain, &plain.replace("worker_private", "worker_public"));
}

#[test]
fn ignored_is_what_one_says_and_it_is_listed() {
    let (old, new) = (policy("order: 1"), policy("order: 2"));
    let ran = compared(&old, &new, "--ignore GlobalNetworkPolicy/field:spec.order");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let expected = "ignored: GlobalNetworkPolicy/field:spec.order (2)";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let ran = compared(&old, &new, "--ignore HostEndpoint/field:spec.order");
    assert_eq!(ran.code, 1);
    let labelled = old.replace("name: a", "name: a\n  labels: {team.example/a: b}");
    let ran = compared(&old, &labelled, "--ignore label:team.example/*");
    assert_eq!(ran.code, 0);
    for (rule, message) in [
        ("order", "it names nothing"),
        ("label:", "it names nothing"),
        ("lable:a", "there is no part `lable`"),
        ("Policy/label:a", "there is no kind `Policy`"),
        ("field:metadata.name", "a field is one of `spec`"),
    ] {
        let ran = compared(&old, &new, &format!("--ignore {rule}"));
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}

#[test]
fn kinds_that_are_not_compared_are_told() {
    let other = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\n\
        spec: {ports: [{port: 1}]}\n";
    let old = policy("order: 1") + other;
    let ran = compared(&old, &old.replace("port: 1", "port: 2"), "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains("note: not compared: 1 Service\n"),
        "{}",
        ran.stdout
    );
}
