//! What rules ask of the labels of pods at either end of a packet's way.

use crate::engine::answer::Answer;
use crate::engine::imagined::ImaginedPod;
use crate::engine::program::Program;
use crate::engine::rule::{PortTest, Rule, Side};
use crate::engine::tables::{Class, PeerSetId, PolicyId, ServiceSetId, of_direction};
use crate::resource::Direction;

use super::chain::Part;

/// What rules ask of the labels of one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    peers: Vec<PeerSetId>,
    services: Vec<ServiceSetId>,
}

impl Asked {
    fn add(&mut self, side: &Side, program: &Program) {
        self.peers.extend(side.peers);
        self.peers.extend(side.not_peers);
        self.services.extend(side.service);
        let tests: [&Option<PortTest>; 2] = [&side.ports, &side.not_ports];
        let named = tests.into_iter().flatten().flat_map(|test| &test.named);
        let named = named.filter_map(|id| program.named_port(*id));
        self.peers.extend(named.filter_map(|named| named.peers));
    }

    fn settled(mut self) -> Self {
        self.peers.sort_unstable();
        self.peers.dedup();
        self.services.sort_unstable();
        self.services.dedup();
        self
    }

    /// The answers for a pod.
    pub(super) fn of(&self, pod: &ImaginedPod) -> Vec<Answer> {
        let peers = self.peers.iter().map(|id| pod.is_member(*id));
        let services = self.services.iter();
        let services = services.map(|id| Answer::of(pod.is_served(*id)));
        peers.chain(services).collect()
    }

    /// What host endpoints' policies ask of either side: answers run against the packets.
    pub(super) fn by_hosts(program: &Program) -> Self {
        let mut policies: Vec<PolicyId> = Vec::new();
        let mut asked = Self::default();
        let mut classes: Vec<_> = program.host_endpoints().iter().map(|e| e.class).collect();
        classes.sort_unstable();
        classes.dedup();
        for class in classes.into_iter().filter_map(|id| program.class(id)) {
            policies.extend(class.policies.iter().map(|applied| applied.policy));
            for rule in rules_of(class, Part::PreDnat, program) {
                asked.add(&rule.source, program);
                asked.add(&rule.destination, program);
            }
        }
        policies.sort_unstable();
        policies.dedup();
        for policy in policies.into_iter().filter_map(|id| program.policy(id)) {
            for range in &policy.rules {
                for (_, rule) in program.rules_of(range) {
                    asked.add(&rule.source, program);
                    asked.add(&rule.destination, program);
                }
            }
        }
        asked.settled()
    }

    /// What the rules that pods of a class have for one of `directions` ask of such a pod itself, and of
    /// the other end.
    pub(super) fn by_pods(class: &Class, directions: &[Direction], program: &Program) -> [Self; 2] {
        let (mut own, mut other) = (Self::default(), Self::default());
        for direction in directions {
            for rule in rules_of(class, Part::Normal(*direction), program) {
                let (near, far) = match rule.direction {
                    Direction::Ingress => (&rule.destination, &rule.source),
                    Direction::Egress => (&rule.source, &rule.destination),
                };
                own.add(near, program);
                other.add(far, program);
            }
        }
        [own.settled(), other.settled()]
    }
}

/// The rules of a part of a class's policies, and those of its profiles.
fn rules_of<'p>(
    class: &'p Class,
    part: Part,
    program: &'p Program,
) -> impl Iterator<Item = &'p Rule> {
    let lines = part.of(class).tiers.iter().flat_map(|tier| &tier.lines);
    let lines = lines.filter_map(|line| program.rule(line.rule));
    let profiles = class.profiles.iter().flatten();
    let profiles = profiles.filter_map(|id| program.profile(*id));
    let of_profiles = profiles.flat_map(|profile| {
        let both = [Direction::Ingress, Direction::Egress];
        both.into_iter().flat_map(|direction| {
            let range = of_direction(&profile.rules, direction);
            program.rules_of(range).map(|(_, rule)| rule)
        })
    });
    lines.chain(of_profiles)
}
