//! From nodes to typed objects.

mod cluster;
mod cluster_policy;
mod fields;
mod hint;
mod kubernetes_policy;
mod metadata;
mod policy;
mod workload;

use std::sync::Arc;

use crate::finding::{Code, Finding, Input, Place, Severity};
use crate::yaml::{Node, documents};

use super::{Body, Key, Kind, Resource};
use fields::{Fields, Reader};

/// The fields of an object.
const OBJECT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

/// Reads every object of `input`: single documents, streams of them, and lists.
///
/// A document that is broken is a finding, and reading goes on behind it. An object of a kind that
/// bears on no verdict is kept by name.
pub fn read(input: &Arc<Input>) -> (Vec<Resource>, Vec<Finding>) {
    read_with(input, |_, _| {})
}

/// As [`read`]; besides, `look` sees every document as it was written, with what was found in it,
/// and adds its own findings.
pub fn read_with(
    input: &Arc<Input>,
    mut look: impl FnMut(&Node, &mut Vec<Finding>),
) -> (Vec<Resource>, Vec<Finding>) {
    let mut resources = Vec::new();
    let mut findings = Vec::new();
    for document in documents(input) {
        match document {
            Ok(root) => {
                let mut told = Vec::new();
                let mut reader = Reader {
                    input,
                    findings: &mut told,
                    unknown: Vec::new(),
                };
                reader.objects(&root, &mut resources);
                look(&root, &mut told);
                findings.append(&mut told);
            }
            Err(error) => {
                let place = error.place().cloned();
                let place =
                    place.unwrap_or_else(|| Place::new(input, crate::finding::Span::default()));
                let mut finding = Finding::new(Code::YamlSyntax, place, error.message());
                finding.hint = error.hint_text().map(str::to_owned);
                findings.push(finding);
            }
        }
    }
    (resources, findings)
}

impl Reader<'_> {
    /// The object `node`, or the objects of the list that it is.
    fn objects(&mut self, node: &Node, into: &mut Vec<Resource>) {
        let kind = node.get("kind").and_then(Node::as_str);
        let is_list =
            kind.is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some();
        if is_list {
            for item in node.get("items").map_or(&[][..], Node::items) {
                // Lists of one kind, as an API server sends them, leave kind and version out.
                into.extend(self.object(item, Some(node)));
            }
        } else {
            into.extend(self.object(node, None));
        }
    }

    fn object(&mut self, node: &Node, list: Option<&Node>) -> Option<Resource> {
        let own = |name: &str| node.get(name).and_then(Node::as_str);
        let of_list = |name: &str| list.and_then(|list| list.get(name)).and_then(Node::as_str);
        let (Some(api_version), Some(kind)) = (
            own("apiVersion").or_else(|| of_list("apiVersion")),
            own("kind").or_else(|| of_list("kind")?.strip_suffix("List")),
        ) else {
            let message = "this is no Kubernetes object: `apiVersion` or `kind` is missing";
            let place = Place::new(self.input, node.span);
            let mut finding = Finding::new(Code::NotAnObject, place, message);
            // Folders hold YAML of other uses too. What says neither was hardly meant as one.
            if own("apiVersion").is_none() && own("kind").is_none() {
                finding.severity = Severity::Warning;
            }
            self.push(finding);
            return None;
        };
        let (kind, api) = Kind::of(api_version, kind);
        // What an object that was left aside has is not this one's.
        self.unknown.clear();
        if let Kind::Other(..) = kind
            && node.get("metadata").and_then(|m| m.get("name")).is_none()
        {
            // What no server stores, such as a kustomization, needs no name.
            if !api_version.starts_with("kustomize.config.k8s.io/") {
                let message = format!("{kind} of {api_version} bears on no verdict: left aside");
                self.tell(Code::UnknownKind, node.span, message);
            }
            return None;
        }
        let fields = if kind.is_policy() || kind.api_version() == super::Api::CALICO_V3 {
            self.mapping(node, kind.word(), OBJECT)?
        } else {
            self.open(node, kind.word())?
        };
        let metadata = self.metadata(fields, api)?;
        let key = self.key(node, &kind, api, &metadata)?;
        let body = self.body(&kind, fields);
        let unknown = std::mem::take(&mut self.unknown);
        Some(Resource {
            key,
            api,
            input: Arc::clone(self.input),
            span: node.span,
            metadata,
            body,
            unknown,
        })
    }

    fn key(
        &mut self,
        node: &Node,
        kind: &Kind,
        api: super::Api,
        metadata: &super::Metadata,
    ) -> Option<Key> {
        let Some(name) = metadata::v3_name(kind, api, metadata) else {
            self.tell(
                Code::NotAnObject,
                node.span,
                format!("this {kind} has no `metadata.name`"),
            );
            return None;
        };
        let written = metadata.namespace.as_ref().map(|n| n.value.to_string());
        let namespace = match kind.is_namespaced() {
            Some(true) => Some(written.unwrap_or_else(|| "default".to_owned())),
            Some(false) => None,
            None => written,
        };
        Some(Key {
            kind: kind.clone(),
            namespace,
            name,
        })
    }

    fn body(&mut self, kind: &Kind, object: Fields<'_>) -> Body {
        match kind {
            Kind::GlobalNetworkPolicy
            | Kind::NetworkPolicy
            | Kind::StagedGlobalNetworkPolicy
            | Kind::StagedNetworkPolicy => Body::Policy(Box::new(self.policy(kind, object))),
            Kind::KubernetesNetworkPolicy | Kind::StagedKubernetesNetworkPolicy => {
                Body::KubernetesPolicy(Box::new(self.kubernetes_policy(kind, object)))
            }
            Kind::AdminNetworkPolicy
            | Kind::BaselineAdminNetworkPolicy
            | Kind::ClusterNetworkPolicy => {
                Body::ClusterPolicy(Box::new(self.cluster_policy(kind, object)))
            }
            Kind::GlobalNetworkSet | Kind::NetworkSet => Body::NetworkSet(self.network_set(object)),
            Kind::HostEndpoint => Body::HostEndpoint(self.host_endpoint(object)),
            Kind::Tier => Body::Tier(self.tier(object)),
            Kind::Profile => Body::Profile(self.profile(object)),
            Kind::FelixConfiguration => Body::FelixConfiguration(Box::new(self.felix(object))),
            Kind::ClusterInformation => Body::ClusterInformation(self.cluster_information(object)),
            Kind::Namespace => Body::Namespace(super::Namespace),
            Kind::ServiceAccount => Body::ServiceAccount(super::ServiceAccount),
            Kind::Node => Body::Node(self.node(object)),
            Kind::Pod => Body::Pod(Box::new(self.pod(object))),
            Kind::Service => Body::Service(self.service(object)),
            Kind::EndpointSlice => Body::EndpointSlice(self.endpoint_slice(object)),
            Kind::Other(..) => Body::Other,
        }
    }
}
