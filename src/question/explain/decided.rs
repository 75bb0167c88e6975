//! What decided on a flow that was recorded.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::engine::{
    Answer, Effect, Hook, Outcome, Program, StageDecision, StageTrace, TierEnd, Trace, Why,
};
use crate::finding::InputError;
use crate::net::Protocol;
use crate::profile::{Network, PlatformProfile};
use crate::question::asked::{Asked, Endpoint, Sort};
use crate::question::subject::Known;
use crate::question::trace::trace;
use crate::resource::Direction;

use super::service::Services;
use super::{LoggedFlow, Seen};

/// How interfaces of pods begin (Felix, `interfacePrefix`).
const POD: &str = "cali";

/// A flow that was recorded, and what decided on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// How often it was recorded.
    pub count: u64,
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The flow.
    pub flow: LoggedFlow,
    /// By which way it went through the worker.
    pub passage: Passage,
    /// What decided.
    pub decided: Decided,
    /// The policies that recorded it, by their Log rules.
    pub recorded_by: Vec<String>,
}

/// By which way a packet went through a worker, as the interfaces say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// From where to where.
    pub way: Way,
    /// The network of the worker's own interface, where one is a network's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// From where to where a packet goes at a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the worker's own processes, or from outside and not on its way yet.
    In,
    /// From the worker's own processes.
    Out,
    /// From outside to a pod.
    ToPod,
    /// From a pod to somewhere outside.
    FromPod,
    /// From a pod to another one of the same worker.
    BetweenPods,
    /// From a pod to its worker, or not on its way yet.
    PodToWorker,
    /// From the worker to one of its pods.
    WorkerToPod,
    /// Through the worker.
    Through,
}

/// What decided on a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Decided {
    /// A Deny rule.
    Rule {
        /// The hook.
        hook: String,
        /// The policy.
        policy: String,
        /// The rule's place in its list, from 1.
        rule: u32,
        /// Where it stands: `file:line`.
        place: String,
    },
    /// The end of a tier, which no rule of these policies decided before.
    TierEnd {
        /// The hook.
        hook: String,
        /// The tier.
        tier: String,
        /// The policies that govern the endpoint.
        policies: Vec<String>,
    },
    /// Something else.
    Other {
        /// The hook.
        hook: String,
        /// What.
        why: Why,
    },
    /// Several things, by where an end is that is not known, or which worker recorded it: each in
    /// turn.
    Several {
        /// What decides.
        each: Vec<Decided>,
    },
    /// Nothing: by what is given it passes.
    Allowed,
    /// It cannot be known.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Decided {
    /// One thing, or several.
    fn of_each(mut each: Vec<Self>) -> Self {
        match each.pop() {
            Some(only) if each.is_empty() => only,
            Some(last) => {
                each.push(last);
                Self::Several { each }
            }
            None => Self::Several { each },
        }
    }
}

/// What decided on each of `flows`, in the same order.
pub fn explain(
    program: &Program,
    known: &Known,
    flows: Vec<(&LoggedFlow, Seen)>,
) -> Vec<Explained> {
    let inside = known.inside();
    let facts = &known.platform_profile;
    let mut services = Services::of(program);
    let explained = flows.into_iter().map(|(flow, seen)| {
        let asked = asked(program, flow, &inside);
        let passage = Passage::of(flow, facts);
        let met = Met { flow, passage };
        let (decided, recorded_by) = match services.traces(&asked, passage) {
            Some(traces) => at_any(&traces, met),
            None => match trace(program, &asked) {
                Ok(answered) => {
                    let traces: Vec<&Trace> = answered.to_each.iter().map(|e| &e.trace).collect();
                    (
                        decided(answered.outcome, &traces, met),
                        recorders(&traces, met),
                    )
                }
                Err(error) => (unknown(&error), Vec::new()),
            },
        };
        Explained {
            count: seen.count,
            first_line: seen.first_line,
            passage,
            flow: flow.clone(),
            decided,
            recorded_by,
        }
    });
    explained.collect()
}

