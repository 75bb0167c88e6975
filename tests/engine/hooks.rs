//! Hooks and which host endpoint is asked at them: EVAL-16 to EVAL-29, one test a rule or more.

use palisade::engine::{Hook, Outcome, Settings, StageDecision};
use palisade::resource::{Direction, Era};

use crate::evaluation::{IN, endpoint, in_era, on_host, on_pod, tier, world};
use crate::support::{World, settings};
use crate::vectors::{BASE, global};

const NODE_PORT: &str = "ext -> pod:a/p1 tcp/8080 node-port:n1:30080";

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
