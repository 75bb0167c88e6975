//! Writes down what an evaluation does.

use crate::finding::Place;
use crate::resource::Key;

use super::answer::{Answer, Doubt};
use super::chain::{ChainTier, Watch};
use super::evaluate::together;
use super::flow::{Flow, Party};
use super::matching::Criterion;
use super::packet::Peer;
use super::program::Program;
use super::rule::{Effect, RuleOwner};
use super::stage::{Owner, Stage};
use super::states::{Implicit, States, WatchStages};
use super::tables::{HostEndpointId, HostId, ProfileId, RuleId};
use super::trace::{
    EndpointTrace, PeerTrace, PolicyTrace, RuleTrace, StageDecision, StageTrace, TierEnd,
    TierTrace, Trace, WayTrace, Why,
};
use super::way::Placement;

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
                Party::Host(id) | Party::Service(id) => self.host(Some(id)),
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
