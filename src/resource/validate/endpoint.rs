//! Host endpoints, network sets, tiers and profiles (VAL-42 to VAL-50).

use crate::finding::Code;
use crate::resource::{
    Direction, Era, HostEndpoint, HostPort, Net, NetworkSet, Profile, Tier, Written,
};

use super::judge::{Judge, Raw};
use super::name;

/// The most characters of an interface's name (VAL-44).
const LONGEST_INTERFACE: usize = 15;

/// The order that the API gives a tier that has none (MOD-16).
const DEFAULT_ORDER: f64 = 1_000_000.0;

/// What Calico's own tiers must be (VAL-50): name, order, and default action where it is fixed.
fn built_in(era: Era, name: &str) -> Option<(f64, Option<&'static str>)> {
    match (era, name) {
        (Era::E2, "default") => Some((1_000_000.0, None)),
        (Era::E3, "default") => Some((1_000_000.0, Some("Deny"))),
        (Era::E2, "adminnetworkpolicy") => Some((1_000.0, None)),
        (Era::E2, "baselineadminnetworkpolicy") => Some((10_000_000.0, None)),
        (Era::E3, "kube-admin") => Some((1_000.0, Some("Pass"))),
        (Era::E3, "kube-baseline") => Some((10_000_000.0, Some("Pass"))),
        _ => None,
    }
}

