//! Where flows begin and end: endpoints in classes that nothing tells apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::engine::address::{AddressSet, Family};
use crate::engine::flow::Party;
use crate::engine::imagined::ImaginedPod;
use crate::engine::program::Program;
use crate::engine::space::{Addresses, Ranges};
use crate::engine::tables::{ClassId, HostId, InterfaceId, PeerSetId, PodId};
use crate::engine::topology::Host;
use crate::resource::selector::Selector;

use super::combinations::Assumptions;

/// The number of a class of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndId(pub(super) usize);

impl EndId {
    /// Its place among all.
    pub fn index(self) -> usize {
        self.0
    }
}

/// A class of endpoints.
#[derive(Debug, Clone)]
pub enum End {
    /// The processes of nodes that look alike to every policy.
    Workers(Vec<HostId>),
    /// Pods of the input to which the same policies apply, on nodes of one class.
    Pods(Vec<PodId>),
    /// Pods that need not exist, wherever in the pod subnets: one for each of at most two nodes of
    /// one class, so that two of them can be on one node or on two.
    Imagined {
        /// The number of the combination of labels.
        number: usize,
        /// The pod on each node.
        pods: Vec<ImaginedPod>,
    },
    /// What nodes that look alike pass on to services: packets for node ports and load balancers.
    /// Asked for by [`Assumptions::services`](super::Assumptions::services).
    Services(Vec<HostId>),
    /// Every address that is no node's and no listed pod's. Addresses of the pod subnets are among
    /// them: what is there need not be a pod.
    Outside,
}

/// Which of a node's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Spot {
    Own(usize),
    Tunnel(usize),
}

impl Spot {
    /// The spot that has `address` on `host`.
    pub(super) fn find(host: &Host, address: IpAddr) -> Option<Self> {
        let own = host.addresses.iter().position(|own| own.address == address);
        let tunnel = || host.tunnels.iter().position(|own| *own == address);
        own.map(Self::Own).or_else(|| tunnel().map(Self::Tunnel))
    }

    /// The address of `host` there.
    pub(super) fn address(self, host: &Host) -> Option<IpAddr> {
        match self {
            Self::Own(index) => host.addresses.get(index).map(|own| own.address),
            Self::Tunnel(index) => host.tunnels.get(index).copied(),
        }
    }
}

/// Every class of endpoints.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) all: Vec<End>,
    /// Classes of `all` whose pods call ports by certain names, numbered behind these.
    called: Vec<End>,
    /// Nodes by class, in the order of their first members.
    host_classes: Vec<Vec<HostId>>,
    class_of_host: FxHashMap<HostId, usize>,
    /// The addresses of nodes, but for those that pods have too.
    pub(super) node_addresses: Addresses,
    pub(super) outside: Addresses,
    /// Where a pod that need not exist can be.
    pub(super) pods: Addresses,
}

/// All that bears on what happens to a node's packets, and the shape of its addresses.
#[derive(PartialEq, Eq, Hash)]
struct HostKey {
    mapped: bool,
    specific: Vec<(InterfaceId, ClassId, bool)>,
    wildcard: Vec<(ClassId, bool)>,
    felix: usize,
    routes: usize,
    addresses: Vec<(Family, Option<InterfaceId>)>,
    tunnels: Vec<Family>,
    peers: Vec<PeerSetId>,
    ports: Vec<(usize, u8, u16)>,
    /// By host endpoint, in the order of `specific`, and the wildcard: what the asked selectors
    /// say of its labels.
    asked: Vec<Vec<bool>>,
}

impl Ends {
    /// The classes of `program`, and those of `imagined`, pods that need not exist. No two
    /// members of a class differ in what a selector that is asked says of their labels.
    pub(super) fn of(
        program: &Program,
        imagined: &[ImaginedPod],
        assumptions: &Assumptions,
    ) -> Self {
        let asked = &assumptions.asked;
        let (host_classes, class_of_host) = host_classes(program, asked);
        let nodes = program.hosts().iter().flat_map(node_addresses);
        let pods = program.pods().iter().flat_map(|pod| pod.addresses.clone());
        let pods = Addresses::of(pods.map(IpNet::from));
        let nodes = Addresses::of(nodes.map(IpNet::from));
        let subnets = Addresses::from(program.pod_subnets());
        let known = nodes.union(&pods);
        let mut ends = Self {
            all: Vec::new(),
            called: Vec::new(),
            node_addresses: minus(&nodes, &pods),
            outside: known.complement(),
            pods: minus(&subnets, &known),
            host_classes,
            class_of_host,
        };
        ends.add_workers();
        ends.add_pods(program, asked);
        ends.add_imagined(program, imagined);
        ends.all.push(End::Outside);
        if assumptions.services {
            let classes = ends.host_classes.iter().cloned();
            ends.all.extend(classes.map(End::Services));
        }
        ends
    }

