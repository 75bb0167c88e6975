//! How Felix is configured on a node.

use ipnet::IpNet;

use crate::net::Protocol;
use crate::resource::{FailsafePort, FelixConfiguration, Field, Net};
use crate::yaml::Located;

use super::answer::{Answer, Doubt};
use super::packet::{Packet, Peer};
use super::settings::{HostAction, Overlay, Settings};
use crate::resource::Direction;

/// A port that stays open whatever policy says (EVAL-34).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failsafe {
    /// The protocol's number.
    pub protocol: u8,
    /// The port.
    pub port: u16,
    /// The block of far addresses for which it is open; nothing for all.
    pub net: Option<IpNet>,
}

/// Failsafes by direction (EVAL-33).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failsafes {
    /// Ports of the host.
    pub inbound: Vec<Failsafe>,
    /// Ports that the host reaches.
    pub outbound: Vec<Failsafe>,
}

const TCP: u8 = 6;
const UDP: u8 = 17;

/// EVAL-33: Calico's own defaults.
const INBOUND: [(u8, u16); 9] = [
    (TCP, 22),
    (UDP, 68),
    (TCP, 179),
    (TCP, 2379),
    (TCP, 2380),
    (TCP, 5473),
    (TCP, 6443),
    (TCP, 6666),
    (TCP, 6667),
];
const OUTBOUND: [(u8, u16); 9] = [
    (UDP, 53),
    (UDP, 67),
    (TCP, 179),
    (TCP, 2379),
    (TCP, 2380),
    (TCP, 5473),
    (TCP, 6443),
    (TCP, 6666),
    (TCP, 6667),
];

impl Default for Failsafes {
    fn default() -> Self {
        let all = |ports: &[(u8, u16)]| {
            let open = |(protocol, port): &(u8, u16)| Failsafe {
                protocol: *protocol,
                port: *port,
                net: None,
            };
            ports.iter().map(open).collect()
        };
        Self {
            inbound: all(&INBOUND),
            outbound: all(&OUTBOUND),
        }
    }
}

impl Failsafes {
    /// Whether a packet that comes in or goes out is to or from such a port (EVAL-35); `mirrored`
    /// also lets their answers pass, as untracked chains do.
    pub fn let_pass(
        &self,
        direction: Direction,
        packet: &Packet<'_>,
        mirrored: bool,
        bpf: bool,
    ) -> Answer {
        let (own, other, far, near) = match direction {
            Direction::Ingress => (
                &self.inbound,
                &self.outbound,
                &packet.source,
                &packet.destination,
            ),
            Direction::Egress => (
                &self.outbound,
                &self.inbound,
                &packet.destination,
                &packet.source,
            ),
        };
        let port_of = match direction {
            Direction::Ingress => near,
            Direction::Egress => far,
        };
        let straight = any(own, packet, port_of, far, bpf);
        if !mirrored || straight == Answer::Yes {
            return straight;
        }
        straight.or(any(other, packet, &packet.source, far, bpf))
    }
}

fn any(
    failsafes: &[Failsafe],
    packet: &Packet<'_>,
    port_of: &Peer<'_>,
    far: &Peer<'_>,
    bpf: bool,
) -> Answer {
    let mut answer = Answer::No;
    for failsafe in failsafes {
        // EVAL-49: the BPF data plane has no others.
        if failsafe.protocol != packet.protocol || (bpf && ![TCP, UDP].contains(&packet.protocol)) {
            continue;
        }
        let port = match port_of.port {
            Some(port) => Answer::of(port == failsafe.port),
            None => Answer::Maybe(Doubt::Port),
        };
        let net = match (failsafe.net, far.address) {
            (None, _) => Answer::Yes,
            (Some(net), Some(address)) => Answer::of(net.contains(&address)),
            (Some(_), None) => Answer::Maybe(Doubt::Address),
        };
        answer = answer.or(port.and(net));
        if answer == Answer::Yes {
            break;
        }
    }
    answer
}

/// What evaluation needs of a FelixConfiguration (section 2.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FelixFacts {
    /// The verdict on pod to own host (EVAL-40).
    pub to_host: HostAction,
    /// Ports that stay open.
    pub failsafes: Failsafes,
    /// Overlays in use.
    pub overlay: Overlay,
    /// The port of VXLAN.
    pub vxlan_port: u16,
    /// The port of WireGuard.
    pub wireguard_port: u16,
    /// Whether pods may send VXLAN packets themselves (EVAL-37).
    pub vxlan_from_pods: bool,
    /// Whether pods may send IP in IP packets themselves.
    pub ipip_from_pods: bool,
    /// Interfaces that no host endpoint governs.
    pub excluded: Vec<String>,
    /// Whether the eBPF data plane is on.
    pub bpf: bool,
}

