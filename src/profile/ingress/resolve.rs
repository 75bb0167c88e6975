//! A cluster's ingress with its names looked up.

use std::net::IpAddr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{
    ClusterProfile, Library, Name, Network, PlatformProfile, RegionProfile, Workers,
};
use crate::yaml::Located;

use super::{
    HealthChecks, IngressProfile, List, LoadBalancer, LoadBalancerKind, NamedSet, NodePortAccess,
    SourceWord,
};

/// The name of the group of blocks that a list of sources has itself.
const LISTED: &str = "listed by address";

/// What a cluster lets in for its services. Nothing of it is said where it is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ingress {
    /// Who reaches node ports, a network at most once.
    pub node_ports: Vec<NodePorts>,
    /// Load balancers, sorted by name.
    pub load_balancers: Vec<Balancer>,
}

/// Who reaches node ports by one network.
#[derive(Debug, Clone, PartialEq)]
pub struct NodePorts {
    /// The network.
    pub network: Network,
    /// The node ports.
    pub ports: Vec<PortRange>,
    /// The pool at whose workers everybody reaches them, if there is one.
    pub edge: Option<Name>,
    /// Who reaches them at other workers.
    pub sources: Vec<SourceNets>,
}

/// A load balancer and who reaches it.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// What it is called.
    pub name: Name,
    /// The network.
    pub network: Network,
    /// What it is.
    pub kind: LoadBalancerKind,
    /// Its addresses, sorted.
    pub nets: Vec<Cidr>,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its ports.
    pub ports: Vec<PortRange>,
    /// Whether the sources reach it and nobody else does; else they do not, and everybody else
    /// does.
    pub is_allowed: bool,
    /// The sources.
    pub sources: Vec<SourceNets>,
    /// From where its health checks come, if there are some that must reach it.
    pub checked_from: Vec<Cidr>,
}

/// IPv4 blocks under the name by which they were listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNets {
    /// The name of the set; a word for all blocks that were listed by themselves.
    pub name: String,
    /// The blocks, sorted. Never empty.
    pub nets: Vec<Cidr>,
}

impl Ingress {
    /// What is said of node ports on `network`, if anything is.
    pub fn node_ports_on(&self, network: Network) -> Option<&NodePorts> {
        self.node_ports
            .iter()
            .find(|ports| ports.network == network)
    }

    /// The load balancers on `network`.
    pub fn balancers_on(&self, network: Network) -> impl Iterator<Item = &Balancer> {
        let all = self.load_balancers.iter();
        all.filter(move |balancer| balancer.network == network)
    }

    /// What is said of these networks alone.
    pub fn only(mut self, networks: &[Network]) -> Self {
        self.node_ports
            .retain(|ports| networks.contains(&ports.network));
        let balancers = &mut self.load_balancers;
        balancers.retain(|balancer| networks.contains(&balancer.network));
        self
    }

    /// The pools that are named.
    pub fn pools(&self) -> impl Iterator<Item = &Name> {
        self.node_ports
            .iter()
            .filter_map(|ports| ports.edge.as_ref())
    }
}

impl Balancer {
    /// Whether what it lets in is said before connection tracking. What it keeps out never is:
    /// packets of failsafe ports pass there whatever policies say, answers among them (EVAL-35).
    pub fn is_untracked(&self) -> bool {
        self.kind.is_untracked() && self.is_allowed
    }

    /// Whether what it lets in is said before translation.
    pub fn is_allowed_tracked(&self) -> bool {
        !self.kind.is_untracked() && self.is_allowed
    }
}

/// The blocks of all of these.
pub(crate) fn blocks(sources: &[SourceNets]) -> Vec<Cidr> {
    let mut all: Vec<Cidr> = sources
        .iter()
        .flat_map(|source| source.nets.clone())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What a cluster's ingress is looked up in.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The text of the cluster profile.
    pub input: &'a Arc<Input>,
    /// Where published ranges are.
    pub library: &'a Library,
    /// The platform's facts.
    pub platform: &'a PlatformProfile,
    /// The region's facts.
    pub region: &'a RegionProfile,
    /// The cluster's workers, where they are known.
    pub workers: Option<&'a Workers>,
}

