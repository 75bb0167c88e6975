//! One way judged, stage by stage.
//!
//! Where nothing is in doubt, a packet is in one state at a time. A doubt splits it: every state
//! that it may be in is followed, and the verdict is only unknown if they end differently.

use std::ops::ControlFlow;

use crate::resource::{Direction, Era};

use super::address::Family;
use super::answer::{Answer, Doubt};
use super::chain::Outcomes;
use super::flow::Party;
use super::program::Program;
use super::settings::{DataPlane, HostAction};
use super::stage::{Hook, Owner, Stage, Visit};
use super::states::{Implicit, States, WatchStages};
use super::tables::{Class, HostEndpointId, HostId, of_direction};
use super::verdict::{Outcome, Remarks, Verdict};

/// Judges a way.
pub(super) struct Judge<'a, W> {
    pub(super) program: &'a Program,
    pub(super) watch: W,
    pub(super) states: States,
    pub(super) doubt: Option<Doubt>,
    pub(super) remarks: Remarks,
    pub(super) leg: u8,
}

impl<'a, W: WatchStages> Judge<'a, W> {
    pub(super) fn new(program: &'a Program, watch: W) -> Self {
        Self {
            program,
            watch,
            states: States::OPEN,
            doubt: None,
            remarks: Remarks::default(),
            leg: 0,
        }
    }

