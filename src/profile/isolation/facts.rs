//! What the platform profile says of isolated apps.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::{PortRange, Protocol};

use super::super::{Name, Platform};

/// What holds of isolated apps in every cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IsolationFacts {
    /// The order of what is denied whatever is allowed: before what opens.
    pub denying_order: f64,
    /// The order of what opens: that of Kubernetes policies (KNP-1).
    pub order: f64,
    /// The order of what closes pods towards others: behind what opens, before what the sets open to
    /// every pod.
    pub closing_order: f64,
    /// Namespaces of the platform's own pods, whose policies are the platform's; an ending `*` stands
    /// for any text.
    pub reserved: Vec<String>,
    /// The protocols of name resolution.
    pub dns_protocols: Vec<Protocol>,
    /// The cluster's name servers on Kubernetes.
    pub kubernetes_dns: DnsPods,
    /// The cluster's name servers on OpenShift.
    pub openshift_dns: DnsPods,
}

/// Pods that resolve names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DnsPods {
    /// Their namespace.
    pub namespace: Name,
    /// Their labels.
    pub labels: BTreeMap<String, String>,
    /// The ports on which they answer.
    pub ports: Vec<PortRange>,
}

impl IsolationFacts {
    /// The cluster's name servers.
    pub fn dns(&self, platform: Platform) -> &DnsPods {
        match platform {
            Platform::Kubernetes => &self.kubernetes_dns,
            Platform::Openshift => &self.openshift_dns,
        }
    }

    /// Whether the namespace is the platform's.
    pub fn is_reserved(&self, namespace: &str) -> bool {
        self.reserved
            .iter()
            .any(|name| match name.strip_suffix('*') {
                Some(start) => namespace.starts_with(start),
                None => namespace == name,
            })
    }

    /// What is wrong with the facts, in one sentence.
    pub(in crate::profile) fn check(&self) -> Result<(), String> {
        let orders = [self.denying_order, self.order, self.closing_order];
        if !(orders.is_sorted_by(|a, b| a < b) && orders.iter().all(|order| order.is_finite())) {
            return Err("the orders of `isolation` do not come one behind the other".to_owned());
        }
        for dns in [&self.kubernetes_dns, &self.openshift_dns] {
            if dns.labels.is_empty() || dns.ports.is_empty() || self.dns_protocols.is_empty() {
                return Err(
                    "the name servers of `isolation` have no labels, ports or protocols".to_owned(),
                );
            }
        }
        Ok(())
    }
}
