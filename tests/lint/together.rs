//! What only shows in several objects.

use crate::{linted, places};

fn gnp(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn np(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn knp(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn pod(namespace: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {namespace}, labels: {labels}}}\nspec: {{}}\n"
    )
}

fn hep(labels: &str) -> String {
    format!(
        "---\napiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {{name: a, labels: {labels}}}\nspec: {{node: a, interfaceName: eth0}}\n"
    )
}

fn has(text: &str, version: &str, code: &str) -> bool {
    let findings = linted(text, version);
    findings.iter().any(|finding| finding.code.word() == code)
}

const ALLOW: &str = "types: [Ingress], ingress: [{action: Allow}]";
const DENY: &str = "types: [Ingress], ingress: [{action: Deny}]";

fn ties(a: &str, b: &str) -> bool {
    has(&format!("{a}{b}"), "3.33", "order-tie")
}

/// EVAL-3: what ties, and what cannot matter.
#[test]
fn ties_are_told_where_they_matter() {
    let spec = |order: &str, rest: &str| format!("{{{order}{rest}}}");
    let allow = |order: &str| gnp("a", &spec(order, ALLOW));
    let deny = |order: &str| gnp("b", &spec(order, DENY));
    assert!(ties(&allow("order: 5, "), &deny("order: 5.0, ")));
    assert!(ties(&allow(""), &deny("")), "absent orders are all last");
    assert!(!ties(&allow("order: 5, "), &deny("order: 6, ")));
    assert!(!ties(&allow("order: 5, "), &deny("")));
    let other = gnp("b", &spec("order: 5, ", ALLOW));
    assert!(!ties(&allow("order: 5, "), &other), "all allow");
    let log = gnp(
        "b",
        "{order: 5, types: [Ingress], ingress: [{action: Log}]}",
    );
    assert!(!ties(&allow("order: 5, "), &log), "Log decides nothing");
    let pass = gnp(
        "b",
        "{order: 5, types: [Ingress], ingress: [{action: Pass}]}",
    );
    assert!(ties(&allow("order: 5, "), &pass));
    let egress = gnp("b", "{order: 5, types: [Egress], egress: [{action: Deny}]}");
    assert!(!ties(&allow("order: 5, "), &egress), "other directions");
    let tiered = gnp("kube-admin.b", &spec("tier: kube-admin, order: 5, ", DENY));
    assert!(!ties(&allow("order: 5, "), &tiered), "other tiers");
    let untracked = spec("order: 5, applyOnForward: true, doNotTrack: true, ", DENY);
    assert!(
        !ties(&allow("order: 5, "), &gnp("b", &untracked)),
        "other hooks (EVAL-16)"
    );
}

#[test]
fn policies_that_never_meet_do_not_tie() {
    let with =
        |selector: &str, rules: &str| format!("{{selector: \"{selector}\", order: 5, {rules}}}");
    let a = |selector: &str| gnp("a", &with(selector, ALLOW));
    let b = |selector: &str| gnp("b", &with(selector, DENY));
    assert!(!ties(&a("r == 'x'"), &b("r == 'y'")));
    assert!(!ties(&a("has(s) && r in {'x', 'z'}"), &b("r == 'y'")));
    assert!(ties(&a("r == 'x'"), &b("r in {'x', 'y'}")));
    assert!(ties(&a("r == 'x'"), &b("s == 'y'")));
    assert!(ties(&a("r == 'x' || has(s)"), &b("r == 'y'")));
    let spec = |rules: &str| format!("{{order: 5, {rules}}}");
    assert!(!ties(
        &np("one", "a", &spec(ALLOW)),
        &np("two", "b", &spec(DENY))
    ));
    assert!(ties(
        &np("one", "a", &spec(ALLOW)),
        &np("one", "b", &spec(DENY))
    ));
    assert!(ties(&gnp("a", &spec(ALLOW)), &np("one", "b", &spec(DENY))));
}

/// EVAL-4.
#[test]
fn kubernetes_policies_have_order_1000() {
    let kubernetes = knp(
        "shop",
        "web",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{}]}",
    );
    let deny = |order: u32, selector: &str| {
        np(
            "shop",
            "deny",
            &format!("{{order: {order}, selector: \"{selector}\", {DENY}}}"),
        )
    };
    assert!(ties(&kubernetes, &deny(1000, "all()")));
    assert!(!ties(&kubernetes, &deny(999, "all()")));
    assert!(!ties(&kubernetes, &deny(1000, "app == 'db'")));
}

/// EVAL-3: the eras compare names differently, the example of the rule.
#[test]
fn the_finding_says_which_comes_first() {
    let text = format!(
        "{}{}",
        np("zzz", "a", &format!("{{order: 5, {ALLOW}}}")),
        gnp("b", &format!("{{order: 5, {DENY}}}"))
    );
    let first = |version: &str| {
        let findings = linted(&text, version);
        let tie = findings
            .iter()
            .find(|f| f.code.word() == "order-tie")
            .unwrap();
        tie.message.split_once("by name ").unwrap().1.to_owned()
    };
    assert_eq!(
        first("3.31"),
        "GlobalNetworkPolicy b comes first in Calico 3.31"
    );
    assert_eq!(
        first("3.32"),
        "NetworkPolicy zzz/a comes first in Calico 3.32"
    );
}

#[test]
fn staged_policies_do_not_tie() {
    let staged =
        gnp("b", &format!("{{order: 5, {DENY}}}")).replace("kind: Global", "kind: StagedGlobal");
    assert!(!ties(&gnp("a", &format!("{{order: 5, {ALLOW}}}")), &staged));
}

fn misses(text: &str) -> bool {
    has(text, "3.33", "selector-matches-nothing")
}

