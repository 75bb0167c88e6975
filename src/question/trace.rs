//! What happens to one flow, and why.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::engine::{
    Backend, Doubt, Family, Flow, HostId, ImaginedPod, InterfaceId, Original, Outcome, Party,
    PodId, PodSketch, Program, StageDecision, StageTrace, Trace, Why,
};
use crate::finding::InputError;

use super::asked::{Asked, Endpoint, Sort};

/// What happens to a flow that was asked about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Where it begins.
    pub from: Endpoint,
    /// Where it is sent.
    pub to: Endpoint,
    /// What kind of packet.
    pub port: Sort,
    /// What happens to it; unknown where that hangs on which endpoint of a service it gets to.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What happens on the way to each endpoint that it may get to.
    pub to_each: Vec<ToEach>,
}

/// What happens on the way to one endpoint.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToEach {
    /// The endpoint behind the address, where kube-proxy puts it in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The verdict and the way.
    #[serde(flatten)]
    pub trace: Trace,
}

/// A port that kernels choose for connections they begin: what a flow comes from unless somebody
/// says otherwise (EVAL-45).
pub(super) const EPHEMERAL: u16 = 50_000;

/// Follows the flow that was asked about through `program`.
///
/// # Errors
/// An end that names nothing in the input, with the nearest names; a port that is wanted and
/// missing.
pub fn trace(program: &Program, asked: &Asked) -> Result<Answered, InputError> {
    let from = Resolved::new(program, &asked.from, "--from")?;
    if let Resolved::Address(address) = from {
        refuse_inside(asked, address)?;
    }
    let via = asked.via.as_deref().map(|name| interface(program, name));
    let via = via.transpose()?;
    let mut to_each = Vec::new();
    for target in targets(program, asked)? {
        let resolved = target.resolved;
        let protocol = asked.sort.protocol;
        let mut flow = Flow::new(from.party(), resolved.party(), protocol, target.port);
        flow.icmp = asked.sort.icmp;
        flow.to_address = target.address;
        flow.original = target.original;
        if let Some(policy) = target.policy {
            flow.external_traffic_policy = policy;
        }
        flow.via = via;
        if protocol.has_ports() {
            flow.source_port = Some(asked.from_port.unwrap_or(EPHEMERAL));
        }
        refuse_families(program, &flow)?;
        to_each.push(ToEach {
            backend: target.shown,
            trace: program.trace(&flow),
        });
    }
    Ok(Answered {
        from: asked.from.clone(),
        to: asked.to.clone(),
        port: asked.sort,
        outcome: together(&to_each),
        to_each,
    })
}

/// Refuses an address that is of something inside the cluster which the input does not show: what
/// happens to it would be guessed.
fn refuse_inside(asked: &Asked, address: IpAddr) -> Result<(), InputError> {
    match asked.inside.iter().find(|(net, _)| net.contains(address)) {
        Some((net, hint)) => Err(InputError::new(format!(
            "{address} lies in {net}, which is inside the cluster, and the input has nothing there"
        ))
        .hint(*hint)),
        None => Ok(()),
    }
}

/// The interface of that name, if the input or the platform has one.
fn interface(program: &Program, name: &str) -> Result<InterfaceId, InputError> {
    let known = program.interfaces().iter().map(String::as_str);
    if known.clone().any(|known| known == name) {
        Ok(program.find_interface(name))
    } else {
        let named = known.filter(|name| !name.starts_with('('));
        let networks = ["private", "public"];
        Err(InputError::new(format!("no interface `{name}` is known"))
            .suggest(name, named.chain(networks)))
    }
}

/// Refuses a flow one of whose ends has addresses, but none of the flow's family.
fn refuse_families(program: &Program, flow: &Flow<'_>) -> Result<(), InputError> {
    for party in [flow.from, flow.to] {
        let (name, addresses) = match party {
            Party::Pod(id) => match program.pod(id) {
                Some(pod) => (pod.key.to_string(), pod.addresses.clone()),
                None => continue,
            },
            Party::Host(id) => match program.host(id) {
                Some(host) => (
                    host.name.clone(),
                    host.addresses.iter().map(|a| a.address).collect(),
                ),
                None => continue,
            },
            Party::Address(address) => (address.to_string(), vec![address]),
            Party::Imagined(_) | Party::Service(_) => continue,
        };
        if !addresses.is_empty() && addresses.iter().all(|a| Family::of(*a) != flow.family) {
            let family = match flow.family {
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            };
            return Err(InputError::new(format!(
                "{name} has no {family} address, and the other end has no other"
            )));
        }
    }
    Ok(())
}

