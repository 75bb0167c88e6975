//! What a strict plan closes.

use crate::net::{Cidr, Protocol};
use crate::profile::{Narrowing, Network, PolicyFacts, PortsOf, Way};

use super::Plan;

impl Plan {
    /// What is narrowed in the policies of the plan, were it strict.
    pub(super) fn narrowings(&self) -> impl Iterator<Item = &Narrowing> {
        let openings = self.platform_profile.strict.openings.iter();
        openings.filter(|opening| {
            let is_istio = opening.ports.contains(&PortsOf::IstioEgress);
            self.rendered_policy(&opening.policy)
                .is_some_and(|policy| !is_istio || self.wants_istio(policy.network))
        })
    }

    /// What the plan's sets close besides what the published ones close: a sentence for each group
    /// of ports of a policy. Nothing where the plan is not strict.
    pub fn closed(&self) -> Vec<String> {
        if !self.strict {
            return Vec::new();
        }
        let narrowed = self.narrowings().filter_map(|opening| {
            let policy = self.rendered_policy(&opening.policy)?;
            Some(self.sentence(opening, policy.network))
        });
        let closed = self.platform_profile.strict.closed.iter();
        let closed = closed.filter(|closing| self.rendered_policy(&closing.policy).is_some());
        narrowed
            .chain(closed.map(|closing| format!("{}: no longer {}", closing.policy, closing.what)))
            .collect()
    }

    fn sentence(&self, opening: &Narrowing, network: Network) -> String {
        let platform = &self.platform_profile;
        let protocols: Vec<String> = opening.protocols.iter().map(Protocol::to_string).collect();
        let ports = opening.port_ranges(platform);
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        let groups = opening.to.iter();
        let nets = groups
            .clone()
            .flat_map(|group| group.of(platform, &self.region, self.pod_subnet, network));
        let mut nets: Vec<Cidr> = nets.collect();
        nets.sort_unstable();
        nets.dedup();
        let (word, amount) = (
            match opening.way {
                Way::Ingress => "from",
                Way::Egress => "to",
            },
            nets.len(),
        );
        let space = if ports.is_empty() { "" } else { " " };
        format!(
            "{}: {}{space}{} no longer {word} every address, only {word} {amount} {} ({})",
            opening.policy,
            protocols.join(" and "),
            ports.join(", "),
            if amount == 1 { "block" } else { "blocks" },
            groups
                .map(|group| group.described())
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    /// The policy of this name, if the plan has it rendered.
    fn rendered_policy(&self, name: &crate::profile::Name) -> Option<&PolicyFacts> {
        let policies = self.platform_profile.policies.iter();
        let mut rendered = policies
            .filter(|policy| self.networks.contains(&policy.network) && self.wants_policy(policy));
        rendered.find(|policy| policy.name == *name)
    }
}