    fn add_workers(&mut self) {
        let classes = self.host_classes.iter().cloned();
        self.all.extend(classes.map(End::Workers));
    }

    fn add_pods(&mut self, program: &Program, asked: &[Selector]) {
        type PodKey = (ClassId, Option<usize>, [bool; 2], Vec<bool>);
        let mut by_key: BTreeMap<PodKey, Vec<PodId>> = BTreeMap::new();
        for (index, pod) in program.pods().iter().enumerate() {
            let has = |family| pod.addresses.iter().any(|a| Family::of(*a) == family);
            let host = self.class_of_host.get(&pod.host).copied();
            let families = [has(Family::V4), has(Family::V6)];
            let key = (pod.class, host, families, answers(asked, &pod.labels));
            by_key.entry(key).or_default().push(PodId::new(index));
        }
        self.all.extend(by_key.into_values().map(End::Pods));
    }

    fn add_imagined(&mut self, program: &Program, imagined: &[ImaginedPod]) {
        let is_mapped = |id: &HostId| program.host(*id).is_some_and(|host| host.mapped);
        let mut places: Vec<Vec<Option<HostId>>> = Vec::new();
        for class in &self.host_classes {
            let hosts: Vec<Option<HostId>> = class
                .iter()
                .copied()
                .filter(is_mapped)
                .take(2)
                .map(Some)
                .collect();
            if !hosts.is_empty() {
                places.push(hosts);
            }
        }
        if places.is_empty() {
            places.push(vec![None]);
        }
        for (number, pod) in imagined.iter().enumerate() {
            for hosts in &places {
                let on = |host: &Option<HostId>| ImaginedPod {
                    host: *host,
                    ..pod.clone()
                };
                self.all.push(End::Imagined {
                    number,
                    pods: hosts.iter().map(on).collect(),
                });
            }
        }
    }

    pub(super) fn get(&self, id: EndId) -> Option<&End> {
        let behind = || self.called.get(id.0.checked_sub(self.all.len())?);
        self.all.get(id.0).or_else(behind)
    }

    /// Adds a class whose pods call ports by certain names.
    pub(super) fn add_called(&mut self, end: End) -> EndId {
        self.called.push(end);
        EndId(self.all.len() + self.called.len() - 1)
    }

    /// The nodes of an end, sorted; nothing where they are not known or there are none.
    pub(super) fn hosts(end: &End, program: &Program) -> Vec<HostId> {
        let mut hosts: Vec<HostId> = match end {
            End::Workers(hosts) | End::Services(hosts) => hosts.clone(),
            End::Pods(pods) => {
                let pods = pods.iter().filter_map(|id| program.pod(*id));
                pods.map(|pod| pod.host).collect()
            }
            End::Imagined { pods, .. } => pods.iter().filter_map(|pod| pod.host).collect(),
            End::Outside => Vec::new(),
        };
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// A member of the end on `host`.
    pub(super) fn party<'e>(
        end: &'e End,
        host: Option<HostId>,
        program: &Program,
    ) -> Option<Party<'e>> {
        match end {
            End::Workers(hosts) => hosts
                .iter()
                .find(|id| Some(**id) == host)
                .copied()
                .map(Party::Host),
            End::Pods(pods) => {
                let on = |id: &&PodId| program.pod(**id).map(|pod| pod.host) == host;
                pods.iter().find(on).copied().map(Party::Pod)
            }
            End::Imagined { pods, .. } => pods
                .iter()
                .find(|pod| pod.host == host)
                .map(Party::Imagined),
            End::Services(hosts) => {
                let mut hosts = hosts.iter().filter(|id| Some(**id) == host);
                hosts.next().copied().map(Party::Service)
            }
            End::Outside => None,
        }
    }

    /// The addresses at `spot` of all nodes that look like `host`.
    pub(super) fn at_spot(&self, host: HostId, spot: Spot, program: &Program) -> AddressSet {
        let class = self.class_of_host.get(&host);
        let hosts = class.and_then(|class| self.host_classes.get(*class));
        let hosts = hosts.map_or(&[][..], |hosts| hosts);
        let addresses = hosts
            .iter()
            .filter_map(|id| spot.address(program.host(*id)?));
        AddressSet::of(addresses.map(IpNet::from))
    }

    /// All addresses of one family of an end; for nodes, of every interface.
    pub(super) fn addresses(&self, end: &End, program: &Program, family: Family) -> Ranges {
        match end {
            End::Workers(hosts) | End::Services(hosts) => {
                let hosts = hosts.iter().filter_map(|id| program.host(*id));
                let all =
                    hosts.flat_map(|h| h.addresses.iter().map(|own| IpNet::from(own.address)));
                Addresses::of(all).ranges(family).clone()
            }
            End::Pods(pods) => {
                let first = pods
                    .iter()
                    .filter_map(|id| pod_address(*id, program, family));
                Addresses::of(first.map(IpNet::from)).ranges(family).clone()
            }
            End::Imagined { .. } => self.pods.ranges(family).clone(),
            End::Outside => self.outside.ranges(family).clone(),
        }
    }
}

