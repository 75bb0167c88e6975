//! Kubernetes' policies for the whole cluster, as the Kubernetes API server judges them and Calico
//! takes them (KNP-11).

use crate::finding::{Code, Severity, Span, nearest};
use crate::resource::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, ClusterSubject, Field, Kind,
    LabelSelector, NamespacedPods, PortNumberRange, PortNumbers, PortQuestion, unconverted,
};

use super::judge::{Judge, Raw};

/// The largest priority.
const LARGEST_PRIORITY: i64 = 1000;

/// The most rules, peers and ports of `v1alpha1`.
const MOST_OF_ALPHA_1: usize = 100;

/// The most rules, peers and protocols of `v1alpha2`.
const MOST_OF_ALPHA_2: usize = 25;

/// The most address blocks and domain names of a peer.
const MOST_NETWORKS: usize = 25;

/// The most characters of a rule's name.
const LONGEST_RULE_NAME: usize = 100;

/// The largest port.
const LARGEST_PORT: i64 = 65535;

impl Judge<'_> {
    pub(super) fn cluster_policy(&mut self, policy: &ClusterPolicy) {
        self.enforced();
        self.baseline_name();
        self.precedence(policy);
        self.subject(policy);
        let directions = [
            (&policy.ingress, "ingress", "from"),
            (&policy.egress, "egress", "to"),
        ];
        for (rules, name, peers) in directions {
            let Some(rules) = rules else { continue };
            self.at_most(
                rules.span,
                rules.len(),
                self.most(),
                &format!("{name} rules"),
            );
            for rule in &rules.value {
                self.cluster_rule(rule, peers);
            }
        }
        self.unconverted();
    }

    fn is_newer(&self) -> bool {
        self.resource.key.kind == Kind::ClusterNetworkPolicy
    }

    fn most(&self) -> usize {
        if self.is_newer() {
            MOST_OF_ALPHA_2
        } else {
            MOST_OF_ALPHA_1
        }
    }

    /// Whether the version of Calico does anything with the policy.
    fn enforced(&mut self) {
        let kind = &self.resource.key.kind;
        let version = self.rules.version;
        if version.enforces(kind) {
            return;
        }
        let hint = match kind {
            Kind::ClusterNetworkPolicy => "Calico 3.32 and later enforce it",
            Kind::BaselineAdminNetworkPolicy if !self.since(30) => {
                "Calico 3.30 and 3.31 enforce it"
            }
            _ if !self.since(29) => "Calico 3.29 to 3.31 enforce it",
            _ => "a ClusterNetworkPolicy took its place",
        };
        let message = format!("Calico {version} enforces no {kind}");
        let finding = self.finding(Code::KindNotEnforced, self.name_span(), message);
        self.remark(finding.hint(hint));
    }

    /// There is but one baseline.
    fn baseline_name(&mut self) {
        let resource = self.resource;
        let kind = &resource.key.kind;
        if *kind != Kind::BaselineAdminNetworkPolicy || resource.key.name == "default" {
            return;
        }
        let message = format!("`{}` cannot be the name of a {kind}", resource.key.name);
        let finding = self.finding(Code::ObjectName, self.name_span(), message);
        let hint = "there is one in a cluster, and it is called `default`";
        self.refuse(finding.hint(hint), Raw::REFUSED);
    }

    fn precedence(&mut self, policy: &ClusterPolicy) {
        let span = self.span_or_name(policy.span);
        if self.is_newer() {
            match &policy.tier {
                None => self.lacks(span, "policy", "tier"),
                Some(tier) if !["Admin", "Baseline"].contains(&&*tier.value) => {
                    let message = format!("`{}` is not a tier of Kubernetes", tier.value);
                    let finding = self.finding(Code::PolicyPrecedence, tier.span, message);
                    self.refuse(finding.hint("write `Admin` or `Baseline`"), Raw::REFUSED);
                }
                Some(_) => {}
            }
        }
        if self.resource.key.kind == Kind::BaselineAdminNetworkPolicy {
            return;
        }
        match &policy.priority {
            None => self.lacks(span, "policy", "priority"),
            Some(priority) if !(0..=LARGEST_PRIORITY).contains(&priority.value) => {
                let message = format!("`{}` is not a priority", priority.value);
                let finding = self.finding(Code::PolicyPrecedence, priority.span, message);
                let hint = format!("write 0 to {LARGEST_PRIORITY}, the smaller the earlier");
                self.refuse(finding.hint(hint), Raw::REFUSED);
            }
            Some(_) => {}
        }
    }

    fn subject(&mut self, policy: &ClusterPolicy) {
        let Some(subject) = &policy.subject else {
            let span = self.span_or_name(policy.span);
            self.lacks(span, "policy", "subject");
            return;
        };
        let ClusterSubject {
            span,
            namespaces,
            pods,
        } = subject;
        self.selectors(namespaces.as_ref(), pods.as_ref());
        let (message, hint) = match (namespaces, pods) {
            (Some(_), Some(_)) => (
                "a subject is either `namespaces` or `pods`, not both",
                "`pods` can name namespaces too",
            ),
            (None, None) => (
                "this subject names nobody",
                "write `namespaces: {}` for every pod there is",
            ),
            _ => return,
        };
        let finding = self.finding(Code::PolicySubject, *span, message);
        self.refuse(finding.hint(hint), Raw::REFUSED);
    }

    fn selectors(&mut self, namespaces: Option<&LabelSelector>, pods: Option<&NamespacedPods>) {
        if let Some(selector) = namespaces {
            self.label_selector(selector);
        }
        let Some(pods) = pods else { return };
        let namespaced = [&pods.namespace_selector, &pods.pod_selector];
        for selector in namespaced.into_iter().flatten() {
            self.label_selector(selector);
        }
        // `v1alpha2` takes every namespace where the first is missing.
        let newer = self.is_newer();
        let required = [
            (
                pods.namespace_selector.is_none() && !newer,
                "namespaceSelector",
            ),
            (pods.pod_selector.is_none(), "podSelector"),
        ];
        for (missing, name) in required {
            if missing {
                self.lacks(pods.span, "choice of pods", name);
            }
        }
    }

    fn cluster_rule(&mut self, rule: &ClusterRule, peers: &str) {
        if let Some(name) = &rule.name {
            let count = name.value.chars().count();
            self.at_most(name.span, count, LONGEST_RULE_NAME, "characters");
        }
        self.cluster_action(rule);
        match &rule.peers {
            Some(list) if !list.is_empty() => {
                self.at_most(list.span, list.len(), self.most(), "peers");
                for peer in &list.value {
                    self.cluster_peer(rule, peer);
                }
            }
            _ => self.lacks(rule.span, "rule", peers),
        }
        if let Some(ports) = &rule.ports {
            if ports.is_empty() && self.is_newer() {
                self.lacks(ports.span, "list", "entry");
            } else {
                self.empty_list(ports.span, ports.len(), "ports", "every port is meant");
            }
            self.at_most(ports.span, ports.len(), self.most(), "entries");
            for port in &ports.value {
                self.cluster_port(port);
            }
        }
    }

    fn cluster_action(&mut self, rule: &ClusterRule) {
        let Some(action) = &rule.action else {
            self.lacks(rule.span, "rule", "action");
            return;
        };
        let kind = &self.resource.key.kind;
        let known: &[&str] = match kind {
            Kind::ClusterNetworkPolicy => &["Accept", "Deny", "Pass"],
            Kind::BaselineAdminNetworkPolicy => &["Allow", "Deny"],
            _ => &["Allow", "Deny", "Pass"],
        };
        if known.contains(&&*action.value) {
            return;
        }
        let near = match (&*action.value, kind) {
            ("Allow", _) => Some("Accept"),
            ("Accept", _) => Some("Allow"),
            (other, _) => nearest(other, known.iter().copied()).first().copied(),
        };
        let hint = match near {
            Some(right) => format!("write `{right}`"),
            None => format!("write one of {}", known.join(", ")),
        };
        let message = format!("`{}` is not an action of {kind} rules", action.value);
        let finding = self.finding(Code::RuleAction, action.span, message);
        self.refuse(finding.hint(hint), Raw::REFUSED);
    }

    fn cluster_peer(&mut self, rule: &ClusterRule, peer: &ClusterPeer) {
        self.selectors(peer.namespaces.as_ref(), peer.pods.as_ref());
        if let Some(nodes) = &peer.nodes {
            self.label_selector(nodes);
        }
        let given = [
            peer.namespaces.is_some(),
            peer.pods.is_some(),
            peer.nodes.is_some(),
            peer.networks.is_some(),
            peer.domain_names.is_some(),
        ];
        let message = match given.into_iter().filter(|given| *given).count() {
            0 => Some("this peer names nobody"),
            1 => None,
            _ => Some("a peer is named in one way, not in several at once"),
        };
        if let Some(message) = message {
            let finding = self.finding(Code::KubernetesPeer, peer.span, message);
            let hint =
                "write `namespaces: {}` for every pod there is, and two peers for two things";
            self.refuse(finding.hint(hint), Raw::REFUSED);
        }
        if let Some(networks) = &peer.networks {
            self.at_most(
                networks.span,
                networks.len(),
                MOST_NETWORKS,
                "address blocks",
            );
            for net in &networks.value {
                if let Some(mut finding) = self.block(net) {
                    // The API takes host bits, and Calico clears them.
                    if finding.code == Code::CidrHostBits {
                        finding.severity = Severity::Warning;
                    }
                    self.refuse(finding, Raw::REFUSED);
                }
            }
        }
        let Some(names) = &peer.domain_names else {
            return;
        };
        self.at_most(names.span, names.len(), MOST_NETWORKS, "domain names");
        let allows = ["Allow", "Accept"];
        if rule
            .action
            .as_ref()
            .is_some_and(|a| !allows.contains(&&*a.value))
        {
            let message = "domain names stand only in rules that allow";
            let finding = self.finding(Code::KubernetesPeer, names.span, message);
            self.refuse(finding, Raw::REFUSED);
        }
    }

    fn cluster_port(&mut self, port: &ClusterPort) {
        if port.asks.len() != 1 {
            let message = if port.asks.is_empty() {
                "this entry asks for nothing, and that means everything"
            } else {
                "an entry asks for one thing, not for several at once"
            };
            let finding = self.finding(Code::PortSyntax, port.span, message);
            self.refuse(finding.hint("write one entry for each"), Raw::REFUSED);
        }
        for ask in &port.asks {
            if let PortQuestion::Numbers(numbers) = &ask.value {
                self.port_numbers(ask.span, numbers);
            }
        }
    }

    fn port_numbers(&mut self, span: Span, numbers: &PortNumbers) {
        if let Some(protocol) = &numbers.protocol
            && !["TCP", "UDP", "SCTP"].contains(&&*protocol.value)
        {
            let message = format!("`{}` is not a protocol that has ports", protocol.value);
            let finding = self.finding(Code::ProtocolName, protocol.span, message);
            self.refuse(finding.hint("write `TCP`, `UDP` or `SCTP`"), Raw::REFUSED);
        }
        match (&numbers.number, &numbers.range) {
            (Some(_), Some(range)) => {
                let message = "ports are a number or a range, not both";
                let finding = self.finding(Code::PortSyntax, range.span, message);
                self.refuse(finding, Raw::REFUSED);
            }
            (None, None) if !self.is_newer() => self.lacks(span, "entry", "port"),
            _ => {}
        }
        let range = numbers.range.as_ref();
        let ends = range.map(|range| [&range.start, &range.end]);
        let ends: Vec<&Field<i64>> = ends.into_iter().flatten().collect();
        for number in std::iter::once(&numbers.number).chain(ends).flatten() {
            if !(1..=LARGEST_PORT).contains(&number.value) {
                let message = format!("`{}` is not a port", number.value);
                let finding = self.finding(Code::PortSyntax, number.span, message);
                let hint = format!("write a number from 1 to {LARGEST_PORT}");
                self.refuse(finding.hint(hint), Raw::REFUSED);
            }
        }
        if let Some(range) = range {
            self.number_range(range);
        }
    }

    fn number_range(&mut self, range: &PortNumberRange) {
        let ends = [(&range.start, "start"), (&range.end, "end")];
        for (end, name) in ends {
            if end.is_none() {
                self.lacks(range.span, "range", name);
            }
        }
        if let (Some(start), Some(end)) = (&range.start, &range.end)
            && start.value >= end.value
        {
            let message = format!("a range from {} to {} is none", start.value, end.value);
            let finding = self.finding(Code::EndPort, end.span, message);
            self.refuse(finding.hint("its end lies above its start"), Raw::REFUSED);
        }
    }

    /// What the API takes and Calico does not.
    fn unconverted(&mut self) {
        if !self.rules.version.enforces(&self.resource.key.kind) {
            return;
        }
        let told = self.findings.len();
        for rule in unconverted(self.resource) {
            let place = self.resource.at(rule.span);
            // What the API refuses never comes to that.
            let refused = self.findings.iter().take(told).any(|finding| {
                finding.severity == Severity::Error
                    && finding.place.input == place.input
                    && overlap(finding.place.span, rule.span)
            });
            if refused {
                continue;
            }
            let message = format!("{}: {}", rule.reason, rule.becomes);
            let finding = self.finding(Code::UnconvertedRule, rule.span, message);
            let hint = "write pods, namespaces or address blocks, and ports by number";
            self.remark(finding.hint(hint));
        }
    }

    fn lacks(&mut self, span: Span, what: &str, name: &str) {
        self.missing(span, format!("this {what} has no `{name}`"), Raw::REFUSED);
    }

    fn at_most(&mut self, span: Span, count: usize, most: usize, what: &str) {
        if count > most {
            let message = format!("{count} {what} stand here, and at most {most} are taken");
            let finding = self.finding(Code::LimitExceeded, span, message);
            self.refuse(finding, Raw::REFUSED);
        }
    }
}

/// Whether two stretches of one text share a byte.
fn overlap(one: Span, other: Span) -> bool {
    let (one, other) = (one.range(), other.range());
    one.start < other.end && other.start < one.end
}
