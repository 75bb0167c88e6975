//! Calico policies.

use std::str::FromStr;

use crate::finding::Code;
use crate::net::{PortRange, Protocol};
use crate::resource::{
    Action, Direction, EntityRule, HttpMatch, HttpPath, Icmp, Kind, Label, Net, Policy, Port, Rule,
    ServiceAccountMatch, ServiceMatch, Written,
};
use crate::yaml::{Located, Node, Value};

use super::fields::{Fields, Reader};

/// The longest name that is taken for a named port (MOD-11).
const LONGEST_PORT_NAME: usize = 128;

const NAMESPACED: &[&str] = &[
    "tier",
    "order",
    "selector",
    "serviceAccountSelector",
    "types",
    "ingress",
    "egress",
    "performanceHints",
];
pub(super) const GLOBAL: &[&str] = &[
    "namespaceSelector",
    "doNotTrack",
    "preDNAT",
    "applyOnForward",
];
pub(super) const RULE: &[&str] = &[
    "action",
    "ipVersion",
    "protocol",
    "notProtocol",
    "icmp",
    "notICMP",
    "source",
    "destination",
    "http",
    "metadata",
];
pub(super) const ENTITY: &[&str] = &[
    "nets",
    "notNets",
    "selector",
    "notSelector",
    "namespaceSelector",
    "ports",
    "notPorts",
    "serviceAccounts",
    "services",
];

impl Reader<'_> {
    pub(super) fn policy(&mut self, kind: &Kind, object: Fields<'_>) -> Policy {
        let mut known = NAMESPACED.to_vec();
        let global = kind.is_namespaced() == Some(false);
        if global {
            known.extend(GLOBAL);
        }
        if kind.is_staged() {
            known.push("stagedAction");
        }
        let Some(spec) = self.spec(object, &known) else {
            return Policy::default();
        };
        // The API drops what a namespaced policy has not (VAL-19), so it means nothing here either.
        let mut flag = |name: &str| global.then(|| self.boolean(spec, name)).flatten();
        let do_not_track = flag("doNotTrack");
        let pre_dnat = flag("preDNAT");
        let apply_on_forward = flag("applyOnForward");
        Policy {
            span: spec.span(),
            tier: self.text(spec, "tier"),
            order: self.number(spec, "order"),
            selector: self.text(spec, "selector"),
            namespace_selector: global
                .then(|| self.text(spec, "namespaceSelector"))
                .flatten(),
            service_account_selector: self.text(spec, "serviceAccountSelector"),
            types: self.values(spec, "types", direction),
            ingress: self.rules(spec, "ingress"),
            egress: self.rules(spec, "egress"),
            do_not_track,
            pre_dnat,
            apply_on_forward,
            performance_hints: self.texts(spec, "performanceHints"),
            staged_action: self.text(spec, "stagedAction"),
        }
    }

    /// The `spec` of an object, with no other fields than `known`.
    pub(super) fn spec<'n>(&mut self, object: Fields<'n>, known: &[&str]) -> Option<Fields<'n>> {
        let node = object.get("spec")?;
        self.mapping(node, "spec", known)
    }

    pub(super) fn rules(&mut self, spec: Fields<'_>, name: &str) -> Option<Located<Vec<Rule>>> {
        self.list(spec, name, |reader, node| reader.rule(node, name))
    }

    fn rule(&mut self, node: &Node, list: &str) -> Option<Rule> {
        let fields = self.mapping(node, &format!("{list} rule"), RULE)?;
        let action = self.field(fields, "action", |_, node| Some(action(node)));
        if fields.get("action").is_none() {
            self.tell(Code::MissingField, node.span, "this rule has no `action`");
        }
        Some(Rule {
            span: node.span,
            action,
            ip_version: self.integer(fields, "ipVersion"),
            protocol: self.field(fields, "protocol", |_, node| Some(protocol(node))),
            not_protocol: self.field(fields, "notProtocol", |_, node| Some(protocol(node))),
            icmp: self.field(fields, "icmp", |reader, node| reader.icmp(node, "icmp")),
            not_icmp: self.field(fields, "notICMP", |reader, node| {
                reader.icmp(node, "notICMP")
            }),
            source: self.entity(fields, "source"),
            destination: self.entity(fields, "destination"),
            http: self.field(fields, "http", Self::http),
            annotations: self.rule_annotations(fields),
        })
    }

    fn rule_annotations(&mut self, rule: Fields<'_>) -> Vec<Label> {
        let metadata = rule.get("metadata");
        metadata
            .and_then(|node| self.mapping(node, "metadata", &["annotations"]))
            .map(|fields| self.labels(fields, "annotations"))
            .unwrap_or_default()
    }

    fn icmp(&mut self, node: &Node, name: &str) -> Option<Icmp> {
        let fields = self.mapping(node, name, &["type", "code"])?;
        Some(Icmp {
            kind: self.integer(fields, "type"),
            code: self.integer(fields, "code"),
        })
    }

    fn http(&mut self, node: &Node) -> Option<HttpMatch> {
        let fields = self.mapping(node, "http", &["methods", "paths"])?;
        Some(HttpMatch {
            methods: self.texts(fields, "methods"),
            paths: self.list(fields, "paths", |reader, node| {
                let fields = reader.mapping(node, "paths", &["exact", "prefix"])?;
                Some(HttpPath {
                    span: node.span,
                    exact: reader.text(fields, "exact"),
                    prefix: reader.text(fields, "prefix"),
                })
            }),
        })
    }

    fn entity(&mut self, rule: Fields<'_>, name: &str) -> Option<EntityRule> {
        let node = rule.get(name)?;
        let fields = self.mapping(node, name, ENTITY)?;
        Some(EntityRule {
            span: node.span,
            nets: self.values(fields, "nets", Net::of),
            not_nets: self.values(fields, "notNets", Net::of),
            selector: self.text(fields, "selector"),
            not_selector: self.text(fields, "notSelector"),
            namespace_selector: self.text(fields, "namespaceSelector"),
            ports: self.ports(fields, "ports"),
            not_ports: self.ports(fields, "notPorts"),
            service_accounts: fields.get("serviceAccounts").and_then(|node| {
                let fields = self.mapping(node, "serviceAccounts", &["names", "selector"])?;
                Some(ServiceAccountMatch {
                    span: node.span,
                    names: self.texts(fields, "names"),
                    selector: self.text(fields, "selector"),
                })
            }),
            services: fields.get("services").and_then(|node| {
                let fields = self.mapping(node, "services", &["name", "namespace"])?;
                Some(ServiceMatch {
                    span: node.span,
                    name: self.text(fields, "name"),
                    namespace: self.text(fields, "namespace"),
                })
            }),
        })
    }

    fn ports(&mut self, fields: Fields<'_>, name: &str) -> Option<Located<Vec<Located<Port>>>> {
        self.list(fields, name, |reader, node| {
            if !node.entries().is_empty() {
                reader.wrong_item(node, name, "a list of numbers, ranges and names");
                return None;
            }
            Some(Located {
                value: port(node),
                span: node.span,
            })
        })
    }
}

