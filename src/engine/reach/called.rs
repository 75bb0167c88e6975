//! What pods call their ports, where rules ask for a port by its name (RES-18).
//!
//! Of pods that need not exist it is not known which ports they call so. But what happens to one
//! packet hangs on one thing alone: by which of the names that rules ask for its receiver calls the
//! port that it goes to. So each choice of these names is a class of its own, and what holds for all
//! of the choices holds whatever pods call their ports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::answer::Answer;
use crate::engine::imagined::{ImaginedPod, NamedPort, PodPorts};
use crate::engine::program::Program;
use crate::engine::rule::RuleOwner;
use crate::engine::space::{Addresses, Cube, Space, SpaceError};
use crate::engine::tables::{Class, NamedPortsId, PolicyId};
use crate::resource::Direction;

use super::ends::{End, EndId};
use super::rule::with_ports;
use super::{Reach, Work};

/// What is known of names by which rules ask for ports.
pub(super) struct Called {
    /// The rules that ask for a destination's port by name: of which policy, which way, which names.
    asking: Vec<(Option<PolicyId>, Direction, Vec<NamedPortsId>)>,
    /// Policies that bear on host endpoints: they may be asked about any packet.
    of_hosts: BTreeSet<PolicyId>,
    /// Classes by the class that they are of, and the names.
    ends: BTreeMap<(EndId, Vec<String>), EndId>,
    /// Kinds of pods by the kind that they are of, and the names.
    numbers: BTreeMap<(usize, Vec<String>), usize>,
    /// The next kind's number.
    next: usize,
}

impl Called {
    /// What `program` asks for, of which `kinds` kinds of pods need not exist.
    pub(super) fn of(program: &Program, kinds: usize) -> Self {
        let mut asking = Vec::new();
        if !program.named_ports().is_empty() {
            for rule in program.rules() {
                let side = &rule.destination;
                let tests = [&side.ports, &side.not_ports];
                let named = tests.into_iter().flatten();
                let named: Vec<NamedPortsId> =
                    named.flat_map(|test| test.named.iter().copied()).collect();
                if !named.is_empty() {
                    let policy = match rule.owner {
                        RuleOwner::Policy(id) => Some(id),
                        RuleOwner::Profile(_) => None,
                    };
                    asking.push((policy, rule.direction, named));
                }
            }
        }
        let mut of_hosts = BTreeSet::new();
        if !asking.is_empty() {
            for endpoint in program.host_endpoints() {
                let class = program.class(endpoint.class);
                let policies = class.into_iter().flat_map(|class| &class.policies);
                of_hosts.extend(policies.map(|applied| applied.policy));
            }
        }
        Self {
            asking,
            of_hosts,
            ends: BTreeMap::new(),
            numbers: BTreeMap::new(),
            next: kinds,
        }
    }
}

fn has(class: &Class, id: PolicyId) -> bool {
    let mut policies = class.policies.iter();
    policies.any(|applied| applied.policy == id)
}

