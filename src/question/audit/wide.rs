//! Rules that open more than they can be meant to.

use ipnet::IpNet;

use crate::engine::space::Addresses;
use crate::engine::{Effect, Family, Program, Rule, RuleId, Side};
use crate::finding::{Code, Finding, Place};
use crate::net::Protocol;
use crate::profile::{Network, PlatformProfile};
use crate::resource::Direction;

use super::Found;

/// Rules wider than a threshold: ports open to every address, and every port to a public block with
/// a prefix of `most` bits or fewer.
pub(super) fn wide(
    program: &Program,
    facts: &PlatformProfile,
    most: u8,
    is_gone: impl Fn(RuleId) -> bool,
) -> Vec<Found> {
    let inside = inside(program, facts);
    let mut found = Vec::new();
    for policy in program.policies() {
        if policy.assumed || policy.staged {
            continue;
        }
        for (direction, rules) in [Direction::Ingress, Direction::Egress]
            .into_iter()
            .zip(&policy.rules)
        {
            for (id, rule) in program.rules_of(rules) {
                if is_gone(id) || rule.effect != Effect::Allow {
                    continue;
                }
                let Some(what) = opens(program, rule, direction, &inside, most) else {
                    continue;
                };
                let message = format!(
                    "{} rule {} of {} opens {what}",
                    direction.word().to_lowercase(),
                    rule.index + 1,
                    policy.key
                );
                let place = Place::new(&policy.place.input, rule.span);
                let finding = Finding::new(Code::WideRule, place, message);
                found.push(Found {
                    finding: finding.hint("name the addresses or the ports that are meant"),
                    removal: None,
                });
            }
        }
    }
    // Calico makes several rules of one rule of a Kubernetes policy.
    found.dedup_by(|a, b| a.finding.place == b.finding.place);
    found
}

/// The addresses that are not public: those of the cluster, of private networks, and those that are
/// reached by the private network.
fn inside(program: &Program, facts: &PlatformProfile) -> Addresses {
    let subnets = &facts.subnets;
    let private = subnets.private.iter().map(|cidr| cidr.to_net());
    let routed = facts.routes.iter();
    let routed = routed.filter(|route| route.network == Network::Private);
    let known = private
        .chain(routed.map(|route| route.net.to_net()))
        .chain([subnets.pods.to_net(), subnets.services.to_net()]);
    Addresses::of(known).union(&Addresses::from(program.pod_subnets()))
}

fn opens(
    program: &Program,
    rule: &Rule,
    direction: Direction,
    inside: &Addresses,
    most: u8,
) -> Option<String> {
    let (far, towards) = match direction {
        Direction::Ingress => (&rule.source, "from"),
        Direction::Egress => (&rule.destination, "to"),
    };
    if far.peers.is_some() || far.service.is_some() {
        return None;
    }
    let has_ports = |number: u8| Protocol::of_number(number).has_ports();
    if rule.protocol.is_some_and(|number| !has_ports(number)) || rule.icmp.is_some() {
        return None;
    }
    let ports = ports(&rule.destination);
    let protocol = rule.protocol.map(Protocol::of_number);
    let kind = match (&ports, protocol) {
        (Some(ports), Some(protocol)) => format!("{protocol} {ports}"),
        (Some(ports), None) => format!("port {ports}"),
        (None, Some(protocol)) => format!("every {protocol} port"),
        (None, None) => "every port".to_owned(),
    };
    let set = far.nets.and_then(|id| program.nets_of(id));
    let Some(set) = set else {
        let but = if far.not_nets.is_some() {
            " but those of `notNets`"
        } else {
            ""
        };
        return Some(format!("{kind} {towards} every address{but}"));
    };
    let families = [Family::V4, Family::V6];
    if families.iter().any(|family| set.is_everything(*family)) {
        return Some(format!("{kind} {towards} every address"));
    }
    if ports.is_some() {
        return None;
    }
    let public = Addresses::from(set).complement().union(inside).complement();
    let widest = public
        .cidrs()
        .min_by_key(|cidr| cidr.to_net().prefix_len())?;
    let bits = match widest.to_net() {
        IpNet::V4(net) => net.prefix_len(),
        // A site of IPv6 has a prefix of 48 bits, as one of IPv4 has one of 24 or so.
        IpNet::V6(net) => net.prefix_len() / 2,
    };
    (bits <= most).then(|| format!("{kind} {towards} {widest}"))
}

/// The ports that a side names; nothing for all.
fn ports(side: &Side) -> Option<String> {
    let test = side.ports.as_ref()?;
    let texts: Vec<String> = test.ranges.iter().map(ToString::to_string).collect();
    let all = test
        .ranges
        .iter()
        .any(|range| range.first() <= 1 && range.last() == u16::MAX);
    if all {
        return None;
    }
    Some(if !test.named.is_empty() && texts.is_empty() {
        "by name".to_owned()
    } else {
        texts.join(", ")
    })
}
