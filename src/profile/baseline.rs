//! What the platform's own policies do, as facts: the policies themselves are `baseline/*.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::{Cidr, PortRange, Protocol};
use crate::resource::selector::Selector;

use super::pods::PodsOf;
use super::{Name, Network};

/// What the platform's own policies do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineFacts {
    /// What they let in to workers.
    pub opens: Vec<BaselineOpening>,
    /// Pods that they keep others from.
    pub guards: Vec<PodGuard>,
}

/// What the platform's own policies let in to workers on one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineOpening {
    /// What it is, unique among these.
    pub name: Name,
    /// What it is for, in one sentence.
    pub why: String,
    /// The network.
    pub network: Network,
    /// The protocols; any where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
    /// The workers' ports; any where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortRange>,
    /// From where; from everywhere where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Cidr>,
}

/// Pods that the platform's own policies keep others from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodGuard {
    /// What they are, unique among these.
    pub name: Name,
    /// The pods.
    pub pods: PodsOf,
    /// The selector of the pods that reach them all the same, by Calico's labels of these.
    pub from: String,
}

impl BaselineFacts {
    /// What is wrong with them, in one sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        for opening in &self.opens {
            let name = &opening.name;
            let ported = !opening.protocols.is_empty()
                && opening
                    .protocols
                    .iter()
                    .all(|protocol| protocol.has_ports());
            if !opening.ports.is_empty() && !ported {
                return Err(format!("`{name}` has ports, and protocols without any"));
            }
        }
        for guard in &self.guards {
            guard.pods.check(&guard.name)?;
            if let Err(error) = Selector::parse(&guard.from) {
                return Err(format!(
                    "`from` of `{}` is no selector: {error}",
                    guard.name
                ));
            }
        }
        Ok(())
    }
}
