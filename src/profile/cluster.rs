//! The facts of one cluster.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, PortRange, Protocol};
use crate::yaml::{self, Located};

use super::bare::refuse_bare;
use super::fact::check_list;
use super::ingress::check_sets;
use super::{
    Gitops, IngressProfile, Isolation, LogDenied, Name, NamedSet, Network, NodeName,
    PlatformProfile, RegionProfile, Version,
};

/// What runs on the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Kubernetes.
    #[default]
    Kubernetes,
    /// Red Hat OpenShift.
    Openshift,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kubernetes => "kubernetes",
            Self::Openshift => "openshift",
        })
    }
}

/// The facts of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterProfile {
    /// The cluster's name; its files lie in a folder of this name.
    pub name: Located<Name>,
    /// The region it is in.
    pub region: Located<Name>,
    /// The networks that its workers are on.
    pub networks: Located<Vec<Located<Network>>>,
    /// What runs on the workers.
    #[serde(default)]
    pub platform: Platform,
    /// The version of that platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Where pods have their addresses, if not where the platform puts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_subnet: Option<Located<Cidr>>,
    /// The workers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<Worker>,
    /// Components and service groups that are wanted besides the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Located<Name>>,
    /// Components and service groups that are not wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Located<Name>>,
    /// Whether what the published sets leave open to every address is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Whose denials are recorded in the workers' system logs.
    #[serde(default, skip_serializing_if = "LogDenied::is_none")]
    pub log_denied: LogDenied,
    /// Services of the user's own that workers or pods must reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ClusterService>,
    /// How its policies get there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitops: Option<Gitops>,
    /// Apps that are kept apart, and who may talk to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Addresses under names, to be used where sources are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<NamedSet>,
    /// What is let in for the cluster's services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressProfile>,
}

/// One worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Worker {
    /// Its Calico node name (`calicoctl get nodes`), which is not always its Kubernetes name.
    pub name: Located<NodeName>,
    /// Its address on the private network.
    #[serde(rename = "privateIP")]
    pub private_ip: Located<IpAddr>,
    /// Its address on the public network, if it is on it.
    #[serde(rename = "publicIP", default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<Located<IpAddr>>,
    /// Its worker pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Name>,
}

/// Who reaches a service.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Processes of the workers themselves.
    Workers,
    /// Pods.
    Pods,
}

/// A service of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterService {
    /// What it is.
    pub name: Located<Name>,
    /// The network on which it is reached.
    pub network: Network,
    /// Who reaches it.
    #[serde(rename = "for")]
    pub audience: Located<Vec<Located<Audience>>>,
    /// The protocol.
    pub protocol: Protocol,
    /// The ports; none for a protocol that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Located<Vec<Located<PortRange>>>>,
    /// Where it is.
    pub nets: Located<Vec<Located<Cidr>>>,
}

/// Workers with the text that lists them, so that what is wrong with one can be shown.
#[derive(Debug, Clone)]
pub struct Workers {
    /// The text.
    pub input: Arc<Input>,
    /// The workers, sorted by name.
    pub list: Vec<Worker>,
}

/// A file that holds a worker list and nothing else.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkerFile {
    workers: Vec<Worker>,
}

impl ClusterProfile {
    /// Reads a cluster profile.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        refuse_bare::<Self>(input)?;
        let profile: Self = yaml::typed(input)?;
        check_list(input, &profile.networks, |network| *network)?;
        check_workers(input, &profile.workers)?;
        profile.check_services(input)?;
        if let Some(gitops) = &profile.gitops {
            gitops.check(input)?;
        }
        profile.isolation.iter().try_for_each(|i| i.check(input))?;
        check_sets(input, &profile.sets)?;
        if let Some(ingress) = &profile.ingress {
            ingress.check(input, &profile.networks)?;
        }
        Ok(profile)
    }

    fn check_services(&self, input: &Arc<Input>) -> Result<(), InputError> {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for service in &self.services {
            check_list(input, &service.audience, |audience| match audience {
                Audience::Workers => "workers",
                Audience::Pods => "pods",
            })?;
            check_list(input, &service.nets, |net| *net)?;
            match &service.ports {
                Some(ports) if !service.protocol.has_ports() => {
                    return Err(InputError::new(format!(
                        "`{}` has no ports, but the service lists some",
                        service.protocol
                    ))
                    .at(Place::new(input, ports.span)));
                }
                Some(ports) => check_list(input, ports, |port| *port)?,
                None if service.protocol.has_ports() => {
                    return Err(InputError::new(format!(
                        "the service `{}` lists no `ports`",
                        service.name.value
                    ))
                    .at(Place::new(input, service.name.span))
                    .hint("every port is written 1:65535"));
                }
                None => {}
            }
            self.check_against_pods(input, service)?;
            if let Some(first) = seen.insert(service.name.as_str(), service.name.span) {
                return Err(
                    InputError::new(format!("a second service `{}`", service.name.value))
                        .at(Place::new(input, service.name.span))
                        .also(InputError::new("the first one").at(Place::new(input, first))),
                );
            }
            if !self.networks.iter().any(|n| n.value == service.network) {
                return Err(InputError::new(format!(
                    "the service `{}` is on the {} network, which the cluster is not on",
                    service.name.value, service.network
                ))
                .at(Place::new(input, service.name.span))
                .hint("add the network to `networks`, or take the service out"));
            }
        }
        Ok(())
    }
}

