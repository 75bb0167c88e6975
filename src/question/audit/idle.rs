//! Policies that apply to nobody.

use std::collections::BTreeSet;

use crate::engine::reach::{End, Reach};
use crate::engine::{PolicyId, Program};
use crate::finding::{Code, Finding, Severity};

use super::Found;

/// Policies that select no endpoint that there is, nor any that may come.
pub(super) fn idle(reach: &Reach<'_>) -> Vec<Found> {
    let program = reach.program();
    let applied = applied(program, reach);
    let mut found = Vec::new();
    for (id, policy) in program.policies_numbered() {
        if policy.assumed || policy.staged || applied.contains(&id) {
            continue;
        }
        let listed = !program.pods().is_empty();
        let among = if listed {
            "no worker or pod of the input"
        } else {
            "no worker, and no pod that there can be,"
        };
        let mut finding = Finding::new(
            Code::PolicyWithoutEndpoints,
            policy.place.clone(),
            format!(
                "{} applies to nothing: {among} is selected by `{}`",
                policy.key, policy.selector
            ),
        );
        if listed {
            // Pods come and go.
            finding.severity = Severity::Note;
        }
        found.push(Found {
            finding,
            removal: None,
        });
    }
    found
}

/// The policies that apply, or may apply, to anything.
fn applied(program: &Program, reach: &Reach<'_>) -> BTreeSet<PolicyId> {
    let mut applied = BTreeSet::new();
    let of_hosts = program.host_endpoints().iter().map(|e| e.class);
    let of_pods = program.pods().iter().map(|pod| pod.class);
    let classes: BTreeSet<_> = of_hosts.chain(of_pods).collect();
    for class in classes.into_iter().filter_map(|id| program.class(id)) {
        applied.extend(class.policies.iter().map(|one| one.policy));
    }
    for (_, end) in reach.ends() {
        if let End::Imagined { pods, .. } = end {
            for pod in pods {
                applied.extend(pod.class.policies.iter().map(|one| one.policy));
            }
        }
    }
    applied
}
