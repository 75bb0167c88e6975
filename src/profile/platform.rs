//! What holds in every region: the platform's ports, subnets, proxies, policies and their orders.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, PortRange, Protocol};
use crate::resource::selector::Selector;
use crate::yaml;

use super::{
    Audience, BaselineFacts, Day, IngressFacts, IsolationFacts, Name, Network, Platform, PodFlow,
    Source, SpecialAddresses, StrictFacts, Version, Worker,
};

/// What holds for every cluster of the platform, in whatever region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlatformProfile {
    /// The platform's name.
    pub platform: Name,
    /// Where these facts come from.
    pub source: Source,
    /// The day on which the source said so.
    pub date: Day,
    /// The label that tells which network's host endpoint this is.
    pub role_label: String,
    /// The selector that matches every pod and nothing else.
    pub pods: String,
    /// What is known of each network.
    pub networks: Networks,
    /// Subnets of every cluster unless it says otherwise.
    pub subnets: Subnets,
    /// Workers that stand for those of any cluster where none are listed.
    pub sample_workers: Vec<Worker>,
    /// By which network workers' packets leave. What no block holds leaves by the public network
    /// where the worker is on it, else by the private one.
    pub routes: Vec<NetworkRoute>,
    /// Addresses that have no place in some lists.
    pub special_addresses: Vec<SpecialAddresses>,
    /// What carries packets between pods of different workers.
    pub overlay: OverlayKind,
    /// The worker-local proxies to the master.
    pub local_proxy: LocalProxy,
    /// Ports by what they are for, in the order in which they are written into rules.
    pub ports: Ports,
    /// The ports on which masters answer.
    pub control_plane_ports: ControlPlanePorts,
    /// The protocol of VRRP.
    pub vrrp: Protocol,
    /// What the managed Istio add-on needs on the public network.
    pub istio: Istio,
    /// Parts of the set that can be wanted or not.
    pub components: Vec<Component>,
    /// Every policy file of the set.
    pub policies: Vec<PolicyFacts>,
    /// Orders of the policies for a cluster's own services.
    pub cluster_services: Vec<ClusterServiceOrders>,
    /// What the platform has of ingress.
    pub ingress: IngressFacts,
    /// What pods of the platform's own reach besides what every pod reaches.
    pub pod_flows: Vec<PodFlow>,
    /// What the platform's own policies do.
    pub baseline: BaselineFacts,
    /// To what a strict set narrows that the published ones leave open to every address.
    pub strict: StrictFacts,
    /// What holds of isolated apps.
    pub isolation: IsolationFacts,
}

/// What is known of each network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Networks {
    /// The private network.
    pub private: NetworkFacts,
    /// The public network.
    pub public: NetworkFacts,
}

/// What is known of one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkFacts {
    /// A worker's interface on the network.
    pub interface: String,
    /// The value of the role label of its host endpoints.
    pub role: String,
    /// Since when the platform itself makes host endpoints on the network.
    pub host_endpoints_since: HostEndpointSince,
}

/// The first version of each platform that makes host endpoints itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostEndpointSince {
    /// The first such version of Kubernetes.
    pub kubernetes: Version,
    /// The first such version of OpenShift.
    pub openshift: Version,
}

/// Subnets of every cluster unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subnets {
    /// Where pods have their addresses.
    pub pods: Cidr,
    /// Where services have theirs.
    pub services: Cidr,
    /// What counts as a private address.
    pub private: Vec<Cidr>,
}

/// What carries packets between pods of different workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OverlayKind {
    /// IP in IP.
    Ipip,
    /// VXLAN.
    Vxlan,
    /// Nothing: the network between workers knows where pods are.
    None,
}

/// Addresses that workers reach by one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkRoute {
    /// The addresses.
    pub net: Cidr,
    /// The network.
    pub network: Network,
}

/// The worker-local proxies to the master and etcd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalProxy {
    /// Where they listen.
    pub nets: Vec<Cidr>,
    /// On which ports.
    pub ports: Vec<PortRange>,
}

