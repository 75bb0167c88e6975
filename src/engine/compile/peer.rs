//! What selectors of rules resolve to (RES-17, RES-18).

use std::collections::BTreeMap;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::address::AddressSet;
use crate::engine::answer::{Answer, Doubt};
use crate::engine::imagined::NamedPort;
use crate::engine::rule::{NamedPorts, PeerSet};
use crate::engine::tables::{HostEndpointId, HostId, PodId};
use crate::resource::selector::{Selector, Symbol};
use crate::resource::{Body, Kind};

use super::Profiles;
use super::cluster::{Cluster, labels_of, namespace_of};
use super::endpoint::Topology;
use super::labels::{self, Effective};
use super::objects::Objects;
use super::rule::Rules;
use super::selectors::{Labels, Selectors};

/// What a member is, besides its labels and addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Pod(PodId),
    HostEndpoint(HostEndpointId, HostId),
    Set,
}

/// An endpoint or set that selectors may match.
pub(super) struct Member {
    pub(super) what: What,
    pub(super) labels: Labels,
    nets: Vec<IpNet>,
    ports: Vec<NamedPort>,
    /// The step that it is one form of; nothing where it is settled.
    step: Option<u32>,
}

/// Every endpoint and set.
pub(super) struct Members {
    pub(super) all: Vec<Member>,
}

/// Members that no selector can tell apart.
pub(super) struct Group {
    pub(super) labels: Labels,
    pub(super) members: Vec<usize>,
}

impl Members {
    pub(super) fn of(
        resources: &Objects<'_>,
        cluster: &Cluster,
        topology: &Topology,
        profiles: &Profiles,
        selectors: &mut Selectors,
    ) -> Self {
        let mut all = Vec::new();
        for (index, draft) in topology.pod_drafts.iter().enumerate() {
            all.push(Member {
                what: What::Pod(PodId::new(index)),
                labels: interned(&draft.effective, selectors),
                nets: draft.addresses.iter().copied().map(IpNet::from).collect(),
                ports: draft.ports.clone(),
                step: None,
            });
        }
        for (index, draft) in topology.endpoint_drafts.iter().enumerate() {
            let mut effective = Effective {
                labels: draft.labels.clone(),
                ..Effective::default()
            };
            // RES-1: profiles in their order, what is there already stays.
            for name in &draft.profiles {
                let inherited = profiles.labels.get(name).into_iter().flatten();
                effective.labels.extend(inherited.cloned());
            }
            all.push(Member {
                what: What::HostEndpoint(HostEndpointId::new(index), draft.host),
                labels: interned(&effective, selectors),
                nets: draft.addresses.iter().copied().map(IpNet::from).collect(),
                ports: draft.ports.clone(),
                step: draft.step,
            });
        }
        for object in &resources.all {
            let resource = object.resource;
            let Body::NetworkSet(set) = &resource.body else {
                continue;
            };
            let namespace = (resource.key.kind == Kind::NetworkSet).then(|| namespace_of(resource));
            let effective = labels::of_set(labels_of(&resource.metadata), namespace, cluster);
            let nets = set.nets.iter().flat_map(|list| list.iter());
            all.push(Member {
                what: What::Set,
                labels: interned(&effective, selectors),
                nets: nets.filter_map(|net| net.value.block()).collect(),
                ports: Vec::new(),
                step: object.step,
            });
        }
        Self { all }
    }

    /// The members in groups that no selector tells apart.
    pub(super) fn groups(&self, selectors: &Selectors) -> Vec<Group> {
        let mentioned: FxHashSet<Symbol> = selectors.mentioned().into_iter().collect();
        let mut known: FxHashMap<Labels, usize> = FxHashMap::default();
        let mut groups: Vec<Group> = Vec::new();
        for (index, member) in self.all.iter().enumerate() {
            let asked = member.labels.pairs.iter().copied();
            let labels = Labels {
                pairs: asked.filter(|(key, _)| mentioned.contains(key)).collect(),
                ..member.labels
            };
            let next = groups.len();
            let number = *known.entry(labels.clone()).or_insert(next);
            if number == next {
                groups.push(Group {
                    labels,
                    members: Vec::new(),
                });
            }
            if let Some(group) = groups.get_mut(number) {
                group.members.push(index);
            }
        }
        groups
    }
}

fn interned(effective: &Effective, selectors: &mut Selectors) -> Labels {
    let labels = effective.labels.iter();
    Labels {
        pairs: selectors
            .interner
            .labels(labels.map(|(key, value)| (key.as_str(), value.as_str()))),
        unknown_namespace: effective.unknown_namespace,
        unknown_account: effective.unknown_account,
    }
}

