//! What speaks against an intent.

use std::net::SocketAddr;

use serde::{Serialize, Serializer};

use crate::engine::reach::{Reach, Way, Witness};
use crate::engine::space::{Header, Rows, Space};
use crate::engine::{Doubt, Party, PodPorts, Program};
use crate::net::Protocol;
use crate::question::asked::{Endpoint, Sort};
use crate::question::trace::{Answered, ToEach};

/// How many rows a space is told in before it is cut.
const ROWS: usize = 400;

/// What is wrong with a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// It is dropped and should pass.
    Dropped,
    /// It passes and should not.
    Passes,
    /// It cannot be known, and why.
    Unknown(Doubt),
}

impl Fault {
    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Passes => "passes",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One flow that speaks against an intent, and those like it.
#[derive(Debug, Clone)]
pub struct Counter {
    /// What is wrong with it.
    pub fault: Fault,
    /// The flow, with what happens to it and why.
    pub answered: Answered,
    /// Its packet.
    pub header: Header,
    /// The names by which its receiver, a pod that need not exist, calls the port that it goes to,
    /// where that matters.
    pub called: Vec<String>,
    /// All packets between the same classes of endpoints, on the same way, with the same fault.
    pub like: Rows,
}

impl Counter {
    /// A flow of `space`, which is part of the way; nothing where it has none.
    pub(super) fn of(reach: &mut Reach<'_>, way: &Way, space: Space, fault: Fault) -> Option<Self> {
        let witness = reach.witness(way, space)?;
        let like = reach.spaces().rows(space, ROWS);
        Some(Self {
            fault,
            answered: answered(reach.program(), &witness, way.together),
            header: witness.header,
            called: called(&witness),
            like,
        })
    }
}

fn called(witness: &Witness) -> Vec<String> {
    match witness.flow().to {
        Party::Imagined(pod) => match &pod.ports {
            PodPorts::Called(names) => names.clone(),
            PodPorts::Unknown | PodPorts::Listed(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What happens to a witness, as if it had been asked about. Where nodes are not known, `together`
/// says which of its ways is meant.
pub(in crate::question) fn answered(
    program: &Program,
    witness: &Witness,
    together: Option<bool>,
) -> Answered {
    let flow = witness.flow();
    let header = witness.header;
    let mut trace = program.trace(&flow);
    if trace.ways.len() > 1 {
        trace.ways.retain(|one| one.together == together);
        if let Some(one) = trace.ways.first() {
            trace.verdict = one.verdict;
        }
    }
    Answered {
        from: endpoint(program, flow.from, &header),
        to: endpoint(program, flow.to, &header),
        port: Sort {
            protocol: Protocol::of_number(header.protocol),
            port: header.ports.map(|(_, port)| port),
            icmp: header.icmp,
        },
        outcome: trace.verdict.outcome,
        to_each: vec![ToEach {
            backend: None,
            trace,
        }],
    }
}

/// How a user writes the end of a flow.
fn endpoint(program: &Program, party: Party<'_>, header: &Header) -> Endpoint {
    match party {
        Party::Pod(id) => {
            let key = program.pod(id).map(|pod| &pod.key);
            let namespace = key.and_then(|key| key.namespace.clone());
            Endpoint::Pod {
                namespace: namespace.unwrap_or_default(),
                name: key.map(|key| key.name.clone()).unwrap_or_default(),
            }
        }
        Party::Imagined(pod) => Endpoint::AnyPod {
            namespace: pod.sketch.namespace.clone(),
            labels: pod.sketch.labels.clone(),
        },
        Party::Host(id) => {
            let name = program.host(id).map(|host| host.name.clone());
            Endpoint::Worker(name.unwrap_or_default())
        }
        Party::Service(id) => {
            let address = header.destination;
            let Some((_, port)) = header.ports else {
                return Endpoint::Ip(address);
            };
            let host = program.host(id);
            let own = host.filter(|host| host.addresses.iter().any(|own| own.address == address));
            match own {
                Some(host) => Endpoint::NodePort {
                    worker: host.name.clone(),
                    port,
                },
                None => Endpoint::LoadBalancer(SocketAddr::new(address, port)),
            }
        }
        Party::Address(address) => Endpoint::Ip(address),
    }
}
