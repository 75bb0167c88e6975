//! Which objects belong together.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::{Api, Resource};

use super::Scope;

/// Objects in groups that belong together, in the order in which they were read.
pub(super) fn groups(resources: Vec<Resource>, scope: Scope) -> Vec<Vec<Resource>> {
    if scope == Scope::Everything {
        return vec![resources];
    }
    // A namespace or a kustomization above the folders of several clusters does not make them one.
    let holding: BTreeSet<String> = resources
        .iter()
        .filter(|resource| {
            let kind = &resource.key.kind;
            kind.is_policy() || kind.api_version() == Api::CALICO_V3
        })
        .map(|resource| folder(&resource.input.name).to_owned())
        .collect();
    let mut groups: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
    for resource in resources {
        let own = folder(&resource.input.name);
        let top = above(own).find(|folder| holding.contains(*folder));
        let top = top.unwrap_or(own).to_owned();
        groups.entry(top).or_default().push(resource);
    }
    groups.into_values().collect()
}

/// The folder that a text lies in.
fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and those above it, the topmost first.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    let relative = !folder.starts_with('/');
    let inner = folder
        .match_indices('/')
        .map(|(at, _)| folder.get(..at).unwrap_or_default());
    relative
        .then_some("")
        .into_iter()
        .chain(inner)
        .chain(std::iter::once(folder))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::finding::Input;
    use crate::resource::read;

    fn text(name: &str, kind: &str) -> Arc<Input> {
        let version = if kind == "Namespace" {
            "v1"
        } else {
            "projectcalico.org/v3"
        };
        Input::new(
            name,
            format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: x}}}}"),
        )
    }

    fn grouped(texts: &[Arc<Input>]) -> Vec<Vec<String>> {
        let resources = texts.iter().flat_map(|text| read(text).0).collect();
        let groups = groups(resources, Scope::Folder).into_iter();
        groups
            .map(|group| group.iter().map(|r| r.input.name.clone()).collect())
            .collect()
    }

    #[test]
    fn folders_beside_each_other_are_alternatives() {
        let texts = [
            text("namespace.yaml", "Namespace"),
            text("eu/a.yaml", "GlobalNetworkPolicy"),
            text("eu/host-endpoints/b.yaml", "HostEndpoint"),
            text("us/a.yaml", "GlobalNetworkPolicy"),
        ];
        assert_eq!(
            grouped(&texts),
            [
                vec!["namespace.yaml"],
                vec!["eu/a.yaml", "eu/host-endpoints/b.yaml"],
                vec!["us/a.yaml"],
            ]
        );
        let rooted = [text("/x/a.yaml", "Tier"), text("/x/y/b.yaml", "Tier")];
        assert_eq!(grouped(&rooted), [["/x/a.yaml", "/x/y/b.yaml"]]);
    }
}