/// Ports by what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ports {
    /// Name resolution.
    pub dns: Vec<PortRange>,
    /// Block storage and web services.
    pub https: Vec<PortRange>,
    /// File storage.
    pub nfs: Vec<PortRange>,
    /// Block storage.
    pub iscsi: Vec<PortRange>,
    /// Calico's Typha.
    pub typha: Vec<PortRange>,
    /// The kubelet.
    pub kubelet: Vec<PortRange>,
    /// Worker updates.
    pub bigfix: Vec<PortRange>,
    /// The metrics server of Kubernetes and of OpenShift.
    pub metrics_server: Vec<PortRange>,
    /// The Kubernetes API at its service address.
    pub kubernetes_api: Vec<PortRange>,
    /// The Kubernetes dashboard's pod and service.
    pub dashboard: Vec<PortRange>,
    /// OpenShift's operator lifecycle manager.
    pub operator_lifecycle: Vec<PortRange>,
    /// Node ports.
    pub node_ports: Vec<PortRange>,
}

impl Ports {
    /// The ports on which workers answer or by which they reach what keeps them, by their keys in
    /// the profile: those that a cluster's node ports must not be among.
    pub fn of_workers(&self) -> [(&'static str, &[PortRange]); 7] {
        [
            ("dns", &self.dns),
            ("https", &self.https),
            ("nfs", &self.nfs),
            ("iscsi", &self.iscsi),
            ("typha", &self.typha),
            ("kubelet", &self.kubelet),
            ("bigfix", &self.bigfix),
        ]
    }
}

/// The ports on which masters answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlPlanePorts {
    /// To workers.
    pub workers: Vec<PortRange>,
    /// To pods.
    pub pods: Vec<PortRange>,
}

/// What the managed Istio add-on needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Istio {
    /// The protocol of all of it.
    pub protocol: Protocol,
    /// Ports of its egress gateway.
    pub egress: Vec<PortRange>,
    /// Ports of its ingress gateway and control plane.
    pub ingress: Vec<PortRange>,
}

/// A part of the set that can be wanted or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Component {
    /// Its name, as `--with` and `--without` take it.
    pub name: Name,
    /// What it opens or closes, in one sentence.
    pub description: String,
    /// Whether the set does not work without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The one platform on which it is wanted unless refused; every platform where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// One policy file of the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyFacts {
    /// The file's name without its ending, as upstream names it.
    pub name: Name,
    /// The network whose set it belongs to.
    pub network: Network,
    /// The component it belongs to.
    pub component: Name,
    /// Its order: lower is asked first.
    pub order: f64,
    /// Whom the policy serves, where it stands and falls with the service groups that are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Audience>,
}

/// Order of the policy that opens a cluster's own services, by network and by whom it serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterServiceOrders {
    /// The file's name without its ending.
    pub name: Name,
    /// The network.
    pub network: Network,
    /// Whom the policy serves.
    #[serde(rename = "for")]
    pub audience: Audience,
    /// Its order.
    pub order: f64,
}

