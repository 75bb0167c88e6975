//! What holds for the whole cluster: version, data plane, Felix, namespaces, service accounts.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::engine::felix::FelixFacts;
use crate::engine::settings::{DataPlane, Settings};
use crate::resource::{Body, CalicoVersion, Era, Metadata, Resource, ResourceSet};

pub(super) struct Cluster {
    pub(super) era: Era,
    pub(super) data_plane: DataPlane,
    /// The facts of any node first, then those of nodes that have some of their own.
    pub(super) felix: Vec<FelixFacts>,
    pub(super) felix_of_node: FxHashMap<String, usize>,
    pub(super) namespaces: BTreeMap<String, Vec<(String, String)>>,
    pub(super) service_accounts: BTreeMap<(String, String), Vec<(String, String)>>,
}

impl Cluster {
    pub(super) fn of(resources: &ResourceSet, settings: &Settings) -> Self {
        let told = resources.iter().find_map(|resource| match &resource.body {
            Body::ClusterInformation(body) if resource.key.name == "default" => body
                .calico_version
                .as_ref()?
                .value
                .parse::<CalicoVersion>()
                .ok(),
            _ => None,
        });
        let mut any = FelixFacts::default();
        for resource in resources.iter() {
            if let Body::FelixConfiguration(body) = &resource.body
                && resource.key.name == "default"
            {
                any = any.overlaid(body);
            }
        }
        let mut felix = vec![any.clone().settled(settings)];
        let mut felix_of_node = FxHashMap::default();
        for resource in resources.iter() {
            if let Body::FelixConfiguration(body) = &resource.body
                && let Some(node) = resource.key.name.strip_prefix("node.")
            {
                felix_of_node.insert(node.to_owned(), felix.len());
                felix.push(any.overlaid(body).settled(settings));
            }
        }
        let bpf = if any.bpf {
            DataPlane::Bpf
        } else {
            DataPlane::default()
        };
        let mut namespaces = BTreeMap::new();
        let mut service_accounts = BTreeMap::new();
        for resource in resources.iter() {
            match &resource.body {
                Body::Namespace(_) => {
                    namespaces.insert(resource.key.name.clone(), labels_of(&resource.metadata));
                }
                Body::ServiceAccount(_) => {
                    let labels = labels_of(&resource.metadata);
                    service_accounts.insert(
                        (namespace_of(resource).to_owned(), resource.key.name.clone()),
                        labels,
                    );
                }
                _ => {}
            }
        }
        Self {
            era: settings
                .era
                .or(told.map(CalicoVersion::era))
                .unwrap_or_default(),
            data_plane: settings.data_plane.unwrap_or(bpf),
            felix,
            felix_of_node,
            namespaces,
            service_accounts,
        }
    }
}

pub(super) fn labels_of(metadata: &Metadata) -> Vec<(String, String)> {
    let labels = metadata.labels.iter();
    labels
        .map(|label| (label.key.value.to_string(), label.value.value.to_string()))
        .collect()
}

pub(super) fn namespace_of(resource: &Resource) -> &str {
    resource.key.namespace.as_deref().unwrap_or_default()
}
