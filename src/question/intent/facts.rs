//! The facts of which built-in intents are made.

use std::collections::BTreeSet;

use crate::engine::FelixFacts;
use crate::net::Cidr;
use crate::profile::{
    ClusterService, Ingress, Isolation, Network, Platform, PlatformProfile, RegionProfile,
    ServiceGroup,
};

/// The facts of which built-in intents are made. No template is among them.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The platform's facts.
    pub platform: &'a PlatformProfile,
    /// The region's facts.
    pub region: &'a RegionProfile,
    /// The networks whose sets are in place.
    pub networks: Vec<Network>,
    /// Where pods have their addresses.
    pub pod_subnet: Cidr,
    /// The components that are wanted, by name.
    pub components: BTreeSet<&'a str>,
    /// The service groups that are wanted.
    pub groups: Vec<&'a ServiceGroup>,
    /// Services of the cluster's own.
    pub services: &'a [ClusterService],
    /// Whether the sets are strict: what the published ones leave open to every address is open to
    /// the platform profile's `strict` facts alone.
    pub strict: bool,
    /// What runs on the workers.
    pub runs: Platform,
    /// Apps that are kept apart.
    pub isolation: Option<&'a Isolation>,
    /// What is let in for services.
    pub ingress: &'a Ingress,
    /// Whether the platform's own policies are in place.
    pub baseline: bool,
    /// How Felix is configured: its failsafes are open whatever policies say (EVAL-33), and what
    /// carries other packets is judged by it alone (EVAL-36, EVAL-37).
    pub felix: FelixFacts,
}

impl Facts<'_> {
    /// Whether the set of `network` is in place.
    pub(super) fn has(&self, network: Network) -> bool {
        self.networks.contains(&network)
    }

    /// Whether the component is wanted.
    pub(super) fn wants(&self, component: &str) -> bool {
        self.components.contains(component)
    }
}
