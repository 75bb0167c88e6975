//! Calico's policies.

use super::Maker;

impl Maker<'_> {
    pub(super) fn policy(&mut self, number: usize) -> String {
        let kind = self.dice.of(&[
            "GlobalNetworkPolicy",
            "GlobalNetworkPolicy",
            "GlobalNetworkPolicy",
            "NetworkPolicy",
            "NetworkPolicy",
            "Kubernetes",
            "Cluster",
            "Cluster",
            "StagedGlobalNetworkPolicy",
        ]);
        if kind == "Kubernetes" {
            return self.kubernetes_policy(number);
        }
        if kind == "Cluster" {
            return self.cluster_policy(number);
        }
        let global = kind != "NetworkPolicy";
        let tier = self
            .dice
            .of(&["", "", "", "default", "t1", "t1", "t2", "ghost"]);
        let raw = self.dice.one_in(5);
        let base = format!("p{}", self.dice.below(3) * 100 + number);
        let mut name = if !tier.is_empty() && tier != "default" && !self.dice.one_in(5) {
            format!("{tier}.{base}")
        } else {
            base
        };
        if raw && !name.contains('.') && self.dice.one_in(2) {
            name = format!("default.{name}");
        }
        let mut spec = Vec::new();
        if !tier.is_empty() {
            spec.push(format!("tier: {tier}"));
        }
        if !self.dice.one_in(4) {
            spec.push(format!(
                "order: {}",
                self.dice.of(&["1", "2", "2", "10.5", "-3", "1000"])
            ));
        }
        // Half of the policies are for host endpoints, and plain.
        let plain = global && self.dice.one_in(2);
        if plain {
            let text = self
                .dice
                .of(&["role == 'pub'", "has(role)", "zone == 'one'", "!has(app)"]);
            spec.push(format!("selector: \"{text}\""));
        } else if !self.dice.one_in(4) {
            spec.push(format!("selector: \"{}\"", self.selector()));
        }
        if global && !plain && self.dice.one_in(6) {
            let text = if self.dice.one_in(8) {
                "team = 'red'"
            } else {
                self.namespaces()
            };
            spec.push(format!("namespaceSelector: \"{text}\""));
        }
        if self.dice.one_in(10) {
            let text = self.dice.of(&[
                "kind == 'machine'",
                "all()",
                "projectcalico.org/name == 'robot'",
            ]);
            spec.push(format!("serviceAccountSelector: \"{text}\""));
        }
        let mut directions = self.dice.of(&[
            "",
            "Ingress",
            "Egress",
            "Ingress, Egress",
            "Ingress, Egress",
        ]);
        let mut both = true;
        if global && (plain || !raw) {
            let untracked = self.facts.overlay != Some("vxlan");
            match self.dice.below(if plain { 6 } else { 8 }) {
                0 | 1 => {
                    spec.push("preDNAT: true, applyOnForward: true".into());
                    directions = "Ingress";
                    both = false;
                }
                2 if untracked => spec.push("doNotTrack: true, applyOnForward: true".into()),
                3 | 4 => spec.push("applyOnForward: true".into()),
                _ => {}
            }
        }
        if !directions.is_empty() {
            spec.push(format!("types: [{directions}]"));
        }
        spec.push(self.rules("ingress", plain));
        if both {
            spec.push(self.rules("egress", plain));
        }
        let api = if raw {
            "crd.projectcalico.org/v1"
        } else {
            "projectcalico.org/v3"
        };
        let namespace = if global {
            String::new()
        } else {
            format!(", namespace: {}", self.dice.of(&["a", "b"]))
        };
        format!(
            "{{kind: {kind}, apiVersion: {api}, metadata: {{name: {name}{namespace}}}, spec: {{{}}}}}",
            spec.join(", ")
        )
    }
}
