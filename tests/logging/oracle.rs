//! What traces show as recorded is what the policy denies: single flows, one by one, against what
//! is proven for all of them.

use palisade::engine::{Effect, Flow, Outcome, Party, Program, Trace, Why};
use palisade::net::Protocol;
use palisade::question::logging::{Exactness, Part, Wanted};

use crate::{in_place, recorded, with};

/// What a policy does with a flow: denies it by a rule of its own, by the end of the tier that it
/// governs, or neither; and whether the Log policy records it.
fn of(trace: &Trace, policy: &str, log: &str, part: Part) -> (bool, bool) {
    let mut denied = false;
    let mut logged = false;
    for stage in trace.ways.iter().flat_map(|way| &way.stages) {
        denied |= match (&stage.why, part) {
            (
                Why::Rule {
                    policy: by, effect, ..
                },
                Part::Rules,
            ) => by.ends_with(&format!(" {policy}")) && *effect == Effect::Deny,
            (Why::TierEnd { tier, .. }, Part::End) => {
                let tiers = stage.asked.iter().flat_map(|asked| &asked.tiers);
                let mut tiers = tiers.filter(|own| own.name == *tier);
                tiers.any(|own| own.policies.iter().any(|p| p.key.name == policy))
            }
            _ => false,
        };
        let tiers = stage.asked.iter().flat_map(|asked| &asked.tiers);
        let mut policies = tiers.flat_map(|tier| &tier.policies);
        logged |= policies.any(|own| {
            let matched = own
                .rules
                .iter()
                .any(|rule| rule.matched != palisade::engine::Answer::No);
            own.key.name == log && matched
        });
    }
    (denied, logged)
}

/// A number that follows from `seed` and nothing else.
fn roll(seed: &mut u64) -> usize {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

fn flow<'p>(program: &'p Program, seed: &mut u64) -> Flow<'p> {
    let addresses = [
        "10.1.2.3",
        "10.1.255.1",
        "10.2.0.1",
        "203.0.113.7",
        "8.8.8.8",
    ];
    let ports = [80, 443, 53, 8080, 30000];
    let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Icmp, Protocol::Sctp];
    let hosts = program.hosts();
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let host = Party::Host(program.find_host(names[roll(seed) % names.len()]).unwrap());
    let address = Party::Address(addresses[roll(seed) % addresses.len()].parse().unwrap());
    let protocol = protocols[roll(seed) % protocols.len()];
    let port = protocol
        .has_ports()
        .then(|| ports[roll(seed) % ports.len()]);
    let mut flow = match roll(seed) % 3 {
        0 => Flow::new(address, host, protocol, port),
        _ => Flow::new(host, address, protocol, port),
    };
    match protocol {
        Protocol::Icmp => flow.icmp = Some((8, 0)),
        _ => flow.source_port = Some(50_000),
    }
    flow
}

#[test]
fn what_is_denied_is_recorded_and_nothing_else() {
    const FLOWS: usize = 400;
    let rules = [
        "{action: Allow, protocol: TCP, destination: {nets: [10.1.0.0/16], ports: [443, 80]}}",
        "{action: Allow, protocol: UDP, destination: {notNets: [10.0.0.0/8], ports: [53]}}",
        "{action: Deny, protocol: TCP, destination: {ports: [\"80:8080\"]}}",
        "{action: Pass, protocol: SCTP}",
        "{action: Allow, protocol: TCP, source: {notNets: [203.0.113.0/24]}}",
        "{action: Deny, destination: {nets: [10.0.0.0/8]}}",
        "{action: Deny}",
    ];
    let mut seed = 7;
    let (mut denied_by_rules, mut denied_by_ends, mut passed) = (0, 0, 0);
    for round in 0..24 {
        let chosen = |seed: &mut u64| -> String {
            let many = 1 + roll(seed) % 4;
            let mut list: Vec<usize> = (0..many).map(|_| roll(seed) % rules.len()).collect();
            list.dedup();
            let lines = list.iter().map(|index| format!("\n  - {}", rules[*index]));
            lines.collect()
        };
        let text = format!(
            "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p}}\nspec:\n  \
             order: 100\n  selector: has(ibm.role)\n  types: [Ingress, Egress]\n  ingress:{}\n  egress:{}\n",
            chosen(&mut seed),
            chosen(&mut seed)
        );
        let subject = in_place(&text, false);
        let found = recorded(&subject, &Wanted::All);
        let program = with(&subject, &found.policies);
        let before = with(&subject, &[]);
        for policy in &found.policies {
            // Where several protocols are allowed, those without a name are left out: there is no
            // such flow here.
            let more = matches!(policy.exactness, Exactness::More(_));
            assert!(!more, "{round} {:?}\n{text}", policy.exactness);
            for _ in 0..FLOWS {
                let flow = flow(&program, &mut seed);
                let trace = program.trace(&flow);
                let outcome = trace.outcome();
                assert_eq!(before.evaluate(&flow).outcome, outcome, "{text}\n{flow:?}");
                let (denied, logged) = of(&trace, "p", &policy.resource.key.name, policy.part);
                assert_eq!(
                    denied,
                    logged,
                    "{text}\n{}\n{flow:?}\n{}",
                    policy.resource.input.text,
                    serde_json::to_string_pretty(&trace).unwrap()
                );
                match (policy.part, denied) {
                    (Part::Rules, true) => denied_by_rules += 1,
                    (Part::End, true) => denied_by_ends += 1,
                    _ => passed += usize::from(outcome == Outcome::Allow),
                }
            }
        }
    }
    assert!(
        denied_by_rules > 200 && denied_by_ends > 200 && passed > 200,
        "{denied_by_rules} {denied_by_ends} {passed}"
    );
}
