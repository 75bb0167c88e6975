//! What happens to one flow, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::engine::{
    Backend, Doubt, Family, Flow, HostId, ImaginedPod, InterfaceId, Original, Outcome, Party,
    PodId, PodSketch, Program, Trace,
};
use crate::finding::InputError;
use crate::net::{Cidr, Protocol};

/// One end of a flow, as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `pod:NAMESPACE/NAME`: a pod of the input.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// `pod:NAMESPACE{label=value,…}`: a pod that need not exist.
    AnyPod {
        /// Its namespace.
        namespace: String,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// `worker:NAME`: a worker's own processes.
    Worker(String),
    /// `ip:ADDRESS`: an address, in the cluster or not.
    Ip(IpAddr),
    /// `nodeport:WORKER:PORT`: a node port of a worker.
    NodePort {
        /// The worker.
        worker: String,
        /// The port.
        port: u16,
    },
    /// `lb:ADDRESS:PORT`: a load balancer.
    LoadBalancer(SocketAddr),
}

/// A text that names no [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no endpoint: {wanted}")]
pub struct EndpointError {
    text: String,
    wanted: &'static str,
}

const FORMS: &str = "write pod:NAMESPACE/NAME, pod:NAMESPACE{label=value}, worker:NAME, \
                     ip:ADDRESS, nodeport:WORKER:PORT or lb:ADDRESS:PORT";

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let refuse = |wanted| EndpointError {
            text: text.to_owned(),
            wanted,
        };
        let (kind, rest) = text.split_once(':').ok_or_else(|| refuse(FORMS))?;
        if rest.is_empty() {
            return Err(refuse(FORMS));
        }
        match kind {
            "pod" => pod(rest).ok_or_else(|| {
                refuse("a pod is pod:NAMESPACE/NAME or pod:NAMESPACE{label=value,…}")
            }),
            "worker" => Ok(Self::Worker(rest.to_owned())),
            "ip" => rest
                .parse()
                .map(Self::Ip)
                .map_err(|_| refuse("an address is such as ip:203.0.113.7")),
            "nodeport" => rest
                .rsplit_once(':')
                .and_then(|(worker, port)| {
                    let port = port.parse().ok().filter(|port| *port > 0)?;
                    let worker = worker.to_owned();
                    Some(Self::NodePort { worker, port })
                })
                .ok_or_else(|| refuse("a node port is nodeport:WORKER:30080")),
            "lb" => rest
                .parse()
                .ok()
                .filter(|address: &SocketAddr| address.port() > 0)
                .map(Self::LoadBalancer)
                .ok_or_else(|| refuse("a load balancer is lb:203.0.113.7:443")),
            _ => Err(refuse(FORMS)),
        }
    }
}

fn pod(text: &str) -> Option<Endpoint> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '{', '}', ' ']);
    if let Some((namespace, labels)) = text.strip_suffix('}').and_then(|t| t.split_once('{')) {
        let pairs = labels.split(',').filter(|pair| !pair.is_empty());
        let labels = pairs
            .map(|pair| {
                let (key, value) = pair.split_once('=')?;
                (!key.is_empty()).then(|| (key.trim().to_owned(), value.trim().to_owned()))
            })
            .collect::<Option<_>>()?;
        let namespace = namespace.to_owned();
        return is_name(&namespace).then_some(Endpoint::AnyPod { namespace, labels });
    }
    let (namespace, name) = text.split_once('/')?;
    (is_name(namespace) && is_name(name)).then(|| Endpoint::Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { namespace, name } => write!(f, "pod:{namespace}/{name}"),
            Self::AnyPod { namespace, labels } => {
                let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                write!(f, "pod:{namespace}{{{}}}", pairs.join(","))
            }
            Self::Worker(name) => write!(f, "worker:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::NodePort { worker, port } => write!(f, "nodeport:{worker}:{port}"),
            Self::LoadBalancer(address) => write!(f, "lb:{address}"),
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What kind of packet: a protocol with a port, or with an ICMP type and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The protocol.
    pub protocol: Protocol,
    /// The port, where the protocol has ports and one is given.
    pub port: Option<u16>,
    /// The ICMP type and code, where given.
    pub icmp: Option<(u8, u8)>,
}

/// A text that names no [`Sort`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no kind of packet: write tcp/443, udp/53, sctp/9, icmp, icmp/8/0 (type and code) or a protocol number such as 112"
)]
pub struct SortError(String);

impl FromStr for Sort {
    type Err = SortError;

    fn from_str(text: &str) -> Result<Self, SortError> {
        let refuse = || SortError(text.to_owned());
        let mut parts = text.split('/');
        let word = parts.next().unwrap_or_default().to_ascii_lowercase();
        let rest: Vec<&str> = parts.collect();
        let protocol = match word.as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            "udplite" => Protocol::UdpLite,
            "icmp" => Protocol::Icmp,
            "icmpv6" | "icmp6" => Protocol::Icmpv6,
            number => {
                let number: u8 = number.parse().map_err(|_| refuse())?;
                Protocol::of_number(number)
            }
        };
        let sort = |port, icmp| Self {
            protocol,
            port,
            icmp,
        };
        let byte = |part: &str| part.parse::<u8>().map_err(|_| refuse());
        let is_icmp = [Protocol::Icmp, Protocol::Icmpv6].contains(&protocol);
        match rest.as_slice() {
            [] => Ok(sort(None, None)),
            [kind, code] if is_icmp => Ok(sort(None, Some((byte(kind)?, byte(code)?)))),
            [port] if protocol.has_ports() => {
                let port = port.parse().ok().filter(|port| *port > 0);
                Ok(sort(Some(port.ok_or_else(refuse)?), None))
            }
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.protocol.to_string().to_ascii_lowercase();
        match (self.port, self.icmp) {
            (Some(port), _) => write!(f, "{word}/{port}"),
            (None, Some((kind, code))) => write!(f, "{word}/{kind}/{code}"),
            (None, None) => f.write_str(&word),
        }
    }
}

impl Serialize for Sort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A flow, as a user asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where it begins.
    pub from: Endpoint,
    /// Where it is sent.
    pub to: Endpoint,
    /// What kind of packet.
    pub sort: Sort,
    /// The interface by which it leaves or enters its first node, instead of what routes say.
    pub via: Option<String>,
    /// The port that it comes from, where it is not any that a kernel may choose.
    pub from_port: Option<u16>,
    /// What stands behind `to`, where the input does not say.
    pub backend: Option<Endpoint>,
    /// Blocks of addresses that mean something else than a machine outside, each with what to ask
    /// about instead.
    pub inside: Vec<(Cidr, &'static str)>,
}

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
const EPHEMERAL: u16 = 50_000;

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
            Party::Imagined(_) => continue,
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
            Party::Host(id) => Self::Host(id),
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
