//! What the platform profile says of what comes in for services.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Protocol;
use crate::profile::{Name, Network};

use super::LoadBalancerKind;

/// What the platform has of ingress, and the policies that a cluster's own is written into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressFacts {
    /// The label of host endpoints that names their worker's pool.
    pub pool_label: String,
    /// The protocols of node ports.
    pub protocols: Vec<Protocol>,
    /// Who looks after load balancers.
    pub health_checks: HealthCheckFacts,
    /// The policies.
    pub policies: Vec<IngressPolicy>,
}

/// Health checks that the platform makes of load balancers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HealthCheckFacts {
    /// What they are for, in one sentence.
    pub why: String,
    /// The network by which they come.
    pub network: Network,
    /// The load balancers that they go to.
    pub kinds: Vec<LoadBalancerKind>,
    /// The published ranges that they come from.
    pub set: Name,
}

/// A policy that a cluster's ingress is written into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressPolicy {
    /// The file's name without its ending.
    pub name: Name,
    /// The network.
    pub network: Network,
    /// What is written into it.
    pub rules: IngressRules,
    /// Its order.
    pub order: f64,
}

/// What is written into a policy of ingress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IngressRules {
    /// Who reaches load balancers that are closed to others, before destinations are translated.
    LoadBalancers,
    /// Who reaches load balancers whose packets are not tracked, and their answers.
    UntrackedLoadBalancers,
    /// Who does not reach load balancers, before destinations are translated.
    ClosedLoadBalancers,
    /// Who reaches node ports that are closed to others, before destinations are translated.
    NodePorts,
    /// That nobody else reaches node ports.
    ClosedNodePorts,
}

impl IngressFacts {
    /// What is wrong with the facts, in one sentence.
    pub(in crate::profile) fn check(&self) -> Result<(), String> {
        if self.protocols.is_empty() || self.protocols.iter().any(|p| !p.has_ports()) {
            return Err("`ingress.protocols` are those of node ports, which have ports".to_owned());
        }
        let mut seen = BTreeSet::new();
        for policy in &self.policies {
            let rules = policy.rules as u8;
            if !seen.insert((policy.network, rules)) {
                return Err(format!(
                    "`{}` is a second policy for the same of ingress on the {} network",
                    policy.name, policy.network
                ));
            }
        }
        Ok(())
    }
}
