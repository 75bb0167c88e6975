//! Which endpoints of two programs are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::reach::{End, EndId, Reach};
use crate::engine::space::Addresses;
use crate::engine::{HostId, ImaginedPod, PodId, Program};

use super::INHERITED;
use super::change::Side;

/// Endpoints that are alike in both programs.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Their class in the first program.
    pub(super) before: EndId,
    /// Their class in the second.
    pub(super) after: EndId,
    /// The addresses that they have in both.
    pub(super) addresses: Addresses,
    /// What they are, for people.
    pub(super) label: String,
}

/// The endpoints of two programs.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairing {
    pub(super) groups: Vec<Group>,
    pub(super) gone: Vec<String>,
    pub(super) new: Vec<String>,
}

/// What an endpoint is known by in any program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Worker(String),
    Services(String),
    Pod(String),
    /// Labels, and the node that it is on.
    Imagined(Vec<(String, String)>, Option<String>),
    Outside,
}

impl Name {
    /// Whether its coming and going is told: what a worker passes on comes and goes with it.
    fn is_told(&self) -> bool {
        !matches!(self, Self::Services(_))
    }
}

/// The addresses of an endpoint that is in both, and what it is.
type Member = (Addresses, String);

struct Known {
    end: EndId,
    addresses: Addresses,
    label: String,
}

impl Pairing {
    /// `differing` are namespaces whose labels are not the same in both: what pods inherit of them
    /// does not say which pods they are.
    pub(super) fn of(before: &Reach<'_>, after: &Reach<'_>, differing: &BTreeSet<String>) -> Self {
        let old = known(before, differing);
        let mut new = known(after, differing);
        let mut groups: BTreeMap<(EndId, EndId), Vec<Member>> = BTreeMap::new();
        let mut gone = BTreeSet::new();
        for (name, known) in old {
            let Some(other) = new.remove(&name) else {
                if name.is_told() {
                    gone.insert(known.label);
                }
                continue;
            };
            let addresses = both(&known.addresses, &other.addresses);
            let group = groups.entry((known.end, other.end)).or_default();
            group.push((addresses, other.label));
        }
        let new = new.into_iter().filter(|(name, _)| name.is_told());
        let new: BTreeSet<String> = new.map(|(_, known)| known.label).collect();
        let groups = groups.into_iter().map(|((before, after), members)| Group {
            before,
            after,
            label: label(&members),
            addresses: members
                .iter()
                .fold(Addresses::default(), |all, (own, _)| all.union(own)),
        });
        Self {
            groups: groups.collect(),
            gone: gone.into_iter().collect(),
            new: new.into_iter().collect(),
        }
    }

    /// The classes of one side that have a counterpart.
    pub(super) fn ends(&self, side: Side) -> Vec<EndId> {
        let ends: BTreeSet<EndId> = self
            .groups
            .iter()
            .map(|group| match side {
                Side::Before => group.before,
                Side::After => group.after,
            })
            .collect();
        ends.into_iter().collect()
    }
}

fn label(members: &[Member]) -> String {
    let mut labels: Vec<&String> = members.iter().map(|(_, label)| label).collect();
    labels.sort_unstable();
    labels.dedup();
    match *labels {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., _] => format!("{first} and {} more", labels.len() - 1),
    }
}

fn both(one: &Addresses, other: &Addresses) -> Addresses {
    one.complement().union(&other.complement()).complement()
}

fn known(reach: &Reach<'_>, differing: &BTreeSet<String>) -> BTreeMap<Name, Known> {
    let program = reach.program();
    let mut all = BTreeMap::new();
    for (id, end) in reach.ends() {
        let mut put = |name, addresses, label| {
            let known = Known {
                end: id,
                addresses,
                label,
            };
            all.insert(name, known);
        };
        match end {
            End::Workers(hosts) => {
                for host in hosts.iter().filter_map(|host| program.host(*host)) {
                    let own = host.addresses.iter().map(|own| own.address);
                    let own = own.chain(host.tunnels.iter().copied());
                    let label = format!("worker {}", host.name);
                    put(Name::Worker(host.name.clone()), of(own), label);
                }
            }
            End::Pods(pods) => {
                for pod in pods.iter().filter_map(|id: &PodId| program.pod(*id)) {
                    let name = pod.key.path();
                    let label = format!("pod {name}");
                    put(Name::Pod(name), of(pod.addresses.iter().copied()), label);
                }
            }
            End::Imagined { pods, .. } => {
                for pod in pods {
                    let host = pod.host.and_then(|id| host_name(program, id));
                    let mut labels = pod.labels.clone();
                    if differing.contains(&pod.sketch.namespace) {
                        let is_own = |label: &str| !INHERITED.iter().any(|p| label.starts_with(p));
                        labels.retain(|(label, _)| is_own(label));
                    }
                    labels.sort_unstable();
                    let addresses = reach.addresses(id);
                    put(Name::Imagined(labels, host), addresses, shown(pod));
                }
            }
            End::Services(hosts) => {
                for host in hosts.iter().filter_map(|id| host_name(program, *id)) {
                    let label = format!("services at worker {host}");
                    // They are wherever packets were sent.
                    put(
                        Name::Services(host),
                        Addresses::default().complement(),
                        label,
                    );
                }
            }
            End::Outside => {
                let label = "addresses outside the cluster".to_owned();
                put(Name::Outside, reach.addresses(id), label);
            }
        }
    }
    all
}

fn of(addresses: impl Iterator<Item = IpAddr>) -> Addresses {
    Addresses::of(addresses.map(IpNet::from))
}

fn host_name(program: &Program, id: HostId) -> Option<String> {
    program.host(id).map(|host| host.name.clone())
}

/// A pod that need not exist, as users write it.
fn shown(pod: &ImaginedPod) -> String {
    let labels = pod.sketch.labels.iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("pods {}{{{}}}", pod.sketch.namespace, labels.join(","))
}
