//! What is said of all flows at once against what the evaluator says of each.
//!
//! `PALISADE_FLOWS` says how many flows are tried, `PALISADE_SEED` with which seed, as for the
//! evaluators.

use std::collections::BTreeSet;

use palisade::engine::reach::{Assumptions, EndId, Reach, Way};
use palisade::engine::space::{Cube, Header, Ranges};
use palisade::engine::{Outcome, Settings, compile};
use palisade::question::flows::{ChangeKind, flow_diff};
use palisade::resource::{Kind, ResourceSet};

use crate::maker::{Dice, Maker};
use crate::naive::Facts;
use crate::random::{facts, settings};
use crate::support::read;

const PROTOCOLS: [u8; 7] = [6, 17, 132, 1, 58, 4, 112];
const PORTS: [u16; 12] = [
    1, 22, 53, 80, 443, 4789, 5473, 8080, 8443, 9090, 30_080, 65_535,
];

/// A part of all packets, so that witnesses of many kinds are drawn.
pub fn some_packets(dice: &mut Dice) -> Cube {
    let protocol = dice.of(&PROTOCOLS);
    let mut cube = Cube::any().protocols([protocol]);
    if [6, 17, 132].contains(&protocol) {
        let port = |dice: &mut Dice| {
            if dice.one_in(3) {
                let first = u16::try_from(dice.below(60_000)).unwrap();
                Ranges::of([(first, first + 5_000)])
            } else {
                Ranges::singles([dice.of(&PORTS)])
            }
        };
        cube.destination_ports = Some(port(dice));
        if dice.one_in(2) {
            cube.source_ports = Some(port(dice));
        }
    }
    if [1, 58].contains(&protocol) && !dice.one_in(3) {
        let kind = dice.of(&[0, 3, 8, 13, 128, 130, 135]);
        let code = dice.of(&[None, Some(0), Some(1)]);
        cube = cube.icmp(kind, code);
    }
    let block = |dice: &mut Dice| {
        let texts = [
            "10.0.0.0/8",
            "172.30.0.0/16",
            "172.30.1.0/24",
            "203.0.113.0/24",
            "192.168.0.0/16",
            "8.0.0.0/7",
            "fd00::/8",
            "2001:db8::/32",
        ];
        palisade::engine::space::Addresses::of([dice.of(&texts).parse().unwrap()])
    };
    if dice.one_in(3) {
        cube.sources = Some(block(dice));
    }
    if dice.one_in(3) {
        cube.destinations = Some(block(dice));
    }
    cube
}

/// What the evaluator says of the flow with this packet; nothing where none of the way has it.
pub fn outcome(reach: &Reach<'_>, way: &Way, header: Header) -> Option<(Outcome, String)> {
    let witness = reach.flow_of(way, header)?;
    let trace = reach.program().trace(&witness.flow());
    let placed = trace.ways.iter().find(|one| one.together == way.together);
    let outcome = placed.map_or(trace.verdict, |one| one.verdict).outcome;
    let told = serde_json::to_string_pretty(&trace).unwrap();
    Some((outcome, told))
}

/// A name by which no rule asks for the port of these packets decides nothing (RES-18).
fn unasked_names_change_nothing(reach: &mut Reach<'_>, from: EndId, to: EndId, names: &[String]) {
    let asked = reach.names_asked(from, to);
    let none = reach.called(to, &BTreeSet::new());
    let bare = reach.ways(from, none).unwrap();
    for name in names.iter().filter(|name| !asked.contains(*name)) {
        let with = reach.called(to, &[name.clone()].into());
        let ways = reach.ways(from, with).unwrap();
        assert_eq!(ways.len(), bare.len());
        for (one, other) in ways.iter().zip(&bare) {
            let parts = |way: &Way| [way.allow, way.deny, way.unknown];
            assert_eq!(parts(one), parts(other), "{name}: {asked:?}");
        }
    }
}

/// A cluster, and what is known of it besides.
fn some_cluster(dice: &mut Dice) -> (Facts, String) {
    let facts = facts(dice);
    let mut maker = Maker {
        dice,
        facts: facts.clone(),
        doubts: 0,
    };
    let yaml = maker.cluster();
    (facts, yaml)
}

fn without_pods(set: &ResourceSet) -> ResourceSet {
    let mut kept = ResourceSet::default();
    for resource in set.iter().filter(|r| r.key.kind != Kind::Pod) {
        kept.add(resource.clone());
    }
    kept
}

