//! Kubernetes' policies for the whole cluster (KNP-11), right and wrong ones.

use palisade::resource::Era;

use super::Maker;

impl Maker<'_> {
    fn namespace_labels(&mut self) -> &'static str {
        self.dice.of(&[
            "{}",
            "{}",
            "{matchLabels: {team: red}}",
            "{matchLabels: {kubernetes.io/metadata.name: b}}",
            "{matchExpressions: [{key: team, operator: DoesNotExist}]}",
            "{matchExpressions: [{key: team, operator: NotIn, values: [red, green]}]}",
            "{matchExpressions: [{key: team, operator: In, values: [red, blue]}]}",
            "{matchExpressions: [{key: team, operator: In}]}",
        ])
    }

    fn namespaced_pods(&mut self) -> String {
        let pods = self.pod_labels();
        if self.dice.one_in(5) {
            return format!("{{podSelector: {pods}}}");
        }
        let namespaces = self.namespace_labels();
        format!("{{namespaceSelector: {namespaces}, podSelector: {pods}}}")
    }

    fn subject(&mut self) -> String {
        match self.dice.below(12) {
            0..6 => format!("{{namespaces: {}}}", self.namespace_labels()),
            6..11 => format!("{{pods: {}}}", self.namespaced_pods()),
            _ => "{}".to_owned(),
        }
    }

    fn cluster_peer(&mut self, direction: &str) -> String {
        let kinds = if direction == "egress" { 10 } else { 6 };
        match self.dice.below(kinds) {
            0..2 => format!("{{namespaces: {}}}", self.namespace_labels()),
            2..5 => format!("{{pods: {}}}", self.namespaced_pods()),
            5 if self.dice.one_in(4) => "{}".to_owned(),
            5 => "{namespaces: {}}".to_owned(),
            6..9 => self
                .dice
                .of(&[
                    "{networks: [203.0.113.0/24]}",
                    "{networks: [10.0.0.0/8, 172.30.0.0/16]}",
                    "{networks: [0.0.0.0/0]}",
                    "{networks: ['::/0', 203.0.113.7/24]}",
                    "{networks: [203.0.113.7]}",
                ])
                .to_owned(),
            _ => self
                .dice
                .of(&["{nodes: {}}", "{domainNames: [example.com]}"])
                .to_owned(),
        }
    }

    fn ports_of_v1alpha1(&mut self) -> &'static str {
        self.dice.of(&[
            "",
            "",
            "",
            ", ports: [{portNumber: {protocol: TCP, port: 8080}}]",
            ", ports: [{portNumber: {port: 80}}, {portNumber: {protocol: UDP, port: 53}}]",
            ", ports: [{portRange: {protocol: TCP, start: 1, end: 1024}}, {portNumber: {protocol: TCP, port: 8080}}]",
            ", ports: [{portRange: {start: 443, end: 80}}]",
            ", ports: [{portNumber: {protocol: SCTP, port: 80}}, {namedPort: web}]",
        ])
    }

    fn protocols_of_v1alpha2(&mut self) -> &'static str {
        self.dice.of(&[
            "",
            "",
            "",
            ", protocols: [{tcp: {destinationPort: {number: 8080}}}]",
            ", protocols: [{tcp: {destinationPort: {range: {start: 1, end: 1024}}}}, {udp: {}}]",
            ", protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: {}}, {tcp: {destinationPort: {number: 80}}}]",
            ", protocols: [{sctp: {destinationPort: {}}}]",
            ", protocols: [{}, {tcp: {}}]",
            ", protocols: [{destinationNamedPort: web}]",
        ])
    }

    fn cluster_rules(&mut self, kind: &str, direction: &str) -> String {
        let side = if direction == "ingress" { "from" } else { "to" };
        let mut rules = Vec::new();
        for _ in 0..self.dice.below(4) {
            let allow = if kind == "ClusterNetworkPolicy" {
                "Accept"
            } else {
                "Allow"
            };
            let mut action = self.dice.of(&[allow, allow, "Deny", "Deny", "Pass"]);
            if self.dice.one_in(20) {
                action = self.dice.of(&["Allow", "Accept", "Log"]);
            }
            let peers: Vec<String> = (0..=self.dice.below(2))
                .map(|_| self.cluster_peer(direction))
                .collect();
            let ports = if kind == "ClusterNetworkPolicy" {
                self.protocols_of_v1alpha2()
            } else {
                self.ports_of_v1alpha1()
            };
            rules.push(format!(
                "{{action: {action}, {side}: [{}]{ports}}}",
                peers.join(", ")
            ));
        }
        format!("{direction}: [{}]", rules.join(", "))
    }

    pub(super) fn cluster_policy(&mut self, number: usize) -> String {
        let old = ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy"];
        let new = "ClusterNetworkPolicy";
        // Mostly what the version enforces.
        let kind = match (self.facts.era, self.dice.one_in(6)) {
            (Era::E2, false) | (_, true) => self.dice.of(&old),
            _ => new,
        };
        let (version, head) = match kind {
            "ClusterNetworkPolicy" => {
                let tier = self.dice.of(&["Admin", "Admin", "Baseline", "Baseline"]);
                ("v1alpha2", format!("tier: {tier}, "))
            }
            _ => ("v1alpha1", String::new()),
        };
        let name = if kind == "BaselineAdminNetworkPolicy" {
            "default".to_owned()
        } else {
            format!("c{number}")
        };
        let priority = if kind == "BaselineAdminNetworkPolicy" {
            String::new()
        } else {
            format!("priority: {}, ", self.dice.of(&[0, 1, 1, 10, 1000]))
        };
        let subject = self.subject();
        let (ingress, egress) = (
            self.cluster_rules(kind, "ingress"),
            self.cluster_rules(kind, "egress"),
        );
        format!(
            "{{kind: {kind}, apiVersion: policy.networking.k8s.io/{version}, metadata: {{name: {name}}}, \
             spec: {{{head}{priority}subject: {subject}, {ingress}, {egress}}}}}"
        )
    }

    /// Now and then one of Calico's own tiers, written down and not as it is.
    pub(super) fn built_in_tier(&mut self) -> Option<String> {
        let name = match self.facts.era {
            Era::E1 => return None,
            Era::E2 => self
                .dice
                .of(&["adminnetworkpolicy", "baselineadminnetworkpolicy"]),
            Era::E3 => self.dice.of(&["kube-admin", "kube-baseline"]),
        };
        let order = self.dice.of(&[1000, 3_000_000]);
        let action = self.dice.of(&["Pass", "Pass", "Deny"]);
        self.dice.one_in(5).then(|| {
            format!(
                "{{kind: Tier, apiVersion: crd.projectcalico.org/v1, metadata: {{name: {name}}}, \
                 spec: {{order: {order}, defaultAction: {action}}}}}"
            )
        })
    }
}
