//! Kubernetes' policies for the whole cluster (KNP-11), written down as Calico's and read again:
//! one rule for every peer and every entry of ports, nothing joined and nothing sorted.

use palisade::resource::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, Field, LabelSelector, NamespacedPods,
    Net, PortQuestion,
};

use super::*;
use crate::support::read;

const POD: &str = "projectcalico.org/orchestrator == 'k8s'";

/// The policy as Calico holds it; nothing where it makes nothing of it.
pub(super) fn held(resource: &Resource, policy: &ClusterPolicy, era: Era) -> Option<Resource> {
    let name = &resource.key.name;
    let (name, tier, order) = match (&resource.key.kind, era) {
        (Kind::AdminNetworkPolicy, Era::E2) => (
            format!("kanp.adminnetworkpolicy.{name}"),
            "adminnetworkpolicy",
            policy.priority.as_ref().unwrap().value,
        ),
        (Kind::BaselineAdminNetworkPolicy, Era::E2) => (
            format!("kbanp.baselineadminnetworkpolicy.{name}"),
            "baselineadminnetworkpolicy",
            1000,
        ),
        (Kind::ClusterNetworkPolicy, Era::E3) => (
            name.clone(),
            match &*policy.tier.as_ref().unwrap().value {
                "Admin" => "kube-admin",
                "Baseline" => "kube-baseline",
                _ => panic!("generated tiers are right"),
            },
            policy.priority.as_ref().unwrap().value,
        ),
        _ => return None,
    };
    let subject = policy.subject.as_ref().unwrap();
    let (namespaces, pods) = match (&subject.namespaces, &subject.pods) {
        (Some(namespaces), _) => (labels(namespaces, "all()"), POD.to_owned()),
        (None, Some(pods)) => both(pods),
        (None, None) => return None,
    };
    let mut types = Vec::new();
    let mut lists = Vec::new();
    for (word, key, list) in [
        ("Ingress", "ingress", &policy.ingress),
        ("Egress", "egress", &policy.egress),
    ] {
        let rules: Vec<String> = list
            .iter()
            .flat_map(|list| list.value.iter())
            .flat_map(|rule| rules_of(&resource.key.kind, rule, key))
            .collect();
        if !rules.is_empty() {
            types.push(word);
            lists.push(format!(", {key}: [{}]", rules.join(", ")));
        }
    }
    let types = if types.is_empty() {
        String::new()
    } else {
        format!(", types: [{}]", types.join(", "))
    };
    // Felix is told as if from storage: nothing is filled in.
    let text = format!(
        "{{kind: GlobalNetworkPolicy, apiVersion: crd.projectcalico.org/v1, metadata: {{name: {name}}}, \
         spec: {{tier: {tier}, order: {order}, selector: \"{pods}\", namespaceSelector: \"{namespaces}\"{types}{}}}}}",
        lists.concat()
    );
    let mut held = read(&text).iter().next().unwrap().clone();
    if era == Era::E3 {
        held.key.kind = Kind::ClusterNetworkPolicy;
    }
    Some(held)
}

fn labels(selector: &LabelSelector, nothing: &str) -> String {
    let mut terms = Vec::new();
    for label in &selector.match_labels {
        terms.push(format!("{} == '{}'", label.key.value, label.value.value));
    }
    for requirement in &selector.match_expressions {
        let word = |field: &Field<Box<str>>| field.as_ref().unwrap().value.to_string();
        let key = word(&requirement.key);
        let mut values: Vec<String> = requirement
            .values
            .iter()
            .flat_map(|l| l.value.iter())
            .map(|v| format!("'{}'", v.value))
            .collect();
        if values.is_empty() {
            values.push("''".into());
        }
        let values = values.join(", ");
        terms.push(match word(&requirement.operator).as_str() {
            "In" => format!("{key} in {{{values}}}"),
            "NotIn" => format!("{key} not in {{{values}}}"),
            "Exists" => format!("has({key})"),
            "DoesNotExist" => format!("!has({key})"),
            _ => panic!("generated operators are right"),
        });
    }
    if terms.is_empty() {
        nothing.to_owned()
    } else {
        terms.join(" && ")
    }
}

