//! What of a rule's packets is left behind rules before it, as rules.
//!
//! A rule asks several things, all of which must hold (MOD-6). What it holds and another does not is
//! what fails the other at its first thing, or holds that and fails at its second, and so on: one
//! rule for each. Where a thing cannot be turned round (a service, a selector of namespaces), or
//! where the rules become too many, there is no such list, and the caller says so. Nothing here is
//! believed: what the rules hold is held against what is denied, packet for packet.

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::net::Protocol;

/// The most rules that one is taken apart into.
const MOST: usize = 40;

/// The protocols that rules can name. What is none of several is each of the others: a rule can say
/// of one protocol alone that it is not meant. Protocols without a name are left out then.
const PROTOCOLS: [Protocol; 6] = [
    Protocol::Tcp,
    Protocol::Udp,
    Protocol::Icmp,
    Protocol::Icmpv6,
    Protocol::Sctp,
    Protocol::UdpLite,
];

/// A rule in the form of the API, without its action.
pub(super) type Criteria = Map<String, Value>;

/// Where a criterion stands: on which side, if on one, under which key, and under which key what
/// turns it round.
type Slot = (Option<&'static str>, &'static str, &'static str);

/// What can be turned round. Protocols go before ports, which mean nothing without one.
const SLOTS: [Slot; 14] = [
    (None, "protocol", "notProtocol"),
    (None, "notProtocol", "protocol"),
    (None, "icmp", "notICMP"),
    (None, "notICMP", "icmp"),
    (Some("source"), "nets", "notNets"),
    (Some("source"), "notNets", "nets"),
    (Some("source"), "selector", "notSelector"),
    (Some("source"), "ports", "notPorts"),
    (Some("source"), "notPorts", "ports"),
    (Some("destination"), "nets", "notNets"),
    (Some("destination"), "notNets", "nets"),
    (Some("destination"), "selector", "notSelector"),
    (Some("destination"), "ports", "notPorts"),
    (Some("destination"), "notPorts", "ports"),
];

/// Rules that together hold what `rule` holds and none of `before` does. Nothing where that cannot
/// be said.
pub(super) fn remainder(rule: &Criteria, before: &[&Criteria]) -> Option<Vec<Criteria>> {
    let mut pieces = vec![rule.clone()];
    for other in before {
        let mut left = Vec::new();
        for piece in &pieces {
            left.extend(minus(piece, other)?);
        }
        pieces = left;
        if pieces.len() > MOST {
            return None;
        }
    }
    Some(pieces.iter().flat_map(sayable).collect())
}

/// The piece as rules of the API: one that is of none of several protocols is one for each other.
fn sayable(piece: &Criteria) -> Vec<Criteria> {
    let Some(Value::Array(not)) = piece.get("notProtocol") else {
        return vec![piece.clone()];
    };
    let others = PROTOCOLS.iter().map(|protocol| json!(protocol));
    let others = others.filter(|protocol| !not.contains(protocol));
    let piece = set(piece, None, "notProtocol", None);
    others
        .map(|protocol| set(&piece, None, "protocol", Some(protocol)))
        .collect()
}

/// What one condition comes to beside those that are asked already.
enum Joined {
    /// Nothing holds both.
    Never,
    /// This.
    As(Criteria),
}

fn minus(piece: &Criteria, other: &Criteria) -> Option<Vec<Criteria>> {
    if !is_plain(other) {
        return None;
    }
    let mut held = piece.clone();
    let mut left = Vec::new();
    for slot in SLOTS {
        let (side, key, turned) = slot;
        let Some(value) = get(other, side, key) else {
            continue;
        };
        if let Joined::As(piece) = join(&held, (side, turned, key), value)? {
            left.push(piece);
        }
        match join(&held, slot, value)? {
            // The two hold nothing together.
            Joined::Never => return Some(vec![piece.clone()]),
            Joined::As(both) => held = both,
        }
    }
    Some(left)
}

/// Whether all that the rule asks can be turned round.
fn is_plain(rule: &Criteria) -> bool {
    let known = |side: Option<&str>, key: &str| {
        let mut slots = SLOTS.iter();
        slots.any(|(of, own, _)| *of == side && *own == key)
    };
    rule.iter().all(|(key, value)| match value {
        Value::Object(entity) if key == "source" || key == "destination" => entity
            .keys()
            .all(|own| known(Some(key.as_str()), own.as_str())),
        _ => known(None, key),
    })
}

fn get<'a>(rule: &'a Criteria, side: Option<&str>, key: &str) -> Option<&'a Value> {
    match side {
        Some(side) => rule.get(side)?.get(key),
        None => rule.get(key),
    }
}

