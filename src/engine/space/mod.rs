//! Exact sets of packets.
//!
//! A [`Space`] is any set of packets that family, protocol, addresses, ports and ICMP type and code
//! tell apart; [`Spaces`] makes and keeps them. Two spaces of one keeper are the same set exactly
//! if they are the same handle: every set has one diagram and every diagram is kept once.
//!
//! A diagram asks for one field after the other (`level`). A node has the field's values as
//! ranges, each with the node to go on to; neighbours that go on alike are one range, and a node
//! with one range is left out. Two ends, in and not in, close every way.
//!
//! **The universe.** The protocol decides which fields a packet has: ports with TCP, UDP and SCTP,
//! type and code with ICMP and ICMPv6 (in either family), none of these with any other. A packet
//! does not have the others at all, so no diagram asks a packet for what it has not, and
//! [`Spaces::count`] does not count by it. A [`Cube`] that names a field holds only packets that
//! have it, even if it names every value; the complement of such a cube has all packets that lack
//! the field. Both addresses are of the packet's family. Ports and protocols start at 0, as they
//! do on the wire.
//!
//! | part | what it does |
//! |---|---|
//! | `level` | the fields, their order, and which packets have them |
//! | `ranges` | sets of numbers and addresses |
//! | `table` | nodes, each once, up to a limit |
//! | `ops` | union, intersection, difference |
//! | `spaces` | what callers do with spaces |
//! | `cube` | a product of sets, one a field, and its space |
//! | `order` | which of an ordered list holds a packet first |
//! | `header`, `count` | one packet; how many there are |
//! | `rows`, `print` | a space as few disjoint cubes, and as text |

mod count;
mod cube;
mod header;
mod level;
mod ops;
mod order;
mod print;
mod ranges;
mod rows;
mod spaces;
mod table;

pub use count::Count;
pub use cube::Cube;
pub use header::Header;
pub use order::{Decided, Owned};
pub use ranges::{Addresses, Ranges};
pub use rows::Rows;
pub use spaces::Spaces;
pub use table::SpaceError;

/// A set of packets: a handle, to be used with the [`Spaces`] that gave it and with no other.
///
/// The order is that in which spaces were made first; it says nothing of their packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Space(u32);

impl Space {
    /// No packet.
    pub const EMPTY: Self = Self(0);
    /// Every packet.
    pub const EVERYTHING: Self = Self(1);

    /// Whether no packet is in it.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether every packet is in it.
    pub fn is_everything(self) -> bool {
        self == Self::EVERYTHING
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}