/// Selectors of namespaces and of pods.
fn both(pods: &NamespacedPods) -> (String, String) {
    let namespaces = pods.namespace_selector.as_ref();
    let namespaces = namespaces.map_or("all()".into(), |s| labels(s, "all()"));
    let own = pods.pod_selector.as_ref().map(|s| labels(s, ""));
    let own = own.filter(|text| !text.is_empty());
    let own = own.map_or(POD.to_owned(), |own| format!("{POD} && {own}"));
    (namespaces, own)
}

fn rules_of(kind: &Kind, rule: &ClusterRule, direction: &str) -> Vec<String> {
    let action = match (&*rule.action.as_ref().unwrap().value, kind) {
        ("Accept", Kind::ClusterNetworkPolicy)
        | ("Allow", Kind::AdminNetworkPolicy | Kind::BaselineAdminNetworkPolicy) => "Allow",
        ("Deny", _) => "Deny",
        ("Pass", Kind::AdminNetworkPolicy | Kind::ClusterNetworkPolicy) => "Pass",
        _ => return Vec::new(),
    };
    let closed = || match action {
        "Allow" => Vec::new(),
        _ => vec!["{action: Deny}".to_owned()],
    };
    let peers: Option<Vec<String>> = rule.peers.as_ref().unwrap().iter().map(peer).collect();
    let entries: Vec<ClusterPort> = rule.ports.clone().map_or(Vec::new(), |list| list.value);
    let Some((peers, ports)) = peers.zip(ports(kind, &entries)) else {
        return closed();
    };
    let mut rules = Vec::new();
    for (protocol, ports) in &ports {
        for peer in &peers {
            let sides = if direction == "ingress" {
                format!("source: {{{peer}}}, destination: {{{ports}}}")
            } else {
                let comma = if ports.is_empty() { "" } else { ", " };
                format!("destination: {{{peer}{comma}{ports}}}")
            };
            rules.push(format!("{{action: {action}{protocol}, {sides}}}"));
        }
    }
    rules
}

fn peer(peer: &ClusterPeer) -> Option<String> {
    let mut fields = Vec::new();
    if let Some(namespaces) = &peer.namespaces {
        fields.push(format!(
            "namespaceSelector: \"{}\"",
            labels(namespaces, "all()")
        ));
    }
    if let Some(pods) = &peer.pods {
        let (namespaces, pods) = both(pods);
        fields = vec![format!(
            "namespaceSelector: \"{namespaces}\", selector: \"{pods}\""
        )];
    }
    let mut nets = Vec::new();
    for net in peer.networks.iter().flat_map(|list| list.value.iter()) {
        let Net::Block(block) = &net.value else {
            return None;
        };
        nets.push(format!("'{}'", block.trunc()));
    }
    if !nets.is_empty() {
        fields.push(format!("nets: [{}]", nets.join(", ")));
    }
    // Nodes and domain names are nothing to Calico.
    (!fields.is_empty()).then(|| fields.join(", "))
}

/// Pairs of protocol and ports as they are written in a rule.
fn ports(kind: &Kind, entries: &[ClusterPort]) -> Option<Vec<(String, String)>> {
    let everything = vec![(String::new(), String::new())];
    if entries.is_empty() {
        return Some(everything);
    }
    let newer = *kind == Kind::ClusterNetworkPolicy;
    let mut pairs = Vec::new();
    for entry in entries {
        let numbers = match entry.asks.first().map(|ask| &ask.value) {
            Some(PortQuestion::Named(_)) if newer => return None,
            Some(PortQuestion::Named(_)) | None => return Some(everything),
            Some(PortQuestion::Numbers(numbers)) => numbers,
        };
        let protocol = numbers.protocol.as_ref().map_or("TCP", |p| &p.value);
        let (first, last) = match (&numbers.number, &numbers.range) {
            (Some(number), _) => (number.value, number.value),
            (None, Some(range)) => (
                range.start.as_ref().unwrap().value,
                range.end.as_ref().unwrap().value,
            ),
            (None, None) => (0, 0),
        };
        if first > last {
            return None;
        }
        let ports = if first == 0 {
            String::new()
        } else {
            format!("ports: ['{first}:{last}']")
        };
        pairs.push((format!(", protocol: {protocol}"), ports));
    }
    Some(pairs)
}
