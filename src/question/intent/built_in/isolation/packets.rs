//! Which packets rules between apps mean, and which of them are meant alike.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::InputError;
use crate::net::{PortRange, Protocol};
use crate::profile::{AppPort, AppRule, DnsPods, InNamespace, PodSet, Who};

use super::super::super::Part;

/// How many names of ports of one protocol are told apart: each choice of them is.
const MOST_NAMES: usize = 6;

/// What is said of the packets between some pods and others.
pub(super) struct Said {
    /// The others.
    pub(super) others: BTreeSet<Who>,
    /// The protocol; any where not given.
    protocol: Option<Protocol>,
    /// The ports by number; every port where there are none and no names.
    ranges: Vec<PortRange>,
    /// The ports by name: which ones these are is for each receiver to say.
    names: Vec<String>,
}

/// Packets of which the same is said.
pub(super) struct Class {
    /// The packets.
    pub(super) parts: Vec<Part>,
    /// Which of them are not meant.
    pub(super) except: Vec<Part>,
    /// What they are called, for a sentence.
    pub(super) told: String,
    /// Who is at the other end.
    pub(super) others: BTreeSet<Who>,
}

impl Said {
    pub(super) fn of(rule: &AppRule, others: BTreeSet<Who>) -> Self {
        let (mut ranges, mut names) = (Vec::new(), Vec::new());
        for port in rule.ports() {
            match port {
                AppPort::Range(range) => ranges.push(*range),
                AppPort::Name(name) => names.push(name.clone()),
            }
        }
        Self {
            others,
            protocol: rule.protocol(),
            ranges,
            names,
        }
    }

    /// That names are resolved.
    pub(super) fn of_dns(dns: &DnsPods, protocol: Protocol) -> Self {
        let servers = Who::Pods(PodSet {
            namespace: InNamespace::Named(dns.namespace.to_string()),
            labels: dns.labels.clone(),
        });
        Self {
            others: [servers].into(),
            protocol: Some(protocol),
            ranges: dns.ports.clone(),
            names: Vec::new(),
        }
    }

    /// The packets that are meant.
    pub(super) fn parts(&self) -> Vec<Part> {
        let part = self.protocol.map_or_else(Part::any, Part::of);
        let mut parts = Vec::new();
        if !self.names.is_empty() {
            parts.push(part.clone().to_named(self.names.iter().cloned()));
        }
        if self.is_wide() {
            parts.push(part);
        } else if !self.ranges.is_empty() {
            parts.push(part.to_ports(self.ranges.iter().copied()));
        }
        parts
    }

    /// Whether every port of the protocol is meant.
    fn is_wide(&self) -> bool {
        self.ranges.is_empty() && self.names.is_empty()
    }

    /// What its packets are called, for a sentence.
    pub(super) fn told(&self) -> String {
        match self.protocol {
            None => "by any protocol".to_owned(),
            Some(protocol) if self.is_wide() => format!("by {protocol}"),
            Some(protocol) => format!("by {protocol} {}", list(&self.ranges, &self.names)),
        }
    }
}

/// All packets, those together of which all that is said is the same.
///
/// # Errors
/// Too many names of ports are told apart.
pub(super) fn classes(said: &[Said]) -> Result<Vec<Class>, InputError> {
    let mut classes = Vec::new();
    let mut protocols: Vec<Protocol> = said.iter().filter_map(|own| own.protocol).collect();
    protocols.sort_unstable_by_key(|protocol| protocol.number());
    protocols.dedup_by_key(|protocol| protocol.number());
    for protocol in &protocols {
        let of = |own: &&Said| own.protocol.is_none_or(|p| p.number() == protocol.number());
        let all: Vec<&Said> = said.iter().filter(of).collect();
        classes.extend(OfProtocol::new(*protocol, &all)?.classes());
    }
    let any = said.iter().filter(|own| own.protocol.is_none());
    classes.push(Class {
        told: if protocols.is_empty() {
            "by any protocol".to_owned()
        } else {
            "by other protocols".to_owned()
        },
        parts: vec![Part::any()],
        except: protocols.into_iter().map(Part::of).collect(),
        others: others(any),
    });
    Ok(classes)
}

/// Who is at the other end of the packets of one protocol.
struct OfProtocol<'a> {
    protocol: Protocol,
    /// On every port.
    wide: BTreeSet<Who>,
    /// On ports by number: those with the same others together.
    by_number: BTreeMap<BTreeSet<Who>, Vec<PortRange>>,
    /// On ports by name.
    by_name: BTreeMap<&'a str, BTreeSet<Who>>,
}

