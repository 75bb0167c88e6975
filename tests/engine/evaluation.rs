//! Tiers, policies and profiles: EVAL-1 to EVAL-15, one test a rule or more.

use palisade::engine::Settings;
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

pub fn tier(name: &str, spec: &str) -> String {
    format!(
        "\n---\n{{kind: Tier, apiVersion: projectcalico.org/v3, metadata: {{name: {name}}}, \
         spec: {{{spec}}}}}\n"
    )
}

/// A policy of `tier` on p1's ingress with the one rule `action`.
fn of_tier(tier: &str, name: &str, more: &str, action: &str) -> String {
    global(
        &format!("{tier}.{name}"),
        &format!(
            "tier: {tier}, {more}selector: app == 'one', types: [Ingress], \
             ingress: [{{action: {action}}}]"
        ),
    )
}

/// A policy of the default tier on p1's ingress.
pub fn on_pod(name: &str, more: &str, rules: &str) -> String {
    global(
        name,
        &format!("{more}selector: app == 'one', types: [Ingress], ingress: [{rules}]"),
    )
}

/// A policy on h1.
pub fn on_host(name: &str, spec: &str) -> String {
    global(name, &format!("selector: role == 'pub', {spec}"))
}

pub fn endpoint(name: &str, spec: &str, labels: &str) -> String {
    format!(
        "\n---\n{{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {{name: {name}, \
         labels: {{{labels}}}}}, spec: {{{spec}}}}}\n"
    )
}

pub const IN: &str = "ext -> pod:a/p1 tcp/80";

#[test]
fn eval_1_tiers_go_by_order_then_name_and_those_without_order_come_last() {
    let names = |added: &str| -> Vec<String> {
        let world = world(added);
        world
            .program
            .tiers()
            .iter()
            .map(|tier| tier.name.clone())
            .collect()
    };
    let tiers = tier("z", "order: 5")
        + &tier("x", "order: 5")
        + &tier("first", "order: -1")
        + "\n---\n{kind: Tier, apiVersion: crd.projectcalico.org/v1, metadata: {name: b-raw}, spec: {}}\n"
        + "\n---\n{kind: Tier, apiVersion: crd.projectcalico.org/v1, metadata: {name: a-raw}, spec: {}}\n";
    assert_eq!(
        names(&tiers),
        [
            "first",
            "x",
            "z",
            "kube-admin",
            "default",
            "kube-baseline",
            "a-raw",
            "b-raw"
        ]
    );
    let both = tiers + &of_tier("x", "p", "", "Allow") + &of_tier("z", "p", "", "Deny");
    world(&both).allows(IN);
}

#[test]
fn eval_2_a_policy_of_a_tier_that_is_not_there_comes_last_and_denies_at_its_end() {
    let ghost = of_tier("ghost", "p", "order: -100, ", "Log");
    let world = world(&ghost);
    assert_eq!(
        world.program.tiers().last().map(|tier| tier.name.as_str()),
        Some("ghost")
    );
    world.denies(IN);
    self::world(&(ghost + &on_pod("allow", "", "{action: Allow}"))).allows(IN);
    // STORE-7: in E2 the name says which tier, and a dot makes one.
    let dotted = global(
        "other.p",
        "selector: app == 'one', types: [Ingress], ingress: [{action: Log}]",
    );
    let old = in_era(Era::E2, &dotted);
    assert_eq!(
        old.program.tiers().last().map(|tier| tier.name.as_str()),
        Some("other")
    );
    let plain = on_pod("p", "tier: sec, ", "{action: Log}");
    let old = in_era(Era::E2, &(tier("sec", "order: 1") + &plain));
    let policy = &old.program.policies()[0];
    assert_eq!(
        old.program.tier(policy.tier).map(|t| t.name.as_str()),
        Some("default")
    );
    let first = in_era(Era::E1, &of_tier("sec", "p", "", "Allow"));
    assert_eq!(first.program.tiers().len(), 1);
}

fn order(world: &World) -> Vec<String> {
    world
        .program
        .policies()
        .iter()
        .map(|policy| policy.key.path())
        .collect()
}

