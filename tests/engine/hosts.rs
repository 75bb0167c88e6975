//! Hosts, tunnels, failsafes, matching and the BPF data plane: EVAL-31 to EVAL-50.

use palisade::engine::{DataPlane, Doubt, HostAction, Outcome, Settings};

use crate::support::{World, overlay, settings};
use crate::vectors::{BASE, global};

fn world(added: &str) -> World {
    World::new(&format!("{BASE}{added}"))
}

fn with(settings: &Settings, added: &str) -> World {
    World::with(&format!("{BASE}{added}"), settings)
}

fn carried(kind: &str, added: &str) -> World {
    with(
        &Settings {
            overlay: Some(overlay(kind)),
            ..settings()
        },
        added,
    )
}

fn bpf(added: &str) -> World {
    with(
        &Settings {
            data_plane: Some(DataPlane::Bpf),
            ..settings()
        },
        added,
    )
}

fn on_host(name: &str, spec: &str) -> String {
    global(name, &format!("selector: role == 'pub', {spec}"))
}

fn on_pod(rules: &str) -> String {
    global(
        "pod",
        &format!("selector: app == 'one', types: [Ingress], ingress: [{rules}]"),
    )
}

fn felix(spec: &str) -> String {
    format!(
        "\n---\n{{kind: FelixConfiguration, apiVersion: projectcalico.org/v3, metadata: {{name: default}}, spec: {{{spec}}}}}\n"
    )
}

const ANY: &str = "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: \
     {name: any, labels: {any: 'yes'}}, spec: {node: n1, interfaceName: '*'}}\n";

#[test]
fn eval_31_a_host_always_reaches_its_own_pods() {
    let closed = ANY.to_owned()
        + &global(
            "deny",
            "applyOnForward: true, types: [Ingress, Egress], ingress: [{action: Deny}], egress: [{action: Deny}]",
        );
    world(&closed).allows("host:n1 -> pod:a/p1 tcp/80");
    world(&closed).allows("host:n1 -> pod:a/p1 tcp/80 sent-to:172.21.0.10:80");
    bpf(&closed).allows("host:n1 -> pod:a/p1 tcp/80");
}

#[test]
fn eval_32_forward_policy_of_an_interface_does_not_see_what_a_tunnel_carries() {
    let deny = |selector: &str| {
        global(
            "deny",
            &format!(
                "selector: {selector}, applyOnForward: true, types: [Ingress, Egress], ingress: [{{action: Deny}}], egress: [{{action: Deny}}]"
            ),
        )
    };
    let flow = "pod:a/p1 -> pod:b/p2 tcp/80";
    for kind in ["ipip", "vxlan", "wireguard"] {
        carried(kind, &deny("role == 'pub'")).allows(flow);
        carried(kind, &(ANY.to_owned() + &deny("has(any)"))).denies(flow);
    }
    world(&deny("role == 'pub'")).denies(flow);
}

#[test]
fn eval_33_failsafe_ports_are_open_by_default() {
    let world = world("");
    for port in [22, 179, 2379, 2380, 5473, 6443, 6666, 6667] {
        world.allows(&format!("ext -> host:n1 tcp/{port}"));
    }
    world.allows("ext -> host:n1 udp/68");
    for flow in [
        "udp/53", "udp/67", "tcp/179", "tcp/2379", "tcp/2380", "tcp/5473", "tcp/6443", "tcp/6666",
        "tcp/6667",
    ] {
        world.allows(&format!("host:n1 -> ext {flow}"));
    }
    for flow in ["udp/22", "tcp/68", "tcp/53", "tcp/23"] {
        world.denies(&format!("ext -> host:n1 {flow}"));
    }
    world.denies("host:n1 -> ext tcp/22");
    world.denies("host:n1 -> ext tcp/53");
}

#[test]
fn eval_34_failsafes_have_protocol_and_net_and_replace_the_whole_list() {
    let own = world(&felix(
        "failsafeInboundHostPorts: [{port: 10250, net: 203.0.113.0/24}, {protocol: udp, port: 9}], \
         failsafeOutboundHostPorts: [{protocol: tcp, port: 443, net: 198.51.100.0/24}]",
    ));
    own.allows("ext -> host:n1 tcp/10250");
    own.denies("ip:198.51.100.1 -> host:n1 tcp/10250");
    own.allows("ext -> host:n1 udp/9");
    own.denies("ext -> host:n1 tcp/22");
    own.allows("host:n1 -> ip:198.51.100.1 tcp/443");
    own.denies("host:n1 -> ext tcp/443");
    own.denies("ip:2001:db8::7 -> host:n1 tcp/10250");
    let none = world(&felix("failsafeInboundHostPorts: []"));
    none.denies("ext -> host:n1 tcp/22");
    none.allows("host:n1 -> ext udp/53");
    // A node's own configuration goes before (MOD-21).
    let node = felix("failsafeInboundHostPorts: []")
        + &felix("failsafeInboundHostPorts: [{port: 22}]")
            .replace("name: default", "name: node.n1");
    world(&node).allows("ext -> host:n1 tcp/22");
}

