//! Pods of the platform's own that are not like other pods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::{PortRange, Protocol};
use crate::resource::selector::Selector;

use super::{Name, Network, Ports};

/// Pods of one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodsOf {
    /// The namespace.
    pub namespace: Name,
    /// Which of its pods, by Calico's labels of them; all where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
}

/// What pods of the platform's own reach besides what every pod reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodFlow {
    /// What it is, unique among these.
    pub name: Name,
    /// What it is for, in one sentence.
    pub why: String,
    /// The component that opens it.
    pub component: Name,
    /// The network whose set the component is in.
    pub network: Network,
    /// The pods.
    pub from: PodsOf,
    /// The pods that they reach; everything where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PodsOf>,
    /// The protocol; any where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Which list of `ports` they reach; any port where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortsWord>,
}

/// A list of ports by the key under which it stands in `ports`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PortsWord {
    /// The Kubernetes dashboard's.
    Dashboard,
    /// The operator lifecycle manager's.
    OperatorLifecycle,
}

impl PortsWord {
    /// The list that it names.
    pub fn of(self, ports: &Ports) -> &[PortRange] {
        match self {
            Self::Dashboard => &ports.dashboard,
            Self::OperatorLifecycle => &ports.operator_lifecycle,
        }
    }
}

impl PodsOf {
    /// What is wrong with it, in one sentence.
    pub(super) fn check(&self, of: &Name) -> Result<(), String> {
        match self.selector.as_deref().map(Selector::parse) {
            Some(Err(error)) => Err(format!("`{of}` has no selector: {error}")),
            _ => Ok(()),
        }
    }
}

impl PodFlow {
    /// What is wrong with it, in one sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        self.from.check(&self.name)?;
        if let Some(to) = &self.to {
            to.check(&self.name)?;
        }
        match (self.ports, self.protocol) {
            (Some(_), None) => Err(format!("`{}` has ports and no protocol", self.name)),
            (Some(_), Some(protocol)) if !protocol.has_ports() => Err(format!(
                "`{}` has ports, and {protocol} has none",
                self.name
            )),
            _ => Ok(()),
        }
    }
}
