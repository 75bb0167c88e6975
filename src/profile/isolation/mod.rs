//! Apps that are kept apart: which there are, and who may talk to whom.
//!
//! | part | what it holds |
//! |---|---|
//! | `peer`, `port` | ends and ports of rules, as they are written |
//! | `scope` | which pods a peer means, and which of them are closed |
//! | `check`, `label` | what is refused |
//! | `known` | labels and namespaces that nobody described |
//! | `facts` | what the platform profile says of it |

mod check;
mod facts;
mod known;
mod label;
mod peer;
mod port;
mod scope;

pub use facts::{DnsPods, IsolationFacts};
pub use peer::{AppName, Peer};
pub use port::AppPort;
pub use scope::{InNamespace, PodSet, Subject, Who};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Protocol;
use crate::yaml::Located;

use super::{Name, Way};

/// The label that tells the tiers of an app apart, unless the profile names another.
const TIER_LABEL: &str = "tier";

/// A list whose place and whose items' places are known.
type List<T> = Located<Vec<Located<T>>>;

/// Labels, each value with its place.
pub type Labels = BTreeMap<String, Located<String>>;

/// Which apps there are, and who may talk to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Isolation {
    /// As whose policies it is written.
    #[serde(rename = "as", default)]
    pub kind: IsolationKind,
    /// The order of the policies, where they are Calico's; that of Kubernetes policies where not
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Located<f64>>,
    /// In which directions every pod of a described namespace is closed but for what is allowed,
    /// unless the namespace says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_deny: Option<List<Way>>,
    /// Whether pods that are closed towards others may still resolve names.
    #[serde(default)]
    pub dns: Dns,
    /// The label whose values are the tiers of apps; `tier` where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_label: Option<Located<String>>,
    /// Namespaces by name, where more is known of them than that apps are in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<IsolatedNamespace>,
    /// The apps.
    pub apps: Located<Vec<App>>,
    /// Who may talk to whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<AppRule>,
    /// Who may not, whatever is allowed; for Calico policies alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny: Option<Located<Vec<AppRule>>>,
}

/// As whose policies apps are isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IsolationKind {
    /// `NetworkPolicy` of Kubernetes.
    #[default]
    Kubernetes,
    /// `NetworkPolicy` of Calico.
    Calico,
}

/// Whether names can be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dns {
    /// The cluster's name servers are reached.
    #[default]
    Open,
    /// They are reached by whom a rule allows it alone.
    Closed,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IsolatedNamespace {
    /// Its name.
    pub name: Located<Name>,
    /// Its labels, as far as rules ask for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: Labels,
    /// In which directions each of its pods is closed but for what is allowed; what the isolation as
    /// a whole says where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_deny: Option<Located<Vec<Located<Way>>>>,
}

/// An app: pods of one namespace that share labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct App {
    /// What rules call it.
    pub name: Located<Name>,
    /// Its namespace.
    pub namespace: Located<Name>,
    /// The labels that its pods and no others have; every pod of the namespace where not given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: Labels,
    /// Its tiers: values of the tier label. Rules call them `app/tier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<List<Name>>,
}

/// Who may talk to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRule {
    /// Who connects: any of these.
    pub from: List<Peer>,
    /// To whom: any of these.
    pub to: List<Peer>,
    /// The protocol; TCP where there are ports, else any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Located<Protocol>>,
    /// The ports, also by the names that containers give them; every port where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<List<AppPort>>,
}

impl AppRule {
    /// Its protocol; nothing where it is about packets of any.
    pub fn protocol(&self) -> Option<Protocol> {
        match (&self.protocol, &self.ports) {
            (Some(protocol), _) => Some(protocol.value),
            (None, Some(_)) => Some(Protocol::Tcp),
            (None, None) => None,
        }
    }

    /// Its ports; none where it is about every port.
    pub fn ports(&self) -> impl Iterator<Item = &AppPort> {
        let ports = self.ports.iter().flat_map(|ports| ports.iter());
        ports.map(|port| &port.value)
    }
}

impl Isolation {
    /// The label whose values are the tiers of apps.
    pub fn tier_label(&self) -> &str {
        self.tier_label.as_ref().map_or(TIER_LABEL, |label| label)
    }

    /// What is denied whatever is allowed.
    pub fn denials(&self) -> &[AppRule] {
        self.deny.as_ref().map_or(&[], |rules| rules)
    }
}
