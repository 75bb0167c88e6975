//! One way of many flows, judged stage by stage.
//!
//! This is the judge of single flows once more, over sets of them: where that one keeps the states
//! that its packet may be in, this one keeps for each state the packets that may be in it.

use crate::engine::address::Family;
use crate::engine::answer::Doubt;
use crate::engine::felix::FelixFacts;
use crate::engine::settings::{DataPlane, HostAction};
use crate::engine::space::{Cube, Ranges, Space, SpaceError};
use crate::engine::stage::{Hook, Owner, Stage};
use crate::engine::tables::{Class, HostEndpointId, HostId};
use crate::resource::Direction;

use super::Work;
use super::chain::{ClassRef, Part};
use super::truth::Truth;
use super::view::{At, Seen, View};

/// For each state the packets that may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct States {
    /// On their way, not accepted by anything yet.
    pub(super) open: Space,
    /// Accepted by untracked or pre-DNAT policy (EVAL-19, EVAL-20).
    pub(super) marked: Space,
    /// Through with the leg.
    pub(super) done: Space,
    /// Dropped.
    pub(super) denied: Space,
}

impl States {
    /// Nothing is in any state.
    pub(super) const NONE: Self = Self {
        open: Space::EMPTY,
        marked: Space::EMPTY,
        done: Space::EMPTY,
        denied: Space::EMPTY,
    };

    /// All of them on their way.
    pub(super) fn begin(universe: Space) -> Self {
        Self {
            open: universe,
            ..Self::NONE
        }
    }
}

/// What is known of the flows so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) states: States,
    /// What was not known of which packets, in the order in which it was met.
    pub(super) notes: Vec<(Doubt, Space)>,
    /// The packets that untracked policy accepted.
    pub(super) untracked: Space,
    pub(super) leg: u8,
}

impl Progress {
    pub(super) fn begin(universe: Space, leg: u8) -> Self {
        Self {
            states: States::begin(universe),
            notes: Vec::new(),
            untracked: Space::EMPTY,
            leg,
        }
    }
}