/// One outcome for all endpoints that a flow may get to.
fn together(all: &[ToEach]) -> Outcome {
    let outcomes: Vec<Outcome> = all.iter().map(|each| each.trace.verdict.outcome).collect();
    match outcomes.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other == first) => *first,
        _ => Outcome::Unknown(Doubt::Address),
    }
}

/// An end as the evaluator takes it.
enum Resolved {
    Pod(PodId),
    Imagined(Box<ImaginedPod>),
    Host(HostId),
    Address(IpAddr),
}

impl Resolved {
    fn new(program: &Program, endpoint: &Endpoint, flag: &str) -> Result<Self, InputError> {
        match endpoint {
            Endpoint::Pod { namespace, name } => {
                let found = program.find_pod(namespace, name).map(Self::Pod);
                found.ok_or_else(|| no_pod(program, namespace, name))
            }
            Endpoint::AnyPod { namespace, labels } => {
                let pod = program.imagine(&PodSketch {
                    namespace: namespace.clone(),
                    labels: labels.clone(),
                    ..PodSketch::default()
                });
                Ok(Self::Imagined(Box::new(pod)))
            }
            Endpoint::Worker(name) => host(program, name).map(Self::Host),
            Endpoint::Ip(address) => Ok(Self::of_address(program, *address)),
            Endpoint::NodePort { .. } | Endpoint::LoadBalancer(_) => Err(InputError::new(format!(
                "`{flag} {endpoint}`: no connection begins at a service"
            ))
            .hint("name a pod, a worker or an address")),
        }
    }

    fn of_address(program: &Program, address: IpAddr) -> Self {
        match program.find_address(address) {
            Party::Pod(id) => Self::Pod(id),
            Party::Host(id) | Party::Service(id) => Self::Host(id),
            Party::Imagined(_) | Party::Address(_) => Self::Address(address),
        }
    }

    fn party(&self) -> Party<'_> {
        match self {
            Self::Pod(id) => Party::Pod(*id),
            Self::Imagined(pod) => Party::Imagined(pod),
            Self::Host(id) => Party::Host(*id),
            Self::Address(address) => Party::Address(*address),
        }
    }
}

fn host(program: &Program, name: &str) -> Result<HostId, InputError> {
    program.find_host(name).ok_or_else(|| {
        let error = InputError::new(format!("no worker `{name}` is known"));
        if program.hosts().is_empty() {
            error.hint("give the cluster's workers with `--cluster FILE` or `--workers FILE`")
        } else {
            error.suggest(name, program.hosts().iter().map(|host| host.name.as_str()))
        }
    })
}

fn no_pod(program: &Program, namespace: &str, name: &str) -> InputError {
    let error = InputError::new(format!("no pod `{namespace}/{name}` is known"));
    let paths: Vec<String> = program.pods().iter().map(|pod| pod.key.path()).collect();
    if paths.is_empty() {
        error.hint(format!(
            "a pod that need not exist is written pod:{namespace}{{label=value}}; one that uses \
             its node's network is traced as worker:NODE"
        ))
    } else {
        let wrong = format!("{namespace}/{name}");
        error.suggest(&wrong, paths.iter().map(String::as_str))
    }
}

/// Where a flow may get to.
struct Target {
    resolved: Resolved,
    port: Option<u16>,
    /// Which of the endpoint's addresses.
    address: Option<IpAddr>,
    original: Option<Original>,
    policy: Option<crate::engine::ExternalTrafficPolicy>,
    /// The endpoint for the eye, where it is not what was asked for.
    shown: Option<String>,
}

