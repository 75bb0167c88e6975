//! Which rights calicoctl has in the cluster.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::finding::InputError;
use crate::resource::Resource;
use crate::yaml::to_text;

use super::super::Metadata;
use super::Own;

/// The group of the storage form, which calicoctl writes.
const STORED: &str = "crd.projectcalico.org";

const RBAC: &str = "rbac.authorization.k8s.io";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceAccount<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    automount_service_account_token: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterRole<'a> {
    api_version: String,
    kind: &'static str,
    metadata: Metadata<'a>,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: [&'static str; 1],
    resources: Vec<String>,
    verbs: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterRoleBinding<'a> {
    api_version: String,
    kind: &'static str,
    metadata: Metadata<'a>,
    role_ref: RoleRef,
    subjects: [Subject<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef {
    api_group: &'static str,
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Subject<'a> {
    kind: &'static str,
    name: String,
    namespace: &'a str,
}

/// An account for calicoctl, and the role by which it may apply the kinds of `resources`.
pub(super) fn documents(own: &Own<'_>, resources: &[&Resource]) -> Result<Vec<String>, InputError> {
    let name = own.name("");
    let cluster_wide = || Metadata {
        namespace: None,
        ..own.metadata(name.clone())
    };
    let account = ServiceAccount {
        api_version: "v1",
        kind: "ServiceAccount",
        metadata: own.metadata(name.clone()),
        // The Jobs ask for it.
        automount_service_account_token: false,
    };
    let role = ClusterRole {
        api_version: format!("{RBAC}/v1"),
        kind: "ClusterRole",
        metadata: cluster_wide(),
        rules: rules(resources),
    };
    let binding = ClusterRoleBinding {
        api_version: format!("{RBAC}/v1"),
        kind: "ClusterRoleBinding",
        metadata: cluster_wide(),
        role_ref: RoleRef {
            api_group: RBAC,
            kind: "ClusterRole",
            name: name.clone(),
        },
        subjects: [Subject {
            kind: "ServiceAccount",
            name,
            namespace: &own.settings.namespace,
        }],
    };
    Ok(vec![
        to_text(&account)?,
        to_text(&role)?,
        to_text(&binding)?,
    ])
}

fn rules(resources: &[&Resource]) -> Vec<Rule> {
    let plurals: BTreeSet<String> = resources
        .iter()
        .map(|resource| plural(resource.key.kind.word()))
        .collect();
    // The version of Calico, which calicoctl compares with its own.
    let mut looked_at = vec!["clusterinformations".to_owned()];
    // That a policy's tier is there is asked before the policy is made.
    if resources.iter().any(|one| one.key.kind.is_policy()) && !plurals.contains("tiers") {
        looked_at.push("tiers".to_owned());
    }
    vec![
        Rule {
            api_groups: [STORED],
            resources: looked_at,
            verbs: vec!["get"],
        },
        Rule {
            api_groups: [STORED],
            resources: plurals.into_iter().collect(),
            verbs: vec!["create", "get", "update"],
        },
    ]
}

/// What objects of a kind of Calico's are called in roles.
fn plural(kind: &str) -> String {
    let word = kind.to_lowercase();
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{word}s"),
    }
}
