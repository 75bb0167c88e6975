//! The model's own rules (MOD-1 to MOD-20), what is not known, what is assumed, and what a trace
//! tells.

use palisade::engine::{Criterion, Doubt, Outcome, PodSketch, Settings, StageDecision, Why};
use palisade::resource::{CalicoVersion, Era, Key, Kind};

use crate::support::{World, settings};
use crate::vectors::{BASE, global, policy};

fn world(added: &str) -> World {
    World::new(&format!("{BASE}{added}"))
}

fn on_pod(name: &str, more: &str, rules: &str) -> String {
    global(
        name,
        &format!("{more}selector: app == 'one', types: [Ingress], ingress: [{rules}]"),
    )
}

const IN: &str = "ext -> pod:a/p1 tcp/80";

#[test]
fn mod_1_and_2_absent_types_differ_by_how_the_object_came() {
    let with = |api: &str, rules: &str| {
        world(
            &policy("p", &format!("selector: app == 'one', {rules}"))
                .replace("projectcalico.org/v3", api),
        )
    };
    let (v3, v1) = ("projectcalico.org/v3", "crd.projectcalico.org/v1");
    let out = "pod:a/p1 -> ext tcp/80";
    with(v3, "ingress: [{action: Allow}]").allows(out);
    with(v1, "ingress: [{action: Allow}]").denies(out);
    with(v3, "egress: [{action: Allow}]").allows(IN);
    with(v1, "egress: [{action: Allow}]").denies(IN);
    with(v3, "types: []").denies(IN);
    with(v3, "types: []").allows(out);
    with(v3, "ingress: [{action: Log}], egress: [{action: Allow}]").denies(IN);
}

#[test]
fn mod_3_rules_of_a_direction_that_is_not_governed_do_nothing() {
    let odd = policy(
        "p",
        "selector: app == 'one', types: [Egress], ingress: [{action: Deny}]",
    );
    world(&odd).allows(IN);
    world(&odd).denies("pod:a/p1 -> ext tcp/80");
}

#[test]
fn mod_4_and_5_early_flags_mean_nothing_to_pods_and_pre_dnat_has_no_egress() {
    world(&on_pod(
        "p",
        "preDNAT: true, applyOnForward: true, ",
        "{action: Deny}",
    ))
    .allows(IN);
    let odd = global(
        "p",
        "selector: role == 'pub', preDNAT: true, applyOnForward: true, types: [Egress], egress: [{action: Allow}]",
    );
    world(&odd).denies("host:n1 -> ext tcp/80");
}

#[test]
fn mod_6_and_10_all_that_a_rule_asks_must_hold() {
    let rule = "{action: Allow, protocol: TCP, source: {nets: [203.0.113.0/24], notNets: [203.0.113.8/29]}, destination: {ports: [80, 443]}}";
    let world = world(&on_pod("p", "", rule));
    world.allows(IN);
    world.allows("ext -> pod:a/p1 tcp/443");
    world.denies("ext -> pod:a/p1 tcp/81");
    world.denies("ext -> pod:a/p1 udp/80");
    world.denies("ip:203.0.113.9 -> pod:a/p1 tcp/80");
    // MOD-10: nets and selector of one side hold together.
    let both = self::world(&on_pod(
        "p",
        "",
        "{action: Allow, source: {nets: [10.0.2.1/32], selector: app == 'two'}}",
    ));
    both.allows("pod:b/p2 -> pod:a/p1 tcp/80");
    both.denies("pod:a/q1 -> pod:a/p1 tcp/80");
}

#[test]
fn mod_7_what_hangs_on_http_is_not_known() {
    let rule = "{action: Allow, protocol: TCP, http: {methods: [GET]}, destination: {ports: [80]}}";
    let asks = |rules: &str| world(&on_pod("p", "", rules));
    assert_eq!(asks(rule).ask(IN), Outcome::Unknown(Doubt::Http));
    asks(rule).denies("ext -> pod:a/p1 tcp/81");
    // Where it changes nothing it is no doubt.
    asks(&format!("{rule}, {{action: Allow}}")).allows(IN);
    // Nor where another stage drops the packet anyway.
    let egress = global("out", "selector: app == 'two', types: [Egress]");
    world(&(on_pod("p", "", rule) + &egress)).denies("pod:b/p2 -> pod:a/p1 tcp/80");
}

#[test]
fn mod_8_log_never_decides() {
    world(&on_pod("p", "", "{action: Log}, {action: Allow}")).allows(IN);
    world(&on_pod("p", "", "{action: Log}")).denies(IN);
}

