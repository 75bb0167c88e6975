//! Which host endpoint owns which interface, and where addresses are (EVAL-22, EVAL-23).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::settings::Route;
use crate::engine::tables::{HostEndpointId, HostId, InterfaceId};
use crate::engine::topology::{Claim, HostAddress};
use crate::resource::{self, Body};

use super::cluster::Cluster;
use super::endpoint::{Interfaces, Topology};
use super::objects::Objects;

/// The interface of everything.
const ANY: &str = "*";

impl Topology {
    /// EVAL-22, EVAL-23: which host endpoint owns which interface. Host endpoints come sorted by
    /// name, so the first of several is the one that counts.
    pub(super) fn own_interfaces(&mut self, resources: &Objects<'_>) {
        let bodies: Vec<(&resource::HostEndpoint, HostEndpointId)> = resources
            .iter()
            .filter_map(|resource| match &resource.body {
                Body::HostEndpoint(body) => Some(body),
                _ => None,
            })
            .enumerate()
            .map(|(index, body)| (body, HostEndpointId::new(index)))
            .collect();
        let name_of = |body: &resource::HostEndpoint| {
            body.interface_name
                .as_ref()
                .map_or_else(String::new, |name| name.value.to_string())
        };
        // Named interfaces tell where addresses are; those without a name are found by that.
        for (body, id) in &bodies {
            let name = name_of(body);
            if name.is_empty() || name == ANY {
                continue;
            }
            let interface = self.interfaces.id(&name);
            let addresses = self.addresses_of(*id);
            self.put_addresses(*id, &addresses, Some(interface));
        }
        self.route_addresses();
        for (body, id) in &bodies {
            let name = name_of(body);
            let addresses = self.addresses_of(*id);
            let Some(host) = self.endpoint_drafts.get(id.index()).map(|draft| draft.host) else {
                continue;
            };
            if name == ANY {
                self.claim(host, None, *id);
                self.put_addresses(*id, &addresses, None);
                continue;
            }
            let mut owned = Vec::new();
            if name.is_empty() {
                for address in addresses {
                    owned.push(self.interface_of(host, address));
                }
            } else {
                owned.push(self.interfaces.id(&name));
            }
            for interface in owned {
                self.claim(host, Some(interface), *id);
            }
        }
        self.route_addresses();
        for (index, host) in self.hosts.iter().enumerate() {
            for address in host
                .addresses
                .iter()
                .map(|a| a.address)
                .chain(host.tunnels.clone())
            {
                let id = HostId::new(index);
                self.hosts_by_address.entry(address).or_insert(id);
            }
        }
    }

    /// Puts a host endpoint behind those that are asked before it about an interface, or about all
    /// others, unless one of them is surely there.
    fn claim(&mut self, host: HostId, interface: Option<InterfaceId>, id: HostEndpointId) {
        let step = |id: HostEndpointId| self.endpoint_drafts.get(id.index())?.step;
        let Some(known) = self.hosts.get(host.index()) else {
            return;
        };
        let before: Vec<Claim> = match interface {
            Some(interface) => known.claims(interface).collect(),
            None => known.wildcard.clone(),
        };
        // One of several addresses may be on the same interface.
        if before.iter().any(|c| c.last || c.endpoint == id) {
            return;
        }
        // Of two forms of one object exactly one is there.
        let own = step(id);
        let is_other_form = before.iter().any(|claim| step(claim.endpoint) == own);
        let claim = Claim {
            endpoint: id,
            last: own.is_none() || is_other_form,
        };
        let Some(host) = self.hosts.get_mut(host.index()) else {
            return;
        };
        match interface {
            Some(interface) => host.specific.push((interface, claim)),
            None => host.wildcard.push(claim),
        }
    }

    pub(super) fn addresses_of(&self, id: HostEndpointId) -> Vec<IpAddr> {
        let draft = self.endpoint_drafts.get(id.index());
        draft
            .map(|draft| draft.addresses.clone())
            .unwrap_or_default()
    }

