//! Kubernetes NetworkPolicies, as the Kubernetes API server judges them and Calico takes them
//! (KNP-1 to KNP-10).

use ipnet::IpNet;

use crate::finding::{Code, Severity, nearest};
use crate::resource::{
    Direction, KubernetesPeer, KubernetesPolicy, KubernetesPort, KubernetesRule, LabelRequirement,
    LabelSelector, Net, Port, Written,
};
use crate::yaml::Located;

use super::judge::{Judge, Raw};
use super::name;

impl Judge<'_> {
    pub(super) fn kubernetes_policy(&mut self, policy: &KubernetesPolicy) {
        let resource = self.resource;
        if resource.key.kind.is_staged()
            && let Some(action) = self.staged_action(policy.staged_action.as_ref())
        {
            let rules = |list: &Option<Located<Vec<KubernetesRule>>>| {
                list.as_ref().filter(|l| !l.is_empty()).map(|l| l.span)
            };
            let selector = policy
                .pod_selector
                .as_ref()
                .filter(|s| !s.match_labels.is_empty() || !s.match_expressions.is_empty());
            let others = [
                ("podSelector", selector.map(|s| s.span)),
                (
                    "policyTypes",
                    policy
                        .policy_types
                        .as_ref()
                        .filter(|t| !t.is_empty())
                        .map(|t| t.span),
                ),
                ("ingress", rules(&policy.ingress)),
                ("egress", rules(&policy.egress)),
            ];
            for (name, span) in others {
                let Some(span) = span else { continue };
                self.deletes_and_says(action, name, span);
            }
            return;
        }
        if let Some(selector) = &policy.pod_selector {
            self.label_selector(selector);
        } else {
            let message = "this policy has no `podSelector`, so it applies to every pod of its \
                           namespace";
            let span = self.span_or_name(policy.span);
            let mut finding = self.finding(Code::MissingField, span, message);
            finding.severity = Severity::Warning;
            self.remark(finding.hint("write `podSelector: {}` where that is meant"));
        }
        self.policy_types(policy);
        let directions = [
            (Direction::Ingress, &policy.ingress, "from"),
            (Direction::Egress, &policy.egress, "to"),
        ];
        for (direction, rules, peers) in directions {
            let Some(rules) = rules else { continue };
            let given = policy.policy_types.as_ref().is_some_and(|t| !t.is_empty());
            if given && !policy.governed().contains(&direction) && !rules.is_empty() {
                self.ineffective(direction, rules.span, "policyTypes");
            }
            for rule in &rules.value {
                self.kubernetes_rule(rule, peers);
            }
        }
    }

    fn policy_types(&mut self, policy: &KubernetesPolicy) {
        let Some(types) = &policy.policy_types else {
            return;
        };
        for (index, entry) in types.value.iter().enumerate() {
            let mut earlier = types.value.iter().take(index);
            let mut severity = Severity::Error;
            let message = match &entry.value {
                Written::Invalid(text) => format!("`{text}` is not a direction"),
                Written::Valid(direction) if earlier.any(|other| other.value == entry.value) => {
                    // The API only minds a third entry.
                    if types.value.len() <= 2 {
                        severity = Severity::Warning;
                    }
                    format!("`{}` stands twice in `policyTypes`", direction.word())
                }
                Written::Valid(_) => continue,
            };
            let mut finding = self.finding(Code::PolicyTypes, entry.span, message);
            finding.severity = severity;
            self.refuse(
                finding.hint("write `Ingress` or `Egress`, each once"),
                Raw::REFUSED,
            );
        }
    }

    fn kubernetes_rule(&mut self, rule: &KubernetesRule, name: &str) {
        if let Some(peers) = &rule.peers {
            let effect = "everyone is meant";
            self.empty_list(peers.span, peers.len(), name, effect);
            for peer in &peers.value {
                self.peer(peer);
            }
        }
        if let Some(ports) = &rule.ports {
            self.empty_list(ports.span, ports.len(), "ports", "every port is meant");
            for port in &ports.value {
                self.kubernetes_port(port);
            }
        }
    }

    fn peer(&mut self, peer: &KubernetesPeer) {
        let selectors = [&peer.pod_selector, &peer.namespace_selector];
        for selector in selectors.into_iter().flatten() {
            self.label_selector(selector);
        }
        let selects = selectors.into_iter().flatten().next();
        match (&peer.ip_block, selects) {
            (Some(block), selects) => {
                if let Some(selector) = selects {
                    let message = "a peer is either an `ipBlock` or selected by labels";
                    let finding = self.finding(Code::KubernetesPeer, selector.span, message);
                    let place = self.resource.at(block.span);
                    let finding = finding.related(place, "the `ipBlock`");
                    self.refuse(finding.hint("write two peers"), Raw::REFUSED);
                }
                self.ip_block(block, peer);
            }
            (None, None) => {
                let block = self.text_at(peer.span).contains("ipBlock");
                let (code, message) = if block {
                    (Code::MissingField, "this `ipBlock` has no `cidr`")
                } else {
                    (Code::KubernetesPeer, "this peer names nobody")
                };
                let finding = self.finding(code, peer.span, message);
                let hint = if block {
                    "add `cidr`"
                } else {
                    "write `podSelector: {}` for every pod of the namespace, or leave the list of \
                     peers out for everyone"
                };
                self.refuse(finding.hint(hint), Raw::REFUSED);
            }
            (None, Some(_)) => {}
        }
    }

    /// The API wants CIDR notation; host bits it takes, and Calico clears them (KNP-5).
    fn ip_block(&mut self, block: &Located<Net>, peer: &KubernetesPeer) {
        let excepted = peer.except.iter().flat_map(|list| &list.value);
        for net in std::iter::once(block).chain(excepted.clone()) {
            if let Some(mut finding) = self.block(net) {
                if finding.code == Code::CidrHostBits {
                    finding.severity = Severity::Warning;
                }
                self.refuse(finding, Raw::REFUSED);
            }
        }
        let Net::Block(whole) = &block.value else {
            return;
        };
        for except in excepted {
            let Net::Block(part) = &except.value else {
                continue;
            };
            if !is_inside(&part.trunc(), &whole.trunc()) {
                let message = format!("`{part}` is not a part of `{whole}`");
                let finding = self.finding(Code::IpBlockExcept, except.span, message);
                let finding = finding.related(self.resource.at(block.span), "the block");
                let hint = "an exception is smaller than its block, and inside it";
                self.refuse(finding.hint(hint), Raw::REFUSED);
            }
        }
    }

    fn kubernetes_port(&mut self, port: &KubernetesPort) {
        if let Some(protocol) = &port.protocol
            && !["TCP", "UDP", "SCTP"].contains(&&*protocol.value)
        {
            let message = format!("`{}` is not a protocol that has ports", protocol.value);
            let finding = self.finding(Code::ProtocolName, protocol.span, message);
            self.refuse(finding.hint("write `TCP`, `UDP` or `SCTP`"), Raw::REFUSED);
        }
        if let Some(given) = &port.port {
            match &given.value {
                // A range is Calico's way of writing; here it is a text that is no port's name.
                Port::Range(range) if range.first() != range.last() => {
                    let message = format!("`{range}` is not a port of a Kubernetes policy");
                    let hint = format!(
                        "write `port: {}` and `endPort: {}`",
                        range.first(),
                        range.last()
                    );
                    let finding = self.finding(Code::PortSyntax, given.span, message);
                    self.refuse(finding.hint(hint), Raw::REFUSED);
                }
                Port::Range(_) if self.text_at(given.span).starts_with(['"', '\'']) => {
                    let message = "a port in quotes is taken for the name of a port";
                    let finding = self.finding(Code::PortSyntax, given.span, message);
                    self.refuse(finding.hint("take the quotes away"), Raw::REFUSED);
                }
                _ => self.port(given),
            }
        }
        let Some(end) = &port.end_port else { return };
        let message = match port.port.as_ref().map(|port| &port.value) {
            None => "`endPort` needs a `port` to begin with".to_owned(),
            Some(Port::Named(_)) => "a range cannot begin with the name of a port".to_owned(),
            Some(Port::Range(range)) if end.value < i64::from(range.first()) => {
                format!("the range {}:{} runs backwards", range.first(), end.value)
            }
            Some(_) if end.value > i64::from(u16::MAX) => format!("`{}` is not a port", end.value),
            Some(_) => return,
        };
        let finding = self.finding(Code::EndPort, end.span, message);
        self.refuse(finding, Raw::REFUSED);
    }

    pub(super) fn label_selector(&mut self, selector: &LabelSelector) {
        for label in &selector.match_labels {
            self.label(label);
        }
        for requirement in &selector.match_expressions {
            self.requirement(requirement);
        }
    }

    fn requirement(&mut self, requirement: &LabelRequirement) {
        match &requirement.key {
            Some(key) if !name::is_qualified(&key.value) => {
                let message = format!("`{}` cannot be the key of a label", key.value);
                let finding = self.finding(Code::LabelSyntax, key.span, message);
                self.refuse(finding, Raw::REFUSED);
            }
            Some(_) => {}
            None => self.missing(
                requirement.span,
                "this requirement has no `key`",
                Raw::REFUSED,
            ),
        }
        let Some(operator) = &requirement.operator else {
            self.missing(
                requirement.span,
                "this requirement has no `operator`",
                Raw::REFUSED,
            );
            return;
        };
        let values = requirement.values.as_ref();
        let empty = values.is_none_or(|values| values.value.is_empty());
        let known = ["In", "NotIn", "Exists", "DoesNotExist"];
        let (span, message, hint) = match &*operator.value {
            "In" | "NotIn" if empty => (
                requirement.span,
                format!("`{}` needs `values`", operator.value),
                "add at least one value".to_owned(),
            ),
            "Exists" | "DoesNotExist" if !empty => (
                values.map_or(requirement.span, |values| values.span),
                format!("`{}` takes no `values`", operator.value),
                "take the values out, or write `In` or `NotIn`".to_owned(),
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {
                for value in values.iter().flat_map(|values| &values.value) {
                    self.label_value(value);
                }
                return;
            }
            other => (
                operator.span,
                format!("`{other}` is not an operator"),
                match nearest(other, known).first() {
                    Some(right) => format!("did you mean `{right}`?"),
                    None => "write `In`, `NotIn`, `Exists` or `DoesNotExist`".to_owned(),
                },
            ),
        };
        let finding = self.finding(Code::LabelSelector, span, message);
        self.refuse(finding.hint(hint), Raw::REFUSED);
    }
}

/// Whether `part` lies in `whole` and is smaller.
fn is_inside(part: &IpNet, whole: &IpNet) -> bool {
    whole.contains(part) && part.prefix_len() > whole.prefix_len()
}
