//! Policies that select none of the endpoints that the input knows (RES-7, RES-8).
//!
//! An input rarely knows every endpoint of a cluster. So a policy is only told where the input has
//! endpoints of the sort that it is for: host endpoints, or pods of its namespace.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding};
use crate::resource::selector::Selector;
use crate::resource::{Body, Kind, LabelRequirement, LabelSelector, Policy, Resource};

use super::place_or_name;

/// The most values of a label that a hint names.
const MOST_VALUES: usize = 5;

/// The labels of an endpoint.
type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// Labels that Calico gives every pod, by which a selector shows that it is for pods (RES-2).
const OF_PODS: [&str; 3] = [
    "projectcalico.org/namespace",
    "projectcalico.org/orchestrator",
    "projectcalico.org/serviceaccount",
];

/// The endpoints of the input, each set of labels once.
#[derive(Default)]
struct Known<'a> {
    hosts: BTreeSet<Labels<'a>>,
    pods: BTreeMap<&'a str, BTreeSet<Labels<'a>>>,
    namespaces: BTreeMap<&'a str, Labels<'a>>,
    host_keys: BTreeSet<&'a str>,
    pod_keys: BTreeSet<&'a str>,
}

pub(super) fn judge(resources: &[&Resource], findings: &mut Vec<Finding>) {
    let known = Known::of(resources);
    if known.hosts.is_empty() && known.pods.is_empty() {
        return;
    }
    for resource in resources {
        let finding = match &resource.body {
            Body::Policy(policy) => known.calico(resource, policy),
            Body::KubernetesPolicy(policy) => {
                let selector = policy.pod_selector.as_ref();
                selector.and_then(|selector| known.kubernetes(resource, selector))
            }
            _ => None,
        };
        findings.extend(finding);
    }
}

