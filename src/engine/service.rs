//! What stands behind addresses and ports of services.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::flow::{ExternalTrafficPolicy, Party};
use super::program::Program;

/// An endpoint behind a service's address or node port.
#[derive(Debug, Clone, Copy)]
pub struct Backend {
    /// The pod or node; an address where neither is known to have it.
    pub party: Party<'static>,
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// What the service says of packets from outside.
    pub external_traffic_policy: ExternalTrafficPolicy,
}

/// One endpoint of a service, as the input names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServedAddress {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) policy: ExternalTrafficPolicy,
}

/// Addresses and node ports of services, with what is behind them.
#[derive(Debug, Clone, Default)]
pub(super) struct ServiceTable {
    /// By address, protocol and port.
    pub(super) by_address: FxHashMap<(IpAddr, u8, u16), Vec<ServedAddress>>,
    /// By protocol and node port.
    pub(super) by_node_port: FxHashMap<(u8, u16), Vec<ServedAddress>>,
}

impl Program {
    /// What is behind a cluster address, external address or load balancer address of a service;
    /// nothing where the input knows no service there or no endpoint of it.
    pub fn behind_address(&self, address: IpAddr, protocol: u8, port: u16) -> Vec<Backend> {
        let found = self
            .service_table
            .by_address
            .get(&(address, protocol, port));
        self.backends(found)
    }

    /// What is behind a node port.
    pub fn behind_node_port(&self, protocol: u8, port: u16) -> Vec<Backend> {
        let found = self.service_table.by_node_port.get(&(protocol, port));
        self.backends(found)
    }

    fn backends(&self, found: Option<&Vec<ServedAddress>>) -> Vec<Backend> {
        let backend = |served: &ServedAddress| Backend {
            party: self.find_address(served.address),
            address: served.address,
            port: served.port,
            external_traffic_policy: served.policy,
        };
        found.into_iter().flatten().map(backend).collect()
    }
}
