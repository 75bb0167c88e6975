//! The two sides of a rule: address blocks, selectors, service accounts and services (VAL-32 to
//! VAL-41).

use crate::finding::{Code, Finding, Severity, Span};
use crate::net::{Cidr, CidrError};
use crate::resource::{Direction, EntityRule, List, Net, Rule};
use crate::yaml::Located;

use super::judge::{Judge, Raw};
use super::selector::Role;

/// The most entries of a list of address blocks, from Calico 3.33 (VAL-35).
const MOST_NETS: usize = 256;

impl Judge<'_> {
    pub(super) fn entity(&mut self, direction: Direction, side: &EntityRule, name: &str) {
        self.selector(side.selector.as_ref(), Role::Main);
        self.selector(side.not_selector.as_ref(), Role::Not);
        self.selector(side.namespace_selector.as_ref(), Role::RuleNamespace);
        for (list, list_name) in [(&side.nets, "nets"), (&side.not_nets, "notNets")] {
            self.nets(list, list_name);
        }
        self.everything(&side.not_nets);
        if let Some(accounts) = &side.service_accounts {
            self.selector(accounts.selector.as_ref(), Role::ServiceAccount);
            for entry in accounts.names.iter().flat_map(|names| &names.value) {
                // VAL-40: the name ends up between quotes of a selector.
                if entry.value.contains(['\'', '"']) {
                    let message =
                        format!("`{}` cannot be the name of a service account", entry.value);
                    let mut finding = self.finding(Code::ReferencedName, entry.span, message);
                    finding.severity = Severity::Warning;
                    let hint = "a quote in it breaks the selector that Calico makes of it";
                    self.remark(finding.hint(hint));
                }
            }
        }
        self.services(direction, side, name);
    }

    /// VAL-32, VAL-35.
    fn nets(&mut self, list: &List<Net>, name: &str) {
        let Some(nets) = list else { return };
        let count = nets.value.len();
        if self.since(33) && count > MOST_NETS {
            let message =
                format!("{count} entries stand in `{name}`, and at most {MOST_NETS} are taken");
            let finding = self.finding(Code::LimitExceeded, nets.span, message);
            let hint = "put them into a GlobalNetworkSet and select it by label";
            self.refuse(finding.hint(hint), Raw::TAKEN.refused_since(33));
        }
        self.empty_list(nets.span, count, name, "any address matches");
        for net in &nets.value {
            if let Some(finding) = self.block(net) {
                let raw =
                    if finding.code == Code::CidrSyntax && matches!(net.value, Net::Invalid(_)) {
                        Raw::LEFT_OUT
                    } else {
                        Raw::TAKEN
                    };
                self.refuse(finding, raw);
            }
        }
        self.twice(list, name);
    }

    /// What is wrong with an entry that must be an address block (VAL-32).
    pub(super) fn block(&self, net: &Located<Net>) -> Option<Finding> {
        let text = match &net.value {
            Net::Block(block) => block.to_string(),
            Net::Address(address) => address.to_string(),
            Net::Invalid(text) => text.to_string(),
        };
        let finding = |code, message: String| self.finding(code, net.span, message);
        match text.parse::<Cidr>() {
            Ok(_) => None,
            Err(CidrError::HostBits { text, suggestion }) => Some(
                finding(
                    Code::CidrHostBits,
                    format!("`{text}` has bits set behind its prefix"),
                )
                .hint(format!("write `{suggestion}`")),
            ),
            Err(CidrError::BareAddress { text, suggestion }) => Some(
                finding(Code::CidrSyntax, format!("`{text}` has no prefix length"))
                    .hint(format!("write `{suggestion}`")),
            ),
            Err(CidrError::Syntax { text }) => Some(
                finding(
                    Code::CidrSyntax,
                    format!("`{text}` is not an address block"),
                )
                .hint("write one such as `192.0.2.0/24` or `2001:db8::/32`"),
            ),
        }
    }

    /// VAL-34; before the check came, the rule was taken and matched nothing (RES-22).
    fn everything(&mut self, not_nets: &List<Net>) {
        for net in not_nets.iter().flat_map(|nets| &nets.value) {
            let Net::Block(block) = &net.value else {
                continue;
            };
            if block.prefix_len() != 0 {
                continue;
            }
            let message = format!("no address is outside `{block}`, so this rule matches nothing");
            let finding = self.finding(Code::NotNetsEverything, net.span, message);
            if self.rules.version.refuses_all_but_everything() {
                self.refuse(finding, Raw::TAKEN);
            } else {
                let mut finding = finding;
                finding.severity = Severity::Warning;
                self.remark(finding);
            }
        }
    }

    /// VAL-33: one rule holds blocks of one IP version, which is its own.
    pub(super) fn nets_of(&mut self, rule: &Rule) {
        let sides = [&rule.source, &rule.destination];
        let lists = sides
            .into_iter()
            .flatten()
            .flat_map(|side| [&side.nets, &side.not_nets]);
        let version = |net: &Net| match net.block()? {
            ipnet::IpNet::V4(_) => Some(4),
            ipnet::IpNet::V6(_) => Some(6),
        };
        let blocks: Vec<(i64, Span)> = lists
            .flat_map(|list| list.iter().flat_map(|nets| &nets.value))
            .filter_map(|net| Some((version(&net.value)?, net.span)))
            .collect();
        let own = rule
            .ip_version
            .as_ref()
            .filter(|v| [4, 6].contains(&v.value));
        let (wanted, place, what) = match (own, blocks.first()) {
            (Some(own), _) => (own.value, own.span, "the rule's IP version"),
            (None, Some((version, span))) => (*version, *span, "the first block"),
            (None, None) => return,
        };
        let Some((other, span)) = blocks.iter().find(|(version, _)| *version != wanted) else {
            return;
        };
        let message = format!("a block of IPv{other} stands in a rule for IPv{wanted}");
        let finding = self.finding(Code::MixedIpFamilies, *span, message);
        let finding = finding.related(self.resource.at(place), what);
        self.refuse(
            finding.hint("write one rule for each IP version"),
            Raw::TAKEN,
        );
    }

    /// VAL-37 to VAL-39, RES-20.
    fn services(&mut self, direction: Direction, side: &EntityRule, name: &str) {
        let Some(services) = &side.services else {
            return;
        };
        let matched = match direction {
            Direction::Ingress => "source",
            Direction::Egress => "destination",
        };
        if name != matched {
            let word = direction.word().to_lowercase();
            let message =
                format!("an {word} rule can name services as its `{matched}`, not as its `{name}`");
            let finding = self.finding(Code::ServicesSide, services.span, message);
            self.refuse(finding, Raw::TAKEN);
        }
        match services.name.as_ref().filter(|name| !name.value.is_empty()) {
            Some(name) => self.reference("service", name),
            None => self.missing(services.span, "these services have no `name`", Raw::TAKEN),
        }
        let namespace = services.namespace.as_ref();
        match namespace.filter(|namespace| !namespace.value.is_empty()) {
            Some(namespace) => self.reference("namespace", namespace),
            None if self.resource.key.kind.is_namespaced() == Some(true) => {
                let message = "these services name no namespace, and Calico then looks for them \
                               in one of no name";
                let finding = self.finding(Code::ServicesNamespace, services.span, message);
                self.remark(finding.hint("name the namespace, even the policy's own"));
            }
            None => {
                let message = "these services have no `namespace`, which only a namespaced policy \
                               may leave out";
                self.missing(services.span, message, Raw::TAKEN);
            }
        }
        let text = |field: &Option<Located<Box<str>>>| {
            field
                .as_ref()
                .filter(|f| !f.value.is_empty())
                .map(|f| f.span)
        };
        let nets = |list: &List<Net>| {
            list.as_ref()
                .filter(|l| !l.value.is_empty())
                .map(|l| l.span)
        };
        let mut others = vec![
            ("selector", text(&side.selector)),
            ("notSelector", text(&side.not_selector)),
            ("namespaceSelector", text(&side.namespace_selector)),
            (
                "serviceAccounts",
                side.service_accounts.as_ref().map(|a| a.span),
            ),
            ("nets", nets(&side.nets)),
            ("notNets", nets(&side.not_nets)),
        ];
        if name == "destination" {
            let ports = |list: &List<crate::resource::Port>| {
                list.as_ref()
                    .filter(|l| !l.value.is_empty())
                    .map(|l| l.span)
            };
            others.push(("ports", ports(&side.ports)));
            others.push(("notPorts", ports(&side.not_ports)));
        }
        for (other, span) in others {
            let Some(span) = span else { continue };
            let message = format!("`{other}` cannot stand beside `services`");
            let finding = self.finding(Code::ServicesCombined, span, message);
            let finding = finding.related(self.resource.at(services.span), "the services");
            let raw = if other.ends_with("orts") {
                Raw::TAKEN.refused_since(32)
            } else {
                Raw::TAKEN
            };
            self.refuse(
                finding.hint("a service has its own addresses and ports"),
                raw,
            );
        }
    }
}
