//! What Calico does with one packet, and why.
//!
//! [`compile()`] turns a resource set and [`Settings`] into a [`Program`]; the program says by which
//! hooks a [`Flow`] goes ([`Program::walk`]) and what happens to it ([`Program::evaluate`],
//! [`Program::trace`]). Nothing here reads text or writes it, and a program never changes, so one
//! serves any number of threads and flows.
//!
//! The rules followed are those of the semantics reference, cited by id where they are applied:
//! `docs/semantics.md` lists them with the tests that hold them. What cannot be decided from the
//! input is [`Outcome::Unknown`] with the first [`Doubt`] met; a doubt that changes nothing leaves
//! the verdict certain.
//!
//! | part | what it does |
//! |---|---|
//! | `settings`, `flow` | what a caller gives |
//! | `compile` | labels, peers, tiers, endpoints: from resources to tables |
//! | `program` | the tables, for whoever walks them |
//! | `way` | which hooks a flow passes, by data plane |
//! | `chain` | one endpoint, one hook, one direction |
//! | `evaluate`, `trace` | the stages put together |
//! | [`space`] | exact sets of packets, for questions about all of them at once |
//! | [`reach`] | what a program does with all flows between classes of endpoints, as such sets |

mod address;
mod answer;
mod chain;
mod compile;
mod evaluate;
mod felix;
mod flow;
mod imagined;
mod judge;
mod matching;
mod packet;
mod program;
pub mod reach;
mod record;
mod rule;
mod service;
mod settings;
mod sides;
pub mod space;
mod stage;
mod states;
mod tables;
mod topology;
mod trace;
mod verdict;
mod way;

pub use crate::resource::Era;
pub use address::{AddressSet, Cover, Family};
pub use answer::{Answer, Doubt};
pub use chain::{Chain, ChainTier, Form, Line};
pub use compile::{Moment, UnderWay, compile, compile_moment};
pub use felix::{Failsafe, Failsafes, FelixFacts};
pub use flow::{ExternalTrafficPolicy, Flow, Original, Party};
pub use imagined::{ImaginedPod, NamedPort, PodPorts, PodSketch};
pub use matching::Criterion;
pub use packet::{Packet, Peer};
pub use program::{NotModelled, Program, Vanished};
pub use rule::{
    Effect, Families, IcmpTest, NamedPorts, PeerSet, PortTest, Rule, RuleOwner, ServiceSet, Side,
    Tuple,
};
pub use service::Backend;
pub use settings::{DataPlane, HostAction, Overlay, Route, Routes, Settings};
pub use stage::{Hook, Owner, Stage, Visit};
pub use tables::{
    Applied, Class, ClassId, HostEndpointId, HostId, InterfaceId, NamedPortsId, NetsId, PeerSetId,
    PodId, PolicyId, ProfileId, RuleId, ServiceSetId, TierId,
};
pub use topology::{
    Claim, Host, HostAddress, HostEndpoint, Pod, Policy, PolicyKind, Profile, Tier,
};
pub use trace::{
    EndpointTrace, PeerTrace, PolicyTrace, RuleTrace, StageDecision, StageTrace, TierEnd,
    TierTrace, Trace, WayTrace, Why,
};
pub use verdict::{Outcome, Remarks, Verdict};
pub use way::Placement;
