//! What the templates of ingress see.

use serde::Serialize;

use crate::net::{Cidr, PortRange, Protocol};
use crate::profile::{Balancer, IngressPolicy, IngressRules, NodePorts, SourceNets};
use crate::resource::number;

use super::Plan;

/// What the template of a policy of ingress sees besides what all see.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IngressContext<'a> {
    /// The policy file's name.
    name: &'a str,
    order: serde_json::Value,
    /// Load balancers, where the policy is of them.
    load_balancers: Vec<BalancerContext<'a>>,
    /// Node ports, where the policy is of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_ports: Option<NodePortsContext<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BalancerContext<'a> {
    name: &'a str,
    kind: String,
    protocol: Protocol,
    nets: &'a [Cidr],
    ports: &'a [PortRange],
    /// Whether the sources reach it and nobody else does.
    is_allowed: bool,
    sources: Vec<SourceContext<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodePortsContext<'a> {
    /// The selector of the host endpoints at which they are closed.
    workers: String,
    protocols: &'a [Protocol],
    ports: &'a [PortRange],
    sources: Vec<SourceContext<'a>>,
}

#[derive(Serialize)]
struct SourceContext<'a> {
    name: &'a str,
    nets: &'a [Cidr],
}

impl<'a> IngressContext<'a> {
    pub(super) fn new(plan: &'a Plan, policy: &'a IngressPolicy) -> Self {
        let balancers = plan.ingress.balancers_on(policy.network);
        let is_meant = |balancer: &&Balancer| match policy.rules {
            IngressRules::LoadBalancers => balancer.is_allowed_tracked(),
            IngressRules::UntrackedLoadBalancers => balancer.is_untracked(),
            IngressRules::ClosedLoadBalancers => true,
            IngressRules::NodePorts | IngressRules::ClosedNodePorts => false,
        };
        let node_ports = plan.ingress.node_ports_on(policy.network);
        Self {
            name: policy.name.as_str(),
            order: number(policy.order),
            load_balancers: balancers
                .filter(is_meant)
                .map(BalancerContext::new)
                .collect(),
            node_ports: node_ports
                .filter(|_| {
                    [IngressRules::NodePorts, IngressRules::ClosedNodePorts].contains(&policy.rules)
                })
                .map(|ports| NodePortsContext::new(plan, ports)),
        }
    }
}

impl<'a> BalancerContext<'a> {
    fn new(balancer: &'a Balancer) -> Self {
        Self {
            name: balancer.name.as_str(),
            kind: balancer.kind.to_string(),
            protocol: balancer.protocol,
            nets: &balancer.nets,
            ports: &balancer.ports,
            is_allowed: balancer.is_allowed,
            sources: sources(&balancer.sources),
        }
    }
}

impl<'a> NodePortsContext<'a> {
    fn new(plan: &'a Plan, ports: &'a NodePorts) -> Self {
        let facts = &plan.platform_profile;
        let role = &facts.network(ports.network).role;
        let mut workers = format!("{} == '{role}'", facts.role_label);
        if let Some(pool) = &ports.edge {
            workers.push_str(&format!(" && {} != '{pool}'", facts.ingress.pool_label));
        }
        Self {
            workers,
            protocols: &facts.ingress.protocols,
            ports: &ports.ports,
            sources: sources(&ports.sources),
        }
    }
}

fn sources(of: &[SourceNets]) -> Vec<SourceContext<'_>> {
    let each = of.iter().map(|source| SourceContext {
        name: &source.name,
        nets: &source.nets,
    });
    each.collect()
}
