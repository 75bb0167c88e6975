//! What templates see.

use std::net::IpAddr;

use serde::Serialize;

use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{
    Audience, ControlPlanePorts, Istio, LocalProxy, Name, NetsOf, Network, Ports, Subnets, Way,
    Worker,
};

use super::Plan;

/// What the template of every policy of a network sees.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context<'a> {
    region: &'a Name,
    display_name: &'a str,
    zones: Vec<&'a Name>,
    network: Network,
    interface: &'a str,
    role_label: &'a str,
    role: &'a str,
    /// The selector of the workers' host endpoints on the network.
    workers: String,
    /// The selector of every pod.
    pods: &'a str,
    pod_subnet: Cidr,
    subnets: &'a Subnets,
    control_plane: Vec<Cidr>,
    kubernetes_api: Vec<Cidr>,
    infrastructure: Infrastructure<'a>,
    local_proxy: &'a LocalProxy,
    ports: &'a Ports,
    control_plane_ports: &'a ControlPlanePorts,
    vrrp: Protocol,
    istio: Option<&'a Istio>,
}

#[derive(Serialize)]
struct Infrastructure<'a> {
    required: Vec<Required<'a>>,
    zones: Vec<ZoneNet<'a>>,
}

#[derive(Serialize)]
struct Required<'a> {
    zones: Vec<&'a Name>,
    nets: Vec<Cidr>,
}

#[derive(Serialize)]
struct ZoneNet<'a> {
    zone: &'a Name,
    net: Cidr,
}

/// What the template of one policy sees besides.
#[derive(Serialize)]
pub(super) struct PolicyContext<'a> {
    /// The policy file's name.
    pub(super) name: &'a str,
    pub(super) order: serde_json::Value,
    pub(super) services: Vec<Service<'a>>,
    /// Not there unless the set is strict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<Strict>,
}

/// What of a policy is narrowed.
#[derive(Serialize)]
pub(super) struct Strict {
    ingress: Vec<Narrowed>,
    egress: Vec<Narrowed>,
}

/// Ports with the addresses to which they are narrowed.
#[derive(Serialize)]
struct Narrowed {
    protocols: Vec<Protocol>,
    ports: Vec<PortRange>,
    groups: Vec<NamedNets>,
}

#[derive(Serialize)]
struct NamedNets {
    name: &'static str,
    nets: Vec<Cidr>,
}

/// What the template of a host endpoint sees besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkerContext<'a> {
    /// The host endpoint's name.
    pub(super) name: &'a str,
    pub(super) worker: WorkerFacts<'a>,
    /// The label that names its pool, where policies ask for pools and it has one.
    pub(super) pool_label: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct WorkerFacts<'a> {
    name: &'a str,
    ip: IpAddr,
    pool: Option<&'a Name>,
}

/// A service that rules open.
#[derive(Serialize, Clone)]
pub(super) struct Service<'a> {
    name: &'a str,
    protocol: Protocol,
    ports: Vec<PortRange>,
    nets: Vec<Cidr>,
}

impl<'a> Context<'a> {
    pub(super) fn new(plan: &'a Plan, network: Network) -> Self {
        let platform = &plan.platform_profile;
        let region = &plan.region;
        let facts = platform.network(network);
        let mut zones: Vec<&Name> = region.zones.iter().map(|zone| &zone.value).collect();
        zones.sort();
        Self {
            region: &region.region.value,
            display_name: &region.display_name,
            zones,
            network,
            interface: &facts.interface,
            role_label: &platform.role_label,
            role: &facts.role,
            workers: format!("{} == '{}'", platform.role_label, facts.role),
            pods: &platform.pods,
            pod_subnet: plan.pod_subnet,
            subnets: &platform.subnets,
            control_plane: sorted(region.control_plane(network).blocks()),
            kubernetes_api: sorted(region.kubernetes_api.blocks()),
            infrastructure: Infrastructure::new(plan),
            local_proxy: &platform.local_proxy,
            ports: &platform.ports,
            control_plane_ports: &platform.control_plane_ports,
            vrrp: platform.vrrp,
            istio: plan.wants_istio(network).then_some(&platform.istio),
        }
    }
}

