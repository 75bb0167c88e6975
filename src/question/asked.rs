//! A flow as a user writes it: its ends, what kind of packet, and what else is said of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Serialize, Serializer};

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

impl Endpoint {
    /// The address of an end that is named by nothing else.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Pod { .. }
            | Self::AnyPod { .. }
            | Self::Worker(_)
            | Self::NodePort { .. }
            | Self::LoadBalancer(_) => None,
        }
    }
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
