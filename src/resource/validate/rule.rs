//! Rules: action, IP version, protocol, ports and ICMP (VAL-22 to VAL-31).

use crate::finding::{Code, Span, nearest};
use crate::net::{PortRange, Protocol};
use crate::resource::{Direction, EntityRule, Icmp, List, Port, Rule, Written};
use crate::yaml::Located;

use super::judge::{Judge, Raw};
use super::name;

/// The most entries of a list of ports, from Calico 3.33 (VAL-28).
const MOST_PORTS: usize = 50;

/// The largest ICMP type that the API takes (VAL-30).
const LARGEST_ICMP_TYPE: i64 = 254;

/// The largest ICMP code.
const LARGEST_ICMP_CODE: i64 = 255;

impl Judge<'_> {
    pub(super) fn rule(&mut self, direction: Direction, rule: &Rule) {
        self.action(rule);
        if let Some(version) = &rule.ip_version
            && ![4, 6].contains(&version.value)
        {
            let message = format!("`{}` is not an IP version", version.value);
            let finding = self.finding(Code::IpVersion, version.span, message);
            let raw = Raw::DROPPED.refused_since(32);
            self.refuse(finding.hint("write 4 or 6, or leave it out for both"), raw);
        }
        for protocol in [&rule.protocol, &rule.not_protocol].into_iter().flatten() {
            self.protocol(protocol);
        }
        self.ports(rule);
        self.icmp(rule);
        self.nets_of(rule);
        self.http(direction, rule);
        self.annotations(&rule.annotations);
        let sides = [(&rule.source, "source"), (&rule.destination, "destination")];
        for (side, name) in sides {
            if let Some(side) = side {
                self.entity(direction, side, name);
            }
        }
    }

    /// VAL-22; a missing action is told when the rule is read.
    fn action(&mut self, rule: &Rule) {
        let Some(action) = &rule.action else { return };
        let Written::Invalid(text) = &action.value else {
            return;
        };
        let known = ["Allow", "Deny", "Log", "Pass"];
        let hint = match nearest(text, known).first() {
            Some(right) => format!("did you mean `{right}`?"),
            None => "write `Allow`, `Deny`, `Log` or `Pass`".to_owned(),
        };
        let message = format!("`{text}` is not an action");
        let finding = self.finding(Code::RuleAction, action.span, message);
        self.refuse(finding.hint(hint), Raw::DROPPED.refused_since(32));
    }

    /// VAL-25.
    pub(super) fn protocol(&mut self, protocol: &Located<Written<Protocol>>) {
        let Written::Invalid(text) = &protocol.value else {
            return;
        };
        let names = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];
        let spelt = names.iter().find(|name| name.eq_ignore_ascii_case(text));
        let hint = match spelt {
            Some(name) => format!("write `{name}`, the case counts"),
            None => "write TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255".into(),
        };
        // Felix lower-cases a known name in whatever case (MOD-14).
        let raw = if spelt.is_some() {
            Raw::TAKEN
        } else {
            Raw::DROPPED
        };
        let finding = self.finding(
            Code::ProtocolName,
            protocol.span,
            format!("`{text}` is not a protocol"),
        );
        self.refuse(finding.hint(hint), raw);
    }

    /// VAL-26 to VAL-28.
    fn ports(&mut self, rule: &Rule) {
        let sides = [&rule.source, &rule.destination];
        let lists = sides
            .into_iter()
            .flatten()
            .flat_map(|side: &EntityRule| [(&side.ports, "ports"), (&side.not_ports, "notPorts")]);
        let mut first: Option<Span> = None;
        let mut numeric: Option<Span> = None;
        for (list, name) in lists {
            let Some(list) = list else { continue };
            self.port_list(list.span, &list.value, name);
            let mut given = list.value.iter();
            first = first.or(given.clone().next().map(|port| port.span));
            numeric = numeric.or(given
                .find(|port| !matches!(port.value, Port::Named(_)))
                .map(|port| port.span));
        }
        let Some(first) = first else { return };
        let Some(protocol) = &rule.protocol else {
            // From 3.32 ports that only go by name may stand alone.
            let refused = if self.since(32) { numeric } else { Some(first) };
            let Some(span) = refused else { return };
            let message = "this rule asks for ports and has no `protocol`";
            let finding = self.finding(Code::PortsWithoutProtocol, span, message);
            let hint = "add `protocol: TCP`, `UDP` or `SCTP`; for two protocols write two rules";
            self.refuse(finding.hint(hint), Raw::DROPPED);
            return;
        };
        if let Some(known) = protocol.value.valid().filter(|p| !p.has_ports()) {
            let message = format!("protocol {known} has no ports");
            let finding = self.finding(Code::ProtocolWithoutPorts, first, message);
            let place = self.resource.at(protocol.span);
            let finding = finding.related(place, "the protocol of the rule");
            self.refuse(
                finding.hint("ports go with TCP, UDP and SCTP"),
                Raw::DROPPED,
            );
        }
    }

    fn port_list(&mut self, span: Span, ports: &[Located<Port>], name: &str) {
        if self.since(33) && ports.len() > MOST_PORTS {
            let message = format!(
                "{} entries stand in `{name}`, and at most {MOST_PORTS} are taken",
                ports.len()
            );
            let finding = self.finding(Code::LimitExceeded, span, message);
            let hint = "join neighbours to ranges such as `30000:32767`, or write two rules";
            self.refuse(finding.hint(hint), Raw::TAKEN.refused_since(33));
        }
        self.empty_list(span, ports.len(), name, "any port matches");
        for port in ports {
            self.port(port);
        }
    }

    /// VAL-28, MOD-11 to MOD-13.
    pub(super) fn port(&mut self, port: &Located<Port>) {
        let text = match &port.value {
            Port::Range(_) => return,
            Port::Named(text) if name::is_port_name(text) => return,
            Port::Named(text) | Port::Invalid(text) => text,
        };
        let (message, hint) = match text.parse::<PortRange>() {
            Err(crate::net::PortError::Dash(text, right)) => (
                format!("`{text}` is no range for Calico"),
                format!("write `{right}` with a colon"),
            ),
            Err(crate::net::PortError::Backwards { first, last }) => (
                format!("the range `{first}:{last}` runs backwards"),
                format!("write `{last}:{first}`"),
            ),
            _ => (
                format!("`{text}` is not a port"),
                "write a number from 1 to 65535, a range such as `30000:32767`, or the name of a \
                 port: lower-case letters, digits and dashes, a letter among them, at most 15"
                    .to_owned(),
            ),
        };
        let finding = self.finding(Code::PortSyntax, port.span, message);
        self.refuse(finding.hint(hint), Raw::DROPPED);
    }

    /// VAL-29 to VAL-31.
    fn icmp(&mut self, rule: &Rule) {
        if let Some(icmp) = &rule.icmp {
            let named = |protocol: &Protocol| {
                matches!(protocol, Protocol::Icmp | Protocol::Icmpv6)
                    || (self.since(33) && [1, 58].contains(&protocol.number()))
            };
            let given = rule.protocol.as_ref();
            let fits = given.is_some_and(|p| p.value.valid().is_none_or(named));
            if !fits {
                let message = match given {
                    Some(_) => "`icmp` needs the protocol ICMP or ICMPv6",
                    None => "`icmp` needs a protocol, and the rule has none",
                };
                let finding = self.finding(Code::IcmpProtocol, icmp.span, message);
                self.refuse(finding.hint("set `protocol: ICMP` or `ICMPv6`"), Raw::TAKEN);
            }
        }
        for icmp in [&rule.icmp, &rule.not_icmp].into_iter().flatten() {
            self.icmp_values(icmp);
        }
        let protocols = [&rule.protocol, &rule.not_protocol].into_iter().flatten();
        for protocol in protocols {
            let (own, name) = match protocol.value.valid() {
                Some(Protocol::Icmp) => (4, "ICMP"),
                Some(Protocol::Icmpv6) => (6, "ICMPv6"),
                _ => continue,
            };
            let given = rule.ip_version.as_ref();
            let Some(other) = given.filter(|v| [4, 6].contains(&v.value) && v.value != own) else {
                continue;
            };
            let message = format!(
                "{name} is a protocol of IPv{own}, and the rule is for IPv{}",
                other.value
            );
            let finding = self.finding(Code::IcmpIpVersion, protocol.span, message);
            let place = self.resource.at(other.span);
            self.refuse(finding.related(place, "the rule's IP version"), Raw::TAKEN);
        }
    }

    /// VAL-30.
    fn icmp_values(&mut self, icmp: &Located<Icmp>) {
        let Icmp { kind, code } = &icmp.value;
        let parts = [
            (kind, "type", LARGEST_ICMP_TYPE),
            (code, "code", LARGEST_ICMP_CODE),
        ];
        for (part, name, largest) in parts {
            let Some(part) = part else { continue };
            if !(0..=largest).contains(&part.value) {
                let message = format!("`{}` is not an ICMP {name}", part.value);
                let finding = self.finding(Code::IcmpValue, part.span, message);
                self.refuse(finding.hint(format!("write 0 to {largest}")), Raw::DROPPED);
            }
        }
        if let (None, Some(code)) = (kind, code) {
            let message = "an ICMP code means nothing without a type";
            let finding = self.finding(Code::IcmpValue, code.span, message);
            self.refuse(finding.hint("add `type`"), Raw::DROPPED.refused_since(32));
        }
    }

    /// A list that is written as empty: the API takes it for one that is not there.
    pub(super) fn empty_list(&mut self, span: Span, items: usize, name: &str, effect: &str) {
        if items == 0 && self.text_at(span) == "[]" {
            let message = format!("an empty `{name}` restricts nothing: {effect}");
            let finding = self.finding(Code::EmptyList, span, message);
            let hint = format!("leave `{name}` out where that is meant");
            self.remark(finding.hint(hint));
        }
    }

    /// Entries of a list that stand twice (VAL-35, VAL-45, VAL-49): refused from 3.33, where the
    /// lists became sets, and of no use before.
    pub(super) fn twice<T: Eq + std::hash::Hash>(&mut self, list: &List<T>, name: &str) {
        let Some(list) = list else { return };
        let mut seen = rustc_hash::FxHashMap::default();
        for entry in &list.value {
            let Some(first) = seen.insert(&entry.value, entry.span) else {
                continue;
            };
            let unquoted = |span| self.text_at(span).trim_matches(['"', '\'']);
            let text = unquoted(entry.span);
            let refused = self.since(33) && text == unquoted(first);
            let message = format!("`{text}` stands twice in `{name}`");
            let mut finding = self.finding(Code::DuplicateEntry, entry.span, message);
            finding = finding.related(self.resource.at(first), "the first time");
            if refused {
                finding.severity = crate::finding::Severity::Error;
            }
            self.remark(finding);
        }
    }
}
