//! What comes in for services: node ports and load balancers.

use crate::engine::{Failsafe, Family};
use crate::finding::InputError;
use crate::net::{Cidr, PortRange};
use crate::profile::ingress::blocks;
use crate::profile::{Balancer, Network, NodePorts};
use crate::resource::selector::Selector;

use super::super::{Facts, Group, Intent, Part};
use super::{Between, Need, said};

/// Workers that take in the same of node ports by a network.
pub(super) struct Takers {
    /// Which workers; all where not given.
    pub(super) selector: Option<Selector>,
    /// What they are, behind the word for workers.
    pub(super) of: String,
    /// Node ports that are closed there.
    pub(super) closed: Vec<Part>,
    /// Node ports that are opened there, whatever the platform's own policies say.
    pub(super) open: Vec<Part>,
}

impl Takers {
    /// All workers, of whose node ports nothing is said.
    fn all() -> Self {
        Self {
            selector: None,
            of: String::new(),
            closed: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The workers of a pool, or those that are of no such.
    fn of_pool(facts: &Facts<'_>, pool: &str, is_of: bool) -> Result<Self, InputError> {
        let label = &facts.platform.ingress.pool_label;
        let word = if is_of { "==" } else { "!=" };
        Ok(Self {
            selector: Some(said::selector(&format!("{label} {word} '{pool}'"))?),
            of: if is_of {
                format!(" of the pool {pool}")
            } else {
                format!(" outside the pool {pool}")
            },
            ..Self::all()
        })
    }
}

/// The workers on `network`, apart as far as node ports differ.
pub(super) fn takers(facts: &Facts<'_>, network: Network) -> Result<Vec<Takers>, InputError> {
    let Some(ports) = facts.ingress.node_ports_on(network) else {
        return Ok(vec![Takers::all()]);
    };
    let sources = blocks(&ports.sources);
    let closed = others(&sources)
        .into_iter()
        .flat_map(|nets| node_ports(facts, ports, nets.as_deref()));
    let closing = |takers: Takers| Takers {
        closed: closed.collect(),
        ..takers
    };
    if let Some(pool) = &ports.edge {
        return Ok(vec![
            Takers::of_pool(facts, pool.as_str(), true)?,
            closing(Takers::of_pool(facts, pool.as_str(), false)?),
        ]);
    }
    let open = if sources.is_empty() {
        Vec::new()
    } else {
        node_ports(facts, ports, Some(&sources))
    };
    Ok(vec![Takers {
        open,
        ..closing(Takers::all())
    }])
}

/// Packets to node ports from these addresses, or from everywhere.
fn node_ports(facts: &Facts<'_>, ports: &NodePorts, nets: Option<&[Cidr]>) -> Vec<Part> {
    let protocols = facts.platform.ingress.protocols.iter();
    protocols
        .map(|protocol| Part {
            sources: nets.map(<[Cidr]>::to_vec),
            ..Part::of(*protocol).to_ports(ports.ports.iter().copied())
        })
        .collect()
}

/// Every address but these of IPv4, in lists of one family each; without a list where there are
/// none, for all of either.
fn others(nets: &[Cidr]) -> Vec<Option<Vec<Cidr>>> {
    if nets.is_empty() {
        return vec![None];
    }
    let lists = [Family::V4, Family::V6].map(|family| said::all_but(nets, family));
    let lists = lists.into_iter().filter(|list| !list.is_empty());
    lists.map(Some).collect()
}

/// What reaches services from outside by `network`, where the cluster's profile says something of
/// it, and that nothing else is closed.
pub(super) fn of(facts: &Facts<'_>, network: Network) -> Result<Vec<Intent>, InputError> {
    let ingress = facts.ingress;
    let balancers: Vec<&Balancer> = ingress.balancers_on(network).collect();
    if balancers.is_empty() && ingress.node_ports_on(network).is_none() {
        return Ok(Vec::new());
    }
    let mut intents = Vec::new();
    let takers = takers(facts, network)?;
    for taker in &takers {
        let of = &taker.of;
        let mut closed = taker.closed.clone();
        let mut needs = Vec::new();
        if let Some(ports) = ingress.node_ports_on(network) {
            if !taker.open.is_empty() {
                needs.push(Need::new(
                    format!("those who are listed reach node ports on the {network} network"),
                    "The cluster profile lists them.",
                    taker.open.clone(),
                ));
            } else if taker.closed.is_empty() {
                needs.push(Need::new(
                    format!("everybody reaches node ports at workers{of} on the {network} network"),
                    "These workers take in what comes from outside.",
                    node_ports(facts, ports, None),
                ));
            }
        }
        for balancer in &balancers {
            needs.extend(reaching(facts, balancer, of));
            closed.extend(shut(facts, balancer));
        }
        let between = Between {
            from: Group::Outside {
                network: Some(network),
            },
            to: Group::Services {
                network: Some(network),
                selector: taker.selector.clone(),
            },
            about: Some(network),
            except: closed,
        };
        intents.extend(between.exactly(
            needs,
            vec![Part::any()],
            format!("workers{of} pass on to services nothing that is closed on the {network} network"),
            "What the cluster profile closes is closed, and everything else that workers pass on to \
             services is as open as the platform has it.",
        ));
    }
    Ok(intents)
}

/// Who reaches the load balancer.
fn reaching(facts: &Facts<'_>, balancer: &Balancer, of: &str) -> Vec<Need> {
    let named = |what: &str| {
        let (name, network) = (&balancer.name, balancer.network);
        let at = if of.is_empty() {
            String::new()
        } else {
            format!(" at workers{of}")
        };
        format!("{what} reach the load balancer {name}{at} on the {network} network")
    };
    let listed = blocks(&balancer.sources);
    let mut needs = if balancer.is_allowed {
        vec![Need::new(
            named("those who are listed"),
            "The cluster profile lists them.",
            vec![packets(balancer).from(listed)],
        )]
    } else {
        vec![Need::new(
            named("those who are not listed"),
            "The cluster profile lists who does not.",
            vec![packets(balancer).from(said::all_but(&listed, Family::V4))],
        )]
    };
    if !balancer.checked_from.is_empty() {
        needs.push(Need::new(
            named("health checks"),
            facts.platform.ingress.health_checks.why.clone(),
            vec![packets(balancer).from(balancer.checked_from.iter().copied())],
        ));
    }
    needs.retain(|need| {
        let mut sources = need.parts.iter().filter_map(|part| part.sources.as_ref());
        sources.all(|nets| !nets.is_empty())
    });
    needs
}

/// Packets to the load balancer.
fn packets(balancer: &Balancer) -> Part {
    Part::of(balancer.protocol)
        .to_ports(balancer.ports.iter().copied())
        .to(balancer.nets.iter().copied())
}

/// What does not reach the load balancer.
fn shut(facts: &Facts<'_>, balancer: &Balancer) -> Vec<Part> {
    let listed = blocks(&balancer.sources);
    if !balancer.is_allowed {
        return vec![packets(balancer).from(listed)];
    }
    let mut shut = vec![packets(balancer).from(said::all_but(&listed, Family::V4))];
    if balancer.is_untracked() {
        let failsafes = facts.felix.failsafes.outbound.iter();
        let of_protocol = failsafes.filter(|one| one.protocol == balancer.protocol.number());
        shut.extend(of_protocol.filter_map(|one| like_an_answer(balancer, &listed, one)));
    }
    shut.retain(|part| part.sources.as_ref().is_none_or(|nets| !nets.is_empty()));
    shut
}

/// EVAL-35: before connection tracking a packet from a failsafe port is taken for the answer to a
/// worker's own and left to what comes after, where nobody is let in any more.
fn like_an_answer(balancer: &Balancer, listed: &[Cidr], failsafe: &Failsafe) -> Option<Part> {
    let sources = match failsafe.net.map(Cidr::truncated) {
        None => listed.to_vec(),
        Some(net) => {
            let inside = listed.iter().filter(|own| net.covers(own)).copied();
            let around = listed.iter().any(|own| own.covers(&net)).then_some(net);
            inside.chain(around).collect()
        }
    };
    Some(Part {
        source_ports: Some(vec![PortRange::single(failsafe.port)?]),
        ..packets(balancer).from(sources)
    })
}
