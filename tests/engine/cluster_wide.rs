//! Kubernetes' policies for the whole cluster as Calico holds them: KNP-11.

use palisade::engine::{Doubt, Outcome};
use palisade::resource::{Becomes, Era, Kind, Resource, convert, stored_form, unconverted};
use serde_json::{Value, json};

use crate::evaluation::{IN, in_era};
use crate::support::read;

const PODS: &str = "projectcalico.org/orchestrator == 'k8s'";

/// Kind, version and name of the three kinds.
const KINDS: [(&str, &str, &str); 3] = [
    ("AdminNetworkPolicy", "v1alpha1", "a"),
    ("BaselineAdminNetworkPolicy", "v1alpha1", "default"),
    ("ClusterNetworkPolicy", "v1alpha2", "a"),
];

fn object(kind: usize, spec: &str) -> String {
    let (kind, version, name) = KINDS[kind];
    format!(
        "{{kind: {kind}, apiVersion: policy.networking.k8s.io/{version}, \
         metadata: {{name: {name}, labels: {{own: 'yes'}}}}, spec: {{{spec}}}}}"
    )
}

fn first(text: &str) -> Resource {
    read(text).iter().next().expect("a policy").clone()
}

/// The spec of the Calico policy.
fn spec(text: &str, era: Era) -> Value {
    let held = convert(&first(text), era).expect("it is enforced");
    stored_form(&held)["spec"].clone()
}

/// What the rules of one direction become.
fn rules(kind: usize, direction: &str, list: &str) -> Value {
    let era = if kind == 2 { Era::E3 } else { Era::E2 };
    let head = "tier: Admin, priority: 7, subject: {namespaces: {}}";
    spec(
        &object(kind, &format!("{head}, {direction}: [{list}]")),
        era,
    )[direction]
        .clone()
}

/// What one rule to every pod becomes that names `ports`.
fn with_ports(kind: usize, ports: &str) -> Value {
    let word = if kind == 2 { "protocols" } else { "ports" };
    let rule = format!("{{action: Deny, to: [{{namespaces: {{}}}}], {word}: [{ports}]}}");
    rules(kind, "egress", &rule)
}

/// Protocol and ports of each rule.
fn asked(rules: &Value) -> Vec<(Value, Value)> {
    let list = rules.as_array().expect("rules");
    list.iter()
        .map(|rule| {
            let ports = rule["destination"]["ports"].clone();
            (rule["protocol"].clone(), ports)
        })
        .collect()
}

#[test]
fn knp_11_kind_name_tier_and_order_by_era() {
    let text = |kind| {
        object(
            kind,
            "tier: Baseline, priority: 7, subject: {namespaces: {}}",
        )
    };
    let cases = [
        (0, Era::E1, None),
        (1, Era::E1, None),
        (2, Era::E1, None),
        (
            0,
            Era::E2,
            Some((
                Kind::GlobalNetworkPolicy,
                "kanp.adminnetworkpolicy.a",
                "adminnetworkpolicy",
                7,
            )),
        ),
        (
            1,
            Era::E2,
            Some((
                Kind::GlobalNetworkPolicy,
                "kbanp.baselineadminnetworkpolicy.default",
                "baselineadminnetworkpolicy",
                1000,
            )),
        ),
        (2, Era::E2, None),
        (0, Era::E3, None),
        (1, Era::E3, None),
        (
            2,
            Era::E3,
            Some((Kind::ClusterNetworkPolicy, "a", "kube-baseline", 7)),
        ),
    ];
    for (kind, era, expected) in cases {
        let resource = first(&text(kind));
        let held = convert(&resource, era);
        let Some((kind, name, tier, order)) = expected else {
            assert!(held.is_none(), "{} {era}", resource.key);
            continue;
        };
        let held = held.expect("it is enforced");
        assert_eq!((&held.key.kind, held.key.name.as_str()), (&kind, name));
        assert_eq!(held.key.namespace, None);
        let form = stored_form(&held);
        assert_eq!(form["apiVersion"], "projectcalico.org/v3");
        assert_eq!(form["kind"], "GlobalNetworkPolicy");
        assert_eq!(form["metadata"], json!({"name": name}));
        assert_eq!(
            (&form["spec"]["tier"], &form["spec"]["order"]),
            (&json!(tier), &json!(order))
        );
    }
    let admin = object(2, "tier: Admin, priority: 0, subject: {namespaces: {}}");
    let admin = spec(&admin, Era::E3);
    assert_eq!(
        (&admin["tier"], &admin["order"]),
        (&json!("kube-admin"), &json!(0))
    );
}