#[test]
fn eval_3_policies_go_by_order_then_by_a_name_that_differs_by_era() {
    let orders = on_pod("c", "order: 10, ", "")
        + &on_pod("b", "order: 9.5, ", "")
        + &on_pod("a", "", "")
        + &on_pod("d", "order: -1, ", "");
    assert_eq!(order(&world(&orders)), ["d", "b", "c", "a"]);
    // Bytes, not numbers, not letters.
    let ties = on_pod("p10", "order: 1, ", "")
        + &on_pod("p9", "order: 1, ", "")
        + &on_pod("p-1", "order: 1, ", "");
    assert_eq!(order(&world(&ties)), ["p-1", "p10", "p9"]);
    let local = |namespace: &str, name: &str| {
        policy(name, "order: 1, types: [Ingress]")
            .replace("namespace: a", &format!("namespace: {namespace}"))
    };
    let pair = on_pod("b", "order: 1, ", "") + &local("zzz", "a");
    assert_eq!(order(&in_era(Era::E2, &pair)), ["b", "zzz/a"]);
    assert_eq!(order(&in_era(Era::E3, &pair)), ["zzz/a", "b"]);
    let pair = on_pod("z", "order: 1, ", "") + &local("aaa", "a");
    assert_eq!(order(&in_era(Era::E2, &pair)), ["aaa/a", "z"]);
    assert_eq!(order(&in_era(Era::E3, &pair)), ["aaa/a", "z"]);
    // One name, one order: the kind decides.
    let same = on_pod("web", "order: 1000, ", "")
        + &policy("web", "order: 1000, types: [Ingress]")
        + "\n---\n{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {name: web, namespace: a}, spec: {podSelector: {}}}\n";
    let kinds = |era| -> Vec<String> {
        in_era(era, &same)
            .program
            .policies()
            .iter()
            .map(|p| format!("{:?}", p.key.kind))
            .collect()
    };
    assert_eq!(
        kinds(Era::E3),
        [
            "GlobalNetworkPolicy",
            "KubernetesNetworkPolicy",
            "NetworkPolicy"
        ]
    );
    assert_eq!(
        kinds(Era::E1),
        [
            "NetworkPolicy",
            "KubernetesNetworkPolicy",
            "GlobalNetworkPolicy"
        ]
    );
}

#[test]
fn eval_4_kubernetes_policies_sit_at_order_1000() {
    let kubernetes = "\n---\n{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: \
         {name: k, namespace: a}, spec: {podSelector: {}, policyTypes: [Ingress], \
         ingress: [{ports: [{port: 80}]}]}}\n";
    world(kubernetes).allows(IN);
    world(kubernetes).denies("ext -> pod:a/p1 tcp/81");
    world(&(kubernetes.to_owned() + &on_pod("early", "order: 999, ", "{action: Deny}"))).denies(IN);
    world(&(kubernetes.to_owned() + &on_pod("late", "order: 1001, ", "{action: Deny}"))).allows(IN);
    world(&(kubernetes.to_owned() + &on_pod("last", "", "{action: Allow}")))
        .allows("ext -> pod:a/p1 tcp/81");
}

#[test]
fn eval_5_the_first_rule_that_decides_counts() {
    world(&on_pod("p", "", "{action: Allow}, {action: Deny}")).allows(IN);
    world(&on_pod("p", "", "{action: Deny}, {action: Allow}")).denies(IN);
}

#[test]
fn eval_6_a_tier_without_a_policy_for_the_direction_is_skipped() {
    let other = tier("sec", "order: 1")
        + &global(
            "sec.p",
            "tier: sec, selector: app == 'one', types: [Egress]",
        );
    world(&other).allows(IN);
    world(&other).denies("pod:a/p1 -> ext tcp/80");
    let elsewhere = tier("sec", "order: 1")
        + &global(
            "sec.p",
            "tier: sec, selector: app == 'two', types: [Ingress]",
        );
    world(&elsewhere).allows(IN);
}

#[test]
fn eval_7_each_action_does_what_it_says() {
    let sec = tier("sec", "order: 1");
    let later = on_pod("later", "", "{action: Deny}");
    world(&(sec.clone() + &of_tier("sec", "p", "", "Allow") + &later)).allows(IN);
    world(&(sec.clone() + &of_tier("sec", "p", "", "Deny"))).denies(IN);
    world(&(sec.clone() + &of_tier("sec", "p", "", "Pass") + &of_tier("sec", "q", "", "Deny")))
        .allows(IN);
    world(&(sec.clone() + &of_tier("sec", "p", "", "Pass") + &later)).denies(IN);
    world(&(sec + &of_tier("sec", "p", "", "Log") + &of_tier("sec", "q", "", "Allow"))).allows(IN);
}

#[test]
fn eval_8_staged_policies_do_nothing_and_make_no_tier() {
    let staged = |spec: &str| {
        format!(
            "\n---\n{{kind: StagedGlobalNetworkPolicy, apiVersion: projectcalico.org/v3, metadata: {{name: s}}, spec: {{selector: app == 'one', types: [Ingress], {spec}}}}}\n"
        )
    };
    world(&staged("order: 1, ingress: [{action: Deny}]")).allows(IN);
    let both = world(
        &(staged("order: 1, ingress: [{action: Deny}]")
            + &on_pod("p", "order: 2, ", "{action: Allow}")),
    );
    both.allows(IN);
    let trace = both.trace(IN);
    let asked = trace.ways[0].stages.iter().flat_map(|stage| &stage.asked);
    let tiers: Vec<_> = asked.flat_map(|endpoint| &endpoint.tiers).collect();
    assert!(tiers[0].policies[0].staged && tiers[0].policies[0].rules.is_empty());
    let deleted = world(&staged("stagedAction: Delete"));
    assert!(deleted.program.policies().is_empty());
}

