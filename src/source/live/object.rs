//! One object of a list, as a text.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::finding::{Input, Origin, OutsideError};

use super::kinds::Listed;

/// What kubectl remembers of the last apply: the object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What of a pod's spec bears on policy. The rest holds what programs are given, secrets too, and
/// is not kept.
const OF_POD: [&str; 3] = ["nodeName", "hostNetwork", "serviceAccountName"];

/// The lists of a pod's containers.
const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// What of an object's status bears on policy.
const OF_STATUS: [&str; 4] = ["addresses", "phase", "podIP", "podIPs"];

/// One object of a list. What is not named here is passed over while it is read: who manages which
/// field is most of what a server sends.
#[derive(Debug, Deserialize)]
pub(super) struct Object {
    #[serde(default)]
    metadata: Metadata,
    spec: Option<Value>,
    status: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: &'a Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    status: Map<String, Value>,
}

impl Object {
    /// The object as a text of its own, named after the cluster `source`, what kubectl calls its
    /// kind, and itself.
    ///
    /// # Errors
    /// An object without a name, which no server sends.
    pub(super) fn text(
        mut self,
        source: &str,
        listed: &Listed,
        api_version: &str,
        kubectl_name: &str,
    ) -> Result<Arc<Input>, OutsideError> {
        let name = match (&self.metadata.namespace, self.metadata.name.as_str()) {
            (_, "") => {
                return Err(OutsideError::of_source(format!(
                    "{source} sent an object without a name among its {kubectl_name}"
                )));
            }
            (Some(namespace), name) => format!("{source}/{kubectl_name}/{namespace}/{name}"),
            (None, name) => format!("{source}/{kubectl_name}/{name}"),
        };
        self.metadata.annotations.remove(LAST_APPLIED);
        let spec = match listed.kind {
            "Pod" => self.spec.take().map(pod_spec),
            // Where nodes and namespaces come from bears on nothing.
            "Node" | "Namespace" => None,
            _ => self.spec.take(),
        };
        let mut status = self.status.take().unwrap_or_default();
        status.retain(|key, _| OF_STATUS.contains(&key.as_str()));
        let shown = Shown {
            api_version,
            kind: listed.kind,
            metadata: &self.metadata,
            spec,
            status,
        };
        // INVARIANT: structs of texts and JSON values always serialize.
        let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
        Ok(Input::from(Origin::Live, name, text))
    }
}

/// What of a pod's spec bears on policy.
fn pod_spec(spec: Value) -> Value {
    let Value::Object(mut spec) = spec else {
        return Value::Null;
    };
    let mut kept = Map::new();
    for key in OF_POD {
        if let Some(value) = spec.remove(key) {
            kept.insert(key.to_owned(), value);
        }
    }
    for key in CONTAINERS {
        let Some(Value::Array(containers)) = spec.remove(key) else {
            continue;
        };
        let ports = containers.into_iter().map(|mut container| {
            let ports = container.get_mut("ports").map(Value::take);
            let ports = ports.map(|ports| ("ports".to_owned(), ports));
            Value::Object(ports.into_iter().collect())
        });
        kept.insert(key.to_owned(), ports.collect());
    }
    Value::Object(kept)
}
