//! Pairs of classes between which the same happens.
//!
//! Pods that need not exist are as many kinds as selectors tell apart, and each is paired with each.
//! But what happens between two of them hangs on little: which policies each has, on which nodes they
//! are, and what those selectors say of each that the policies which are asked on the way ask of that
//! side. Where all that is the same, the ways of one pair are those of the other.

use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::answer::Answer;
use crate::engine::imagined::{ImaginedPod, PodPorts};
use crate::engine::program::Program;
use crate::engine::rule::{PortTest, Rule, Side};
use crate::engine::space::SpaceError;
use crate::engine::tables::{
    Applied, Class, HostId, PeerSetId, PolicyId, ServiceSetId, of_direction,
};
use crate::resource::Direction;

use super::Work;
use super::chain::Part;
use super::ends::{End, EndId};
use super::way::Way;

/// What rules ask of the labels of one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
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
    fn of(&self, pod: &ImaginedPod) -> Vec<Answer> {
        let peers = self.peers.iter().map(|id| pod.is_member(*id));
        let services = self.services.iter();
        let services = services.map(|id| Answer::of(pod.is_served(*id)));
        peers.chain(services).collect()
    }
}

/// What is asked of where packets come from, and of where they go.
type BothAsked = [Asked; 2];

/// All that bears on what happens at an end besides answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    /// Pods that need not exist of this kind and on these nodes.
    Imagined(usize),
    /// Whatever is in the class.
    Other(EndId),
}

/// What pods that need not exist have in common: policies, ports, nodes and addresses.
type Kind = (
    Box<[Applied]>,
    PodPorts,
    Vec<(Option<HostId>, Option<IpAddr>)>,
);

/// What bears on a pair of ends: their shapes, and what is answered of each.
type Pair = ([Shape; 2], [Vec<Answer>; 2]);

/// The number of all pairs between which the same happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlikeId(u32);

/// Pairs that were looked at.
#[derive(Default)]
pub(super) struct Alike {
    kinds: FxHashMap<Kind, usize>,
    shapes: FxHashMap<EndId, Shape>,
    /// What policies of host endpoints ask of either side.
    of_hosts: Option<Asked>,
    asked: FxHashMap<(Shape, Shape), Arc<BothAsked>>,
    pairs: FxHashMap<Pair, AlikeId>,
    ways: FxHashMap<AlikeId, Arc<[Way]>>,
}

impl Work<'_> {
    /// The ways from one class to another.
    pub(super) fn ways(&mut self, from: EndId, to: EndId) -> Result<Vec<Way>, SpaceError> {
        let ends = Arc::clone(&self.ends);
        let (Some(source), Some(target)) = (ends.get(from), ends.get(to)) else {
            return Ok(Vec::new());
        };
        let Some(id) = self.alike(from, to) else {
            return self.ways_of(&ends, (from, source), (to, target));
        };
        if let Some(known) = self.alike.ways.get(&id) {
            let known = known.iter().cloned();
            return Ok(known.map(|way| Way { from, to, ..way }).collect());
        }
        let ways = self.ways_of(&ends, (from, source), (to, target))?;
        self.alike.ways.insert(id, ways.clone().into());
        Ok(ways)
    }

    /// Which pairs the same happens between as from one class to another; nothing where that is of no
    /// use.
    pub(super) fn alike(&mut self, from: EndId, to: EndId) -> Option<AlikeId> {
        let ends = Arc::clone(&self.ends);
        let (source, target) = (ends.get(from)?, ends.get(to)?);
        // Who was asked about packets is written down for each pair.
        let is_imagined = |end: &End| matches!(end, End::Imagined { .. });
        if self.arrivals.on || !(is_imagined(source) || is_imagined(target)) {
            return None;
        }
        let shapes = [self.shape(from, source), self.shape(to, target)];
        let asked = self.asked_between(shapes, source, target);
        let [of_source, of_target] = &*asked;
        let answers = |asked: &Asked, end: &End| match end {
            End::Imagined { pods, .. } => pods.first().map_or(Vec::new(), |pod| asked.of(pod)),
            _ => Vec::new(),
        };
        let pair = (
            shapes,
            [answers(of_source, source), answers(of_target, target)],
        );
        let next = AlikeId(u32::try_from(self.alike.pairs.len()).ok()?);
        Some(*self.alike.pairs.entry(pair).or_insert(next))
    }

    fn shape(&mut self, id: EndId, end: &End) -> Shape {
        if let Some(known) = self.alike.shapes.get(&id) {
            return *known;
        }
        let shape = match end {
            End::Imagined { pods, .. } => match pods.first() {
                Some(first) => {
                    let places = pods.iter().map(|pod| (pod.host, pod.address));
                    let kind = (
                        first.class.policies.clone(),
                        first.ports.clone(),
                        places.collect(),
                    );
                    let next = self.alike.kinds.len();
                    Shape::Imagined(*self.alike.kinds.entry(kind).or_insert(next))
                }
                None => Shape::Other(id),
            },
            _ => Shape::Other(id),
        };
        self.alike.shapes.insert(id, shape);
        shape
    }

    /// What is asked on the way from one class to another: by the policies of the pods at either end,
    /// and by those of host endpoints.
    fn asked_between(&mut self, shapes: [Shape; 2], source: &End, target: &End) -> Arc<BothAsked> {
        let [from, to] = shapes;
        if let Some(known) = self.alike.asked.get(&(from, to)) {
            return Arc::clone(known);
        }
        let program = self.program;
        let of_hosts = self
            .alike
            .of_hosts
            .get_or_insert_with(|| asked_by_hosts(program))
            .clone();
        let mut both = [of_hosts.clone(), of_hosts];
        let [of_source, of_target] = &mut both;
        for (end, direction) in [(source, Direction::Egress), (target, Direction::Ingress)] {
            for rule in rules_of_pods(end, direction, program) {
                of_source.add(&rule.source, program);
                of_target.add(&rule.destination, program);
            }
        }
        // EVAL-19: what a node answers where no connection is tracked is asked about too.
        let is_host = |end: &End| matches!(end, End::Workers(_) | End::Services(_));
        if is_host(source) || is_host(target) {
            for (end, direction) in [(target, Direction::Egress), (source, Direction::Ingress)] {
                for rule in rules_of_pods(end, direction, program) {
                    of_target.add(&rule.source, program);
                    of_source.add(&rule.destination, program);
                }
            }
        }
        let both = Arc::new(both.map(Asked::settled));
        self.alike.asked.insert((from, to), Arc::clone(&both));
        both
    }
}

fn class_of<'p>(end: &'p End, program: &'p Program) -> Option<&'p Class> {
    match end {
        End::Imagined { pods, .. } => pods.first().map(|pod| &pod.class),
        End::Pods(pods) => program.class(program.pod(*pods.first()?)?.class),
        End::Workers(_) | End::Services(_) | End::Outside => None,
    }
}

/// The rules of one direction that pods of a class have.
fn rules_of_pods<'p>(
    end: &'p End,
    direction: Direction,
    program: &'p Program,
) -> impl Iterator<Item = &'p Rule> {
    let class = class_of(end, program).into_iter();
    class.flat_map(move |class| rules_of(class, Part::Normal(direction), program))
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

/// What host endpoints' policies ask of either side: answers run against the packets.
fn asked_by_hosts(program: &Program) -> Asked {
    let mut policies: Vec<PolicyId> = Vec::new();
    let mut asked = Asked::default();
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
