//! Which classes of endpoints and which ways the groups of an intent mean.

use std::collections::BTreeSet;

use crate::engine::reach::{End, EndId, Reach, Way};
use crate::engine::{HostId, InterfaceId, PodId, Program};
use crate::finding::InputError;
use crate::profile::{Network, PlatformProfile};
use crate::question::intent::{Group, Intent};
use crate::resource::selector::Selector;

/// The label in which Calico has a pod's namespace (RES-1).
const NAMESPACE: &str = "projectcalico.org/namespace";

/// The interfaces of the networks.
pub(super) struct Networks {
    private: InterfaceId,
    public: InterfaceId,
}

/// The selectors that an intent tells endpoints apart by.
pub(super) fn selectors(intent: &Intent) -> Vec<Selector> {
    let groups = [&intent.from, &intent.to];
    groups.into_iter().filter_map(selector).collect()
}

/// What a group asks of the labels of pods or host endpoints.
fn selector(group: &Group) -> Option<Selector> {
    match group {
        Group::Workers { selector, .. } | Group::Services { selector, .. } => selector.clone(),
        Group::Pods {
            namespace,
            selector,
        } => {
            // A namespace that no selector can name is one that no pod is in.
            let own = namespace.as_ref();
            let own = own.and_then(|namespace| Selector::eq(NAMESPACE, namespace).ok());
            match (own, selector.clone()) {
                (Some(own), Some(selector)) => Some(own.and(selector)),
                (one, other) => one.or(other),
            }
        }
        Group::Outside { .. } | Group::Nets(_) => None,
    }
}

impl Networks {
    pub(super) fn of(program: &Program, facts: &PlatformProfile) -> Self {
        let interface = |network| program.find_interface(&facts.network(network).interface);
        Self {
            private: interface(Network::Private),
            public: interface(Network::Public),
        }
    }

    fn interface(&self, network: Network) -> InterfaceId {
        match network {
            Network::Private => self.private,
            Network::Public => self.public,
        }
    }

    /// The classes of endpoints that a group means.
    pub(super) fn ends(&self, reach: &Reach<'_>, group: &Group) -> Vec<EndId> {
        let selector = selector(group);
        let program = reach.program();
        let ends = reach.ends().filter(|(_, end)| match (group, end) {
            (Group::Workers { network, .. }, End::Workers(hosts))
            | (Group::Services { network, .. }, End::Services(hosts)) => hosts
                .first()
                .is_some_and(|host| self.means_host(program, *host, *network, selector.as_ref())),
            (Group::Pods { .. }, End::Pods(pods)) => pods
                .first()
                .is_some_and(|pod| means_pod(program, *pod, selector.as_ref())),
            (Group::Pods { .. }, End::Imagined { pods, .. }) => {
                let pod = pods.first();
                pod.is_some_and(|pod| selector.as_ref().is_none_or(|s| s.matches(&*pod.labels)))
            }
            // Addresses are whoever has them: the intent's packets say which.
            (Group::Nets(_), End::Services(_)) => false,
            (Group::Outside { .. }, End::Outside) | (Group::Nets(_), _) => true,
            _ => false,
        });
        ends.map(|(id, _)| id).collect()
    }

    fn means_host(
        &self,
        program: &Program,
        host: HostId,
        network: Option<Network>,
        selector: Option<&Selector>,
    ) -> bool {
        let Some(host) = program.host(host) else {
            return false;
        };
        let interface = network.map(|network| self.interface(network));
        let mut addresses = host.addresses.iter();
        let is_on = interface
            .is_none_or(|wanted| addresses.any(|address| address.interface == Some(wanted)));
        let Some(selector) = selector else {
            return is_on && host.mapped;
        };
        let endpoints = if let Some(wanted) = interface {
            vec![host.specific(wanted).or_else(|| host.wildcard())]
        } else {
            let own = host.specific.iter().map(|(_, claim)| claim);
            let all = own.chain(&host.wildcard);
            all.map(|claim| Some(claim.endpoint)).collect()
        };
        let mut endpoints = endpoints.into_iter().flatten();
        is_on
            && endpoints.any(|id| {
                let endpoint = program.host_endpoint(id);
                endpoint.is_some_and(|endpoint| selector.matches(&*endpoint.labels))
            })
    }

    /// Whether the intent means this way between classes of endpoints that it means.
    pub(super) fn means(&self, intent: &Intent, way: &Way) -> bool {
        let by = |network: Option<Network>, interface: Option<InterfaceId>| {
            network.is_none_or(|network| interface == Some(self.interface(network)))
        };
        // Nets are asked about as the other end sees them: by whatever way they are reached.
        let from = match &intent.from {
            Group::Workers { network, .. } => by(*network, way.leaves),
            Group::Services { .. } => false,
            Group::Outside { network } => by(*network, way.enters),
            Group::Nets(_) => way.knows_source,
            Group::Pods { .. } => true,
        };
        let to = match &intent.to {
            Group::Workers { network, .. } | Group::Services { network, .. } => {
                by(*network, way.enters)
            }
            Group::Outside { network } => by(*network, way.leaves),
            Group::Pods { .. } | Group::Nets(_) => true,
        };
        from && to
    }

    /// The error, with the names that are nearest to those that the intent has.
    pub(super) fn nearest(
        &self,
        reach: &Reach<'_>,
        intent: &Intent,
        error: InputError,
    ) -> InputError {
        let program = reach.program();
        for group in [&intent.from, &intent.to] {
            if !self.ends(reach, group).is_empty() {
                continue;
            }
            if let Group::Pods {
                namespace: Some(namespace),
                ..
            } = group
            {
                let known: BTreeSet<&str> = program
                    .pods()
                    .iter()
                    .filter_map(|pod| pod.key.namespace.as_deref())
                    .collect();
                return error.suggest(namespace, known);
            }
            if let Group::Workers { .. } = group
                && program.hosts().is_empty()
            {
                return error
                    .hint("no workers are known: give `--workers FILE` or `--cluster FILE`");
            }
        }
        error
    }
}

fn means_pod(program: &Program, pod: PodId, selector: Option<&Selector>) -> bool {
    let labels = program.pod(pod).map(|pod| &pod.labels);
    labels.is_some_and(|labels| selector.is_none_or(|s| s.matches(&**labels)))
}
