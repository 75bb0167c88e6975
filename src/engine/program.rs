//! The resource set compiled for evaluation.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::finding::Place;
use crate::resource::{Era, Key};

use super::address::AddressSet;
use super::answer::Doubt;
use super::felix::FelixFacts;
use super::flow::Party;
use super::imagined::PodSketch;
use super::rule::{NamedPorts, PeerSet, Rule, ServiceSet};
use super::service::ServiceTable;
use super::settings::DataPlane;
use super::stage::{Hook, Owner};
use super::tables::{
    Class, ClassId, HostEndpointId, HostId, InterfaceId, NamedPortsId, NetsId, PeerSetId, PodId,
    PolicyId, ProfileId, RuleId, ServiceSetId, TierId,
};
use super::topology::{Host, HostEndpoint, Pod, Policy, Profile, Tier};

/// A policy that Calico takes for missing (VAL-55, RES-9).
#[derive(Debug, Clone)]
pub struct Vanished {
    /// The policy.
    pub key: Key,
    /// What makes it vanish.
    pub place: Place,
    /// Why, in one sentence.
    pub reason: String,
}

/// An object that bears on verdicts and is not evaluated: verdicts on pods are unknown.
#[derive(Debug, Clone)]
pub struct NotModelled {
    /// The object.
    pub key: Key,
    /// Where it stands.
    pub place: Place,
}

/// The resource set compiled for evaluation: tables that name one another by number.
///
/// A program never changes, holds nothing but data, and can be shared between threads.
#[derive(Debug, Clone)]
pub struct Program {
    /// Whether objects are under way: then several host endpoints may own an interface.
    pub(super) is_under_way: bool,
    pub(super) era: Era,
    pub(super) data_plane: DataPlane,
    pub(super) nat_outgoing: bool,
    pub(super) pod_subnets: AddressSet,
    pub(super) interfaces: Vec<String>,
    pub(super) excluded: Vec<InterfaceId>,
    pub(super) routes: Vec<Vec<(IpNet, InterfaceId)>>,
    pub(super) felix: Vec<FelixFacts>,
    pub(super) tiers: Vec<Tier>,
    pub(super) policies: Vec<Policy>,
    pub(super) rules: Vec<Rule>,
    pub(super) profiles: Vec<Profile>,
    pub(super) classes: Vec<Class>,
    pub(super) pods: Vec<Pod>,
    pub(super) host_endpoints: Vec<HostEndpoint>,
    pub(super) hosts: Vec<Host>,
    pub(super) nets: Vec<AddressSet>,
    pub(super) peer_sets: Vec<PeerSet>,
    pub(super) named_ports: Vec<NamedPorts>,
    pub(super) services: Vec<ServiceSet>,
    pub(super) service_table: ServiceTable,
    /// Pods that will be workload endpoints once they have an address and a node.
    pub(super) pending: Vec<PodSketch>,
    /// Whether the input has pods, be they endpoints or not.
    pub(super) names_pods: bool,
    pub(super) vanished: Vec<Vanished>,
    pub(super) not_modelled: Vec<NotModelled>,
    pub(super) namespaces: BTreeMap<String, Vec<(String, String)>>,
    pub(super) service_accounts: BTreeMap<(String, String), Vec<(String, String)>>,
    /// What services select, by namespace and name; services without selector are not here.
    pub(super) service_selectors: BTreeMap<(String, String), Vec<(String, String)>>,
    /// Nodes of which no two look alike to any host endpoint stage.
    pub(super) host_classes: Vec<HostId>,
    pub(super) pods_by_name: FxHashMap<(String, String), PodId>,
    pub(super) pods_by_address: FxHashMap<IpAddr, PodId>,
    pub(super) hosts_by_name: FxHashMap<String, HostId>,
    pub(super) hosts_by_address: FxHashMap<IpAddr, HostId>,
    pub(super) interfaces_by_name: FxHashMap<String, InterfaceId>,
}