#[test]
fn eval_35_failsafes_hold_for_host_policy_alone_and_end_one_stage() {
    let pre = on_host(
        "deny",
        "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    world(&pre).denies("ext -> host:n1 tcp/80");
    world(&(pre.clone() + &on_host("normal", "types: [Ingress], ingress: [{action: Deny}]")))
        .allows("ext -> host:n1 tcp/22");
    // A node port that is a failsafe port faces forward and pod policy.
    let node_port = "ext -> pod:a/p1 tcp/8080 node-port:n1:22";
    world(&pre).allows(node_port);
    let forward = pre.clone()
        + &on_host(
            "fwd",
            "applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
        );
    world(&forward).denies(node_port);
    world(&(pre + &on_pod("{action: Deny}"))).denies(node_port);
    let raw = on_host(
        "raw",
        "doNotTrack: true, applyOnForward: true, types: [Ingress, Egress], ingress: [{action: Deny}], egress: [{action: Deny}]",
    );
    let raw = world(
        &(raw
            + &on_host(
                "open",
                "types: [Ingress, Egress], ingress: [{action: Allow}], egress: [{action: Allow}]",
            )),
    );
    raw.allows("ext -> host:n1 tcp/22");
    raw.denies("ext -> host:n1 tcp/80");
    // The mirror: answers of what the host asked.
    raw.allows("ext -> host:n1 udp/40000 from-port:53");
    raw.allows("host:n1 -> ext tcp/40000 from-port:22");
    raw.denies("host:n1 -> ext tcp/40000 from-port:80");
    // Not for pods.
    world(&on_pod("{action: Deny}")).denies("ext -> pod:a/p1 tcp/22");
}

#[test]
fn eval_36_overlay_packets_of_nodes_are_let_through_but_not_by_early_hooks() {
    let ipip = carried("ipip", "");
    ipip.allows("ip:192.0.2.2 -> host:n1 4");
    ipip.denies("ip:203.0.113.7 -> host:n1 4");
    ipip.allows("host:n1 -> host:n2 4");
    ipip.denies("ip:192.0.2.2 -> host:n1 udp/4789");
    let vxlan = carried("vxlan", "");
    vxlan.allows("ip:192.0.2.2 -> host:n1 udp/4789");
    vxlan.denies("ext -> host:n1 udp/4789");
    carried("wireguard", "").allows("ext -> host:n1 udp/51820");
    // A stray one is dropped even where policy would let it in.
    let open = on_host("open", "types: [Ingress], ingress: [{action: Allow}]");
    carried("ipip", &open).denies("ext -> host:n1 4");
    world(&open).allows("ext -> host:n1 4");
    // Pitfall 24: a pre-DNAT denial on the interface below cuts pods of other nodes off.
    let deny = on_host(
        "deny",
        "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    carried("ipip", &deny).denies("pod:b/p2 -> pod:a/p1 tcp/80");
    carried("ipip", "").allows("pod:b/p2 -> pod:a/p1 tcp/80");
}

#[test]
fn eval_37_pods_must_not_send_overlay_packets_themselves() {
    world("").denies("pod:a/p1 -> ext 4");
    world("").denies("pod:a/p1 -> ext udp/4789");
    let free = world(&felix(
        "allowIPIPPacketsFromWorkloads: true, allowVXLANPacketsFromWorkloads: true",
    ));
    free.allows("pod:a/p1 -> ext 4");
    free.allows("pod:a/p1 -> ext udp/4789");
    let moved = world(&felix("vxlanPort: 4790"));
    moved.allows("pod:a/p1 -> ext udp/4789");
    moved.denies("pod:a/p1 -> ext udp/4790");
}

#[test]
fn eval_38_bgp_is_open_through_failsafes_alone() {
    world("").allows("ext -> host:n1 tcp/179");
    world(&felix("failsafeInboundHostPorts: []")).denies("ext -> host:n1 tcp/179");
}

#[test]
fn eval_39_neighbour_discovery_of_pods_is_always_let_through() {
    let deny = global(
        "deny",
        "selector: app == 'one', types: [Egress], egress: [{action: Deny}]",
    );
    let world = world(&deny);
    for kind in [130, 131, 132, 133, 135, 136] {
        world.allows(&format!("pod:a/p1 -> host:n1 icmpv6 icmp:{kind}/0"));
    }
    world.denies("pod:a/p1 -> host:n1 icmpv6 icmp:128/0");
    world.denies("pod:a/p1 -> host:n1 icmp icmp:8/0");
    assert_eq!(
        world.ask("pod:a/p1 -> host:n1 icmpv6"),
        Outcome::Unknown(Doubt::Icmp)
    );
}

#[test]
fn eval_40_pod_to_its_own_host_is_what_felix_says() {
    let flow = "pod:a/p1 -> host:n1 tcp/10250";
    let action = |action| {
        with(
            &Settings {
                default_endpoint_to_host_action: Some(action),
                ..settings()
            },
            "",
        )
    };
    action(HostAction::Drop).denies(flow);
    action(HostAction::Accept).allows(flow);
    assert_eq!(
        action(HostAction::Return).ask(flow),
        Outcome::Unknown(Doubt::HostFirewall)
    );
    world(&felix("defaultEndpointToHostAction: Accept")).allows(flow);
    world(&felix("defaultEndpointToHostAction: ACCEPT")).allows(flow);
    // Egress policy goes before; normal policy of `*` is not asked, its pre-DNAT policy is.
    let accept = felix("defaultEndpointToHostAction: Accept");
    let deny = global(
        "deny",
        "selector: app == 'one', types: [Egress], egress: [{action: Deny}]",
    );
    world(&(accept.clone() + &deny)).denies(flow);
    let any = accept.clone()
        + ANY
        + &global(
            "p",
            "selector: has(any), types: [Ingress], ingress: [{action: Deny}]",
        );
    world(&any).allows(flow);
    let early = accept
        + ANY
        + &global(
            "p",
            "selector: has(any), preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
        );
    world(&early).denies(flow);
    // To another node it is a packet like any other.
    world("").allows("pod:a/p1 -> host:n2 tcp/10250");
    world("").denies("pod:b/p2 -> host:n1 tcp/10250");
}

#[test]
fn eval_41_automatic_host_endpoints_are_open_by_their_profile() {
    let auto = "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {name: n2-auto-hep, labels: \
         {projectcalico.org/created-by: calico-kube-controllers}}, spec: {node: n2, interfaceName: '*', \
         expectedIPs: [192.0.2.2], profiles: [projectcalico-default-allow]}}\n";
    world(auto).allows("ext -> host:n2 tcp/80");
    world(
        &(auto.to_owned()
            + &global(
                "p",
                "selector: has(projectcalico.org/created-by), types: [Ingress]",
            )),
    )
    .denies("ext -> host:n2 tcp/80");
}

#[test]
fn eval_42_ports_match_only_protocols_that_have_them() {
    let world = world(&on_pod(
        "{action: Deny, protocol: TCP, destination: {notPorts: [80]}}, {action: Allow}",
    ));
    world.denies("ext -> pod:a/p1 tcp/81");
    world.allows("ext -> pod:a/p1 tcp/80");
    world.allows("ext -> pod:a/p1 udp/81");
    let named = self::world(&on_pod(
        "{action: Deny, destination: {notPorts: [web]}}, {action: Allow}",
    ));
    named.allows("ext -> pod:a/p1 icmp icmp:8/0");
    named.denies("ext -> pod:a/p1 udp/81");
}

#[test]
fn eval_43_icmp_types_and_codes() {
    let rule = |test: &str| on_pod(&format!("{{action: Allow, protocol: ICMP, {test}}}"));
    let asks = |test: &str, flow: &str| {
        world(&rule(test)).ask(&format!("ext -> pod:a/p1 icmp icmp:{flow}")) == Outcome::Allow
    };
    assert!(asks("icmp: {type: 3}", "3/1") && !asks("icmp: {type: 3}", "8/0"));
    assert!(asks("icmp: {type: 3, code: 1}", "3/1") && !asks("icmp: {type: 3, code: 1}", "3/0"));
    assert!(
        !asks("notICMP: {type: 3, code: 1}", "3/1") && asks("notICMP: {type: 3, code: 1}", "3/0")
    );
    let nftables = Settings {
        data_plane: Some(DataPlane::Nftables),
        ..settings()
    };
    with(&nftables, &rule("notICMP: {type: 3, code: 1}")).denies("ext -> pod:a/p1 icmp icmp:3/0");
    with(&nftables, &rule("notICMP: {type: 3, code: 1}")).allows("ext -> pod:a/p1 icmp icmp:8/0");
    // The name implies the family, the number does not.
    world(&on_pod("{action: Allow, protocol: ICMP}")).denies("ip:2001:db8::7 -> pod:a/p1 1");
    world(&on_pod("{action: Allow, protocol: 1}")).allows("ip:2001:db8::7 -> pod:a/p1 1");
}

#[test]
fn eval_44_not_protocol_matches_every_other() {
    let world = world(&on_pod("{action: Allow, notProtocol: TCP}"));
    world.denies("ext -> pod:a/p1 tcp/80");
    world.allows("ext -> pod:a/p1 udp/80");
    world.allows("ext -> pod:a/p1 icmp icmp:8/0");
    world.allows("ext -> pod:a/p1 47");
}

#[test]
fn eval_45_source_ports_are_matched_as_they_are() {
    let world = world(&on_pod(
        "{action: Allow, protocol: UDP, source: {ports: [53]}}",
    ));
    world.allows("ext -> pod:a/p1 udp/40000 from-port:53");
    world.denies("ext -> pod:a/p1 udp/40000 from-port:54");
    assert_eq!(
        world.ask("ext -> pod:a/p1 udp/40000 from-port:"),
        Outcome::Unknown(Doubt::Port)
    );
}

#[test]
fn eval_46_pods_see_the_client_or_the_node_that_sent_it_on() {
    let allow = |net: &str| on_pod(&format!("{{action: Allow, source: {{nets: [{net}]}}}}"));
    let client = allow("203.0.113.7/32");
    world(&client).allows("ext -> pod:a/p1 tcp/8080 node-port:n1:30080");
    world(&client).denies("ext -> pod:a/p1 tcp/8080 node-port:n2:30080");
    world(&allow("192.0.2.2/32")).allows("ext -> pod:a/p1 tcp/8080 node-port:n2:30080");
    let local = world(&client).verdict("ext -> pod:a/p1 tcp/8080 node-port:n2:30080 local");
    assert!(local.outcome == Outcome::Allow && local.remarks.not_local);
    // BPF hides no client.
    bpf(&client).allows("ext -> pod:a/p1 tcp/8080 node-port:n2:30080");
}

#[test]
fn eval_47_bpf_asks_forward_or_normal_policy_by_where_the_packet_ends() {
    let forward = on_host(
        "fwd",
        "applyOnForward: true, types: [Ingress], ingress: [{action: Deny, protocol: TCP, destination: {ports: [8080]}}, {action: Allow}]",
    );
    bpf(&forward).denies("ext -> pod:a/p1 tcp/8080 node-port:n1:30080");
    let normal = on_host("normal", "types: [Ingress], ingress: [{action: Deny}]");
    bpf(&normal).allows("ext -> pod:a/p1 tcp/8080 node-port:n1:30080");
    bpf(&normal).denies("ext -> host:n1 tcp/80");
    let any = ANY.to_owned()
        + &global(
            "p",
            "selector: has(any), types: [Ingress, Egress], ingress: [{action: Deny}], egress: [{action: Deny}]",
        );
    bpf(&any).allows("pod:a/p1 -> pod:a/p1 tcp/80");
    bpf(&any).allows("host:n1 -> host:n1 tcp/80");
}

#[test]
fn eval_48_bpf_accepts_where_forward_policy_has_no_verdict() {
    let other = on_host(
        "p",
        "applyOnForward: true, types: [Ingress], ingress: [{action: Allow}]",
    );
    let verdict = bpf(&other).verdict("pod:a/p1 -> ext tcp/80");
    assert!(verdict.outcome == Outcome::Allow && !verdict.remarks.no_explicit_accept);
}

#[test]
fn eval_49_bpf_failsafes_hold_only_for_what_ends_on_the_host() {
    let pre = on_host(
        "deny",
        "preDNAT: true, applyOnForward: true, types: [Ingress], ingress: [{action: Deny}]",
    );
    let node_port = "ext -> pod:a/p1 tcp/8080 node-port:n1:22";
    world(&pre).allows(node_port);
    bpf(&pre).denies(node_port);
    bpf(&pre).allows("ext -> host:n1 tcp/22");
    let sctp = felix("failsafeInboundHostPorts: [{protocol: SCTP, port: 9}]");
    world(&sctp).allows("ext -> host:n1 sctp/9");
    bpf(&sctp).denies("ext -> host:n1 sctp/9");
}

#[test]
fn eval_50_bpf_does_not_know_some_protocols_by_name() {
    let rule = on_pod("{action: Allow, protocol: ICMPv6}, {action: Allow, protocol: UDPLite}");
    let flow = "ip:2001:db8::7 -> pod:a/p1 icmpv6 icmp:128/0";
    world(&rule).allows(flow);
    bpf(&rule).denies(flow);
    world(&rule).allows("ext -> pod:a/p1 136");
    bpf(&rule).denies("ext -> pod:a/p1 136");
    bpf(&on_pod("{action: Allow, protocol: 58}")).allows(flow);
}
