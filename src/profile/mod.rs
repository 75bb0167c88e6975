//! Facts: regions, the platform they share, named address ranges, and clusters.
//!
//! A profile is read once into checked types that keep where each value stood. Whoever holds one
//! of these types holds facts without host bits, duplicates, empty lists or unknown keys.

mod bare;
mod baseline;
mod cluster;
mod fact;
mod gitops;
mod guard;
pub(crate) mod ingress;
mod isolation;
mod library;
mod list;
mod lock;
mod log_denied;
mod name;
mod node_list;
mod overlay;
mod platform;
mod pods;
mod ranges;
mod region;
pub mod schema;
mod sources;
mod special;
mod strict;
mod version;

pub use baseline::{BaselineFacts, BaselineOpening, PodGuard};
pub use cluster::{
    Audience, ClusterProfile, ClusterService, Platform, Worker, Workers, check_pod_subnet,
};
pub use fact::{Day, FactList, Facts, Source, Status};
pub use gitops::{ApplyWord, GITOPS_KEYS, Gitops, GitopsKey, LayoutWord, secret_in};
pub use guard::{Doubt, Stray, is_great_loss, strays, told_loss};
pub use ingress::{
    Balancer, HealthCheckFacts, HealthChecks, Ingress, IngressFacts, IngressPolicy, IngressProfile,
    IngressRules, LoadBalancer, LoadBalancerKind, NamedSet, NodePortAccess, NodePorts,
    NodePortsProfile, SourceNets, SourceWord, Surroundings,
};
pub use isolation::{
    App, AppName, AppPort, AppRule, Dns, DnsPods, InNamespace, IsolatedNamespace, Isolation,
    IsolationFacts, IsolationKind, Peer, PodSet, Subject, Who,
};
pub use library::Library;
pub use lock::{Commit, Digest, Etag, Lock, Pin};
pub use log_denied::LogDenied;
pub use name::{Name, NameError, NodeName};
pub use node_list::workers_of;
pub use overlay::{Corrected, Correction, Overlay};
pub use platform::{
    ClusterServiceOrders, Component, ControlPlanePorts, HostEndpointSince, Istio, LocalProxy,
    NetworkFacts, NetworkRoute, Networks, OverlayKind, PlatformProfile, PolicyFacts, Ports,
    Subnets,
};
pub use pods::{PodFlow, PodsOf, PortsWord};
pub use ranges::RangesProfile;
pub use region::{
    ControlPlane, Infrastructure, RegionProfile, RequiredNets, ServiceGroup, ZoneNet,
};
pub use sources::{Limits, PublishedRanges, Repository, Sources, Url};
pub use special::SpecialAddresses;
pub use strict::{Closing, Narrowing, NetsOf, PortsOf, StrictFacts, Way};
pub use version::{Version, VersionError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the two networks that a worker may be on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The network of the private VLAN.
    Private,
    /// The network of the public VLAN.
    Public,
}

impl Network {
    /// Both networks, in the order in which things are printed.
    pub const BOTH: [Self; 2] = [Self::Private, Self::Public];

    /// The word for it: `private` or `public`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
