//! Objects under way, against every combination of their forms by itself.
//!
//! `PALISADE_SEED` says with which seed, as for the evaluators.

use std::collections::BTreeMap;

use palisade::engine::reach::{Assumptions, Reach};
use palisade::engine::{
    Doubt, Flow, Moment, Outcome, Party, Program, Settings, UnderWay, compile, compile_moment,
};
use palisade::resource::{Key, Resource, ResourceSet};

use crate::maker::{Dice, Maker};
use crate::random::{facts, settings};
use crate::reach::some_packets;
use crate::support::read;

/// An object as it was and as it will be.
type Step = (Option<Resource>, Option<Resource>);

struct Case {
    settled: ResourceSet,
    steps: Vec<Step>,
    settings: Settings,
}

impl Case {
    fn under_way(&self) -> Program {
        let steps = self.steps.iter();
        let under_way = steps.map(|(old, new)| UnderWay {
            old: old.as_ref(),
            new: new.as_ref(),
        });
        let moment = Moment {
            settled: &self.settled,
            there: Vec::new(),
            under_way: under_way.collect(),
        };
        compile_moment(&moment, &self.settings)
    }

    /// The program of every combination of forms, by itself.
    fn each(&self) -> Vec<Program> {
        let combinations = 0..1usize << self.steps.len();
        combinations
            .map(|done| {
                let mut set = self.settled.clone();
                for (number, (old, new)) in self.steps.iter().enumerate() {
                    let form = if done >> number & 1 == 1 { new } else { old };
                    if let Some(form) = form {
                        set.add(form.clone());
                    }
                }
                compile(&set, &self.settings)
            })
            .collect()
    }
}

/// The same flow in another program: nodes and pods are found by name.
fn flow_in<'a>(flow: &Flow<'a>, of: &Program, program: &Program) -> Option<Flow<'a>> {
    let party = |party| match party {
        Party::Pod(id) => {
            let key = &of.pod(id)?.key;
            let namespace = key.namespace.as_deref().unwrap_or("default");
            program.find_pod(namespace, &key.name).map(Party::Pod)
        }
        Party::Host(id) => program.find_host(&of.host(id)?.name).map(Party::Host),
        Party::Service(id) => program.find_host(&of.host(id)?.name).map(Party::Service),
        Party::Imagined(_) => None,
        Party::Address(address) => Some(Party::Address(address)),
    };
    Some(Flow {
        from: party(flow.from)?,
        to: party(flow.to)?,
        ..*flow
    })
}

fn is_followed(resource: &Resource) -> bool {
    UnderWay {
        old: Some(resource),
        new: None,
    }
    .is_followed()
}

/// Some of the objects that two clusters differ in are under way from the one to the other.
fn random_case(dice: &mut Dice) -> (Case, String) {
    let facts = facts(dice);
    let mut maker = Maker {
        dice,
        facts: facts.clone(),
        doubts: 0,
    };
    let (one, other) = (maker.cluster(), maker.cluster());
    let (mut settled, other) = (read(&one), read(&other));
    let mut keys: Vec<Key> = settled
        .iter()
        .chain(other.iter())
        .filter(|resource| is_followed(resource))
        .map(|resource| resource.key.clone())
        .collect();
    keys.sort();
    keys.dedup();
    let mut steps: Vec<Step> = Vec::new();
    let wanted = 1 + dice.below(4);
    while steps.len() < wanted && !keys.is_empty() {
        let key = keys.remove(dice.below(keys.len()));
        let new = other.get(&key).cloned().filter(|_| !dice.one_in(3));
        let step = (settled.take(&key), new);
        if step.0.is_some() || step.1.is_some() {
            steps.push(step);
        }
    }
    let told = steps
        .iter()
        .map(|(old, new)| {
            let [old, new] = [old, new].map(|form| {
                let form = form.as_ref();
                form.and_then(|r| r.input.text.get(r.span.range()))
            });
            format!("{old:?}\n  -> {new:?}")
        })
        .collect::<Vec<_>>()
        .join("\n");
    let case = Case {
        settled,
        steps,
        settings: settings(&facts),
    };
    (case, format!("{facts:?}\n{one}\n=====\n{told}"))
}

/// What all combinations say of a flow, each outcome once.
fn outcomes(each: &[Program], of: &Program, flow: &Flow<'_>) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for program in each {
        let Some(flow) = flow_in(flow, of, program) else {
            continue;
        };
        let outcome = program.evaluate(&flow).outcome;
        if !outcomes.contains(&outcome) {
            outcomes.push(outcome);
        }
    }
    outcomes
}

