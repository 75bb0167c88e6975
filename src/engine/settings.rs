//! What a caller knows beyond the resources.

use std::collections::{BTreeMap, BTreeSet};

use crate::net::Cidr;
use crate::resource::{Era, Key};

/// What enforces policy on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DataPlane {
    /// iptables, what Calico installs unless told otherwise.
    #[default]
    Iptables,
    /// nftables: as iptables but for `notICMP` (EVAL-43).
    Nftables,
    /// eBPF (EVAL-47 to EVAL-50).
    Bpf,
}

/// What happens to an allowed packet from a pod to its own host (EVAL-40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HostAction {
    /// It is dropped.
    #[default]
    Drop,
    /// It is accepted.
    Accept,
    /// The host's own packet filter decides.
    Return,
}

impl HostAction {
    /// The action that FelixConfiguration means by `word`, case aside.
    pub fn of_word(word: &str) -> Option<Self> {
        [
            ("drop", Self::Drop),
            ("accept", Self::Accept),
            ("return", Self::Return),
        ]
        .into_iter()
        .find(|(known, _)| word.eq_ignore_ascii_case(known))
        .map(|(_, action)| action)
    }
}

/// Which overlays carry packets between nodes (EVAL-32, EVAL-36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Overlay {
    /// IP in IP.
    pub ipip: bool,
    /// VXLAN.
    pub vxlan: bool,
    /// WireGuard.
    pub wireguard: bool,
}

impl Overlay {
    /// Whether packets between pods of different nodes are carried in other packets.
    pub fn is_on(self) -> bool {
        self.ipip || self.vxlan || self.wireguard
    }
}

/// By which interface a node reaches a block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The block.
    pub to: Cidr,
    /// The interface.
    pub interface: String,
}

/// The routes of the nodes. Of those that hold an address the longest prefix counts; of equal
/// ones, the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    /// Routes of every node that has none of its own.
    pub common: Vec<Route>,
    /// Routes of single nodes, by Calico's or Kubernetes' name of the node, instead of the common
    /// ones.
    pub of_node: BTreeMap<String, Vec<Route>>,
}

/// What a caller knows beyond the resources. What is not set here is taken from the resources
/// (ClusterInformation, FelixConfiguration), and what they do not say is Calico's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The era of Calico; else that of the ClusterInformation's version; else the newest.
    pub era: Option<Era>,
    /// The data plane; else what `bpfEnabled` says.
    pub data_plane: Option<DataPlane>,
    /// Overlays; else what FelixConfiguration says.
    pub overlay: Option<Overlay>,
    /// The verdict on pod to own host; else what FelixConfiguration says (EVAL-40). Environment
    /// variables, which go before, are seen by nobody offline (MOD-21).
    pub default_endpoint_to_host_action: Option<HostAction>,
    /// By which interface packets leave nodes.
    pub routes: Routes,
    /// Where pods have their addresses: where a pod whose address is not known can be.
    pub pod_subnets: Vec<Cidr>,
    /// Whether a pod's packet to an address outside the pod subnets bears its node's address once
    /// it has left the node.
    pub nat_outgoing: bool,
    /// The node label whose value is Calico's name of the node, where that is not the node's own.
    pub node_name_label: String,
    /// Objects that are only assumed to be there: verdicts that hang on them say so.
    pub assumed: BTreeSet<Key>,
}

impl Settings {
    /// The label in which the platform keeps Calico's name of a node.
    const NODE_NAME_LABEL: &'static str = "ibm-cloud.kubernetes.io/worker-id";
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            era: None,
            data_plane: None,
            overlay: None,
            default_endpoint_to_host_action: None,
            routes: Routes::default(),
            pod_subnets: Vec::new(),
            nat_outgoing: true,
            node_name_label: Self::NODE_NAME_LABEL.to_owned(),
            assumed: BTreeSet::new(),
        }
    }
}