#[test]
fn knp_11_subjects_are_pods_and_never_host_endpoints() {
    let of = |subject: &str| {
        let text = object(2, &format!("tier: Admin, priority: 1, subject: {subject}"));
        let spec = spec(&text, Era::E3);
        (spec["namespaceSelector"].clone(), spec["selector"].clone())
    };
    assert_eq!(of("{namespaces: {}}"), (json!("all()"), json!(PODS)));
    assert_eq!(
        of("{namespaces: {matchLabels: {b: '2', a: '1'}}}"),
        (json!("a == '1' && b == '2'"), json!(PODS))
    );
    assert_eq!(
        of(
            "{pods: {namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}, podSelector: {matchLabels: {app: x}}}}"
        ),
        (json!("! has(a)"), json!(format!("{PODS} && app == 'x'")))
    );
    assert_eq!(
        of("{pods: {podSelector: {}}}"),
        (json!("all()"), json!(PODS))
    );
    // No API looks into these selectors: a list of none asks for the empty value.
    assert_eq!(
        of("{namespaces: {matchExpressions: [{key: a, operator: In}]}}").0,
        json!("a in { '' }")
    );
    let without = object(2, "tier: Admin, priority: 1, subject: {}");
    assert!(convert(&first(&without), Era::E3).is_none());
    let world = in_era(
        Era::E3,
        &format!(
            "\n---\n{}",
            object(
                2,
                "tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]"
            )
        ),
    );
    world.denies("pod:a/p1 -> ext tcp/80");
    let host = world.trace("host:n1 -> ext tcp/80");
    assert!(!format!("{host:?}").contains("ClusterNetworkPolicy"));
}

#[test]
fn knp_11_types_name_the_directions_that_have_rules() {
    let head = "tier: Admin, priority: 1, subject: {namespaces: {}}";
    let (deny_in, deny_out) = (
        "ingress: [{action: Deny, from: [{namespaces: {}}]}]",
        "egress: [{action: Deny, to: [{namespaces: {}}]}]",
    );
    let dropped = "egress: [{action: Accept, to: [{nodes: {}}]}]";
    for (rules, expected) in [
        (deny_in.to_owned(), json!(["Ingress"])),
        (deny_out.to_owned(), json!(["Egress"])),
        (
            format!("{deny_in}, {deny_out}"),
            json!(["Egress", "Ingress"]),
        ),
        // What is left out is no rule.
        (format!("{deny_in}, {dropped}"), json!(["Ingress"])),
        // Felix takes no types for both (MOD-2).
        (dropped.to_owned(), json!(["Egress", "Ingress"])),
    ] {
        let text = object(2, &format!("{head}, {rules}"));
        assert_eq!(spec(&text, Era::E3)["types"], expected, "{rules}");
    }
}

#[test]
fn knp_11_actions() {
    let rule = |kind, action: &str| {
        rules(
            kind,
            "egress",
            &format!("{{action: {action}, to: [{{namespaces: {{}}}}]}}"),
        )
    };
    for (kind, action, expected) in [
        (0, "Allow", Some("Allow")),
        (0, "Deny", Some("Deny")),
        (0, "Pass", Some("Pass")),
        (0, "Accept", None),
        (1, "Allow", Some("Allow")),
        (1, "Deny", Some("Deny")),
        (1, "Pass", None),
        (2, "Accept", Some("Allow")),
        (2, "Deny", Some("Deny")),
        (2, "Pass", Some("Pass")),
        (2, "Allow", None),
        (2, "Log", None),
    ] {
        let got = rule(kind, action);
        let expected = expected.map_or(
            Value::Null,
            |word| json!([{"action": word, "destination": {"namespaceSelector": "all()"}}]),
        );
        assert_eq!(got, expected, "{} {action}", KINDS[kind].0);
    }
}