impl<'a> Known<'a> {
    fn of(resources: &[&'a Resource]) -> Self {
        let mut known = Self::default();
        for resource in resources {
            let labels = labels(resource);
            match &resource.body {
                Body::HostEndpoint(_) => {
                    known.host_keys.extend(labels.keys());
                    known.hosts.insert(labels);
                }
                // A pod in its node's network is no endpoint of its own (RES-6).
                Body::Pod(pod) if !pod.host_network => {
                    known.pod_keys.extend(labels.keys());
                    let namespace = resource.key.namespace.as_deref().unwrap_or_default();
                    let account = pod.service_account.as_ref();
                    let mut labels = labels;
                    labels.insert("projectcalico.org/namespace", namespace);
                    labels.insert("projectcalico.org/orchestrator", "k8s");
                    labels.insert(
                        "projectcalico.org/serviceaccount",
                        account.map_or("default", |account| &account.value),
                    );
                    known.pods.entry(namespace).or_default().insert(labels);
                }
                Body::Namespace(_) => {
                    let mut labels = labels;
                    // What Calico adds to the labels of a namespace (RES-3).
                    labels.insert("projectcalico.org/name", &resource.key.name);
                    known.namespaces.insert(&resource.key.name, labels);
                }
                _ => {}
            }
        }
        known
    }

    fn calico(&self, resource: &Resource, policy: &Policy) -> Option<Finding> {
        let field = policy.selector.as_ref();
        let selector = match field {
            Some(field) => Selector::parse(&field.value).ok()?,
            None => Selector::all(),
        };
        let names = selector.labels();
        // What profiles bring along is not known from labels of endpoints alone.
        let inherited = |name: &&str| name.starts_with("pcns.") || name.starts_with("pcsa.");
        if names.iter().any(inherited) || policy.service_account_selector.is_some() {
            return None;
        }
        let (for_hosts, for_pods) = self.sorts(resource, policy, &names);
        let hosts: Vec<&Labels<'_>> = self.hosts.iter().filter(|_| for_hosts).collect();
        let namespace = resource.key.namespace.as_deref();
        let pods: Vec<&Labels<'_>> = match namespace {
            Some(namespace) => self.pods.get(namespace).into_iter().flatten().collect(),
            None if for_pods => self.pods.values().flatten().collect(),
            None => Vec::new(),
        };
        let unknown = (for_hosts && hosts.is_empty()) || (for_pods && pods.is_empty());
        if unknown || (hosts.is_empty() && pods.is_empty()) {
            return None;
        }
        let in_scope = |labels: &Labels<'_>| match &policy.namespace_selector {
            None => true,
            Some(text) => self.namespace_matches(labels, &text.value),
        };
        let matched = hosts.iter().any(|labels| selector.matches(*labels))
            || pods
                .iter()
                .any(|labels| selector.matches(*labels) && in_scope(labels));
        if matched {
            return None;
        }
        let what = match (hosts.is_empty(), namespace) {
            (false, _) if pods.is_empty() => "no host endpoint of the input".to_owned(),
            (false, _) => "no endpoint of the input".to_owned(),
            (true, Some(namespace)) => format!("no pod of namespace `{namespace}` in the input"),
            (true, None) => "no pod of the input".to_owned(),
        };
        let place = place_or_name(resource, field.map(|field| field.span));
        let message = format!("this policy selects {what}");
        let finding = Finding::new(Code::SelectorMatchesNothing, place, message);
        let all: Vec<&Labels<'_>> = hosts.into_iter().chain(pods).collect();
        Some(match values(&names, &all) {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    }

    /// Whether the policy is for host endpoints, and whether it is for pods; both where that
    /// cannot be told.
    fn sorts(&self, resource: &Resource, policy: &Policy, names: &BTreeSet<&str>) -> (bool, bool) {
        let kind = &resource.key.kind;
        if kind.is_namespaced() == Some(true) || policy.namespace_selector.is_some() {
            return (false, true);
        }
        let set =
            |field: &Option<crate::yaml::Located<bool>>| field.as_ref().is_some_and(|f| f.value);
        if set(&policy.do_not_track) || set(&policy.pre_dnat) || set(&policy.apply_on_forward) {
            return (true, false);
        }
        let mentions = |keys: &BTreeSet<&str>| names.iter().any(|name| keys.contains(name));
        let hosts = mentions(&self.host_keys);
        let pods = mentions(&self.pod_keys) || names.iter().any(|name| OF_PODS.contains(name));
        if hosts == pods {
            (true, true)
        } else {
            (hosts, pods)
        }
    }

    /// Whether a pod's namespace matches, or is not known.
    fn namespace_matches(&self, pod: &Labels<'_>, selector: &str) -> bool {
        let namespace = pod.get("projectcalico.org/namespace").copied();
        let labels = namespace.and_then(|namespace| self.namespaces.get(namespace));
        match (labels, Selector::parse(selector)) {
            (Some(labels), Ok(selector)) => selector.matches(labels),
            _ => true,
        }
    }

    fn kubernetes(&self, resource: &Resource, selector: &LabelSelector) -> Option<Finding> {
        if resource.key.kind != Kind::KubernetesNetworkPolicy {
            return None;
        }
        let namespace = resource.key.namespace.as_deref()?;
        let pods = self.pods.get(namespace)?;
        if pods.iter().any(|labels| matches(selector, labels)) {
            return None;
        }
        let message = format!("this policy selects no pod of namespace `{namespace}` in the input");
        let names = selector.match_labels.iter().map(|label| &*label.key.value);
        let names: BTreeSet<&str> = names.collect();
        let all: Vec<&Labels<'_>> = pods.iter().collect();
        let place = place_or_name(resource, Some(selector.span));
        let finding = Finding::new(Code::SelectorMatchesNothing, place, message);
        Some(match values(&names, &all) {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    }
}

fn labels(resource: &Resource) -> Labels<'_> {
    let labels = resource.metadata.labels.iter();
    labels
        .map(|label| (&*label.key.value, &*label.value.value))
        .collect()
}

fn matches(selector: &LabelSelector, labels: &Labels<'_>) -> bool {
    let own = |label: &crate::resource::Label| {
        labels.get(&*label.key.value).copied() == Some(&*label.value.value)
    };
    let required = |requirement: &LabelRequirement| {
        let Some((key, operator)) = requirement.key.as_ref().zip(requirement.operator.as_ref())
        else {
            return true;
        };
        let value = labels.get(&*key.value).copied();
        let listed = value.is_some_and(|value| {
            let mut values = requirement.values.iter().flat_map(|values| &values.value);
            values.any(|listed| &*listed.value == value)
        });
        match &*operator.value {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => true,
        }
    };
    selector.match_labels.iter().all(own) && selector.match_expressions.iter().all(required)
}

/// What values the labels that a selector mentions have.
fn values(names: &BTreeSet<&str>, endpoints: &[&Labels<'_>]) -> Option<String> {
    let mut said = Vec::new();
    for name in names {
        let values: BTreeSet<&str> = endpoints
            .iter()
            .filter_map(|labels| labels.get(name).copied())
            .collect();
        if values.is_empty() {
            said.push(format!("none has a label `{name}`"));
            continue;
        }
        let mut shown: Vec<String> = values
            .iter()
            .take(MOST_VALUES)
            .map(|value| format!("`{value}`"))
            .collect();
        if values.len() > MOST_VALUES {
            shown.push("…".to_owned());
        }
        said.push(format!("`{name}` is {}", shown.join(", ")));
    }
    (!said.is_empty()).then(|| said.join("; "))
}
