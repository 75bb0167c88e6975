//! Policies of which one is for workers and one for pods, and both for the same services.

use crate::engine::reach::Reach;
use crate::engine::space::{Addresses, Cube, Ranges, Space, SpaceError};
use crate::engine::{Effect, Family, PolicyId, Program, Rule, RuleId};
use crate::finding::{Code, Finding, Place};
use crate::profile::{Audience, Network, PlatformProfile};
use crate::resource::Kind;

use super::Found;

/// How many rows of what is missing are told.
const ROWS: usize = 4;

/// Differences between what workers and pods may reach of the provider's services, network by
/// network.
pub(super) fn twins(
    reach: &mut Reach<'_>,
    facts: &PlatformProfile,
) -> Result<Vec<Found>, SpaceError> {
    let program = reach.program();
    let mut found = Vec::new();
    for network in Network::BOTH {
        let of = |audience: Audience| {
            let mut policies = facts.policies.iter();
            let policy = policies
                .find(|policy| policy.network == network && policy.services == Some(audience))?;
            find(program, policy.name.as_str())
        };
        let (Some(workers), Some(pods)) = (of(Audience::Workers), of(Audience::Pods)) else {
            continue;
        };
        for (one, other) in [(workers, pods), (pods, workers)] {
            missing(reach, one, other, &mut found)?;
        }
    }
    Ok(found)
}

fn find(program: &Program, name: &str) -> Option<PolicyId> {
    let mut policies = program.policies_numbered();
    let found = policies.find(|(_, policy)| {
        policy.key.kind == Kind::GlobalNetworkPolicy && policy.key.name == name && !policy.assumed
    });
    found.map(|(id, _)| id)
}

/// The rules of `one` that open what `other` does not.
fn missing(
    reach: &mut Reach<'_>,
    one: PolicyId,
    other: PolicyId,
    found: &mut Vec<Found>,
) -> Result<(), SpaceError> {
    let program = reach.program();
    let (Some(own), Some(twin)) = (program.policy(one), program.policy(other)) else {
        return Ok(());
    };
    let open = opened(reach, other)?;
    let open: Vec<Space> = open.into_iter().map(|(_, space)| space).collect();
    let open = reach.spaces().union_of(&open)?;
    for (id, space) in opened(reach, one)? {
        let spaces = reach.spaces();
        let more = spaces.difference(space, open)?;
        let Some(rule) = program.rule(id).filter(|_| !more.is_empty()) else {
            continue;
        };
        let rows = spaces.rows(more, ROWS).to_string();
        let rows: Vec<&str> = rows.lines().collect();
        let message = format!(
            "{} opens what {} does not: {}",
            own.key,
            twin.key,
            rows.join("; ")
        );
        let finding = Finding::new(
            Code::TwinListsDiffer,
            Place::new(&own.place.input, rule.span),
            message,
        );
        found.push(Found {
            finding: finding.related(twin.place.clone(), "the other one"),
            removal: None,
        });
    }
    Ok(())
}

/// What each egress rule that allows opens, by its blocks and numbered ports.
fn opened(reach: &mut Reach<'_>, policy: PolicyId) -> Result<Vec<(RuleId, Space)>, SpaceError> {
    let program = reach.program();
    let Some([_, egress]) = program.policy(policy).map(|policy| &policy.rules) else {
        return Ok(Vec::new());
    };
    let mut opened = Vec::new();
    for (id, rule) in program.rules_of(egress) {
        if rule.effect == Effect::Allow {
            let cube = cube(program, rule);
            opened.push((id, reach.spaces().cube(&cube)?));
        }
    }
    Ok(opened)
}

fn cube(program: &Program, rule: &Rule) -> Cube {
    let nets = rule.destination.nets.and_then(|id| program.nets_of(id));
    let ports = rule.destination.ports.as_ref();
    let ranges = |test: &crate::engine::PortTest| {
        let ranges = test.ranges.iter();
        Ranges::of(ranges.map(|range| (range.first(), range.last())))
    };
    let family = match (rule.is_of(Family::V4), rule.is_of(Family::V6)) {
        (true, false) => Some(Family::V4),
        (false, true) => Some(Family::V6),
        _ => None,
    };
    Cube {
        family,
        protocols: rule.protocol.map(|number| Ranges::singles([number])),
        destinations: nets.map(Addresses::from),
        destination_ports: ports.map(ranges),
        ..Cube::any()
    }
}
