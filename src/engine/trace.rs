//! Why a flow passes or not: every stage, and under it every rule that was looked at.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::finding::Place;
use crate::resource::{Direction, Key};

use super::answer::{Answer, Doubt};
use super::matching::Criterion;
use super::rule::Effect;
use super::settings::HostAction;
use super::stage::Hook;
use super::tables::PolicyId;
use super::verdict::{Outcome, Verdict};

/// Why a flow passes or not.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// What happens to it.
    pub verdict: Verdict,
    /// Its way; two where the node of a pod is not known: once as if both ends were on one node,
    /// once as if they were not.
    pub ways: Vec<WayTrace>,
}

/// One way of a flow.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WayTrace {
    /// Whether both ends are taken to be on one node; nothing where the nodes are known.
    pub together: Option<bool>,
    /// What happens to it.
    pub verdict: Verdict,
    /// Its stages, in order, up to the one that decided.
    pub stages: Vec<StageTrace>,
}

/// One stage of a way.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageTrace {
    /// The node, if known.
    pub host: Option<String>,
    /// The interface, if known.
    pub interface: Option<String>,
    /// The hook.
    pub hook: Hook,
    /// Whether it is about the packet around the flow's own, in an overlay.
    pub outer: bool,
    /// The part of the way: an answer to an untracked packet comes in parts of its own.
    pub leg: u8,
    /// The protocol's number.
    pub protocol: u8,
    /// The source as it is there.
    pub source: PeerTrace,
    /// The destination as it is there.
    pub destination: PeerTrace,
    /// What became of the packet.
    pub decision: StageDecision,
    /// The endpoints whose policies were asked: one, but where node or interface is not known.
    pub asked: Vec<EndpointTrace>,
    /// What decided.
    pub why: Why,
}

/// One side of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerTrace {
    /// The address, if known.
    pub address: Option<IpAddr>,
    /// The port, if there is one.
    pub port: Option<u16>,
    /// The pod or node that it is, if known.
    pub name: Option<String>,
}

/// What became of a packet at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "reason")]
pub enum StageDecision {
    /// It goes on.
    Pass,
    /// It goes on, and later stages of the leg ask it no more (EVAL-19, EVAL-20).
    Accept,
    /// It is dropped.
    Drop,
    /// It cannot be known.
    Unknown(Doubt),
}

/// An endpoint whose policies were asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointTrace {
    /// The node, if known.
    pub host: Option<String>,
    /// The endpoint; nothing for a pod that need not exist, and where no host endpoint governs
    /// the interface.
    pub endpoint: Option<String>,
    /// Where it stands.
    #[serde(serialize_with = "maybe_place")]
    pub place: Option<Place>,
    /// Whether it is only assumed to be there.
    pub assumed: bool,
    /// The tiers that were asked.
    pub tiers: Vec<TierTrace>,
    /// The profiles that were asked.
    pub profiles: Vec<String>,
}

/// A tier that was asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TierTrace {
    /// Its name.
    pub name: String,
    /// Its policies that apply, in order.
    pub policies: Vec<PolicyTrace>,
    /// How it ended, where no rule ended it.
    pub end: Option<TierEnd>,
}

/// How a tier ends that no rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TierEnd {
    /// The packet goes to the next tier.
    Pass,
    /// It is dropped.
    Deny,
}

/// A policy that applies.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyTrace {
    /// The object.
    #[serde(serialize_with = "shown")]
    pub key: Key,
    /// Its number in the program.
    #[serde(skip)]
    pub id: PolicyId,
    /// Where it stands.
    #[serde(serialize_with = "a_place")]
    pub place: Place,
    /// Its order; nothing means last.
    pub order: Option<f64>,
    /// Whether it surely applies.
    pub certain: bool,
    /// Whether it is only staged, and so not asked (EVAL-8).
    pub staged: bool,
    /// Whether it is only assumed to be there.
    pub assumed: bool,
    /// Its rules that were looked at, in order; none where an earlier policy decided.
    pub rules: Vec<RuleTrace>,
}

/// A rule that was looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleTrace {
    /// In which of the policy's lists.
    #[serde(serialize_with = "direction_word")]
    pub direction: Direction,
    /// At which place of it, from 0.
    pub index: u32,
    /// Where it stands.
    #[serde(serialize_with = "a_place")]
    pub place: Place,
    /// What it does.
    #[serde(serialize_with = "effect_word")]
    pub effect: Effect,
    /// Whether it matched; a reason where that cannot be known.
    #[serde(serialize_with = "answer_word")]
    pub matched: Answer,
    /// The first thing that it asks and the packet has not.
    pub fails_at: Option<Criterion>,
}

/// What decided at a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Why {
    /// Nothing: no host endpoint governs the interface.
    NoEndpoint,
    /// Nothing: no policy of the endpoint has anything to say here.
    NoPolicy,
    /// Nothing: an earlier stage accepted the packet already.
    AcceptedBefore,
    /// A rule.
    Rule {
        /// The policy.
        policy: String,
        /// The rule's place in its list, from 0.
        index: u32,
        /// What it does.
        #[serde(serialize_with = "effect_word")]
        effect: Effect,
        /// Where it stands.
        #[serde(serialize_with = "a_place")]
        place: Place,
    },
    /// The end of a tier (EVAL-9).
    TierEnd {
        /// The tier.
        tier: String,
        /// How it ends.
        end: TierEnd,
    },
    /// A profile.
    Profile {
        /// Its name.
        profile: String,
    },
    /// No profile lets the packet pass (EVAL-10 to EVAL-12).
    NoProfile,
    /// A failsafe port (EVAL-35).
    Failsafe,
    /// The packet carries those of an overlay, between nodes (EVAL-36).
    Overlay,
    /// It says so, but comes from no node (EVAL-36).
    StrayOverlay,
    /// A pod sends packets of an overlay itself (EVAL-37).
    EncapsulationFromPod,
    /// IPv6 neighbour discovery is always let through (EVAL-39).
    NeighbourDiscovery,
    /// What Felix does with packets from a pod to its own host (EVAL-40).
    HostAction {
        /// The action.
        #[serde(serialize_with = "action_word")]
        action: HostAction,
    },
}

impl Trace {
    /// Whether the flow passes.
    pub fn outcome(&self) -> Outcome {
        self.verdict.outcome
    }
}

#[derive(Serialize)]
struct PlaceData<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

fn a_place<S: Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    PlaceData {
        file: &place.input.name,
        line: place.span.line,
        column: place.span.column,
    }
    .serialize(serializer)
}

fn maybe_place<S: Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    match place {
        Some(place) => a_place(place, serializer),
        None => serializer.serialize_none(),
    }
}

fn shown<S: Serializer>(key: &Key, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn direction_word<S: Serializer>(direction: &Direction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(direction.word())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn effect_word<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
        Effect::Pass => "Pass",
        Effect::Log => "Log",
        Effect::Unclear => "unclear",
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn answer_word<S: Serializer>(answer: &Answer, serializer: S) -> Result<S::Ok, S::Error> {
    match answer {
        Answer::No => serializer.serialize_bool(false),
        Answer::Yes => serializer.serialize_bool(true),
        Answer::Maybe(doubt) => serializer.serialize_str(doubt.word()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn action_word<S: Serializer>(action: &HostAction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match action {
        HostAction::Drop => "Drop",
        HostAction::Accept => "Accept",
        HostAction::Return => "Return",
    })
}
