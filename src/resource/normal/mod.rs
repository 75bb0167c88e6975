//! The normal form of an object: two objects that mean the same to the API have the same one
//! (STORE-12).

mod cluster;
mod kubernetes;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::policy::{EntityRule, Icmp, Net, Policy, Port, Rule};
use super::selector::normalise;
use super::{Api, Body, Field, HostEndpoint, Kind, Label, List, Resource, Tier, Written};

/// The label that the API server adds to every policy.
const TIER_LABEL: &str = "projectcalico.org/tier";

/// What kubectl remembers of the last apply.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The tier of a policy that names none.
const DEFAULT_TIER: &str = "default";

/// The order that the API gives a tier that has none (MOD-16).
const DEFAULT_TIER_ORDER: f64 = 1_000_000.0;

/// The normal form of `resource` as JSON, keys sorted: the v3 name and merged labels, defaults
/// filled in, what the server drops left out, sets sorted, ports and protocols by value,
/// selectors by canonical text.
///
/// Of kinds that Palisade only reads for their facts (pods, nodes, services), the metadata alone.
pub fn normal_form(resource: &Resource) -> Value {
    form(resource, Selectors::Canonical)
}

/// As [`normal_form`], but selectors as they were typed: what is stored and shown (SEL-26).
pub fn stored_form(resource: &Resource) -> Value {
    form(resource, Selectors::AsTyped)
}

/// How selectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selectors {
    Canonical,
    AsTyped,
}

fn form(resource: &Resource, selectors: Selectors) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".into(), json!(resource.key.name));
    if let Some(namespace) = &resource.key.namespace {
        metadata.insert("namespace".into(), json!(namespace));
    }
    put_map(
        &mut metadata,
        "labels",
        &resource.metadata.labels,
        TIER_LABEL,
    );
    let annotations = &resource.metadata.annotations;
    put_map(&mut metadata, "annotations", annotations, LAST_APPLIED);

    let mut object = Map::new();
    // What a Kubernetes policy is converted to is Calico's, whatever it is called (KNP-1).
    let api_version = match &resource.body {
        Body::Policy(_) => Api::CALICO_V3,
        _ => resource.key.kind.api_version(),
    };
    object.insert("apiVersion".into(), json!(api_version));
    let kind = match (&resource.body, &resource.key.kind) {
        // KNP-11.
        (Body::Policy(_), Kind::ClusterNetworkPolicy) => Kind::GlobalNetworkPolicy.word(),
        (_, kind) => kind.word(),
    };
    object.insert("kind".into(), json!(kind));
    object.insert("metadata".into(), Value::Object(metadata));
    let spec = match &resource.body {
        Body::Policy(body) => policy(body, resource.api, selectors),
        Body::KubernetesPolicy(policy) => kubernetes::policy(policy),
        Body::ClusterPolicy(policy) => cluster::policy(&resource.key.kind, policy),
        Body::NetworkSet(set) => {
            let mut spec = Map::new();
            put(&mut spec, "nets", nets(&set.nets));
            spec
        }
        Body::HostEndpoint(endpoint) => host_endpoint(endpoint),
        Body::Tier(body) => tier(body, resource.api),
        _ => Map::new(),
    };
    put(&mut object, "spec", Value::Object(spec));
    Value::Object(object)
}

/// The SHA-256 of the normal form, in hexadecimal.
pub fn digest(resource: &Resource) -> String {
    let text = normal_form(resource).to_string();
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Puts `value` under `key`, unless it is nothing, empty or false: the server drops such.
fn put(object: &mut Map<String, Value>, key: &str, value: Value) {
    let empty = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    if !empty {
        object.insert(key.to_owned(), value);
    }
}

fn put_map(object: &mut Map<String, Value>, key: &str, labels: &[Label], dropped: &str) {
    let map: Map<String, Value> = labels
        .iter()
        .filter(|label| &*label.key.value != dropped)
        .map(|label| (label.key.value.to_string(), json!(label.value.value)))
        .collect();
    put(object, key, Value::Object(map));
}

/// A number as the server prints it: whole numbers without a fraction.
pub fn number(value: f64) -> Value {
    /// The largest whole number up to which a double holds every one.
    const EXACT: f64 = 9_007_199_254_740_992.0;

    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation)]
        let whole = value as i64;
        json!(whole)
    } else {
        json!(value)
    }
}

fn text(field: &Field<Box<str>>) -> Value {
    field.as_ref().map_or(Value::Null, |text| json!(text.value))
}

