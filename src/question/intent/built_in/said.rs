//! Facts as packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::engine::{Failsafe, Family};
use crate::finding::InputError;
use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{Audience, BaselineOpening, Network, OverlayKind, PortsOf, RequiredNets, Way};
use crate::resource::selector::Selector;

use super::super::part::addresses;
use super::super::{Facts, Part};
use super::{BOTH, IP_IN_IP, Need};

/// These ports of every address, by TCP and UDP.
pub(super) fn ports(ports: &[PortRange]) -> Vec<Part> {
    BOTH.map(|protocol| Part::of(protocol).to_ports(ports.iter().copied()))
        .to_vec()
}

/// What of `usual`, packets that a group has to ports of every address or from every address, a
/// strict set leaves to it on `networks`. All of it where the sets are not strict; nothing where none
/// of it leaves a worker by them.
pub(super) fn narrowed(
    facts: &Facts<'_>,
    networks: &[Network],
    audience: Audience,
    way: Way,
    word: Option<PortsOf>,
    usual: Vec<Part>,
) -> Vec<Part> {
    if !facts.strict {
        return usual;
    }
    let mut is_said = false;
    let mut nets: Vec<Cidr> = Vec::new();
    for opening in &facts.platform.strict.openings {
        let is_meant = opening.audience == audience
            && opening.way == way
            && word.map_or(opening.ports.is_empty(), |word| {
                opening.ports.contains(&word)
            });
        let policies = facts.platform.policies.iter();
        let mut policies = policies.filter(|policy| policy.name == opening.policy);
        let network = policies.next().map(|policy| policy.network);
        if let Some(network) = network.filter(|n| is_meant && networks.contains(n)) {
            is_said = true;
            let groups = opening.to.iter();
            nets.extend(groups.flat_map(|group| {
                group.of(facts.platform, facts.region, facts.pod_subnet, network)
            }));
        }
    }
    if !is_said {
        return usual;
    }
    if audience == Audience::Workers && way == Way::Egress {
        nets.retain(|net| networks.iter().any(|n| facts.platform.leaves_by(*net, *n)));
    }
    if nets.is_empty() {
        return Vec::new();
    }
    nets.sort_unstable();
    nets.dedup();
    let parts = usual.into_iter().map(|part| match way {
        Way::Ingress => part.from(nets.iter().copied()),
        Way::Egress => part.to(nets.iter().copied()),
    });
    parts.collect()
}

/// These ports of these addresses, by TCP and UDP.
pub(super) fn ports_of(nets: &[Cidr], of: &[PortRange]) -> Vec<Part> {
    ports(of)
        .into_iter()
        .map(|part| part.to(nets.iter().copied()))
        .collect()
}

/// Every infrastructure subnet of the region.
pub(super) fn infrastructure(facts: &Facts<'_>) -> Vec<Cidr> {
    let infrastructure = &facts.region.infrastructure;
    let required = infrastructure
        .required
        .iter()
        .flat_map(RequiredNets::blocks);
    let zones = infrastructure.zones.nets.iter().map(|zone| zone.net);
    let mut nets: Vec<Cidr> = required.chain(zones).collect();
    nets.sort_unstable();
    nets
}

/// The control plane's addresses on a network.
pub(super) fn control_plane(facts: &Facts<'_>, network: Network) -> Vec<Cidr> {
    facts.region.control_plane(network).blocks().collect()
}

/// The provider's services on a network, as `who` needs them.
pub(super) fn services(facts: &Facts<'_>, network: Network, who: &str) -> Vec<Need> {
    let groups = facts.groups.iter().filter(|g| g.network == network);
    groups
        .map(|group| {
            let part = Part::of(group.protocol)
                .to_ports(group.ports.iter().map(|range| range.value))
                .to(group.blocks());
            Need::new(
                format!(
                    "{who} reach the service {} on the {network} network",
                    group.name.value
                ),
                "The provider's services are used from inside the cluster.",
                vec![part],
            )
        })
        .collect()
}

