//! That apps talk to whom they may, and to nobody else.
//!
//! A packet passes only where its sender may send it and its receiver may be sent it. So what is
//! allowed needs both sides open, and is stated of both at once; what is closed is stated once for
//! receivers that are closed and once for senders.

mod cell;
mod closed;
mod name;
mod packets;

use std::collections::BTreeSet;

use crate::finding::InputError;
use crate::net::Cidr;
use crate::profile::{AppRule, InNamespace, Isolation, Network, PodSet, Subject, Way, Who};

use super::super::{Expect, Facts, Group, Intent, Part};
use super::pods::{guarded_texts, open, pods_but};
use super::{Between, said};
use name::{in_namespaces, text, told, without};
use packets::Said;

const ALLOWED: &str = "The cluster profile allows it.";

const DENIED: &str = "The cluster profile denies it.";

/// What the profile says of apps.
pub(super) fn of(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let Some(isolation) = facts.isolation else {
        return Ok(Vec::new());
    };
    let apart = Apart { facts, isolation };
    let mut intents = Vec::new();
    for rule in &isolation.allow {
        intents.extend(apart.allowed(rule)?);
    }
    for rule in isolation.denials() {
        intents.extend(apart.denied(rule)?);
    }
    intents.extend(apart.receivers()?);
    intents.extend(apart.senders()?);
    // Rules may say the same twice.
    let mut known = BTreeSet::new();
    intents.retain(|intent| known.insert(intent.name.clone()));
    Ok(intents)
}

/// Selectors of pods that not everybody reaches.
pub(super) fn kept_from_others(facts: &Facts<'_>) -> Vec<String> {
    let Some(isolation) = facts.isolation else {
        return Vec::new();
    };
    let closed = closed(isolation, Way::Ingress);
    let reached = isolation.reached();
    closed
        .into_iter()
        .chain(reached.iter().map(of_subject))
        .collect()
}

/// Selectors of pods that do not reach what every pod reaches: of those that reach nothing but what
/// they are allowed, and of those that are denied something besides.
pub(super) fn kept_from_sending(facts: &Facts<'_>) -> (Vec<String>, Vec<String>) {
    let Some(isolation) = facts.isolation else {
        return (Vec::new(), Vec::new());
    };
    let denied = isolation.denied(Way::Egress);
    (
        closed(isolation, Way::Egress).into_iter().collect(),
        denied.iter().map(of_subject).collect(),
    )
}

/// What pods that are denied something may not send outside the cluster, and to pods.
pub(super) fn denied_to_senders(facts: &Facts<'_>) -> (Vec<Part>, Vec<Part>) {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    let Some(isolation) = facts.isolation else {
        return (outside, inside);
    };
    for rule in isolation.denials() {
        let parts = Said::of(rule, BTreeSet::new()).parts();
        for who in isolation.all(&rule.to) {
            match who {
                Who::Nets { nets, except } => {
                    outside.extend(each_to(&parts, &without(&nets, &except)));
                }
                Who::Pods(_) => inside.extend_from_slice(&parts),
                Who::Anyone => {
                    outside.extend_from_slice(&parts);
                    inside.extend_from_slice(&parts);
                }
            }
        }
    }
    (outside, inside)
}

fn closed(isolation: &Isolation, way: Way) -> Option<String> {
    let closed = isolation.closed(way);
    (!closed.is_empty()).then(|| in_namespaces(&closed))
}

/// The parts, to these addresses alone.
fn each_to(parts: &[Part], nets: &[Cidr]) -> Vec<Part> {
    let parts = parts.iter().cloned();
    parts.map(|part| part.to(nets.iter().copied())).collect()
}

/// The parts, from these addresses alone.
fn each_from(parts: &[Part], nets: &[Cidr]) -> Vec<Part> {
    let parts = parts.iter().cloned();
    parts.map(|part| part.from(nets.iter().copied())).collect()
}

fn of_subject(subject: &Subject<'_>) -> String {
    text(&PodSet {
        namespace: InNamespace::Named(subject.namespace.clone()),
        labels: subject.labels.clone(),
    })
}

struct Apart<'a> {
    facts: &'a Facts<'a>,
    isolation: &'a Isolation,
}

