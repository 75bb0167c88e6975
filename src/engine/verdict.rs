//! What happens to a flow.

use serde::Serialize;

use super::answer::Doubt;

/// Whether a flow passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "reason")]
pub enum Outcome {
    /// It passes.
    Allow,
    /// It is dropped.
    Deny,
    /// It cannot be known: the first thing that is not known and matters.
    Unknown(Doubt),
}

/// What else there is to say of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "remarks are independent of one another"
)]
pub struct Remarks {
    /// Calico lets it pass without accepting it: the host's own packet filter still has a say
    /// (EVAL-18).
    pub no_explicit_accept: bool,
    /// No connection is tracked: answers need a rule of their own (EVAL-19). Where the flow ends
    /// at a host, the verdict has them in it.
    pub untracked: bool,
    /// It was the answer that was dropped, not the flow (EVAL-19).
    pub reply: bool,
    /// An object that is only assumed had a part in it.
    pub assumed: bool,
    /// A service that keeps to the node has no pod there; kube-proxy itself may drop the packet.
    pub not_local: bool,
}

/// What happens to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether it passes.
    pub outcome: Outcome,
    /// What else there is to say.
    pub remarks: Remarks,
}
