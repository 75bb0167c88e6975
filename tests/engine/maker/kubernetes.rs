//! Kubernetes NetworkPolicies.

use super::Maker;

impl Maker<'_> {
    pub(super) fn kubernetes_policy(&mut self, number: usize) -> String {
        let mut peers = Vec::new();
        for _ in 0..self.dice.below(3) {
            peers.push(match self.dice.below(4) {
                0 => format!("{{podSelector: {}}}", self.pod_labels()),
                1 => "{namespaceSelector: {matchLabels: {team: red}}}".to_owned(),
                2 => format!(
                    "{{namespaceSelector: {{}}, podSelector: {}}}",
                    self.pod_labels()
                ),
                _ => "{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/29]}}".to_owned(),
            });
        }
        let ports = self.dice.of(&[
            "",
            "",
            "{port: 8080}",
            "{protocol: UDP, port: 53}",
            "{port: web}",
            "{port: 1, endPort: 1024}, {protocol: UDP}",
        ]);
        let (list, side) = self.dice.of(&[("ingress", "from"), ("egress", "to")]);
        let types = self.dice.of(&[
            "",
            "policyTypes: [Ingress], ",
            "policyTypes: [Ingress, Egress], ",
        ]);
        format!(
            "{{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {{name: k{number}, namespace: {}}}, \
             spec: {{podSelector: {}, {types}{list}: [{{{side}: [{}], ports: [{ports}]}}]}}}}",
            self.dice.of(&["a", "b"]),
            self.pod_labels(),
            peers.join(", ")
        )
    }

    /// A label selector for pods.
    pub(super) fn pod_labels(&mut self) -> &'static str {
        self.dice.of(&[
            "{}",
            "{matchLabels: {app: x}}",
            "{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}",
            "{matchExpressions: [{key: app, operator: Exists}]}",
        ])
    }
}
