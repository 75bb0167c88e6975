//! The peers of rules: RES-10 to RES-23, one test a rule or more.

use palisade::engine::{Doubt, Outcome, PodSketch, Settings};
use palisade::resource::Era;

use crate::resolution::{from, from_own, in_era, selects, world};
use crate::support::{World, settings};
use crate::vectors::{BASE, global, policy};

#[test]
fn res_10_no_selector_means_any_address() {
    world(&from("")).allows("ext -> pod:a/p1 tcp/80");
    world(&from_own("nets: [203.0.113.0/24]")).allows("ext -> pod:a/p1 tcp/80");
}

#[test]
fn res_11_selectors_of_a_network_policy_stay_in_its_namespace() {
    for side in [
        "selector: all()",
        "notSelector: has(nothing)",
        "serviceAccounts: {names: [default]}",
    ] {
        let world = world(&from_own(side));
        world.allows("pod:a/q1 -> pod:a/p1 tcp/80");
        world.denies("pod:b/p2 -> pod:a/p1 tcp/80");
        world.denies("ext -> pod:a/p1 tcp/80");
    }
    let sets = "\n---\n{kind: NetworkSet, apiVersion: projectcalico.org/v3, metadata: \
         {name: s, namespace: a}, spec: {nets: [198.51.100.0/24]}}\n---\n{kind: GlobalNetworkSet, \
         apiVersion: projectcalico.org/v3, metadata: {name: g}, spec: {nets: [192.0.2.128/25]}}\n";
    let world = world(&(sets.to_owned() + &from_own("selector: all()")));
    world.allows("ip:198.51.100.7 -> pod:a/p1 tcp/80");
    world.denies("ip:192.0.2.200 -> pod:a/p1 tcp/80");
}

#[test]
fn res_12_a_namespace_selector_replaces_the_policys_own_namespace() {
    world(&from_own("namespaceSelector: team == 'blue'")).allows("pod:b/p2 -> pod:a/p1 tcp/80");
    world(&from_own("namespaceSelector: team == 'blue'")).denies("pod:a/q1 -> pod:a/p1 tcp/80");
    let all = world(&from_own("namespaceSelector: all()"));
    all.allows("pod:b/p2 -> pod:a/p1 tcp/80");
    all.denies("ext -> pod:a/p1 tcp/80");
    world(&from_own("namespaceSelector: all(), selector: x == '1'"))
        .denies("pod:b/p2 -> pod:a/p1 tcp/80");
}

#[test]
fn res_13_global_means_host_endpoints_and_global_sets() {
    let world = world(&from_own("namespaceSelector: global()"));
    world.denies("pod:a/q1 -> pod:a/p1 tcp/80");
    world.allows("ip:192.0.2.1 -> pod:a/p1 tcp/80");
}

#[test]
fn res_14_selectors_of_a_global_policy_range_over_everything_known() {
    let all = world(&from("selector: all()"));
    all.allows("pod:b/p2 -> pod:a/p1 tcp/80");
    all.allows("ip:192.0.2.1 -> pod:a/p1 tcp/80");
    all.denies("ext -> pod:a/p1 tcp/80");
    let negative = world(&from("namespaceSelector: team != 'red'"));
    negative.allows("ip:192.0.2.1 -> pod:a/p1 tcp/80");
    negative.denies("pod:a/q1 -> pod:a/p1 tcp/80");
}

#[test]
fn res_15_service_accounts_are_names_and_labels_together() {
    let accounts = "\n---\n{kind: ServiceAccount, apiVersion: v1, metadata: \
         {name: default, namespace: b, labels: {kind: machine}}}\n---\n{kind: ServiceAccount, \
         apiVersion: v1, metadata: {name: default, namespace: a}}\n";
    let with = |side: &str| world(&(accounts.to_owned() + &from(side)));
    with("serviceAccounts: {names: [default, robot]}").allows("pod:a/q1 -> pod:a/p1 tcp/80");
    with("serviceAccounts: {names: [robot]}").denies("pod:a/q1 -> pod:a/p1 tcp/80");
    with("serviceAccounts: {names: [default], selector: kind == 'machine'}")
        .allows("pod:b/p2 -> pod:a/p1 tcp/80");
    with("serviceAccounts: {names: [default], selector: kind == 'machine'}")
        .denies("pod:a/q1 -> pod:a/p1 tcp/80");
    with("serviceAccounts: {}").allows("ext -> pod:a/p1 tcp/80");
    // Not rewritten: every endpoint and set.
    with("serviceAccounts: {selector: all()}").allows("ip:192.0.2.1 -> pod:a/p1 tcp/80");
}