impl Strict {
    /// What of the policy `name` of `network` is narrowed, if the plan is strict.
    pub(super) fn new(plan: &Plan, network: Network, name: &str) -> Option<Self> {
        let of = |way: Way| {
            let openings = plan.narrowings().filter(|opening| opening.way == way);
            openings
                .filter(|opening| opening.policy.as_str() == name)
                .map(|opening| Narrowed {
                    protocols: opening.protocols.clone(),
                    ports: opening.port_ranges(&plan.platform_profile),
                    groups: NamedNets::of(plan, network, &opening.to),
                })
                .collect()
        };
        plan.strict.then(|| Self {
            ingress: of(Way::Ingress),
            egress: of(Way::Egress),
        })
    }
}

impl NamedNets {
    fn of(plan: &Plan, network: Network, groups: &[NetsOf]) -> Vec<Self> {
        let nets = |group: NetsOf| {
            let (platform, region) = (&plan.platform_profile, &plan.region);
            group.of(platform, region, plan.pod_subnet, network)
        };
        let named = groups.iter().map(|group| Self {
            name: group.described(),
            nets: nets(*group),
        });
        named.collect()
    }
}

impl<'a> Infrastructure<'a> {
    fn new(plan: &'a Plan) -> Self {
        let infrastructure = &plan.region.infrastructure;
        let mut zones: Vec<ZoneNet<'a>> = infrastructure
            .zones
            .nets
            .iter()
            .map(|zone| ZoneNet {
                zone: &zone.zone,
                net: zone.net,
            })
            .collect();
        zones.sort_by_key(|zone| zone.net);
        Self {
            required: infrastructure
                .required
                .iter()
                .map(|group| Required {
                    zones: group.zones.iter().collect(),
                    nets: sorted(group.blocks()),
                })
                .collect(),
            zones,
        }
    }
}

impl<'a> WorkerFacts<'a> {
    /// What is known of `worker` on `network`, if it is on it.
    pub(super) fn new(worker: &'a Worker, network: Network) -> Option<Self> {
        let ip = match network {
            Network::Private => Some(worker.private_ip.value),
            Network::Public => worker.public_ip.as_ref().map(|ip| ip.value),
        };
        Some(Self {
            name: worker.name.as_str(),
            ip: ip?,
            pool: worker.pool.as_ref(),
        })
    }
}

/// The provider's services on `network` that are wanted, in the region's order.
pub(super) fn provider_services(plan: &Plan, network: Network) -> Vec<Service<'_>> {
    plan.region
        .services_on(network)
        .filter(|group| plan.wants_group(group))
        .map(|group| Service {
            name: group.name.as_str(),
            protocol: group.protocol,
            ports: group.ports.iter().map(|port| port.value).collect(),
            nets: sorted(group.blocks()),
        })
        .collect()
}

/// The cluster's own services on `network` that `audience` reaches, sorted by name.
pub(super) fn cluster_services(
    plan: &Plan,
    network: Network,
    audience: Audience,
) -> Vec<Service<'_>> {
    let mut services: Vec<Service<'_>> = plan
        .services
        .iter()
        .filter(|service| service.network == network)
        .filter(|service| service.audience.iter().any(|a| a.value == audience))
        .map(|service| Service {
            name: service.name.as_str(),
            protocol: service.protocol,
            ports: service
                .ports
                .iter()
                .flat_map(|ports| ports.iter().map(|p| p.value))
                .collect(),
            nets: sorted(service.nets.iter().map(|net| net.value)),
        })
        .collect();
    services.sort_by_key(|service| service.name);
    services
}

fn sorted(blocks: impl Iterator<Item = Cidr>) -> Vec<Cidr> {
    let mut blocks: Vec<Cidr> = blocks.collect();
    blocks.sort_unstable();
    blocks
}