#[test]
fn a_flow_is_in_the_allowed_space_exactly_if_the_evaluator_allows_it() {
    const FLOWS_A_SET: usize = 400;
    let number = |name: &str, default: usize| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let flows = number("PALISADE_FLOWS", 100_000);
    let seed = number("PALISADE_SEED", 1);
    let mut tally = [0usize; 3];
    let mut tried = 0;
    let mut called = 0;
    let mut set_number = 0;
    while tried < flows {
        set_number += 1;
        let mut dice = Dice((seed as u64) << 32 | set_number);
        let (facts, yaml) = some_cluster(&mut dice);
        let mut set = read(&yaml);
        let imagined = dice.one_in(3);
        if imagined {
            set = without_pods(&set);
        }
        let settings = Settings {
            pod_subnets: vec![
                "172.30.0.0/16".parse().unwrap(),
                "fd00:30::/32".parse().unwrap(),
            ],
            ..settings(&facts)
        };
        let program = compile(&set, &settings);
        let assumptions = Assumptions {
            services: true,
            ..Assumptions::default()
        };
        let Ok(mut reach) = Reach::new(&program, &assumptions) else {
            continue;
        };
        let ends: Vec<_> = reach.ends().map(|(id, _)| id).collect();
        let mut of_set = 0;
        let mut missed = 0;
        while of_set < FLOWS_A_SET && missed < 10 * FLOWS_A_SET {
            let (from, mut to) = (dice.of(&ends), dice.of(&ends));
            if reach.calls_unknown(to) && dice.one_in(2) {
                let names = ["web", "kubelet"].map(str::to_owned);
                unasked_names_change_nothing(&mut reach, from, to, &names);
                let chosen = names.into_iter().filter(|_| dice.one_in(2)).collect();
                to = reach.called(to, &chosen);
                called += 1;
            }
            let ways = reach.ways(from, to).unwrap();
            if ways.is_empty() {
                missed += 1;
                continue;
            }
            let way = dice.of(&ways);
            for _ in 0..4 {
                let cube = some_packets(&mut dice);
                let some = reach.spaces().cube(&cube).unwrap();
                let mut parts = vec![way.universe];
                parts.extend([way.allow, way.deny, way.unknown]);
                let part = dice.of(&parts);
                let part = reach.real(&way, part).unwrap();
                let narrow = reach.spaces().intersection(part, some).unwrap();
                let Some(header) = reach.spaces().witness(narrow) else {
                    missed += 1;
                    continue;
                };
                let Some((outcome, told)) = outcome(&reach, &way, header) else {
                    missed += 1;
                    continue;
                };
                let spaces = reach.spaces();
                let is = [way.allow, way.deny, way.unknown].map(|s| spaces.contains(s, &header));
                let wanted = match outcome {
                    Outcome::Allow => [true, false, false],
                    Outcome::Deny => [false, true, false],
                    Outcome::Unknown(_) => [false, false, true],
                };
                assert!(
                    is == wanted,
                    "set {set_number} of seed {seed}, imagined {imagined}: in allow, deny, unknown: \
                     {is:?}; the evaluator: {outcome:?}\n{header}\n{way:?}\n{:?}\n{:?}\n{facts:?}\n\
                     {yaml}\n{told}",
                    reach.end(way.from),
                    reach.end(way.to),
                );
                tally[match outcome {
                    Outcome::Allow => 0,
                    Outcome::Deny => 1,
                    Outcome::Unknown(_) => 2,
                }] += 1;
                of_set += 1;
            }
        }
        tried += of_set;
    }
    println!("allowed, denied, unknown: {tally:?} in {set_number} sets, {called} by names");
    assert!(called > flows / 200, "{called}");
    let [allowed, denied, unknown] = tally;
    assert!(
        allowed > flows / 10 && denied > flows / 10 && unknown < flows / 5,
        "{tally:?}"
    );
}