macro_rules! table {
    ($($(#[$doc:meta])* $many:ident, $one:ident($id:ty) -> $entry:ty;)*) => {$(
        $(#[$doc])*
        pub fn $many(&self) -> &[$entry] {
            &self.$many
        }

        /// The one of that number.
        pub fn $one(&self, id: $id) -> Option<&$entry> {
            self.$many.get(id.index())
        }
    )*};
}

impl Program {
    table! {
        /// Tiers, in the order in which they are asked (EVAL-1, EVAL-2).
        tiers, tier(TierId) -> Tier;
        /// Policies, in the order in which they are asked (EVAL-3).
        policies, policy(PolicyId) -> Policy;
        /// Rules of policies and profiles.
        rules, rule(RuleId) -> Rule;
        /// Profiles.
        profiles, profile(ProfileId) -> Profile;
        /// Classes of endpoints to which the same policies apply.
        classes, class(ClassId) -> Class;
        /// Pods that are workload endpoints, sorted by namespace and name.
        pods, pod(PodId) -> Pod;
        /// Host endpoints, sorted by name.
        host_endpoints, host_endpoint(HostEndpointId) -> HostEndpoint;
        /// Nodes, sorted by name.
        hosts, host(HostId) -> Host;
        /// Address blocks that rules name.
        nets, nets_of(NetsId) -> AddressSet;
        /// What the selectors of rules match.
        peer_sets, peer_set(PeerSetId) -> PeerSet;
        /// Ports that rules name by name.
        named_ports, named_port(NamedPortsId) -> NamedPorts;
        /// Services that rules name.
        services, service_set(ServiceSetId) -> ServiceSet;
        /// Names of interfaces.
        interfaces, interface_name(InterfaceId) -> String;
    }

    /// The rules of a range, each with its number.
    pub fn rules_of(&self, range: &Range<u32>) -> impl Iterator<Item = (RuleId, &Rule)> + use<'_> {
        let ids = range.clone().map(|index| RuleId::new(index as usize));
        ids.filter_map(|id| Some((id, self.rule(id)?)))
    }

    /// Every policy with its number, in the order in which they are asked.
    pub fn policies_numbered(&self) -> impl Iterator<Item = (PolicyId, &Policy)> {
        let policies = self.policies.iter().enumerate();
        policies.map(|(index, policy)| (PolicyId::new(index), policy))
    }

    /// The era that is evaluated.
    pub fn era(&self) -> Era {
        self.era
    }

    /// The data plane that is evaluated.
    pub fn data_plane(&self) -> DataPlane {
        self.data_plane
    }

    /// Where pods whose address is not known can be.
    pub fn pod_subnets(&self) -> &AddressSet {
        &self.pod_subnets
    }

    /// Whether the input has pods, be they endpoints or not.
    pub fn names_pods(&self) -> bool {
        self.names_pods
    }

    /// Policies that Calico takes for missing.
    pub fn vanished(&self) -> &[Vanished] {
        &self.vanished
    }

    /// Objects that bear on verdicts and are not evaluated.
    pub fn not_modelled(&self) -> &[NotModelled] {
        &self.not_modelled
    }

    /// The pod of that name, if it is a workload endpoint (RES-6).
    pub fn find_pod(&self, namespace: &str, name: &str) -> Option<PodId> {
        let key = (namespace.to_owned(), name.to_owned());
        self.pods_by_name.get(&key).copied()
    }

    /// The node of that name, Calico's or Kubernetes'.
    pub fn find_host(&self, name: &str) -> Option<HostId> {
        self.hosts_by_name.get(name).copied()
    }

    /// The interface of that name.
    pub fn find_interface(&self, name: &str) -> InterfaceId {
        let known = self.interfaces_by_name.get(name).copied();
        known.unwrap_or(InterfaceId::OTHER)
    }

    /// The pod or node that has `address`, or the address itself where neither is known to.
    pub fn find_address(&self, address: IpAddr) -> Party<'static> {
        if let Some(pod) = self.pods_by_address.get(&address) {
            Party::Pod(*pod)
        } else if let Some(host) = self.hosts_by_address.get(&address) {
            Party::Host(*host)
        } else {
            Party::Address(address)
        }
    }

    /// How Felix is configured on `host`; on a node that is not known, as on any.
    pub fn felix(&self, host: Option<HostId>) -> &FelixFacts {
        let index = host.and_then(|host| self.host(host)).map_or(0, |h| h.felix);
        // INVARIANT: the compiler puts the facts of any node first, and hosts name what is there.
        self.felix
            .get(index)
            .or_else(|| self.felix.first())
            .unwrap_or_else(|| &DEFAULT_FELIX)
    }

    /// The host endpoint whose policies are asked at `hook` about packets by `interface` of
    /// `host` (EVAL-22 to EVAL-25).
    pub fn owner(&self, host: &Host, interface: InterfaceId, hook: Hook) -> Option<HostEndpointId> {
        if self.excluded.contains(&interface) {
            return None;
        }
        let specific = host.specific(interface);
        let wildcard = host.wildcard();
        match hook {
            // EVAL-25: `*` has no untracked policies.
            Hook::Untracked(_) => specific,
            Hook::PreDnat => match specific {
                // EVAL-24: one without pre-DNAT policies is no shield, except for BPF (EVAL-48).
                Some(id) if self.data_plane != DataPlane::Bpf && !self.has_pre_dnat(id) => {
                    wildcard.or(specific)
                }
                Some(_) => specific,
                None => wildcard,
            },
            Hook::Normal(_) | Hook::Forward(_) => specific.or(wildcard),
            Hook::Tunnel(_) | Hook::Workload(_) | Hook::ToHost => None,
        }
    }

    /// Every host endpoint whose policies may be asked there, and nothing where it may be none: one
    /// answer where nothing is under way, the one of [`owner`](Self::owner).
    pub(super) fn owners(
        &self,
        host: &Host,
        interface: InterfaceId,
        hook: Hook,
    ) -> Vec<Option<HostEndpointId>> {
        let excluded = self.excluded.contains(&interface);
        let has_none = matches!(hook, Hook::Tunnel(_) | Hook::Workload(_) | Hook::ToHost);
        if !self.is_under_way || excluded || has_none {
            return vec![self.owner(host, interface, hook)];
        }
        let mut found = Vec::new();
        let mut beyond = true;
        let mut put = |id| {
            if !found.contains(&id) {
                found.push(id);
            }
        };
        let wildcards = |put: &mut dyn FnMut(_), instead: Option<HostEndpointId>| {
            for claim in &host.wildcard {
                put(Some(claim.endpoint));
            }
            if host.wildcard.last().is_none_or(|claim| !claim.last) {
                put(instead);
            }
        };
        for claim in host.claims(interface) {
            let id = claim.endpoint;
            let is_early = hook == Hook::PreDnat && self.data_plane != DataPlane::Bpf;
            let [may, must] = self.pre_dnat(id);
            if !is_early || may {
                put(Some(id));
            }
            // EVAL-24.
            if is_early && !must {
                wildcards(&mut put, Some(id));
            }
            beyond = !claim.last;
        }
        if beyond && matches!(hook, Hook::Untracked(_)) {
            put(None);
        } else if beyond {
            wildcards(&mut put, None);
        }
        found
    }

    /// Whose policies are asked there.
    pub(super) fn sole_owner(
        &self,
        host: &Host,
        interface: InterfaceId,
        hook: Hook,
    ) -> Owner<'static> {
        let known = |id: Option<_>| id.map_or(Owner::Nobody, Owner::HostEndpoint);
        if !self.is_under_way {
            return known(self.owner(host, interface, hook));
        }
        match self.owners(host, interface, hook).as_slice() {
            [one] => known(*one),
            _ => Owner::Unclear,
        }
    }

    /// Why it is not known who of [`candidates`](Self::candidates) is asked.
    pub(super) fn doubt_of_owner(
        &self,
        host: Option<HostId>,
        interface: Option<InterfaceId>,
    ) -> Doubt {
        let mapped = host.and_then(|id| self.host(id)).is_some_and(|h| h.mapped);
        match interface {
            None => Doubt::Interface,
            Some(_) if mapped && self.is_under_way => Doubt::UnderWay,
            Some(_) => Doubt::Node,
        }
    }

    fn has_pre_dnat(&self, id: HostEndpointId) -> bool {
        let [may, _] = self.pre_dnat(id);
        may
    }

    /// Whether a host endpoint may have pre-DNAT policies, and whether it surely has.
    fn pre_dnat(&self, id: HostEndpointId) -> [bool; 2] {
        let class = self.host_endpoint(id).and_then(|e| self.class(e.class));
        let tiers = class.map_or(&[][..], |class| &class.pre_dnat.tiers);
        [
            !tiers.is_empty(),
            tiers
                .iter()
                .any(|tier| tier.forms.is_empty() || tier.certain),
        ]
    }

    /// Every host endpoint whose policies may be asked, each with its node, where node or
    /// interface is not known.
    pub fn candidates(
        &self,
        host: Option<HostId>,
        interface: Option<InterfaceId>,
        hook: Hook,
    ) -> Vec<(HostId, Option<HostEndpointId>)> {
        let known = host.filter(|id| self.host(*id).is_some_and(|host| host.mapped));
        let hosts: Vec<HostId> = known.map_or_else(|| self.host_classes.clone(), |id| vec![id]);
        let mut found = Vec::new();
        for id in hosts {
            let Some(host) = self.host(id) else {
                continue;
            };
            let named = host.specific.iter().map(|(interface, _)| *interface);
            let any = named.chain([InterfaceId::OTHER]);
            let interfaces = interface.map_or_else(|| any.collect(), |known| vec![known]);
            for interface in interfaces {
                let owners = self.owners(host, interface, hook).into_iter();
                found.extend(owners.map(|owner| (id, owner)));
            }
        }
        found
    }

    /// The interface by which `host` reaches `address`: the longest prefix that holds it. Where the
    /// node is not known, the one by which every node does that it may be; nothing where they differ.
    pub fn route(&self, host: Option<HostId>, address: IpAddr) -> Option<InterfaceId> {
        let mut tables = self.route_tables(host);
        let first = longest(tables.next()?, address);
        first.filter(|_| tables.all(|table| longest(table, address) == first))
    }

    /// The route tables that `host` may have: its own, or where the node is not known, those of all
    /// nodes that it may be, which are the common ones where none is listed.
    pub(super) fn route_tables(
        &self,
        host: Option<HostId>,
    ) -> impl Iterator<Item = &[(IpNet, InterfaceId)]> {
        let known = host.and_then(|id| self.host(id));
        let own = known.filter(|h| h.mapped || h.routes != 0);
        let own = own.map(|h| h.routes);
        let is_listed = own.is_none() && self.hosts.iter().any(|h| h.mapped);
        let is_meant = move |table: usize| match own {
            Some(own) => own == table,
            None if is_listed => self.hosts.iter().any(|h| h.mapped && h.routes == table),
            None => table == 0,
        };
        let all = self.routes.iter().enumerate();
        all.filter(move |(number, _)| is_meant(*number))
            .map(|(_, table)| table.as_slice())
    }
}

fn longest(table: &[(IpNet, InterfaceId)], address: IpAddr) -> Option<InterfaceId> {
    let mut best: Option<(u8, InterfaceId)> = None;
    for (net, interface) in table {
        let longer = best.is_none_or(|(length, _)| net.prefix_len() > length);
        if longer && net.contains(&address) {
            best = Some((net.prefix_len(), *interface));
        }
    }
    best.map(|(_, interface)| interface)
}

/// What [`Program::felix`] falls back on.
static DEFAULT_FELIX: std::sync::LazyLock<FelixFacts> =
    std::sync::LazyLock::new(FelixFacts::default);
