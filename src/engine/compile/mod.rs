//! From resources to the tables of a [`Program`].

mod class;
mod cluster;
mod effective;
mod endpoint;
mod imagine;
mod labels;
mod objects;
mod ownership;
mod peer;
mod policy;
mod rule;
mod selectors;
mod service;
mod tier;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::resource::{Body, Era, Resource, ResourceSet};

use super::address::AddressSet;
use super::imagined::PodSketch;
use super::program::{NotModelled, Program};
use super::rule::RuleOwner;
use super::settings::{DataPlane, Settings};
use super::tables::{PodId, ProfileId};
use super::topology::Profile;

pub use objects::{Moment, UnderWay};

pub(super) use imagine::{Labelled, imagine, imagine_labelled, sketch_of};
pub(super) use labels::{
    NAMESPACE, NAMESPACE_NAMES, OF_NAMESPACE, OF_SERVICE_ACCOUNT, SERVICE_ACCOUNT_NAMES,
};

use cluster::Cluster;
use endpoint::Topology;
use objects::Objects;
use peer::Members;
use rule::Rules;

/// Compiles `resources` for evaluation.
///
/// Nothing that stands in them can make this fail: what Calico leaves out is left out, and told
/// by [`Program::vanished`] and [`Program::not_modelled`].
pub fn compile(resources: &ResourceSet, settings: &Settings) -> Program {
    let moment = Moment {
        settled: resources,
        there: Vec::new(),
        under_way: Vec::new(),
    };
    compile_moment(&moment, settings)
}

/// Compiles a cluster while objects are under way: the program stands for every combination of
/// their forms at once. What all combinations decide alike is decided; what hangs on which of them
/// is there is unknown, with [`Doubt::UnderWay`](super::Doubt::UnderWay).
///
/// What is decided holds of every combination. The reverse is exact for one packet at one hook
/// (`engine::reach::under_way`); where one object is asked about a packet at two hooks, or a
/// selector finds it besides, combinations are followed that there are not.
pub fn compile_moment(moment: &Moment<'_>, settings: &Settings) -> Program {
    let resources = moment.settled;
    let objects = Objects::of(moment);
    let cluster = Cluster::of(resources, settings);
    let mut topology = Topology::of(&objects, settings, &cluster);
    let mut rules = Rules::new(cluster.era, cluster.data_plane);
    let mut profiles = Profiles::of(resources, &mut rules);
    let names = topology.profile_names();
    profiles.resolve(&names);
    let (tiers, policies, vanished) = policy::compile(&objects, settings, &cluster, &mut rules);
    let members = Members::of(
        &objects,
        &cluster,
        &topology,
        &profiles,
        &mut rules.selectors,
    );
    let groups = members.groups(&rules.selectors);
    let classes = class::assign(
        &mut topology,
        &members,
        &groups,
        &tiers,
        &policies,
        &profiles,
        &rules,
    );
    let peers = peer::resolve(&members, &groups, &rules);
    let services = service::resolve(resources, &rules);
    topology.finish(&members, &rules.selectors);
    let host_classes = topology.host_classes();
    Program {
        is_under_way: !moment.under_way.is_empty(),
        era: cluster.era,
        data_plane: cluster.data_plane,
        nat_outgoing: settings.nat_outgoing,
        pod_subnets: AddressSet::of(settings.pod_subnets.iter().map(|cidr| cidr.to_net())),
        excluded: topology.excluded(&cluster),
        interfaces: topology.interfaces.names,
        routes: topology.routes,
        felix: cluster.felix,
        tiers,
        policies: policies.into_iter().map(|draft| draft.policy).collect(),
        rules: rules.compiled,
        profiles: profiles.all,
        classes,
        pods: topology.pods,
        host_endpoints: topology.host_endpoints,
        hosts: topology.hosts,
        nets: rules.nets,
        peer_sets: peers.sets,
        named_ports: peers.named,
        services,
        service_table: service::table(resources),
        service_selectors: service::selectors(resources),
        names_pods: resources
            .iter()
            .any(|resource| matches!(resource.body, Body::Pod(_))),
        pending: pending(resources, &topology.pods_by_name),
        vanished,
        not_modelled: not_modelled(&objects, cluster.era),
        namespaces: cluster.namespaces,
        service_accounts: cluster.service_accounts,
        host_classes,
        pods_by_name: topology.pods_by_name,
        pods_by_address: topology.pods_by_address,
        hosts_by_name: topology.hosts_by_name,
        hosts_by_address: topology.hosts_by_address,
        interfaces_by_name: topology.interfaces.by_name,
    }
}

/// Kubernetes' policies for the whole cluster in a version of their API of which nothing says what
/// Calico makes of it (KNP-11). Before 3.29 it makes nothing of any.
fn not_modelled(resources: &Objects<'_>, era: Era) -> Vec<NotModelled> {
    resources
        .iter()
        .filter(|_| era != Era::E1)
        .filter(|resource| {
            resource
                .key
                .kind
                .is_cluster_wide_policy_of_another_version()
        })
        .map(|resource| NotModelled {
            key: resource.key.clone(),
            place: resource.place(),
        })
        .collect()
}

