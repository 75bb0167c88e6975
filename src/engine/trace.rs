//! Why a flow passes or not: every stage, and under it every rule that was looked at.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::finding::Place;
use crate::resource::{Direction, Key};

use super::answer::{Answer, Doubt};
use super::chain::{ChainTier, Watch};
use super::evaluate::{Implicit, States, WatchStages, together};
use super::flow::{Flow, Party};
use super::matching::Criterion;
use super::packet::Peer;
use super::program::Program;
use super::rule::{Effect, RuleOwner};
use super::settings::HostAction;
use super::stage::{Hook, Owner, Stage};
use super::tables::{HostEndpointId, HostId, PolicyId, ProfileId, RuleId};
use super::verdict::{Outcome, Verdict};
use super::way::Placement;

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
#[derive(Debug, Clone, Serialize)]
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

impl Program {
    /// What happens to `flow`, and why: the same verdict as [`Program::evaluate`] gives.
    pub fn trace(&self, flow: &Flow<'_>) -> Trace {
        let mut ways = Vec::new();
        for placement in self.placements(flow) {
            let recorder = Recorder {
                program: self,
                stages: Vec::new(),
                why: None,
            };
            let (verdict, recorder) = self.judge(flow, *placement, recorder);
            ways.push(WayTrace {
                together: match placement {
                    Placement::Known => None,
                    Placement::Together => Some(true),
                    Placement::Apart => Some(false),
                },
                verdict,
                stages: recorder.stages,
            });
        }
        let verdict = ways.iter().map(|way| way.verdict).reduce(together);
        Trace {
            verdict: verdict.unwrap_or_else(|| self.evaluate(flow)),
            ways,
        }
    }
}

/// Writes down what an evaluation does.
struct Recorder<'a> {
    program: &'a Program,
    stages: Vec<StageTrace>,
    why: Option<Why>,
}

impl Recorder<'_> {
    fn endpoint(&mut self) -> Option<&mut EndpointTrace> {
        self.stages.last_mut()?.asked.last_mut()
    }

    fn peer(&self, peer: &Peer<'_>) -> PeerTrace {
        let name = match (peer.imagined, peer.host, peer.address) {
            (Some(pod), _, _) => Some(format!("pod of namespace {}", pod.sketch.namespace)),
            (_, Some(host), _) => self.host(Some(host)),
            (_, _, Some(address)) => match self.program.find_address(address) {
                Party::Pod(id) => self.program.pod(id).map(|pod| pod.key.to_string()),
                Party::Host(id) => self.host(Some(id)),
                Party::Imagined(_) | Party::Address(_) => None,
            },
            (_, _, None) => None,
        };
        PeerTrace {
            address: peer.address,
            port: peer.port,
            name,
        }
    }

    fn host(&self, host: Option<HostId>) -> Option<String> {
        let host = self.program.host(host?)?;
        Some(host.name.clone())
    }

    fn asked(&mut self, host: Option<HostId>, key: Option<(&Key, &Place)>, assumed: bool) {
        let host = self.host(host);
        let asked = EndpointTrace {
            host,
            endpoint: key.map(|(key, _)| key.to_string()),
            place: key.map(|(_, place)| place.clone()),
            assumed,
            tiers: Vec::new(),
            profiles: Vec::new(),
        };
        if let Some(stage) = self.stages.last_mut() {
            stage.asked.push(asked);
        }
    }
}

