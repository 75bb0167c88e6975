//! What is read of a cluster that answers as it should.

use std::collections::BTreeSet;

use palisade::finding::Origin;
use palisade::resource::{Api, Body, Resource, ResourceSet};
use serde_json::{Value, json};

use crate::api_server::{ApiServer, Asked, Reply, recorded};
use crate::cluster::TestCluster;
use crate::{Room, live, options, read, read_from};

const POLICIES: &str = "/apis/projectcalico.org/v3/globalnetworkpolicies?limit=500";

/// The objects of a cluster, none of them wrong.
fn set_of(cluster: &live::Cluster) -> ResourceSet {
    let set = ResourceSet::read(&cluster.given.inputs);
    assert_eq!(set.findings(), []);
    set
}

fn find<'s>(set: &'s ResourceSet, key: &str) -> &'s Resource {
    let mut all = set.iter();
    all.find(|resource| resource.key.to_string() == key)
        .unwrap_or_else(|| panic!("no {key}"))
}

/// What must be in a cluster with the applied objects, whoever answers.
fn holds_what_was_applied(cluster: &live::Cluster) {
    let set = set_of(cluster);
    let policy = find(&set, "GlobalNetworkPolicy allow-example-private");
    assert_eq!(
        policy.metadata.label("app.kubernetes.io/managed-by"),
        Some("palisade")
    );
    let order = policy.policy().unwrap().order.as_ref().unwrap().value;
    assert_eq!(order.to_string(), "1500");
    assert_eq!(policy.input.origin, Origin::Live);
    let endpoint = find(&set, "HostEndpoint kube-example-w1-worker-private");
    assert_eq!(endpoint.metadata.label("ibm.role"), Some("worker_private"));
    let endpoint_zone = endpoint.metadata.label("ibm-cloud.kubernetes.io/zone");
    assert_eq!(endpoint_zone, Some("dal13"));
    // What storage form writes down for itself is not the object's.
    for resource in set.iter() {
        let stored = resource.metadata.annotation("projectcalico.org/metadata");
        assert_eq!(stored, None, "{}", resource.key);
        assert!(
            !resource.key.name.starts_with("default."),
            "{}",
            resource.key
        );
    }
    let policies = "GlobalNetworkPolicy handmade-egress-only";
    if cluster.api == Some(Api::CalicoV3) {
        assert_eq!(find(&set, policies).api, Api::CalicoV3);
        find(&set, "NetworkPolicy kube-system/allow-example");
        find(&set, "GlobalNetworkSet partners");
        find(&set, "NetworkPolicy default/access-web");
    }
}

/// What is read of a cluster, recorded or real.
fn read_of(cluster: &TestCluster) -> live::Cluster {
    let room = Room::new();
    room.write("kubeconfig", cluster.kubeconfig());
    read(room.path("kubeconfig")).unwrap()
}

#[test]
fn holds_in_every_mode_or_against_the_cluster_of_the_variable() {
    for cluster in TestCluster::all() {
        let read = read_of(&cluster);
        let api = match cluster.mode {
            "v1" => Api::CalicoV1,
            _ => Api::CalicoV3,
        };
        assert_eq!(read.api, Some(api), "{}", cluster.mode);
        assert_eq!(read.context.as_deref(), Some(&*cluster.context));
        assert_eq!(read.given.notes, [""; 0]);
        holds_what_was_applied(&read);
    }
}

#[test]
fn what_was_applied_goes_by_its_kind_and_name() {
    for cluster in TestCluster::all() {
        let read = read_of(&cluster);
        let names: BTreeSet<&str> = read.given.inputs.iter().map(|i| i.name.as_str()).collect();
        let expected: &[&str] = match cluster.mode {
            "v1" => &[
                "clusterinformations.crd.projectcalico.org/default",
                "globalnetworkpolicies.crd.projectcalico.org/default.allow-example-private",
                "hostendpoints.crd.projectcalico.org/kube-example-w1-worker-private",
            ],
            _ => &[
                "globalnetworkpolicies.projectcalico.org/allow-example-private",
                "globalnetworksets.projectcalico.org/partners",
                "hostendpoints.projectcalico.org/kube-example-w1-worker-private",
                "networkpolicies.projectcalico.org/kube-system/allow-example",
                "networkpolicies.networking.k8s.io/default/access-web",
            ],
        };
        for name in expected.iter().chain(&["namespaces/kube-system"]) {
            let name = format!("live:{}/{name}", cluster.context);
            assert!(names.contains(&*name), "{}: {name}", cluster.mode);
        }
        // Each object once, and none of what nobody is to see.
        assert_eq!(names.len(), read.given.inputs.len());
        for input in &read.given.inputs {
            for left_out in [
                "managedFields",
                "last-applied-configuration",
                "resourceVersion",
            ] {
                assert!(!input.text.contains(left_out), "{}", input.name);
            }
        }
    }
}

