//! The worked verdicts of section 4.12, EV-1 to EV-33, whole.

use palisade::engine::{HostAction, Outcome, Settings};

use crate::support::{World, overlay, settings};

/// Node n1 with interface eth1 and host endpoint h1 without profiles, node n2 without host
/// endpoints; pod p1 of namespace a on n1, pod p2 of namespace b on n2.
pub const BASE: &str = "
{kind: Node, apiVersion: v1, metadata: {name: n1},
 status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{kind: Node, apiVersion: v1, metadata: {name: n2},
 status: {addresses: [{type: InternalIP, address: 192.0.2.2}]}}
---
{kind: Namespace, apiVersion: v1, metadata: {name: a, labels: {team: red}}}
---
{kind: Namespace, apiVersion: v1, metadata: {name: b, labels: {team: blue}}}
---
{kind: Pod, apiVersion: v1, metadata: {name: p1, namespace: a, labels: {app: one}},
 spec: {nodeName: n1}, status: {podIP: 10.0.1.1}}
---
{kind: Pod, apiVersion: v1, metadata: {name: q1, namespace: a, labels: {app: two}},
 spec: {nodeName: n2}, status: {podIP: 10.0.2.9}}
---
{kind: Pod, apiVersion: v1, metadata: {name: p2, namespace: b, labels: {app: two}},
 spec: {nodeName: n2}, status: {podIP: 10.0.2.1}}
---
{kind: Pod, apiVersion: v1, metadata: {name: q2, namespace: b, labels: {x: '1'}},
 spec: {nodeName: n2}, status: {podIP: 10.0.2.2}}
---
{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {name: h1, labels: {role: pub}},
 spec: {node: n1, interfaceName: eth1, expectedIPs: [192.0.2.1]}}
";

/// One row of the table: what is added to the base, and what becomes of which packets.
struct Vector {
    id: &'static str,
    added: String,
    flows: &'static [(&'static str, &'static str)],
    settings: Settings,
}

fn row(id: &'static str, added: &str, flows: &'static [(&'static str, &'static str)]) -> Vector {
    Vector {
        id,
        added: added.to_owned(),
        flows,
        settings: settings(),
    }
}

pub fn global(name: &str, spec: &str) -> String {
    format!(
        "\n---\n{{kind: GlobalNetworkPolicy, apiVersion: projectcalico.org/v3, \
         metadata: {{name: {name}}}, spec: {{{spec}}}}}\n"
    )
}

pub fn policy(name: &str, spec: &str) -> String {
    format!(
        "\n---\n{{kind: NetworkPolicy, apiVersion: projectcalico.org/v3, \
         metadata: {{name: {name}, namespace: a}}, spec: {{{spec}}}}}\n"
    )
}

fn table() -> Vec<Vector> {
    let allow_kubelet = global(
        "kubelet",
        "selector: role == 'pub', types: [Ingress], ingress: [{action: Allow, protocol: TCP, \
         destination: {ports: [10250]}}]",
    );
    let with_profile = allow_kubelet.clone()
        + "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, \
           metadata: {name: h1, labels: {role: pub}}, spec: {node: n1, interfaceName: eth1, \
           expectedIPs: [192.0.2.1], profiles: [projectcalico-default-allow]}}\n";
    let deny_pre_dnat = global(
        "deny",
        "selector: role == 'pub', order: 100, preDNAT: true, applyOnForward: true, \
         types: [Ingress], ingress: [{action: Deny}]",
    );
    let allow_pre_dnat = |port: u16| {
        global(
            "allow",
            &format!(
                "selector: role == 'pub', order: 10, preDNAT: true, applyOnForward: true, \
                 types: [Ingress], ingress: [{{action: Allow, protocol: TCP, \
                 destination: {{ports: [{port}]}}}}]"
            ),
        )
    };
    let wildcard = "\n---\n{kind: HostEndpoint, apiVersion: projectcalico.org/v3, \
         metadata: {name: h1, labels: {role: pub}}, spec: {node: n1, interfaceName: '*', \
         expectedIPs: [192.0.2.1]}}\n";
    let deny_all = |more: &str| {
        global(
            "deny",
            &format!("types: [Ingress], order: 1, ingress: [{{action: Deny}}]{more}"),
        )
    };
    let from = |side: &str| format!("ingress: [{{action: Allow, source: {{{side}}}}}]");
    let set = "\n---\n{kind: GlobalNetworkSet, apiVersion: projectcalico.org/v3, \
         metadata: {name: set, labels: {partner: 'yes'}}, spec: {nets: [198.51.100.0/24]}}\n";
    let tier = |action: &str| {
        format!(
            "\n---\n{{kind: Tier, apiVersion: projectcalico.org/v3, metadata: {{name: sec}}, \
             spec: {{order: 100, defaultAction: {action}}}}}\n"
        )
    };
    let in_tier = |rules: &str| {
        global(
            "sec.one",
            &format!("tier: sec, selector: app == 'one', types: [Egress], egress: [{rules}]"),
        )
    };
    let raw = "\n---\n{kind: NetworkPolicy, apiVersion: crd.projectcalico.org/v1, \
         metadata: {name: default.raw, namespace: a}, \
         spec: {selector: app == 'one', ingress: [{action: Allow}]}}\n";
    let accept = Settings {
        default_endpoint_to_host_action: Some(HostAction::Accept),
        ..settings()
    };
    let with = |overlay| Settings {
        overlay: Some(overlay),
        ..settings()
    };
    let native = &[("host:n1 -> pod:b/p2 tcp/8080", "deny")];
    let carried = &[("host:n1 -> pod:b/p2 tcp/8080", "allow")];
    let to_host = &[("pod:a/p1 -> host:n1 tcp/10250", "deny")];
    let to_host_accepted = &[("pod:a/p1 -> host:n1 tcp/10250", "allow")];
    vec![
        row("EV-1", "", &[("ext -> host:n1 tcp/22", "allow")]),
        row("EV-2", "", &[("ext -> host:n1 tcp/10250", "deny")]),
        row(
            "EV-3",
            "",
            &[
                ("host:n1 -> ext udp/53", "allow"),
                ("host:n1 -> ext tcp/443", "deny"),
            ],
        ),
        row(
            "EV-4",
            "",
            &[("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "allow")],
        ),
        row("EV-5", "", &[("pod:a/p1 -> ext tcp/443", "allow")]),
        row("EV-6", "", to_host),
        Vector {
            settings: accept,
            ..row("EV-6 Accept", "", to_host_accepted)
        },
        row(
            "EV-7",
            "",
            &[
                ("host:n1 -> pod:a/p1 tcp/1", "allow"),
                ("host:n1 -> pod:a/p1 udp/65535", "allow"),
            ],
        ),
        row("EV-8", "", native),
        Vector {
            settings: with(overlay("ipip")),
            ..row("EV-8 IPIP", "", carried)
        },
        Vector {
            settings: with(overlay("vxlan")),
            ..row("EV-8 VXLAN", "", carried)
        },
        row(
            "EV-9",
            &allow_kubelet,
            &[
                ("ext -> host:n1 tcp/10250", "allow"),
                ("ext -> host:n1 tcp/10251", "deny"),
                ("host:n1 -> ext tcp/443", "deny"),
            ],
        ),
        row(
            "EV-10",
            &with_profile,
            &[
                ("ext -> host:n1 tcp/10251", "deny"),
                ("host:n1 -> ext tcp/443", "allow"),
            ],
        ),
        row(
            "EV-11",
            &deny_pre_dnat,
            &[
                ("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "deny"),
                ("ext -> host:n1 tcp/22", "allow"),
                ("pod:a/p1 -> pod:a/p1 tcp/8080 node-port:n1:30080", "allow"),
            ],
        ),
        row(
            "EV-12",
            &(deny_pre_dnat.clone() + &allow_pre_dnat(30080)),
            &[
                ("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "allow"),
                ("ext -> pod:a/p1 tcp/8080 node-port:n1:30081", "deny"),
            ],
        ),
        row(
            "EV-13",
            &(deny_pre_dnat.clone() + &allow_pre_dnat(8080)),
            &[("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "deny")],
        ),
        row(
            "EV-14",
            &(deny_pre_dnat.clone() + wildcard),
            &[("pod:a/p1 -> pod:a/p1 tcp/8080 node-port:n1:30080", "deny")],
        ),
        row(
            "EV-15",
            &global(
                "deny",
                "selector: role == 'pub', applyOnForward: true, \
             types: [Ingress], ingress: [{action: Deny}]",
            ),
            &[
                ("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "deny"),
                ("pod:a/p1 -> ext tcp/443", "no explicit accept"),
                ("ext -> host:n1 tcp/22", "allow"),
            ],
        ),
        row(
            "EV-16",
            &global(
                "deny",
                "selector: role == 'pub', types: [Ingress], \
             ingress: [{action: Deny}]",
            ),
            &[("ext -> pod:a/p1 tcp/8080 node-port:n1:30080", "allow")],
        ),
        row(
            "EV-17",
            &deny_all(""),
            &[
                ("ext -> host:n1 tcp/10250", "deny"),
                ("ext -> pod:a/p1 tcp/8080", "deny"),
                ("host:n1 -> pod:a/p1 tcp/8080", "allow"),
            ],
        ),
        row(
            "EV-18",
            &deny_all(", namespaceSelector: all()"),
            &[
                ("ext -> host:n1 tcp/10250", "deny by no-profile"),
                ("ext -> pod:a/p1 tcp/8080", "deny by rule"),
            ],
        ),
        row(
            "EV-19",
            &policy("one", &from("selector: all()")),
            &[
                ("pod:a/q1 -> pod:a/p1 tcp/80", "allow"),
                ("pod:b/p2 -> pod:a/p1 tcp/80", "deny"),
                ("ext -> pod:a/p1 tcp/80", "deny"),
            ],
        ),
        row(
            "EV-20",
            &policy("one", &from("notSelector: x == '1'")),
            &[
                ("ext -> pod:a/p1 tcp/80", "deny"),
                ("pod:a/q1 -> pod:a/p1 tcp/80", "allow"),
            ],
        ),
        row(
            "EV-21",
            &global(
                "one",
                &format!(
                    "namespaceSelector: all(), {}",
                    from("notSelector: x == '1'")
                ),
            ),
            &[
                ("ext -> pod:a/p1 tcp/80", "allow"),
                ("pod:b/q2 -> pod:a/p1 tcp/80", "deny"),
                ("pod:b/p2 -> pod:a/p1 tcp/80", "allow"),
            ],
        ),
        row(
            "EV-22",
            &(policy(
                "one",
                &from("namespaceSelector: global(), selector: has(partner)"),
            ) + set),
            &[("ip:198.51.100.7 -> pod:a/p1 tcp/80", "allow")],
        ),
        row(
            "EV-23",
            &(policy("one", &from("selector: has(partner)")) + set),
            &[("ip:198.51.100.7 -> pod:a/p1 tcp/80", "deny")],
        ),
        row(
            "EV-24",
            &(tier("Deny") + &in_tier("{action: Pass}")),
            &[
                ("ext -> pod:a/p1 tcp/80", "allow"),
                ("pod:a/p1 -> ext tcp/443", "allow"),
            ],
        ),
        row(
            "EV-25",
            &(tier("Deny") + &in_tier("")),
            &[("pod:a/p1 -> ext tcp/443", "deny by tier-end")],
        ),
        row(
            "EV-26",
            &(tier("Pass") + &in_tier("")),
            &[("pod:a/p1 -> ext tcp/443", "allow")],
        ),
        row(
            "EV-27",
            "\n---\n{kind: StagedGlobalNetworkPolicy, apiVersion: projectcalico.org/v3, \
             metadata: {name: deny}, spec: {selector: app == 'one', types: [Ingress], \
             ingress: [{action: Deny}]}}\n",
            &[("ext -> pod:a/p1 tcp/80", "allow")],
        ),
        row(
            "EV-28",
            &(policy(
                "late",
                "order: 2000, types: [Ingress], ingress: [{action: Allow}]",
            ) + "\n---\n{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, \
               metadata: {name: none, namespace: a}, spec: {podSelector: {matchLabels: {app: one}}, \
               policyTypes: [Ingress]}}\n"),
            &[("ext -> pod:a/p1 tcp/80", "allow")],
        ),
        row(
            "EV-29",
            &(policy(
                "ten",
                "order: 10, types: [Ingress], ingress: [{action: Deny, \
             protocol: UDP}]",
            ) + &policy("last", "types: [Ingress], ingress: [{action: Allow}]")),
            &[("ext -> pod:a/p1 tcp/80", "allow")],
        ),
        row(
            "EV-30",
            raw,
            &[
                ("pod:a/p1 -> ext tcp/443", "deny"),
                ("ext -> pod:a/p1 tcp/80", "allow"),
            ],
        ),
        row(
            "EV-30 API",
            &policy("raw", "selector: app == 'one', ingress: [{action: Allow}]"),
            &[("pod:a/p1 -> ext tcp/443", "allow")],
        ),
        row(
            "EV-31",
            &global(
                "v4",
                "selector: app == 'one', order: 1, types: [Ingress], \
             ingress: [{action: Deny, source: {nets: [0.0.0.0/0]}}]",
            ),
            &[
                ("ip:2001:db8::7 -> pod:a/p1 tcp/80", "deny by tier-end"),
                ("ext -> pod:a/p1 tcp/80", "deny by rule"),
            ],
        ),
        row(
            "EV-31 Allow",
            &(global(
                "v4",
                "selector: app == 'one', order: 1, types: [Ingress], \
             ingress: [{action: Deny, source: {nets: [0.0.0.0/0]}}]",
            ) + &global(
                "z",
                "selector: app == 'one', order: 2, types: [Ingress], \
             ingress: [{action: Allow}]",
            )),
            &[
                ("ip:2001:db8::7 -> pod:a/p1 tcp/80", "allow"),
                ("ext -> pod:a/p1 tcp/80", "deny by rule"),
            ],
        ),
        row(
            "EV-32",
            &global(
                "raw",
                "selector: role == 'pub', doNotTrack: true, \
             applyOnForward: true, types: [Ingress], ingress: [{action: Allow, protocol: TCP, \
             destination: {ports: [80]}}]",
            ),
            &[("ext -> host:n1 tcp/80", "deny of the reply")],
        ),
        row(
            "EV-33",
            &global(
                "pass",
                "selector: role == 'pub', types: [Ingress], \
             ingress: [{action: Pass}]",
            ),
            &[("ext -> host:n1 tcp/10250", "deny")],
        ),
    ]
}

#[test]
fn worked_verdicts_of_section_4_12() {
    for vector in table() {
        let world = World::with(&format!("{BASE}{}", vector.added), &vector.settings);
        assert!(world.program.vanished().is_empty(), "{}", vector.id);
        for (flow, expected) in vector.flows {
            let verdict = world.verdict(flow);
            let trace = world.trace(flow);
            let (word, how) = expected.split_once(' ').unwrap_or((expected, ""));
            let wanted = if word == "deny" {
                Outcome::Deny
            } else {
                Outcome::Allow
            };
            let context = || format!("{}: {flow}\n{}", vector.id, world.story(flow));
            assert_eq!(verdict.outcome, wanted, "{}", context());
            match how {
                "" => assert!(!verdict.remarks.no_explicit_accept, "{}", context()),
                "explicit accept" => assert!(verdict.remarks.no_explicit_accept),
                "of the reply" => assert!(verdict.remarks.reply && verdict.remarks.untracked),
                by => {
                    let last = trace.ways[0].stages.last().expect("a stage");
                    let why = serde_json::to_value(&last.why).expect("data");
                    let by = by.strip_prefix("by ").expect("by what");
                    assert_eq!(why["by"], by, "{}", context());
                }
            }
        }
    }
}
