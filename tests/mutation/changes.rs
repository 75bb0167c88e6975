//! What is done to a set.

use ipnet::IpNet;
use palisade::net::PortRange;
use palisade::resource::{
    Action, Body, EntityRule, Key, List, Net, Policy, Port, Resource, ResourceSet, Rule, Written,
};

/// Something that is done to one or two policies, told in a line.
pub struct Change {
    pub told: String,
    /// The same of any entry of the same list.
    pub list: String,
    /// The policies that it is done to, and what becomes of them; nothing where they are gone.
    pub becomes: Vec<(Key, Option<Policy>)>,
}

impl Change {
    fn new(told: String, becomes: Vec<(Key, Option<Policy>)>) -> Self {
        let list = told.clone();
        Self {
            told,
            list,
            becomes,
        }
    }

    /// The lines by which it may be listed.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        [self.told.as_str(), self.list.as_str()].into_iter()
    }

    pub fn of(&self, set: &ResourceSet) -> ResourceSet {
        let mut changed = ResourceSet::default();
        for resource in set.iter() {
            let becomes = self.becomes.iter().find(|(key, _)| *key == resource.key);
            let body = match becomes {
                None => resource.body.clone(),
                Some((_, Some(policy))) => Body::Policy(Box::new(policy.clone())),
                Some((_, None)) => continue,
            };
            changed.add(Resource {
                body,
                ..resource.clone()
            });
        }
        changed
    }
}

fn policies(set: &ResourceSet) -> impl Iterator<Item = (&Key, &Policy)> {
    set.iter().filter_map(|resource| match &resource.body {
        Body::Policy(policy) => Some((&resource.key, &**policy)),
        _ => None,
    })
}

const DIRECTIONS: [&str; 2] = ["ingress", "egress"];

fn rules<'p>(policy: &'p mut Policy, direction: &str) -> Option<&'p mut Vec<Rule>> {
    let rules = match direction {
        "ingress" => &mut policy.ingress,
        _ => &mut policy.egress,
    };
    rules.as_mut().map(|rules| &mut rules.value)
}

/// Policies of Kubernetes, which only the platform has: each is one change.
pub fn of_kubernetes_policies(set: &ResourceSet) -> Vec<Change> {
    let kubernetes = set.iter().filter_map(|resource| match &resource.body {
        Body::KubernetesPolicy(_) => Some(&resource.key),
        _ => None,
    });
    let gone = kubernetes
        .map(|key| Change::new(format!("{} removed", key.path()), vec![(key.clone(), None)]));
    gone.collect()
}

/// One policy or rule less, a rule that holds every packet, and a denial turned round.
pub fn of_rules(set: &ResourceSet) -> Vec<Change> {
    let mut all = Vec::new();
    for (key, policy) in policies(set) {
        let path = key.path();
        all.push(Change::new(
            format!("{path} removed"),
            vec![(key.clone(), None)],
        ));
        for direction in DIRECTIONS {
            let count = rules(&mut policy.clone(), direction).map_or(0, |rules| rules.len());
            for index in 0..count {
                let mut add = |what: &str, change: &dyn Fn(&mut Vec<Rule>)| {
                    let mut changed = policy.clone();
                    change(rules(&mut changed, direction).unwrap());
                    all.push(Change::new(
                        format!("{path} {direction} {} {what}", index + 1),
                        vec![(key.clone(), Some(changed))],
                    ));
                };
                add("removed", &|rules| {
                    rules.remove(index);
                });
                let denies = rules(&mut policy.clone(), direction).is_some_and(|rules| {
                    let action = rules[index].action.as_ref().unwrap();
                    action.value == Written::Valid(Action::Deny)
                });
                add("holds everything", &|rules| {
                    rules[index] = Rule {
                        action: rules[index].action.clone(),
                        ..Rule::default()
                    };
                });
                if denies {
                    add("allows", &|rules| {
                        rules[index].action.as_mut().unwrap().value = Written::Valid(Action::Allow);
                    });
                }
            }
        }
    }
    all
}

/// Every rule gone that allows, and every policy gone.
pub fn all_at_once(set: &ResourceSet) -> [Change; 2] {
    let without_allow = policies(set).map(|(key, policy)| {
        let mut policy = policy.clone();
        for direction in DIRECTIONS {
            if let Some(rules) = rules(&mut policy, direction) {
                rules.retain(|rule| {
                    let action = rule.action.as_ref().unwrap();
                    action.value != Written::Valid(Action::Allow)
                });
            }
        }
        (key.clone(), Some(policy))
    });
    let gone = policies(set).map(|(key, _)| (key.clone(), None));
    [
        Change::new("nothing allows".to_owned(), without_allow.collect()),
        Change::new("no policy".to_owned(), gone.collect()),
    ]
}