impl<'a> OfProtocol<'a> {
    fn new(protocol: Protocol, said: &[&'a Said]) -> Result<Self, InputError> {
        let those = |is: &dyn Fn(&Said) -> bool| others(said.iter().copied().filter(|own| is(own)));
        let wide = those(&|own| own.protocol.is_none() || own.is_wide());
        let with_wide = |mut own: BTreeSet<Who>| {
            own.extend(wide.iter().cloned());
            own
        };
        let mut by_number: BTreeMap<BTreeSet<Who>, Vec<PortRange>> = BTreeMap::new();
        for range in segments(said) {
            let holds = |own: &Said| own.ranges.iter().any(|held| held.contains(range.first()));
            let others = with_wide(those(&holds));
            by_number.entry(others).or_default().push(range);
        }
        let names = said.iter().flat_map(|own| &own.names);
        let by_name: BTreeMap<&str, BTreeSet<Who>> = names
            .map(|name| {
                let others = with_wide(those(&|own| own.names.contains(name)));
                (name.as_str(), others)
            })
            .collect();
        if by_name.len() > MOST_NAMES {
            let names: Vec<&str> = by_name.keys().copied().collect();
            return Err(InputError::new(format!(
                "rules name more than {MOST_NAMES} ports of the same pods: {}",
                names.join(", ")
            ))
            .hint("give some of them by number"));
        }
        Ok(Self {
            protocol,
            wide,
            by_number,
            by_name,
        })
    }

    /// The packets, those with the same others together. A port that has a name is open to those
    /// of its number and to those of its name.
    fn classes(&self) -> Vec<Class> {
        let part = || Part::of(self.protocol);
        let of_name = |names: Vec<&str>| {
            let names = names.into_iter().map(str::to_owned);
            part().to_named(names)
        };
        // Ports whose names open them to somebody else.
        let by_other_names = |others: &BTreeSet<Who>| -> Option<Part> {
            let names = self.by_name.iter();
            let names = names.filter(|(_, own)| !own.is_subset(others));
            let names: Vec<&str> = names.map(|(name, _)| *name).collect();
            (!names.is_empty()).then(|| of_name(names))
        };
        let mut classes = Vec::new();
        for (others, ranges) in &self.by_number {
            classes.push(Class {
                told: format!("by {} {}", self.protocol, list(ranges, &[])),
                parts: vec![part().to_ports(ranges.iter().copied())],
                except: by_other_names(others).into_iter().collect(),
                others: others.clone(),
            });
        }
        for others in self.named_others() {
            let own = self.by_name.iter();
            let own = own.filter(|(_, of)| of.is_subset(&others));
            let names: Vec<&str> = own.clone().map(|(name, _)| *name).collect();
            let reached: BTreeSet<Who> = own.flat_map(|(_, of)| of.iter().cloned()).collect();
            // Whether with all of these names it is open to `others` and to nobody besides.
            let is_at = |base: &BTreeSet<Who>| {
                base.is_subset(&others) && base.union(&reached).count() == others.len()
            };
            let numbers = |is: &dyn Fn(&BTreeSet<Who>) -> bool| -> Vec<PortRange> {
                let of = self.by_number.iter().filter(|(base, _)| is(base));
                of.flat_map(|(_, ranges)| ranges.clone()).collect()
            };
            let at = numbers(&|base| is_at(base) && *base != others);
            let not_at = numbers(&|base| !is_at(base));
            if names.is_empty() || (at.is_empty() && !is_at(&self.wide)) {
                continue;
            }
            let texts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut except: Vec<Part> = by_other_names(&others).into_iter().collect();
            let (told, named) = if is_at(&self.wide) {
                if !not_at.is_empty() {
                    except.push(part().to_ports(not_at));
                }
                (list(&[], &texts), of_name(names))
            } else {
                let told = format!("{} at {}", list(&[], &texts), list(&at, &[]));
                (told, of_name(names).to_ports(at))
            };
            classes.push(Class {
                told: format!("by {} {told}", self.protocol),
                parts: vec![named],
                except,
                others,
            });
        }
        let ports: Vec<PortRange> = self.by_number.values().flatten().copied().collect();
        let mut except: Vec<Part> = by_other_names(&self.wide).into_iter().collect();
        let has_others = !ports.is_empty() || !except.is_empty();
        if !ports.is_empty() {
            except.insert(0, part().to_ports(ports));
        }
        classes.push(Class {
            told: format!(
                "by {}{}",
                if has_others { "other ports of " } else { "" },
                self.protocol
            ),
            parts: vec![part()],
            except,
            others: self.wide.clone(),
        });
        classes
    }

    /// Who may be at the other end of a port that has names, by its number and its names together,
    /// where that is somebody whom its number alone does not tell of.
    fn named_others(&self) -> BTreeSet<BTreeSet<Who>> {
        let mut all: BTreeSet<BTreeSet<Who>> = self.by_number.keys().cloned().collect();
        all.insert(self.wide.clone());
        for own in self.by_name.values() {
            let with = all
                .iter()
                .map(|others| others.union(own).cloned().collect());
            let with: Vec<BTreeSet<Who>> = with.collect();
            all.extend(with);
        }
        all.remove(&self.wide);
        all
    }
}

fn others<'a>(said: impl Iterator<Item = &'a Said>) -> BTreeSet<Who> {
    let mut all = BTreeSet::new();
    for own in said {
        all.extend(own.others.iter().cloned());
    }
    all
}

/// The ports that are named by number, cut where one of the ranges begins or ends.
fn segments(said: &[&Said]) -> Vec<PortRange> {
    let ranges = || said.iter().flat_map(|own| &own.ranges);
    let mut cuts: BTreeSet<u32> = ranges().map(|range| u32::from(range.first())).collect();
    cuts.extend(ranges().map(|range| u32::from(range.last()) + 1));
    let cuts: Vec<u32> = cuts.into_iter().collect();
    let between = cuts.iter().zip(cuts.iter().skip(1));
    let segments = between.filter_map(|(first, next)| {
        let first = u16::try_from(*first).ok()?;
        let last = u16::try_from(next.checked_sub(1)?).ok()?;
        let is_meant = ranges().any(|range| range.contains(first));
        PortRange::new(first, last).ok().filter(|_| is_meant)
    });
    segments.collect()
}

fn list(ranges: &[PortRange], names: &[String]) -> String {
    let ranges = ranges.iter().map(ToString::to_string);
    let texts: Vec<String> = ranges.chain(names.iter().cloned()).collect();
    texts.join(", ")
}