impl Reach<'_> {
    /// Whether it is not known what the pods of a class call their ports.
    pub fn calls_unknown(&self, id: EndId) -> bool {
        matches!(self.end(id), Some(End::Imagined { pods, .. })
            if pods.iter().all(|pod| pod.ports == PodPorts::Unknown))
    }

    /// The names by which rules ask for the port of packets from one class to another, of whose pods
    /// it is not known what they call their ports.
    pub fn names_asked(&self, from: EndId, to: EndId) -> BTreeSet<String> {
        let program = self.work.program;
        let Some(End::Imagined { pods, .. }) = self.end(to) else {
            return BTreeSet::new();
        };
        let Some(target) = pods.first() else {
            return BTreeSet::new();
        };
        let source = self.end(from).and_then(|end| match end {
            End::Pods(pods) => program.class(program.pod(*pods.first()?)?.class),
            End::Imagined { pods, .. } => Some(&pods.first()?.class),
            End::Workers(_) | End::Services(_) | End::Outside => None,
        });
        let called = &self.work.called;
        let is_asked = |policy: Option<PolicyId>, direction: Direction| {
            let Some(id) = policy else { return true };
            let own = match direction {
                Direction::Ingress => Some(&target.class),
                Direction::Egress => source,
            };
            called.of_hosts.contains(&id) || own.is_some_and(|class| has(class, id))
        };
        let counts = |id: &NamedPortsId| {
            let named = program.named_port(*id)?;
            let means = |set| target.is_member(set) != Answer::No;
            named
                .peers
                .is_none_or(means)
                .then(|| named.name.to_string())
        };
        let asking = called.asking.iter();
        let asking = asking.filter(|(policy, direction, _)| is_asked(*policy, *direction));
        asking
            .flat_map(|(_, _, named)| named.iter().filter_map(counts))
            .collect()
    }

    /// The class of the pods of `id` that call the port which a packet goes to by each of `names`
    /// and by no other; `id` itself where it is known what they call their ports.
    pub fn called(&mut self, id: EndId, names: &BTreeSet<String>) -> EndId {
        if !self.calls_unknown(id) {
            return id;
        }
        let names: Vec<String> = names.iter().cloned().collect();
        self.work.called_end(id, names).unwrap_or(id)
    }

    /// The packets to a class that go to a port which their receiver calls so. Where it is not known
    /// what its pods call their ports, `called` are the names of the port that a packet goes to.
    ///
    /// # Errors
    /// The sets of packets outgrow the memory set aside for them.
    pub fn to_named(
        &mut self,
        to: EndId,
        name: &str,
        called: &BTreeSet<String>,
    ) -> Result<Space, SpaceError> {
        let program = self.work.program;
        let mut cubes = Vec::new();
        let mut add = |ports: &[NamedPort], at: Option<Addresses>| {
            for port in ports {
                if port.name == name {
                    let cube = Cube::any().protocols([port.protocol]);
                    let mut cube = cube.to_ports([(port.port, port.port)]);
                    cube.destinations.clone_from(&at);
                    cubes.push(cube);
                }
            }
        };
        let at = |addresses: &[std::net::IpAddr]| {
            let nets = addresses.iter().copied().map(ipnet::IpNet::from);
            Some(Addresses::of(nets))
        };
        match self.work.ends.get(to) {
            None | Some(End::Services(_) | End::Outside) => {}
            Some(End::Workers(hosts)) => {
                for endpoint in program.host_endpoints() {
                    if hosts.contains(&endpoint.host) {
                        add(&endpoint.ports, at(&endpoint.addresses));
                    }
                }
            }
            Some(End::Pods(pods)) => {
                for pod in pods.iter().filter_map(|id| program.pod(*id)) {
                    add(&pod.ports, at(&pod.addresses));
                }
            }
            Some(End::Imagined { pods, .. }) => match pods.first().map(|pod| &pod.ports) {
                Some(PodPorts::Listed(ports)) => add(ports, None),
                Some(PodPorts::Unknown) if called.contains(name) => {
                    cubes.push(Cube::any().protocols(with_ports()));
                }
                _ => {}
            },
        }
        self.work.spaces.union_of_cubes(&cubes)
    }
}

impl Work<'_> {
    fn called_end(&mut self, id: EndId, names: Vec<String>) -> Option<EndId> {
        let key = (id, names);
        if let Some(known) = self.called.ends.get(&key) {
            return Some(*known);
        }
        let End::Imagined { number, pods } = self.ends.get(id)? else {
            return None;
        };
        let names = key.1.clone();
        let pods: Vec<ImaginedPod> = pods
            .iter()
            .map(|pod| ImaginedPod {
                ports: PodPorts::Called(names.clone()),
                ..pod.clone()
            })
            .collect();
        let kind = (*number, names);
        let number = if let Some(known) = self.called.numbers.get(&kind) {
            *known
        } else {
            let next = self.called.next;
            self.called.next += 1;
            self.called.numbers.insert(kind, next);
            next
        };
        let end = End::Imagined { number, pods };
        let added = Arc::make_mut(&mut self.ends).add_called(end);
        self.called.ends.insert(key, added);
        Some(added)
    }
}