#[test]
fn mod_14_felix_takes_any_spelling_of_a_protocol() {
    world(&on_pod("p", "", "{action: Allow, protocol: tcp}")).allows(IN);
    world(&on_pod("p", "", "{action: Allow, protocol: Udp}")).denies(IN);
}

#[test]
fn mod_18_network_sets_are_peers_and_never_selected() {
    let set = "\n---\n{kind: GlobalNetworkSet, apiVersion: projectcalico.org/v3, metadata: {name: s, labels: {all: 'yes'}}, spec: {nets: [0.0.0.0/0, 203.0.113.9/24]}}\n";
    world(&(set.to_owned() + &on_pod("p", "", "{action: Allow, source: {selector: has(all)}}")))
        .allows(IN);
    world(&(set.to_owned() + &global("p", "selector: has(all), types: [Ingress]"))).allows(IN);
}

#[test]
fn an_action_that_is_none_is_not_known() {
    assert_eq!(
        world(&on_pod("p", "", "{action: allow}")).ask(IN),
        Outcome::Unknown(Doubt::Action)
    );
    world(&on_pod("p", "", "{action: Allow}, {action: allow}")).allows(IN);
}

#[test]
fn labels_of_a_namespace_that_is_not_given_are_not_known() {
    let pod = "\n---\n{kind: Pod, apiVersion: v1, metadata: {name: p, namespace: other, labels: {app: one}}, \
         spec: {nodeName: n1}, status: {podIP: 10.0.1.50}}\n";
    let selects = |text: &str| {
        let deny = global(
            "p",
            &format!("{text}, types: [Ingress], ingress: [{{action: Deny}}]"),
        );
        world(&(pod.to_owned() + &deny)).ask("ext -> pod:other/p tcp/80")
    };
    assert_eq!(
        selects("namespaceSelector: team == 'red'"),
        Outcome::Unknown(Doubt::NamespaceLabels)
    );
    assert_eq!(
        selects("namespaceSelector: projectcalico.org/name == 'other'"),
        Outcome::Deny
    );
    assert_eq!(
        selects("namespaceSelector: kubernetes.io/metadata.name == 'else'"),
        Outcome::Allow
    );
    // What does not hang on the label is certain.
    assert_eq!(
        selects("selector: app == 'none', namespaceSelector: team == 'red'"),
        Outcome::Allow
    );
    assert_eq!(
        selects("serviceAccountSelector: kind == 'x'"),
        Outcome::Unknown(Doubt::NamespaceLabels)
    );
    let from = global(
        "p",
        "selector: app == 'one' && projectcalico.org/namespace == 'a', types: [Ingress], ingress: [{action: Allow, source: {namespaceSelector: team == 'red'}}]",
    );
    let asked = world(&(pod.to_owned() + &from));
    assert_eq!(
        asked.ask("pod:other/p -> pod:a/p1 tcp/80"),
        Outcome::Unknown(Doubt::NamespaceLabels)
    );
    asked.allows("pod:a/q1 -> pod:a/p1 tcp/80");
}

#[test]
fn ports_of_a_pod_that_need_not_exist_are_not_known() {
    let mut world = world(&global(
        "p",
        "selector: app == 'one', types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {ports: [web]}}]",
    ));
    world.sketch(
        "new",
        &PodSketch {
            namespace: "b".into(),
            node: Some("n2".into()),
            ..PodSketch::default()
        },
    );
    let port = palisade::engine::NamedPort {
        name: "web".into(),
        protocol: 6,
        port: 8080,
    };
    world.sketch(
        "known",
        &PodSketch {
            namespace: "b".into(),
            node: Some("n2".into()),
            ports: Some(vec![port]),
            ..PodSketch::default()
        },
    );
    assert_eq!(
        world.ask("pod:a/p1 -> sketch:new tcp/8080"),
        Outcome::Unknown(Doubt::NamedPort)
    );
    world.allows("pod:a/p1 -> sketch:known tcp/8080");
    world.denies("pod:a/p1 -> sketch:known tcp/8081");
}

