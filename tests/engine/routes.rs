//! Which routes count where the node of a pod is not known.

use palisade::engine::reach::{Assumptions, End, Reach};
use palisade::engine::space::{Cube, Ranges};
use palisade::engine::{Doubt, Outcome, PodId, PodSketch, Route, Settings, compile};

use crate::reach::outcome;
use crate::support::{World, read};
use crate::vectors::{BASE, global};

fn route(to: &str, interface: &str) -> Route {
    Route {
        to: to.parse().expect("a block"),
        interface: interface.to_owned(),
    }
}

/// By which interface each of two nodes reaches the outside, and what becomes of flows between
/// there and a pod of no known node: `eth1` of either is closed, and nothing governs `eth0`.
const BY_ROUTES: [([&str; 2], Outcome); 4] = [
    (["eth1", "eth1"], Outcome::Deny),
    (["eth0", "eth1"], Outcome::Unknown(Doubt::Interface)),
    (["eth1", "eth0"], Outcome::Unknown(Doubt::Interface)),
    (["eth0", "eth0"], Outcome::Allow),
];

/// The cluster of [`BY_ROUTES`]; the node of its pod `b/far` is not listed.
fn by_routes(interfaces: [&str; 2]) -> (String, Settings) {
    let more = "
---
{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {name: h2, labels: {role: pub}},
 spec: {node: n2, interfaceName: eth1, expectedIPs: [192.0.2.2]}}
---
{kind: Pod, apiVersion: v1, metadata: {name: far, namespace: b},
 spec: {nodeName: n9}, status: {podIP: 10.0.9.1}}
";
    let of = "selector: role == 'pub', applyOnForward: true";
    let closed = global(
        "in",
        &format!("{of}, preDNAT: true, types: [Ingress], ingress: [{{action: Deny}}]"),
    ) + &global(
        "out",
        &format!("{of}, types: [Egress], egress: [{{action: Deny}}]"),
    );
    let mut settings = Settings::default();
    let routes = &mut settings.routes;
    routes.common = vec![route("0.0.0.0/0", "eth0")];
    for (node, interface) in ["n1", "n2"].into_iter().zip(interfaces) {
        let own = vec![route("0.0.0.0/0", interface)];
        routes.of_node.insert(node.into(), own);
    }
    (format!("{BASE}{more}{closed}"), settings)
}

#[test]
fn where_the_node_is_not_known_the_routes_of_all_that_are_listed_say_the_interface() {
    for (interfaces, expected) in BY_ROUTES {
        let (cluster, settings) = by_routes(interfaces);
        let mut world = World::with(&cluster, &settings);
        let new = PodSketch {
            namespace: "b".into(),
            ..PodSketch::default()
        };
        world.sketch("new", &new);
        for pod in ["sketch:new", "pod:b/far"] {
            for flow in [
                format!("ext -> {pod} tcp/80"),
                format!("{pod} -> ext tcp/80"),
            ] {
                assert_eq!(world.ask(&flow), expected, "{interfaces:?}: {flow}");
            }
        }
    }
}

#[test]
fn what_is_said_of_a_pod_of_no_listed_node_is_what_the_evaluator_says() {
    for (interfaces, expected) in BY_ROUTES {
        let (cluster, settings) = by_routes(interfaces);
        let program = compile(&read(&cluster), &settings);
        let far = program.find_pod("b", "far").unwrap();
        let mut reach = Reach::new(&program, &Assumptions::default()).ok().unwrap();
        let find = |wanted: fn(&End, PodId) -> bool| {
            let found = reach.ends().find(|(_, end)| wanted(end, far));
            found.unwrap().0
        };
        let pod = find(|end, far| matches!(end, End::Pods(pods) if pods.contains(&far)));
        let outside = find(|end, _| matches!(end, End::Outside));
        let asked = Cube {
            source_ports: Some(Ranges::singles([40_000_u16])),
            destination_ports: Some(Ranges::singles([80_u16])),
            ..Cube::any().protocols([6])
        };
        for (from, to) in [(outside, pod), (pod, outside)] {
            let ways = reach.ways(from, to).unwrap();
            let [way] = ways.as_slice() else {
                panic!("one way, not {}", ways.len());
            };
            let asked = reach.spaces().cube(&asked).unwrap();
            let asked = reach.spaces().intersection(way.universe, asked).unwrap();
            let header = reach.spaces().witness(asked).unwrap();
            let (said, told) = outcome(&reach, way, header).unwrap();
            assert_eq!(said, expected, "{interfaces:?}: {told}");
            let is = [way.allow, way.deny, way.unknown]
                .map(|space| reach.spaces().contains(space, &header));
            let wanted = match expected {
                Outcome::Allow => [true, false, false],
                Outcome::Deny => [false, true, false],
                Outcome::Unknown(_) => [false, false, true],
            };
            assert_eq!(is, wanted, "{interfaces:?}: {told}");
        }
    }
}