    pub(super) fn put_addresses(
        &mut self,
        id: HostEndpointId,
        addresses: &[IpAddr],
        interface: Option<InterfaceId>,
    ) {
        let host = self.endpoint_drafts.get(id.index()).map(|draft| draft.host);
        let Some(host) = host.and_then(|host| self.hosts.get_mut(host.index())) else {
            return;
        };
        for address in addresses {
            let known = host
                .addresses
                .iter_mut()
                .find(|own| own.address == *address);
            match known {
                Some(own) => own.interface = own.interface.or(interface),
                None => host.addresses.push(HostAddress {
                    address: *address,
                    interface,
                }),
            }
        }
    }

    /// An address is taken to be on the interface by which its own network is reached.
    pub(super) fn route_addresses(&mut self) {
        for host in &mut self.hosts {
            let Some(table) = self.routes.get(host.routes) else {
                continue;
            };
            for own in &mut host.addresses {
                own.interface = own.interface.or_else(|| lookup(table, own.address));
            }
        }
    }

    /// The interface that has `address`; one of its own where nothing says which.
    pub(super) fn interface_of(&mut self, host: HostId, address: IpAddr) -> InterfaceId {
        let known = self.hosts.get(host.index()).and_then(|host| {
            let own = host.addresses.iter().find(|own| own.address == address);
            own.and_then(|own| own.interface)
                .or_else(|| lookup(self.routes.get(host.routes)?, address))
        });
        let interface = known.unwrap_or_else(|| self.interfaces.id(&format!("(of {address})")));
        if let Some(host) = self.hosts.get_mut(host.index()) {
            let own = host.addresses.iter_mut().find(|own| own.address == address);
            match own {
                Some(own) => own.interface = Some(interface),
                None => host.addresses.push(HostAddress {
                    address,
                    interface: Some(interface),
                }),
            }
        }
        interface
    }

    /// One node of all that look alike to every stage of a host.
    pub(super) fn host_classes(&self) -> Vec<HostId> {
        let mut known = rustc_hash::FxHashSet::default();
        let class = |claim: Claim| {
            let endpoint = self.host_endpoints.get(claim.endpoint.index());
            (endpoint.map(|endpoint| endpoint.class), claim.last)
        };
        let mapped = self
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| host.mapped);
        let first = mapped.filter(|(_, host)| {
            let mut specific: Vec<_> = host
                .specific
                .iter()
                .map(|(interface, claim)| (*interface, class(*claim)))
                .collect();
            specific.sort_by_key(|(interface, _)| *interface);
            let wildcard: Vec<_> = host.wildcard.iter().map(|claim| class(*claim)).collect();
            known.insert((specific, wildcard, host.felix))
        });
        first.map(|(index, _)| HostId::new(index)).collect()
    }

    /// Interfaces that no host endpoint governs.
    pub(super) fn excluded(&self, cluster: &Cluster) -> Vec<InterfaceId> {
        let names = cluster.felix.iter().flat_map(|facts| &facts.excluded);
        names
            .filter_map(|name| self.interfaces.by_name.get(name).copied())
            .collect()
    }
}

pub(super) fn table(routes: &[Route], interfaces: &mut Interfaces) -> Vec<(IpNet, InterfaceId)> {
    routes
        .iter()
        .map(|route| (route.to.to_net(), interfaces.id(&route.interface)))
        .collect()
}

pub(super) fn lookup(table: &[(IpNet, InterfaceId)], address: IpAddr) -> Option<InterfaceId> {
    let holding = table.iter().filter(|(net, _)| net.contains(&address));
    // Of equal prefixes the first counts: `max_by_key` would take the last.
    let best = holding.rev().max_by_key(|(net, _)| net.prefix_len());
    best.map(|(_, interface)| *interface)
}
