//! What nodes pass on to services: node ports and load balancers, up to where the destination
//! changes (EVAL-19 to EVAL-21, EVAL-35).

use std::net::IpAddr;

use palisade::engine::{Doubt, Family, Flow, Outcome, Party, compile};
use palisade::net::Protocol;

use crate::evaluation::{on_host, world};
use crate::maker::{Dice, Maker};
use crate::naive::{End, Naive, node_address};
use crate::random::{facts, settings};
use crate::support::read;

/// To a load balancer, and to a node port.
const BALANCER: &str = "ext -> service:n1 tcp/80 to:198.18.77.7";
const NODE_PORT: &str = "ext -> service:n1 tcp/30080 to:198.18.0.1";

const PRE_DNAT: &str = "preDNAT: true, applyOnForward: true, types: [Ingress], ";

#[test]
fn eval_21_policies_before_translation_see_where_packets_were_sent() {
    let balancer = world(&on_host(
        "p",
        &format!(
            "{PRE_DNAT}ingress: [{{action: Deny, protocol: TCP, destination: {{nets: [198.18.77.7/32], ports: [80]}}}}]"
        ),
    ));
    balancer.denies(BALANCER);
    balancer.allows("ext -> service:n1 tcp/81 to:198.18.77.7");
    balancer.allows("ext -> service:n1 tcp/80 to:198.18.77.8");
    balancer.allows(NODE_PORT);
    let ports = world(&on_host(
        "p",
        &format!(
            "{PRE_DNAT}ingress: [{{action: Deny, protocol: TCP, destination: {{ports: ['30000:32767']}}}}]"
        ),
    ));
    ports.denies(NODE_PORT);
    ports.allows(BALANCER);
    // By another interface, which has no host endpoint.
    ports.allows("ext -> service:n1 tcp/30080 to:198.18.0.1 via:eth0");
}

#[test]
fn eval_12_what_is_passed_on_is_none_of_the_normal_hook() {
    let closed = world(&on_host("p", "types: [Ingress], ingress: [{action: Deny}]"));
    closed.denies("ext -> host:n1 tcp/30080");
    closed.allows(NODE_PORT);
}

#[test]
fn eval_18_what_becomes_of_it_is_not_known_to_policies_for_what_is_forwarded() {
    let forward = |rule: &str| {
        world(&on_host(
            "p",
            &format!("applyOnForward: true, types: [Ingress], ingress: [{rule}]"),
        ))
    };
    forward("{action: Deny}").denies(NODE_PORT);
    forward("{action: Allow}").allows(NODE_PORT);
    // Not by the port to which it was sent.
    let by_port = forward("{action: Allow, protocol: TCP, destination: {ports: [30080]}}");
    assert_eq!(by_port.ask(NODE_PORT), Outcome::Unknown(Doubt::Port));
    let by_address = forward("{action: Allow, destination: {nets: [198.18.0.1/32]}}");
    assert_eq!(by_address.ask(NODE_PORT), Outcome::Unknown(Doubt::Address));
}

#[test]
fn eval_19_answers_of_untracked_connections_need_a_rule_of_their_own() {
    let untracked = |types: &str, egress: &str| {
        let closed = on_host(
            "closed",
            "order: 900, types: [Egress], egress: [{action: Deny}]",
        );
        world(&format!(
            "{closed}{}",
            on_host(
                "p",
                &format!(
                    "doNotTrack: true, applyOnForward: true, types: [{types}], \
                     ingress: [{{action: Allow, protocol: TCP, destination: {{nets: [198.18.77.7/32], ports: [80]}}}}]{egress}"
                ),
            )
        ))
    };
    untracked("Ingress", "").denies(BALANCER);
    let back =
        ", egress: [{action: Allow, protocol: TCP, source: {nets: [198.18.77.7/32], ports: [80]}}]";
    let both = untracked("Ingress, Egress", back);
    both.allows(BALANCER);
    // What is tracked needs none.
    both.allows("ext -> service:n1 tcp/81 to:198.18.77.7");
}

/// EVAL-35: an answer from a failsafe port, as it looks before connection tracking.
#[test]
fn eval_35_untracked_policies_do_not_see_what_looks_like_an_answer_and_others_do() {
    let deny = "ingress: [{action: Deny, protocol: TCP, destination: {ports: [80]}}]";
    let early = world(&on_host(
        "p",
        &format!("doNotTrack: true, applyOnForward: true, types: [Ingress], {deny}"),
    ));
    let from_failsafe = format!("{BALANCER} from-port:179");
    early.denies(BALANCER);
    early.allows(&from_failsafe);
    let late = world(&on_host("p", &format!("{PRE_DNAT}{deny}")));
    late.denies(BALANCER);
    late.denies(&from_failsafe);
    // One to a failsafe port passes there all the same.
    late.allows("ext -> service:n1 tcp/6443 to:198.18.77.7");
}

#[test]
fn both_evaluators_agree_on_what_is_passed_on_to_services() {
    const SETS: u64 = 60;
    let mut tally = [0usize; 3];
    for number in 1..=SETS {
        let mut dice = Dice(91 << 32 | number);
        let facts = facts(&mut dice);
        let mut maker = Maker {
            dice: &mut dice,
            facts: facts.clone(),
            doubts: 0,
        };
        let yaml = maker.cluster();
        let flows: Vec<_> = (0..150).map(|_| maker.flow()).collect();
        let doubts = maker.doubts > 0;
        let set = read(&yaml);
        let program = compile(&set, &settings(&facts));
        let no_doubt = |_: usize| true;
        let naive = Naive::new(&set, &facts, &no_doubt);
        for flow in flows {
            let End::Ext(source) = flow.from else {
                continue;
            };
            let node = dice.of(&["n1", "n2"]);
            let elsewhere: [IpAddr; 2] = if flow.v6 {
                ["2001:db8:77::7", "fd00:77::7"]
            } else {
                ["203.0.113.77", "10.77.0.7"]
            }
            .map(|text| text.parse().unwrap());
            let interface = dice.of(&["eth0", "eth1"]);
            let address = dice.of(&[
                elsewhere[0],
                elsewhere[1],
                node_address(node, interface, flow.v6),
            ]);
            let mut asked = Flow::new(
                Party::Address(source),
                Party::Service(program.find_host(node).unwrap()),
                Protocol::Number(flow.protocol),
                flow.dport,
            );
            asked.family = if flow.v6 { Family::V6 } else { Family::V4 };
            asked.source_port = flow.sport;
            asked.icmp = flow.icmp;
            asked.to_address = Some(address);
            let verdict = program.evaluate(&asked);
            let answers = naive.serves(&flow, node, address);
            let one = answers.iter().all(|answer| *answer == answers[0]);
            let right = match verdict.outcome {
                Outcome::Allow => doubts || (one && answers[0]),
                Outcome::Deny => doubts || (one && !answers[0]),
                Outcome::Unknown(doubt) => doubts || [Doubt::Port, Doubt::Address].contains(&doubt),
            };
            tally[match verdict.outcome {
                Outcome::Allow => 0,
                Outcome::Deny => 1,
                Outcome::Unknown(_) => 2,
            }] += 1;
            assert!(
                right,
                "set {number}: {verdict:?}, and {answers:?}\n{facts:?}\n{flow:?} to {address} at \
                 {node}\n{yaml}\n{}",
                serde_json::to_string_pretty(&program.trace(&asked)).unwrap()
            );
        }
    }
    let [allowed, denied, unknown] = tally;
    assert!(allowed > 1000 && denied > 200 && unknown < 100, "{tally:?}");
}