fn targets(program: &Program, asked: &Asked) -> Result<Vec<Target>, InputError> {
    let protocol = asked.sort.protocol.number();
    let (original, behind) = match &asked.to {
        Endpoint::NodePort { worker, port } => {
            let original = Original {
                at: Some(host(program, worker)?),
                address: None,
                port: Some(*port),
            };
            (original, program.behind_node_port(protocol, *port))
        }
        Endpoint::LoadBalancer(at) => {
            let original = Original {
                at: None,
                address: Some(at.ip()),
                port: Some(at.port()),
            };
            (
                original,
                program.behind_address(at.ip(), protocol, at.port()),
            )
        }
        Endpoint::Ip(address) => {
            let port = asked.sort.port;
            let behind = port.map(|port| program.behind_address(*address, protocol, port));
            let behind = behind.unwrap_or_default();
            if behind.is_empty() && asked.backend.is_none() {
                let target = direct(program, asked)?;
                if matches!(target.resolved, Resolved::Address(_)) {
                    refuse_inside(asked, *address)?;
                }
                return Ok(vec![target]);
            }
            let original = Original {
                at: None,
                address: Some(*address),
                port,
            };
            (original, behind)
        }
        _ => return Ok(vec![direct(program, asked)?]),
    };
    if let Some(backend) = &asked.backend {
        return Ok(vec![Target {
            resolved: Resolved::new(program, backend, "--backend")?,
            port: asked.sort.port,
            address: None,
            original: Some(original),
            policy: None,
            shown: Some(backend.to_string()),
        }]);
    }
    if let (Some(port), Endpoint::NodePort { .. } | Endpoint::LoadBalancer(_)) =
        (asked.sort.port, &asked.to)
    {
        return Err(InputError::new(format!(
            "`--port` gives port {port}, and `{}` has its own",
            asked.to
        ))
        .hint("give the protocol alone (`--port tcp`), or name the endpoint behind it with `--backend`"));
    }
    if behind.is_empty() {
        return Err(
            InputError::new(format!("the input knows no endpoint behind `{}`", asked.to)).hint(
                "add the Service and its EndpointSlices, or name what is there with \
             `--backend pod:NAMESPACE{label=value}` and its port with `--port`",
            ),
        );
    }
    Ok(behind
        .into_iter()
        .map(|backend| Target::behind(program, &backend, original))
        .collect())
}

/// The endpoint that is named, with nothing in between.
fn direct(program: &Program, asked: &Asked) -> Result<Target, InputError> {
    let address = match asked.to {
        Endpoint::Ip(address) => Some(address),
        _ => None,
    };
    Ok(Target {
        resolved: Resolved::new(program, &asked.to, "--to")?,
        port: asked.sort.port,
        address,
        original: None,
        policy: None,
        shown: None,
    })
}

impl Target {
    fn behind(program: &Program, backend: &Backend, original: Original) -> Self {
        let resolved = Resolved::of_address(program, backend.address);
        let name = match resolved {
            Resolved::Pod(id) => program.pod(id).map(|pod| format!("pod:{}", pod.key.path())),
            Resolved::Host(id) => program.host(id).map(|host| format!("worker:{}", host.name)),
            Resolved::Imagined(_) | Resolved::Address(_) => None,
        };
        let at = SocketAddr::new(backend.address, backend.port);
        Self {
            resolved,
            port: Some(backend.port),
            address: Some(backend.address),
            original: Some(original),
            policy: Some(backend.external_traffic_policy),
            shown: Some(name.map_or_else(|| at.to_string(), |name| format!("{name} ({at})"))),
        }
    }
}

/// What decided on a flow, in a few words.
pub fn decided_by(answered: &Answered) -> String {
    let stages = answered.to_each.iter().flat_map(|each| &each.trace.ways);
    let stages: Vec<&StageTrace> = stages.flat_map(|way| &way.stages).collect();
    let drops = |stage: &&&StageTrace| stage.decision == StageDecision::Drop;
    let speaks = |stage: &&&StageTrace| {
        matches!(
            stage.why,
            Why::Rule { .. } | Why::Profile { .. } | Why::Failsafe
        )
    };
    let stage = match answered.outcome {
        Outcome::Deny => stages.iter().find(drops),
        Outcome::Allow | Outcome::Unknown(_) => stages.iter().rev().find(speaks),
    };
    let verdict = match answered.outcome {
        Outcome::Allow => "passes",
        Outcome::Deny => "dropped",
        Outcome::Unknown(_) => "unknown",
    };
    match stage.map(|stage| &stage.why) {
        Some(Why::Rule {
            policy,
            index,
            place,
            ..
        }) => format!("{verdict} by {policy} rule {} ({place})", index + 1),
        Some(Why::TierEnd { tier, .. }) => format!("{verdict} at the end of tier {tier}"),
        Some(Why::Profile { profile }) => format!("{verdict} by the profile {profile}"),
        Some(Why::Failsafe) => format!("{verdict} as a failsafe port"),
        _ => format!("{verdict}: no policy has a say"),
    }
}