fn set(rule: &Criteria, side: Option<&str>, key: &str, value: Option<Value>) -> Criteria {
    let mut rule = rule.clone();
    let object = match side {
        Some(side) => {
            let entity = rule.entry(side).or_insert_with(|| json!({}));
            match entity.as_object_mut() {
                Some(entity) => entity,
                None => return rule,
            }
        }
        None => &mut rule,
    };
    match value {
        Some(value) => object.insert(key.to_owned(), value),
        None => object.remove(key),
    };
    if let Some(side) = side
        && get(&rule, None, side) == Some(&json!({}))
    {
        rule.remove(side);
    }
    rule
}

/// `rule`, and `value` under the key of `slot` besides. Nothing where a rule cannot ask both.
fn join(rule: &Criteria, (side, key, turned): Slot, value: &Value) -> Option<Joined> {
    let own = get(rule, side, key);
    let against = get(rule, side, turned);
    let is_excluded = |not: &Value| not == value || list(not).contains(value);
    if against.is_some_and(is_excluded) {
        return Some(Joined::Never);
    }
    let with = |value| Some(Joined::As(set(rule, side, key, Some(value))));
    let Some(own) = own else {
        return match (key, against) {
            // A protocol that is asked for is none of the others.
            ("notProtocol", Some(_)) => Some(Joined::As(rule.clone())),
            ("protocol", Some(_)) => {
                let rule = set(rule, side, turned, None);
                Some(Joined::As(set(&rule, side, key, Some(value.clone()))))
            }
            ("nets", Some(not)) if is_within(value, not) => Some(Joined::Never),
            ("notNets", Some(nets)) if is_within(nets, value) => Some(Joined::Never),
            _ => with(value.clone()),
        };
    };
    if own == value {
        return Some(Joined::As(rule.clone()));
    }
    match key {
        "protocol" => Some(Joined::Never),
        "nets" => match common(own, value)? {
            nets if nets.is_empty() => Some(Joined::Never),
            nets => with(json!(nets)),
        },
        "ports" => match common_ports(own, value)? {
            ports if ports.is_empty() => Some(Joined::Never),
            ports => with(json!(ports)),
        },
        "notProtocol" | "notNets" | "notPorts" => {
            let mut all = list(own);
            for one in list(value) {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            with(Value::Array(all))
        }
        "selector" => with(json!(format!(
            "({}) && ({})",
            own.as_str()?,
            value.as_str()?
        ))),
        "notSelector" => with(json!(format!(
            "({}) || ({})",
            own.as_str()?,
            value.as_str()?
        ))),
        _ => None,
    }
}

/// The entries of a list; a value that is none is the only entry.
fn list(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .map_or_else(|| vec![value.clone()], Clone::clone)
}

fn blocks(list: &Value) -> Option<Vec<IpNet>> {
    let texts = list.as_array()?.iter();
    texts.map(|text| text.as_str()?.parse().ok()).collect()
}

/// Whether every block of `inner` lies in one of `outer`.
fn is_within(inner: &Value, outer: &Value) -> bool {
    let (Some(inner), Some(outer)) = (blocks(inner), blocks(outer)) else {
        return false;
    };
    let lies = |one: &IpNet| outer.iter().any(|other| other.contains(one));
    inner.iter().all(lies)
}

/// The blocks that lie in both lists.
fn common(one: &Value, other: &Value) -> Option<Vec<String>> {
    let (one, other) = (blocks(one)?, blocks(other)?);
    let mut all = Vec::new();
    for a in &one {
        for b in &other {
            if a.contains(b) {
                all.push(b.to_string());
            } else if b.contains(a) {
                all.push(a.to_string());
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// A port or a range as its ends; nothing for a name.
fn ends(port: &Value) -> Option<(u64, u64)> {
    if let Some(number) = port.as_u64() {
        return Some((number, number));
    }
    let (low, high) = port.as_str()?.split_once(':')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// The ports that lie in both lists. Nothing where one has a name: what that is hangs on the pod.
fn common_ports(one: &Value, other: &Value) -> Option<Vec<Value>> {
    let ranges =
        |list: &Value| -> Option<Vec<(u64, u64)>> { list.as_array()?.iter().map(ends).collect() };
    let (one, other) = (ranges(one)?, ranges(other)?);
    let mut all = Vec::new();
    for (low, high) in &one {
        for (from, to) in &other {
            let (low, high) = (*low.max(from), *high.min(to));
            if low == high {
                all.push(json!(low));
            } else if low < high {
                all.push(json!(format!("{low}:{high}")));
            }
        }
    }
    Some(all)
}
