//! Case by case: which Log policies there are, where they stand and what they match.

use palisade::question::logging::{Exactness, Wanted};

use crate::{in_place, recorded};

/// A policy of workers' private host endpoints with these egress rules, in order.
fn egress(name: &str, order: &str, rules: &[&str]) -> String {
    let rules: Vec<String> = rules
        .iter()
        .map(|rule| format!("  - {{{rule}}}\n"))
        .collect();
    format!(
        "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: {name}}}\n\
         spec:\n  {order}\n  selector: ibm.role == 'worker_private'\n  types: [Egress]\n  egress:\n{}",
        rules.concat()
    )
}

fn kubernetes(name: &str, labels: &str, from: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: web}}\n\
         spec:\n  podSelector: {{matchLabels: {{{labels}}}}}\n  ingress:\n  - from: [{{podSelector: {{matchLabels: {{{from}}}}}}}]\n"
    )
}

/// `name order: rules` of every Log policy, and whether it is exact.
fn told(text: &str) -> Vec<String> {
    let recorded = recorded(&in_place(text, true), &Wanted::All);
    let policies = recorded.policies.iter().map(|policy| {
        let body = policy.resource.policy().unwrap();
        let order = body.order.as_ref().map(|order| order.value).unwrap();
        let rules: usize = [&body.ingress, &body.egress]
            .into_iter()
            .flatten()
            .map(|list| list.value.len())
            .sum();
        let exact = match &policy.exactness {
            Exactness::Exact => "exact",
            Exactness::More(_) => "more",
            Exactness::Less(_) => "less",
        };
        format!("{} {order}: {rules} {exact}", policy.resource.key.name)
    });
    let silent = recorded
        .silent
        .iter()
        .map(|silent| format!("silent {}", silent.key.name));
    policies.chain(silent).collect()
}

#[test]
fn what_is_recorded() {
    let tcp = "action: Allow, protocol: TCP, destination: {nets: [10.1.0.0/16], ports: [443]}";
    let udp = "action: Allow, protocol: UDP, destination: {ports: [5000]}";
    let part = "action: Deny, protocol: TCP, destination: {nets: [10.1.0.0/16], ports: [80]}";
    let service = "action: Allow, destination: {services: {name: db, namespace: data}}";
    let deny = "action: Deny";
    let log = "action: Log";
    let cases: Vec<(&str, String, Vec<&str>)> = vec![
        (
            "a denial of all: just before it (EVAL-7)",
            egress("p", "order: 100", &[deny]),
            vec!["log-denied-by-p 99: 1 exact"],
        ),
        (
            "what is allowed before is not recorded",
            egress("p", "order: 100", &[tcp, deny]),
            vec!["log-denied-by-p 99: 3 exact"],
        ),
        (
            "of several protocols: one rule for each other that has a name, and less is told",
            egress("p", "order: 100", &[tcp, udp, deny]),
            vec!["log-denied-by-p 99: 7 less"],
        ),
        (
            "a denial that no rule before it touches stands as it is",
            egress("p", "order: 100", &[tcp, part]),
            vec!["log-denied-by-p 99: 1 exact"],
        ),
        (
            "a rule that cannot be turned round: more is recorded, and it is told",
            egress("p", "order: 100", &[service, deny]),
            vec!["log-denied-by-p 99: 1 more"],
        ),
        (
            "behind the policy before it, however close (EVAL-3)",
            egress("o", "order: 99.5", &[udp]) + &egress("p", "order: 100", &[deny]),
            vec!["log-denied-by-p 99.75: 1 exact", "silent o"],
        ),
        (
            "without an order, behind the platform's last one",
            egress("p", "tier: default", &[deny]),
            vec!["silent p"],
        ),
        (
            "what is left to the end of the tier: behind the policy (EVAL-9)",
            kubernetes("access-nginx", "run: nginx", "run: access"),
            vec!["log-denied-after-access-nginx 1001: 1 exact"],
        ),
        (
            "two that select the same pods are recorded once",
            kubernetes("a", "run: nginx", "run: u") + &kubernetes("b", "run: nginx", "run: v"),
            vec!["log-denied-after-a 1001: 1 exact"],
        ),
        (
            "two that select the same pods in different directions are recorded once",
            kubernetes("a", "run: nginx", "run: u")
                + &kubernetes("b", "run: nginx", "run: v")
                + "  egress:\n  - to: [{podSelector: {}}]\n  policyTypes: [Ingress, Egress]\n",
            vec!["log-denied-after-a 1001: 2 exact"],
        ),
        (
            "two that may select the same pods: what neither allows",
            kubernetes("a", "run: nginx", "run: u") + &kubernetes("b", "tier: front", "run: v"),
            vec![
                "log-denied-after-a 1001: 1 exact",
                "log-denied-after-b 1001: 1 exact",
            ],
        ),
        (
            "a policy that only records has nothing to record, and stays",
            egress("p", "order: 100", &[log]) + &egress("q", "order: 200", &[deny]),
            vec!["log-denied-by-q 199: 1 exact", "silent p"],
        ),
    ];
    for (what, text, expected) in cases {
        assert_eq!(told(&text), expected, "{what}");
    }
}

#[test]
fn a_second_time_nothing_changes() {
    let text = egress("p", "order: 100", &["action: Deny"])
        + &kubernetes("access-nginx", "run: nginx", "run: access");
    let first = recorded(&in_place(&text, true), &Wanted::All);
    let mut all = text;
    for policy in &first.policies {
        all.push_str("---\n");
        all.push_str(&policy.resource.input.text);
    }
    let second = recorded(&in_place(&all, true), &Wanted::All);
    let texts = |recorded: &palisade::question::logging::Recorded| -> Vec<String> {
        let policies = recorded.policies.iter();
        policies
            .map(|policy| policy.resource.input.text.clone())
            .collect()
    };
    assert_eq!(texts(&first), texts(&second));
    assert_eq!(first.policies.len(), 2);
}

#[test]
fn only_what_is_wanted() {
    let text = kubernetes("a", "run: u", "run: v") + &kubernetes("b", "run: z", "run: v");
    let names = |wanted: &[&str]| -> Result<Vec<String>, String> {
        let wanted = wanted.iter().map(|name| name.parse().unwrap()).collect();
        let subject = in_place(&text, true);
        palisade::question::logging::log_denied(
            &subject,
            &Wanted::Policies(wanted),
            &crate::facts(),
        )
        .map(|recorded| {
            let policies = recorded.policies.into_iter();
            policies.map(|policy| policy.resource.key.name).collect()
        })
        .map_err(|error| error.message().to_owned())
    };
    let one = Ok(vec!["log-denied-after-b".to_owned()]);
    assert_eq!(names(&["b"]), one);
    assert_eq!(names(&["web/b"]), one);
    assert_eq!(names(&["NetworkPolicy/web/b"]), one);
    assert_eq!(names(&["networkpolicy/b"]), one);
    for wrong in ["c", "default/b", "GlobalNetworkPolicy/b"] {
        assert_eq!(
            names(&[wrong]),
            Err(format!("no policy `{wrong}` is enforced"))
        );
    }
    for none in ["", "a/b/c/d", "NetworkPolicy//b", "a/b/c"] {
        let parsed: Result<palisade::question::logging::PolicyName, _> = none.parse();
        assert!(parsed.is_err(), "{none}");
    }
}