#[test]
fn res_16_not_selector_takes_from_what_is_selected_or_from_all_addresses() {
    let alone = world(&from("notSelector: x == '1'"));
    alone.allows("ext -> pod:a/p1 tcp/80");
    alone.denies("pod:b/q2 -> pod:a/p1 tcp/80");
    let both = world(&from(
        "selector: has(projectcalico.org/namespace), notSelector: x == '1'",
    ));
    both.denies("ext -> pod:a/p1 tcp/80");
    both.allows("pod:b/p2 -> pod:a/p1 tcp/80");
    both.denies("pod:b/q2 -> pod:a/p1 tcp/80");
    // Not namespaced: what lies elsewhere is left out too.
    world(&from_own("namespaceSelector: all(), notSelector: x == '1'"))
        .denies("pod:b/q2 -> pod:a/p1 tcp/80");
}

#[test]
fn res_17_host_endpoints_are_peers_by_expected_addresses_alone() {
    world(&from("selector: role == 'pub'")).allows("ip:192.0.2.1 -> pod:a/p1 tcp/80");
    let bare = "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: \
         {name: h1, labels: {role: pub}}, spec: {node: n1, interfaceName: eth1}}\n";
    world(&(bare.to_owned() + &from("selector: role == 'pub'")))
        .denies("ip:192.0.2.1 -> pod:a/p1 tcp/80");
}

#[test]
fn res_18_named_ports_are_those_of_any_endpoint_selected() {
    let pods = "\n---\n{kind: Pod, apiVersion: v1, metadata: {name: web, namespace: b, labels: \
         {app: web}}, spec: {nodeName: n2, initContainers: [{ports: [{name: setup, containerPort: 7}]}], \
         containers: [{ports: [{name: http, containerPort: 8080}, \
         {name: dns, containerPort: 53, protocol: UDP}]}]}, status: {podIP: 10.0.2.7}}\n---\n\
         {kind: NetworkSet, apiVersion: projectcalico.org/v3, metadata: {name: s, namespace: b, \
         labels: {app: web}}, spec: {nets: [198.51.100.0/24]}}\n";
    let to = |side: &str, protocol: &str| {
        pods.to_owned()
            + &policy(
                "to",
                &format!(
                    "selector: app == 'one', types: [Egress], egress: [{{action: Allow, \
                     {protocol}destination: {{{side}}}}}]"
                ),
            )
    };
    let http = world(&to("ports: [http, 443]", "protocol: TCP, "));
    http.allows("pod:a/p1 -> pod:b/web tcp/8080");
    http.allows("pod:a/p1 -> ext tcp/443");
    http.denies("pod:a/p1 -> pod:b/web tcp/8081");
    http.denies("pod:a/p1 -> pod:b/p2 tcp/8080");
    http.denies("pod:a/p1 -> ip:198.51.100.7 tcp/8080");
    world(&to("ports: [setup]", "protocol: TCP, ")).allows("pod:a/p1 -> pod:b/web tcp/7");
    world(&to("ports: [dns]", "protocol: TCP, ")).denies("pod:a/p1 -> pod:b/web tcp/53");
    // Filtered by the selector of the same side.
    world(&to(
        "ports: [http], selector: app == 'x'",
        "protocol: TCP, ",
    ))
    .denies("pod:a/p1 -> pod:b/web tcp/8080");
    // Without a protocol: any, from 3.32.
    world(&to("ports: [dns]", "")).allows("pod:a/p1 -> pod:b/web udp/53");
    let old = in_era(Era::E2, &to("ports: [dns]", ""));
    assert_eq!(
        old.program.vanished().len(),
        1,
        "VAL-27: up to 3.31 Felix refuses it"
    );
    let host = world(
        &(global(
            "g",
            "selector: app == 'one', types: [Egress], egress: [{action: Allow, \
         protocol: TCP, destination: {ports: [kubelet]}}]",
        ) + "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {name: h2}, spec: {node: n2, \
           interfaceName: eth1, expectedIPs: [192.0.2.2], ports: [{name: kubelet, protocol: TCP, port: 10250}], \
           profiles: [projectcalico-default-allow]}}\n"),
    );
    host.allows("pod:a/p1 -> host:n2 tcp/10250");
    host.denies("pod:a/p1 -> host:n2 tcp/10251");
}

const SLICE: &str = "\n---\n{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: web-1, \
     namespace: b, labels: {kubernetes.io/service-name: web}}, endpoints: [{addresses: [10.0.2.1], \
     conditions: {ready: false}}], ports: [{port: 8080}, {name: none}]}\n";

fn to_service(service: &str) -> String {
    SLICE.to_owned()
        + &policy(
            "to",
            &format!(
                "selector: app == 'one', types: [Egress], egress: [{{action: Allow, \
                 destination: {{services: {{{service}}}}}}}]"
            ),
        )
}

