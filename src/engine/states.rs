//! The states of a packet on its way, and what may be told of them.

use super::answer::{Answer, Doubt};
use super::chain::{Unwatched, Watch};
use super::settings::HostAction;
use super::stage::Stage;
use super::tables::{HostEndpointId, HostId};

/// The states that a packet may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct States(u8);

impl States {
    /// On its way, not accepted by anything yet.
    pub(super) const OPEN: Self = Self(1);
    /// Accepted by untracked or pre-DNAT policy: later stages of the leg ask no more (EVAL-19,
    /// EVAL-20).
    pub(super) const MARKED: Self = Self(2);
    /// Through with the leg.
    pub(super) const DONE: Self = Self(4);
    /// Dropped.
    pub(super) const DENIED: Self = Self(8);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// At the start of another leg.
    pub(super) fn anew(self) -> Self {
        let alive = Self::OPEN.with(Self::MARKED).with(Self::DONE);
        if self.has(alive) {
            self.without(alive).with(Self::OPEN)
        } else {
            self
        }
    }
}

/// Follows an evaluation stage by stage.
pub(super) trait WatchStages: Watch {
    /// A stage begins.
    fn begin(&mut self, _stage: &Stage<'_>) {}
    /// One of the host endpoints that may govern the stage is asked.
    fn candidate(&mut self, _host: Option<HostId>, _id: Option<HostEndpointId>) {}
    /// A stage is over.
    fn end(&mut self, _before: States, _after: States, _doubt: Option<Doubt>) {}
    /// A failsafe or implicit rule let the packet pass or dropped it.
    fn implicit(&mut self, _what: Implicit, _answer: Answer) {}
}

impl WatchStages for Unwatched {}

/// What decides besides policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Implicit {
    Failsafe,
    OverlayAccept,
    OverlayDrop,
    EncapsulationFromPod,
    NeighbourDiscovery,
    HostAction(HostAction),
}