#[test]
fn eval_9_the_end_of_a_tier_drops_or_passes_per_direction() {
    let sec = |action: &str| tier("sec", &format!("order: 1, defaultAction: {action}"));
    world(&(sec("Deny") + &of_tier("sec", "p", "", "Log"))).denies(IN);
    world(&(sec("Pass") + &of_tier("sec", "p", "", "Log"))).allows(IN);
    world(&(sec("Deny") + &of_tier("sec", "p", "", "Log"))).allows("pod:a/p1 -> ext tcp/80");
    // Anything but `Pass` denies (MOD-16).
    world(&(sec("pass") + &of_tier("sec", "p", "", "Log"))).denies(IN);
}

#[test]
fn eval_10_behind_the_last_tier_profiles_decide_and_never_pass() {
    let profile = |rules: &str| {
        format!(
            "\n---\n{{kind: Profile, apiVersion: projectcalico.org/v3, metadata: {{name: own}}, spec: {{ingress: [{rules}]}}}}\n"
        ) + &endpoint(
            "h1",
            "node: n1, interfaceName: eth1, expectedIPs: [192.0.2.1], profiles: [own, projectcalico-default-allow]",
            "role: pub",
        )
    };
    world(&profile("{action: Deny, protocol: TCP}")).denies("ext -> host:n1 tcp/80");
    world(&profile("{action: Deny, protocol: TCP}")).allows("ext -> host:n1 udp/80");
    world(&profile("{action: Allow, protocol: TCP}")).allows("ext -> host:n1 tcp/80");
    world(&profile("{action: Pass}")).allows("ext -> host:n1 tcp/80");
}

#[test]
fn eval_11_pods_without_policy_are_open_and_missing_profiles_close() {
    world("").allows(IN);
    world("").allows("pod:a/p1 -> ext tcp/80");
    let missing = endpoint(
        "h1",
        "node: n1, interfaceName: eth1, profiles: [gone, projectcalico-default-allow]",
        "role: pub",
    );
    world(&missing).denies("ext -> host:n1 tcp/80");
}

#[test]
fn eval_12_host_endpoints_without_policy_are_closed_in_that_direction() {
    world("").denies("ext -> host:n1 tcp/80");
    world("").denies("host:n1 -> ext tcp/80");
    let open = on_host("p", "types: [Ingress], ingress: [{action: Allow}]");
    world(&open).allows("ext -> host:n1 tcp/80");
    world(&open).denies("host:n1 -> ext tcp/80");
    let profile = endpoint(
        "h1",
        "node: n1, interfaceName: eth1, profiles: [projectcalico-default-allow]",
        "",
    );
    world(&profile).allows("ext -> host:n1 tcp/80");
    world(&profile).allows("host:n1 -> ext tcp/80");
    // No host endpoint, no policy.
    world("").allows("ext -> host:n2 tcp/80");
}

#[test]
fn eval_13_allow_ends_everything_and_pass_does_not() {
    let sec = tier("sec", "order: 1");
    let deny = on_pod("deny", "", "{action: Deny}");
    world(&(sec.clone() + &of_tier("sec", "p", "", "Allow") + &deny)).allows(IN);
    world(&(sec + &of_tier("sec", "p", "", "Pass") + &deny)).denies(IN);
}

#[test]
fn eval_14_pass_in_the_last_tier_goes_to_profiles() {
    world(&on_pod("p", "", "{action: Pass}")).allows(IN);
    world(&on_host("p", "types: [Ingress], ingress: [{action: Pass}]"))
        .denies("ext -> host:n1 tcp/80");
    in_era(Era::E1, &on_pod("p", "", "{action: Pass}")).allows(IN);
}

#[test]
fn eval_15_both_ends_of_pod_traffic_are_asked() {
    let out = global(
        "out",
        "selector: app == 'one', types: [Egress], egress: [{action: Deny}]",
    );
    let into = global(
        "in",
        "selector: x == '1', types: [Ingress], ingress: [{action: Deny}]",
    );
    let flow = "pod:a/p1 -> pod:b/q2 tcp/80";
    world("").allows(flow);
    world(&out).denies(flow);
    world(&into).denies(flow);
}