impl Surroundings<'_> {
    /// What `cluster` lets in, its names looked up.
    ///
    /// # Errors
    /// A set that is not known, with the nearest names; a range of node ports that holds other
    /// ports of the platform; a load balancer at a worker's address or at a node port; lists that
    /// keep health checks out where the profile does not say so.
    pub fn ingress(&self, cluster: &ClusterProfile) -> Result<Ingress, InputError> {
        let sets = Sets::of(self, &cluster.sets)?;
        let Some(written) = &cluster.ingress else {
            return Ok(Ingress::default());
        };
        let mut load_balancers = Vec::with_capacity(written.load_balancers.len());
        for balancer in &written.load_balancers {
            self.check_place(written, balancer)?;
            load_balancers.push(self.balancer(balancer, &sets)?);
        }
        load_balancers.sort_by(|a: &Balancer, b| a.name.cmp(&b.name));
        Ok(Ingress {
            node_ports: self.node_ports(written, &sets)?,
            load_balancers,
        })
    }

    fn at(&self, span: Span) -> Place {
        Place::new(self.input, span)
    }

    fn node_ports(
        &self,
        written: &IngressProfile,
        sets: &Sets<'_>,
    ) -> Result<Vec<NodePorts>, InputError> {
        let Some(said) = &written.node_ports else {
            return Ok(Vec::new());
        };
        if let Some(range) = &said.range {
            self.check_range(range)?;
        }
        let mut all = Vec::new();
        for network in Network::BOTH {
            let Some(access) = said.on(network) else {
                continue;
            };
            let (edge, sources) = match &access.value {
                NodePortAccess::Closed => (None, Vec::new()),
                NodePortAccess::Allow(sources) => (None, sets.sources(sources)?),
                NodePortAccess::Edge(pool) => {
                    self.check_pool(pool)?;
                    (Some(pool.value.clone()), Vec::new())
                }
            };
            all.push(NodePorts {
                network,
                ports: self.ports(written),
                edge,
                sources,
            });
        }
        Ok(all)
    }

    fn ports(&self, written: &IngressProfile) -> Vec<PortRange> {
        let said = written.node_ports.as_ref();
        match said.and_then(|said| said.range.as_ref()) {
            Some(range) => vec![range.value],
            None => self.platform.ports.node_ports.clone(),
        }
    }

    /// Refuses a range of node ports among which the platform has others: closing them would cut
    /// workers off.
    fn check_range(&self, range: &Located<PortRange>) -> Result<(), InputError> {
        for (name, ports) in self.platform.ports.of_workers() {
            if let Some(port) = ports.iter().find(|port| meet(**port, range.value)) {
                return Err(InputError::new(format!(
                    "the node ports {} hold {port}, which is `ports.{name}` of the platform",
                    range.value
                ))
                .at(self.at(range.span))
                .hint("closing them would cut workers off from what keeps them"));
            }
        }
        Ok(())
    }

    /// Refuses a pool that no worker is of.
    fn check_pool(&self, pool: &Located<Name>) -> Result<(), InputError> {
        let Some(workers) = self.workers.filter(|workers| !workers.list.is_empty()) else {
            return Ok(());
        };
        let pools = workers
            .list
            .iter()
            .filter_map(|worker| worker.pool.as_ref());
        let mut pools: Vec<&str> = pools.map(Name::as_str).collect();
        if pools.contains(&pool.as_str()) {
            return Ok(());
        }
        pools.sort_unstable();
        pools.dedup();
        let error = InputError::new(format!("no worker is of the pool `{}`", pool.value))
            .at(self.at(pool.span));
        Err(if pools.is_empty() {
            error.hint("no listed worker says its `pool`: add it to those of this one")
        } else {
            error.suggest(pool.as_str(), pools)
        })
    }

    /// Refuses a load balancer at a worker's own address, or at a node port of a network on which
    /// something is said of node ports.
    fn check_place(
        &self,
        written: &IngressProfile,
        balancer: &LoadBalancer,
    ) -> Result<(), InputError> {
        let name = &balancer.name.value;
        for worker in self.workers.into_iter().flat_map(|workers| &workers.list) {
            let own: [Option<IpAddr>; 2] = [
                Some(worker.private_ip.value),
                worker.public_ip.as_ref().map(|ip| ip.value),
            ];
            if let Some(ip) = balancer.ips.iter().find(|ip| own.contains(&Some(ip.value))) {
                return Err(InputError::new(format!(
                    "{} of the load balancer `{name}` is the address of the worker {}",
                    ip.value, worker.name.value
                ))
                .at(self.at(ip.span)));
            }
        }
        let said = written.node_ports.as_ref();
        let Some(access) = said.and_then(|said| said.on(balancer.network.value)) else {
            return Ok(());
        };
        let node_ports = self.ports(written);
        let among = |port: &&Located<PortRange>| node_ports.iter().any(|n| meet(port.value, *n));
        match balancer.ports.iter().find(among) {
            Some(port) => Err(InputError::new(format!(
                "port {} of the load balancer `{name}` is a node port",
                port.value
            ))
            .at(self.at(port.span))
            .also(InputError::new("who reaches node ports is said here").at(self.at(access.span)))),
            None => Ok(()),
        }
    }

    fn balancer(&self, of: &LoadBalancer, sets: &Sets<'_>) -> Result<Balancer, InputError> {
        let is_allowed = of.allow.is_some();
        let list = of.allow.as_ref().or(of.deny.as_ref());
        let sources = match list {
            Some(list) => sets.sources(list)?,
            None => Vec::new(),
        };
        let mut nets: Vec<Cidr> = of.ips.iter().map(|ip| Cidr::host(ip.value)).collect();
        nets.sort_unstable();
        let balancer = Balancer {
            name: of.name.value.clone(),
            network: of.network.value,
            kind: of.kind,
            nets,
            protocol: of.protocol.value,
            ports: of.ports.iter().map(|port| port.value).collect(),
            is_allowed,
            sources,
            checked_from: self.checked_from(of)?,
        };
        let own = blocks(&balancer.sources);
        let is_open = |net: &&Cidr| {
            if is_allowed {
                own.iter().any(|own| own.covers(net))
            } else {
                !own.iter().any(|own| own.overlaps(net))
            }
        };
        match balancer.checked_from.iter().find(|net| !is_open(net)) {
            Some(net) => Err(self.shuts_out(of, list, *net)),
            None => Ok(balancer),
        }
    }

    /// From where health checks come that must reach the load balancer.
    fn checked_from(&self, of: &LoadBalancer) -> Result<Vec<Cidr>, InputError> {
        let checks = &self.platform.ingress.health_checks;
        let are_made = checks.network == of.network.value && checks.kinds.contains(&of.kind);
        if !are_made || of.health_checks == Some(HealthChecks::Closed) {
            return Ok(Vec::new());
        }
        let ranges = self.library.ranges(checks.set.as_str())?;
        Ok(ranges.ipv4.blocks().collect())
    }

    fn shuts_out(
        &self,
        of: &LoadBalancer,
        list: Option<&List<SourceWord>>,
        net: Cidr,
    ) -> InputError {
        let set = &self.platform.ingress.health_checks.set;
        let (key, right) = match of.allow {
            Some(_) => ("allow", format!("add `{set}` to the list")),
            None => ("deny", "take these addresses out of the list".to_owned()),
        };
        InputError::new(format!(
            "`{key}` of the load balancer `{}` keeps its health checks out: they come from {net} \
             of `{set}` too",
            of.name.value
        ))
        .at(self.at(list.map_or(of.name.span, |list| list.span)))
        .hint(format!("{right}, or say `healthChecks: closed`"))
    }
}

