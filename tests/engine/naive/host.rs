//! Endpoints, and the stages of a host.

use super::*;

impl Naive<'_> {
    pub(super) fn pod(&self, namespace: &str, name: &str) -> (&Resource, Labels, String) {
        let resource = self
            .set
            .iter()
            .find(|r| {
                r.key.kind == Kind::Pod
                    && r.key.namespace.as_deref() == Some(namespace)
                    && r.key.name == name
            })
            .unwrap();
        let Body::Pod(body) = &resource.body else {
            panic!("a pod")
        };
        let labels = self.pod_member(resource).unwrap().labels;
        (
            resource,
            labels,
            body.node_name.as_ref().unwrap().value.to_string(),
        )
    }

    pub(super) fn pod_address(&self, end: &End, v6: bool) -> IpAddr {
        let End::Pod(namespace, name) = end else {
            panic!("a pod")
        };
        let (resource, ..) = self.pod(namespace, name);
        let Body::Pod(body) = &resource.body else {
            panic!("a pod")
        };
        *body
            .ips
            .iter()
            .filter_map(|ip| ip.value.valid())
            .find(|ip| ip.is_ipv6() == v6)
            .unwrap()
    }

    pub(super) fn workload(&self, end: &End, direction: Direction, packet: &Packet) -> bool {
        let End::Pod(namespace, name) = end else {
            panic!("a pod")
        };
        let (_, labels, _) = self.pod(namespace, name);
        if direction == Direction::Egress
            && (packet.protocol == 4 || (packet.protocol == 17 && packet.dport == Some(4789)))
        {
            return false; // EVAL-37
        }
        // EVAL-11: a namespace's profile allows.
        self.chain(&labels, direction, List::Normal, packet) != Say::Deny
    }

    pub(super) fn endpoints(&self, node: &str) -> Vec<(&Resource, &HostEndpoint)> {
        self.set
            .iter()
            .filter_map(|r| match &r.body {
                Body::HostEndpoint(body) if *body.node.as_ref().unwrap().value == *node => {
                    Some((r, body))
                }
                _ => None,
            })
            .collect()
    }

    pub(super) fn specific(
        &self,
        node: &str,
        interface: &str,
    ) -> Option<(&Resource, &HostEndpoint)> {
        let mut found: Vec<_> = self
            .endpoints(node)
            .into_iter()
            .filter(|(_, body)| match &body.interface_name {
                Some(name) => *name.value == *interface,
                None => expected(body)
                    .into_iter()
                    .any(|a| interface_of(a) == interface),
            })
            .collect();
        found.sort_by_key(|(r, _)| r.key.name.clone());
        found.into_iter().next()
    }

    pub(super) fn wildcard(&self, node: &str) -> Option<(&Resource, &HostEndpoint)> {
        let mut found: Vec<_> = self
            .endpoints(node)
            .into_iter()
            .filter(|(_, body)| {
                body.interface_name
                    .as_ref()
                    .is_some_and(|n| &*n.value == "*")
            })
            .collect();
        found.sort_by_key(|(r, _)| r.key.name.clone());
        found.into_iter().next()
    }

    pub(super) fn has(&self, labels: &Labels, list: List, direction: Direction) -> bool {
        self.policies
            .iter()
            .any(|held| Self::applies(held, labels, list, direction))
    }

    pub(super) fn failsafe(
        &self,
        inbound: bool,
        protocol: u8,
        port: Option<u16>,
        far: IpAddr,
    ) -> bool {
        if self.facts.plane == Plane::Bpf && protocol != 6 && protocol != 17 {
            return false;
        }
        let felix = self.set.iter().find_map(|r| match &r.body {
            Body::FelixConfiguration(body) => Some(body),
            _ => None,
        });
        let given = felix.and_then(|f| {
            if inbound {
                f.failsafe_inbound_host_ports.as_ref()
            } else {
                f.failsafe_outbound_host_ports.as_ref()
            }
        });
        if let Some(list) = given {
            return list.value.iter().any(|entry| {
                let own = entry.protocol.as_ref().map_or(6, |p| match &p.value {
                    Written::Valid(p) => p.number(),
                    Written::Invalid(text) => {
                        text.to_uppercase().parse::<Protocol>().unwrap().number()
                    }
                });
                own == protocol
                    && Some(entry.port.as_ref().unwrap().value) == port.map(i64::from)
                    && entry
                        .net
                        .as_ref()
                        .is_none_or(|n| n.value.block().unwrap().contains(&far))
            });
        }
        let tcp = [179, 2379, 2380, 5473, 6443, 6666, 6667];
        let Some(port) = port else {
            return false;
        };
        match (inbound, protocol) {
            (true, 6) => port == 22 || tcp.contains(&port),
            (false, 6) => tcp.contains(&port),
            (true, 17) => port == 68,
            (false, 17) => port == 53 || port == 67,
            _ => false,
        }
    }

    /// Nothing where dropped; else whether the packet is accepted for the rest of its way here.
    pub(super) fn raw(
        &self,
        node: &str,
        interface: &str,
        direction: Direction,
        packet: &Packet,
        ends_here: bool,
    ) -> Option<bool> {
        let Some((resource, _)) = self.specific(node, interface) else {
            return Some(false);
        };
        let labels = own_labels(resource);
        if !self.has(&labels, List::Untracked, direction) {
            return Some(false);
        }
        let bypass = self.facts.plane != Plane::Bpf || direction == Direction::Egress || ends_here;
        let safe = match direction {
            Direction::Ingress => {
                self.failsafe(true, packet.protocol, packet.dport, packet.from)
                    || self.failsafe(false, packet.protocol, packet.sport, packet.from)
            }
            Direction::Egress => {
                self.failsafe(false, packet.protocol, packet.dport, packet.to)
                    || self.failsafe(true, packet.protocol, packet.sport, packet.to)
            }
        };
        if bypass && safe {
            return Some(false);
        }
        match self.chain(&labels, direction, List::Untracked, packet) {
            Say::Deny => None,
            Say::Allow => {
                self.dead_reply.set(true);
                Some(true)
            }
            Say::Nothing => Some(false),
        }
    }

    pub(super) fn pre_dnat(
        &self,
        node: &str,
        interface: Option<&str>,
        packet: &Packet,
        ends_here: bool,
    ) -> Option<bool> {
        let specific = interface.and_then(|i| self.specific(node, i));
        let owner = match specific {
            Some((resource, _))
                if self.facts.plane == Plane::Bpf
                    || self.has(&own_labels(resource), List::PreDnat, Direction::Ingress) =>
            {
                specific
            }
            _ => self.wildcard(node), // EVAL-24
        };
        let Some((resource, _)) = owner else {
            return Some(false);
        };
        let labels = own_labels(resource);
        if !self.has(&labels, List::PreDnat, Direction::Ingress) {
            return Some(false);
        }
        let bypass = self.facts.plane != Plane::Bpf || ends_here;
        if bypass && self.failsafe(true, packet.protocol, packet.dport, packet.from) {
            return Some(false);
        }
        match self.chain(&labels, Direction::Ingress, List::PreDnat, packet) {
            Say::Deny => None,
            Say::Allow => Some(true),
            Say::Nothing => Some(false),
        }
    }

    pub(super) fn normal(
        &self,
        node: &str,
        interface: &str,
        direction: Direction,
        packet: &Packet,
    ) -> bool {
        let Some((resource, body)) = self.specific(node, interface).or(self.wildcard(node)) else {
            return true;
        };
        let (port, far) = match direction {
            Direction::Ingress => (packet.dport, packet.from),
            Direction::Egress => (packet.dport, packet.to),
        };
        if self.failsafe(direction == Direction::Ingress, packet.protocol, port, far) {
            return true;
        }
        match self.chain(&own_labels(resource), direction, List::Normal, packet) {
            Say::Allow => true,
            Say::Deny => false,
            Say::Nothing => body
                .profiles
                .iter()
                .flat_map(|l| l.value.iter())
                .next()
                .is_some_and(|p| {
                    &*p.value == "projectcalico-default-allow" // others do not exist: EVAL-11
                }),
        }
    }

    pub(super) fn forward(
        &self,
        node: &str,
        interface: Option<&str>,
        direction: Direction,
        packet: &Packet,
    ) -> bool {
        let owner = interface
            .and_then(|i| self.specific(node, i))
            .or(self.wildcard(node));
        let Some((resource, _)) = owner else {
            return true;
        };
        self.chain(&own_labels(resource), direction, List::Forward, packet) != Say::Deny
    }

    /// EVAL-36: whether the packet is let through; nothing where it is no packet of an overlay.
    pub(super) fn implicit(&self, direction: Direction, packet: &Packet) -> Option<bool> {
        let carried = match self.facts.overlay {
            Some("ipip") => packet.protocol == 4 && !packet.v6,
            Some("vxlan") => packet.protocol == 17 && packet.dport == Some(4789),
            _ => false,
        };
        if !carried {
            return None;
        }
        let far = match direction {
            Direction::Ingress => packet.from,
            Direction::Egress => packet.to,
        };
        let known = ["n1", "n2"].into_iter().any(|n| {
            [false, true]
                .into_iter()
                .any(|v6| far == node_address(n, "eth0", v6) || far == node_address(n, "eth1", v6))
                || far == tunnel_address(n)
        });
        match (known, direction) {
            (true, _) => Some(true),
            (false, Direction::Ingress) => Some(false),
            (false, Direction::Egress) => None,
        }
    }
}
