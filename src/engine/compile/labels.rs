//! Effective labels (RES-1 to RES-4).

use std::collections::BTreeMap;

use super::cluster::Cluster;

pub(in crate::engine) const NAMESPACE: &str = "projectcalico.org/namespace";
pub(super) const SERVICE_ACCOUNT: &str = "projectcalico.org/serviceaccount";
const ORCHESTRATOR: &str = "projectcalico.org/orchestrator";
const NAME: &str = "projectcalico.org/name";
/// The label that Kubernetes itself gives every namespace.
const KUBERNETES_NAME: &str = "kubernetes.io/metadata.name";

pub(in crate::engine) const OF_NAMESPACE: &str = "pcns.";
pub(in crate::engine) const OF_SERVICE_ACCOUNT: &str = "pcsa.";

/// The labels whose value is the name of a pod's namespace (RES-2, RES-3).
pub(in crate::engine) const NAMESPACE_NAMES: [&str; 3] = [
    NAMESPACE,
    "pcns.projectcalico.org/name",
    "pcns.kubernetes.io/metadata.name",
];
/// The labels whose value is the name of its service account.
pub(in crate::engine) const SERVICE_ACCOUNT_NAMES: [&str; 2] =
    [SERVICE_ACCOUNT, "pcsa.projectcalico.org/name"];

/// Labels, and whether those of namespace and service account are not all known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct Effective {
    pub(super) labels: Vec<(String, String)>,
    pub(super) unknown_namespace: bool,
    pub(super) unknown_account: bool,
}

type Accounts = BTreeMap<(String, String), Vec<(String, String)>>;
type Namespaces = BTreeMap<String, Vec<(String, String)>>;

/// The labels of a pod: of a label that occurs twice the first counts.
pub(super) fn of_pod<'a>(
    own: impl Iterator<Item = (&'a str, &'a str)>,
    namespace: &str,
    account: &str,
    namespaces: &Namespaces,
    accounts: &Accounts,
) -> Effective {
    let mut effective = Effective::default();
    let mut put = |key: &str, value: &str| {
        effective.labels.push((key.to_owned(), value.to_owned()));
    };
    // RES-2: these go before labels of the same name, and nobody may pretend to inherit.
    put(NAMESPACE, namespace);
    put(ORCHESTRATOR, "k8s");
    put(SERVICE_ACCOUNT, account);
    for (key, value) in own {
        if !key.starts_with(OF_NAMESPACE) && !key.starts_with(OF_SERVICE_ACCOUNT) {
            put(key, value);
        }
    }
    let known = add_namespace(&mut effective.labels, namespace, namespaces);
    effective.unknown_namespace = !known;
    let key = (namespace.to_owned(), account.to_owned());
    let own = [(NAME.to_owned(), account.to_owned())];
    let known = accounts.get(&key);
    effective.unknown_account = known.is_none();
    for (key, value) in own.iter().chain(known.into_iter().flatten()) {
        let key = format!("{OF_SERVICE_ACCOUNT}{key}");
        effective.labels.push((key, value.clone()));
    }
    effective
}

/// The labels of a set of a namespace (RES-4).
pub(super) fn of_set(
    own: Vec<(String, String)>,
    namespace: Option<&str>,
    cluster: &Cluster,
) -> Effective {
    let mut effective = Effective::default();
    if let Some(namespace) = namespace {
        let label = (NAMESPACE.to_owned(), namespace.to_owned());
        effective.labels.push(label);
        effective.labels.extend(own);
        let known = add_namespace(&mut effective.labels, namespace, &cluster.namespaces);
        effective.unknown_namespace = !known;
    } else {
        effective.labels = own;
    }
    effective
}

/// Adds what is inherited of a namespace; whether its labels are known.
fn add_namespace(
    labels: &mut Vec<(String, String)>,
    namespace: &str,
    namespaces: &Namespaces,
) -> bool {
    let known = namespaces.get(namespace);
    let mut put = |key: &str, value: &str| {
        labels.push((format!("{OF_NAMESPACE}{key}"), value.to_owned()));
    };
    put(NAME, namespace);
    for (key, value) in known.into_iter().flatten() {
        put(key, value);
    }
    put(KUBERNETES_NAME, namespace);
    known.is_some()
}

/// Whether a label is of a namespace, and not known of one that is not given.
pub(super) fn is_namespace_label(label: &str) -> bool {
    let own = label.strip_prefix(OF_NAMESPACE);
    own.is_some_and(|own| own != NAME && own != KUBERNETES_NAME)
}

/// Whether a label is of a service account, and not known of one that is not given.
pub(super) fn is_account_label(label: &str) -> bool {
    let own = label.strip_prefix(OF_SERVICE_ACCOUNT);
    own.is_some_and(|own| own != NAME)
}
