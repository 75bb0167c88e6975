//! A packet of many flows as one hook sees it: what of it the flows' header says.

use crate::engine::address::{AddressSet, Cover, Family};
use crate::engine::answer::{Answer, Doubt};
use crate::engine::imagined::ImaginedPod;
use crate::engine::program::Program;
use crate::engine::rule::PeerSet;
use crate::engine::space::{Addresses, Ranges};
use crate::engine::tables::{HostId, PeerSetId};

use super::truth::Bounds;

/// An end of the header in which flows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderEnd {
    /// Where flows begin.
    Source,
    /// Where they end.
    Destination,
}

/// What is known of the address of one side of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum At {
    /// It is the header's.
    Header,
    /// It is another, one of the set of that number: a node has put its own there.
    Among(usize),
    /// Nothing.
    Unknown,
}

/// One side of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'p> {
    /// Whose port it has if that is known, and whose address if it is the header's.
    pub(super) end: HeaderEnd,
    /// What is known of the address.
    pub(super) at: At,
    /// The pod that need not exist whose address it is, with its number.
    pub(super) pod: Option<(usize, &'p ImaginedPod)>,
    /// The node whose address it is.
    pub(super) host: Option<HostId>,
    /// Whether the port is the header's; nothing is known of it otherwise.
    pub(super) knows_port: bool,
}

/// What two views must have in common to be the same to every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ViewKey {
    end: HeaderEnd,
    at: At,
    pod: Option<usize>,
    host: Option<HostId>,
    knows_port: bool,
}

impl View<'_> {
    /// The key of the view for rules that ask for labels, or for those that do not.
    pub(super) fn key(&self, asks_labels: bool) -> ViewKey {
        ViewKey {
            end: self.end,
            at: self.at,
            pod: self.pod.map(|(number, _)| number).filter(|_| asks_labels),
            // The node only counts where the address is not known.
            host: self.host.filter(|_| self.at == At::Unknown),
            knows_port: self.knows_port,
        }
    }
}

/// A packet of many flows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'p> {
    /// The IP family.
    pub(super) family: Family,
    /// Where it comes from.
    pub(super) source: View<'p>,
    /// Where it goes.
    pub(super) destination: View<'p>,
}

/// What addresses sets hold, for views.
pub(super) struct Addressing<'a> {
    pub(super) program: &'a Program,
    /// The sets that [`At::Among`] numbers.
    pub(super) among: &'a [AddressSet],
    pub(super) family: Family,
}

impl Addressing<'_> {
    /// The highest address of the family, as a number.
    pub(super) fn max(&self) -> u128 {
        match self.family {
            Family::V4 => u128::from(u32::MAX),
            Family::V6 => u128::MAX,
        }
    }

    /// The addresses of a set as ranges.
    pub(super) fn ranges(&self, set: &AddressSet) -> Ranges {
        Addresses::from(set).ranges(self.family).clone()
    }

    /// Whether the address is in `set`.
    pub(super) fn is_in(&self, set: &AddressSet, view: &View<'_>) -> Bounds {
        match view.at {
            At::Header => Bounds::sure(self.ranges(set)),
            At::Among(number) => Bounds::of(self.holds_all(set, number)),
            At::Unknown if set.is_empty(self.family) => Bounds::of(Answer::No),
            At::Unknown if set.is_everything(self.family) => Bounds::any(),
            At::Unknown => Bounds::of(Answer::Maybe(Doubt::Address)),
        }
    }

    fn holds_all(&self, set: &AddressSet, number: usize) -> Answer {
        let Some(addresses) = self.among.get(number) else {
            return Answer::Maybe(Doubt::Address);
        };
        match set.covers(addresses, self.family) {
            Cover::Nothing => Answer::No,
            Cover::All => Answer::Yes,
            Cover::Part => Answer::Maybe(Doubt::Node),
        }
    }

    /// Whether the address is one of what a selector matches (RES-17).
    pub(super) fn is_peer(&self, id: PeerSetId, view: &View<'_>) -> Bounds {
        let Some(set) = self.program.peer_set(id) else {
            return Bounds::of(Answer::No);
        };
        let by_labels = view.pod.map_or(Answer::No, |(_, pod)| pod.is_member(id));
        if by_labels == Answer::Yes {
            return Bounds::any();
        }
        Bounds::of(by_labels).or(self.has_address(set, view))
    }

    fn has_address(&self, set: &PeerSet, view: &View<'_>) -> Bounds {
        if view.at == At::Unknown {
            let is_host = match view.host {
                Some(host) if set.hosts.contains(&host) => Answer::Maybe(Doubt::Address),
                _ => Answer::No,
            };
            let known = Bounds::of(is_host).or(self.is_in(&set.sets, view));
            // A set that is under way may hold it.
            let is_open = set.doubt == Doubt::UnderWay && !set.perhaps.is_empty(self.family);
            return if is_open {
                known.or(Bounds::of(Answer::Maybe(Doubt::UnderWay)))
            } else {
                known
            };
        }
        let sure = self.is_in(&set.sure, view);
        if set.perhaps.is_empty(self.family) {
            return sure;
        }
        let perhaps = Bounds {
            yes: Some(Ranges::default()),
            doubt: Some(set.doubt),
            ..self.is_in(&set.perhaps, view)
        };
        sure.or(perhaps)
    }
}
