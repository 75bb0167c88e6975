//! What is found to change no verdict is removed, all of it, and no flow fares otherwise.
//!
//! `PALISADE_FLOWS` says how many flows are tried, `PALISADE_SEED` with which seed, as for the
//! evaluators.

use std::collections::BTreeSet;

use palisade::engine::reach::{Assumptions, Reach};
use palisade::engine::{Flow, Outcome, Program, compile};
use palisade::finding::Span;
use palisade::profile::Library;
use palisade::question::audit::{Found, Removal, removable};
use palisade::resource::{Body, EntityRule, Policy, ResourceSet, Rule};

use crate::maker::{Dice, Maker};
use crate::random::{compiled_flow, facts, settings};
use crate::reach::some_packets;
use crate::support::read;

/// The set without what was found, and that.
fn without(set: &ResourceSet, program: &Program) -> (ResourceSet, Vec<Found>) {
    let profile = Library::embedded().platform().unwrap();
    let found = removable(program, set, &profile).unwrap();
    let spans = |wanted: Removal| -> BTreeSet<Span> {
        let found = found.iter().filter(|f| f.removal == Some(wanted));
        found.map(|f| f.finding.place.span).collect()
    };
    let (rules, entries) = (spans(Removal::Rule), spans(Removal::Entry));
    let mut kept = ResourceSet::default();
    for resource in set.iter() {
        let mut resource = resource.clone();
        match &mut resource.body {
            Body::Policy(policy) => thin(policy, &rules, &entries),
            Body::KubernetesPolicy(policy) => {
                for list in [&mut policy.ingress, &mut policy.egress]
                    .into_iter()
                    .flatten()
                {
                    list.value.retain(|rule| !rules.contains(&rule.span));
                }
            }
            _ => {}
        }
        kept.add(resource);
    }
    (kept, found)
}

fn thin(policy: &mut Policy, rules: &BTreeSet<Span>, entries: &BTreeSet<Span>) {
    for list in [&mut policy.ingress, &mut policy.egress]
        .into_iter()
        .flatten()
    {
        list.value.retain(|rule| !rules.contains(&rule.span));
        for rule in &mut list.value {
            let Rule {
                source,
                destination,
                ..
            } = rule;
            for side in [source, destination].into_iter().flatten() {
                let EntityRule {
                    nets,
                    not_nets,
                    ports,
                    ..
                } = side;
                for list in [nets, not_nets].into_iter().flatten() {
                    list.value.retain(|net| !entries.contains(&net.span));
                }
                for list in ports.iter_mut() {
                    list.value.retain(|port| !entries.contains(&port.span));
                }
            }
        }
    }
}

/// Whether it passes; nothing where that is not known.
fn passes(program: &Program, flow: &Flow<'_>) -> Option<bool> {
    match program.evaluate(flow).outcome {
        Outcome::Allow => Some(true),
        Outcome::Deny => Some(false),
        Outcome::Unknown(_) => None,
    }
}

#[test]
fn all_that_changes_no_verdict_can_be_removed_at_once() {
    const FLOWS_A_SET: usize = 250;
    const FLOWS_A_PART: usize = 3;
    let number = |name: &str, default: usize| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let sets = number("PALISADE_FLOWS", 10_000) / FLOWS_A_SET;
    let seed = number("PALISADE_SEED", 1);
    let (mut rules, mut entries, mut flows) = (0, 0, 0);
    for set_number in 0..sets {
        let mut dice = Dice((seed as u64) << 32 | set_number as u64);
        let facts = facts(&mut dice);
        let mut maker = Maker {
            dice: &mut dice,
            facts: facts.clone(),
            doubts: 0,
        };
        let yaml = maker.cluster();
        let set = read(&yaml);
        let program = compile(&set, &settings(&facts));
        let (less, removed) = without(&set, &program);
        let entry = |found: &&Found| found.removal == Some(Removal::Entry);
        entries += removed.iter().filter(entry).count();
        rules += removed.iter().filter(|found| !entry(found)).count();
        let thinner = compile(&less, &settings(&facts));
        let mut judge = |flow: &Flow<'_>, what: &dyn std::fmt::Debug| {
            flows += 1;
            assert_eq!(
                passes(&program, flow),
                passes(&thinner, flow),
                "set {set_number} of seed {seed}: {what:?}\n{facts:?}\n{removed:#?}\n{yaml}\n{}",
                serde_json::to_string_pretty(&program.trace(flow)).unwrap()
            );
        };
        // Those by way of services and node ports among them.
        for _ in 0..FLOWS_A_SET {
            let flow = maker.flow();
            judge(&compiled_flow(&program, &flow), &flow);
        }
        let Ok(mut reach) = Reach::new(&program, &Assumptions::default()) else {
            continue;
        };
        let ends: Vec<_> = reach.ends().map(|(id, _)| id).collect();
        for _ in 0..FLOWS_A_SET / FLOWS_A_PART {
            let (from, to) = (dice.of(&ends), dice.of(&ends));
            let ways = reach.ways(from, to).unwrap();
            if ways.is_empty() {
                continue;
            }
            let way = dice.of(&ways);
            let part = dice.of(&[way.allow, way.deny, way.unknown]);
            let part = reach.real(&way, part).unwrap();
            for _ in 0..FLOWS_A_PART {
                let cube = some_packets(&mut dice);
                let some = reach.spaces().cube(&cube).unwrap();
                let narrow = reach.spaces().intersection(part, some).unwrap();
                if let Some(witness) = reach.witness(&way, narrow) {
                    judge(&witness.flow(), &witness.header);
                }
            }
        }
    }
    println!("{rules} rules and {entries} entries of {sets} sets; {flows} flows");
    assert!(rules > sets && entries > sets / 4 && flows > sets * FLOWS_A_SET);
}