/// What decided, and who recorded it, at whichever of several workers it was.
fn at_any(traces: &[Trace], met: Met<'_>) -> (Decided, Vec<String>) {
    let all = traces
        .iter()
        .map(|trace| decided(trace.verdict.outcome, &[trace], met));
    let each = all.fold(Vec::new(), |mut each, found| {
        if !each.contains(&found) {
            each.push(found);
        }
        each
    });
    let recorded_by = recorders(&traces.iter().collect::<Vec<_>>(), met);
    (Decided::of_each(each), recorded_by)
}

fn unknown(error: &InputError) -> Decided {
    Decided::Unknown {
        reason: error.message().to_owned(),
    }
}

fn asked(
    program: &Program,
    flow: &LoggedFlow,
    inside: &[(crate::net::Cidr, &'static str)],
) -> Asked {
    // The interface of the network says more than routes; those of pods and overlays say nothing
    // that the addresses do not.
    let names = [&flow.input, &flow.output].into_iter().flatten();
    let mut names = names.filter(|name| !name.starts_with(POD));
    let via = names.find(|name| program.interfaces().iter().any(|known| **known == ***name));
    Asked {
        from: Endpoint::Ip(flow.source),
        to: Endpoint::Ip(flow.destination),
        sort: Sort {
            protocol: Protocol::of_number(flow.protocol),
            port: flow.port,
            icmp: flow.icmp,
        },
        via: via.map(ToString::to_string),
        from_port: flow.source_port,
        backend: None,
        inside: inside.to_vec(),
    }
}

/// Which stages the packet of a line may have met where the line was written.
#[derive(Clone, Copy)]
struct Met<'f> {
    flow: &'f LoggedFlow,
    passage: Passage,
}

impl Met<'_> {
    /// Whether the stage is one of them. A packet between pods of two workers is written by either,
    /// and the interfaces say by which: the sender's sees it come from the pod, the receiver's go
    /// to it (EVAL-11).
    fn has(self, stage: &StageTrace) -> bool {
        match self.passage.way {
            Way::ToPod | Way::FromPod | Way::BetweenPods => {}
            Way::In | Way::Out | Way::PodToWorker | Way::WorkerToPod | Way::Through => return true,
        }
        let name = match stage.hook {
            Hook::Workload(Direction::Egress) | Hook::ToHost => {
                return self.passage.way != Way::ToPod;
            }
            Hook::Workload(Direction::Ingress) => return self.passage.way != Way::FromPod,
            Hook::PreDnat
            | Hook::Untracked(Direction::Ingress)
            | Hook::Tunnel(Direction::Ingress)
            | Hook::Normal(Direction::Ingress)
            | Hook::Forward(Direction::Ingress) => &self.flow.input,
            Hook::Untracked(Direction::Egress)
            | Hook::Tunnel(Direction::Egress)
            | Hook::Normal(Direction::Egress)
            | Hook::Forward(Direction::Egress) => &self.flow.output,
        };
        !stage.outer && (stage.interface.is_none() || stage.interface.as_deref() == name.as_deref())
    }
}

fn decided(outcome: Outcome, traces: &[&Trace], met: Met<'_>) -> Decided {
    match outcome {
        Outcome::Allow => Decided::Allowed,
        Outcome::Unknown(doubt) => Decided::Unknown {
            reason: doubt.to_string(),
        },
        Outcome::Deny => {
            let mut each: Vec<Decided> = Vec::new();
            let mut elsewhere = None;
            for way in traces.iter().flat_map(|trace| &trace.ways) {
                let mut stages = way.stages.iter();
                let drop = stages.find(|stage| stage.decision == StageDecision::Drop);
                let Some(drop) = drop else {
                    continue;
                };
                if !met.has(drop) {
                    elsewhere.get_or_insert(drop.hook);
                    continue;
                }
                let found = of_stage(drop);
                if !each.contains(&found) {
                    each.push(found);
                }
            }
            if each.is_empty() {
                return Decided::Unknown {
                    reason: elsewhere.map_or_else(
                        || "nothing that is known drops it".to_owned(),
                        |hook| {
                            format!(
                                "by what is given {} drops it, which is not where `IN=` and `OUT=` \
                                 say that it was recorded",
                                hook.word()
                            )
                        },
                    ),
                };
            }
            Decided::of_each(each)
        }
    }
}

