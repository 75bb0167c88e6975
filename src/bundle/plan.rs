//! What is to be rendered: the facts that apply, and the parts that are wanted.

use crate::finding::{InputError, Place};
use crate::net::Cidr;
use crate::profile::{
    Balancer, ClusterService, Ingress, IngressPolicy, IngressRules, Isolation, Name, Network,
    Platform, PlatformProfile, PolicyFacts, RegionProfile, ServiceGroup, Version, Workers,
    check_pod_subnet,
};
use crate::question::logging;
use crate::question::subject::Known;

/// The component of the provider's services.
const SERVICES: &str = "services";

/// The component of the managed Istio add-on, which lives in the services' policies.
const ISTIO: &str = "istio";

/// For whom a bundle is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Any cluster of the region.
    Region,
    /// The cluster of this name.
    Cluster(Name),
}

/// Whether to write host endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostEndpoints {
    /// Where the platform does not make them itself.
    #[default]
    Auto,
    /// Wherever workers are known.
    Always,
    /// Nowhere.
    Never,
}

/// What is to be rendered for one target.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For whom.
    pub target: Target,
    /// The region's facts.
    pub region: RegionProfile,
    /// The platform's facts.
    pub platform_profile: PlatformProfile,
    /// The networks to render.
    pub networks: Vec<Network>,
    /// Whether the target is on no other networks than these, so that what lies there of an
    /// earlier run is out of date.
    pub speaks_for_all: bool,
    /// What runs on the workers.
    pub platform: Platform,
    /// The version of that.
    pub version: Option<Version>,
    /// Where pods have their addresses.
    pub pod_subnet: Cidr,
    /// The workers, where they are known.
    pub workers: Option<Workers>,
    /// Whether to write host endpoints.
    pub host_endpoints: HostEndpoints,
    /// Parts that are wanted.
    pub wanted: Wanted,
    /// Services of the cluster's own.
    pub services: Vec<ClusterService>,
    /// Whether what the published sets leave open to every address is closed down to the facts.
    pub strict: bool,
    /// Apps that are kept apart.
    pub isolation: Option<Isolation>,
    /// What is let in for services.
    pub ingress: Ingress,
    /// Whose denials the cluster profile wants recorded, if any.
    pub log_denied: Option<logging::Wanted>,
}

impl Plan {
    /// What is usually rendered for any cluster of a region.
    pub fn usual(
        region: RegionProfile,
        platform_profile: PlatformProfile,
        networks: Vec<Network>,
    ) -> Self {
        Self {
            target: Target::Region,
            region,
            networks,
            speaks_for_all: false,
            platform: Platform::default(),
            version: None,
            pod_subnet: platform_profile.subnets.pods,
            workers: None,
            host_endpoints: HostEndpoints::default(),
            wanted: Wanted::default(),
            services: Vec::new(),
            strict: false,
            isolation: None,
            ingress: Ingress::default(),
            log_denied: None,
            platform_profile,
        }
    }

    /// Everything that can be rendered from the facts of a region, usually wanted or not.
    pub fn whole(region: RegionProfile, platform_profile: PlatformProfile) -> Self {
        let components = platform_profile.components.iter();
        let every = components.map(|component| component.name.clone()).collect();
        Self {
            platform: Platform::Openshift,
            host_endpoints: HostEndpoints::Never,
            wanted: Wanted::default().then(every, Vec::new()),
            ..Self::usual(region, platform_profile, Network::BOTH.to_vec())
        }
    }
}

/// Components and service groups that are wanted or not, the nearest word first: what stands in
/// an earlier pair of lists goes before what stands in a later one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Pairs of what is wanted and what is not.
    words: Vec<(Vec<Name>, Vec<Name>)>,
}

impl Wanted {
    /// Adds a pair of lists behind those that are there.
    pub fn then(mut self, with: Vec<Name>, without: Vec<Name>) -> Self {
        self.words.push((with, without));
        self
    }

    /// What the words say of a part. `means` tells how closely a word means it: the closest word
    /// of the nearest pair that has one decides. Nothing where no word means it.
    fn says(&self, means: impl Fn(&str) -> Option<usize>) -> Option<bool> {
        self.words.iter().find_map(|(with, without)| {
            let closest = |words: &[Name]| words.iter().filter_map(|w| means(w.as_str())).max();
            match (closest(with), closest(without)) {
                (None, None) => None,
                (with, without) => Some(with > without),
            }
        })
    }

