//! Tiers, policies, profiles and hooks: EVAL-1 to EVAL-25, one test a rule or more.

use palisade::engine::{Hook, Outcome, Settings, StageDecision};
use palisade::resource::{Direction, Era};

use crate::support::{World, settings};
use crate::vectors::{BASE, global, policy};

fn world(added: &str) -> World {
    World::new(&format!("{BASE}{added}"))
}

fn in_era(era: Era, added: &str) -> World {
    let settings = Settings {
        era: Some(era),
        ..settings()
    };
    World::with(&format!("{BASE}{added}"), &settings)
}

fn tier(name: &str, spec: &str) -> String {
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
fn on_pod(name: &str, more: &str, rules: &str) -> String {
    global(
        name,
        &format!("{more}selector: app == 'one', types: [Ingress], ingress: [{rules}]"),
    )
}

/// A policy on h1.
fn on_host(name: &str, spec: &str) -> String {
    global(name, &format!("selector: role == 'pub', {spec}"))
}

fn endpoint(name: &str, spec: &str, labels: &str) -> String {
    format!(
        "\n---\n{{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {{name: {name}, \
         labels: {{{labels}}}}}, spec: {{{spec}}}}}\n"
    )
}

const IN: &str = "ext -> pod:a/p1 tcp/80";
const NODE_PORT: &str = "ext -> pod:a/p1 tcp/8080 node-port:n1:30080";

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

#[test]
fn eval_16_flags_say_at_which_hooks_a_policy_is_asked() {
    let deny = |flags: &str| {
        world(&on_host(
            "p",
            &format!("{flags}types: [Ingress], ingress: [{{action: Deny}}]"),
        ))
    };
    // A failsafe shows which hook: forward policy is not asked of what goes to the host.
    let normal = deny("");
    normal.denies("ext -> host:n1 tcp/80");
    normal.allows(NODE_PORT);
    let forward = deny("applyOnForward: true, ");
    forward.denies("ext -> host:n1 tcp/80");
    forward.denies(NODE_PORT);
    let both = deny("preDNAT: true, doNotTrack: true, applyOnForward: true, ");
    let trace = both.trace("ext -> host:n1 tcp/80");
    assert_eq!(
        trace.ways[0].stages.last().map(|s| s.hook),
        Some(Hook::Untracked(Direction::Ingress))
    );
    // MOD-4: none of the early ones touches a pod.
    let pod = |flags: &str| world(&on_pod("p", flags, "{action: Deny}"));
    pod("preDNAT: true, applyOnForward: true, ").allows(IN);
    pod("doNotTrack: true, applyOnForward: true, ").allows(IN);
    pod("applyOnForward: true, ").denies(IN);
}

#[test]
fn eval_17_untracked_and_pre_dnat_tiers_never_drop_at_their_end() {
    for flag in ["preDNAT", "doNotTrack"] {
        let other = on_host(
            "p",
            &format!(
                "{flag}: true, applyOnForward: true, types: [Ingress], ingress: [{{action: Deny, protocol: UDP}}]"
            ),
        );
        world(&other).allows(NODE_PORT);
        let sec = tier("sec", "order: 1");
        let passing = sec
            + &global(
                "sec.p",
                &format!(
                    "tier: sec, selector: role == 'pub', {flag}: true, applyOnForward: true, types: [Ingress], ingress: [{{action: Pass}}, {{action: Allow}}]"
                ),
            )
            + &on_host(
                "q",
                &format!(
                    "{flag}: true, applyOnForward: true, types: [Ingress], ingress: [{{action: Deny}}]"
                ),
            );
        world(&passing).denies(NODE_PORT);
    }
}

#[test]
fn eval_18_forward_policy_of_the_other_direction_leaves_no_verdict() {
    let other = on_host(
        "p",
        "applyOnForward: true, types: [Ingress], ingress: [{action: Allow}]",
    );
    let out = "pod:a/p1 -> ext tcp/80";
    let verdict = world(&other).verdict(out);
    assert_eq!(verdict.outcome, Outcome::Allow);
    assert!(verdict.remarks.no_explicit_accept);
    assert!(
        !in_era(Era::E1, &other)
            .verdict(out)
            .remarks
            .no_explicit_accept
    );
    assert!(!world("").verdict(out).remarks.no_explicit_accept);
    let own = on_host(
        "p",
        "applyOnForward: true, types: [Egress], egress: [{action: Allow, protocol: UDP}]",
    );
    world(&own).denies(out);
    // Profiles are not asked.
    let pass = on_host(
        "p",
        "applyOnForward: true, types: [Egress], egress: [{action: Pass}]",
    );
    assert!(world(&pass).verdict(out).remarks.no_explicit_accept);
}

#[test]
fn eval_19_untracked_allow_skips_later_stages_and_needs_a_rule_for_the_answer() {
    let raw = |more: &str| {
        on_host(
            "raw",
            &format!(
                "doNotTrack: true, applyOnForward: true, types: [Ingress, Egress], ingress: [{{action: Allow, protocol: TCP, destination: {{ports: [80, 30080]}}}}]{more}"
            ),
        )
    };
    let deny = on_host(
        "deny",
        "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    ) + &on_host(
        "deny-forward",
        "applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    let flow = "ext -> host:n1 tcp/80";
    let without = world(&(raw("") + &deny)).verdict(flow);
    assert!(without.remarks.reply && without.outcome == Outcome::Deny);
    let with = raw(", egress: [{action: Allow, protocol: TCP, source: {ports: [80]}}]") + &deny;
    let verdict = world(&with).verdict(flow);
    assert!(verdict.remarks.untracked && verdict.outcome == Outcome::Allow);
    // Towards a pod its own policy is still asked.
    world(&with).allows(NODE_PORT);
    world(&(with + &on_pod("p", "", "{action: Deny}"))).denies(NODE_PORT);
}

#[test]
fn eval_20_pre_dnat_allow_skips_what_comes_in_and_nothing_else() {
    let allow = on_host(
        "pre",
        "order: 1, preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Allow}]",
    );
    let deny = on_host(
        "deny",
        "order: 2, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    let both = allow.clone() + &deny;
    world(&both).allows("ext -> host:n1 tcp/80");
    world(&both).allows(NODE_PORT);
    world(&(both.clone() + &on_pod("p", "", "{action: Deny}"))).denies(NODE_PORT);
    let leaving = allow
        + &on_host(
            "out",
            "applyOnForward: true, types: [Egress], egress: [{action: Deny}]",
        );
    world(&leaving).denies("ext -> pod:b/p2 tcp/8080 node-port:n1:30080");
}

#[test]
fn eval_21_early_hooks_see_where_the_packet_was_sent() {
    let pre = |destination: &str| {
        world(&on_host(
            "pre",
            &format!(
                "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{{action: Deny, protocol: TCP, destination: {{{destination}}}}}]"
            ),
        ))
    };
    pre("ports: [30080]").denies(NODE_PORT);
    pre("ports: [8080]").allows(NODE_PORT);
    pre("nets: [192.0.2.1/32]").denies(NODE_PORT);
    pre("selector: app == 'one'").allows(NODE_PORT);
    pre("nets: [198.51.100.9/32], ports: [80]")
        .denies("ext -> pod:a/p1 tcp/8080 sent-to:198.51.100.9:80");
    let forward = |destination: &str| {
        world(&on_host(
            "fwd",
            &format!(
                "applyOnForward: true, types: [Ingress], ingress: [{{action: Deny, protocol: TCP, destination: {{{destination}}}}}, {{action: Allow}}]"
            ),
        ))
    };
    forward("ports: [30080]").allows(NODE_PORT);
    forward("ports: [8080]").denies(NODE_PORT);
    forward("selector: app == 'one'").denies(NODE_PORT);
}

#[test]
fn eval_22_one_host_endpoint_owns_an_interface_the_first_by_name() {
    let open = on_host("open", "types: [Ingress], ingress: [{action: Allow}]");
    let second = |name: &str| endpoint(name, "node: n1, interfaceName: eth1", "");
    world(&(open.clone() + &second("h2"))).allows("ext -> host:n1 tcp/80");
    world(&(open.clone() + &second("h0"))).denies("ext -> host:n1 tcp/80");
    // By address, where no interface is named; on another node, never.
    let by_address = endpoint("h0", "node: n1, expectedIPs: [192.0.2.1]", "");
    world(&(open.clone() + &by_address)).denies("ext -> host:n1 tcp/80");
    world(&(open.clone() + &endpoint("h0", "node: n2, interfaceName: eth1", "")))
        .allows("ext -> host:n1 tcp/80");
    world(
        &(open
            + &endpoint(
                "h0",
                "node: n1, interfaceName: eth1, expectedIPs: [198.51.100.1]",
                "",
            )),
    )
    .denies("ext -> host:n1 tcp/80");
}

const WILDCARD: &str = "node: n1, interfaceName: '*'";

#[test]
fn eval_23_the_wildcard_governs_every_other_interface() {
    let any = endpoint("any", WILDCARD, "any: 'yes'");
    let world = world(&any);
    world.denies("ext -> host:n1 tcp/80 via:eth7");
    self::world("").allows("ext -> host:n1 tcp/80 via:eth7");
    // Over lo, and for pods: pre-DNAT and forward policy of `*` alone.
    world.denies("host:n1 -> host:n1 tcp/80");
    self::world("").allows("host:n1 -> host:n1 tcp/80");
    let deny = |flags: &str| {
        any.clone()
            + &global(
                "p",
                &format!(
                    "selector: has(any), {flags}applyOnForward: true, types: [Ingress], ingress: [{{action: Deny}}]"
                ),
            )
    };
    let same = "pod:a/p1 -> pod:a/p1 tcp/80";
    self::world(&deny("preDNAT: true, ")).denies(same);
    self::world(&deny("")).denies(same);
    let specific = global(
        "p",
        "selector: role == 'pub', applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    self::world(&specific).allows(same);
}

#[test]
fn eval_24_a_host_endpoint_without_pre_dnat_policy_is_no_shield_from_the_wildcards() {
    let any = endpoint("any", WILDCARD, "any: 'yes'");
    let open = on_host(
        "open",
        "applyOnForward: true, types: [Ingress], ingress: [{action: Allow}]",
    );
    let deny = |flags: &str| {
        global(
            "deny",
            &format!(
                "selector: has(any), {flags}applyOnForward: true, types: [Ingress], ingress: [{{action: Deny}}]"
            ),
        )
    };
    let early = any.clone() + &open + &deny("preDNAT: true, ");
    world(&early).denies("ext -> host:n1 tcp/80");
    let shielded = early.clone()
        + &on_host(
            "pre",
            "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Log}]",
        );
    world(&shielded).allows("ext -> host:n1 tcp/80");
    world(&(any + &open + &deny(""))).allows("ext -> host:n1 tcp/80");
    // EVAL-48.
    let bpf = Settings {
        data_plane: Some(palisade::engine::DataPlane::Bpf),
        ..settings()
    };
    World::with(&format!("{BASE}{early}"), &bpf).allows("ext -> host:n1 tcp/80");
}

#[test]
fn eval_25_untracked_policy_of_the_wildcard_is_ignored() {
    let any = endpoint(
        "any",
        &format!("{WILDCARD}, profiles: [projectcalico-default-allow]"),
        "any: 'yes'",
    );
    let raw = global(
        "raw",
        "selector: has(any), doNotTrack: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    world(&(any + &raw)).allows("ext -> host:n1 tcp/80 via:eth7");
}

#[test]
fn eval_29_stages_of_a_forwarded_packet_come_in_the_kernels_order() {
    let any = endpoint("any", WILDCARD, "any: 'yes'");
    let world = world(&any);
    let hooks = |flow: &str| -> Vec<&'static str> {
        world.trace(flow).ways[0]
            .stages
            .iter()
            .map(|stage| stage.hook.word())
            .collect()
    };
    assert_eq!(
        hooks("ext -> pod:a/p1 tcp/80 node-port:n1:30080"),
        [
            "untracked-ingress",
            "pre-dnat",
            "forward-ingress",
            "workload-ingress",
            "forward-egress"
        ]
    );
    assert_eq!(
        hooks("pod:a/p1 -> pod:a/p1 tcp/80"),
        [
            "pre-dnat",
            "forward-ingress",
            "workload-egress",
            "workload-ingress",
            "forward-egress"
        ]
    );
    assert_eq!(
        hooks("pod:a/p1 -> ext tcp/80"),
        [
            "pre-dnat",
            "forward-ingress",
            "workload-egress",
            "forward-egress"
        ]
    );
    let pass = world.trace("pod:a/p1 -> ext tcp/80");
    assert!(
        pass.ways[0]
            .stages
            .iter()
            .all(|stage| stage.decision == StageDecision::Pass)
    );
}