fn selector(field: &Field<Box<str>>, selectors: Selectors) -> Value {
    match field {
        Some(text) if selectors == Selectors::AsTyped => json!(text.value),
        Some(text) if !text.value.is_empty() => json!(normalise(&text.value)),
        _ => Value::Null,
    }
}

fn boolean(field: &Field<bool>) -> Value {
    json!(field.as_ref().is_some_and(|value| value.value))
}

fn nets(list: &List<Net>) -> Value {
    let blocks: BTreeSet<String> = items(list)
        .map(|net| match net.block() {
            Some(block) => block.to_string(),
            None => match net {
                Net::Invalid(text) => text.to_string(),
                Net::Block(block) => block.to_string(),
                Net::Address(address) => address.to_string(),
            },
        })
        .collect();
    json!(blocks)
}

fn items<T>(list: &List<T>) -> impl Iterator<Item = &T> {
    list.iter()
        .flat_map(|list| &list.value)
        .map(|item| &item.value)
}

fn texts(list: &List<Box<str>>) -> Value {
    json!(items(list).collect::<Vec<_>>())
}

fn port(port: &Port) -> Value {
    match port {
        Port::Range(range) => json!(range),
        Port::Named(name) => json!(name),
        Port::Invalid(text) => json!(text),
    }
}

fn ports(list: &List<Port>) -> Value {
    items(list).map(port).collect()
}

fn written<T: serde::Serialize>(field: &Field<Written<T>>) -> Value {
    match field.as_ref().map(|field| &field.value) {
        None => Value::Null,
        Some(Written::Valid(value)) => json!(value),
        Some(Written::Invalid(text)) => json!(text),
    }
}

fn tier(tier: &Tier, api: Api) -> Map<String, Value> {
    let mut spec = Map::new();
    let order = tier.order.as_ref().map(|order| order.value);
    // Raw storage keeps an absent order absent; the API fills it (section 7.4).
    let order = order.or_else(|| (api != Api::CalicoV1).then_some(DEFAULT_TIER_ORDER));
    put(&mut spec, "order", order.map_or(Value::Null, number));
    let action = tier.default_action.as_ref().map_or("Deny", |a| &a.value);
    put(&mut spec, "defaultAction", json!(action));
    spec
}

fn policy(policy: &Policy, api: Api, selectors: Selectors) -> Map<String, Value> {
    let mut spec = Map::new();
    let tier = policy
        .tier
        .as_ref()
        .map_or(DEFAULT_TIER, |tier| &tier.value);
    put(&mut spec, "tier", json!(tier));
    let order = policy.order.as_ref().map(|order| number(order.value));
    put(&mut spec, "order", order.unwrap_or(Value::Null));
    put(&mut spec, "selector", selector(&policy.selector, selectors));
    put(
        &mut spec,
        "namespaceSelector",
        selector(&policy.namespace_selector, selectors),
    );
    put(
        &mut spec,
        "serviceAccountSelector",
        selector(&policy.service_account_selector, selectors),
    );
    put(&mut spec, "types", json!(types(policy, api)));
    put(
        &mut spec,
        "ingress",
        rules(policy.ingress.as_ref().map(|l| &l.value[..]), selectors),
    );
    put(
        &mut spec,
        "egress",
        rules(policy.egress.as_ref().map(|l| &l.value[..]), selectors),
    );
    put(&mut spec, "doNotTrack", boolean(&policy.do_not_track));
    put(&mut spec, "preDNAT", boolean(&policy.pre_dnat));
    put(
        &mut spec,
        "applyOnForward",
        boolean(&policy.apply_on_forward),
    );
    put(
        &mut spec,
        "performanceHints",
        texts(&policy.performance_hints),
    );
    put(&mut spec, "stagedAction", text(&policy.staged_action));
    spec
}

/// The directions that a policy governs, as words: given, or by default (MOD-1, MOD-2).
fn types(policy: &Policy, api: Api) -> BTreeSet<String> {
    let given: BTreeSet<String> = items(&policy.types)
        .map(|kind| match kind {
            Written::Valid(direction) => direction.word().to_owned(),
            Written::Invalid(text) => text.to_string(),
        })
        .collect();
    if !given.is_empty() {
        return given;
    }
    policy
        .governed(api)
        .into_iter()
        .map(|direction| direction.word().to_owned())
        .collect()
}

fn rules(rules: Option<&[Rule]>, selectors: Selectors) -> Value {
    let rules = rules.unwrap_or_default().iter();
    rules.map(|one| rule(one, selectors)).collect()
}