fn action(node: &Node) -> Written<Action> {
    let actions = [Action::Allow, Action::Deny, Action::Log, Action::Pass];
    let text = written_text(node);
    let known = actions.into_iter().find(|action| action.word() == &*text);
    known.map_or(Written::Invalid(text), Written::Valid)
}

pub(super) fn direction(text: &str) -> Written<Direction> {
    [Direction::Ingress, Direction::Egress]
        .into_iter()
        .find(|direction| direction.word() == text)
        .map_or_else(|| Written::Invalid(text.into()), Written::Valid)
}

/// A protocol by name or number; a numeric text is a number (MOD-14).
pub(super) fn protocol(node: &Node) -> Written<Protocol> {
    let text = written_text(node);
    match node.value() {
        Some(Value::Int(_) | Value::String(_)) => {
            Protocol::from_str(&text).map_or(Written::Invalid(text), Written::Valid)
        }
        _ => Written::Invalid(text),
    }
}

/// A port, a range of ports or a port's name (MOD-11, MOD-12).
pub(super) fn port(node: &Node) -> Port {
    let text = match node.value() {
        Some(Value::Int(number)) => number.to_string().into_boxed_str(),
        Some(Value::String(text)) => text.into(),
        _ => return Port::Invalid(written_text(node)),
    };
    let numeric = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
    if numeric {
        return PortRange::from_str(&text).map_or(Port::Invalid(text), Port::Range);
    }
    let is_name = text.len() <= LONGEST_PORT_NAME
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    let negative = matches!(node.value(), Some(Value::Int(_)));
    if is_name && !text.is_empty() && !negative {
        Port::Named(text)
    } else {
        Port::Invalid(text)
    }
}

/// What stands there, for a message.
pub(super) fn written_text(node: &Node) -> Box<str> {
    match &node.kind {
        crate::yaml::Kind::Scalar(scalar) => scalar.text.clone(),
        _ => node.described().into_boxed_str(),
    }
}