#[test]
fn res_19_services_mean_their_endpoints_ready_or_not_behind_the_translation() {
    let world = world(&to_service("name: web, namespace: b"));
    world.allows("pod:a/p1 -> pod:b/p2 tcp/8080 sent-to:172.21.0.10:80");
    world.denies("pod:a/p1 -> pod:b/p2 tcp/80 sent-to:172.21.0.10:80");
    world.denies("pod:a/p1 -> pod:b/p2 udp/8080");
    let source = self::world(&(SLICE.to_owned() + &from("services: {name: web, namespace: b}")));
    source.allows("pod:b/p2 -> pod:a/p1 tcp/9");
    source.denies("pod:b/q2 -> pod:a/p1 tcp/9");
    let unheard = self::world(&to_service("name: other, namespace: b"));
    assert_eq!(
        unheard.ask("pod:a/p1 -> pod:b/p2 tcp/8080"),
        Outcome::Unknown(Doubt::ServiceEndpoints)
    );
}

#[test]
fn res_20_a_service_without_a_namespace_is_none() {
    world(&to_service("name: web")).denies("pod:a/p1 -> pod:b/p2 tcp/8080");
}

#[test]
fn res_21_a_list_of_one_family_takes_the_rule_out_of_the_other() {
    let deny = |side: &str| {
        world(&global(
            "g",
            &format!(
                "selector: app == 'one', types: [Ingress], \
             ingress: [{{action: Deny, source: {{{side}}}}}, {{action: Allow}}]"
            ),
        ))
    };
    deny("nets: [0.0.0.0/0]").denies("ext -> pod:a/p1 tcp/80");
    deny("nets: [0.0.0.0/0]").allows("ip:2001:db8::7 -> pod:a/p1 tcp/80");
    let allow = world(&from("notNets: [10.0.0.0/8]"));
    allow.allows("ext -> pod:a/p1 tcp/80");
    allow.denies("ip:2001:db8::7 -> pod:a/p1 tcp/80");
    deny("nets: [0.0.0.0/0], notNets: ['2001:db8::/32']").allows("ext -> pod:a/p1 tcp/80");
    world(&from("nets: ['2001:db8::/32', 198.51.100.0/24]"))
        .allows("ip:2001:db8::7 -> pod:a/p1 tcp/80");
}

#[test]
fn res_22_not_nets_of_everything_take_the_rule_away() {
    world(&from("notNets: [0.0.0.0/0]")).denies("ext -> pod:a/p1 tcp/80");
    let both = world(&from("notNets: [0.0.0.0/0, '2001:db8::/32']"));
    both.allows("ip:2001:ffff::7 -> pod:a/p1 tcp/80");
}

#[test]
fn res_23_what_is_no_block_is_left_out_of_the_list() {
    let world = |nets: &str| self::world(&from(&format!("nets: [{nets}]")));
    world("198.51.100.0/24, 300.0.0.0/8").denies("ext -> pod:a/p1 tcp/80");
    world("300.0.0.0/8").allows("ext -> pod:a/p1 tcp/80");
    // Host bits are cleared, an address is a block of one.
    world("203.0.113.99/24").allows("ext -> pod:a/p1 tcp/80");
    world("203.0.113.7").allows("ext -> pod:a/p1 tcp/80");
}

#[test]
fn a_pod_that_need_not_exist_is_a_peer_by_its_labels() {
    let sketch = |address: Option<&str>| PodSketch {
        namespace: "a".into(),
        labels: [("app".to_owned(), "new".to_owned())].into(),
        node: Some("n2".into()),
        address: address.map(|a| a.parse().expect("an address")),
        ..PodSketch::default()
    };
    let mut world = World::with(
        &format!("{BASE}{}", from("selector: app == 'new'")),
        &Settings {
            pod_subnets: vec!["10.0.0.0/16".parse().expect("a block")],
            ..settings()
        },
    );
    world.sketch("new", &sketch(None));
    world.sketch("there", &sketch(Some("10.0.2.77")));
    world.allows("sketch:new -> pod:a/p1 tcp/80");
    world.allows("sketch:there -> pod:a/p1 tcp/80");
    world.denies("pod:a/q1 -> pod:a/p1 tcp/80");
    let nets = |block: &str| {
        let settings = Settings {
            pod_subnets: vec!["10.0.0.0/16".parse().expect("a block")],
            ..settings()
        };
        let mut world = World::with(
            &format!("{BASE}{}", from(&format!("nets: [{block}]"))),
            &settings,
        );
        world.sketch("new", &sketch(None));
        world.ask("sketch:new -> pod:a/p1 tcp/80")
    };
    assert_eq!(nets("10.0.0.0/8"), Outcome::Allow);
    assert_eq!(nets("192.0.2.0/24"), Outcome::Deny);
    assert_eq!(nets("10.0.2.0/24"), Outcome::Unknown(Doubt::Address));
    // The policies that select it are those of its labels.
    let mut selected = self::world(&selects("selector: app == 'new'"));
    selected.sketch("new", &sketch(None));
    selected.denies("ext -> sketch:new tcp/81");
    selected.allows("ext -> sketch:new tcp/80");
}
