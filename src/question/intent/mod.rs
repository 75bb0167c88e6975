//! What must hold of a cluster, said without a word about policies.
//!
//! An [`Intent`] says of the packets from one [`Group`] of ends to another that some of them pass,
//! that some are dropped, or exactly which ones pass. Intents come from a file ([`read`]) or from
//! the profiles' facts ([`built_in()`]): the same facts that the templates render, stated a second
//! time and without the templates, so that a wrong template cannot prove itself right.
//!
//! | part | what it holds |
//! |---|---|
//! | `group`, `part` | between whom, and which packets |
//! | `written`, `file` | the format of a file, and what is refused of it |
//! | `conflict` | two intents that cannot both hold |
//! | `facts`, `built_in` | intents from the facts of the profiles |

mod built_in;
mod conflict;
mod facts;
mod file;
mod group;
mod part;
mod written;

pub use built_in::built_in;
pub use conflict::conflict;
pub use facts::Facts;
pub use file::{read, schema};
pub use group::Group;
pub use part::{Icmp, Part, PartSpaces};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::engine::space::{Cube, Space, SpaceError, Spaces};
use crate::finding::Place;
use crate::profile::Network;

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What it is called; unique among those that are asked about together.
    pub name: String,
    /// What must hold of the packets.
    pub expect: Expect,
    /// Where the packets come from.
    pub from: Group,
    /// Where they go.
    pub to: Group,
    /// Which packets: those of any of the parts. Never empty.
    pub parts: Vec<Part>,
    /// Which packets of the parts are not meant.
    pub except: Vec<Part>,
    /// Where it stands, if it was read from a file.
    pub place: Option<Place>,
    /// The network whose policies it is about, if it is about one.
    pub about: Option<Network>,
    /// Whether it is of what others want of the cluster's services, and not of what workers or pods
    /// want themselves.
    pub for_services: bool,
    /// What it is for, in one sentence.
    pub why: String,
}

/// What must hold of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expect {
    /// Every one passes, between every two ends.
    Allow,
    /// Every one is dropped, between every two ends.
    Deny,
    /// These pass, and no others do.
    Exactly,
}

impl Expect {
    /// The word for it in a file: `allow`, `deny` or `exactly`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Exactly => "exactly",
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Intent {
    /// Whether it is about what workers pass on to services.
    pub fn is_about_services(&self) -> bool {
        matches!(self.to, Group::Services { .. })
    }

    /// The names by which it means ports.
    pub fn names(&self) -> BTreeSet<&str> {
        let parts = self.parts.iter().chain(&self.except);
        let names = parts.flat_map(|part| part.names.iter().flatten());
        names.map(String::as_str).collect()
    }

    /// The packets that are meant: those of any part, without the excepted ones, from and to the
    /// listed addresses where an end is [`Group::Nets`]. `named` are the packets that go to a port
    /// which their receiver calls so, by name; none where a name is not there. `known` is what was found
    /// out of parts before, with the same keeper.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn space(
        &self,
        spaces: &mut Spaces,
        known: &mut PartSpaces,
        named: &Named,
    ) -> Result<Space, SpaceError> {
        let meant = union(spaces, known, &self.parts, named)?;
        let not_meant = union(spaces, known, &self.except, named)?;
        let scope = self.scope(spaces)?;
        let within = spaces.intersection(meant, scope)?;
        spaces.difference(within, not_meant)
    }

    /// All packets from and to the listed addresses where an end is [`Group::Nets`]: where exactly
    /// some packets are to pass, those of them that are not meant are to be dropped.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn scope(&self, spaces: &mut Spaces) -> Result<Space, SpaceError> {
        let mut cube = Cube::any();
        if let Group::Nets(nets) = &self.from {
            cube = cube.from(part::addresses(nets));
        }
        if let Group::Nets(nets) = &self.to {
            cube = cube.to(part::addresses(nets));
        }
        spaces.cube(&cube)
    }
}

/// Packets that go to a port which their receiver calls so, by name.
pub type Named = BTreeMap<String, Space>;

/// The packets of any of the parts.
fn union(
    spaces: &mut Spaces,
    known: &mut PartSpaces,
    parts: &[Part],
    named: &Named,
) -> Result<Space, SpaceError> {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let mut meant = known.of(part, spaces)?;
        if let Some(names) = &part.names {
            let called = names.iter().filter_map(|name| named.get(name).copied());
            let called: Vec<Space> = called.collect();
            let called = spaces.union_of(&called)?;
            meant = spaces.intersection(meant, called)?;
        }
        all.push(meant);
    }
    spaces.union_of(&all)
}
