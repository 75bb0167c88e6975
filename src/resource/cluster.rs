//! Objects that hold for the whole cluster.

use crate::yaml::Located;

use super::policy::Rule;
use super::{Field, Label};

/// The spec of a Tier (MOD-16).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tier {
    /// Its order; absent means last.
    pub order: Field<f64>,
    /// What happens to a packet that no policy of the tier decided on: `Deny` or `Pass`.
    pub default_action: Field<Box<str>>,
}

/// The spec of a Calico Profile (MOD-19).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Rules for what comes in.
    pub ingress: Option<Located<Vec<Rule>>>,
    /// Rules for what goes out.
    pub egress: Option<Located<Vec<Rule>>>,
    /// Labels that its endpoints inherit.
    pub labels_to_apply: Vec<Label>,
}

/// The spec of the ClusterInformation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterInformation {
    /// The version of Calico that the cluster runs.
    pub calico_version: Field<Box<str>>,
}