    /// Refuses words that name no part, that are wanted and not wanted in one breath, or that
    /// would leave out what the set does not work without.
    ///
    /// # Errors
    /// The first such word, with the nearest right ones.
    pub fn check(
        &self,
        region: &RegionProfile,
        platform: &PlatformProfile,
    ) -> Result<(), InputError> {
        let groups = region.services.iter();
        let mut known: Vec<&str> = platform
            .components
            .iter()
            .map(|c| c.name.as_str())
            .collect();
        known.extend(groups.map(|group| group.name.as_str()));
        known.sort_unstable();
        known.dedup();
        for (with, without) in &self.words {
            for word in with.iter().chain(without) {
                let is_group = region.services.iter().any(|g| g.answers_to(word.as_str()));
                if platform.component(word).is_none() && !is_group {
                    return Err(InputError::new(format!(
                        "there is no component or service group `{word}`"
                    ))
                    .suggest(word.as_str(), known.iter().copied()));
                }
            }
            if let Some(both) = with.iter().find(|word| without.contains(word)) {
                return Err(InputError::new(format!(
                    "`{both}` is asked for with and without"
                )));
            }
            let required = without.iter().find(|word| {
                platform
                    .component(word)
                    .is_some_and(|component| component.required)
            });
            if let Some(required) = required {
                return Err(InputError::new(format!(
                    "the set does not work without `{required}`"
                )));
            }
        }
        Ok(())
    }
}

impl Plan {
    /// Refuses a plan whose facts contradict each other. `pods_at` is where the pod subnet was
    /// given, where it was.
    ///
    /// # Errors
    /// The first contradiction, with its place.
    pub fn check(&self, pods_at: Option<&Place>) -> Result<(), InputError> {
        self.wanted.check(&self.region, &self.platform_profile)?;
        let overlap = check_pod_subnet(self.pod_subnet, &self.region, &self.platform_profile);
        overlap.map_err(|error| match pods_at {
            Some(place) => error.at(place.clone()),
            None => error,
        })?;
        match self.known_workers() {
            Some(workers) => workers.check_against_pods(self.pod_subnet),
            None if self.host_endpoints == HostEndpoints::Always => Err(InputError::new(
                "host endpoints are wanted, but no workers are known",
            )
            .hint("give `--workers FILE`, or list them in the cluster profile")),
            None => Ok(()),
        }
    }

    /// What is known of the target besides its resources, with the platform's own policies in
    /// `baseline`. Workers have the platform's host endpoints as far as the platform makes them.
    pub fn known(&self, baseline: Option<super::Baseline>) -> Known {
        Known {
            platform_profile: self.with_samples_of_pools(),
            platform: self.platform,
            version: self.version,
            pod_subnet: self.pod_subnet,
            workers: self
                .known_workers()
                .map_or_else(Vec::new, |workers| workers.list.clone()),
            guarded: false,
            baseline,
        }
    }

    /// The platform's facts, in which some of the sample workers are of each pool that the ingress
    /// tells apart: a proof is to look at workers of the pool and at others.
    fn with_samples_of_pools(&self) -> PlatformProfile {
        let mut facts = self.platform_profile.clone();
        let mut pools: Vec<&Name> = self.ingress.pools().collect();
        pools.sort_unstable();
        pools.dedup();
        let choices = pools.into_iter().map(Some).chain([None]).rev().cycle();
        if self.ingress.pools().next().is_some() {
            for (worker, pool) in facts.sample_workers.iter_mut().zip(choices) {
                worker.pool = pool.cloned();
            }
        }
        facts
    }

    /// Whether what is rendered goes with host endpoints that somebody else makes: the platform does
    /// not, and none are rendered.
    pub fn wants_host_endpoints(&self) -> bool {
        let made = |network: &Network| {
            self.writes_host_endpoints(*network).0
                || self.version.is_none_or(|version| {
                    let platform = &self.platform_profile;
                    version >= platform.host_endpoints_since(*network, self.platform)
                })
        };
        !self.networks.iter().all(made)
    }

