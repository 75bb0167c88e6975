//! Pods that need not exist.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::resource::Resource;

use super::answer::{Answer, Doubt};
use super::compile::imagine;
use super::program::Program;
use super::tables::{Class, HostId, PeerSetId, ServiceSetId};

/// What is said of a pod that need not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodSketch {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its service account; nothing for `default`.
    pub service_account: Option<String>,
    /// Its node, by Calico's or Kubernetes' name; nothing where any may be meant.
    pub node: Option<String>,
    /// Its address; nothing where any of the pod subnets may be meant.
    pub address: Option<IpAddr>,
    /// Its named ports; nothing where they are not known.
    pub ports: Option<Vec<NamedPort>>,
}

/// A named port of a pod or of a host endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedPort {
    /// The name.
    pub name: String,
    /// The protocol's number.
    pub protocol: u8,
    /// The port's number.
    pub port: u16,
}

/// What is known of a pod's named ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PodPorts {
    /// Nothing.
    Unknown,
    /// These are all.
    Listed(Vec<NamedPort>),
    /// Whichever port a packet goes to, the pod calls it by each of these names and by no other:
    /// what holds of that port whatever else the pod has.
    Called(Vec<String>),
}

impl PodPorts {
    /// Those that a sketch tells of.
    pub(super) fn of(sketch: &PodSketch) -> Self {
        sketch.ports.clone().map_or(Self::Unknown, Self::Listed)
    }

    /// Whether the pod calls the port so.
    pub fn has(&self, name: &str, protocol: u8, port: u16) -> Answer {
        match self {
            Self::Unknown => Answer::Maybe(Doubt::NamedPort),
            Self::Listed(ports) => {
                let mut ports = ports.iter();
                let is_it = |p: &NamedPort| (p.protocol, p.port) == (protocol, port);
                Answer::of(ports.any(|p| p.name == name && is_it(p)))
            }
            Self::Called(names) => Answer::of(names.iter().any(|own| own == name)),
        }
    }
}

/// A pod that need not exist, as one program sees it. Another program knows nothing of it.
#[derive(Debug, Clone)]
pub struct ImaginedPod {
    /// What was said of it.
    pub sketch: PodSketch,
    /// Its node, if known.
    pub host: Option<HostId>,
    /// Its address, if known.
    pub address: Option<IpAddr>,
    /// Its named ports, as far as they are known.
    pub ports: PodPorts,
    /// Its effective labels (RES-1 to RES-3).
    pub labels: Vec<(String, String)>,
    /// What applies to it.
    pub class: Class,
    pub(super) members: Vec<Answer>,
    pub(super) served: Vec<bool>,
}

impl ImaginedPod {
    /// Whether the selectors of a rule match its labels.
    pub fn is_member(&self, id: PeerSetId) -> Answer {
        self.members.get(id.index()).copied().unwrap_or(Answer::No)
    }

    /// Whether a service of the input would have it as an endpoint, as far as can be known.
    pub fn is_served(&self, id: ServiceSetId) -> bool {
        self.served.get(id.index()).copied().unwrap_or(false)
    }
}

impl Program {
    /// The pod that `sketch` tells of, as this program sees it.
    pub fn imagine(&self, sketch: &PodSketch) -> ImaginedPod {
        imagine(self, sketch)
    }

    /// The pod that a Pod object without address or node will be, for manifests that were never
    /// applied. Nothing where the object is no pod or will be no workload endpoint (RES-6).
    pub fn imagine_object(&self, resource: &Resource) -> Option<ImaginedPod> {
        super::compile::sketch_of(resource).map(|sketch| self.imagine(&sketch))
    }
}