impl Watch for Recorder<'_> {
    const ON: bool = true;

    fn tier(&mut self, tier: &ChainTier) {
        let program = self.program;
        let policies = tier.policies.iter().filter_map(|applied| {
            let policy = program.policy(applied.policy)?;
            Some(PolicyTrace {
                key: policy.key.clone(),
                id: applied.policy,
                place: policy.place.clone(),
                order: policy.order,
                certain: applied.certain,
                staged: policy.staged,
                assumed: policy.assumed,
                rules: Vec::new(),
            })
        });
        let name = program.tier(tier.tier).map(|tier| tier.name.clone());
        let trace = TierTrace {
            name: name.unwrap_or_default(),
            policies: policies.collect(),
            end: None,
        };
        if let Some(endpoint) = self.endpoint() {
            endpoint.tiers.push(trace);
        }
    }

    fn rule(&mut self, id: RuleId, answer: Answer) {
        let program = self.program;
        let Some(rule) = program.rule(id) else {
            return;
        };
        let decides = matches!(rule.effect, Effect::Allow | Effect::Deny | Effect::Unclear);
        let policy = match rule.owner {
            RuleOwner::Policy(policy) => program.policy(policy).map(|of| (policy, of)),
            RuleOwner::Profile(_) => None,
        };
        let Some((policy_id, policy)) = policy else {
            return;
        };
        let place = Place::new(&policy.place.input, rule.span);
        if decides && answer != Answer::No {
            self.why = Some(Why::Rule {
                policy: policy.key.to_string(),
                index: rule.index,
                effect: rule.effect,
                place: place.clone(),
            });
        }
        let trace = RuleTrace {
            direction: rule.direction,
            index: rule.index,
            place,
            effect: rule.effect,
            matched: answer,
            fails_at: None,
        };
        if let Some(endpoint) = self.endpoint()
            && let Some(tier) = endpoint.tiers.last_mut()
            && let Some(policy) = tier.policies.iter_mut().find(|p| p.id == policy_id)
        {
            policy.rules.push(trace);
        }
    }

    fn failed(&mut self, criterion: Option<Criterion>) {
        if let Some(endpoint) = self.endpoint()
            && let Some(tier) = endpoint.tiers.last_mut()
            && let Some(rule) = tier
                .policies
                .iter_mut()
                .rev()
                .find_map(|p| p.rules.last_mut())
        {
            rule.fails_at = criterion;
        }
    }

    fn tier_end(&mut self, passes: bool) {
        let end = if passes { TierEnd::Pass } else { TierEnd::Deny };
        if let Some(endpoint) = self.endpoint()
            && let Some(tier) = endpoint.tiers.last_mut()
        {
            tier.end = Some(end);
            let why = Why::TierEnd {
                tier: tier.name.clone(),
                end,
            };
            self.why = Some(why);
        }
    }

    fn profile(&mut self, id: Option<ProfileId>) {
        let known = id.and_then(|id| self.program.profile(id));
        let Some(profile) = known else {
            self.why = Some(Why::NoProfile);
            return;
        };
        let name = profile.name.clone();
        if let Some(endpoint) = self.endpoint() {
            endpoint.profiles.push(name.clone());
        }
        self.why = Some(Why::Profile { profile: name });
    }

    fn no_profile(&mut self) {
        self.why = Some(Why::NoProfile);
    }
}

impl WatchStages for Recorder<'_> {
    fn begin(&mut self, stage: &Stage<'_>) {
        self.why = None;
        let packet = &stage.packet;
        let interface = stage
            .interface
            .and_then(|id| self.program.interface_name(id).cloned());
        let trace = StageTrace {
            host: self.host(stage.host),
            interface,
            hook: stage.hook,
            outer: stage.outer,
            leg: stage.leg,
            protocol: packet.protocol,
            source: self.peer(&packet.source),
            destination: self.peer(&packet.destination),
            decision: StageDecision::Pass,
            asked: Vec::new(),
            why: Why::NoEndpoint,
        };
        self.stages.push(trace);
        let program = self.program;
        match stage.owner {
            Owner::HostEndpoint(id) => self.candidate(stage.host, Some(id)),
            Owner::Pod(id) => {
                let pod = program.pod(id);
                let key = pod.map(|pod| (&pod.key, &pod.place));
                self.asked(stage.host, key, pod.is_some_and(|pod| pod.assumed));
            }
            Owner::Imagined(_) => self.asked(stage.host, None, false),
            Owner::Nobody | Owner::Unclear => {}
        }
    }

    fn candidate(&mut self, host: Option<HostId>, id: Option<HostEndpointId>) {
        let program = self.program;
        let endpoint = id.and_then(|id| program.host_endpoint(id));
        let key = endpoint.map(|endpoint| (&endpoint.key, &endpoint.place));
        self.asked(host, key, endpoint.is_some_and(|e| e.assumed));
    }

    fn end(&mut self, before: States, after: States, doubt: Option<Doubt>) {
        let alive = after.without(States::DENIED) != States::default();
        let decision = if after.has(States::DENIED) && alive {
            StageDecision::Unknown(doubt.unwrap_or(Doubt::NotModelled))
        } else if after.has(States::DENIED) {
            StageDecision::Drop
        } else if after != before {
            StageDecision::Accept
        } else {
            StageDecision::Pass
        };
        let why = self.why.take();
        let Some(stage) = self.stages.last_mut() else {
            return;
        };
        stage.decision = decision;
        let skipped = before.without(States::OPEN) == before;
        let asked = stage.asked.iter().any(|e| e.endpoint.is_some());
        stage.why = match why {
            Some(why) => why,
            None if skipped => Why::AcceptedBefore,
            None if asked => Why::NoPolicy,
            None => Why::NoEndpoint,
        };
    }

    fn implicit(&mut self, what: Implicit, _answer: Answer) {
        self.why = Some(match what {
            Implicit::Failsafe => Why::Failsafe,
            Implicit::OverlayAccept => Why::Overlay,
            Implicit::OverlayDrop => Why::StrayOverlay,
            Implicit::EncapsulationFromPod => Why::EncapsulationFromPod,
            Implicit::NeighbourDiscovery => Why::NeighbourDiscovery,
            Implicit::HostAction(action) => Why::HostAction { action },
        });
    }
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