impl Apart<'_> {
    /// Whether pods reach each other only as far as rules say, since the public network's set alone
    /// is in place.
    fn everywhere(&self) -> bool {
        !self.facts.has(Network::Private)
    }

    fn between(&self, from: Group, to: Group) -> Between {
        Between {
            from,
            to,
            about: None,
            except: said::never_from_pods(self.facts),
        }
    }

    /// That all who may talk do.
    fn allowed(&self, rule: &AppRule) -> Result<Vec<Intent>, InputError> {
        let mut intents = Vec::new();
        let said = Said::of(rule, self.isolation.all(&rule.to));
        let parts = said.parts();
        for from in self.isolation.all(&rule.from) {
            for to in &said.others {
                let name = format!(
                    "{} reach {} {}",
                    told(self.isolation, &from),
                    told(self.isolation, to),
                    said.told()
                );
                intents.extend(self.allow(&from, to, &parts, &name)?);
                intents.extend(self.spared(&from, to, &parts, &name)?);
            }
        }
        Ok(intents)
    }

    fn allow(
        &self,
        from: &Who,
        to: &Who,
        parts: &[Part],
        name: &str,
    ) -> Result<Vec<Intent>, InputError> {
        let outside = || Group::Outside { network: None };
        let all = || parts.to_vec();
        let mut pairs: Vec<(Group, Group, Vec<Part>, &str)> = Vec::new();
        let (denied, except) = self.denied_of(from, to);
        match (from, to) {
            (Who::Pods(from), Who::Pods(to)) => {
                if let (Some(from), Some(to)) = (self.sender(from, denied)?, self.receiver(to)?) {
                    pairs.push((from, to, all(), ""));
                }
            }
            (Who::Pods(from), Who::Nets { nets, except }) => {
                if let Some(from) = self.closed_sender(from, denied)? {
                    let parts = each_to(parts, &without(nets, except));
                    pairs.push((from, outside(), parts, ""));
                }
            }
            (Who::Pods(from), Who::Anyone) => {
                if let Some(from) = self.closed_sender(from, denied)? {
                    let inside = open(self.facts)?;
                    pairs.push((from.clone(), outside(), all(), ", outside"));
                    pairs.push((from, inside, all(), ", inside"));
                }
            }
            (Who::Anyone, Who::Pods(to)) => {
                if let Some(to) = self.receiver(to)? {
                    let (closed, few) = kept_from_sending(self.facts);
                    let others = pods_but(closed.into_iter().chain(few).chain(denied))?;
                    pairs.push((outside(), to.clone(), all(), ", from outside"));
                    if !self.everywhere() {
                        pairs.push((others, to, all(), ", from inside"));
                    }
                }
            }
            (Who::Nets { nets, except }, Who::Pods(to)) => {
                if let Some(to) = self.receiver(to)? {
                    let parts = each_from(parts, &without(nets, except));
                    pairs.push((outside(), to, parts, ""));
                }
            }
            (Who::Anyone | Who::Nets { .. }, _) => {}
        }
        let mut intents = Vec::new();
        for (from, to, parts, ending) in pairs {
            let mut between = self.between(from, to);
            between.except.extend_from_slice(&except);
            let name = format!("{name}{ending}");
            intents.push(between.intent(Expect::Allow, name, ALLOWED, parts));
        }
        Ok(intents)
    }

    /// That pods which are denied something of what a rule allows may do the rest of it.
    fn spared(
        &self,
        from: &Who,
        to: &Who,
        parts: &[Part],
        name: &str,
    ) -> Result<Option<Intent>, InputError> {
        let (Who::Pods(senders), Who::Pods(receivers)) = (from, to) else {
            return Ok(None);
        };
        let mut except = self.denied_of(from, to).1;
        let mut pods = Vec::new();
        for rule in self.isolation.denials() {
            let others = self.isolation.all(&rule.to);
            if others.iter().any(|other| other.may_be(to)) {
                for other in self.isolation.all(&rule.from) {
                    if let Who::Pods(set) = &other
                        && other.may_be(from)
                    {
                        pods.push(format!("({})", text(set)));
                        except.extend(Said::of(rule, BTreeSet::new()).parts());
                    }
                }
            }
        }
        let is_denied = parts.iter().all(|part| except.contains(part));
        if pods.is_empty() || except.contains(&Part::any()) || is_denied {
            return Ok(None);
        }
        let Some(Group::Pods {
            selector: Some(all),
            ..
        }) = self.sender(senders, Vec::new())?
        else {
            return Ok(None);
        };
        let Some(to) = self.receiver(receivers)? else {
            return Ok(None);
        };
        let from = parse_group(&format!("({all}) && ({})", pods.join(" || ")))?;
        let mut between = self.between(from, to);
        between.except.extend(except);
        let name = format!("{name}, as far as they are not denied it");
        Ok(Some(between.intent(
            Expect::Allow,
            name,
            ALLOWED,
            parts.to_vec(),
        )))
    }

    /// What denials may take of the packets from `from` to `to`: selectors of pods that are denied
    /// something, and packets that are denied to others.
    fn denied_of(&self, from: &Who, to: &Who) -> (Vec<String>, Vec<Part>) {
        let (mut pods, mut packets) = (Vec::new(), Vec::new());
        for rule in self.isolation.denials() {
            if !self
                .isolation
                .all(&rule.to)
                .iter()
                .any(|other| other.may_be(to))
            {
                continue;
            }
            for other in self.isolation.all(&rule.from) {
                match &other {
                    other if !other.may_be(from) => {}
                    Who::Pods(other) => pods.push(text(other)),
                    Who::Anyone | Who::Nets { .. } => {
                        packets.extend(Said::of(rule, BTreeSet::new()).parts());
                    }
                }
            }
        }
        (pods, packets)
    }

    /// Those of the senders that are known to be let send.
    fn sender(&self, pods: &PodSet, denied: Vec<String>) -> Result<Option<Group>, InputError> {
        let within = self.isolation.senders_of(pods, self.everywhere());
        if self.everywhere() {
            return in_these(pods, &within, denied);
        }
        // A namespace that has the labels although the profile gives it others is closed.
        let closed = self.isolation.closed(Way::Egress);
        let others: BTreeSet<&str> = closed
            .into_iter()
            .filter(|name| !within.contains(*name))
            .collect();
        but_these(pods, &others, denied)
    }

    /// Those of the senders that send nothing but what they are allowed.
    fn closed_sender(
        &self,
        pods: &PodSet,
        denied: Vec<String>,
    ) -> Result<Option<Group>, InputError> {
        let within = self.isolation.senders_of(pods, false);
        in_these(pods, &within, denied)
    }

    /// Those of the receivers that are known to be let receive.
    fn receiver(&self, pods: &PodSet) -> Result<Option<Group>, InputError> {
        let within = self.isolation.within(pods);
        let known: BTreeSet<String> = within.iter().map(|name| (*name).to_owned()).collect();
        if self.everywhere() && !within.is_empty() {
            return in_these(pods, &known, Vec::new());
        }
        let described = self.isolation.described().into_iter();
        let others = described.filter(|name| !within.contains(name)).collect();
        but_these(pods, &others, guarded_texts(self.facts))
    }

    /// That nobody does what is denied.
    fn denied(&self, rule: &AppRule) -> Result<Vec<Intent>, InputError> {
        let mut intents = Vec::new();
        let said = Said::of(rule, self.isolation.all(&rule.to));
        let parts = said.parts();
        let received = self.isolation.is_received(rule);
        for from in self.isolation.all(&rule.from) {
            for to in &said.others {
                let name = format!(
                    "{} do not reach {} {}",
                    told(self.isolation, &from),
                    told(self.isolation, to),
                    said.told()
                );
                let from = match &from {
                    Who::Pods(pods) if received => parse_group(&text(pods))?.into(),
                    Who::Pods(pods) => self.described(pods)?,
                    Who::Anyone => Some(pods_but(std::iter::empty())?),
                    Who::Nets { .. } => Some(Group::Outside { network: None }),
                };
                let (to, parts) = match to {
                    Who::Pods(pods) if received => (self.described(pods)?, parts.clone()),
                    Who::Pods(pods) => (parse_group(&text(pods))?.into(), parts.clone()),
                    Who::Nets { nets, except } => (
                        Some(Group::Outside { network: None }),
                        each_to(&parts, &without(nets, except)),
                    ),
                    Who::Anyone => (Some(pods_but(std::iter::empty())?), parts.clone()),
                };
                if let (Some(from), Some(to)) = (from, to) {
                    let between = self.between(from, to);
                    intents.push(between.intent(Expect::Deny, name, DENIED, parts));
                }
            }
        }
        Ok(intents)
    }

    /// Those of the pods that are of described namespaces.
    fn described(&self, pods: &PodSet) -> Result<Option<Group>, InputError> {
        let within = self.isolation.within(pods);
        let within = within.into_iter().map(str::to_owned).collect();
        in_these(pods, &within, Vec::new())
    }
}