#[test]
fn knp_11_peers() {
    let to = |peer: &str| {
        let list = rules(2, "egress", &format!("{{action: Accept, to: [{peer}]}}"));
        list[0]["destination"].clone()
    };
    assert_eq!(
        to("{namespaces: {matchLabels: {team: red}}}"),
        json!({"namespaceSelector": "team == 'red'"})
    );
    assert_eq!(
        to("{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}"),
        json!({"namespaceSelector": "all()", "selector": format!("{PODS} && app == 'x'")})
    );
    assert_eq!(
        to("{networks: [10.1.2.3/8, '2001:db8::/32']}"),
        json!({"nets": ["10.0.0.0/8", "2001:db8::/32"]})
    );
    let from = rules(
        2,
        "ingress",
        "{action: Deny, from: [{namespaces: {}}, {pods: {podSelector: {}}}]}",
    );
    assert_eq!(
        from,
        json!([
            {"action": "Deny", "source": {"namespaceSelector": "all()"}},
            {"action": "Deny", "source": {"namespaceSelector": "all()", "selector": PODS}},
        ])
    );
}

#[test]
fn knp_11_ports() {
    let all = (Value::Null, Value::Null);
    let row = |protocol: &str, ports: Value| (json!(protocol), ports);
    for (kind, entries, expected) in [
        (0, "", vec![all.clone()]),
        (0, "{portNumber: {port: 80}}", vec![row("TCP", json!([80]))]),
        (
            0,
            "{portRange: {protocol: UDP, start: 1, end: 9}}, {portNumber: {protocol: UDP, port: 10}}, {portNumber: {protocol: SCTP, port: 7}}",
            vec![row("SCTP", json!([7])), row("UDP", json!(["1:10"]))],
        ),
        // Up to 3.31 nobody looks at a name, and all of the rule is open.
        (
            0,
            "{portNumber: {port: 80}}, {namedPort: web}",
            vec![all.clone()],
        ),
        (2, "", vec![all.clone()]),
        (
            2,
            "{tcp: {destinationPort: {number: 80}}}",
            vec![row("TCP", json!([80]))],
        ),
        (
            2,
            "{udp: {destinationPort: {range: {start: 5, end: 6}}}}, {tcp: {}}, {tcp: {destinationPort: {number: 1}}}",
            vec![row("TCP", Value::Null), row("UDP", json!(["5:6"]))],
        ),
        (
            2,
            "{tcp: {destinationPort: {number: 80}}}, {}",
            vec![all.clone()],
        ),
    ] {
        assert_eq!(asked(&with_ports(kind, entries)), expected, "{entries}");
    }
}

#[test]
fn knp_11_what_cannot_be_taken_over_is_left_out_or_denies_everything() {
    let deny_all = json!([{"action": "Deny"}]);
    for (kind, rest) in [
        (2, "to: [{nodes: {}}]"),
        (2, "to: [{domainNames: [example.com]}]"),
        (2, "to: [{namespaces: {}}, {nodes: {}}]"),
        (2, "to: [{}]"),
        (2, "to: [{networks: [10.0.0.1]}]"),
        (
            2,
            "to: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]",
        ),
        (
            2,
            "to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 9, end: 1}}}}]",
        ),
        (
            2,
            "to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 65536}}}]",
        ),
        (0, "to: [{nodes: {}}]"),
        (1, "to: [{nodes: {}}]"),
        (
            0,
            "to: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP}}]",
        ),
    ] {
        let allow = if kind == 2 { "Accept" } else { "Allow" };
        let rule = |action: &str| format!("{{action: {action}, {rest}}}");
        assert_eq!(rules(kind, "egress", &rule(allow)), Value::Null, "{rest}");
        assert_eq!(rules(kind, "egress", &rule("Deny")), deny_all, "{rest}");
        if kind != 1 {
            assert_eq!(rules(kind, "egress", &rule("Pass")), deny_all, "{rest}");
        }
    }
    // A rule to nobody is none.
    assert_eq!(rules(2, "egress", "{action: Deny, to: []}"), Value::Null);
}

#[test]
fn knp_11_what_becomes_of_a_rule_is_told_at_its_place() {
    let text = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec:\n  priority: 1\n  subject: {namespaces: {}}\n  egress:\n  - {action: Allow, to: [{nodes: {}}]}\n  - {action: Pass, to: [{domainNames: [a.example]}]}\n  - {action: Deny, to: [{namespaces: {}}]}\n  - {action: Deny, to: [{namespaces: {}}], ports: [{namedPort: web}]}\n";
    let told: Vec<(u32, u32, Becomes)> = unconverted(&first(text))
        .iter()
        .map(|rule| (rule.span.line, rule.span.column, rule.becomes))
        .collect();
    assert_eq!(
        told,
        [
            (8, 34, Becomes::Nothing),
            (9, 39, Becomes::DenyAll),
            (11, 64, Becomes::EveryPort),
        ]
    );
}

