//! What people meant who wrote a field that is not there, or a list that is none.

use crate::finding::nearest;
use crate::yaml::{Kind, Node};

use super::policy::{ENTITY, GLOBAL, RULE};

/// Words of Kubernetes policies, and what Calico calls the same.
const CALICO_FOR: [(&str, &str); 7] = [
    ("podSelector", "selector"),
    ("policyTypes", "types"),
    ("from", "source"),
    ("to", "destination"),
    ("ipBlock", "nets"),
    ("cidr", "nets"),
    ("except", "notNets"),
];

/// What is meant by the field `wrong`, which stands where only `known` may.
pub(super) fn for_field(wrong: &str, known: &[&str]) -> Option<String> {
    let translated = CALICO_FOR
        .into_iter()
        .find(|(word, calico)| *word == wrong && known.contains(calico));
    if let Some((_, calico)) = translated {
        return Some(format!("Calico calls it `{calico}`"));
    }
    let here = |list: &[&str]| list.iter().all(|field| known.contains(field));
    if GLOBAL.contains(&wrong) && known.contains(&"performanceHints") {
        return Some(format!("only a GlobalNetworkPolicy has `{wrong}`"));
    }
    if ENTITY.contains(&wrong) && here(RULE) {
        return Some(format!(
            "`{wrong}` belongs under `source` or `destination` of the rule"
        ));
    }
    if RULE.contains(&wrong) && here(ENTITY) {
        return Some(format!(
            "`{wrong}` belongs to the rule, beside `source` and `destination`"
        ));
    }
    if wrong == "domains" && here(ENTITY) {
        return Some("open source Calico matches no domain names".to_owned());
    }
    let near = nearest(wrong, known.iter().copied());
    near.first().map(|right| format!("did you mean `{right}`?"))
}

/// What is meant by `node`, which stands where the list `name` should.
pub(super) fn for_list(name: &str, node: &Node) -> Option<String> {
    let item = match &node.kind {
        Kind::Scalar(_) => node,
        // `ports: {port: 3111}`: the shape that Kubernetes gives an item of the list.
        Kind::Mapping(entries) => {
            let singular = name.strip_suffix('s').unwrap_or(name);
            let named = entries.iter().find(|entry| *entry.key == *singular);
            &named
                .or(entries.first().filter(|_| entries.len() == 1))?
                .value
        }
        Kind::Sequence(_) => return None,
    };
    alone(item).map(|text| format!("write `{name}: [{text}]`"))
}

/// What is meant by `node`, which stands where a single value of the list `name` should.
pub(super) fn for_item(name: &str, node: &Node) -> Option<String> {
    let singular = name.strip_suffix('s').unwrap_or(name);
    let entries = node.entries();
    let named = entries.iter().find(|entry| *entry.key == *singular);
    let item = &named
        .or(entries.first().filter(|_| entries.len() == 1))?
        .value;
    alone(item).map(|text| format!("write the value alone: `{text}`"))
}

fn alone(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar(scalar) if !scalar.text.is_empty() => Some(&scalar.text),
        _ => None,
    }
}
