//! Kubernetes NetworkPolicies.

use crate::resource::{
    Kind, KubernetesPeer, KubernetesPolicy, KubernetesPort, KubernetesRule, LabelRequirement,
    LabelSelector, Net,
};
use crate::yaml::{Located, Node};

use super::fields::{Fields, Reader};
use super::policy::{direction, port};

impl Reader<'_> {
    pub(super) fn kubernetes_policy(
        &mut self,
        kind: &Kind,
        object: Fields<'_>,
    ) -> KubernetesPolicy {
        let mut known = vec!["podSelector", "policyTypes", "ingress", "egress"];
        if kind.is_staged() {
            known.push("stagedAction");
        }
        let Some(spec) = self.spec(object, &known) else {
            return KubernetesPolicy::default();
        };
        KubernetesPolicy {
            span: spec.span(),
            pod_selector: self.label_selector(spec, "podSelector"),
            policy_types: self.values(spec, "policyTypes", direction),
            ingress: self.kubernetes_rules(spec, "ingress", "from"),
            egress: self.kubernetes_rules(spec, "egress", "to"),
            staged_action: self.text(spec, "stagedAction"),
        }
    }

    fn kubernetes_rules(
        &mut self,
        spec: Fields<'_>,
        name: &str,
        peers: &str,
    ) -> Option<Located<Vec<KubernetesRule>>> {
        self.list(spec, name, |reader, node| {
            let fields = reader.mapping(node, &format!("{name} rule"), &[peers, "ports"])?;
            Some(KubernetesRule {
                span: node.span,
                peers: reader.list(fields, peers, |reader, node| reader.peer(node, peers)),
                ports: reader.list(fields, "ports", Self::kubernetes_port),
            })
        })
    }

    fn peer(&mut self, node: &Node, name: &str) -> Option<KubernetesPeer> {
        let known = ["podSelector", "namespaceSelector", "ipBlock"];
        let fields = self.mapping(node, &format!("{name} peer"), &known)?;
        let block = fields
            .get("ipBlock")
            .and_then(|node| self.mapping(node, "ipBlock", &["cidr", "except"]));
        let ip_block = block.and_then(|block| self.text(block, "cidr"));
        Some(KubernetesPeer {
            span: node.span,
            pod_selector: self.label_selector(fields, "podSelector"),
            namespace_selector: self.label_selector(fields, "namespaceSelector"),
            ip_block: ip_block.map(|text| Located {
                value: Net::of(&text.value),
                span: text.span,
            }),
            except: block.and_then(|block| self.values(block, "except", Net::of)),
        })
    }

    fn kubernetes_port(&mut self, node: &Node) -> Option<KubernetesPort> {
        let fields = self.mapping(node, "ports", &["protocol", "port", "endPort"])?;
        Some(KubernetesPort {
            span: node.span,
            protocol: self.text(fields, "protocol"),
            port: self.field(fields, "port", |_, node| Some(port(node))),
            end_port: self.integer(fields, "endPort"),
        })
    }

    pub(super) fn label_selector(
        &mut self,
        fields: Fields<'_>,
        name: &str,
    ) -> Option<LabelSelector> {
        let node = fields.get(name)?;
        let fields = self.mapping(node, name, &["matchLabels", "matchExpressions"])?;
        let expressions = self.list(fields, "matchExpressions", |reader, node| {
            let known = ["key", "operator", "values"];
            let fields = reader.mapping(node, "matchExpressions", &known)?;
            Some(LabelRequirement {
                span: node.span,
                key: reader.text(fields, "key"),
                operator: reader.text(fields, "operator"),
                values: reader.texts(fields, "values"),
            })
        });
        Some(LabelSelector {
            span: node.span,
            match_labels: self.labels(fields, "matchLabels"),
            match_expressions: expressions.map(|list| list.value).unwrap_or_default(),
        })
    }
}
