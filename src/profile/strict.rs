//! To what a strict set narrows that the published ones leave open to every address.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError};
use crate::net::{Cidr, PortRange, Protocol};

use super::fact::{check_days, check_list};
use super::{
    Audience, FactList, Name, Network, PlatformProfile, PolicyFacts, RegionProfile, RequiredNets,
};

/// To what a strict set narrows that the published ones leave open to every address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StrictFacts {
    /// The provider's networks on which name servers and storage are.
    pub service_networks: FactList,
    /// The network on which workers of every cluster have their private addresses.
    pub private_network: FactList,
    /// What is narrowed, and to what.
    pub openings: Vec<Narrowing>,
    /// What is closed to all that no other rule opens.
    pub closed: Vec<Closing>,
}

/// Ports that a policy of the published sets opens to every address, and to what a strict set
/// narrows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Narrowing {
    /// The policy file.
    pub policy: Name,
    /// Whom the policy serves.
    #[serde(rename = "for")]
    pub audience: Audience,
    /// Whether the addresses are those that are reached or those that reach.
    pub way: Way,
    /// The protocols.
    pub protocols: Vec<Protocol>,
    /// The ports; none for a protocol that has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortsOf>,
    /// The addresses.
    pub to: Vec<NetsOf>,
}

/// A rule of the published sets that a strict set leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Closing {
    /// The policy file.
    pub policy: Name,
    /// What the rule opens, for a sentence.
    pub what: String,
}

/// The direction of connections, as seen from whom a policy serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Others connect.
    Ingress,
    /// It connects to others.
    Egress,
}

/// Ports by the key under which they stand in the platform profile.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum PortsOf {
    /// `ports.dns`.
    Dns,
    /// `ports.https`.
    Https,
    /// `ports.nfs`.
    Nfs,
    /// `ports.iscsi`.
    Iscsi,
    /// `ports.typha`.
    Typha,
    /// `ports.kubelet`.
    Kubelet,
    /// `ports.bigfix`.
    Bigfix,
    /// `ports.metricsServer`.
    MetricsServer,
    /// `istio.egress`.
    IstioEgress,
}

/// Addresses by what they are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum NetsOf {
    /// The region's masters on the policy's network.
    ControlPlane,
    /// The provider's systems that manage workers.
    Infrastructure,
    /// `strict.serviceNetworks`.
    ServiceNetworks,
    /// `strict.privateNetwork`.
    PrivateNetwork,
    /// The cluster's pod subnet.
    Pods,
    /// The subnet of the cluster's services.
    Services,
}

impl PortsOf {
    /// The ports.
    pub fn of(self, platform: &PlatformProfile) -> &[PortRange] {
        let ports = &platform.ports;
        match self {
            Self::Dns => &ports.dns,
            Self::Https => &ports.https,
            Self::Nfs => &ports.nfs,
            Self::Iscsi => &ports.iscsi,
            Self::Typha => &ports.typha,
            Self::Kubelet => &ports.kubelet,
            Self::Bigfix => &ports.bigfix,
            Self::MetricsServer => &ports.metrics_server,
            Self::IstioEgress => &platform.istio.egress,
        }
    }
}

impl NetsOf {
    /// What the addresses are, for a sentence.
    pub fn described(self) -> &'static str {
        match self {
            Self::ControlPlane => "control plane",
            Self::Infrastructure => "infrastructure",
            Self::ServiceNetworks => "service networks",
            Self::PrivateNetwork => "private network",
            Self::Pods => "pods",
            Self::Services => "services of the cluster",
        }
    }

    /// The address blocks for a policy of `network`, sorted.
    pub fn of(
        self,
        platform: &PlatformProfile,
        region: &RegionProfile,
        pod_subnet: Cidr,
        network: Network,
    ) -> Vec<Cidr> {
        let mut nets: Vec<Cidr> = match self {
            Self::ControlPlane => region.control_plane(network).blocks().collect(),
            Self::Infrastructure => {
                let zones = region.infrastructure.zones.nets.iter().map(|zone| zone.net);
                let required = region.infrastructure.required.iter();
                required
                    .flat_map(RequiredNets::blocks)
                    .chain(zones)
                    .collect()
            }
            Self::ServiceNetworks => platform.strict.service_networks.blocks().collect(),
            Self::PrivateNetwork => platform.strict.private_network.blocks().collect(),
            Self::Pods => vec![pod_subnet],
            Self::Services => vec![platform.subnets.services],
        };
        nets.sort_unstable();
        nets.dedup();
        nets
    }
}

impl Narrowing {
    /// The ports, in the order of the profile; none for a protocol that has none.
    pub fn port_ranges(&self, platform: &PlatformProfile) -> Vec<PortRange> {
        let words = self.ports.iter();
        words.flat_map(|word| word.of(platform)).copied().collect()
    }
}

impl StrictFacts {
    /// Refuses lists that are empty, that have a block twice or that end before they begin.
    pub(super) fn check_lists(&self, input: &Arc<Input>) -> Result<(), InputError> {
        for list in [&self.service_networks, &self.private_network] {
            check_list(input, &list.nets, |net| *net)?;
            check_days(input, list.valid_from.as_ref(), list.valid_until.as_ref())?;
        }
        Ok(())
    }

    /// What is wrong with what is narrowed, in one sentence.
    pub(super) fn check(&self, policies: &[PolicyFacts]) -> Result<(), String> {
        let lists = [&self.service_networks, &self.private_network];
        if lists.iter().any(|l| l.blocks().any(|b| b.is_everything())) {
            return Err("a strict set cannot narrow ports to every address".to_owned());
        }
        let named = self.openings.iter().map(|opening| &opening.policy);
        let closed = self.closed.iter().map(|closing| &closing.policy);
        for name in named.chain(closed) {
            if !policies.iter().any(|policy| policy.name == *name) {
                return Err(format!("`strict` narrows `{name}`, which is not listed"));
            }
        }
        let mut seen = BTreeSet::new();
        for opening in &self.openings {
            let name = &opening.policy;
            if opening.to.is_empty() || opening.protocols.is_empty() {
                return Err(format!(
                    "`strict` narrows `{name}` without `protocols` or `to`"
                ));
            }
            let ported = opening.protocols.iter().all(|p| p.has_ports());
            if ported == opening.ports.is_empty() {
                return Err(format!(
                    "`strict` narrows `{name}`: `ports` go with protocols that have ports"
                ));
            }
            let is_ingress = opening.way == Way::Ingress;
            let mut words = opening.ports.iter();
            if !words.all(|word| seen.insert((name, is_ingress, *word))) {
                return Err(format!("`strict` narrows ports of `{name}` twice"));
            }
        }
        Ok(())
    }
}
