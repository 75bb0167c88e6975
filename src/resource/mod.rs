//! Typed Kubernetes and Calico objects, as they were written, each value with its place.
//!
//! Reading is lenient and remembers: what the API would refuse is kept as it stands, told as a
//! finding, and judged later by whoever asks. Validation is `validate`, meaning is `engine`.

mod cluster;
mod cluster_policy;
mod convert;
mod era;
mod felix;
mod kind;
mod metadata;
mod network_set;
mod normal;
mod policy;
mod read;
pub mod selector;
mod set;
pub mod validate;
mod version;
mod workload;

pub use cluster::{ClusterInformation, Profile, Tier};
pub use cluster_policy::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, ClusterSubject, NamespacedPods,
    PortNumberRange, PortNumbers, PortQuestion,
};
pub use convert::{
    Becomes, KUBERNETES_POLICY_ORDER, Unconverted, convert, is_converted, unconverted,
};
pub use era::Era;
pub use felix::{FailsafePort, FelixConfiguration};
pub use kind::{Api, Key, Kind};
pub use metadata::{Label, Metadata};
pub use network_set::NetworkSet;
pub use normal::{digest, normal_form, number, stored_form};
pub use policy::{
    Action, Direction, EntityRule, HttpMatch, HttpPath, Icmp, KubernetesPeer, KubernetesPolicy,
    KubernetesPort, KubernetesRule, LabelRequirement, LabelSelector, Net, Policy, Port, Rule,
    ServiceAccountMatch, ServiceMatch,
};
pub use read::{read, read_with};
pub use set::ResourceSet;
pub use version::{CalicoVersion, CalicoVersionError};
pub use workload::{
    Container, ContainerPort, Endpoint, EndpointPort, EndpointSlice, HostEndpoint, HostPort,
    Namespace, Node, Pod, Service, ServiceAccount, ServicePort,
};

use std::sync::Arc;

use crate::finding::{Input, Place, Span};
use crate::yaml::Located;

/// A value as it was written: of the type that the field takes, or the text that is not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Written<T> {
    /// A value of the right type.
    Valid(T),
    /// What stands there instead.
    Invalid(Box<str>),
}

impl<T> Written<T> {
    /// The value, if it is one.
    pub fn valid(&self) -> Option<&T> {
        match self {
            Self::Valid(value) => Some(value),
            Self::Invalid(_) => None,
        }
    }
}

/// A list field: where the list stands, and its items with their places. Nothing where the field
/// is absent.
pub type List<T> = Option<Located<Vec<Located<T>>>>;

/// A single-valued field with its place. Nothing where the field is absent.
pub type Field<T> = Option<Located<T>>;

/// One Kubernetes or Calico object.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What it is called.
    pub key: Key,
    /// In which form it was given.
    pub api: Api,
    /// The text that it was read from.
    pub input: Arc<Input>,
    /// Where in the text it stands.
    pub span: Span,
    /// Name, namespace, labels and annotations.
    pub metadata: Metadata,
    /// What it says.
    pub body: Body,
    /// What else it says: fields that this version does not know, in the order in which they stand.
    pub unknown: Vec<UnknownField>,
}

/// A field that this version does not know. A server may that is newer.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownField {
    /// What has it: `spec`, or the field whose value it stands in.
    pub of: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// What it says.
    pub value: serde_json::Value,
}

impl Resource {
    /// Where the object stands.
    pub fn place(&self) -> Place {
        Place::new(&self.input, self.span)
    }

    /// Where `span` of the object's text is.
    pub fn at(&self, span: Span) -> Place {
        Place::new(&self.input, span)
    }

    /// The Calico policy that the object is, staged or not.
    pub fn policy(&self) -> Option<&Policy> {
        match &self.body {
            Body::Policy(policy) => Some(policy),
            _ => None,
        }
    }
}

/// What an object says, by kind.
#[derive(Debug, Clone)]
pub enum Body {
    /// A Calico GlobalNetworkPolicy or NetworkPolicy, or a staged one.
    Policy(Box<Policy>),
    /// A Kubernetes NetworkPolicy, or a staged one.
    KubernetesPolicy(Box<KubernetesPolicy>),
    /// A Kubernetes policy for the whole cluster.
    ClusterPolicy(Box<ClusterPolicy>),
    /// A GlobalNetworkSet or NetworkSet.
    NetworkSet(NetworkSet),
    /// A HostEndpoint.
    HostEndpoint(HostEndpoint),
    /// A Tier.
    Tier(Tier),
    /// A Calico Profile.
    Profile(Profile),
    /// A FelixConfiguration.
    FelixConfiguration(Box<FelixConfiguration>),
    /// A ClusterInformation.
    ClusterInformation(ClusterInformation),
    /// A Namespace: all of it is in its metadata.
    Namespace(Namespace),
    /// A Node.
    Node(Node),
    /// A Pod.
    Pod(Box<Pod>),
    /// A ServiceAccount: all of it is in its metadata.
    ServiceAccount(ServiceAccount),
    /// A Service.
    Service(Service),
    /// An EndpointSlice.
    EndpointSlice(EndpointSlice),
    /// An object of a kind that bears on no verdict.
    Other,
}