#[test]
fn a_pod_of_no_known_node_is_looked_at_on_every_one() {
    let mut world = world("");
    world.sketch(
        "new",
        &PodSketch {
            namespace: "b".into(),
            ..PodSketch::default()
        },
    );
    world.allows("ext -> sketch:new tcp/80");
    // On n1 its host would drop it, on n2 nothing would.
    assert_eq!(world.ask("sketch:new -> host:n1 tcp/80"), Outcome::Deny);
    assert_eq!(
        world.ask("sketch:new -> host:n2 tcp/80"),
        Outcome::Unknown(Doubt::Node)
    );
    assert_eq!(world.trace("sketch:new -> host:n2 tcp/80").ways.len(), 2);
    let forward = global(
        "p",
        "selector: role == 'pub', applyOnForward: true, types: [Egress], egress: [{action: Deny}]",
    );
    let mut world = self::world(&forward);
    world.sketch(
        "new",
        &PodSketch {
            namespace: "b".into(),
            ..PodSketch::default()
        },
    );
    assert_eq!(
        world.ask("sketch:new -> ext tcp/80"),
        Outcome::Unknown(Doubt::Node)
    );
}

#[test]
fn without_routes_the_interface_is_not_known_and_only_counts_where_it_matters() {
    let none = World::with(BASE, &Settings::default());
    none.allows("pod:a/p1 -> ext tcp/80");
    assert_eq!(
        none.ask("host:n1 -> ext tcp/80"),
        Outcome::Unknown(Doubt::Interface)
    );
    none.denies("host:n1 -> ext tcp/80 via:eth1");
    none.allows("host:n1 -> ext tcp/80 via:eth0");
    none.allows("host:n2 -> ext tcp/80");
}

#[test]
fn routes_go_by_the_longest_prefix_and_a_nodes_own_before_the_common_ones() {
    let route = |to: &str, interface: &str| palisade::engine::Route {
        to: to.parse().expect("a block"),
        interface: interface.to_owned(),
    };
    let mut settings = settings();
    settings.routes.common.push(route("203.0.113.0/24", "eth0"));
    World::with(BASE, &settings).allows("host:n1 -> ext tcp/80");
    World::with(BASE, &settings).denies("host:n1 -> ip:198.51.100.1 tcp/80");
    settings
        .routes
        .of_node
        .insert("n1".into(), vec![route("0.0.0.0/0", "eth1")]);
    World::with(BASE, &settings).denies("host:n1 -> ext tcp/80");
}

#[test]
fn nodes_are_found_by_calicos_name_and_kubernetes_name() {
    let cluster = "
{kind: Node, apiVersion: v1, metadata: {name: 10.1.0.1, labels: {ibm-cloud.kubernetes.io/worker-id: kube-w1}}}
---
{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {name: h}, spec: {node: kube-w1, interfaceName: eth1}}
---
{kind: Pod, apiVersion: v1, metadata: {name: p, namespace: a}, spec: {nodeName: 10.1.0.1}, status: {podIP: 10.0.1.1}}
";
    let world = World::new(cluster);
    assert_eq!(
        world.program.find_host("kube-w1"),
        world.program.find_host("10.1.0.1")
    );
    world.denies("ext -> host:kube-w1 tcp/80");
    world.denies("pod:a/p -> host:10.1.0.1 tcp/80");
    // Without the Node object nobody knows which node the pod's is.
    let cut = World::new(&cluster.replace("kind: Node,", "kind: Unheard,"));
    assert_eq!(cut.ask("pod:a/p -> ext tcp/80"), Outcome::Allow);
    let forward = "\n---\n".to_owned()
        + &global(
            "f",
            "applyOnForward: true, types: [Egress], egress: [{action: Deny}], selector: '!has(projectcalico.org/namespace)'",
        );
    let cut = World::new(&(cluster.replace("kind: Node,", "kind: Unheard,") + &forward));
    assert_eq!(cut.ask("pod:a/p -> ext tcp/80"), Outcome::Deny);
}

#[test]
fn a_verdict_says_when_it_hangs_on_what_is_assumed() {
    let key = |kind, name: &str| Key {
        kind,
        namespace: None,
        name: name.to_owned(),
    };
    let yaml = format!(
        "{BASE}{}{}",
        on_pod("first", "order: 1, ", "{action: Deny, protocol: UDP}"),
        on_pod("last", "order: 2, ", "{action: Allow}")
    );
    let assumed = |keys: Vec<Key>, flow: &str| {
        let settings = Settings {
            assumed: keys.into_iter().collect(),
            ..settings()
        };
        World::with(&yaml, &settings).verdict(flow).remarks.assumed
    };
    let first = || vec![key(Kind::GlobalNetworkPolicy, "first")];
    assert!(!assumed(first(), IN));
    assert!(assumed(first(), "ext -> pod:a/p1 udp/80"));
    assert!(assumed(vec![key(Kind::GlobalNetworkPolicy, "last")], IN));
    assert!(assumed(
        vec![key(Kind::HostEndpoint, "h1")],
        "ext -> host:n1 tcp/80"
    ));
    assert!(!assumed(vec![key(Kind::HostEndpoint, "h1")], IN));
}