fn rule(rule: &Rule, selectors: Selectors) -> Value {
    let mut object = Map::new();
    let action = match rule.action.as_ref().map(|action| &action.value) {
        None => Value::Null,
        Some(Written::Valid(action)) => json!(action.word()),
        Some(Written::Invalid(text)) => json!(text),
    };
    put(&mut object, "action", action);
    let version = rule.ip_version.as_ref().map(|version| json!(version.value));
    put(&mut object, "ipVersion", version.unwrap_or(Value::Null));
    put(&mut object, "protocol", written(&rule.protocol));
    put(&mut object, "notProtocol", written(&rule.not_protocol));
    put(&mut object, "icmp", icmp(&rule.icmp));
    put(&mut object, "notICMP", icmp(&rule.not_icmp));
    put(
        &mut object,
        "source",
        entity(rule.source.as_ref(), selectors),
    );
    put(
        &mut object,
        "destination",
        entity(rule.destination.as_ref(), selectors),
    );
    if let Some(http) = &rule.http {
        let mut map = Map::new();
        put(&mut map, "methods", texts(&http.value.methods));
        let paths = http.value.paths.iter().flat_map(|paths| &paths.value);
        let paths = paths.map(|path| {
            let mut map = Map::new();
            put(&mut map, "exact", text(&path.exact));
            put(&mut map, "prefix", text(&path.prefix));
            Value::Object(map)
        });
        put(&mut map, "paths", paths.collect());
        put(&mut object, "http", Value::Object(map));
    }
    Value::Object(object)
}

fn icmp(field: &Field<Icmp>) -> Value {
    let Some(icmp) = field else {
        return Value::Null;
    };
    let mut object = Map::new();
    for (key, part) in [("type", &icmp.kind), ("code", &icmp.code)] {
        if let Some(part) = part {
            object.insert(key.into(), json!(part.value));
        }
    }
    Value::Object(object)
}

fn entity(entity: Option<&EntityRule>, selectors: Selectors) -> Value {
    let Some(entity) = entity else {
        return Value::Null;
    };
    let mut object = Map::new();
    put(&mut object, "nets", nets(&entity.nets));
    put(&mut object, "notNets", nets(&entity.not_nets));
    put(
        &mut object,
        "selector",
        selector(&entity.selector, selectors),
    );
    put(
        &mut object,
        "notSelector",
        selector(&entity.not_selector, selectors),
    );
    put(
        &mut object,
        "namespaceSelector",
        selector(&entity.namespace_selector, selectors),
    );
    put(&mut object, "ports", ports(&entity.ports));
    put(&mut object, "notPorts", ports(&entity.not_ports));
    if let Some(accounts) = &entity.service_accounts {
        let mut map = Map::new();
        let names: BTreeSet<&Box<str>> = items(&accounts.names).collect();
        put(&mut map, "names", json!(names));
        put(
            &mut map,
            "selector",
            selector(&accounts.selector, selectors),
        );
        put(&mut object, "serviceAccounts", Value::Object(map));
    }
    if let Some(services) = &entity.services {
        let mut map = Map::new();
        put(&mut map, "name", text(&services.name));
        put(&mut map, "namespace", text(&services.namespace));
        put(&mut object, "services", Value::Object(map));
    }
    Value::Object(object)
}

fn host_endpoint(endpoint: &HostEndpoint) -> Map<String, Value> {
    let mut spec = Map::new();
    put(&mut spec, "node", text(&endpoint.node));
    put(&mut spec, "interfaceName", text(&endpoint.interface_name));
    let addresses: BTreeSet<String> = items(&endpoint.expected_ips)
        .map(|address| match address {
            Written::Valid(address) => address.to_string(),
            Written::Invalid(text) => text.to_string(),
        })
        .collect();
    put(&mut spec, "expectedIPs", json!(addresses));
    put(&mut spec, "profiles", texts(&endpoint.profiles));
    let ports = endpoint.ports.iter().flat_map(|ports| &ports.value);
    let ports = ports.map(|port| {
        let mut map = Map::new();
        put(&mut map, "name", text(&port.name));
        put(&mut map, "protocol", written(&port.protocol));
        let number = port.port.as_ref().map(|number| json!(number.value));
        put(&mut map, "port", number.unwrap_or(Value::Null));
        Value::Object(map)
    });
    put(&mut spec, "ports", ports.collect());
    spec
}