/// What is said of pods that are no workload endpoints yet and will be, each kind once.
fn pending(resources: &ResourceSet, known: &FxHashMap<(String, String), PodId>) -> Vec<PodSketch> {
    let is_known = |resource: &Resource| {
        let namespace = cluster::namespace_of(resource).to_owned();
        known.contains_key(&(namespace, resource.key.name.clone()))
    };
    let mut kinds = BTreeMap::new();
    for resource in resources.iter().filter(|resource| !is_known(resource)) {
        if let Some(sketch) = sketch_of(resource) {
            let key = (
                sketch.namespace.clone(),
                sketch.labels.clone(),
                sketch.service_account.clone(),
            );
            kinds.entry(key).or_insert(PodSketch {
                node: None,
                address: None,
                ..sketch
            });
        }
    }
    kinds.into_values().collect()
}

/// Profiles: Calico's built-in ones and those that the input defines (MOD-19).
pub(super) struct Profiles {
    all: Vec<Profile>,
    by_name: FxHashMap<String, ProfileId>,
    /// Labels that endpoints of a profile inherit (RES-1).
    labels: FxHashMap<String, Vec<(String, String)>>,
}

impl Profiles {
    /// What stands for the profiles of all namespaces, which are alike (RES-3).
    const NAMESPACE: ProfileId = ProfileId::new(0);

    fn of(resources: &ResourceSet, rules: &mut Rules) -> Self {
        let mut profiles = Self {
            all: vec![allow_all("kns.*")],
            by_name: FxHashMap::default(),
            labels: FxHashMap::default(),
        };
        profiles.add(allow_all("projectcalico-default-allow"));
        for resource in resources.iter() {
            let Body::Profile(body) = &resource.body else {
                continue;
            };
            let name = &resource.key.name;
            if profiles.by_name.contains_key(name) || is_virtual(name) {
                continue;
            }
            let id = ProfileId::new(profiles.all.len());
            let compiled = rules.lists(&body.ingress, &body.egress, "", RuleOwner::Profile(id));
            // VAL-55: a profile that Felix refuses is missing, and its endpoints drop everything.
            let Ok(lists) = compiled else {
                continue;
            };
            profiles.add(Profile {
                name: name.clone(),
                rules: lists,
                allows_all: [false; 2],
            });
            let labels = body.labels_to_apply.iter();
            let labels = labels.map(|l| (l.key.value.to_string(), l.value.value.to_string()));
            profiles.labels.insert(name.clone(), labels.collect());
        }
        profiles
    }

    /// Makes sure that the virtual profiles among `names` exist.
    fn resolve(&mut self, names: &[String]) {
        for name in names {
            if name.starts_with("kns.") && !self.by_name.contains_key(name) {
                self.add(allow_all(name));
            }
            if name.starts_with("ksa.") && !self.by_name.contains_key(name) {
                self.add(Profile {
                    allows_all: [false; 2],
                    ..allow_all(name)
                });
            }
        }
    }

    fn add(&mut self, profile: Profile) {
        let id = ProfileId::new(self.all.len());
        self.by_name.insert(profile.name.clone(), id);
        self.all.push(profile);
    }

    fn get(&self, name: &str) -> Option<ProfileId> {
        self.by_name.get(name).copied()
    }
}

fn is_virtual(name: &str) -> bool {
    name.starts_with("kns.") || name.starts_with("ksa.")
}

fn allow_all(name: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        rules: [0..0, 0..0],
        allows_all: [true; 2],
    }
}

/// What the protocol names that BPF does not know compare with (EVAL-50).
fn protocol_number(protocol: crate::net::Protocol, data_plane: DataPlane) -> u8 {
    use crate::net::Protocol;
    match (data_plane, protocol) {
        (DataPlane::Bpf, Protocol::Icmpv6 | Protocol::UdpLite) => 0,
        _ => protocol.number(),
    }
}

/// How objects are called in storage (STORE-4 to STORE-6).
fn stored_name(resource: &crate::resource::Resource, era: Era) -> String {
    use crate::resource::Api;
    const DEFAULT: &str = "default.";
    let name = &resource.key.name;
    if resource.api == Api::CalicoV1 {
        let written = resource.metadata.name.as_ref();
        return written.map_or_else(|| name.clone(), |written| written.value.to_string());
    }
    let reserved = name.starts_with("knp.") || name.starts_with("ossg.");
    match era {
        Era::E1 if reserved => name.clone(),
        Era::E2 if name.contains('.') => name.clone(),
        Era::E1 | Era::E2 => format!("{DEFAULT}{name}"),
        Era::E3 => name.clone(),
    }
}