#[test]
fn every_object_knows_where_it_came_from() {
    let cluster = read_from(&ApiServer::replaying("v1")).unwrap();
    let names: Vec<&str> = cluster
        .given
        .inputs
        .iter()
        .map(|i| i.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "live:loopback/clusterinformations.crd.projectcalico.org/default",
            "live:loopback/globalnetworkpolicies.crd.projectcalico.org/default.allow-example-private",
            "live:loopback/hostendpoints.crd.projectcalico.org/kube-example-w1-worker-private",
            "live:loopback/namespaces/default",
            "live:loopback/namespaces/kube-node-lease",
            "live:loopback/namespaces/kube-public",
            "live:loopback/namespaces/kube-system",
            "live:loopback/namespaces/openshift-ingress",
            "live:loopback/namespaces/openshift-monitoring",
            "live:loopback/nodes/10.240.0.5",
            "live:loopback/nodes/10.240.0.6",
            "live:loopback/networkpolicies.networking.k8s.io/default/access-web",
        ]
    );
}

#[test]
fn the_cluster_says_its_version_of_calico() {
    for cluster in TestCluster::of_v1() {
        let set = set_of(&read_of(&cluster));
        let Body::ClusterInformation(found) = &find(&set, "ClusterInformation default").body else {
            panic!("another kind");
        };
        assert_eq!(&*found.calico_version.as_ref().unwrap().value, "v3.30.4");
    }
}

/// The recorded policies in pages of one.
fn page(asked: &Asked) -> Option<Reply> {
    const NEXT: [&str; 2] = ["page/2=", "page 3"];
    let at = match asked.path.strip_prefix(POLICIES)? {
        "" => 0,
        "&continue=page%2F2%3D" => 1,
        "&continue=page%203" => 2,
        other => panic!("{other}"),
    };
    let mut body = recorded("v3", "list-projectcalico.org-v3-globalnetworkpolicies");
    let item = body["items"][at].take();
    body["items"] = json!([item]);
    body["metadata"]["continue"] = NEXT.get(at).copied().unwrap_or_default().into();
    Some(Reply::Json(200, body))
}

fn policies(cluster: &live::Cluster) -> BTreeSet<String> {
    let set = set_of(cluster);
    let all = set.iter().map(|resource| resource.key.to_string());
    all.filter(|key| key.starts_with("GlobalNetworkPolicy"))
        .collect()
}

fn all_policies() -> BTreeSet<String> {
    [
        "allow-example-private",
        "deny-example-private",
        "handmade-egress-only",
    ]
    .map(|name| format!("GlobalNetworkPolicy {name}"))
    .into()
}

#[test]
fn a_list_is_read_page_by_page() {
    let server = ApiServer::but("v3", page);
    assert_eq!(policies(&read_from(&server).unwrap()), all_policies());
    let asked = server.asked();
    let pages = asked
        .iter()
        .filter(|asked| asked.path.starts_with(POLICIES));
    assert_eq!(pages.count(), 3);
}

#[test]
fn a_list_whose_place_is_forgotten_begins_again() {
    let server = ApiServer::but("v3", |asked| {
        let second = asked.path.ends_with("continue=page%2F2%3D");
        if second && asked.before == 0 {
            let gone = crate::api_server::status(410, "the continue parameter is too old");
            return Some(Reply::Json(410, gone));
        }
        page(asked)
    });
    assert_eq!(policies(&read_from(&server).unwrap()), all_policies());
    // The first page twice, and none of it twice in the answer.
    let first = server
        .asked()
        .into_iter()
        .filter(|asked| asked.path == POLICIES);
    assert_eq!(first.count(), 2);
}

#[test]
fn what_passes_is_asked_again() {
    let answers: [fn() -> Reply; 5] = [
        || Reply::Later(429, 0),
        || Reply::Json(503, json!({"message": "no backend"})),
        || Reply::Text(500, "oops"),
        || {
            Reply::Half(recorded(
                "v3",
                "list-projectcalico.org-v3-globalnetworkpolicies",
            ))
        },
        || Reply::Silence(std::time::Duration::from_millis(1)),
    ];
    for answer in answers {
        let server = ApiServer::but("v3", move |asked| {
            (asked.path == POLICIES && asked.before < 2).then(answer)
        });
        assert_eq!(policies(&read_from(&server).unwrap()), all_policies());
    }
}

