//! Ends of packets, as intents name them.

use std::fmt;

use crate::net::Cidr;
use crate::profile::Network;
use crate::resource::selector::Selector;

/// Ends of packets.
///
/// Two groups are equal when they are written alike: selectors by their canonical text, lists in
/// any order once they were read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Group {
    /// Workers' own processes, and the pods that use their network. What a worker sends to itself
    /// is never meant.
    Workers {
        /// The network by which they are reached or reach others, with the address that they have
        /// there; any where not given. Workers that are not on it are not meant.
        network: Option<Network>,
        /// Which workers, by the labels of their host endpoints on the network; all where not
        /// given.
        selector: Option<Selector>,
    },
    /// Pods with addresses of their own.
    Pods {
        /// Their namespace; any where not given.
        namespace: Option<String>,
        /// Which pods, by Calico's labels of them (RES-1 to RES-3); all where not given.
        selector: Option<Selector>,
    },
    /// Every address that is no worker's and no pod's.
    Outside {
        /// The network by which packets leave workers to these addresses or come in from them;
        /// any where not given.
        network: Option<Network>,
    },
    /// What workers pass on to services: packets that come in from outside for node ports and load
    /// balancers, whatever address they were sent to. What pods let in is not asked.
    Services {
        /// The network by which they come in; any where not given.
        network: Option<Network>,
        /// At which workers, by the labels of their host endpoints on the network; all where not
        /// given.
        selector: Option<Selector>,
    },
    /// These addresses outside the cluster.
    Nets(Vec<Cidr>),
}

impl Group {
    /// Whether the ends are outside the cluster.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Outside { .. } | Self::Nets(_))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workers { network, selector } => {
                f.write_str("workers")?;
                if let Some(network) = network {
                    write!(f, " on the {network} network")?;
                }
                with(f, selector.as_ref())
            }
            Self::Services { network, selector } => {
                f.write_str("services")?;
                if let Some(network) = network {
                    write!(f, " on the {network} network")?;
                }
                if selector.is_some() {
                    f.write_str(" at workers")?;
                }
                with(f, selector.as_ref())
            }
            Self::Pods {
                namespace,
                selector,
            } => {
                f.write_str("pods")?;
                if let Some(namespace) = namespace {
                    write!(f, " of {namespace}")?;
                }
                with(f, selector.as_ref())
            }
            Self::Outside { network } => {
                f.write_str("addresses outside the cluster")?;
                match network {
                    Some(network) => write!(f, " by the {network} network"),
                    None => Ok(()),
                }
            }
            Self::Nets(nets) => {
                let texts: Vec<String> = nets.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(", "))
            }
        }
    }
}

fn with(f: &mut fmt::Formatter<'_>, selector: Option<&Selector>) -> fmt::Result {
    match selector {
        Some(selector) => write!(f, " with {selector}"),
        None => Ok(()),
    }
}
