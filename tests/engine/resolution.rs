//! Labels, and which endpoints a policy applies to: RES-1 to RES-9, one test a rule or more.

use palisade::engine::{Outcome, Settings};
use palisade::resource::Era;

use crate::support::{World, settings};
use crate::vectors::{BASE, global, policy};

pub fn world(added: &str) -> World {
    World::new(&format!("{BASE}{added}"))
}

pub fn in_era(era: Era, added: &str) -> World {
    let settings = Settings {
        era: Some(era),
        ..settings()
    };
    World::with(&format!("{BASE}{added}"), &settings)
}

/// A global policy that lets TCP 80 into what `selector` selects, and nothing else.
pub fn selects(selector: &str) -> String {
    global(
        "sel",
        &format!(
            "{selector}, types: [Ingress], ingress: [{{action: Allow, protocol: TCP, \
             destination: {{ports: [80]}}}}]"
        ),
    )
}

/// A global policy on p1 that lets in what `side` matches, and nothing else.
pub fn from(side: &str) -> String {
    global(
        "from",
        &format!(
            "selector: app == 'one', types: [Ingress], \
             ingress: [{{action: Allow, source: {{{side}}}}}]"
        ),
    )
}

/// The same in a NetworkPolicy of namespace a.
pub fn from_own(side: &str) -> String {
    policy(
        "from",
        &format!(
            "selector: app == 'one', types: [Ingress], \
             ingress: [{{action: Allow, source: {{{side}}}}}]"
        ),
    )
}

const OTHER: &str = "ext -> pod:a/p1 tcp/81";

#[test]
fn res_1_labels_of_profiles_come_behind_own_ones_and_in_profile_order() {
    let profile = |name: &str, labels: &str| {
        format!(
            "\n---\n{{kind: Profile, apiVersion: projectcalico.org/v3, metadata: {{name: {name}}}, \
             spec: {{egress: [{{action: Allow}}], ingress: [{{action: Allow}}], \
             labelsToApply: {{{labels}}}}}}}\n"
        )
    };
    let endpoint = "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, \
         metadata: {name: h1, labels: {role: own}}, spec: {node: n1, interfaceName: eth1, \
         profiles: [one, two]}}\n";
    let profiles =
        profile("one", "role: first, more: first") + &profile("two", "more: second, last: second");
    let added = |selector: &str| {
        profiles.clone()
            + endpoint
            + &global(
                "deny",
                &format!("selector: {selector}, types: [Ingress], ingress: [{{action: Deny}}]"),
            )
    };
    world(&added(
        "role == 'own' && more == 'first' && last == 'second'",
    ))
    .denies("ext -> host:n1 tcp/80");
    world(&added("role == 'first' || more == 'second'")).allows("ext -> host:n1 tcp/80");
}

#[test]
fn res_2_labels_of_pods_are_calicos_before_their_own() {
    let pod = "\n---\n{kind: Pod, apiVersion: v1, metadata: {name: liar, namespace: a, labels: \
         {projectcalico.org/namespace: b, pcns.team: blue, pcsa.kind: machine}}, \
         spec: {nodeName: n1, serviceAccountName: robot}, status: {podIP: 10.0.1.7}}\n";
    let selected = |selector: &str| {
        let world = world(&(pod.to_owned() + &selects(&format!("selector: \"{selector}\""))));
        world.ask("ext -> pod:a/liar tcp/81") == Outcome::Deny
    };
    assert!(selected(
        "projectcalico.org/namespace == 'a' && projectcalico.org/orchestrator == 'k8s'"
    ));
    assert!(selected("projectcalico.org/serviceaccount == 'robot'"));
    assert!(!selected("projectcalico.org/namespace == 'b'"));
    assert!(!selected("pcns.team == 'blue'"));
    assert!(!selected("has(projectcalico.org/name)"));
    let account =
        "\n---\n{kind: ServiceAccount, apiVersion: v1, metadata: {name: robot, namespace: a}}\n";
    let with_account = pod.to_owned() + account + &selects("selector: has(pcsa.kind)");
    world(&with_account).allows("ext -> pod:a/liar tcp/81");
}

#[test]
fn res_3_pods_inherit_labels_of_namespace_and_service_account() {
    let account = "\n---\n{kind: ServiceAccount, apiVersion: v1, metadata: \
         {name: default, namespace: a, labels: {kind: machine}}}\n";
    let selected = |selector: &str| {
        let world = world(&(account.to_owned() + &selects(&format!("selector: \"{selector}\""))));
        world.ask(OTHER) == Outcome::Deny
    };
    assert!(selected(
        "pcns.team == 'red' && pcns.projectcalico.org/name == 'a'"
    ));
    assert!(selected(
        "pcsa.kind == 'machine' && pcsa.projectcalico.org/name == 'default'"
    ));
    assert!(selected("pcns.kubernetes.io/metadata.name == 'a'"));
    assert!(!selected("pcns.team == 'blue'"));
}

#[test]
fn res_4_host_endpoints_and_sets_have_their_own_labels_and_sets_their_namespace() {
    let none = world(&selects(
        "selector: has(projectcalico.org/namespace) || has(projectcalico.org/orchestrator) || has(pcns.projectcalico.org/name)",
    ));
    // Not selected: it is denied for want of a profile, port 80 too.
    none.denies("ext -> host:n1 tcp/80");
    let sets = "\n---\n{kind: NetworkSet, apiVersion: projectcalico.org/v3, metadata: \
         {name: s, namespace: b, labels: {partner: 'yes'}}, spec: {nets: [198.51.100.0/24]}}\n";
    let of_team = |team: &str| {
        world(
            &(sets.to_owned()
                + &from(&format!(
                    "selector: has(partner), namespaceSelector: team == '{team}'"
                ))),
        )
    };
    of_team("blue").allows("ip:198.51.100.7 -> pod:a/p1 tcp/80");
    of_team("red").denies("ip:198.51.100.7 -> pod:a/p1 tcp/80");
}