impl Judge<'_> {
    pub(super) fn host_endpoint(&mut self, endpoint: &HostEndpoint) {
        if let Some(node) = &endpoint.node {
            self.reference("node", node);
        }
        let interface = endpoint.interface_name.as_ref();
        let interface = interface.filter(|interface| !interface.value.is_empty());
        let addresses = endpoint.expected_ips.as_ref();
        if interface.is_none() && addresses.is_none_or(|list| list.value.is_empty()) {
            let span = self.span_or_name(endpoint.span);
            let message = "this host endpoint has neither `interfaceName` nor `expectedIPs`";
            let finding = self.finding(Code::HostEndpointTarget, span, message);
            let hint = "name the interface, or `*` for all of the node";
            self.refuse(finding.hint(hint), Raw::TAKEN.refused_since(32));
        }
        if let Some(interface) = interface {
            let text: &str = &interface.value;
            let fits = text.len() <= LONGEST_INTERFACE
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
            if text != "*" && !fits {
                let message = format!("`{text}` is not the name of an interface");
                let finding = self.finding(Code::InterfaceName, interface.span, message);
                let hint = "write `*`, or up to 15 letters, digits, `_`, `.` and `-`";
                self.refuse(finding.hint(hint), Raw::TAKEN);
            }
        }
        for address in addresses.iter().flat_map(|list| &list.value) {
            let Written::Invalid(text) = &address.value else {
                continue;
            };
            let message = format!("`{text}` is not an IP address");
            let hint = match Net::of(text) {
                Net::Block(block) => format!("write the address alone: `{}`", block.addr()),
                _ => "write one such as `192.0.2.1`".to_owned(),
            };
            let finding = self.finding(Code::ExpectedIp, address.span, message);
            self.refuse(finding.hint(hint), Raw::LEFT_OUT);
        }
        self.twice(&endpoint.expected_ips, "expectedIPs");
        for profile in endpoint.profiles.iter().flat_map(|list| &list.value) {
            self.reference("profile", profile);
        }
        for port in endpoint.ports.iter().flat_map(|list| &list.value) {
            self.host_port(port);
        }
    }

    /// VAL-47.
    fn host_port(&mut self, port: &HostPort) {
        match &port.name {
            Some(given) if !name::is_port_name(&given.value) => {
                let message = format!("`{}` cannot be the name of a port", given.value);
                let finding = self.finding(Code::PortSyntax, given.span, message);
                let hint = "lower-case letters, digits and dashes, a letter among them, at most 15";
                self.refuse(finding.hint(hint), Raw::DROPPED);
            }
            Some(_) => {}
            None => self.missing(port.span, "this port has no `name`", Raw::DROPPED),
        }
        match &port.protocol {
            Some(protocol) => {
                self.protocol(protocol);
                if let Some(known) = protocol.value.valid().filter(|p| !p.has_ports()) {
                    let message = format!("protocol {known} has no ports");
                    let span = protocol.span;
                    let finding = self.finding(Code::ProtocolWithoutPorts, span, message);
                    self.refuse(finding.hint("write TCP, UDP or SCTP"), Raw::DROPPED);
                }
            }
            None => self.missing(port.span, "this port has no `protocol`", Raw::DROPPED),
        }
        match &port.port {
            Some(number) if !(1..=i64::from(u16::MAX)).contains(&number.value) => {
                let message = format!("`{}` is not a port", number.value);
                let finding = self.finding(Code::PortSyntax, number.span, message);
                self.refuse(finding.hint("write a number from 1 to 65535"), Raw::DROPPED);
            }
            Some(_) => {}
            None => self.missing(port.span, "this port has no `port`", Raw::DROPPED),
        }
    }

    /// VAL-49.
    pub(super) fn network_set(&mut self, set: &NetworkSet) {
        for net in set.nets.iter().flat_map(|nets| &nets.value) {
            let Net::Invalid(text) = &net.value else {
                continue;
            };
            let message = format!("`{text}` is neither an address block nor an address");
            let finding = self.finding(Code::CidrSyntax, net.span, message);
            let hint = "write one such as `192.0.2.0/24`, `192.0.2.1` or `2001:db8::/32`";
            self.refuse(finding.hint(hint), Raw::LEFT_OUT);
        }
        self.twice(&set.nets, "nets");
    }

    /// VAL-50.
    pub(super) fn tier(&mut self, tier: &Tier) {
        let action = tier.default_action.as_ref();
        if let Some(action) = action.filter(|action| !["Deny", "Pass"].contains(&&*action.value)) {
            let message = format!("`{}` is not the default action of a tier", action.value);
            let finding = self.finding(Code::TierAction, action.span, message);
            // The one value that Calico's resource definitions always constrained.
            self.refuse(finding.hint("write `Deny` or `Pass`"), Raw::REFUSED);
        }
        let name = &self.resource.key.name;
        let Some((order, fixed)) = built_in(self.rules.version.era(), name) else {
            return;
        };
        if name == "baselineadminnetworkpolicy" && !self.since(30) {
            return;
        }
        // What is not given counts as what the API would fill in (MOD-16).
        let given = tier
            .order
            .as_ref()
            .map_or(DEFAULT_ORDER, |order| order.value);
        if given.total_cmp(&order).is_ne() {
            let span = tier
                .order
                .as_ref()
                .map_or(self.name_span(), |order| order.span);
            let message = format!("the order of tier `{name}` is {order}, not {given}");
            let finding = self.finding(Code::BuiltInTier, span, message);
            self.refuse(finding.hint(format!("write `order: {order}`")), Raw::TAKEN);
        }
        let given = action.map_or("Deny", |action| &action.value);
        if let Some(fixed) =
            fixed.filter(|fixed| *fixed != given && ["Deny", "Pass"].contains(&given))
        {
            let span = action.map_or(self.name_span(), |action| action.span);
            let message =
                format!("the default action of tier `{name}` is `{fixed}`, not `{given}`");
            let finding = self.finding(Code::BuiltInTier, span, message);
            let raw = Raw::TAKEN.refused_since(32);
            self.refuse(finding.hint(format!("write `defaultAction: {fixed}`")), raw);
        }
    }

    pub(super) fn profile(&mut self, profile: &Profile) {
        for label in &profile.labels_to_apply {
            self.label(label);
        }
        let directions = [
            (Direction::Ingress, &profile.ingress),
            (Direction::Egress, &profile.egress),
        ];
        for (direction, rules) in directions {
            if let Some(rules) = rules {
                self.rules(direction, rules);
            }
        }
    }
}