/// What is found out of one pair of classes and taken for another holds of that by itself: its ways are
/// those that are found where it is the first to be looked at.
#[test]
fn pairs_that_are_alike_have_the_ways_that_each_has_alone() {
    const SETS: u64 = 100;
    const PAIRS_A_SET: usize = 60;
    let (mut compared, mut called) = (0, 0);
    for number in 0..SETS {
        let mut dice = Dice(0xa11_4e00 + number);
        let (facts, yaml) = some_cluster(&mut dice);
        let set = without_pods(&read(&yaml));
        let settings = Settings {
            pod_subnets: vec!["172.30.0.0/16".parse().unwrap()],
            ..settings(&facts)
        };
        let program = compile(&set, &settings);
        let assumptions = Assumptions {
            services: true,
            ..Assumptions::default()
        };
        let Ok(mut reach) = Reach::new(&program, &assumptions) else {
            continue;
        };
        let ends: Vec<_> = reach.ends().map(|(id, _)| id).collect();
        let mut seen = BTreeSet::new();
        let mut taken_over = Vec::new();
        for _ in 0..2_000 {
            let (from, kind) = (dice.of(&ends), dice.of(&ends));
            // What its pods call their ports is not known, or one choice of names.
            let names = ["web", "kubelet"].map(str::to_owned).into_iter();
            let names: BTreeSet<String> = names.filter(|_| dice.one_in(2)).collect();
            let names = dice.one_in(3).then_some(names);
            let to = names
                .as_ref()
                .map_or(kind, |names| reach.called(kind, names));
            let Some(id) = reach.alike(from, to).unwrap() else {
                continue;
            };
            let ways = reach.ways(from, to).unwrap();
            if !seen.insert(format!("{id:?}")) && taken_over.len() < PAIRS_A_SET {
                taken_over.push((from, kind, names, ways));
            }
        }
        for (from, kind, names, ways) in taken_over {
            let mut alone = Reach::new(&program, &assumptions).unwrap();
            alone.adopt(reach.lend());
            let to = names
                .as_ref()
                .map_or(kind, |names| alone.called(kind, names));
            let by_itself = alone.ways(from, to).unwrap();
            let ways: Vec<Way> = ways.into_iter().map(|way| Way { to, ..way }).collect();
            assert_eq!(by_itself, ways, "set {number}: {from:?} {kind:?} {names:?}");
            reach.adopt(alone.lend());
            compared += 1;
            called += usize::from(to != kind);
        }
    }
    println!("{compared} pairs compared, {called} by names");
    assert!(compared > 4_000 && called > 100, "{compared} {called}");
}

/// The set without one of its policies.
fn without_one_policy(set: &ResourceSet, dice: &mut Dice) -> ResourceSet {
    let policies: Vec<_> = set.iter().filter(|r| r.key.kind.is_policy()).collect();
    let gone = policies[dice.below(policies.len())].key.clone();
    let mut kept = ResourceSet::default();
    for resource in set.iter().filter(|r| r.key != gone) {
        kept.add(resource.clone());
    }
    kept
}

#[test]
fn what_a_change_does_to_flows_is_what_the_evaluator_says_of_them_before_and_after() {
    const SETS: u64 = 40;
    let mut seen = 0;
    for number in 1..=SETS {
        let mut dice = Dice(77 << 32 | number);
        let facts = facts(&mut dice);
        let mut maker = Maker {
            dice: &mut dice,
            facts: facts.clone(),
            doubts: 0,
        };
        let yaml = maker.cluster();
        let flows: Vec<_> = (0..60).map(|_| maker.flow()).collect();
        let set = read(&yaml);
        let less = without_one_policy(&set, &mut dice);
        let settings = settings(&facts);
        let (before, after) = (compile(&set, &settings), compile(&less, &settings));
        let diff = flow_diff(&before, &after, &[]).unwrap();
        for change in &diff.changes {
            let (then, now) = (change.before.outcome, change.after.outcome);
            let right = match change.kind {
                ChangeKind::Opened => then != Outcome::Allow && now == Outcome::Allow,
                ChangeKind::Closed => then != Outcome::Deny && now == Outcome::Deny,
                ChangeKind::Blurred => matches!(now, Outcome::Unknown(_)),
            };
            assert!(right, "set {number}: {change:?}\n{yaml}");
            seen += 1;
        }
        for flow in &flows {
            // What kube-proxy changes is no flow between two addresses.
            if flow.node_port.is_some() || flow.service.is_some() || flow.sport.is_none() {
                continue;
            }
            let outcome = |program| crate::random::evaluated(program, flow);
            let (then, now) = (outcome(&before), outcome(&after));
            assert!(
                then == now || !diff.is_empty(),
                "set {number}: {then:?} became {now:?} unnoticed\n{flow:?}\n{yaml}"
            );
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_label_that_settles_others_is_asked_first() {
    let policy = |number: usize| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p{number}}}, \
             spec: {{selector: \"tier{number} == 'a' && zone == 'z{number}'\", types: [Ingress]}}}}\n---\n"
        )
    };
    let yaml: String = (0..40).map(policy).collect();
    let program = compile(&read(&yaml), &Settings::default());
    let reach = Reach::new(&program, &Assumptions::default()).ok().unwrap();
    // One for each zone with its tier, one for all others, and the outside.
    assert_eq!(reach.ends().count(), 42);
}

#[test]
fn labels_that_hang_on_nothing_else_multiply_and_are_refused_past_a_limit() {
    let policy = |number: usize| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p{number}}}, \
             spec: {{selector: has(tier{number}), types: [Ingress]}}}}\n---\n"
        )
    };
    let yaml: String = (0..9).map(policy).collect();
    let program = compile(&read(&yaml), &Settings::default());
    let error = Reach::new(&program, &Assumptions::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the selectors of the input tell more than 256 kinds of pods apart: `tier0` with 1 value, \
         `tier1` with 1 value, `tier2` with 1 value (as in `has(tier0)`)"
    );
    let yaml: String = (0..8).map(policy).collect();
    let program = compile(&read(&yaml), &Settings::default());
    let reach = Reach::new(&program, &Assumptions::default()).ok().unwrap();
    assert_eq!(reach.ends().count(), 257);
}