impl PlatformProfile {
    /// Reads the platform profile.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let profile: Self = yaml::typed(input)?;
        let refuse = |message: String| {
            InputError::new(message).at(Place::new(input, Span::in_text(&input.text, 0..0)))
        };
        profile.check().map_err(refuse)?;
        profile.strict.check_lists(input)?;
        Ok(profile)
    }

    /// What is wrong with the facts taken together, in one sentence.
    fn check(&self) -> Result<(), String> {
        for (name, is_empty) in self.lists() {
            if is_empty {
                return Err(format!("the list `{name}` is empty"));
            }
        }
        if self.local_proxy.nets.iter().any(Cidr::is_everything) {
            return Err("a worker-local proxy cannot be at every address".to_owned());
        }
        if self.vrrp.has_ports() {
            return Err(format!(
                "`vrrp` cannot be {}: that protocol has ports",
                self.vrrp
            ));
        }
        self.check_special()?;
        self.check_words()?;
        let mut names = BTreeSet::new();
        let policies = self.policies.iter().map(|p| (&p.name, p.order));
        let own = self.cluster_services.iter().map(|p| (&p.name, p.order));
        let ingress = self.ingress.policies.iter().map(|p| (&p.name, p.order));
        for (name, order) in policies.chain(own).chain(ingress) {
            if !names.insert(name) {
                return Err(format!("the policy `{name}` is listed twice"));
            }
            if !order.is_finite() {
                return Err(format!("the order of `{name}` is not a number"));
            }
        }
        for policy in &self.policies {
            if self.component(&policy.component).is_none() {
                let (name, component) = (&policy.name, &policy.component);
                return Err(format!(
                    "`{name}` is of the component `{component}`, which is not listed"
                ));
            }
        }
        self.strict.check(&self.policies)?;
        self.isolation.check()?;
        self.ingress.check()?;
        self.check_flows()
    }

    /// Refuses facts of single pods and of the platform's policies that say nothing or too much.
    fn check_flows(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        let flows = self.pod_flows.iter().map(|flow| &flow.name);
        let opens = self.baseline.opens.iter().map(|opening| &opening.name);
        let guards = self.baseline.guards.iter().map(|guard| &guard.name);
        for name in flows.chain(opens).chain(guards) {
            if !names.insert(name) {
                return Err(format!("`{name}` is listed twice"));
            }
        }
        for flow in &self.pod_flows {
            if self.component(&flow.component).is_none() {
                let (name, component) = (&flow.name, &flow.component);
                return Err(format!(
                    "`{name}` is of the component `{component}`, which is not listed"
                ));
            }
            flow.check()?;
        }
        self.baseline.check()
    }

    /// Refuses words that would leave their place in a selector or a label.
    fn check_words(&self) -> Result<(), String> {
        let networks = [&self.networks.private, &self.networks.public];
        let roles = networks.iter().map(|network| network.role.as_str());
        let labels = [self.role_label.as_str(), self.ingress.pool_label.as_str()];
        for word in roles.chain(labels) {
            let is_word = !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_.-/".contains(&b));
            if !is_word {
                return Err(format!("`{word}` cannot stand in a selector"));
            }
        }
        match Selector::parse(&self.pods) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("`pods` is no selector: {error}")),
        }
    }

    /// Every list that rules are made of, by name, with whether it is empty: a rule that lost its
    /// ports or nets would open all of them.
    fn lists(&self) -> [(&'static str, bool); 20] {
        let ports = &self.ports;
        [
            ("subnets.private", self.subnets.private.is_empty()),
            ("sampleWorkers", self.sample_workers.is_empty()),
            ("localProxy.nets", self.local_proxy.nets.is_empty()),
            ("localProxy.ports", self.local_proxy.ports.is_empty()),
            ("ports.dns", ports.dns.is_empty()),
            ("ports.https", ports.https.is_empty()),
            ("ports.nfs", ports.nfs.is_empty()),
            ("ports.iscsi", ports.iscsi.is_empty()),
            ("ports.typha", ports.typha.is_empty()),
            ("ports.kubelet", ports.kubelet.is_empty()),
            ("ports.bigfix", ports.bigfix.is_empty()),
            ("ports.metricsServer", ports.metrics_server.is_empty()),
            ("ports.kubernetesApi", ports.kubernetes_api.is_empty()),
            ("ports.dashboard", ports.dashboard.is_empty()),
            (
                "ports.operatorLifecycle",
                ports.operator_lifecycle.is_empty(),
            ),
            ("ports.nodePorts", ports.node_ports.is_empty()),
            (
                "controlPlanePorts.workers",
                self.control_plane_ports.workers.is_empty(),
            ),
            (
                "controlPlanePorts.pods",
                self.control_plane_ports.pods.is_empty(),
            ),
            ("istio.egress", self.istio.egress.is_empty()),
            ("istio.ingress", self.istio.ingress.is_empty()),
        ]
    }

    /// What is known of `network`.
    pub fn network(&self, network: Network) -> &NetworkFacts {
        match network {
            Network::Private => &self.networks.private,
            Network::Public => &self.networks.public,
        }
    }

    /// The first version of `platform` in which the platform makes host endpoints on `network`
    /// itself.
    pub fn host_endpoints_since(&self, network: Network, platform: Platform) -> Version {
        let since = &self.network(network).host_endpoints_since;
        match platform {
            Platform::Kubernetes => since.kubernetes,
            Platform::Openshift => since.openshift,
        }
    }

    /// Whether packets from a worker to `net` may leave by `network`: the longest route that holds
    /// the block decides, and what none holds may leave by either.
    pub fn leaves_by(&self, net: Cidr, network: Network) -> bool {
        self.route_of(net).is_none_or(|route| route == network)
    }

    /// The network by which packets to `net` leave: that of the longest route that holds the block.
    pub(super) fn route_of(&self, net: Cidr) -> Option<Network> {
        let routes = self.routes.iter().filter(|route| route.net.covers(&net));
        let route = routes.max_by_key(|route| route.net.prefix_len());
        route.map(|route| route.network)
    }

    /// The component named `name`.
    pub fn component(&self, name: &Name) -> Option<&Component> {
        self.components.iter().find(|c| c.name == *name)
    }
}