/// The cluster's own services on a network, as `audience` needs them.
pub(super) fn own_services(
    facts: &Facts<'_>,
    network: Network,
    audience: Audience,
    who: &str,
) -> Vec<Need> {
    let on_network = facts.services.iter().filter(|s| s.network == network);
    on_network
        .filter(|service| service.audience.iter().any(|a| a.value == audience))
        .map(|service| {
            let part = Part::of(service.protocol).to(service.nets.iter().map(|net| net.value));
            let part = match &service.ports {
                Some(ports) => part.to_ports(ports.iter().map(|range| range.value)),
                None => part,
            };
            Need::new(
                format!(
                    "{who} reach the cluster's own service {} on the {network} network",
                    service.name.value
                ),
                "The cluster profile lists the service.",
                vec![part],
            )
        })
        .collect()
}

/// What the platform's own policies let in.
pub(super) fn opening(opening: &BaselineOpening) -> Vec<Part> {
    let mut parts: Vec<Part> = opening.protocols.iter().copied().map(Part::of).collect();
    if parts.is_empty() {
        parts.push(Part::any());
    }
    for part in &mut parts {
        if !opening.ports.is_empty() {
            part.ports = Some(opening.ports.clone());
        }
        if !opening.sources.is_empty() {
            part.sources = Some(opening.sources.clone());
        }
    }
    parts
}

/// Failsafes, whose far end is where `far` puts it (EVAL-34).
pub(super) fn failsafes(failsafes: &[Failsafe], far: impl Fn(Part, Cidr) -> Part) -> Vec<Part> {
    failsafes
        .iter()
        .filter_map(|failsafe| {
            let protocol = Protocol::of_number(failsafe.protocol);
            let part = Part::of(protocol).to_ports([PortRange::single(failsafe.port)?]);
            Some(match failsafe.net {
                Some(net) => far(part, Cidr::truncated(net)),
                None => part,
            })
        })
        .collect()
}

/// What carries other packets: from outside it is dropped before policies are asked (EVAL-36).
pub(super) fn carriers(facts: &Facts<'_>) -> Vec<Part> {
    let vxlan = PortRange::single(facts.felix.vxlan_port);
    match facts.platform.overlay {
        OverlayKind::Ipip => vec![Part::of(Protocol::Number(IP_IN_IP))],
        OverlayKind::Vxlan => vec![Part::of(Protocol::Udp).to_ports(vxlan)],
        OverlayKind::None => Vec::new(),
    }
}

/// What pods may not send, whatever policies say (EVAL-37).
pub(super) fn never_from_pods(facts: &Facts<'_>) -> Vec<Part> {
    let felix = &facts.felix;
    let mut parts = Vec::new();
    if !felix.ipip_from_pods {
        parts.push(Part::of(Protocol::Number(IP_IN_IP)));
    }
    if let Some(port) = PortRange::single(felix.vxlan_port)
        && !felix.vxlan_from_pods
    {
        parts.push(Part::of(Protocol::Udp).to_ports([port]));
    }
    parts
}

/// A selector among the facts.
pub(super) fn selector(text: &str) -> Result<Selector, InputError> {
    Selector::parse(text)
        .map_err(|error| InputError::new(format!("`{text}` is no selector: {error}")))
}

/// Every address of a family but those of `nets`, as few blocks. A rule that leaves out blocks of a
/// family is asked of that family alone (RES-21), and so is this.
pub(super) fn all_but(nets: &[Cidr], family: Family) -> Vec<Cidr> {
    let rest = addresses(nets).complement();
    let blocks = |(first, last)| -> Vec<IpNet> {
        match family {
            Family::V4 => {
                let address = |bits: u128| u32::try_from(bits).ok().map(Ipv4Addr::from_bits);
                let (Some(first), Some(last)) = (address(first), address(last)) else {
                    return Vec::new();
                };
                Ipv4Subnets::new(first, last, 0).map(IpNet::from).collect()
            }
            Family::V6 => {
                let (first, last) = (Ipv6Addr::from_bits(first), Ipv6Addr::from_bits(last));
                Ipv6Subnets::new(first, last, 0).map(IpNet::from).collect()
            }
        }
    };
    let ranges = rest.ranges(family).iter();
    ranges.flat_map(blocks).map(Cidr::truncated).collect()
}
