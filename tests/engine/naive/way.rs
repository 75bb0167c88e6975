//! The rows of table 4.6.

use super::*;

impl Naive<'_> {
    pub(super) fn to_host(
        &self,
        node: &str,
        interface: &str,
        before: &Packet,
        after: &Packet,
    ) -> bool {
        let Some(mut accepted) = self.raw(node, interface, Direction::Ingress, before, true) else {
            return false;
        };
        if !accepted {
            match self.pre_dnat(node, Some(interface), before, true) {
                None => return false,
                Some(more) => accepted = more,
            }
        }
        if let Some(passes) = self.implicit(Direction::Ingress, after) {
            return passes;
        }
        accepted || self.normal(node, interface, Direction::Ingress, after)
    }

    pub(super) fn out_of_host(
        &self,
        node: &str,
        raw_interface: &str,
        interface: &str,
        before: &Packet,
        after: &Packet,
    ) -> bool {
        let Some(accepted) = self.raw(node, raw_interface, Direction::Egress, before, false) else {
            return false;
        };
        if let Some(passes) = self.implicit(Direction::Egress, after) {
            return passes;
        }
        accepted || self.normal(node, interface, Direction::Egress, after)
    }

    /// In by an interface and towards a pod here or another node: everything before what follows.
    pub(super) fn through(
        &self,
        node: &str,
        interface: &str,
        before: &Packet,
        after: &Packet,
    ) -> bool {
        let Some(mut accepted) = self.raw(node, interface, Direction::Ingress, before, false)
        else {
            return false;
        };
        if !accepted {
            match self.pre_dnat(node, Some(interface), before, false) {
                None => return false,
                Some(more) => accepted = more,
            }
        }
        accepted || self.forward(node, Some(interface), Direction::Ingress, after)
    }

    pub(super) fn outer(&self, from: &str, to: &str, v6: bool) -> bool {
        let Some(kind) = self.tunnel(v6) else {
            return true;
        };
        let packet = Packet {
            v6,
            protocol: if kind == "tunl0" { 4 } else { 17 },
            icmp: None,
            from: node_address(from, "eth0", v6),
            to: node_address(to, "eth0", v6),
            sport: None,
            dport: (kind != "tunl0").then_some(4789),
        };
        self.out_of_host(from, "eth0", "eth0", &packet, &packet)
            && self.to_host(to, "eth0", &packet, &packet)
    }

    pub(super) fn tunnel(&self, v6: bool) -> Option<&'static str> {
        match self.facts.overlay {
            Some("ipip") if !v6 => Some("tunl0"),
            Some("vxlan") => Some("vxlan.calico"),
            _ => None,
        }
    }

    pub(super) fn node_of(&self, end: &End) -> Option<String> {
        match end {
            End::Ext(_) => None,
            End::Host(node) => Some(node.clone()),
            End::Pod(namespace, name) => Some(self.pod(namespace, name).2),
        }
    }

    /// What becomes of a packet from outside that `node` passes on to a service, sent to `address`:
    /// one answer for each place to which it may go from there. Without tracking the answer is a
    /// packet of the node (EVAL-19), by the interface by which the packet came.
    pub fn serves(&self, flow: &NaiveFlow, node: &str, address: IpAddr) -> Vec<bool> {
        let End::Ext(source) = flow.from else {
            panic!("services are for others");
        };
        let interface = ["eth0", "eth1"]
            .into_iter()
            .find(|interface| node_address(node, interface, flow.v6) == address)
            .unwrap_or_else(|| interface_of(address));
        let packet = |to: IpAddr, dport: Option<u16>| Packet {
            v6: flow.v6,
            protocol: flow.protocol,
            icmp: flow.icmp,
            from: source,
            to,
            sport: flow.sport,
            dport,
        };
        let before = packet(address, flow.dport);
        let pods = ["172.30.1.1", "172.30.2.3", "fd00:30:1::1", "fd00:30:2::3"];
        let pods = pods.map(|pod| pod.parse::<IpAddr>().unwrap());
        let mut answers = Vec::new();
        for pod in pods.into_iter().filter(|pod| pod.is_ipv6() == flow.v6) {
            for port in [22, 53, 80, 443, 8080, 10_250, 30_080] {
                let after = packet(pod, flow.dport.map(|_| port));
                self.dead_reply.set(false);
                let mut passes = self.through(node, interface, &before, &after);
                if passes && self.dead_reply.get() {
                    let reply = Packet {
                        from: address,
                        to: source,
                        sport: flow.dport,
                        dport: flow.sport,
                        ..before
                    };
                    passes = self.out_of_host(node, interface, interface, &reply, &reply);
                }
                answers.push(passes);
            }
        }
        answers
    }

    pub fn allows(&self, flow: &NaiveFlow) -> bool {
        self.dead_reply.set(false);
        let allowed = self.way(flow);
        // EVAL-19: where no connection is tracked, the answer is a flow of its own.
        let ends_at_host = matches!(flow.to, End::Host(_)) || matches!(flow.from, End::Host(_));
        if allowed && self.dead_reply.get() && ends_at_host {
            return self.way(&NaiveFlow {
                from: flow.to.clone(),
                to: flow.from.clone(),
                sport: flow.dport,
                dport: flow.sport,
                node_port: None,
                service: None,
                ..flow.clone()
            });
        }
        allowed
    }

    pub(super) fn way(&self, flow: &NaiveFlow) -> bool {
        let v6 = flow.v6;
        let packet = |from: IpAddr, to: IpAddr, dport: Option<u16>| Packet {
            v6,
            protocol: flow.protocol,
            icmp: flow.icmp,
            from,
            to,
            sport: flow.sport,
            dport,
        };
        let target = self.node_of(&flow.to);
        match &flow.from {
            End::Ext(source) => {
                let first = flow
                    .node_port
                    .as_ref()
                    .map(|(n, _)| n.clone())
                    .or(target.clone())
                    .unwrap();
                // A service's address is no node's: the route back decides.
                let interface = interface_of(*source);
                let before = |after: &Packet| match (&flow.node_port, &flow.service) {
                    (Some((node, port)), _) => {
                        packet(*source, node_address(node, interface, v6), Some(*port))
                    }
                    (None, Some((address, port))) => packet(*source, *address, Some(*port)),
                    (None, None) => *after,
                };
                self.arrive(flow, &first, interface, *source, &before)
            }
            End::Host(node) => {
                let remote = flow.node_port.as_ref().filter(|(n, _)| n != node);
                if remote.is_none() && target.as_deref() == Some(node) {
                    if !matches!(flow.to, End::Host(_)) || self.facts.plane == Plane::Bpf {
                        return true; // EVAL-31
                    }
                    // Over lo: addresses are not known, and generated flows do not ask.
                    let own = node_address(node, "eth0", v6);
                    let lo = packet(own, own, flow.dport);
                    return self.normal(node, "lo", Direction::Egress, &lo)
                        && self.normal(node, "lo", Direction::Ingress, &lo);
                }
                if let Some((other, port)) = remote {
                    let source = node_address(node, "eth0", v6);
                    let sent = packet(source, node_address(other, "eth0", v6), Some(*port));
                    return self.out_of_host(node, "eth0", "eth0", &sent, &sent)
                        && self.arrive(flow, other, "eth0", source, &|_| sent);
                }
                // EVAL-21: a port of the node itself is translated on the way out, as a service is.
                let service = |after: &Packet| match (&flow.node_port, &flow.service) {
                    (Some((own, port)), _) => {
                        packet(after.from, node_address(own, "eth0", v6), Some(*port))
                    }
                    (None, Some((address, port))) => packet(after.from, *address, Some(*port)),
                    (None, None) => *after,
                };
                let translated = flow.service.is_some() || flow.node_port.is_some();
                match &flow.to {
                    End::Ext(address) => {
                        let out = interface_of(*address);
                        let sent = packet(node_address(node, out, v6), *address, flow.dport);
                        self.out_of_host(node, out, out, &sent, &sent)
                    }
                    End::Host(other) => {
                        let source = node_address(node, "eth0", v6);
                        let sent = packet(source, node_address(other, "eth0", v6), flow.dport);
                        let first = service(&sent);
                        let raw_out = if translated {
                            interface_of(first.to)
                        } else {
                            "eth0"
                        };
                        self.out_of_host(node, raw_out, "eth0", &first, &sent)
                            && self.arrive(flow, other, "eth0", source, &|after| *after)
                    }
                    End::Pod(..) => {
                        let other = target.unwrap();
                        let (out, source) = match self.tunnel(v6) {
                            Some(device) => (device, tunnel_address(node)),
                            None => ("eth0", node_address(node, "eth0", v6)),
                        };
                        let sent = packet(source, self.pod_address(&flow.to, v6), flow.dport);
                        let first = service(&sent);
                        let raw_out = if translated {
                            interface_of(first.to)
                        } else {
                            out
                        };
                        self.out_of_host(node, raw_out, out, &first, &sent)
                            && self.outer(node, &other, v6)
                            && self.arrive(flow, &other, out, source, &|after| *after)
                    }
                }
            }
            End::Pod(..) => {
                let node = self.node_of(&flow.from).unwrap();
                let source = self.pod_address(&flow.from, v6);
                let remote = flow.node_port.as_ref().filter(|(n, _)| *n != node);
                let sent_to = |after: &Packet| match (&flow.node_port, &flow.service) {
                    (Some((n, port)), _) if *n == node => {
                        packet(source, node_address(&node, "eth0", v6), Some(*port))
                    }
                    (None, Some((address, port))) => packet(source, *address, Some(*port)),
                    _ => *after,
                };
                if remote.is_none() && target.as_deref() == Some(&node) {
                    let to_host = matches!(flow.to, End::Host(_));
                    let to = match &flow.to {
                        End::Host(_) => node_address(&node, "eth0", v6),
                        other => self.pod_address(other, v6),
                    };
                    let after = packet(source, to, flow.dport);
                    let Some(accepted) = self.pre_dnat(&node, None, &sent_to(&after), to_host)
                    else {
                        return false;
                    };
                    if to_host {
                        let neighbour = v6
                            && flow.protocol == 58
                            && [130, 131, 132, 133, 135, 136].contains(&flow.icmp.unwrap().0);
                        return neighbour
                            || (self.workload(&flow.from, Direction::Egress, &after)
                                && self.facts.host_accepts);
                    }
                    return (accepted || self.forward(&node, None, Direction::Ingress, &after))
                        && self.workload(&flow.from, Direction::Egress, &after)
                        && self.workload(&flow.to, Direction::Ingress, &after)
                        && self.forward(&node, None, Direction::Egress, &after);
                }
                let (out, next, to, dport) = match (remote, &flow.to) {
                    (Some((other, port)), _) => (
                        "eth0",
                        Some(other.clone()),
                        node_address(other, "eth0", v6),
                        Some(*port),
                    ),
                    (None, End::Ext(address)) => {
                        (interface_of(*address), None, *address, flow.dport)
                    }
                    (None, End::Host(other)) => (
                        "eth0",
                        Some(other.clone()),
                        node_address(other, "eth0", v6),
                        flow.dport,
                    ),
                    (None, End::Pod(..)) => (
                        self.tunnel(v6).unwrap_or("eth0"),
                        target.clone(),
                        self.pod_address(&flow.to, v6),
                        flow.dport,
                    ),
                };
                let after = packet(source, to, dport);
                let Some(accepted) = self.pre_dnat(&node, None, &sent_to(&after), false) else {
                    return false;
                };
                if !(accepted || self.forward(&node, None, Direction::Ingress, &after))
                    || !self.workload(&flow.from, Direction::Egress, &after)
                    || !self.forward(&node, Some(out), Direction::Egress, &after)
                {
                    return false;
                }
                let Some(next) = next else {
                    return true;
                };
                let to_pod = remote.is_none() && matches!(flow.to, End::Pod(..));
                let seen = if to_pod || !self.facts.nat_outgoing {
                    source
                } else {
                    node_address(&node, "eth0", v6)
                };
                if to_pod && !self.outer(&node, &next, v6) {
                    return false;
                }
                let before = |after: &Packet| match remote {
                    Some((other, port)) => {
                        packet(seen, node_address(other, "eth0", v6), Some(*port))
                    }
                    None => *after,
                };
                self.arrive(flow, &next, out, seen, &before)
            }
        }
    }

    /// In by an interface of `node`: to its processes, to a pod of its, or on to another node.
    pub(super) fn arrive(
        &self,
        flow: &NaiveFlow,
        node: &str,
        interface: &str,
        source: IpAddr,
        before: &dyn Fn(&Packet) -> Packet,
    ) -> bool {
        let v6 = flow.v6;
        let make = |from: IpAddr, to: IpAddr| Packet {
            v6,
            protocol: flow.protocol,
            icmp: flow.icmp,
            from,
            to,
            sport: flow.sport,
            dport: flow.dport,
        };
        let target = self.node_of(&flow.to).unwrap();
        if target == node {
            return match &flow.to {
                End::Host(_) => {
                    let after = make(source, node_address(node, interface, v6));
                    self.to_host(node, interface, &before(&after), &after)
                }
                End::Pod(..) => {
                    let after = make(source, self.pod_address(&flow.to, v6));
                    self.through(node, interface, &before(&after), &after)
                        && self.workload(&flow.to, Direction::Ingress, &after)
                        && self.forward(node, None, Direction::Egress, &after)
                }
                End::Ext(_) => panic!("nothing goes through"),
            };
        }
        let keeps = flow.local || self.facts.plane == Plane::Bpf;
        match &flow.to {
            End::Pod(..) => {
                let device = self.tunnel(v6);
                let out = device.unwrap_or("eth0");
                let after = make(source, self.pod_address(&flow.to, v6));
                let masked = if device.is_some() {
                    tunnel_address(node)
                } else {
                    node_address(node, "eth0", v6)
                };
                let seen = if keeps { source } else { masked };
                self.through(node, interface, &before(&after), &after)
                    && self.forward(node, Some(out), Direction::Egress, &after)
                    && self.outer(node, &target, v6)
                    && self.arrive(flow, &target, out, seen, &|after| *after)
            }
            End::Host(_) => {
                let after = make(source, node_address(&target, "eth0", v6));
                let seen = if keeps {
                    source
                } else {
                    node_address(node, "eth0", v6)
                };
                self.through(node, interface, &before(&after), &after)
                    && self.forward(node, Some("eth0"), Direction::Egress, &after)
                    && self.arrive(flow, &target, "eth0", seen, &|after| *after)
            }
            End::Ext(_) => panic!("nothing goes through"),
        }
    }
}