#[test]
fn res_5_namespace_and_service_account_selectors_ask_for_prefixed_labels() {
    world(&selects("namespaceSelector: projectcalico.org/name == 'a'")).denies(OTHER);
    world(&selects("namespaceSelector: projectcalico.org/name == 'b'")).allows(OTHER);
    world(&selects(
        "serviceAccountSelector: projectcalico.org/name == 'default'",
    ))
    .denies(OTHER);
    world(&selects(
        "serviceAccountSelector: projectcalico.org/name == 'robot'",
    ))
    .allows(OTHER);
}

#[test]
fn res_6_host_networked_unscheduled_and_finished_pods_are_no_endpoints() {
    let pod = |spec: &str, status: &str| {
        format!(
            "\n---\n{{kind: Pod, apiVersion: v1, metadata: {{name: odd, namespace: a, labels: \
             {{odd: 'yes'}}}}, spec: {{{spec}}}, status: {{{status}}}}}\n"
        )
    };
    for (spec, status) in [
        ("nodeName: n1, hostNetwork: true", "podIP: 198.51.100.7"),
        ("restartPolicy: Never", "podIP: 198.51.100.7"),
        ("nodeName: n1", "phase: Pending"),
        ("nodeName: n1", "phase: Succeeded, podIP: 198.51.100.7"),
        ("nodeName: n1", "phase: Failed, podIP: 198.51.100.7"),
    ] {
        let world = world(&(pod(spec, status) + &from("selector: odd == 'yes'")));
        assert!(
            world.program.find_pod("a", "odd").is_none(),
            "{spec} {status}"
        );
        world.denies("ip:198.51.100.7 -> pod:a/p1 tcp/80");
    }
    let running = pod("nodeName: n1", "phase: Running, podIP: 198.51.100.7");
    world(&(running + &from("selector: odd == 'yes'"))).allows("pod:a/odd -> pod:a/p1 tcp/80");
}

#[test]
fn res_7_network_policies_select_pods_of_their_namespace() {
    let one = |spec: &str| world(&policy("one", &format!("{spec}types: [Ingress]")));
    one("").denies("ext -> pod:a/p1 tcp/80");
    one("").allows("ext -> pod:b/p2 tcp/80");
    one("selector: all(), ").allows("ext -> pod:b/p2 tcp/80");
    // Not a host endpoint, unless it bears the label by hand.
    one("selector: has(role), ").allows("ext -> pod:a/p1 tcp/80");
    one("serviceAccountSelector: all(), ").denies("ext -> pod:a/p1 tcp/80");
    one("serviceAccountSelector: projectcalico.org/name == 'x', ").allows("ext -> pod:a/p1 tcp/80");
}

#[test]
fn res_8_global_policies_select_everything_that_matches_and_all_is_rewritten_as_text() {
    let hits_host = |spec: &str| {
        let allow = format!("{spec}types: [Ingress], ingress: [{{action: Allow}}]");
        world(&global("g", &allow)).ask("ext -> host:n1 tcp/80") == Outcome::Allow
    };
    assert!(hits_host(""));
    assert!(hits_host("selector: all(), "));
    assert!(!hits_host("namespaceSelector: all(), "));
    assert!(!hits_host(
        "selector: all(), namespaceSelector: '!has(x)', "
    ));
    assert!(hits_host("namespaceSelector: '!has(x)', "));
    // The text `all ()` is not `all()`.
    assert!(hits_host(
        "selector: all( ), namespaceSelector: '!has(x)', "
    ));
    assert!(!hits_host(
        "selector: all(), serviceAccountSelector: '!has(x)', "
    ));
    assert!(hits_host("serviceAccountSelector: '!has(x)', "));
    assert!(!hits_host("serviceAccountSelector: all(), "));
}

#[test]
fn res_9_what_does_not_parse_widens_a_policy_or_makes_it_vanish() {
    let wide = world(&selects(
        "selector: app == 'one', namespaceSelector: team = 'blue'",
    ));
    wide.denies(OTHER);
    assert!(wide.program.vanished().is_empty());
    for broken in [
        selects("selector: app = 'one'"),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, source: {selector: app =}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, source: {notSelector: app =}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny}], egress: [{action: Deny, protocol: TPC}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, destination: {ports: [80]}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, protocol: ICMP, destination: {ports: [80]}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, protocol: TCP, destination: {ports: [0]}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, protocol: ICMP, icmp: {type: 300}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, protocol: ICMP, icmp: {code: 3}}]",
        ),
        global(
            "g",
            "types: [Ingress], ingress: [{action: Deny, ipVersion: 5}]",
        ),
    ] {
        let world = world(&broken);
        assert_eq!(world.program.vanished().len(), 1, "{broken}");
        world.allows(OTHER);
    }
    // In a rule, what does not parse lifts the namespace.
    world(&from_own(
        "selector: app == 'two', namespaceSelector: team = 'red'",
    ))
    .allows("pod:b/p2 -> pod:a/p1 tcp/80");
}