impl Work<'_> {
    /// The packets that are on their way in any state.
    pub(super) fn alive(&mut self, states: &States) -> Result<Space, SpaceError> {
        self.spaces
            .union_of(&[states.open, states.marked, states.done])
    }

    /// Takes the packets through a stage.
    pub(super) fn stage(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
    ) -> Result<(), SpaceError> {
        if stage.leg != progress.leg {
            progress.leg = stage.leg;
            progress.states = States {
                open: self.alive(&progress.states)?,
                denied: progress.states.denied,
                ..States::NONE
            };
        }
        let after = match stage.owner {
            Owner::HostEndpoint(id) => self.after(progress, stage, seen, Some(id), stage.host)?,
            Owner::Unclear => self.any_of(progress, stage, seen)?,
            Owner::Nobody | Owner::Pod(_) | Owner::Imagined(_) => {
                self.after(progress, stage, seen, None, stage.host)?
            }
        };
        progress.states = after;
        Ok(())
    }

    /// The states after the stage, whichever of the host endpoints governs it.
    fn any_of(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
    ) -> Result<States, SpaceError> {
        let doubt = self.program.doubt_of_owner(stage.host, stage.interface);
        let candidates = self
            .program
            .candidates(stage.host, stage.interface, stage.hook);
        let mut all: Option<States> = None;
        for (host, id) in candidates {
            let next = self.after(progress, stage, seen, id, Some(host))?;
            all = Some(match all {
                None => next,
                Some(all) => {
                    let differ = self.difference_of(&all, &next)?;
                    self.note(&mut progress.notes, doubt, differ)?;
                    self.union_of_states(&all, &next)?
                }
            });
        }
        Ok(all.unwrap_or(progress.states))
    }

    fn union_of_states(&mut self, one: &States, other: &States) -> Result<States, SpaceError> {
        Ok(States {
            open: self.spaces.union(one.open, other.open)?,
            marked: self.spaces.union(one.marked, other.marked)?,
            done: self.spaces.union(one.done, other.done)?,
            denied: self.spaces.union(one.denied, other.denied)?,
        })
    }

    /// The packets whose states differ.
    fn difference_of(&mut self, one: &States, other: &States) -> Result<Space, SpaceError> {
        let mut all = Space::EMPTY;
        for (a, b) in [
            (one.open, other.open),
            (one.marked, other.marked),
            (one.done, other.done),
            (one.denied, other.denied),
        ] {
            let left = self.spaces.difference(a, b)?;
            let right = self.spaces.difference(b, a)?;
            all = self.spaces.union_of(&[all, left, right])?;
        }
        Ok(all)
    }

    /// The states after the stage, were `owner` the one whose policies are asked.
    fn after(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
        owner: Option<HostEndpointId>,
        host: Option<HostId>,
    ) -> Result<States, SpaceError> {
        match stage.hook {
            Hook::Tunnel(direction) => self.tunnel(progress, stage, seen, direction),
            Hook::ToHost => self.at_own_host(progress, stage),
            Hook::Workload(direction) => self.workload(progress, stage, seen, direction),
            Hook::Untracked(_) | Hook::PreDnat | Hook::Normal(_) | Hook::Forward(_) => {
                self.at_host(progress, stage, seen, owner, host)
            }
        }
    }

    fn at_host(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
        owner: Option<HostEndpointId>,
        host: Option<HostId>,
    ) -> Result<States, SpaceError> {
        let states = progress.states;
        let program = self.program;
        let endpoint = owner.and_then(|id| program.host_endpoint(id));
        let known = endpoint.and_then(|e| Some((e.class, program.class(e.class)?)));
        let Some((id, class)) = known else {
            return Ok(states);
        };
        let Some(part) = part_of(stage.hook) else {
            return Ok(states);
        };
        let safe = self.safe(stage, seen, class, host)?;
        let split = self.chain(ClassRef::Listed(id), class, part, seen)?;
        let mut next = states;
        next.open = Space::EMPTY;
        // EVAL-19, EVAL-20: what was accepted is not asked again, but for leaving.
        let leaves = matches!(stage.hook, Hook::Forward(Direction::Egress));
        if leaves {
            next.marked = Space::EMPTY;
        }
        let marked = if leaves { states.marked } else { Space::EMPTY };
        for (asked, is_marked) in [(states.open, false), (marked, true)] {
            if asked.is_empty() {
                continue;
            }
            let kept = self.spaces.intersection(asked, safe.possible)?;
            if let Some(doubt) = safe.doubt {
                let unsure = self.spaces.difference(kept, safe.yes)?;
                self.note(&mut progress.notes, doubt, unsure)?;
            }
            let open = self.spaces.difference(asked, safe.yes)?;
            self.arrive(ClassRef::Listed(id), class, part, seen, open)?;
            for (doubt, space) in &split.notes {
                let noted = self.spaces.intersection(open, *space)?;
                self.note(&mut progress.notes, *doubt, noted)?;
            }
            let denied = self.spaces.intersection(open, split.deny.0)?;
            let allowed = self.spaces.intersection(open, split.allow.0)?;
            let none = self.spaces.intersection(open, split.none.0)?;
            next.denied = self.spaces.union(next.denied, denied)?;
            let mut staying = self.spaces.union(kept, none)?;
            match stage.hook {
                Hook::Untracked(_) | Hook::PreDnat => {
                    if matches!(stage.hook, Hook::Untracked(_)) {
                        progress.untracked = self.spaces.union(progress.untracked, allowed)?;
                    }
                    next.marked = self.spaces.union(next.marked, allowed)?;
                }
                _ => staying = self.spaces.union(staying, allowed)?,
            }
            let state = if is_marked {
                &mut next.marked
            } else {
                &mut next.open
            };
            *state = self.spaces.union(*state, staying)?;
        }
        Ok(next)
    }

    /// EVAL-35: what failsafes let pass at the stage, whatever policy says.
    fn safe(
        &mut self,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
        class: &Class,
        host: Option<HostId>,
    ) -> Result<Truth, SpaceError> {
        let has = |part: Part| !part.of(class).tiers.is_empty();
        let (direction, mirrored) = match stage.hook {
            Hook::Untracked(direction) if has(Part::Untracked(direction)) => (direction, true),
            Hook::PreDnat if has(Part::PreDnat) => (Direction::Ingress, false),
            Hook::Normal(direction) => (direction, false),
            _ => return Ok(Truth::NEVER),
        };
        // EVAL-49: only where the packet ends on this host or begins there.
        let bpf = self.program.data_plane() == DataPlane::Bpf;
        if bpf && direction == Direction::Ingress && !stage.ends_here {
            return Ok(Truth::NEVER);
        }
        let program = self.program;
        self.failsafes(&program.felix(host).failsafes, direction, seen, mirrored)
    }

    /// EVAL-36.
    fn tunnel(
        &mut self,
        progress: &Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
        direction: Direction,
    ) -> Result<States, SpaceError> {
        let program = self.program;
        let facts = program.felix(stage.host);
        let (far, peer) = match direction {
            Direction::Ingress => (&seen.source, &stage.packet.source),
            Direction::Egress => (&seen.destination, &stage.packet.destination),
        };
        // The packet around a flow goes between nodes, also where nobody says which.
        let known = if stage.outer || peer.host.is_some() {
            Space::EVERYTHING
        } else {
            self.of_nodes(far, seen.family)?
        };
        let mut accepted = Space::EMPTY;
        let mut dropped = Space::EMPTY;
        let mut carriers = Space::EMPTY;
        if facts.overlay.wireguard {
            accepted = self.udp_to(facts.wireguard_port, &seen.destination)?;
        }
        if facts.overlay.ipip && seen.family == Family::V4 {
            const IPIP: u8 = 4;
            let ipip = self.spaces.cube(&Cube::any().protocols([IPIP]))?;
            carriers = self.spaces.union(carriers, ipip)?;
        }
        if facts.overlay.vxlan {
            let vxlan = self.udp_to(facts.vxlan_port, &seen.destination)?;
            carriers = self.spaces.union(carriers, vxlan)?;
        }
        let between = self.spaces.intersection(carriers, known)?;
        accepted = self.spaces.union(accepted, between)?;
        if direction == Direction::Ingress {
            dropped = self.spaces.difference(carriers, accepted)?;
        }
        let mut states = progress.states;
        let going = self.spaces.union(states.open, states.marked)?;
        let through = self.spaces.intersection(going, accepted)?;
        let stray = self.spaces.intersection(going, dropped)?;
        let gone = self.spaces.union(accepted, dropped)?;
        states.done = self.spaces.union(states.done, through)?;
        states.denied = self.spaces.union(states.denied, stray)?;
        states.open = self.spaces.difference(states.open, gone)?;
        states.marked = self.spaces.difference(states.marked, gone)?;
        Ok(states)
    }

    /// The packets whose address on that side is a node's.
    fn of_nodes(&mut self, view: &View<'_>, family: Family) -> Result<Space, SpaceError> {
        if view.at != At::Header || view.pod.is_some() {
            return Ok(Space::EMPTY);
        }
        let ranges = self.ends.node_addresses.ranges(family).clone();
        let cube = super::named::address_cube(Cube::any(), view.end, family, Some(ranges));
        self.spaces.cube(&cube)
    }

    /// EVAL-40.
    fn at_own_host(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
    ) -> Result<States, SpaceError> {
        let mut states = progress.states;
        let going = self.spaces.union(states.open, states.marked)?;
        states.open = Space::EMPTY;
        states.marked = Space::EMPTY;
        let program = self.program;
        match program.felix(stage.host).to_host {
            HostAction::Drop => states.denied = self.spaces.union(states.denied, going)?,
            HostAction::Accept => states.done = self.spaces.union(states.done, going)?,
            HostAction::Return => {
                self.note(&mut progress.notes, Doubt::HostFirewall, going)?;
                states.denied = self.spaces.union(states.denied, going)?;
                states.done = self.spaces.union(states.done, going)?;
            }
        }
        Ok(states)
    }

    fn workload(
        &mut self,
        progress: &mut Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
        direction: Direction,
    ) -> Result<States, SpaceError> {
        let program = self.program;
        let mut states = progress.states;
        if direction == Direction::Egress {
            states = self.before_egress(progress, stage, seen)?;
        }
        let known = match stage.owner {
            Owner::Pod(id) => program
                .pod(id)
                .and_then(|pod| Some((ClassRef::Listed(pod.class), program.class(pod.class)?))),
            Owner::Imagined(pod) => {
                let pods = [seen.source.pod, seen.destination.pod];
                let mut pods = pods.into_iter().flatten();
                let own = pods.find(|(_, other)| std::ptr::eq(*other, pod));
                own.map(|(number, _)| (ClassRef::Imagined(number), &pod.class))
            }
            Owner::Nobody | Owner::HostEndpoint(_) | Owner::Unclear => None,
        };
        let Some((which, class)) = known else {
            return Ok(states);
        };
        let going = self.spaces.union(states.open, states.marked)?;
        if !program.not_modelled().is_empty() {
            self.note(&mut progress.notes, Doubt::NotModelled, going)?;
            states.denied = self.spaces.union(states.denied, going)?;
            return Ok(states);
        }
        let part = Part::Normal(direction);
        self.arrive(which, class, part, seen, going)?;
        let split = self.chain(which, class, part, seen)?;
        for (doubt, space) in &split.notes {
            let noted = self.spaces.intersection(going, *space)?;
            self.note(&mut progress.notes, *doubt, noted)?;
        }
        let denied = self.spaces.intersection(going, split.deny.0)?;
        states.denied = self.spaces.union(states.denied, denied)?;
        states.open = self.spaces.intersection(states.open, split.allow.0)?;
        states.marked = self.spaces.intersection(states.marked, split.allow.0)?;
        Ok(states)
    }

    /// EVAL-37, EVAL-39: what goes before a pod's egress policy.
    fn before_egress(
        &mut self,
        progress: &Progress,
        stage: &Stage<'_>,
        seen: &Seen<'_>,
    ) -> Result<States, SpaceError> {
        const NEIGHBOUR_DISCOVERY: [u8; 6] = [130, 131, 132, 133, 135, 136];
        const IPIP: u8 = 4;
        const ICMPV6: u8 = 58;
        let program = self.program;
        let facts: &FelixFacts = program.felix(stage.host);
        let mut found = Space::EMPTY;
        if stage.ends_here && seen.family == Family::V6 {
            let cube = Cube {
                icmp_types: Some(Ranges::singles(NEIGHBOUR_DISCOVERY)),
                ..Cube::any().protocols([ICMPV6])
            };
            found = self.spaces.cube(&cube)?;
        }
        let mut carried = Space::EMPTY;
        if !facts.ipip_from_pods {
            carried = self.spaces.cube(&Cube::any().protocols([IPIP]))?;
        }
        if !facts.vxlan_from_pods {
            let vxlan = self.udp_to(facts.vxlan_port, &seen.destination)?;
            carried = self.spaces.union(carried, vxlan)?;
        }
        let mut states = progress.states;
        let going = self.spaces.union(states.open, states.marked)?;
        let done = self.spaces.intersection(going, found)?;
        let denied = self.spaces.intersection(going, carried)?;
        states.done = self.spaces.union(states.done, done)?;
        states.denied = self.spaces.union(states.denied, denied)?;
        let gone = self.spaces.union(found, carried)?;
        states.open = self.spaces.difference(states.open, gone)?;
        states.marked = self.spaces.difference(states.marked, gone)?;
        Ok(states)
    }

    /// What is made of the packets in the end: those that pass, those that are dropped, and those
    /// of which it is not known.
    pub(super) fn verdicts(&mut self, states: &States) -> Result<[Space; 3], SpaceError> {
        let alive = self.alive(states)?;
        Ok([
            self.spaces.difference(alive, states.denied)?,
            self.spaces.difference(states.denied, alive)?,
            self.spaces.intersection(alive, states.denied)?,
        ])
    }
}

fn part_of(hook: Hook) -> Option<Part> {
    match hook {
        Hook::Untracked(direction) => Some(Part::Untracked(direction)),
        Hook::PreDnat => Some(Part::PreDnat),
        Hook::Normal(direction) => Some(Part::Normal(direction)),
        Hook::Forward(direction) => Some(Part::Forward(direction)),
        Hook::Tunnel(_) | Hook::Workload(_) | Hook::ToHost => None,
    }
}
