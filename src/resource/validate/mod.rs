//! What is wrong with objects: the rules of Calico's and Kubernetes' APIs (VAL), and what they
//! take although it can hardly be meant.
//!
//! [`lint`] reads texts and tells everything; [`validate`] judges objects that were read already.
//! Every file here judges one kind of thing, object by object; what only shows in several objects
//! is in `together`. A rule that Calico's validator alone enforces does not hold for objects in
//! storage form: a finding then says what Felix makes of such an object (`judge`).

mod cluster_policy;
mod dialect;
mod endpoint;
mod http;
mod ignore;
mod judge;
mod kind;
mod kubernetes;
mod metadata;
mod name;
mod peer;
mod policy;
mod rule;
mod scope;
mod selector;
mod together;

pub(crate) use name::{is_label_value, is_port_name, is_qualified};

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::finding::{Finding, Input};

use super::{Body, CalicoVersion, Resource, ResourceSet, read_with};
use ignore::Ignored;
use judge::Judge;

/// What objects are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// The version of Calico that shall take them.
    pub version: CalicoVersion,
}

/// Which objects are taken for one set, and compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Those of a folder that holds policies or other Calico objects itself, and of all folders
    /// below it. Folders beside each other are alternatives: regions, clusters, environments.
    #[default]
    Folder,
    /// All that are given.
    Everything,
}

/// Everything there is to tell of texts, sorted by place.
///
/// What a comment `palisade:ignore` names on its own line or the line before is left out.
pub fn lint(inputs: &[Arc<Input>], rules: Rules, scope: Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ignored = FxHashMap::default();
    let mut read = Vec::new();
    for input in inputs {
        ignored.insert(Arc::as_ptr(input), Ignored::of(input, &mut findings));
        let look = |root: &_, findings: &mut _| dialect::look(input, root, findings);
        let (resources, mut told) = read_with(input, look);
        findings.append(&mut told);
        for resource in &resources {
            judge(resource, rules, &mut findings);
        }
        read.extend(resources);
    }
    for group in scope::groups(read, scope) {
        together::judge(&group, rules, &mut findings);
        let mut set = ResourceSet::default();
        for resource in group {
            set.add(resource);
        }
        findings.extend_from_slice(set.findings());
    }
    findings.retain(|finding| {
        let ignored = ignored.get(&Arc::as_ptr(&finding.place.input));
        !ignored.is_some_and(|ignored| ignored.covers(finding))
    });
    sort(&mut findings);
    findings
}

/// Leaves out what a comment `palisade:ignore` names on its own line or the line before.
pub fn silence(findings: &mut Vec<Finding>) {
    let mut ignored = FxHashMap::default();
    for finding in findings.iter() {
        let input = &finding.place.input;
        ignored
            .entry(Arc::as_ptr(input))
            // What is wrong with the comments themselves is for `lint` to tell.
            .or_insert_with(|| Ignored::of(input, &mut Vec::new()));
    }
    findings.retain(|finding| {
        let ignored = ignored.get(&Arc::as_ptr(&finding.place.input));
        !ignored.is_some_and(|ignored| ignored.covers(finding))
    });
}

/// What is wrong with the objects of a set, sorted by place. What was wrong when they were read is
/// in [`ResourceSet::findings`].
pub fn validate(set: &ResourceSet, rules: Rules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resource in set.iter() {
        judge(resource, rules, &mut findings);
    }
    together::judge(set.iter(), rules, &mut findings);
    sort(&mut findings);
    findings
}

/// Sorts by text, line, column and code; what is told twice of one place is told once.
pub fn sort(findings: &mut Vec<Finding>) {
    fn key(finding: &Finding) -> (&str, u32, u32, &str) {
        let span = finding.place.span;
        let name = finding.place.input.name.as_str();
        (name, span.line, span.column, finding.code.word())
    }
    findings.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    findings.dedup_by(|a, b| key(a) == key(b) && a.message == b.message);
}

/// Judges one object by itself.
fn judge(resource: &Resource, rules: Rules, findings: &mut Vec<Finding>) {
    let mut judge = Judge {
        resource,
        rules,
        findings,
    };
    if !judge.kind() {
        return;
    }
    judge.metadata();
    match &resource.body {
        Body::Policy(policy) => judge.policy(policy),
        Body::KubernetesPolicy(policy) => judge.kubernetes_policy(policy),
        Body::ClusterPolicy(policy) => judge.cluster_policy(policy),
        Body::NetworkSet(set) => judge.network_set(set),
        Body::HostEndpoint(endpoint) => judge.host_endpoint(endpoint),
        Body::Tier(tier) => judge.tier(tier),
        Body::Profile(profile) => judge.profile(profile),
        _ => {}
    }
}