/// The orders of two policies swapped, for every two of which one is of `own` and between whose
/// orders no other policy's is. Policies of one order are asked by their names (EVAL-3), so there is
/// nothing to swap.
pub fn of_orders(set: &ResourceSet, own: &ResourceSet) -> Vec<Change> {
    let order = |policy: &Policy| policy.order.as_ref().map_or(f64::INFINITY, |o| o.value);
    let tier = |policy: &Policy| policy.tier.as_ref().map(|tier| tier.value.clone());
    let all: Vec<(&Key, &Policy)> = policies(set).collect();
    let mut changes = Vec::new();
    for (first_key, first) in &all {
        for (second_key, second) in &all {
            let between = |policy: &Policy| {
                tier(policy) == tier(first)
                    && order(policy) > order(first)
                    && order(policy) < order(second)
            };
            let is_asked = tier(first) == tier(second)
                && order(first) < order(second)
                && !all.iter().any(|(_, policy)| between(policy))
                && [first_key, second_key]
                    .into_iter()
                    .any(|key| own.get(key).is_some());
            if is_asked {
                let with = |policy: &Policy, other: &Policy| {
                    let mut policy = policy.clone();
                    policy.order.clone_from(&other.order);
                    Some(policy)
                };
                changes.push(Change::new(
                    format!("{} behind {}", first_key.path(), second_key.path()),
                    vec![
                        ((*first_key).clone(), with(first, second)),
                        ((*second_key).clone(), with(second, first)),
                    ],
                ));
            }
        }
    }
    changes
}

/// One entry less of every list of blocks and ports, and the first block twice as wide.
pub fn of_entries(set: &ResourceSet) -> Vec<Change> {
    let mut all = Vec::new();
    for (key, policy) in policies(set) {
        for direction in DIRECTIONS {
            let own = rules(&mut policy.clone(), direction)
                .cloned()
                .unwrap_or_default();
            for (index, rule) in own.iter().enumerate() {
                let rule_told = format!("{} {direction} {}", key.path(), index + 1);
                for ([list, entry, done], changed) in of_rule(rule) {
                    let mut policy = policy.clone();
                    rules(&mut policy, direction).unwrap()[index] = changed;
                    all.push(Change {
                        told: format!("{rule_told} {list} {entry} {done}"),
                        list: format!("{rule_told} {list} * {done}"),
                        becomes: vec![(key.clone(), Some(policy))],
                    });
                }
            }
        }
    }
    all
}

/// The list, the entry, and what is done to it.
type Told = [String; 3];

fn of_rule(rule: &Rule) -> Vec<(Told, Rule)> {
    let mut all = Vec::new();
    for (word, side) in [("source", &rule.source), ("destination", &rule.destination)] {
        for ([list, entry, done], side) in side.iter().flat_map(of_side) {
            let mut rule = rule.clone();
            match word {
                "source" => rule.source = Some(side),
                _ => rule.destination = Some(side),
            }
            all.push(([format!("{word} {list}"), entry, done], rule));
        }
    }
    all
}

fn of_side(side: &EntityRule) -> Vec<(Told, EntityRule)> {
    let mut all = Vec::new();
    for (word, has) in [("net", &side.nets), ("not net", &side.not_nets)] {
        for (entry, done, list) in without_one(has, net_told).into_iter().chain(wider(has)) {
            let mut side = side.clone();
            match word {
                "net" => side.nets = list,
                _ => side.not_nets = list,
            }
            all.push(([word.to_owned(), entry, done.to_owned()], side));
        }
    }
    for (word, has) in [("port", &side.ports), ("not port", &side.not_ports)] {
        for (entry, done, list) in without_one(has, port_told) {
            let mut side = side.clone();
            match word {
                "port" => side.ports = list,
                _ => side.not_ports = list,
            }
            all.push(([word.to_owned(), entry, done.to_owned()], side));
        }
    }
    all
}

/// An entry, what is done to it, and what becomes of its list.
type Altered<T> = (String, &'static str, List<T>);

/// A list without its only entry means everything, as a missing one does (RES-23).
fn without_one<T: Clone>(list: &List<T>, told: fn(&T) -> String) -> Vec<Altered<T>> {
    let Some(entries) = list else {
        return Vec::new();
    };
    let fewer = (0..entries.value.len()).map(|at| {
        let mut fewer = entries.clone();
        let gone = fewer.value.remove(at);
        (told(&gone.value), "removed", Some(fewer))
    });
    fewer.collect()
}

/// The first block twice as wide; one of a list stands for all.
fn wider(list: &List<Net>) -> Option<Altered<Net>> {
    let mut changed = list.clone()?;
    let first = changed.value.first_mut()?;
    let told = net_told(&first.value);
    let wide: IpNet = first.value.block()?.supernet()?;
    first.value = Net::Block(wide);
    Some((told, "widened", Some(changed)))
}

fn net_told(net: &Net) -> String {
    net.block().unwrap().to_string()
}

fn port_told(port: &Port) -> String {
    match port {
        Port::Range(range) => PortRange::to_string(range),
        Port::Named(name) => name.to_string(),
        Port::Invalid(text) => panic!("{text}"),
    }
}