#[test]
fn knp_11_the_tiers_stand_before_and_behind_all_others() {
    let rule =
        |action: &str| format!("ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]");
    let pods = "pod:b/p2 -> pod:a/p1 tcp/80";
    let knp = "\n---\n{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {name: k, namespace: a}, spec: {podSelector: {}}}";
    let head = "priority: 5, subject: {namespaces: {}}";
    for (era, admin, baseline, allow) in [
        (
            Era::E2,
            (0, head.to_owned()),
            (1, "subject: {namespaces: {}}".to_owned()),
            "Allow",
        ),
        (
            Era::E3,
            (2, format!("tier: Admin, {head}")),
            (2, format!("tier: Baseline, {head}")),
            "Accept",
        ),
    ] {
        let with = |(kind, head): &(usize, String), action: &str, more: &str| {
            let policy = object(*kind, &format!("{head}, {}", rule(action)));
            in_era(era, &format!("\n---\n{policy}{more}"))
        };
        // The admin's word goes before that of a namespace, unless it passes.
        with(&admin, allow, knp).allows(pods);
        with(&admin, "Deny", "").denies(pods);
        with(&admin, "Pass", knp).denies(pods);
        with(&admin, "Pass", "").allows(pods);
        // What is from elsewhere passes at the end of the tier.
        with(&admin, "Deny", "").allows(IN);
        // The baseline is asked where no policy of a namespace is.
        with(&baseline, "Deny", "").denies(pods);
        with(&baseline, "Deny", "").allows(IN);
        with(&baseline, allow, knp).denies(pods);
        let open = knp.replace("podSelector: {}", "podSelector: {}, ingress: [{}]");
        with(&baseline, "Deny", &open).allows(pods);
    }
}

#[test]
fn knp_11_another_era_makes_nothing_of_it_and_says_so() {
    let deny = "tier: Admin, priority: 5, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]";
    for (kind, era, said) in [
        (
            0,
            Era::E1,
            "Calico 3.28 and earlier enforces no policies of this kind",
        ),
        (
            2,
            Era::E2,
            "Calico 3.29 to 3.31 enforces no policies of this kind",
        ),
        (
            0,
            Era::E3,
            "Calico 3.32 and later enforces no policies of this kind",
        ),
        (
            1,
            Era::E3,
            "Calico 3.32 and later enforces no policies of this kind",
        ),
    ] {
        let world = in_era(era, &format!("\n---\n{}", object(kind, deny)));
        world.allows("pod:b/p2 -> pod:a/p1 tcp/80");
        let vanished: Vec<&str> = world
            .program
            .vanished()
            .iter()
            .map(|vanished| vanished.reason.as_str())
            .collect();
        assert_eq!(vanished, [said]);
        assert!(world.program.not_modelled().is_empty());
    }
}

#[test]
fn knp_11_another_version_of_the_api_makes_verdicts_on_pods_unknown() {
    let text = object(2, "tier: Admin").replace("v1alpha2", "v1beta1");
    for (era, outcome) in [
        (Era::E1, Outcome::Allow),
        (Era::E2, Outcome::Unknown(Doubt::NotModelled)),
        (Era::E3, Outcome::Unknown(Doubt::NotModelled)),
    ] {
        let world = in_era(era, &format!("\n---\n{text}"));
        assert_eq!(world.ask(IN), outcome, "{era}");
        // Host endpoints are no subjects of theirs.
        world.denies("ext -> host:n1 tcp/80");
    }
}

#[test]
fn knp_11_equal_priorities_go_by_name() {
    let named = |name: &str, action: &str| {
        let spec = format!(
            "tier: Admin, priority: 5, subject: {{namespaces: {{}}}}, ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]"
        );
        format!(
            "\n---\n{}",
            object(2, &spec).replace("name: a,", &format!("name: {name},"))
        )
    };
    let pods = "pod:b/p2 -> pod:a/p1 tcp/80";
    in_era(Era::E3, &(named("x", "Deny") + &named("b", "Accept"))).allows(pods);
    in_era(Era::E3, &(named("b", "Deny") + &named("x", "Accept"))).denies(pods);
    // EVAL-3: a GlobalNetworkPolicy of the same name and order comes before.
    let global = "\n---\n{kind: GlobalNetworkPolicy, apiVersion: projectcalico.org/v3, metadata: {name: b}, spec: {tier: kube-admin, order: 5, types: [Ingress], ingress: [{action: Deny}]}}";
    in_era(Era::E3, &(named("b", "Accept") + global)).denies(pods);
}
