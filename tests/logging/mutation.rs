//! A Log policy that is not as it should be is noticed.

use palisade::finding::Input;
use palisade::question::logging::{Exactness, LogPolicy, Wanted, exactness_of, prove_silent};
use palisade::question::subject::Subject;
use palisade::resource::read;

use crate::{facts, in_place, recorded};

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: access-nginx, namespace: default}
spec:
  podSelector: {matchLabels: {run: nginx}}
  ingress:
  - from: [{podSelector: {matchLabels: {run: access}}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: later, namespace: default}
spec:
  order: 1200
  selector: run == 'nginx'
  types: [Ingress]
  ingress:
  - {action: Allow, protocol: TCP, destination: {ports: [80]}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  order: 2000
  selector: ibm.role == 'worker_private'
  types: [Egress]
  egress:
  - {action: Allow, protocol: TCP}
  - {action: Deny}
";

/// The Log policy with another text.
fn changed(policy: &LogPolicy, from: &str, to: &str) -> LogPolicy {
    let text = policy.resource.input.text.replace(from, to);
    assert_ne!(text, policy.resource.input.text, "{from}");
    let (mut resources, findings) = read(&Input::new("changed.yaml", text));
    assert!(findings.is_empty(), "{findings:?}");
    LogPolicy {
        resource: resources.remove(0),
        ..policy.clone()
    }
}

fn judged(subject: &Subject, policy: &LogPolicy) -> &'static str {
    let mut policies = [policy.clone()];
    exactness_of(subject, &mut policies, &facts()).unwrap();
    match policies[0].exactness {
        Exactness::Exact => "exact",
        Exactness::More(_) => "more",
        Exactness::Less(_) => "less",
    }
}

#[test]
fn orders_selectors_and_matches_count() {
    let subject = in_place(POLICY, true);
    let found = recorded(&subject, &Wanted::All);
    let named = |name: &str| {
        let mut all = found.policies.iter();
        all.find(|policy| policy.resource.key.name == name).unwrap()
    };
    let end = named("log-denied-after-access-nginx");
    let rules = named("log-denied-by-p");
    for (policy, from, to, expected) in [
        (end, "order: 1201", "order: 1202", "exact"),
        // Before the policy that comes later and allows something.
        (end, "order: 1201", "order: 1100", "more"),
        (end, "order: 1201", "order: 900", "more"),
        // What another pod gets is recorded, and what this one does not is not.
        (end, "== 'nginx'", "== 'apache'", "more"),
        (
            end,
            "  - action: Log",
            "  - action: Log\n    protocol: TCP",
            "less",
        ),
        (rules, "order: 1999", "order: 1998", "exact"),
        // Behind the denial.
        (rules, "order: 1999", "order: 2001", "less"),
        (rules, "    notProtocol: TCP\n", "", "more"),
        (rules, "notProtocol: TCP", "protocol: UDP", "less"),
        (rules, "worker_private", "worker_public", "less"),
    ] {
        let policy = changed(policy, from, to);
        assert_eq!(judged(&subject, &policy), expected, "{from} -> {to}");
    }
}

#[test]
fn a_policy_that_decides_is_refused() {
    let subject = in_place(POLICY, true);
    let found = recorded(&subject, &Wanted::All);
    prove_silent(&subject, &found.policies, &facts()).unwrap();
    for policy in &found.policies {
        for (from, to) in [
            ("action: Log", "action: Allow"),
            // EVAL-6: an endpoint that nothing governed before.
            ("  selector: ", "  selector: kubernetes.io/x == 'y' || "),
        ] {
            let wrong = [changed(policy, from, to)];
            let refused = prove_silent(&subject, &wrong, &facts());
            assert!(refused.is_err(), "{} {to}", policy.resource.key);
        }
    }
}
