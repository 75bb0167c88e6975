//! The compiled evaluator and the naive one on random clusters and random flows.
//!
//! `PALISADE_FLOWS` says how many flows are tried (10,000 unless given), `PALISADE_SEED` with
//! which seed. The long run is
//! `PALISADE_FLOWS=1000000 cargo test --profile perf --test engine random -- --nocapture`.

use palisade::engine::{
    DataPlane, ExternalTrafficPolicy, Family, Flow, HostAction, Original, Outcome, Overlay, Party,
    Program, Route, Settings, compile,
};
use palisade::net::Protocol;
use palisade::resource::{Era, ResourceSet};

use crate::maker::{Dice, MOST_DOUBTS, Maker};
use crate::naive::{End, Facts, Naive, NaiveFlow, Plane};
use crate::support::read;

pub fn facts(dice: &mut Dice) -> Facts {
    Facts {
        era: dice.of(&[Era::E1, Era::E2, Era::E3, Era::E3]),
        plane: dice.of(&[
            Plane::Iptables,
            Plane::Iptables,
            Plane::Nftables,
            Plane::Bpf,
        ]),
        overlay: dice.of(&[None, None, Some("ipip"), Some("vxlan")]),
        host_accepts: dice.one_in(2),
        nat_outgoing: !dice.one_in(3),
    }
}

pub fn settings(facts: &Facts) -> Settings {
    let mut settings = Settings {
        era: Some(facts.era),
        data_plane: Some(match facts.plane {
            Plane::Iptables => DataPlane::Iptables,
            Plane::Nftables => DataPlane::Nftables,
            Plane::Bpf => DataPlane::Bpf,
        }),
        overlay: Some(Overlay {
            ipip: facts.overlay == Some("ipip"),
            vxlan: facts.overlay == Some("vxlan"),
            wireguard: false,
        }),
        default_endpoint_to_host_action: Some(if facts.host_accepts {
            HostAction::Accept
        } else {
            HostAction::Drop
        }),
        nat_outgoing: facts.nat_outgoing,
        ..Settings::default()
    };
    settings.routes.common = [
        ("0.0.0.0/0", "eth1"),
        ("10.0.0.0/8", "eth0"),
        ("::/0", "eth1"),
        ("fd00::/8", "eth0"),
    ]
    .map(|(to, interface)| Route {
        to: to.parse().expect("a block"),
        interface: interface.to_owned(),
    })
    .into();
    settings
}

fn compiled_flow(program: &Program, flow: &NaiveFlow) -> Flow<'static> {
    let party = |end: &End| match end {
        End::Ext(address) => Party::Address(*address),
        End::Host(node) => Party::Host(program.find_host(node).expect("a node")),
        End::Pod(namespace, name) => Party::Pod(program.find_pod(namespace, name).expect("a pod")),
    };
    let mut compiled = Flow::new(
        party(&flow.from),
        party(&flow.to),
        Protocol::Number(flow.protocol),
        flow.dport,
    );
    compiled.family = if flow.v6 { Family::V6 } else { Family::V4 };
    compiled.source_port = flow.sport;
    compiled.icmp = flow.icmp;
    if flow.local {
        compiled.external_traffic_policy = ExternalTrafficPolicy::Local;
    }
    compiled.original = match (&flow.node_port, &flow.service) {
        (Some((node, port)), _) => Some(Original {
            at: program.find_host(node),
            address: None,
            port: Some(*port),
        }),
        (None, Some((address, port))) => Some(Original {
            at: None,
            address: Some(*address),
            port: Some(*port),
        }),
        (None, None) => None,
    };
    compiled
}

/// What the naive evaluator says in every possible world: all allow, all deny, or some of each.
fn worlds(set: &ResourceSet, facts: &Facts, flow: &NaiveFlow, doubts: bool) -> (bool, bool) {
    let mut seen = std::collections::BTreeMap::new();
    let (mut allowed, mut denied) = (false, false);
    let worlds = if doubts { 1 << (MOST_DOUBTS + 1) } else { 1 };
    for world in 0..worlds {
        let seen = std::cell::RefCell::new(&mut seen);
        let oracle = |id: usize| {
            let mut seen = seen.borrow_mut();
            let next = seen.len();
            let bit = *seen.entry(id).or_insert(next);
            world & (1 << bit) != 0
        };
        if Naive::new(set, facts, &oracle).allows(flow) {
            allowed = true;
        } else {
            denied = true;
        }
    }
    (allowed, denied)
}

#[test]
fn both_evaluators_agree_on_random_clusters() {
    const FLOWS_A_SET: usize = 100;
    let number = |name: &str, default: usize| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let flows = number("PALISADE_FLOWS", 10_000);
    let seed = number("PALISADE_SEED", 1);
    let mut tally = [0usize; 3];
    for set_number in 0..flows.div_ceil(FLOWS_A_SET) {
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
        let doubts = maker.doubts > 0;
        let no_doubt = |_: usize| panic!("nothing is in doubt");
        let plain = Naive::new(&set, &facts, &no_doubt);
        for _ in 0..FLOWS_A_SET {
            let flow = maker.flow();
            let (allowed, denied) = if doubts {
                worlds(&set, &facts, &flow, true)
            } else {
                let allowed = plain.allows(&flow);
                (allowed, !allowed)
            };
            let compiled = compiled_flow(&program, &flow);
            let verdict = program.evaluate(&compiled);
            let right = match verdict.outcome {
                Outcome::Allow => !denied,
                Outcome::Deny => !allowed,
                // A doubt at two rules may be one doubt: then the compiled one may still not know.
                Outcome::Unknown(_) => doubts,
            };
            tally[match verdict.outcome {
                Outcome::Allow => 0,
                Outcome::Deny => 1,
                Outcome::Unknown(_) => 2,
            }] += 1;
            let trace = program.trace(&compiled);
            assert!(
                right && trace.verdict == verdict,
                "set {set_number} of seed {seed}: the naive one allows: {allowed}, denies: {denied}; \
                 the compiled one: {verdict:?}\n{facts:?}\n{flow:?}\n{yaml}\n{}",
                serde_json::to_string_pretty(&trace).expect("data")
            );
        }
    }
    println!("allowed, denied, unknown: {tally:?}");
    let [allowed, denied, unknown] = tally;
    assert!(
        allowed > flows / 10 && denied > flows / 10 && unknown < flows / 20,
        "{tally:?}"
    );
}
