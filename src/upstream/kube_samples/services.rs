//! The provider's services: one group a rule, and the same groups again for pods.

use std::collections::BTreeSet;

use crate::finding::InputError;
use crate::net::{PortRange, Protocol};
use crate::profile::{Istio, Name, Network};
use crate::yaml::Located;

use super::layout::Role;
use super::lists::agree;
use super::names::group_name;
use super::policy::{Nets, Policy, Rule};
use super::region::Reading;

/// A group of services.
pub(super) struct Group {
    /// Its name.
    pub(super) name: Name,
    /// The protocol.
    pub(super) protocol: Protocol,
    /// The ports, in upstream's order.
    pub(super) ports: Vec<PortRange>,
    /// Where the services are.
    pub(super) nets: Nets,
}

/// Reads the service groups of a network, and the path of the file they come from.
pub(super) fn groups(
    reading: &mut Reading<'_>,
    network: Network,
) -> Result<(String, Vec<Group>), InputError> {
    let (path, workers) = reading.policy(network, Role::Services)?;
    let (_, pods) = reading.policy(network, Role::ServicesPods)?;
    let for_workers = rules(reading, network, &workers)?;
    let for_pods = rules(reading, network, &pods)?;
    let copies = pair(&workers, &for_workers, &pods, &for_pods)?;
    let mut groups: Vec<Group> = Vec::new();
    for (rule, copy) in for_workers.iter().zip(copies) {
        let group = named(&workers, rule, &groups)?;
        let what = format!("the {network} service group `{}`", group.name);
        agree(&what, &group.nets, copy.nets)?;
        groups.push(group);
    }
    Ok((path, groups))
}

/// A rule that opens a group of services.
struct Service<'p> {
    rule: &'p Rule,
    protocol: Protocol,
    ports: &'p [Located<PortRange>],
    nets: &'p Nets,
}

impl Service<'_> {
    /// The protocol and the ports in any order.
    fn opens(&self) -> (Protocol, BTreeSet<PortRange>) {
        let ports = self.ports.iter().map(|port| port.value);
        (self.protocol, ports.collect())
    }
}

/// The rules of `policy` that open services. Those of Istio are looked at and left out.
fn rules<'p>(
    reading: &mut Reading<'_>,
    network: Network,
    policy: &'p Policy,
) -> Result<Vec<Service<'p>>, InputError> {
    let mut services = Vec::new();
    for rule in &policy.egress {
        if !is_istio(reading, network, policy, rule, |istio| &istio.egress) {
            services.push(service(policy, rule)?);
        }
    }
    for rule in &policy.ingress {
        if !is_istio(reading, network, policy, rule, |istio| &istio.ingress) {
            return Err(policy.refuse(
                rule.span,
                "a rule for incoming traffic that is not of the Istio add-on's shape",
            ));
        }
    }
    if services.is_empty() {
        return Err(policy.refuse(policy.span, "the policy opens no service"));
    }
    Ok(services)
}

fn service<'p>(policy: &Policy, rule: &'p Rule) -> Result<Service<'p>, InputError> {
    let refuse = |message: &str| Err(policy.refuse(rule.span, message));
    let protocol = rule.protocol.map(|protocol| protocol.value);
    let Some(protocol @ (Protocol::Tcp | Protocol::Udp)) = protocol else {
        return match rule.protocol {
            Some(other) => Err(policy.refuse(
                other.span,
                format!("the protocol `{}` is not one of services", other.value),
            )),
            None => refuse("a rule for services without a protocol"),
        };
    };
    let nets = rule
        .destination
        .nets_alone()
        .filter(|_| rule.source.is_empty());
    match (nets, rule.destination.ports.as_ref()) {
        (Some(nets), Some(ports)) => Ok(Service {
            rule,
            protocol,
            ports: &ports.value,
            nets,
        }),
        _ => refuse("a rule for services that is not one of nets and ports"),
    }
}

/// Whether `rule` is of the Istio add-on: ports of its protocol, on the public network, wherever
/// they are. Its ports are the platform's, so a difference is told and not imported.
fn is_istio(
    reading: &mut Reading<'_>,
    network: Network,
    policy: &Policy,
    rule: &Rule,
    ports: impl Fn(&Istio) -> &Vec<PortRange>,
) -> bool {
    let istio = &reading.platform.istio;
    let is_protocol = rule.protocol.is_some_and(|p| p.value == istio.protocol);
    let open = rule
        .destination
        .only_ports()
        .filter(|_| rule.source.is_empty());
    match open {
        Some(open) if is_protocol && network == Network::Public => {
            let known = ports(istio).clone();
            reading.compare_ports("the Istio add-on", policy, open, &known);
            true
        }
        _ => false,
    }
}

/// The pods' rule for each of the workers' rules, in that order.
///
/// Rules belong together that open the same ports; where several do, those with the same nets.
fn pair<'a, 'p>(
    workers: &Policy,
    for_workers: &[Service<'p>],
    pods: &Policy,
    for_pods: &'a [Service<'p>],
) -> Result<Vec<&'a Service<'p>>, InputError> {
    let mut free: Vec<&Service<'p>> = for_pods.iter().collect();
    let mut copies = Vec::new();
    for service in for_workers {
        let nets = service.nets.sorted();
        let alike = |other: &&Service<'p>| other.opens() == service.opens();
        let same = free
            .iter()
            .position(|o| alike(o) && o.nets.sorted() == nets);
        let index = same.or_else(|| free.iter().position(alike));
        let Some(index) = index else {
            return Err(workers
                .refuse(
                    service.rule.span,
                    "workers may reach this service, but pods may not",
                )
                .also(InputError::new("the rules for pods").at(pods.place(pods.name.span))));
        };
        copies.push(free.remove(index));
    }
    match free.first() {
        Some(service) => Err(pods
            .refuse(
                service.rule.span,
                "pods may reach this service, but workers may not",
            )
            .also(InputError::new("the rules for workers").at(workers.place(workers.name.span)))),
        None => Ok(copies),
    }
}

fn named(policy: &Policy, service: &Service<'_>, others: &[Group]) -> Result<Group, InputError> {
    let nets = service.nets;
    let heading = nets.headings.iter().find(|(before, _)| *before == 0);
    let Some((_, heading)) = heading else {
        return Err(policy
            .refuse(nets.span, "no heading says which service these nets are of")
            .hint("every group of upstream's begins with a comment such as `# Service: region`"));
    };
    let ports: Vec<PortRange> = service.ports.iter().map(|port| port.value).collect();
    let taken = |name: &Name| others.iter().any(|other| other.name == *name);
    let name = group_name(&heading.text, service.protocol, &ports, taken)
        .ok_or_else(|| policy.refuse(heading.span, "no name can be made of this heading"))?;
    Ok(Group {
        name,
        protocol: service.protocol,
        ports,
        nets: nets.clone(),
    })
}