fn parse_group(text: &str) -> Result<Group, InputError> {
    Ok(Group::Pods {
        namespace: None,
        selector: Some(said::selector(text)?),
    })
}

/// Those of the pods that are in these namespaces and not among the others; nothing where there are no
/// namespaces.
fn in_these(
    pods: &PodSet,
    namespaces: &BTreeSet<String>,
    others: Vec<String>,
) -> Result<Option<Group>, InputError> {
    if namespaces.is_empty() {
        return Ok(None);
    }
    let names = namespaces.iter().map(String::as_str).collect();
    let within = match &pods.namespace {
        InNamespace::Named(_) => text(pods),
        _ => format!("{} && {}", text(pods), in_namespaces(&names)),
    };
    group_but(within, others).map(Some)
}

/// Those of the pods that are not in these namespaces and not among the others.
fn but_these(
    pods: &PodSet,
    namespaces: &BTreeSet<&str>,
    others: Vec<String>,
) -> Result<Option<Group>, InputError> {
    let within = match &pods.namespace {
        InNamespace::Named(name) if namespaces.contains(name.as_str()) => return Ok(None),
        InNamespace::Named(_) => text(pods),
        _ if namespaces.is_empty() => text(pods),
        _ => format!("{} && !({})", text(pods), in_namespaces(namespaces)),
    };
    group_but(within, others).map(Some)
}

fn group_but(within: String, others: Vec<String>) -> Result<Group, InputError> {
    let others = others.into_iter().map(|other| format!("!({other})"));
    let terms: Vec<String> = [within].into_iter().chain(others).collect();
    parse_group(&terms.join(" && "))
}
