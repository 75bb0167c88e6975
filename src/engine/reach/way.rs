//! The ways between two classes of endpoints, each with what happens on it to all packets.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::address::{AddressSet, Family};
use crate::engine::answer::Doubt;
use crate::engine::flow::{Flow, Party};
use crate::engine::imagined::ImaginedPod;
use crate::engine::packet::Peer;
use crate::engine::space::{Addresses, Cube, Ranges, Space, SpaceError};
use crate::engine::stage::{Hook, Stage};
use crate::engine::tables::InterfaceId;
use crate::resource::Direction;

use super::Work;
use super::course::Course;
use super::ends::{End, EndId, Ends, Spot, pod_address};
use super::judge::Progress;
use super::view::{At, HeaderEnd, Seen, View};

/// One of the ways between two classes of endpoints: all flows that pass the same hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Where the flows begin.
    pub from: EndId,
    /// Where they end.
    pub to: EndId,
    /// Whether both ends are on one node; nothing where one is outside the cluster.
    pub together: Option<bool>,
    /// The interface by which flows leave the node where they begin; nothing where they begin
    /// outside the cluster or do not leave.
    pub leaves: Option<InterfaceId>,
    /// The interface by which flows from outside enter their node, or the one that has the address
    /// of the node to which flows go.
    pub enters: Option<InterfaceId>,
    /// Whether the source address of the flows is known. Where it is not, packets of `universe` may
    /// have any, and nothing is told apart by it.
    pub knows_source: bool,
    /// All flows that go this way. Where nodes are listed it may hold pairs of addresses that are
    /// not on one node, or on two, as the way has it: [`Reach::real`](super::Reach::real).
    pub universe: Space,
    /// Those that surely pass.
    pub allow: Space,
    /// Those that are surely dropped.
    pub deny: Space,
    /// Those of which it cannot be known.
    pub unknown: Space,
    /// Why not: the first reason that was met counts.
    pub doubts: Vec<(Doubt, Space)>,
}

/// Addresses by which the header's own are recognised on a member's way.
pub(super) struct Sight<'e> {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    pods: [Option<(usize, &'e ImaginedPod)>; 2],
    /// Whether the packets are answers: they run from where the flows go.
    pub(super) mirrored: bool,
}

