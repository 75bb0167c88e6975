//! Kubernetes policies as Calico holds them (KNP-1 to KNP-12).
//!
//! Calico turns every Kubernetes policy into a policy of its own before it enforces it. The result
//! here is the same text, rule by rule, with every part at the place of what it was made from, so
//! that a verdict on the converted policy points into the Kubernetes one.

mod cluster;
mod kubernetes;
mod port;
mod selector;

use crate::finding::Span;
use crate::yaml::Located;

use super::{Api, Body, Era, Field, Key, Kind, Metadata, Policy, Resource};

pub use cluster::{Becomes, Unconverted, is_converted, unconverted};
pub use kubernetes::KUBERNETES_POLICY_ORDER;

/// The Calico policy that the Kubernetes policy `resource` becomes in clusters of `era`; nothing
/// where `resource` is no Kubernetes policy, or one that Calico of that era does not look at.
///
/// Up to 3.31 a NetworkPolicy is called `knp.default.<name>`; from 3.32 it keeps its name and is of
/// a kind of its own, here [`Kind::KubernetesNetworkPolicy`] (KNP-1). A staged policy stays one.
/// Policies for the whole cluster become global ones; a ClusterNetworkPolicy keeps its name and is
/// of a kind of its own too, here [`Kind::ClusterNetworkPolicy`] (KNP-11). Labels and annotations
/// do not come along.
pub fn convert(resource: &Resource, era: Era) -> Option<Resource> {
    match &resource.body {
        Body::KubernetesPolicy(policy) => {
            let (kind, name) = kubernetes::named(resource, era);
            let policy = kubernetes::policy_of(policy);
            Some(held(resource, kind, name, Api::CalicoV3, policy))
        }
        Body::ClusterPolicy(policy) => {
            let (kind, name) = cluster::named(resource, era)?;
            let policy = cluster::policy_of(&resource.key.kind, policy)?;
            // Felix gets it as it is: no API fills in what it lacks (MOD-2).
            Some(held(resource, kind, name, Api::CalicoV1, policy))
        }
        _ => None,
    }
}

/// `policy` in the place of `resource`, from which it was made.
fn held(resource: &Resource, kind: Kind, name: String, api: Api, policy: Policy) -> Resource {
    let at = |field: &Field<Box<str>>| field.as_ref().map_or(resource.span, |field| field.span);
    let metadata = Metadata {
        recorded_name: None,
        span: resource.metadata.span,
        name: text(name.as_str(), at(&resource.metadata.name)),
        namespace: resource.metadata.namespace.clone(),
        labels: Vec::new(),
        annotations: Vec::new(),
    };
    Resource {
        key: Key {
            kind,
            namespace: resource.key.namespace.clone(),
            name,
        },
        api,
        input: std::sync::Arc::clone(&resource.input),
        span: resource.span,
        metadata,
        body: Body::Policy(Box::new(policy)),
        unknown: Vec::new(),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "fields are optional, this fills one"
)]
fn text(value: impl Into<Box<str>>, span: Span) -> Field<Box<str>> {
    Some(Located {
        value: value.into(),
        span,
    })
}