pub(super) struct Resolved {
    pub(super) sets: Vec<PeerSet>,
    pub(super) named: Vec<NamedPorts>,
}

pub(super) fn resolve(members: &Members, groups: &[Group], rules: &Rules) -> Resolved {
    let mut matched: Vec<Vec<(usize, Answer)>> = Vec::with_capacity(rules.peers.len());
    for number in &rules.peers {
        let answers = groups.iter().enumerate().filter_map(|(index, group)| {
            let answer = rules.selectors.ask(*number, &group.labels);
            (answer != Answer::No).then_some((index, answer))
        });
        matched.push(answers.collect());
    }
    let sets = rules
        .peers
        .iter()
        .zip(&matched)
        .map(|(number, matched)| {
            let selector = rules.selectors.get(*number).cloned();
            set_of(
                selector.unwrap_or_else(Selector::all),
                members,
                groups,
                matched,
            )
        })
        .collect();
    let everyone: Vec<(usize, Answer)> = (0..groups.len()).map(|i| (i, Answer::Yes)).collect();
    let named = rules.named.iter().map(|draft| {
        let matched = match draft.peers {
            None => Some(&everyone),
            Some(id) => matched.get(id.index()),
        };
        let mut ports = NamedPorts {
            name: draft.name.clone(),
            protocol: draft.protocol,
            peers: draft.peers,
            sure: FxHashSet::default(),
            perhaps: FxHashSet::default(),
            hosts: Box::default(),
            doubt: Doubt::NamespaceLabels,
        };
        let mut hosts = Vec::new();
        for (member, answer) in each(members, groups, matched.map_or(&[][..], |m| m)) {
            if member.step.is_some() {
                ports.doubt = Doubt::UnderWay;
            }
            let own = member.ports.iter().filter(|port| {
                *port.name == *draft.name && draft.protocol.is_none_or(|p| p == port.protocol)
            });
            for port in own {
                let into = match answer {
                    Answer::Yes if member.step.is_none() => &mut ports.sure,
                    _ => &mut ports.perhaps,
                };
                into.extend(
                    member
                        .nets
                        .iter()
                        .map(|net| (net.addr(), port.protocol, port.port)),
                );
                if let What::HostEndpoint(_, host) = member.what {
                    hosts.push((host, port.protocol, port.port));
                }
            }
        }
        ports.hosts = hosts.into();
        ports
    });
    Resolved {
        named: named.collect(),
        sets,
    }
}

fn each<'a>(
    members: &'a Members,
    groups: &'a [Group],
    matched: &'a [(usize, Answer)],
) -> impl Iterator<Item = (&'a Member, Answer)> {
    matched.iter().flat_map(|(index, answer)| {
        let group = groups.get(*index);
        let of_group = group.into_iter().flat_map(|group| &group.members);
        of_group.filter_map(|member| Some((members.all.get(*member)?, *answer)))
    })
}

fn set_of(
    selector: Selector,
    members: &Members,
    groups: &[Group],
    matched: &[(usize, Answer)],
) -> PeerSet {
    let mut sure = Vec::new();
    let mut perhaps = Vec::new();
    let mut sets = Vec::new();
    let mut hosts = Vec::new();
    let mut why = Doubt::NamespaceLabels;
    let mut forms: BTreeMap<u32, Vec<AddressSet>> = BTreeMap::new();
    for (member, answer) in each(members, groups, matched) {
        match (answer, member.step) {
            (Answer::Yes, None) => sure.extend(&member.nets),
            (Answer::Yes, Some(step)) => {
                why = Doubt::UnderWay;
                perhaps.extend(&member.nets);
                let nets = AddressSet::of(member.nets.iter().copied());
                forms.entry(step).or_default().push(nets);
            }
            (Answer::Maybe(doubt), _) => {
                why = doubt;
                perhaps.extend(&member.nets);
            }
            (Answer::No, _) => {}
        }
        match member.what {
            What::Set if answer == Answer::Yes && member.step.is_none() => {
                sets.extend(&member.nets);
            }
            What::HostEndpoint(_, host) => hosts.push(host),
            What::Set | What::Pod(_) => {}
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    let mut sure = AddressSet::of(sure);
    // What both forms of an object hold is there whichever it is.
    for forms in forms.values() {
        if let [old, new] = forms.as_slice() {
            sure = sure.union(&old.intersection(new));
        }
    }
    PeerSet {
        selector,
        sure,
        perhaps: AddressSet::of(perhaps),
        sets: AddressSet::of(sets),
        hosts: hosts.into(),
        doubt: why,
    }
}