/// Sets of addresses by name.
struct Sets<'a> {
    around: Surroundings<'a>,
    known: Vec<(String, Vec<Cidr>)>,
}

impl<'a> Sets<'a> {
    fn of(around: &Surroundings<'a>, own: &[NamedSet]) -> Result<Self, InputError> {
        let lists = around.region.lists().into_iter();
        let mut known: Vec<(String, Vec<Cidr>)> =
            lists.map(|(name, _, nets)| (name, nets)).collect();
        for name in around.library.ranges_names() {
            let ranges = around.library.ranges(name)?;
            let nets = ranges.ipv4.blocks().chain(ranges.ipv6.blocks());
            known.push((name.to_owned(), nets.collect()));
        }
        for set in own {
            if known.iter().any(|(name, _)| *name == *set.name.as_str()) {
                return Err(InputError::new(format!(
                    "the set `{}` has the name of a list of the profiles",
                    set.name.value
                ))
                .at(around.at(set.name.span))
                .hint("give it another name"));
            }
        }
        for set in own {
            let nets = set.nets.iter().map(|net| net.value).collect();
            known.push((set.name.value.to_string(), nets));
        }
        Ok(Self {
            around: *around,
            known,
        })
    }

    /// The IPv4 blocks of a list, by the names that it has for them: load balancers and workers
    /// have no other addresses.
    fn sources(&self, list: &List<SourceWord>) -> Result<Vec<SourceNets>, InputError> {
        let mut listed = Vec::new();
        let mut named = Vec::new();
        for word in list.iter() {
            match &word.value {
                SourceWord::Net(net) if net.is_ipv4() => listed.push(*net),
                SourceWord::Net(net) => {
                    return Err(InputError::new(format!(
                        "nothing of {net} reaches an IPv4 address, and the platform's load \
                         balancers and workers have no others"
                    ))
                    .at(self.around.at(word.span)));
                }
                SourceWord::Set(name) => named.push(self.named(name, word.span)?),
            }
        }
        if !listed.is_empty() {
            named.push(SourceNets::new(LISTED.to_owned(), listed));
        }
        Ok(named)
    }

    fn named(&self, name: &Name, span: Span) -> Result<SourceNets, InputError> {
        let known = self.known.iter().find(|(known, _)| known == name.as_str());
        let Some((name, nets)) = known else {
            let names = self.known.iter().map(|(name, _)| name.as_str());
            return Err(InputError::new(format!("there is no set `{name}`"))
                .at(self.around.at(span))
                .suggest(name.as_str(), names));
        };
        let nets: Vec<Cidr> = nets.iter().copied().filter(Cidr::is_ipv4).collect();
        if nets.is_empty() {
            return Err(
                InputError::new(format!("the set `{name}` has no IPv4 block"))
                    .at(self.around.at(span))
                    .hint("the platform's load balancers and workers have no other addresses"),
            );
        }
        Ok(SourceNets::new(name.clone(), nets))
    }
}

impl SourceNets {
    fn new(name: String, mut nets: Vec<Cidr>) -> Self {
        nets.sort_unstable();
        Self { name, nets }
    }
}

fn meet(one: PortRange, other: PortRange) -> bool {
    one.first() <= other.last() && other.first() <= one.last()
}
