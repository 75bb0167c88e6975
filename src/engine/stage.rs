//! The stages of a packet's way.

use std::ops::ControlFlow;

use crate::resource::Direction;

use super::imagined::ImaginedPod;
use super::packet::Packet;
use super::tables::{HostEndpointId, HostId, InterfaceId, PodId};

/// Where on its way a packet is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// Before connection tracking (EVAL-17, EVAL-19).
    Untracked(Direction),
    /// Before destinations are changed (EVAL-17, EVAL-20).
    PreDnat,
    /// The implicit rules for overlay packets (EVAL-36).
    Tunnel(Direction),
    /// To or from a host's own processes (EVAL-12).
    Normal(Direction),
    /// Through a host (EVAL-18).
    Forward(Direction),
    /// To or from a pod (EVAL-11).
    Workload(Direction),
    /// From a pod to its own host (EVAL-40).
    ToHost,
}

impl Hook {
    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Untracked(Direction::Ingress) => "untracked-ingress",
            Self::Untracked(Direction::Egress) => "untracked-egress",
            Self::PreDnat => "pre-dnat",
            Self::Tunnel(Direction::Ingress) => "tunnel-ingress",
            Self::Tunnel(Direction::Egress) => "tunnel-egress",
            Self::Normal(Direction::Ingress) => "normal-ingress",
            Self::Normal(Direction::Egress) => "normal-egress",
            Self::Forward(Direction::Ingress) => "forward-ingress",
            Self::Forward(Direction::Egress) => "forward-egress",
            Self::Workload(Direction::Ingress) => "workload-ingress",
            Self::Workload(Direction::Egress) => "workload-egress",
            Self::ToHost => "endpoint-to-host",
        }
    }

    /// The direction that policies must govern to count here.
    pub fn direction(self) -> Direction {
        match self {
            Self::Untracked(direction)
            | Self::Tunnel(direction)
            | Self::Normal(direction)
            | Self::Forward(direction)
            | Self::Workload(direction) => direction,
            Self::PreDnat | Self::ToHost => Direction::Ingress,
        }
    }
}

impl serde::Serialize for Hook {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Whose policies are asked at a stage.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'p> {
    /// Nobody's: no host endpoint governs the interface, or the stage asks for no policy.
    Nobody,
    /// A host endpoint's.
    HostEndpoint(HostEndpointId),
    /// A pod's.
    Pod(PodId),
    /// Those of a pod that need not exist.
    Imagined(&'p ImaginedPod),
    /// Those of one of several host endpoints, or of none: node or interface is not known.
    /// [`Program::candidates`](super::Program::candidates) lists them.
    Unclear,
}

/// One stage of a packet's way.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'p> {
    /// On which node; nothing where that is not known.
    pub host: Option<HostId>,
    /// By which interface; nothing where that is not known or bears on nothing.
    pub interface: Option<InterfaceId>,
    /// At which hook.
    pub hook: Hook,
    /// Whose policies are asked.
    pub owner: Owner<'p>,
    /// The packet as it is there.
    pub packet: Packet<'p>,
    /// Which part of the way it is: what an earlier part accepted counts no more in the next.
    pub leg: u8,
    /// Whether the packet ends on this node's own processes.
    pub ends_here: bool,
    /// Whether the packet is the one that carries the flow's own over an overlay.
    pub outer: bool,
}

/// Takes the stages of a way, one after the other.
pub trait Visit<'p> {
    /// Takes a stage.
    fn stage(&mut self, stage: &Stage<'p>) -> ControlFlow<()>;
}

impl<'p> Visit<'p> for Vec<Stage<'p>> {
    fn stage(&mut self, stage: &Stage<'p>) -> ControlFlow<()> {
        self.push(*stage);
        ControlFlow::Continue(())
    }
}