impl Work<'_> {
    /// The ways from one class of endpoints to another, walked.
    pub(super) fn ways_of(
        &mut self,
        ends: &Ends,
        (from, source): (EndId, &End),
        (to, target): (EndId, &End),
    ) -> Result<Vec<Way>, SpaceError> {
        let mut ways = Vec::new();
        for family in [Family::V4, Family::V6] {
            for course in self.courses(ends, source, target, family) {
                if let Some(way) = self.way(ends, (from, source), (to, target), &course)? {
                    ways.push(way);
                }
            }
        }
        Ok(ways)
    }

    fn way(
        &mut self,
        ends: &Ends,
        (from, source): (EndId, &End),
        (to, target): (EndId, &End),
        course: &Course<'_>,
    ) -> Result<Option<Way>, SpaceError> {
        let program = self.program;
        let flow = course.flow();
        let mut stages: Vec<Stage<'_>> = Vec::new();
        if program
            .walk(&flow, course.pair.placement, &mut stages)
            .is_err()
        {
            return Ok(None);
        }
        let begin = stages.iter().find(|stage| !stage.outer);
        let mut sight = self.sight(course, &stages, source, target);
        let sources = match &course.sources {
            Some(sources) => Some(sources.clone()),
            // EVAL-31: a packet that no hook sees bears any address of its node.
            None if begin.is_none() => Some(ends.addresses(source, program, course.family)),
            None => sight.source.map(|address| self.like(ends, course, address)),
        };
        let knows_source = sources.is_some();
        let is_outward = matches!(course.pair.to, Party::Address(_));
        let of = |ranges: Ranges| Addresses::of_family(course.family, ranges);
        let universe = self.spaces.cube(&Cube {
            family: Some(course.family),
            sources: sources.map(of),
            destinations: Some(of(course.destinations.clone())),
            ..Cube::any()
        })?;
        if universe.is_empty() {
            return Ok(None);
        }
        let mut progress = Progress::begin(universe, 0);
        self.follow(ends, &stages, &sight, &mut progress)?;
        let [mut allow, mut deny, mut unknown] = self.verdicts(&progress.states)?;
        let is_answered = flow.from.answers_at_node() || flow.to.answers_at_node();
        if !progress.untracked.is_empty() && is_answered {
            sight.mirrored = true;
            let [dropped, unclear] =
                self.answer(ends, &flow, course, &sight, &mut progress, [allow, unknown])?;
            let doubtful = self.spaces.intersection(allow, unclear)?;
            deny = self.spaces.union(deny, dropped)?;
            allow = self.spaces.difference(allow, deny)?;
            allow = self.spaces.difference(allow, doubtful)?;
            unknown = self.spaces.difference(unknown, dropped)?;
            unknown = self.spaces.union(unknown, doubtful)?;
        }
        Ok(Some(Way {
            from,
            to,
            together: course.pair.together,
            leaves: begin.and_then(|_| leaves(&stages)),
            enters: course.interface.filter(|_| !is_outward),
            knows_source,
            universe,
            allow,
            deny,
            unknown,
            doubts: self.reasons(&progress.notes, unknown)?,
        }))
    }

    /// By what the ends of the flows of a course, which take them through `stages`, are recognised.
    pub(super) fn sight<'e>(
        &self,
        course: &Course<'e>,
        stages: &[Stage<'e>],
        source: &'e End,
        target: &'e End,
    ) -> Sight<'e> {
        let program = self.program;
        let begin = stages.iter().find(|stage| !stage.outer);
        Sight {
            source: match course.pair.from {
                Party::Address(address) => Some(address),
                Party::Pod(id) => pod_address(id, program, course.family),
                Party::Host(_) => begin.and_then(|stage| stage.packet.source.address),
                Party::Imagined(_) | Party::Service(_) => None,
            },
            destination: match course.pair.to {
                Party::Address(address) => Some(address),
                Party::Pod(id) => pod_address(id, program, course.family),
                Party::Host(_) | Party::Service(_) => course.to_address,
                Party::Imagined(_) => None,
            },
            pods: [
                Self::pod_of(source, course.pair.from),
                Self::pod_of(target, course.pair.to),
            ],
            mirrored: false,
        }
    }

    /// The addresses of all nodes where a node has `address`.
    fn like(&self, ends: &Ends, course: &Course<'_>, address: IpAddr) -> Ranges {
        let program = self.program;
        let spot = match course.pair.from {
            Party::Host(host) => program
                .host(host)
                .and_then(|known| Some((host, Spot::find(known, address)?))),
            _ => None,
        };
        let set = match spot {
            Some((host, spot)) => ends.at_spot(host, spot, program),
            None => AddressSet::of([IpNet::from(address)]),
        };
        Addresses::from(&set).ranges(course.family).clone()
    }

    /// EVAL-19: without connection tracking the answer is a flow of its own. Of the packets that
    /// untracked policy accepted and that pass or may pass: those whose answer is dropped, and
    /// those of whose answer it is not known.
    fn answer(
        &mut self,
        ends: &Ends,
        flow: &Flow<'_>,
        course: &Course<'_>,
        sight: &Sight<'_>,
        progress: &mut Progress,
        passing: [Space; 2],
    ) -> Result<[Space; 2], SpaceError> {
        let passing = self.spaces.union_of(&passing)?;
        let asked = self.spaces.intersection(passing, progress.untracked)?;
        let mut answer = Progress::begin(asked, progress.leg.saturating_add(1));
        let reply = flow.reply();
        let mut back: Vec<Stage<'_>> = Vec::new();
        let walked = self.program.walk(&reply, course.pair.placement, &mut back);
        for stage in &mut back {
            stage.leg = stage.leg.saturating_add(answer.leg);
        }
        if walked.is_ok() {
            self.follow(ends, &back, sight, &mut answer)?;
        }
        let [_, mut dropped, mut unclear] = self.verdicts(&answer.states)?;
        for (doubt, space) in answer.notes {
            self.note(&mut progress.notes, doubt, space)?;
        }
        if self.program.is_under_way {
            // Where the policy that accepted it is under way, no answer by itself need be needed.
            self.note(&mut progress.notes, Doubt::UnderWay, dropped)?;
            unclear = self.spaces.union(unclear, dropped)?;
            dropped = Space::EMPTY;
        }
        Ok([dropped, unclear])
    }

    /// The parts of `unknown` by the first reason that was met.
    fn reasons(
        &mut self,
        notes: &[(Doubt, Space)],
        unknown: Space,
    ) -> Result<Vec<(Doubt, Space)>, SpaceError> {
        let mut rest = unknown;
        let mut reasons = Vec::new();
        for (doubt, space) in notes {
            let part = self.spaces.intersection(rest, *space)?;
            if !part.is_empty() {
                reasons.push((*doubt, part));
                rest = self.spaces.difference(rest, *space)?;
            }
        }
        if !rest.is_empty() {
            reasons.push((Doubt::NotModelled, rest));
        }
        Ok(reasons)
    }

    /// Takes the packets through the stages, those of an overlay's packets as one.
    fn follow<'e>(
        &mut self,
        ends: &Ends,
        stages: &[Stage<'e>],
        sight: &Sight<'e>,
        progress: &mut Progress,
    ) -> Result<(), SpaceError> {
        let mut rest = stages;
        while let Some((stage, behind)) = rest.split_first() {
            if !stage.outer {
                let seen = self.seen(ends, stage, sight);
                self.stage(progress, stage, &seen)?;
                rest = behind;
                continue;
            }
            let outer = rest.iter().take_while(|stage| stage.outer).count();
            let (carried, behind) = rest.split_at(outer);
            self.carry(ends, carried, progress)?;
            rest = behind;
        }
        Ok(())
    }

    /// What happens to the packets that carry those of the flows happens to the flows.
    fn carry(
        &mut self,
        ends: &Ends,
        stages: &[Stage<'_>],
        progress: &mut Progress,
    ) -> Result<(), SpaceError> {
        let Some(begin) = stages.first() else {
            return Ok(());
        };
        let packet = &begin.packet;
        let family = packet.family;
        let among = |peer: &Peer<'_>| {
            let (host, address) = (peer.host?, peer.address?);
            let spot = Spot::find(self.program.host(host)?, address)?;
            let set = ends.at_spot(host, spot, self.program);
            Some(Addresses::of_family(
                family,
                Addresses::from(&set).ranges(family).clone(),
            ))
        };
        let port = packet.destination.port;
        let universe = Cube {
            family: Some(family),
            sources: among(&packet.source),
            destinations: among(&packet.destination),
            destination_ports: port.map(|port| Ranges::singles([port])),
            ..Cube::any().protocols([packet.protocol])
        };
        let universe = self.spaces.cube(&universe)?;
        let mut outer = Progress::begin(universe, begin.leg);
        for stage in stages {
            let side = |peer: &Peer<'_>, end| View {
                end,
                at: if peer.address.is_some() {
                    At::Header
                } else {
                    At::Unknown
                },
                pod: None,
                host: peer.host,
                knows_port: true,
            };
            let seen = Seen {
                family,
                source: side(&stage.packet.source, HeaderEnd::Source),
                destination: side(&stage.packet.destination, HeaderEnd::Destination),
            };
            self.stage(&mut outer, stage, &seen)?;
        }
        let arrives = self.alive(&outer.states)?;
        let going = self.alive(&progress.states)?;
        if !outer.untracked.is_empty() {
            progress.untracked = self.spaces.union(progress.untracked, going)?;
        }
        if outer.states.denied.is_empty() {
            return Ok(());
        }
        let denied = self.spaces.union(progress.states.denied, going)?;
        progress.states.denied = denied;
        if arrives.is_empty() {
            progress.states.open = Space::EMPTY;
            progress.states.marked = Space::EMPTY;
            progress.states.done = Space::EMPTY;
        } else {
            let doubt = outer.notes.first().map_or(Doubt::Node, |(doubt, _)| *doubt);
            self.note(&mut progress.notes, doubt, going)?;
        }
        Ok(())
    }

    pub(super) fn seen<'e>(
        &mut self,
        ends: &Ends,
        stage: &Stage<'e>,
        sight: &Sight<'e>,
    ) -> Seen<'e> {
        let (first, last) = if sight.mirrored {
            (HeaderEnd::Destination, HeaderEnd::Source)
        } else {
            (HeaderEnd::Source, HeaderEnd::Destination)
        };
        Seen {
            family: stage.packet.family,
            source: self.view(ends, &stage.packet.source, first, sight),
            destination: self.view(ends, &stage.packet.destination, last, sight),
        }
    }

    fn view<'e>(
        &mut self,
        ends: &Ends,
        peer: &Peer<'e>,
        end: HeaderEnd,
        sight: &Sight<'e>,
    ) -> View<'e> {
        let expected = match end {
            HeaderEnd::Source => sight.source,
            HeaderEnd::Destination => sight.destination,
        };
        let pod = peer.imagined.and_then(|pod| {
            let mut known = sight.pods.iter().flatten();
            known.find(|(_, other)| std::ptr::eq(*other, pod)).copied()
        });
        let at = match peer.address {
            _ if peer.imagined.is_some() => At::Header,
            None => At::Unknown,
            Some(address) if Some(address) == expected => At::Header,
            Some(address) => {
                let host = peer.host;
                let spot = host.and_then(|id| Spot::find(self.program.host(id)?, address));
                let set = match (host, spot) {
                    (Some(host), Some(spot)) => ends.at_spot(host, spot, self.program),
                    _ => AddressSet::of([IpNet::from(address)]),
                };
                At::Among(self.among_number(set))
            }
        };
        View {
            end,
            at,
            pod,
            host: peer.host,
            // Of what a service's packets become nothing is known.
            knows_port: peer.port.is_some(),
        }
    }

    /// The pod that need not exist which stands for an end, with its number.
    fn pod_of<'e>(end: &End, party: Party<'e>) -> Option<(usize, &'e ImaginedPod)> {
        match (end, party) {
            (End::Imagined { number, .. }, Party::Imagined(pod)) => Some((*number, pod)),
            _ => None,
        }
    }
}

/// The interface by which packets leave their first node.
fn leaves(stages: &[Stage<'_>]) -> Option<InterfaceId> {
    let first = stages
        .iter()
        .take_while(|stage| stage.leg == 0 && !stage.outer);
    let mut out = first.filter(|stage| stage.hook.direction() == Direction::Egress);
    let leaving = |stage: &&Stage<'_>| !matches!(stage.hook, Hook::Workload(_) | Hook::Tunnel(_));
    out.find(leaving).and_then(|stage| stage.interface)
}