/// How many kinds of pods of a program with these selectors are told apart.
fn kinds(objects: &str, selectors: &[&str]) -> usize {
    let mut yaml = objects.to_owned();
    for (number, selector) in selectors.iter().enumerate() {
        yaml += &format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p{number}}}, \
             spec: {{order: {number}, types: [Ingress], {selector}}}}}\n---\n"
        );
    }
    let program = compile(&read(&yaml), &Settings::default());
    let reach = Reach::new(&program, &Assumptions::default()).ok().unwrap();
    // The outside is no pod.
    reach.ends().count() - 1
}

#[test]
fn every_choice_of_what_values_hold_is_a_kind_of_pod() {
    for (wanted, selector) in [
        (
            2,
            "selector: \"app contains 'aa' && app contains 'bb' && !(app contains 'cc')\"",
        ),
        (
            2,
            "selector: \"has(app) && !(app contains 'o') && !(app contains 'x') && !(app contains '0')\"",
        ),
        (
            2,
            "selector: \"app starts with 'a' && !(app starts with 'ab') && app ends with 'b'\"",
        ),
        (2, "selector: \"app == 'other' && !(app == 'another')\""),
        (
            2,
            "selector: \"has(app) && app not in {'other', 'another', 'z'}\"",
        ),
    ] {
        assert_eq!(kinds("", &[selector]), wanted, "{selector}");
    }
}

#[test]
fn a_namespace_of_any_name_leaves_those_that_are_not_known() {
    let namespace = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{env: dev}}}}}}\n---\n"
        )
    };
    let selector = "namespaceSelector: env == 'prod'";
    // Pods of the one that is known, and of others with the label and without: the first and the
    // last are alike.
    for name in ["web", "other", "another", "z"] {
        assert_eq!(kinds(&namespace(name), &[selector]), 2, "{name}");
    }
}

#[test]
fn a_pod_of_the_input_without_an_address_is_looked_at_wherever_it_may_be() {
    let pod = |name: &str, app: &str, status: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: web, labels: {{app: {app}}}}}, \
             spec: {{nodeName: w}}, status: {{{status}}}}}\n---\n"
        )
    };
    let running = pod("r", "a", "phase: Running, podIPs: [{ip: 172.30.0.9}]");
    let yaml = running + &pod("p", "b", "phase: Pending") + &pod("q", "b", "phase: Pending");
    let settings = Settings {
        pod_subnets: vec!["172.30.0.0/16".parse().unwrap()],
        ..Settings::default()
    };
    let program = compile(&read(&yaml), &settings);
    let reach = Reach::new(&program, &Assumptions::default()).ok().unwrap();
    let imagined: Vec<_> = reach
        .ends()
        .filter_map(|(_, end)| match end {
            palisade::engine::reach::End::Imagined { pods, .. } => pods.first(),
            _ => None,
        })
        .collect();
    assert_eq!(imagined.len(), 1, "two that are alike are one kind");
    assert_eq!(imagined[0].sketch.labels["app"], "b");
}