#[test]
fn a_trace_names_every_rule_looked_at_with_its_place() {
    let world = world(&on_pod(
        "p",
        "",
        "{action: Allow, protocol: UDP}, {action: Log}, {action: Allow, protocol: TCP, destination: {ports: [81]}}, {action: Deny}",
    ));
    let trace = world.trace(IN);
    let way = &trace.ways[0];
    let stage = way.stages.last().expect("a stage");
    assert_eq!(stage.decision, StageDecision::Drop);
    assert!(matches!(&stage.why, Why::Rule { index: 3, .. }));
    let rules = &stage.asked[0].tiers[0].policies[0].rules;
    let fails: Vec<Option<Criterion>> = rules.iter().map(|rule| rule.fails_at).collect();
    let (protocol, port) = (Criterion::Protocol, Criterion::DestinationPorts);
    assert_eq!(fails, [Some(protocol), None, Some(port), None]);
    assert!(
        rules
            .iter()
            .all(|rule| rule.place.span.line > 1 && rule.place.input.name == "test.yaml")
    );
    let data = serde_json::to_value(&trace).expect("data");
    assert_eq!(data["verdict"]["outcome"]["verdict"], "deny");
    assert_eq!(data["ways"][0]["stages"][0]["hook"], "untracked-ingress");
}

#[test]
fn a_flow_behind_a_service_is_found_and_shows_both_destinations() {
    let service = "\n---\n{kind: Service, apiVersion: v1, metadata: {name: web, namespace: a}, spec: {type: NodePort, \
         clusterIP: 172.21.0.10, selector: {app: one}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}}\n";
    let world = world(service);
    let behind = world.program.behind_node_port(6, 30080);
    assert_eq!((behind.len(), behind[0].port), (1, 8080));
    let address = "172.21.0.10".parse().expect("an address");
    assert_eq!(world.program.behind_address(address, 6, 80).len(), 1);
    assert!(world.program.behind_address(address, 17, 80).is_empty());
    let trace = world.trace("ext -> pod:a/p1 tcp/8080 node-port:n1:30080");
    let ports: Vec<Option<u16>> = trace.ways[0]
        .stages
        .iter()
        .map(|s| s.destination.port)
        .collect();
    assert_eq!(ports[..3], [Some(30080), Some(30080), Some(8080)]);
}

#[test]
fn the_era_comes_from_the_caller_then_the_cluster_then_the_newest() {
    let told = "\n---\n{kind: ClusterInformation, apiVersion: projectcalico.org/v3, metadata: {name: default}, spec: {calicoVersion: v3.29.1}}\n";
    assert_eq!(world("").program.era(), Era::E3);
    assert_eq!(world(told).program.era(), Era::E2);
    let settings = Settings {
        era: Some(Era::E1),
        ..settings()
    };
    assert_eq!(World::with(told, &settings).program.era(), Era::E1);
    for (text, era) in [
        ("3.28", Era::E1),
        ("v3.28.9", Era::E1),
        ("v3.31.0", Era::E2),
        ("3.32", Era::E3),
        ("v3.34.0-0.dev-117", Era::E3),
        ("4.0.0", Era::E3),
    ] {
        let version: CalicoVersion = text.parse().unwrap();
        assert_eq!(version.era(), era, "{text}");
    }
    assert!("new".parse::<CalicoVersion>().is_err() && "3".parse::<CalicoVersion>().is_err());
}

#[test]
fn a_program_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&world("").program);
}

#[test]
fn a_doubtful_pass_before_a_sure_denial_leaves_the_next_tier_a_say() {
    let tier = "\n---\n{kind: Tier, apiVersion: projectcalico.org/v3, metadata: {name: sec}, spec: {order: 1}}\n";
    let sec = global(
        "sec.p",
        "tier: sec, selector: app == 'one', types: [Ingress], ingress: [{action: Pass, protocol: TCP, http: {methods: [GET]}}, {action: Deny}]",
    );
    let world = self::world(&format!("{tier}{sec}"));
    assert_eq!(world.ask(IN), Outcome::Unknown(Doubt::Http));
    world.denies("ext -> pod:a/p1 udp/80");
    let denied = on_pod("p", "", "{action: Deny}");
    self::world(&format!("{tier}{sec}{denied}")).denies(IN);
}
