//! The masters: where they answer, and where the Kubernetes API is for workers.

use std::collections::BTreeSet;

use crate::finding::InputError;
use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{Name, Network};
use crate::yaml::Located;

use super::layout::Role;
use super::lists::{agree, agree_with_addresses, zones_in};
use super::policy::{Nets, Policy, Rule};
use super::region::Reading;

/// A list with the path of the file it comes from.
pub(super) struct Listed {
    /// The path.
    pub(super) path: String,
    /// The list.
    pub(super) nets: Nets,
}

/// The addresses of the masters on one network, and the zones that the headings name.
pub(super) struct Masters {
    /// The addresses.
    pub(super) listed: Listed,
    /// The zones, as the first heading that names any has them.
    pub(super) zones: Option<Vec<Name>>,
}

/// Reads the control-plane addresses of a network: both rules for workers, both rules for pods and
/// the list of bare addresses must agree.
pub(super) fn control_plane(
    reading: &mut Reading<'_>,
    network: Network,
) -> Result<Masters, InputError> {
    let what = format!("control-plane addresses on the {network} network");
    let (path, workers) = reading.policy(network, Role::ServiceEndpoint)?;
    let (_, pods) = reading.policy(network, Role::EgressPods)?;
    let ports = reading.platform.control_plane_ports.clone();
    let mut copies = Vec::new();
    for rule in &workers.egress {
        match endpoint(rule, &ports.workers) {
            Some(copy) => copies.push(copy),
            None => return Err(unknown_endpoint(&workers, rule, &ports.workers)),
        }
    }
    both_protocols(&workers, &copies)?;
    if let Some(rule) = workers.ingress.first() {
        return Err(workers.refuse(rule.span, "a rule for incoming traffic"));
    }
    let for_pods = pod_rules(reading, &pods, &ports.pods)?;
    both_protocols(&pods, &for_pods)?;
    copies.extend(for_pods);
    let Some(first) = copies.first().map(|copy| copy.nets) else {
        return Err(workers.refuse(workers.span, "the policy lists no addresses"));
    };
    for copy in &copies {
        agree(&what, first, copy.nets)?;
    }
    if let Some(input) = reading.layout.addresses(reading.region, network) {
        agree_with_addresses(&what, first, input)?;
    }
    Ok(Masters {
        zones: copies.iter().find_map(|copy| zones_in(copy.nets)),
        listed: Listed {
            path,
            nets: first.clone(),
        },
    })
}

/// A rule that opens ports of one protocol on listed addresses.
#[derive(Clone, Copy)]
struct Copy<'p> {
    protocol: Located<Protocol>,
    nets: &'p Nets,
}

/// `rule` as one that opens exactly `ports` on listed addresses.
fn endpoint<'p>(rule: &'p Rule, ports: &[PortRange]) -> Option<Copy<'p>> {
    let nets = rule
        .destination
        .nets_alone()
        .filter(|_| rule.source.is_empty())?;
    let open = rule.destination.ports.as_ref()?;
    same_ports(open, ports).then_some(())?;
    Some(Copy {
        protocol: rule.protocol?,
        nets,
    })
}

fn same_ports(open: &[Located<PortRange>], ports: &[PortRange]) -> bool {
    let open: BTreeSet<PortRange> = open.iter().map(|port| port.value).collect();
    open == ports.iter().copied().collect()
}

fn unknown_endpoint(policy: &Policy, rule: &Rule, ports: &[PortRange]) -> InputError {
    let Some(open) = rule.destination.ports.as_ref() else {
        return policy.refuse(rule.span, "a rule that is not one of nets and ports");
    };
    if same_ports(open, ports) {
        return policy.refuse(
            rule.span,
            "a rule that is not one of a protocol, nets and ports",
        );
    }
    let listed = |ports: &mut dyn Iterator<Item = PortRange>| {
        let ports: Vec<String> = ports.map(|port| port.to_string()).collect();
        ports.join(", ")
    };
    let found = listed(&mut open.iter().map(|port| port.value));
    let known = listed(&mut ports.iter().copied());
    policy
        .refuse(
            open.span,
            format!("masters are not known to answer on the ports {found}"),
        )
        .hint(format!("the platform profile has {known}"))
}

