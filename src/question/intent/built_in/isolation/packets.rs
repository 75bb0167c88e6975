//! Which packets rules between apps mean, and which of them are meant alike.

use std::collections::{BTreeMap, BTreeSet};

use crate::net::{PortRange, Protocol};
use crate::profile::{AppPort, AppRule, DnsPods, InNamespace, PodSet, Who};

use super::super::super::Part;

/// What is said of the packets between some pods and others.
pub(super) struct Said {
    /// The others.
    pub(super) others: BTreeSet<Who>,
    /// The protocol; any where not given.
    protocol: Option<Protocol>,
    /// The ports by number; every port where there are none and no names.
    ranges: Vec<PortRange>,
    /// Whether ports are meant by name: which ones is not known of pods that need not exist.
    by_name: bool,
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
        let ranges = rule.ports().filter_map(|port| match port {
            AppPort::Range(range) => Some(*range),
            AppPort::Name(_) => None,
        });
        Self {
            others,
            protocol: rule.protocol(),
            ranges: ranges.collect(),
            by_name: rule.ports().any(|port| matches!(port, AppPort::Name(_))),
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
            by_name: false,
        }
    }

    /// The packets that are surely meant; nothing where ports are named alone.
    pub(super) fn part(&self) -> Option<Part> {
        let part = self.protocol.map_or_else(Part::any, Part::of);
        match (self.ranges.is_empty(), self.by_name) {
            (false, _) => Some(part.to_ports(self.ranges.iter().copied())),
            (true, false) => Some(part),
            (true, true) => None,
        }
    }

    /// The packets that are meant at most.
    pub(super) fn most(&self) -> Part {
        let part = self.protocol.map_or_else(Part::any, Part::of);
        if self.is_wide() {
            part
        } else {
            part.to_ports(self.ranges.iter().copied())
        }
    }

    /// Whether any port of the protocol may be meant.
    fn is_wide(&self) -> bool {
        self.ranges.is_empty() || self.by_name
    }

    /// What its packets are called, for a sentence.
    pub(super) fn told(&self) -> String {
        match (self.protocol, self.ranges.is_empty()) {
            (None, _) => "by any protocol".to_owned(),
            (Some(protocol), true) => format!("by {protocol}"),
            (Some(protocol), false) => format!("by {protocol} {}", list(&self.ranges)),
        }
    }
}

/// All packets, those together of which all that is said is the same.
pub(super) fn classes(said: &[Said]) -> Vec<Class> {
    let mut classes = Vec::new();
    let mut protocols: Vec<Protocol> = said.iter().filter_map(|own| own.protocol).collect();
    protocols.sort_unstable_by_key(|protocol| protocol.number());
    protocols.dedup_by_key(|protocol| protocol.number());
    for protocol in &protocols {
        let of = |own: &&Said| own.protocol.is_none_or(|p| p.number() == protocol.number());
        let all: Vec<&Said> = said.iter().filter(of).collect();
        let wide = others(
            all.iter()
                .copied()
                .filter(|own| own.protocol.is_none() || own.is_wide()),
        );
        let mut by_others: BTreeMap<BTreeSet<Who>, Vec<PortRange>> = BTreeMap::new();
        for range in segments(&all) {
            let holds = |own: &&Said| own.ranges.iter().any(|held| held.contains(range.first()));
            let mut others = others(all.iter().copied().filter(holds));
            others.extend(wide.iter().cloned());
            by_others.entry(others).or_default().push(range);
        }
        let mut ports: Vec<PortRange> = Vec::new();
        for (others, ranges) in by_others {
            ports.extend(&ranges);
            classes.push(Class {
                told: format!("by {protocol} {}", list(&ranges)),
                parts: vec![Part::of(*protocol).to_ports(ranges)],
                except: Vec::new(),
                others,
            });
        }
        let has_ports = !ports.is_empty();
        let part = Part::of(*protocol).to_ports(ports);
        classes.push(Class {
            told: format!(
                "by {}{protocol}",
                if has_ports { "other ports of " } else { "" }
            ),
            parts: vec![Part::of(*protocol)],
            except: if has_ports { vec![part] } else { Vec::new() },
            others: wide,
        });
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
    classes
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

fn list(ranges: &[PortRange]) -> String {
    let texts: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