impl Default for FelixFacts {
    fn default() -> Self {
        Self {
            to_host: HostAction::default(),
            failsafes: Failsafes::default(),
            overlay: Overlay::default(),
            vxlan_port: 4789,
            wireguard_port: 51820,
            vxlan_from_pods: false,
            ipip_from_pods: false,
            excluded: vec!["kube-ipvs0".to_owned()],
            bpf: false,
        }
    }
}

impl FelixFacts {
    /// Lays what `configuration` says over these facts (MOD-21).
    pub(super) fn overlaid(&self, configuration: &FelixConfiguration) -> Self {
        let mut facts = self.clone();
        let flag = |field: &Field<bool>, fact: &mut bool| {
            if let Some(value) = field {
                *fact = value.value;
            }
        };
        let port = |field: &Field<i64>, fact: &mut u16| {
            if let Some(value) = field.as_ref().and_then(|f| u16::try_from(f.value).ok()) {
                *fact = value;
            }
        };
        let word = configuration.default_endpoint_to_host_action.as_ref();
        if let Some(action) = word.and_then(|word| HostAction::of_word(&word.value)) {
            facts.to_host = action;
        }
        if let Some(list) = &configuration.failsafe_inbound_host_ports {
            facts.failsafes.inbound = failsafes(list);
        }
        if let Some(list) = &configuration.failsafe_outbound_host_ports {
            facts.failsafes.outbound = failsafes(list);
        }
        flag(&configuration.ipip_enabled, &mut facts.overlay.ipip);
        flag(&configuration.vxlan_enabled, &mut facts.overlay.vxlan);
        flag(
            &configuration.wireguard_enabled,
            &mut facts.overlay.wireguard,
        );
        flag(
            &configuration.allow_vxlan_packets_from_workloads,
            &mut facts.vxlan_from_pods,
        );
        flag(
            &configuration.allow_ipip_packets_from_workloads,
            &mut facts.ipip_from_pods,
        );
        flag(&configuration.bpf_enabled, &mut facts.bpf);
        port(&configuration.vxlan_port, &mut facts.vxlan_port);
        port(
            &configuration.wireguard_listening_port,
            &mut facts.wireguard_port,
        );
        if let Some(excluded) = &configuration.interface_exclude {
            let names = excluded.value.split(',').map(|name| name.trim().to_owned());
            facts.excluded = names.filter(|name| !name.is_empty()).collect();
        }
        facts
    }

    /// Lays what the caller knows over these facts.
    pub(super) fn settled(mut self, settings: &Settings) -> Self {
        if let Some(action) = settings.default_endpoint_to_host_action {
            self.to_host = action;
        }
        if let Some(overlay) = settings.overlay {
            self.overlay = overlay;
        }
        self
    }
}

/// EVAL-34: protocol TCP unless given. An entry that Felix could not read is left out.
fn failsafes(list: &Located<Vec<FailsafePort>>) -> Vec<Failsafe> {
    let entry = |entry: &FailsafePort| {
        let protocol = match &entry.protocol {
            None => TCP,
            Some(protocol) => named_protocol(&protocol.value)?.number(),
        };
        Some(Failsafe {
            protocol,
            port: u16::try_from(entry.port.as_ref()?.value).ok()?,
            net: match &entry.net {
                None => None,
                Some(net) => Some(Net::block(&net.value)?),
            },
        })
    };
    list.iter().filter_map(entry).collect()
}

/// The protocol that Felix makes of what was written: any case will do (MOD-14).
pub(super) fn named_protocol(written: &crate::resource::Written<Protocol>) -> Option<Protocol> {
    match written {
        crate::resource::Written::Valid(protocol) => Some(*protocol),
        crate::resource::Written::Invalid(text) => [
            Protocol::Tcp,
            Protocol::Udp,
            Protocol::Icmp,
            Protocol::Icmpv6,
            Protocol::Sctp,
            Protocol::UdpLite,
        ]
        .into_iter()
        .find(|known| known.to_string().eq_ignore_ascii_case(text)),
    }
}