fn of_stage(stage: &StageTrace) -> Decided {
    let hook = stage.hook.word().to_owned();
    match &stage.why {
        Why::Rule {
            policy,
            index,
            place,
            ..
        } => Decided::Rule {
            hook,
            policy: policy.clone(),
            rule: index + 1,
            place: format!("{}:{}", place.input.name, place.span.line),
        },
        Why::TierEnd {
            tier,
            end: TierEnd::Deny,
        } => {
            let tiers = stage.asked.iter().flat_map(|asked| &asked.tiers);
            let policies = tiers
                .filter(|own| own.name == *tier)
                .flat_map(|own| &own.policies)
                .filter(|policy| !policy.staged)
                .map(|policy| policy.key.to_string());
            let mut seen = Vec::new();
            for policy in policies {
                if !seen.contains(&policy) {
                    seen.push(policy);
                }
            }
            Decided::TierEnd {
                hook,
                tier: tier.clone(),
                policies: seen,
            }
        }
        why => Decided::Other {
            hook,
            why: why.clone(),
        },
    }
}

/// The policies whose Log rules the packets match before anything decides.
fn recorders(traces: &[&Trace], met: Met<'_>) -> Vec<String> {
    let stages = traces
        .iter()
        .flat_map(|trace| &trace.ways)
        .flat_map(|way| &way.stages)
        .filter(|stage| met.has(stage));
    let policies = stages
        .flat_map(|stage| &stage.asked)
        .flat_map(|asked| &asked.tiers)
        .flat_map(|tier| &tier.policies);
    let mut found = BTreeSet::new();
    for policy in policies {
        let mut rules = policy.rules.iter();
        if rules.any(|rule| rule.effect == Effect::Log && rule.matched != Answer::No) {
            found.insert(policy.key.to_string());
        }
    }
    found.into_iter().collect()
}

impl Passage {
    fn of(flow: &LoggedFlow, facts: &PlatformProfile) -> Self {
        let is_pod = |name: &str| name.starts_with(POD);
        let names = (flow.input.as_deref(), flow.output.as_deref());
        let way = match names {
            (Some(input), Some(output)) if is_pod(input) && is_pod(output) => Way::BetweenPods,
            (Some(input), None) if is_pod(input) => Way::PodToWorker,
            (None, Some(output)) if is_pod(output) => Way::WorkerToPod,
            (Some(input), Some(_)) if is_pod(input) => Way::FromPod,
            (Some(_), Some(output)) if is_pod(output) => Way::ToPod,
            (Some(_), None) => Way::In,
            (None, Some(_)) => Way::Out,
            (Some(_), Some(_)) | (None, None) => Way::Through,
        };
        let networks = Network::BOTH.into_iter();
        let named = |network: &Network| {
            let interface = facts.network(*network).interface.as_str();
            [names.0, names.1].contains(&Some(interface))
        };
        Self {
            way,
            network: networks.into_iter().find(named),
        }
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::In => "into the worker",
            Way::Out => "out of the worker",
            Way::ToPod => "to a pod",
            Way::FromPod => "from a pod",
            Way::BetweenPods => "from pod to pod",
            Way::PodToWorker => "from a pod to its worker",
            Way::WorkerToPod => "from the worker to a pod",
            Way::Through => "through the worker",
        })?;
        match self.network {
            Some(network) => write!(f, ", {network} network"),
            None => Ok(()),
        }
    }
}
