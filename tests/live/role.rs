//! `docs/rbac.yaml` is exactly what is asked of a server.

use std::collections::BTreeSet;
use std::fs;

use palisade::source::live::{Group, Listed};
use serde::Deserialize as _;
use serde_json::Value;

use crate::api_server::ApiServer;
use crate::cluster::TestCluster;
use crate::{Room, live, options, project};

/// Every group, resource and verb of the role.
fn granted() -> BTreeSet<(String, String, String)> {
    let text = fs::read_to_string(project("docs/rbac.yaml")).unwrap();
    let role = serde_yaml::Deserializer::from_str(&text).next().unwrap();
    let role = Value::deserialize(role).unwrap();
    let words = |rule: &Value, key: &str| -> Vec<String> {
        let words = rule[key].as_array().unwrap().iter();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    granted.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    granted
}

#[test]
fn the_role_grants_what_is_listed_and_nothing_else() {
    let mut wanted = BTreeSet::new();
    for listed in Listed::ALL {
        let groups: &[&str] = match listed.group {
            Group::Calico => &["projectcalico.org", "crd.projectcalico.org"],
            Group::Core => &[""],
            Group::Networking => &["networking.k8s.io"],
            Group::PolicyAlpha1 | Group::PolicyAlpha2 => &["policy.networking.k8s.io"],
        };
        for group in groups {
            let resource = listed.plural.to_owned();
            wanted.insert(((*group).to_owned(), resource, "list".to_owned()));
        }
    }
    // What Calico's API server asks for besides, of whoever lists policies.
    let (tiers, rest): (BTreeSet<_>, BTreeSet<_>) = granted()
        .into_iter()
        .partition(|(_, resource, verb)| resource.starts_with("tier.") || verb == "get");
    assert_eq!(rest, wanted);
    let policies = wanted.iter().filter(|(group, resource, _)| {
        group == "projectcalico.org"
            && resource.ends_with("networkpolicies")
            && !resource.contains("kubernetes")
    });
    let mut of_tiers: BTreeSet<_> = policies
        .map(|(group, resource, verb)| (group.clone(), format!("tier.{resource}"), verb.clone()))
        .collect();
    of_tiers.insert(("projectcalico.org".into(), "tiers".into(), "get".into()));
    assert_eq!(tiers, of_tiers);
}

#[test]
fn a_server_is_asked_for_nothing_else() {
    for mode in ["v3", "v1", "both"] {
        let server = ApiServer::replaying(mode);
        let room = Room::new();
        room.write("kubeconfig", server.kubeconfig_by_token());
        let mut options = options(room.path("kubeconfig"));
        options.pods = true;
        live::read(None, &options, &|_| {}).unwrap();
        let granted = granted();
        for asked in server.asked() {
            assert_eq!(asked.method, "GET");
            let path = asked.path.split('?').next().unwrap();
            let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
            let (group, resource) = match parts.as_slice() {
                // Which kinds are served.
                ["apis", group, _] if group.contains('.') => continue,
                ["api", "v1", resource] => ("", *resource),
                ["apis", group, _, resource] => (*group, *resource),
                other => panic!("{other:?}"),
            };
            let rule = (group.to_owned(), resource.to_owned(), "list".to_owned());
            assert!(granted.contains(&rule), "{rule:?}");
        }
    }
}

/// The context of a real cluster that is the user of `docs/rbac.yaml`.
const READER: &str = "palisade-reader";

/// That of a user without any right.
const NOBODY: &str = "palisade-nobody";

/// What is told of a real cluster, seen by the user of `context`: nothing where the cluster is
/// recorded or has no such user.
fn notes_of(context: &str) -> Option<(usize, Vec<String>)> {
    let mut clusters = TestCluster::all().into_iter();
    let cluster = clusters.find(TestCluster::is_real)?;
    let kubeconfig = cluster.kubeconfig_in(context)?;
    let room = Room::new();
    room.write("kubeconfig", kubeconfig);
    let mut options = options(room.path("kubeconfig"));
    options.pods = true;
    let read = live::read(None, &options, &|_| {}).unwrap();
    Some((read.given.inputs.len(), read.given.notes))
}

#[test]
fn a_real_server_lets_the_role_list_everything() {
    if let Some((_, notes)) = notes_of(READER) {
        assert_eq!(notes, [""; 0]);
    }
}

#[test]
fn a_real_server_lets_nobody_list_anything_and_each_kind_is_told() {
    if let Some((count, notes)) = notes_of(NOBODY) {
        assert_eq!(count, 0);
        let told = format!("live:{NOBODY} does not let you list ");
        assert!(
            notes.iter().all(|note| note.starts_with(&told)),
            "{notes:?}"
        );
        for kind in ["nodes", "pods", "networkpolicies.networking.k8s.io"] {
            let note = format!("{told}{kind}: the answer is without them");
            assert!(notes.contains(&note), "{note}: {notes:?}");
        }
    }
}