    pub(super) fn unknown(&self, doubt: Doubt) -> Verdict {
        Verdict {
            outcome: Outcome::Unknown(doubt),
            remarks: self.remarks,
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let denied = self.states.has(States::DENIED);
        let alive = !self.states.without(States::DENIED).is_empty();
        let outcome = match (denied, alive) {
            (true, false) => Outcome::Deny,
            (false, _) => Outcome::Allow,
            (true, true) => Outcome::Unknown(self.doubt.unwrap_or(Doubt::NotModelled)),
        };
        Verdict {
            outcome,
            remarks: self.remarks,
        }
    }

    fn note(&mut self, doubt: Option<Doubt>) {
        if let Some(doubt) = doubt {
            self.doubt.get_or_insert(doubt);
        }
    }

    /// The states after `stage`, were `owner` the one whose policies are asked.
    fn after(
        &mut self,
        stage: &Stage<'_>,
        owner: Option<HostEndpointId>,
        host: Option<HostId>,
    ) -> States {
        let states = self.states;
        match stage.hook {
            Hook::Tunnel(direction) => return self.tunnel(stage, direction, states),
            Hook::ToHost => return self.at_own_host(stage, states),
            Hook::Workload(direction) => return self.workload(stage, direction, states),
            Hook::Untracked(_) | Hook::PreDnat | Hook::Normal(_) | Hook::Forward(_) => {}
        }
        let Some(endpoint) = owner.and_then(|id| self.program.host_endpoint(id)) else {
            return states;
        };
        let Some(class) = self.program.class(endpoint.class) else {
            return states;
        };
        // EVAL-19, EVAL-20: what was accepted is not asked again, but for leaving.
        let asked = match stage.hook {
            Hook::Forward(Direction::Egress) => States::OPEN.with(States::MARKED),
            _ => States::OPEN,
        };
        let asked = states.and(asked);
        if asked.is_empty() {
            return states;
        }
        let rest = states.without(asked);
        self.remarks.assumed |= endpoint.assumed && !is_idle(class, stage.hook);
        let (safe, open) = self.failsafes(stage, class, host, asked);
        if open.is_empty() {
            return rest.with(safe);
        }
        let out = self.outcomes(stage, class);
        self.note(out.doubt);
        self.remarks.assumed |= out.assumed;
        let mut next = rest.with(safe);
        if out.deny {
            next = next.with(States::DENIED);
        }
        if out.allow {
            let accepted = match stage.hook {
                Hook::Untracked(_) => {
                    self.remarks.untracked = true;
                    States::MARKED
                }
                Hook::PreDnat => States::MARKED,
                _ => open,
            };
            next = next.with(accepted);
        }
        if out.none {
            if let Hook::Forward(_) = stage.hook {
                // EVAL-18, EVAL-48.
                let explicit = !class.has_forward || self.program.data_plane() == DataPlane::Bpf;
                let other_direction = of_direction(&class.forward, stage.hook.direction())
                    .tiers
                    .is_empty();
                let first_era = self.program.era() == Era::E1 && other_direction;
                self.remarks.no_explicit_accept |= !explicit && !first_era;
            }
            next = next.with(open);
        }
        next
    }

    fn outcomes(&mut self, stage: &Stage<'_>, class: &Class) -> Outcomes {
        let packet = &stage.packet;
        let chain = match stage.hook {
            Hook::Normal(direction) | Hook::Workload(direction) => {
                return self
                    .program
                    .ask_all(class, direction, packet, &mut self.watch);
            }
            Hook::Untracked(direction) => of_direction(&class.untracked, direction),
            Hook::Forward(direction) => of_direction(&class.forward, direction),
            Hook::PreDnat | Hook::Tunnel(_) | Hook::ToHost => &class.pre_dnat,
        };
        self.program.ask_tiers(chain, packet, &mut self.watch)
    }

    /// EVAL-35: the states of `asked` in which a failsafe ended the stage, and those in which
    /// policy is asked.
    fn failsafes(
        &mut self,
        stage: &Stage<'_>,
        class: &Class,
        host: Option<HostId>,
        asked: States,
    ) -> (States, States) {
        let bpf = self.program.data_plane() == DataPlane::Bpf;
        let (direction, mirrored) = match stage.hook {
            Hook::Untracked(direction) if !is_idle(class, stage.hook) => (direction, true),
            Hook::PreDnat if !is_idle(class, stage.hook) => (Direction::Ingress, false),
            Hook::Normal(direction) => (direction, false),
            _ => return (States::default(), asked),
        };
        // EVAL-49: only where the packet ends on this host or begins there.
        if bpf && direction == Direction::Ingress && !stage.ends_here {
            return (States::default(), asked);
        }
        let failsafes = &self.program.felix(host).failsafes;
        let answer = failsafes.let_pass(direction, &stage.packet, mirrored, bpf);
        match answer {
            Answer::No => (States::default(), asked),
            Answer::Yes => {
                self.watch.implicit(Implicit::Failsafe, answer);
                (asked, States::default())
            }
            Answer::Maybe(doubt) => {
                self.watch.implicit(Implicit::Failsafe, answer);
                self.note(Some(doubt));
                (asked, asked)
            }
        }
    }

    /// EVAL-36.
    fn tunnel(&mut self, stage: &Stage<'_>, direction: Direction, states: States) -> States {
        let alive = states.without(States::DENIED.with(States::DONE));
        if alive.is_empty() {
            return states;
        }
        let facts = self.program.felix(stage.host);
        let packet = &stage.packet;
        let far = match direction {
            Direction::Ingress => &packet.source,
            Direction::Egress => &packet.destination,
        };
        // The packet around a flow goes between nodes, also where nobody says which.
        let known = stage.outer
            || far.host.is_some()
            || far.address.is_some_and(|address| {
                matches!(self.program.find_address(address), Party::Host(_))
            });
        let udp = |port: u16| packet.protocol == 17 && packet.destination.port == Some(port);
        let ipip = facts.overlay.ipip && packet.protocol == 4 && packet.family == Family::V4;
        let vxlan = facts.overlay.vxlan && udp(facts.vxlan_port);
        let wireguard = facts.overlay.wireguard && udp(facts.wireguard_port);
        if wireguard || ((ipip || vxlan) && known) {
            self.watch.implicit(Implicit::OverlayAccept, Answer::Yes);
            return states.without(alive).with(States::DONE);
        }
        if (ipip || vxlan) && direction == Direction::Ingress {
            self.watch.implicit(Implicit::OverlayDrop, Answer::Yes);
            return states.without(alive).with(States::DENIED);
        }
        states
    }

    /// EVAL-40.
    fn at_own_host(&mut self, stage: &Stage<'_>, states: States) -> States {
        let alive = states.without(States::DENIED.with(States::DONE));
        if alive.is_empty() {
            return states;
        }
        let action = self.program.felix(stage.host).to_host;
        self.watch
            .implicit(Implicit::HostAction(action), Answer::Yes);
        let rest = states.without(alive);
        match action {
            HostAction::Drop => rest.with(States::DENIED),
            HostAction::Accept => rest.with(States::DONE),
            HostAction::Return => {
                self.note(Some(Doubt::HostFirewall));
                rest.with(States::DENIED).with(States::DONE)
            }
        }
    }

    fn workload(&mut self, stage: &Stage<'_>, direction: Direction, states: States) -> States {
        let mut alive = states.without(States::DENIED.with(States::DONE));
        if alive.is_empty() {
            return states;
        }
        let mut next = states.without(alive);
        if direction == Direction::Egress {
            match self.before_egress(stage) {
                Some((Answer::Yes, end)) => return next.with(end),
                Some((Answer::Maybe(doubt), end)) => {
                    self.note(Some(doubt));
                    next = next.with(end);
                }
                Some((Answer::No, _)) | None => {}
            }
        }
        let (class, assumed) = match stage.owner {
            Owner::Pod(id) => match self.program.pod(id) {
                Some(pod) => (self.program.class(pod.class), pod.assumed),
                None => (None, false),
            },
            Owner::Imagined(pod) => (Some(&pod.class), false),
            Owner::Nobody | Owner::HostEndpoint(_) | Owner::Unclear => (None, false),
        };
        let Some(class) = class else {
            return states;
        };
        if !self.program.not_modelled().is_empty() {
            self.note(Some(Doubt::NotModelled));
            return next.with(alive).with(States::DENIED);
        }
        let out = self.outcomes(stage, class);
        self.note(out.doubt);
        self.remarks.assumed |= out.assumed || assumed;
        if out.deny {
            next = next.with(States::DENIED);
        }
        if !out.allow {
            alive = States::default();
        }
        next.with(alive)
    }

    /// EVAL-37, EVAL-39: what goes before a pod's egress policy, and where it leads.
    fn before_egress(&mut self, stage: &Stage<'_>) -> Option<(Answer, States)> {
        const NEIGHBOUR_DISCOVERY: [u8; 6] = [130, 131, 132, 133, 135, 136];
        let facts = self.program.felix(stage.host);
        let packet = &stage.packet;
        if stage.ends_here && packet.family == Family::V6 && packet.protocol == 58 {
            let answer = match packet.icmp {
                Some((kind, _)) => Answer::of(NEIGHBOUR_DISCOVERY.contains(&kind)),
                None => Answer::Maybe(Doubt::Icmp),
            };
            if answer != Answer::No {
                self.watch.implicit(Implicit::NeighbourDiscovery, answer);
            }
            return Some((answer, States::DONE));
        }
        let ipip = Answer::of(packet.protocol == 4 && !facts.ipip_from_pods);
        let vxlan = match packet.destination.port {
            _ if packet.protocol != 17 || facts.vxlan_from_pods => Answer::No,
            Some(port) => Answer::of(port == facts.vxlan_port),
            None => Answer::Maybe(Doubt::Port),
        };
        let answer = ipip.or(vxlan);
        if answer == Answer::No {
            return None;
        }
        self.watch.implicit(Implicit::EncapsulationFromPod, answer);
        Some((answer, States::DENIED))
    }
}

/// Whether an endpoint of the class has nothing to ask at the hook.
fn is_idle(class: &Class, hook: Hook) -> bool {
    match hook {
        Hook::Untracked(direction) => of_direction(&class.untracked, direction).tiers.is_empty(),
        Hook::PreDnat => class.pre_dnat.tiers.is_empty(),
        Hook::Forward(_) => !class.has_forward,
        Hook::Normal(_) | Hook::Workload(_) => false,
        Hook::Tunnel(_) | Hook::ToHost => true,
    }
}

impl<'p, W: WatchStages> Visit<'p> for Judge<'_, W> {
    fn stage(&mut self, stage: &Stage<'p>) -> ControlFlow<()> {
        if stage.leg != self.leg {
            self.leg = stage.leg;
            self.states = self.states.anew();
        }
        let before = self.states;
        self.watch.begin(stage);
        let after = match stage.owner {
            Owner::HostEndpoint(id) => self.after(stage, Some(id), stage.host),
            Owner::Unclear => self.any_of(stage),
            Owner::Nobody | Owner::Pod(_) | Owner::Imagined(_) => {
                self.after(stage, None, stage.host)
            }
        };
        self.watch.end(before, after, self.doubt);
        self.states = after;
        if after == States::DENIED {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl<W: WatchStages> Judge<'_, W> {
    /// The states after `stage`, whichever of the host endpoints governs it.
    fn any_of(&mut self, stage: &Stage<'_>) -> States {
        let doubt = self.program.doubt_of_owner(stage.host, stage.interface);
        let mut all = States::default();
        let mut differ = false;
        let candidates = self
            .program
            .candidates(stage.host, stage.interface, stage.hook);
        for (host, id) in candidates {
            self.watch.candidate(Some(host), id);
            let next = self.after(stage, id, Some(host));
            differ |= !all.is_empty() && all != next;
            all = all.with(next);
        }
        if differ {
            self.note(Some(doubt));
        }
        if all.is_empty() { self.states } else { all }
    }
}