#[test]
fn what_is_decided_while_objects_are_under_way_is_decided_in_every_combination() {
    const SETS: u64 = 150;
    let seed = std::env::var("PALISADE_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok()).unwrap_or(5u64);
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 1..=SETS {
        let mut dice = Dice(seed << 32 | number);
        let (case, told) = random_case(&mut dice);
        let program = case.under_way();
        let each = case.each();
        let mut reach = Reach::new(&program, &Assumptions::default()).unwrap();
        let ends: Vec<_> = reach.ends().map(|(id, _)| id).collect();
        for _ in 0..60 {
            let ways = reach.ways(dice.of(&ends), dice.of(&ends)).unwrap();
            if ways.is_empty() {
                continue;
            }
            let way = dice.of(&ways);
            let some = some_packets(&mut dice);
            let some = reach.spaces().cube(&some).unwrap();
            for (part, word) in [
                (way.allow, "allow"),
                (way.deny, "deny"),
                (way.unknown, "unknown"),
            ] {
                let part = reach.real(&way, part).unwrap();
                let narrow = reach.spaces().intersection(part, some).unwrap();
                let Some(witness) = reach.witness(&way, narrow) else {
                    continue;
                };
                let outcomes = outcomes(&each, &program, &witness.flow());
                let is_right = match word {
                    "allow" => outcomes.iter().all(|one| *one == Outcome::Allow),
                    "deny" => outcomes.iter().all(|one| *one == Outcome::Deny),
                    _ => true,
                };
                assert!(
                    is_right,
                    "set {number} of seed {seed}: {word}, and {outcomes:?}\n{}\n{way:?}\n{told}",
                    witness.header
                );
                let is_mixed = outcomes.len() > 1;
                let word = if is_mixed { "mixed" } else { word };
                *tally.entry(word).or_default() += 1;
            }
        }
    }
    println!("{tally:?}");
    assert!(tally["allow"] > 500 && tally["deny"] > 500, "{tally:?}");
    assert!(tally["mixed"] > 2 * tally["unknown"], "{tally:?}");
}

/// A policy for what comes to the one pod, with rules for some addresses and ports.
fn ingress_policy(dice: &mut Dice, name: &str) -> String {
    let order = dice.of(&["1", "2", "3", "4", "5"]);
    let (tier, prefix) = dice.of(&[("default", ""), ("default", ""), ("early", "early.")]);
    let mut rules = Vec::new();
    for _ in 0..dice.below(4) {
        let action = dice.of(&["Allow", "Allow", "Deny", "Pass"]);
        let nets = dice.of(&[
            "192.0.2.0/25",
            "192.0.2.128/25",
            "192.0.2.0/24",
            "192.0.2.64/26",
        ]);
        let ports = dice.of(&[
            "",
            ", destination: {ports: [80]}",
            ", destination: {ports: [443]}",
        ]);
        rules.push(format!(
            "{{action: {action}, protocol: TCP, source: {{nets: [{nets}]}}{ports}}}"
        ));
    }
    format!(
        "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: \
         {prefix}{name}}}, spec: {{tier: {tier}, order: {order}, selector: all(), types: [Ingress], \
         ingress: [{}]}}}}",
        rules.join(", ")
    )
}

/// At one hook nothing is unknown but what two combinations decide otherwise.
#[test]
fn at_one_hook_the_answer_is_exact() {
    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}, spec: \
                       {nodeName: n1}, status: {podIP: 172.30.0.1}}";
    const TIER: &str = "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: early}, \
                        spec: {order: 10, defaultAction: Pass}}";
    let mut tally = [0usize; 3];
    for number in 0..1500 {
        let mut dice = Dice(11 << 32 | number);
        let mut settled = format!("{POD}\n---\n{TIER}\n");
        for n in 0..dice.below(3) {
            settled += &format!("---\n{}\n", ingress_policy(&mut dice, &format!("s{n}")));
        }
        let mut steps: Vec<Step> = Vec::new();
        for n in 0..=dice.below(4) {
            let name = format!("u{n}");
            let form = |dice: &mut Dice| {
                let text = ingress_policy(dice, &name);
                let set = read(&text);
                set.iter().next().unwrap().clone()
            };
            let (old, new) = (form(&mut dice), form(&mut dice));
            // The two forms of one policy stand in one tier: exact for that alone.
            let same_tier = old.key == new.key;
            steps.push(match dice.below(3) {
                0 => (None, Some(new)),
                1 => (Some(old), None),
                _ if same_tier => (Some(old), Some(new)),
                _ => (Some(old), None),
            });
        }
        steps.sort_by_key(|(old, new)| old.as_ref().or(new.as_ref()).unwrap().key.clone());
        let case = Case {
            settled: read(&settled),
            steps,
            settings: Settings::default(),
        };
        let program = case.under_way();
        let each = case.each();
        let pod = program.find_pod("a", "p").unwrap();
        let mut reach = Reach::new(&program, &Assumptions::default()).unwrap();
        let ends: Vec<_> = reach.ends().map(|(id, _)| id).collect();
        for from in &ends {
            for to in &ends {
                for way in reach.ways(*from, *to).unwrap() {
                    for source in ["192.0.2.1", "192.0.2.70", "192.0.2.130", "198.51.100.1"] {
                        for port in [80, 443, 22] {
                            let header = palisade::engine::space::Header {
                                protocol: 6,
                                source: source.parse().unwrap(),
                                destination: "172.30.0.1".parse().unwrap(),
                                ports: Some((40_000, port)),
                                icmp: None,
                            };
                            if !reach.spaces().contains(way.universe, &header) {
                                continue;
                            }
                            let mut flow = Flow::new(
                                Party::Address(header.source),
                                Party::Pod(pod),
                                palisade::net::Protocol::Tcp,
                                Some(port),
                            );
                            flow.source_port = Some(40_000);
                            let outcomes = outcomes(&each, &program, &flow);
                            let parts = [way.allow, way.deny, way.unknown];
                            let is = parts.map(|part| reach.spaces().contains(part, &header));
                            let wanted = match outcomes.as_slice() {
                                [Outcome::Allow] => [true, false, false],
                                [Outcome::Deny] => [false, true, false],
                                _ => [false, false, true],
                            };
                            let told: Vec<_> = case
                                .steps
                                .iter()
                                .map(|(old, new)| {
                                    [old, new]
                                        .map(|form| form.as_ref().map(|r| r.input.text.clone()))
                                })
                                .collect();
                            assert_eq!(
                                is, wanted,
                                "set {number}: {header}: {outcomes:?}\n{settled}\n{told:#?}"
                            );
                            for (count, is) in tally.iter_mut().zip(is) {
                                *count += usize::from(is);
                            }
                            if is[2] {
                                assert!(way.doubts.iter().all(|(d, _)| *d == Doubt::UnderWay));
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{tally:?}");
    assert!(tally.iter().all(|count| *count > 1000), "{tally:?}");
}