    fn known_workers(&self) -> Option<&Workers> {
        self.workers
            .as_ref()
            .filter(|workers| !workers.list.is_empty())
    }

    /// The region and, where there is one, the cluster, for a sentence.
    pub fn described(&self) -> String {
        let region = &self.region.region.value;
        match &self.target {
            Target::Region => format!("region {region}"),
            Target::Cluster(name) => format!("cluster {name} in region {region}"),
        }
    }

    /// The folder of the target below the output folder.
    pub fn folder(&self) -> String {
        match &self.target {
            Target::Region => self.region.region.value.to_string(),
            Target::Cluster(name) => format!("clusters/{name}"),
        }
    }

    /// Whether the component `name` is wanted.
    pub fn wants(&self, name: &str) -> bool {
        let components = &self.platform_profile.components;
        let Some(component) = components.iter().find(|c| c.name.as_str() == name) else {
            return false;
        };
        let on_platform = component.platform.is_none_or(|only| only == self.platform);
        // What is part of the services goes with them, unless a word is about it.
        let means = |word: &str| match word {
            word if word == name => Some(1),
            SERVICES if name == ISTIO => Some(0),
            _ => None,
        };
        component.required || self.wanted.says(means).unwrap_or(on_platform)
    }

    /// Whether the service group is wanted.
    pub fn wants_group(&self, group: &ServiceGroup) -> bool {
        let means = |word: &str| match word {
            SERVICES => Some(0),
            word => group.answers_to(word).then_some(word.len()),
        };
        self.wanted.says(means).unwrap_or(true)
    }

    /// Whether the managed Istio add-on is wanted on `network`: it is on the public one alone.
    pub fn wants_istio(&self, network: Network) -> bool {
        network == Network::Public && self.wants(ISTIO)
    }

    /// Whether the policy file is wanted.
    pub fn wants_policy(&self, policy: &PolicyFacts) -> bool {
        if policy.services.is_none() {
            return self.wants(policy.component.as_str());
        }
        let mut groups = self.region.services_on(policy.network);
        groups.any(|group| self.wants_group(group)) || self.wants_istio(policy.network)
    }

    /// Whether anything is to be written into the policy of ingress.
    pub fn wants_ingress(&self, policy: &IngressPolicy) -> bool {
        let mut balancers = self.ingress.balancers_on(policy.network);
        let node_ports = self.ingress.node_ports_on(policy.network);
        match policy.rules {
            IngressRules::LoadBalancers => balancers.any(Balancer::is_allowed_tracked),
            IngressRules::UntrackedLoadBalancers => balancers.any(Balancer::is_untracked),
            IngressRules::ClosedLoadBalancers => balancers.next().is_some(),
            IngressRules::NodePorts => node_ports.is_some_and(|ports| !ports.sources.is_empty()),
            IngressRules::ClosedNodePorts => node_ports.is_some(),
        }
    }

    /// Whether host endpoints on `network` are to be written, and what to tell the user of it.
    pub fn writes_host_endpoints(&self, network: Network) -> (bool, Option<String>) {
        let Some(workers) = self.known_workers() else {
            return (false, None);
        };
        let on_network = match network {
            Network::Private => true,
            Network::Public => workers.list.iter().any(|worker| worker.public_ip.is_some()),
        };
        if !on_network {
            return (false, None);
        }
        match self.host_endpoints {
            HostEndpoints::Always => (true, None),
            HostEndpoints::Never => (false, None),
            HostEndpoints::Auto => self.platform_makes_them(network),
        }
    }

    fn platform_makes_them(&self, network: Network) -> (bool, Option<String>) {
        let profile = &self.platform_profile;
        let since = profile.host_endpoints_since(network, self.platform);
        let platform = self.platform;
        match self.version {
            Some(version) if version >= since => (false, None),
            Some(_) => (true, None),
            None => (
                true,
                Some(format!(
                    "{network} host endpoints are written, because no version is given: from \
                     {platform} {since} on the platform makes them itself, and then they must \
                     not be applied (say which with `version` in a cluster profile, or with \
                     `--host-endpoints never`)"
                )),
            ),
        }
    }
}