/// The address that a pod bears in packets of a family.
pub(super) fn pod_address(id: PodId, program: &Program, family: Family) -> Option<IpAddr> {
    let pod = program.pod(id)?;
    let mut all = pod.addresses.iter().copied();
    all.find(|address| Family::of(*address) == family)
}

fn node_addresses(host: &Host) -> Vec<IpAddr> {
    let own = host.addresses.iter().map(|own| own.address);
    own.chain(host.tunnels.iter().copied()).collect()
}

fn minus(one: &Addresses, other: &Addresses) -> Addresses {
    one.complement().union(other).complement()
}

/// What selectors say of labels.
fn answers(asked: &[Selector], labels: &[(String, String)]) -> Vec<bool> {
    asked
        .iter()
        .map(|selector| selector.matches(labels))
        .collect()
}

fn host_classes(
    program: &Program,
    asked: &[Selector],
) -> (Vec<Vec<HostId>>, FxHashMap<HostId, usize>) {
    let mut peers: FxHashMap<HostId, Vec<PeerSetId>> = FxHashMap::default();
    for (index, set) in program.peer_sets().iter().enumerate() {
        for host in &set.hosts {
            peers.entry(*host).or_default().push(PeerSetId::new(index));
        }
    }
    let mut ports: FxHashMap<HostId, Vec<(usize, u8, u16)>> = FxHashMap::default();
    for (index, named) in program.named_ports().iter().enumerate() {
        for (host, protocol, port) in &named.hosts {
            ports
                .entry(*host)
                .or_default()
                .push((index, *protocol, *port));
        }
    }
    let class = |id| program.host_endpoint(id).map(|endpoint| endpoint.class);
    let mut numbers: FxHashMap<HostKey, usize> = FxHashMap::default();
    let mut classes: Vec<Vec<HostId>> = Vec::new();
    let mut class_of_host = FxHashMap::default();
    for (index, host) in program.hosts().iter().enumerate() {
        let id = HostId::new(index);
        let specific = host.specific.iter();
        let mut specific: Vec<(InterfaceId, ClassId, bool)> = specific
            .filter_map(|(interface, claim)| Some((*interface, class(claim.endpoint)?, claim.last)))
            .collect();
        // Of one interface they stay in order.
        specific.sort_by_key(|(interface, _, _)| *interface);
        let wildcard = host.wildcard.iter();
        let wildcard = wildcard.filter_map(|claim| Some((class(claim.endpoint)?, claim.last)));
        let mut endpoints = host.specific.clone();
        endpoints.sort_by_key(|(interface, _)| *interface);
        let endpoints = endpoints.iter().map(|(_, claim)| claim);
        let endpoints = endpoints.chain(&host.wildcard);
        let endpoints = endpoints.filter_map(|claim| program.host_endpoint(claim.endpoint));
        let addresses = host.addresses.iter();
        let mut own_ports = ports.remove(&id).unwrap_or_default();
        own_ports.sort_unstable();
        let key = HostKey {
            mapped: host.mapped,
            specific,
            wildcard: wildcard.collect(),
            felix: host.felix,
            routes: host.routes,
            addresses: addresses
                .map(|own| (Family::of(own.address), own.interface))
                .collect(),
            tunnels: host.tunnels.iter().map(|a| Family::of(*a)).collect(),
            peers: peers.remove(&id).unwrap_or_default(),
            ports: own_ports,
            asked: endpoints.map(|e| answers(asked, &e.labels)).collect(),
        };
        let next = classes.len();
        let number = *numbers.entry(key).or_insert(next);
        if number == next {
            classes.push(Vec::new());
        }
        if let Some(class) = classes.get_mut(number) {
            class.push(id);
        }
        class_of_host.insert(id, number);
    }
    (classes, class_of_host)
}
