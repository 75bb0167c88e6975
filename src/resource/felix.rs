//! How Felix is configured, as far as verdicts hang on it.

use crate::finding::Span;

use super::policy::Net;
use super::{Field, List, Written};
use crate::net::Protocol;
use crate::yaml::Located;

/// The spec of a FelixConfiguration: the fields of section 2.6, absent where not set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FelixConfiguration {
    /// How interfaces of pods begin.
    pub interface_prefix: Field<Box<str>>,
    /// Interfaces that no host endpoint governs.
    pub interface_exclude: Field<Box<str>>,
    /// What happens to packets from a pod to its own host (EVAL-40).
    pub default_endpoint_to_host_action: Field<Box<str>>,
    /// What an allowed packet does next in the filter table.
    pub iptables_filter_allow_action: Field<Box<str>>,
    /// What an allowed packet does next in the mangle table.
    pub iptables_mangle_allow_action: Field<Box<str>>,
    /// Ports that stay open to the host whatever policy says (EVAL-33).
    pub failsafe_inbound_host_ports: Option<Located<Vec<FailsafePort>>>,
    /// Ports that stay open from the host whatever policy says.
    pub failsafe_outbound_host_ports: Option<Located<Vec<FailsafePort>>>,
    /// Whether pods may send VXLAN packets themselves (EVAL-37).
    pub allow_vxlan_packets_from_workloads: Field<bool>,
    /// Whether pods may send IP-in-IP packets themselves.
    pub allow_ipip_packets_from_workloads: Field<bool>,
    /// The port of VXLAN.
    pub vxlan_port: Field<i64>,
    /// Whether VXLAN is on.
    pub vxlan_enabled: Field<bool>,
    /// Whether IP-in-IP is on.
    pub ipip_enabled: Field<bool>,
    /// Whether WireGuard is on.
    pub wireguard_enabled: Field<bool>,
    /// The port of WireGuard.
    pub wireguard_listening_port: Field<i64>,
    /// Node ports.
    pub kube_node_port_ranges: List<Box<str>>,
    /// Whether the eBPF data plane is on.
    pub bpf_enabled: Field<bool>,
    /// How log lines begin.
    pub log_prefix: Field<Box<str>>,
}

/// One failsafe port (EVAL-34).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FailsafePort {
    /// Where it stands.
    pub span: Span,
    /// The protocol; absent means TCP.
    pub protocol: Field<Written<Protocol>>,
    /// The port.
    pub port: Field<i64>,
    /// The block that it is open for.
    pub net: Field<Net>,
}
