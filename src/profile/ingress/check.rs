//! What is wrong with a cluster's ingress by itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::PortRange;
use crate::profile::Network;
use crate::profile::fact::check_list;
use crate::yaml::Located;

use super::{IngressProfile, LoadBalancer, NamedSet, NodePortAccess};

/// Refuses sets without addresses and two of one name.
///
/// # Errors
/// The first of these, with its place.
pub(in crate::profile) fn check_sets(
    input: &Arc<Input>,
    sets: &[NamedSet],
) -> Result<(), InputError> {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for set in sets {
        check_list(input, &set.nets, |net| *net)?;
        let name = &set.name;
        if let Some(first) = seen.insert(name.as_str(), name.span) {
            return Err(twice(
                input,
                format!("a second set `{}`", name.value),
                name.span,
                first,
            ));
        }
    }
    Ok(())
}

impl IngressProfile {
    /// Refuses what cannot be meant, whatever region the cluster is in: empty lists, two load
    /// balancers that claim one address and port, a network that the cluster is not on.
    ///
    /// # Errors
    /// The first of these, with its places.
    pub(in crate::profile) fn check(
        &self,
        input: &Arc<Input>,
        networks: &[Located<Network>],
    ) -> Result<(), InputError> {
        for network in Network::BOTH {
            let Some(access) = self.node_ports.as_ref().and_then(|ports| ports.on(network)) else {
                continue;
            };
            if let NodePortAccess::Allow(sources) = &access.value {
                check_list(input, sources, Clone::clone)?;
            }
            on_network(input, networks, network, "node ports are", access.span)?;
        }
        let mut names: HashMap<&str, Span> = HashMap::new();
        for balancer in &self.load_balancers {
            balancer.check(input)?;
            let name = &balancer.name;
            let what = format!("the load balancer `{}` is", name.value);
            on_network(
                input,
                networks,
                balancer.network.value,
                &what,
                balancer.network.span,
            )?;
            if let Some(first) = names.insert(name.as_str(), name.span) {
                let what = format!("a second load balancer `{}`", name.value);
                return Err(twice(input, what, name.span, first));
            }
        }
        self.check_claims(input)
    }

    /// Refuses two load balancers that claim one address and port: the rules of one would decide
    /// for both.
    fn check_claims(&self, input: &Arc<Input>) -> Result<(), InputError> {
        let mut claims: Vec<(&LoadBalancer, IpAddr, &Located<PortRange>)> = Vec::new();
        for balancer in &self.load_balancers {
            for ip in balancer.ips.iter() {
                for ports in balancer.ports.iter() {
                    let other = claims.iter().find(|(other, address, range)| {
                        *address == ip.value
                            && other.protocol.value == balancer.protocol.value
                            && range.first() <= ports.last()
                            && ports.first() <= range.last()
                    });
                    if let Some((other, _, range)) = other {
                        let claim = |of: &LoadBalancer, ports: &Located<PortRange>| {
                            format!(
                                "`{}` claims {} port {}",
                                of.name.value, of.protocol.value, ports.value
                            )
                        };
                        return Err(InputError::new(format!(
                            "two load balancers claim {}: {}",
                            ip.value,
                            claim(balancer, ports)
                        ))
                        .at(Place::new(input, ports.span))
                        .also(
                            InputError::new(claim(other, range)).at(Place::new(input, range.span)),
                        ));
                    }
                    claims.push((balancer, ip.value, ports));
                }
            }
        }
        Ok(())
    }
}

impl LoadBalancer {
    fn check(&self, input: &Arc<Input>) -> Result<(), InputError> {
        check_list(input, &self.ips, |ip| *ip)?;
        check_list(input, &self.ports, |port| *port)?;
        let at = |span| Place::new(input, span);
        let name = &self.name;
        if let Some(ip) = self.ips.iter().find(|ip| !ip.is_ipv4()) {
            return Err(InputError::new(format!(
                "{} of the load balancer `{}` is not an IPv4 address",
                ip.value, name.value
            ))
            .at(at(ip.span))
            .hint("the platform's load balancers have no others"));
        }
        if !self.protocol.has_ports() {
            return Err(InputError::new(format!(
                "`{}` has no ports, and a load balancer takes some",
                self.protocol.value
            ))
            .at(at(self.protocol.span))
            .hint("TCP, UDP and SCTP have ports"));
        }
        match (&self.allow, &self.deny) {
            (Some(sources), None) | (None, Some(sources)) => {
                check_list(input, sources, Clone::clone)
            }
            (Some(_), Some(deny)) => Err(InputError::new(format!(
                "the load balancer `{}` has both `allow` and `deny`",
                name.value
            ))
            .at(at(deny.span))
            .hint("`allow` closes it to everybody else, `deny` leaves it open to everybody else")),
            (None, None) => Err(InputError::new(format!(
                "the load balancer `{}` has neither `allow` nor `deny`",
                name.value
            ))
            .at(at(name.span))
            .hint("leave out a load balancer that everybody reaches")),
        }
    }
}

fn on_network(
    input: &Arc<Input>,
    networks: &[Located<Network>],
    network: Network,
    what: &str,
    span: Span,
) -> Result<(), InputError> {
    if networks.iter().any(|own| own.value == network) {
        return Ok(());
    }
    Err(InputError::new(format!(
        "{what} on the {network} network, which the cluster is not on"
    ))
    .at(Place::new(input, span))
    .hint("add the network to `networks`, or take this out"))
}

fn twice(input: &Arc<Input>, what: String, here: Span, first: Span) -> InputError {
    InputError::new(what)
        .at(Place::new(input, here))
        .also(InputError::new("the first one").at(Place::new(input, first)))
}
