//! Intents as they are written in a file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{Name, Network};
use crate::yaml::Located;

/// What must hold of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Intents {
    /// The intents, each under a name of its own.
    pub(super) intents: Located<Vec<WrittenIntent>>,
}

/// Something that must hold of the packets from one group of ends to another.
///
/// Which packets is said once, beside `from` and `to`, or in several `flows`; all of them where
/// neither is there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenIntent {
    /// What it is called.
    pub(super) name: Located<String>,
    /// What it is for, in one sentence.
    #[serde(default)]
    pub(super) why: Option<String>,
    /// What must hold.
    pub(super) expect: WrittenExpect,
    /// Where the packets come from.
    pub(super) from: Located<WrittenGroup>,
    /// Where they go.
    pub(super) to: Located<WrittenGroup>,
    /// Where they come from, of what `from` means; anywhere of it where not given.
    #[serde(default)]
    pub(super) sources: Option<List<Cidr>>,
    /// Where they go, of what `to` means; anywhere of it where not given.
    #[serde(default)]
    pub(super) destinations: Option<List<Cidr>>,
    /// Their protocol; any where not given.
    #[serde(default)]
    pub(super) protocol: Option<Located<Protocol>>,
    /// To which ports they go; any where not given.
    #[serde(default)]
    pub(super) ports: Option<List<PortRange>>,
    /// Which ICMP packets they are; any where not given.
    #[serde(default)]
    pub(super) icmp: Option<Located<WrittenIcmp>>,
    /// Several kinds of packets, instead of one.
    #[serde(default)]
    pub(super) flows: Option<List<WrittenFlow>>,
    /// Kinds of packets that are not meant.
    #[serde(default)]
    pub(super) except: Option<List<WrittenFlow>>,
}

/// A list whose place and whose items' places are known.
pub(super) type List<T> = Located<Vec<Located<T>>>;

/// What must hold of packets.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenExpect {
    /// Every one passes, between every two ends.
    Allow,
    /// Every one is dropped, between every two ends.
    Deny,
    /// These pass, and no others do.
    Exactly,
}

/// Ends of packets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenGroup {
    /// Workers' own processes, and the pods that use their network.
    Workers(WrittenWorkers),
    /// Pods with addresses of their own.
    Pods(WrittenPods),
    /// Every address that is no worker's and no pod's.
    Outside(WrittenOutside),
    /// Packets from outside that workers pass on to services, for node ports and load balancers.
    Services(WrittenWorkers),
    /// These addresses outside the cluster.
    Nets(List<Cidr>),
}

/// Which workers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenWorkers {
    /// By which network; by any where not given.
    #[serde(default)]
    pub(super) network: Option<Network>,
    /// A Calico selector over the labels of their host endpoints; all where not given.
    #[serde(default)]
    pub(super) selector: Option<Located<String>>,
}

/// Which pods.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPods {
    /// Of which namespace; of any where not given.
    #[serde(default)]
    pub(super) namespace: Option<Name>,
    /// A Calico selector over their labels; all where not given.
    #[serde(default)]
    pub(super) selector: Option<Located<String>>,
}

/// Which addresses outside the cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOutside {
    /// By which network; by any where not given.
    #[serde(default)]
    pub(super) network: Option<Network>,
}

/// One kind of packets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFlow {
    /// Where they come from; anywhere where not given.
    #[serde(default)]
    pub(super) sources: Option<List<Cidr>>,
    /// Where they go; anywhere where not given.
    #[serde(default)]
    pub(super) destinations: Option<List<Cidr>>,
    /// Their protocol; any where not given.
    #[serde(default)]
    pub(super) protocol: Option<Located<Protocol>>,
    /// To which ports they go; any where not given.
    #[serde(default)]
    pub(super) ports: Option<List<PortRange>>,
    /// Which ICMP packets they are; any where not given.
    #[serde(default)]
    pub(super) icmp: Option<Located<WrittenIcmp>>,
}

/// A kind of ICMP packet.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenIcmp {
    /// The type.
    #[serde(rename = "type")]
    pub(super) kind: u8,
    /// The code; any where not given.
    #[serde(default)]
    pub(super) code: Option<u8>,
}
