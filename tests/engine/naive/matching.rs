//! Whether a rule matches a packet.

use super::*;

impl Naive<'_> {
    pub(super) fn matches(
        &self,
        held: &Held,
        direction: Direction,
        index: usize,
        rule: &Rule,
        packet: &Packet,
    ) -> bool {
        let nothing = EntityRule::default();
        let from = rule.source.as_ref().unwrap_or(&nothing);
        let to = rule.destination.as_ref().unwrap_or(&nothing);
        // Families: section 2.2, RES-21, RES-22.
        let name = rule.protocol.as_ref().map(|p| match &p.value {
            Written::Valid(p) => *p,
            Written::Invalid(text) => text.to_uppercase().parse::<Protocol>().unwrap(),
        });
        let version = rule.ip_version.as_ref().map(|v| v.value).or(match name {
            Some(Protocol::Icmp) => Some(4),
            Some(Protocol::Icmpv6) => Some(6),
            _ => None,
        });
        if version.is_some_and(|v| (v == 6) != packet.v6) {
            return false;
        }
        for side in [from, to] {
            for (list, not) in [(&side.nets, false), (&side.not_nets, true)] {
                let blocks: Vec<IpNet> = list
                    .iter()
                    .flat_map(|l| l.value.iter())
                    .filter_map(|n| n.value.block())
                    .collect();
                let own = |net: &&IpNet| matches!(net, IpNet::V6(_)) == packet.v6;
                if !blocks.is_empty() && blocks.iter().filter(own).count() == 0 {
                    return false;
                }
                if not && blocks.iter().filter(own).any(|n| n.prefix_len() == 0) {
                    return false;
                }
            }
        }
        // Protocols.
        let number = |p: Protocol| match (self.facts.plane, p) {
            (Plane::Bpf, Protocol::Icmpv6 | Protocol::UdpLite) => 0,
            _ => p.number(),
        };
        if name.is_some_and(|p| number(p) != packet.protocol) {
            return false;
        }
        if let Some(not) = &rule.not_protocol
            && number(*not.value.valid().unwrap()) == packet.protocol
        {
            return false;
        }
        // ICMP.
        let is_icmp = packet.protocol == 1 || packet.protocol == 58;
        if let Some(icmp) = &rule.icmp
            && !(is_icmp && icmp_is(&icmp.value, packet.icmp.unwrap()))
        {
            return false;
        }
        if let Some(not) = &rule.not_icmp
            && is_icmp
        {
            let (kind, code) = packet.icmp.unwrap();
            let same_kind = not.value.kind.as_ref().unwrap().value == i64::from(kind);
            let same_code = not
                .value
                .code
                .as_ref()
                .is_some_and(|c| c.value == i64::from(code));
            let bad = match self.facts.plane {
                Plane::Nftables => same_kind || same_code,
                _ => icmp_is(&not.value, (kind, code)),
            };
            if bad {
                return false;
            }
        }
        if !self.side(held, from, packet.from, packet.sport, name, packet, false)
            || !self.side(held, to, packet.to, packet.dport, name, packet, true)
        {
            return false;
        }
        let unknown_service = [from, to].into_iter().any(|side| {
            side.services
                .as_ref()
                .is_some_and(|s| &*s.name.as_ref().unwrap().value == "unheard")
        });
        if rule.http.is_some() || unknown_service {
            return (self.oracle)(
                held.number * 100 + index * 2 + usize::from(direction == Direction::Egress),
            );
        }
        true
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn side(
        &self,
        held: &Held,
        side: &EntityRule,
        address: IpAddr,
        port: Option<u16>,
        protocol: Option<Protocol>,
        packet: &Packet,
        is_destination: bool,
    ) -> bool {
        let text = |f: &Option<palisade::yaml::Located<Box<str>>>| {
            f.as_ref().map_or(String::new(), |f| f.value.to_string())
        };
        let nets: Vec<IpNet> = side
            .nets
            .iter()
            .flat_map(|l| l.value.iter())
            .filter_map(|n| n.value.block())
            .collect();
        if !nets.is_empty() && !nets.iter().any(|n| n.contains(&address)) {
            return false;
        }
        let not_nets = side.not_nets.iter().flat_map(|l| l.value.iter());
        if not_nets
            .filter_map(|n| n.value.block())
            .any(|n| n.contains(&address))
        {
            return false;
        }
        // RES-11 to RES-16, asked of each endpoint and set rather than written as one selector.
        let (namespaces, selector, not) = (
            text(&side.namespace_selector),
            text(&side.selector),
            text(&side.not_selector),
        );
        let accounts = side.service_accounts.as_ref();
        let account_names: Vec<String> = accounts
            .and_then(|a| a.names.as_ref())
            .map(|l| l.value.iter().map(|n| n.value.to_string()).collect())
            .unwrap_or_default();
        let account_selector = accounts.map(|a| text(&a.selector)).unwrap_or_default();
        let account_part = !account_names.is_empty() || !account_selector.is_empty();
        let asks =
            !namespaces.is_empty() || !selector.is_empty() || !not.is_empty() || account_part;
        let own_namespace = namespaces.is_empty() && !held.namespace.is_empty() && asks;
        let has_positive =
            own_namespace || !namespaces.is_empty() || !selector.is_empty() || account_part;
        let is_positive = |labels: &Labels| -> bool {
            let namespace = labels.get(NS);
            if own_namespace && namespace != Some(&held.namespace) {
                return false;
            }
            let in_namespaces = match namespaces.trim() {
                "" => true,
                "all()" => namespace.is_some(),
                "global()" => namespace.is_none(),
                other => Selector::parse(&prefixed(other, "pcns.").unwrap())
                    .unwrap()
                    .matches(labels),
            };
            let own = selector.is_empty() || Selector::parse(&selector).unwrap().matches(labels);
            let account = labels.get("projectcalico.org/serviceaccount");
            let named =
                account_names.is_empty() || account.is_some_and(|a| account_names.contains(a));
            let selected = account_selector.is_empty()
                || Selector::parse(&prefixed(&account_selector, "pcsa.").unwrap())
                    .unwrap()
                    .matches(labels);
            in_namespaces && own && named && selected
        };
        let is_negative =
            |labels: &Labels| !not.is_empty() && Selector::parse(&not).unwrap().matches(labels);
        let here = |m: &&Member| m.nets.iter().any(|n| n.contains(&address));
        let good = |m: &Member| is_positive(&m.labels) && !is_negative(&m.labels);
        if has_positive {
            if !self.members.iter().filter(here).any(good) {
                return false;
            }
        } else if self
            .members
            .iter()
            .filter(here)
            .any(|m| is_negative(&m.labels))
        {
            return false;
        }
        // Ports: EVAL-42, RES-18.
        let named = |name: &str| {
            self.members.iter().any(|m| {
                (!has_positive || good(m))
                    && m.nets
                        .iter()
                        .any(|n| n.addr() == address && n.prefix_len() == n.max_prefix_len())
                    && m.ports.iter().any(|(n, p, number)| {
                        n == name
                            && *p == packet.protocol
                            && Some(*number) == port
                            && (protocol.is_some() || self.facts.era == Era::E3 || *p == 6)
                    })
            })
        };
        for (list, wanted) in [(&side.ports, true), (&side.not_ports, false)] {
            let Some(list) = list.as_ref().filter(|l| !l.value.is_empty()) else {
                continue;
            };
            if ![6, 17, 132].contains(&packet.protocol) {
                return false;
            }
            let hit = list.value.iter().any(|p| match &p.value {
                Port::Range(range) => range.contains(port.unwrap()),
                Port::Named(name) => named(name),
                Port::Invalid(_) => false,
            });
            if hit != wanted {
                return false;
            }
        }
        // RES-19, RES-20.
        if let Some(service) = &side.services {
            let name = text(&service.name);
            let namespace = text(&service.namespace);
            if name == "unheard" {
                return !namespace.is_empty();
            }
            return self.set.iter().any(|r| match &r.body {
                Body::EndpointSlice(slice) => {
                    r.key.namespace.as_deref() == Some(&namespace)
                        && slice.service.as_ref().is_some_and(|s| *s.value == *name)
                        && slice
                            .endpoints
                            .iter()
                            .flat_map(|e| &e.addresses)
                            .any(|a| a.value.valid() == Some(&address))
                        && (!is_destination
                            || slice.ports.iter().any(|p| {
                                let protocol = p.protocol.as_ref().map_or("TCP", |p| &p.value);
                                protocol.parse::<Protocol>().unwrap().number() == packet.protocol
                                    && p.port.as_ref().map(|n| n.value) == port.map(i64::from)
                            }))
                }
                _ => false,
            });
        }
        true
    }
}