/// Refuses anything but one rule for UDP and one for TCP.
fn both_protocols(policy: &Policy, copies: &[Copy<'_>]) -> Result<(), InputError> {
    const BOTH: [Protocol; 2] = [Protocol::Udp, Protocol::Tcp];

    if let Some(copy) = copies.iter().find(|c| !BOTH.contains(&c.protocol.value)) {
        let message = format!("no rule of this list is for `{}`", copy.protocol.value);
        return Err(policy.refuse(copy.protocol.span, message));
    }
    for wanted in BOTH {
        let mut found = copies.iter().filter(|copy| copy.protocol.value == wanted);
        if let (Some(_), Some(second)) = (found.next(), found.next()) {
            let message = format!("a second rule opens the list for {wanted}");
            return Err(policy.refuse(second.protocol.span, message));
        }
    }
    match BOTH
        .iter()
        .find(|wanted| !copies.iter().any(|c| c.protocol.value == **wanted))
    {
        Some(missing) => {
            let message = format!("no rule opens the list for {missing}");
            Err(policy.refuse(policy.name.span, message))
        }
        None => Ok(()),
    }
}

/// The rules for pods that lead to the masters. The others hold facts of the platform and are
/// looked at only.
fn pod_rules<'p>(
    reading: &mut Reading<'_>,
    policy: &'p Policy,
    ports: &[PortRange],
) -> Result<Vec<Copy<'p>>, InputError> {
    let mut copies = Vec::new();
    for rule in &policy.egress {
        if let Some(copy) = endpoint(rule, ports) {
            copies.push(copy);
        } else if !reading.is_platform_rule(policy, rule) {
            return Err(match &rule.destination {
                side if side.nets.is_some() && side.ports.is_some() => {
                    unknown_endpoint(policy, rule, ports)
                }
                _ => policy.refuse(rule.span, "a rule of a shape that is not known"),
            });
        }
    }
    match policy.ingress.first() {
        Some(rule) => Err(policy.refuse(rule.span, "a rule for incoming traffic")),
        None => Ok(copies),
    }
}

/// Reads the service addresses of the Kubernetes API, which both networks' policies list for both
/// protocols.
pub(super) fn kubernetes_api(reading: &mut Reading<'_>) -> Result<Listed, InputError> {
    let mut found: Option<Listed> = None;
    for network in Network::BOTH {
        let (path, policy) = reading.policy(network, Role::IbmPorts)?;
        let ports = reading.platform.ports.kubernetes_api.clone();
        let mut copies = Vec::new();
        for rule in &policy.egress {
            if reading.is_platform_rule(&policy, rule) {
                continue;
            }
            match endpoint(rule, &ports) {
                Some(copy) => copies.push(copy),
                None => return Err(policy.refuse(rule.span, "a rule of a shape that is not known")),
            }
        }
        both_protocols(&policy, &copies)?;
        for rule in &policy.ingress {
            if !reading.is_platform_rule(&policy, rule) {
                return Err(policy.refuse(rule.span, "a rule of a shape that is not known"));
            }
        }
        for copy in &copies {
            let first = found.get_or_insert_with(|| Listed {
                path: path.clone(),
                nets: copy.nets.clone(),
            });
            agree("addresses of the Kubernetes API", &first.nets, copy.nets)?;
        }
    }
    found.ok_or_else(|| InputError::new("upstream lists no address of the Kubernetes API"))
}

/// Whether `nets` are exactly `blocks`, in any order.
pub(super) fn are(nets: &Nets, blocks: &[Cidr]) -> bool {
    let mut blocks = blocks.to_vec();
    blocks.sort_unstable();
    nets.sorted() == blocks
}