/// RES-7, RES-8: a policy is told only where the input knows endpoints of its sort.
#[test]
fn policies_that_select_nothing() {
    let policy = |selector: &str| {
        gnp(
            "p",
            &format!("{{selector: \"{selector}\", types: [Ingress]}}"),
        )
    };
    assert!(!misses(&policy("role == 'x'")), "nothing is known");
    let host = hep("{role: private}");
    assert!(misses(&format!("{host}{}", policy("role == 'public'"))));
    assert!(!misses(&format!("{host}{}", policy("role == 'private'"))));
    assert!(
        !misses(&format!("{host}{}", policy("app == 'web'"))),
        "may be for pods"
    );
    let for_pods = policy("projectcalico.org/orchestrator == 'k8s'");
    assert!(!misses(&format!("{host}{for_pods}")));
    let pods = pod("shop", "{app: web}");
    assert!(!misses(&format!("{host}{pods}{for_pods}")));
    assert!(
        misses(&format!("{host}{pods}{}", policy("other == 'x'"))),
        "both sorts are known"
    );
    assert!(misses(&format!("{pods}{}", policy("app == 'db'"))));
    let namespaced = gnp(
        "p",
        "{selector: role == 'public', namespaceSelector: has(a), types: [Ingress]}",
    );
    assert!(!misses(&format!("{host}{namespaced}")), "no pod is known");
}

#[test]
fn namespaced_policies_select_in_their_namespace() {
    let pods = pod("shop", "{app: web}");
    let calico = |namespace: &str, app: &str| {
        np(
            namespace,
            "p",
            &format!("{{selector: app == '{app}', types: [Ingress]}}"),
        )
    };
    assert!(misses(&format!("{pods}{}", calico("shop", "db"))));
    assert!(!misses(&format!("{pods}{}", calico("shop", "web"))));
    assert!(
        !misses(&format!("{pods}{}", calico("other", "db"))),
        "no pod of it is known"
    );
    let kubernetes = |selector: &str| knp("shop", "p", &format!("{{podSelector: {selector}}}"));
    assert!(misses(&format!(
        "{pods}{}",
        kubernetes("{matchLabels: {app: db}}")
    )));
    assert!(!misses(&format!("{pods}{}", kubernetes("{}"))));
    let expression = |operator: &str, values: &str| {
        kubernetes(&format!(
            "{{matchExpressions: [{{key: app, operator: {operator}{values}}}]}}"
        ))
    };
    assert!(!misses(&format!(
        "{pods}{}",
        expression("In", ", values: [web, db]")
    )));
    assert!(misses(&format!(
        "{pods}{}",
        expression("NotIn", ", values: [web, db]")
    )));
    assert!(misses(&format!("{pods}{}", expression("DoesNotExist", ""))));
    // RES-6: a pod in its node's network is no endpoint.
    let hosted = pods.replace("spec: {}", "spec: {hostNetwork: true}");
    assert!(!misses(&format!("{hosted}{}", calico("shop", "db"))));
}

/// SEL-3, SEL-17.
#[test]
fn labels_that_differ_by_case() {
    let cased = |text: &str| {
        let findings = linted(text, "3.33");
        places(&findings)
            .into_iter()
            .filter(|p| p.ends_with("label-case"))
            .count()
    };
    let select = |selector: &str| {
        gnp(
            "p",
            &format!("{{selector: \"{selector}\", types: [Ingress]}}"),
        )
    };
    assert_eq!(
        cased(&format!("{}{}", hep("{Tier: a}"), select("tier == 'a'"))),
        1
    );
    assert_eq!(
        cased(&format!(
            "{}{}",
            hep("{tier: Front}"),
            select("tier in {'front', 'back'}")
        )),
        1
    );
    assert_eq!(
        cased(&format!(
            "{}{}",
            hep("{tier: Front}"),
            select("role == 'front'")
        )),
        0
    );
    let kubernetes = knp(
        "shop",
        "p",
        "{podSelector: {matchExpressions: [{key: TIER, operator: Exists}]}}",
    );
    assert_eq!(
        cased(&format!(
            "{}{}{kubernetes}",
            hep("{Tier: a}"),
            select("tier == 'a'")
        )),
        2
    );
}

/// STORE-4, STORE-5.
#[test]
fn names_that_clash_once_stored() {
    let text = format!("{}{}", gnp("p", "{}"), gnp("default.p", "{}"));
    assert!(has(&text, "3.31", "stored-name-clash"));
    assert!(!has(&text, "3.32", "stored-name-clash"));
    let apart = format!("{}{}", np("one", "p", "{}"), np("two", "default.p", "{}"));
    assert!(!has(&apart, "3.31", "stored-name-clash"));
}

#[test]
fn contradictory_objects_show_both_places() {
    let text = format!(
        "{}{}",
        gnp("p", &format!("{{{ALLOW}}}")),
        gnp("p", &format!("{{{DENY}}}"))
    );
    let findings = linted(&text, "3.33");
    assert_eq!(places(&findings), ["7:1 duplicate-object"]);
    assert_eq!(findings[0].related[0].0.span.line, 2);
}

#[test]
fn unknown_tiers_are_worse_where_tiers_are_known() {
    let tier = "---\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: security}\nspec: {order: 5}\n";
    let policy = |tier: &str| {
        gnp(
            &format!("{tier}.p"),
            &format!("{{tier: {tier}, types: [Ingress]}}"),
        )
    };
    assert!(linted(&format!("{tier}{}", policy("security")), "3.33").is_empty());
    let findings = linted(&format!("{tier}{}", policy("securty")), "3.33");
    assert_eq!(findings[0].severity.word(), "warning");
    assert_eq!(
        findings[0].hint.as_deref(),
        Some("did you mean `security`?")
    );
}