#[test]
fn what_may_not_be_listed_is_told_and_the_rest_is_read() {
    let server = ApiServer::but("v3", |asked| {
        let forbidden = asked.path == POLICIES || asked.path.starts_with("/api/v1/nodes");
        forbidden.then(|| Reply::Json(403, recorded("v3", "forbidden")))
    });
    let cluster = read_from(&server).unwrap();
    assert_eq!(
        cluster.given.notes,
        [
            "live:loopback does not let you list globalnetworkpolicies.projectcalico.org: the answer is without them",
            "live:loopback does not let you list nodes: the answer is without them",
        ]
    );
    find(&set_of(&cluster), "GlobalNetworkSet partners");
}

#[test]
fn a_cluster_without_calico_says_so() {
    let server = ApiServer::but("v3", |asked| {
        let calico = asked.path.contains("projectcalico.org");
        calico.then_some(Reply::Text(404, "404 page not found\n"))
    });
    let cluster = read_from(&server).unwrap();
    assert_eq!(cluster.api, None);
    assert_eq!(
        cluster.given.notes,
        [
            "live:loopback serves no objects of Calico: it has neither projectcalico.org/v3 nor crd.projectcalico.org/v1"
        ]
    );
    find(&set_of(&cluster), "NetworkPolicy default/access-web");
}

#[test]
fn policies_for_the_whole_cluster_are_listed_where_they_are_served() {
    let server = ApiServer::but("v3", |asked| {
        let reply = match asked.path.as_str() {
            "/apis/policy.networking.k8s.io/v1alpha2" => {
                json!({"resources": [{"name": "clusternetworkpolicies"}]})
            }
            "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies?limit=500" => {
                let spec = json!({
                    "tier": "Admin", "priority": 1, "subject": {"namespaces": {}},
                    "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}],
                });
                json!({"metadata": {}, "items": [{"metadata": {"name": "deny"}, "spec": spec}]})
            }
            _ => return None,
        };
        Some(Reply::Json(200, reply))
    });
    let cluster = read_from(&server).unwrap();
    let set = set_of(&cluster);
    let found = find(&set, "ClusterNetworkPolicy deny");
    assert!(matches!(found.body, Body::ClusterPolicy(_)));
}

#[test]
fn pods_are_listed_where_they_are_wanted_and_nothing_of_their_environment_is_kept() {
    let server = ApiServer::but("v3", |asked| {
        let pod: Value = json!({
            "metadata": {
                "name": "web",
                "namespace": "shop",
                "labels": {"app": "web"},
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"env\": \"hunter2\"}",
                },
                "managedFields": [{"manager": "hunter2"}],
            },
            "spec": {
                "nodeName": "w1",
                "containers": [{
                    "name": "web",
                    "env": [{"name": "PASSWORD", "value": "hunter2"}],
                    "args": ["--token=hunter2"],
                    "ports": [{"containerPort": 80}],
                }],
                "volumes": [{"name": "hunter2"}],
            },
            "status": {"podIP": "172.30.1.2", "message": "hunter2"},
        });
        let list = json!({"kind": "PodList", "metadata": {}, "items": [pod]});
        (asked.path == "/api/v1/pods?limit=500").then_some(Reply::Json(200, list))
    });
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    let pods = |cluster: &live::Cluster| -> Vec<(String, Value)> {
        let inputs = cluster.given.inputs.iter();
        let pods = inputs.filter(|input| input.name.contains("/pods/"));
        pods.map(|pod| (pod.name.clone(), serde_json::from_str(&pod.text).unwrap()))
            .collect()
    };
    let mut options = options(room.path("kubeconfig"));
    assert_eq!(pods(&read(room.path("kubeconfig")).unwrap()), []);
    options.pods = true;
    let with = live::read(None, &options, &|_| {}).unwrap();
    find(&set_of(&with), "Pod shop/web");
    let kept = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"nodeName": "w1", "containers": [{"ports": [{"containerPort": 80}]}]},
        "status": {"podIP": "172.30.1.2"},
    });
    assert_eq!(
        pods(&with),
        [("live:loopback/pods/shop/web".to_owned(), kept)]
    );
}