impl ClusterProfile {
    /// Refuses a service whose addresses lie where pods have theirs.
    fn check_against_pods(
        &self,
        input: &Arc<Input>,
        service: &ClusterService,
    ) -> Result<(), InputError> {
        let Some(pods) = &self.pod_subnet else {
            return Ok(());
        };
        match service.nets.iter().find(|net| net.overlaps(&pods.value)) {
            Some(net) => Err(InputError::new(format!(
                "{} of the service `{}` overlaps the pod subnet {}",
                net.value, service.name.value, pods.value
            ))
            .at(Place::new(input, net.span))
            .also(InputError::new("the pod subnet").at(Place::new(input, pods.span)))),
            None => Ok(()),
        }
    }
}

impl Workers {
    /// Reads a file that holds a list of workers under the key `workers`.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        refuse_bare::<WorkerFile>(input)?;
        let file: WorkerFile = yaml::typed(input)?;
        check_workers(input, &file.workers)?;
        Ok(Self::new(input, file.workers))
    }

    /// The workers `list` of the text `input`.
    pub fn new(input: &Arc<Input>, mut list: Vec<Worker>) -> Self {
        list.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        Self {
            input: Arc::clone(input),
            list,
        }
    }

    /// Refuses a worker whose address lies where pods have theirs.
    ///
    /// # Errors
    /// The first such worker.
    pub fn check_against_pods(&self, pods: Cidr) -> Result<(), InputError> {
        for worker in &self.list {
            for address in [Some(&worker.private_ip), worker.public_ip.as_ref()]
                .into_iter()
                .flatten()
            {
                if pods.contains(address.value) {
                    return Err(InputError::new(format!(
                        "the worker's address {} lies in the pod subnet {pods}",
                        address.value
                    ))
                    .at(Place::new(&self.input, address.span))
                    .hint("give the cluster's own pod subnet with `podSubnet` or `--pod-subnet`"));
                }
            }
        }
        Ok(())
    }
}

/// Refuses two workers of one name or address, and an address on the wrong network.
///
/// # Errors
/// The first of these, with both places.
pub(super) fn check_workers(input: &Arc<Input>, workers: &[Worker]) -> Result<(), InputError> {
    let mut names: HashMap<&str, Span> = HashMap::new();
    let mut addresses: HashMap<IpAddr, Span> = HashMap::new();
    let twice = |what: String, here: Span, first: Span| {
        InputError::new(format!("a second worker with {what}"))
            .at(Place::new(input, here))
            .also(InputError::new("the first one").at(Place::new(input, first)))
    };
    for worker in workers {
        let name = &worker.name;
        if let Some(first) = names.insert(name.as_str(), name.span) {
            return Err(twice(
                format!("the name `{}`", name.value),
                name.span,
                first,
            ));
        }
        let of = |address: &Located<IpAddr>, wanted, key: &str| match AddressUse::of(address.value)
        {
            found if found == wanted => Ok(()),
            found => Err(InputError::new(format!(
                "{} is {found}, and `{key}` must be {wanted}",
                address.value
            ))
            .at(Place::new(input, address.span))),
        };
        of(&worker.private_ip, AddressUse::Private, "privateIP").map_err(|error| {
            error.hint("`publicIP` is the key for the address on the public network")
        })?;
        if let Some(public) = &worker.public_ip {
            of(public, AddressUse::Public, "publicIP")?;
        }
        for address in [Some(&worker.private_ip), worker.public_ip.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Some(first) = addresses.insert(address.value, address.span) {
                let what = format!("the address {}", address.value);
                return Err(twice(what, address.span, first));
            }
        }
    }
    Ok(())
}

/// What an address can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressUse {
    /// Inside one network (RFC 1918, RFC 4193).
    Private,
    /// Anywhere.
    Public,
    /// On one machine, one link, or not to name a single machine at all.
    Special,
}

impl AddressUse {
    fn of(address: IpAddr) -> Self {
        let (private, special) = match address.to_canonical() {
            IpAddr::V4(address) => (
                address.is_private(),
                address.is_link_local() || address.is_broadcast(),
            ),
            IpAddr::V6(address) => (address.is_unique_local(), address.is_unicast_link_local()),
        };
        let address = address.to_canonical();
        if special || address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            Self::Special
        } else if private {
            Self::Private
        } else {
            Self::Public
        }
    }
}

impl std::fmt::Display for AddressUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Private => "a private address",
            Self::Public => "a public address",
            Self::Special => "an address of no single worker",
        })
    }
}

/// Refuses a pod subnet that overlaps what the region or the platform has elsewhere, or that is
/// not of IPv4: the platform's clusters have no other.
///
/// # Errors
/// The first list that it overlaps.
pub fn check_pod_subnet(
    pods: Cidr,
    region: &RegionProfile,
    platform: &PlatformProfile,
) -> Result<(), InputError> {
    if !pods.is_ipv4() {
        return Err(InputError::new(format!(
            "the pod subnet {pods} is not an IPv4 block"
        )));
    }
    let own = [
        (
            "the service subnet".to_owned(),
            vec![platform.subnets.services],
        ),
        (
            "the worker-local proxies".to_owned(),
            platform.local_proxy.nets.clone(),
        ),
    ];
    let lists = region
        .lists()
        .into_iter()
        .map(|(name, _, nets)| (format!("`{name}` of region {}", region.region.value), nets));
    for (name, nets) in own.into_iter().chain(lists) {
        if let Some(net) = nets.iter().find(|net| net.overlaps(&pods)) {
            return Err(
                InputError::new(format!("the pod subnet {pods} overlaps {net} of {name}"))
                    .hint("traffic to these addresses would be taken for traffic to pods"),
            );
        }
    }
    Ok(())
}
