//! Label keys and values that differ from others only by case. Labels are case-sensitive (SEL-3,
//! SEL-17), so one of the two selects nothing that the other does.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding, Place, Span};
use crate::resource::selector::{Expr, Selector};
use crate::resource::{
    Body, ClusterPolicy, EntityRule, Label, LabelSelector, NamespacedPods, Resource, Rule,
};
use crate::yaml::Located;

/// One way in which something is spelt: how often, and where first.
struct Spelling<'a> {
    count: usize,
    first: (&'a Resource, Span),
}

/// Spellings by what they have in common: the same text in lower case. Almost every text has one
/// spelling and is in lower case, and then costs one look-up.
type Spellings<'a, K> = FxHashMap<K, BTreeMap<Cow<'a, str>, Spelling<'a>>>;

#[derive(Default)]
struct Seen<'a> {
    keys: Spellings<'a, Cow<'a, str>>,
    values: Spellings<'a, (Cow<'a, str>, Cow<'a, str>)>,
}

pub(super) fn judge(resources: &[&Resource], findings: &mut Vec<Finding>) {
    let mut seen = Seen::default();
    for resource in resources {
        seen.resource(resource);
    }
    for spellings in seen.keys.into_values() {
        tell(&spellings, "the label key", findings);
    }
    for ((key, _), spellings) in seen.values {
        tell(
            &spellings,
            &format!("the value of label `{key}`,"),
            findings,
        );
    }
}

/// Tells every spelling but the usual one, where it stands first.
fn tell(spellings: &BTreeMap<Cow<'_, str>, Spelling<'_>>, what: &str, findings: &mut Vec<Finding>) {
    if spellings.len() < 2 {
        return;
    }
    // Of equally many the one in lower case, which sorts last.
    let Some((usual, most)) = spellings
        .iter()
        .max_by_key(|(text, spelling)| (spelling.count, *text))
    else {
        return;
    };
    let place = |spelling: &Spelling<'_>| -> Place {
        let (resource, span) = spelling.first;
        super::place_or_name(resource, Some(span))
    };
    for (text, spelling) in spellings.iter().filter(|(text, _)| *text != usual) {
        let message = format!("{what} `{text}` differs from `{usual}` only by case");
        findings.push(
            Finding::new(Code::LabelCase, place(spelling), message)
                .hint("labels are case-sensitive: write them in one way")
                .related(place(most), "spelt otherwise"),
        );
    }
}

impl<'a> Seen<'a> {
    fn resource(&mut self, resource: &'a Resource) {
        if !matches!(resource.body, Body::Other) {
            self.labels(resource, &resource.metadata.labels);
        }
        match &resource.body {
            Body::Policy(policy) => {
                let scopes = [
                    &policy.selector,
                    &policy.namespace_selector,
                    &policy.service_account_selector,
                ];
                for field in scopes.into_iter().flatten() {
                    self.selector(resource, field);
                }
                let lists = [&policy.ingress, &policy.egress];
                for rule in lists.into_iter().flatten().flat_map(|list| &list.value) {
                    self.rule(resource, rule);
                }
            }
            Body::KubernetesPolicy(policy) => {
                let mut selectors: Vec<&LabelSelector> = policy.pod_selector.iter().collect();
                let lists = [&policy.ingress, &policy.egress];
                let rules = lists.into_iter().flatten().flat_map(|list| &list.value);
                let peers = rules
                    .flat_map(|rule| &rule.peers)
                    .flat_map(|list| &list.value);
                for peer in peers {
                    selectors.extend(&peer.pod_selector);
                    selectors.extend(&peer.namespace_selector);
                }
                for selector in selectors {
                    self.label_selector(resource, selector);
                }
            }
            Body::ClusterPolicy(policy) => self.cluster_policy(resource, policy),
            _ => {}
        }
    }

    fn cluster_policy(&mut self, resource: &'a Resource, policy: &'a ClusterPolicy) {
        let subject = policy.subject.as_ref();
        let lists = [&policy.ingress, &policy.egress];
        let rules = lists.into_iter().flatten().flat_map(|list| &list.value);
        let peers = rules
            .flat_map(|rule| &rule.peers)
            .flat_map(|list| &list.value);
        let mut chosen: Vec<(&Option<LabelSelector>, &Option<NamespacedPods>)> =
            peers.map(|peer| (&peer.namespaces, &peer.pods)).collect();
        chosen.extend(subject.map(|subject| (&subject.namespaces, &subject.pods)));
        for (namespaces, pods) in chosen {
            let of_pods = pods
                .iter()
                .flat_map(|pods| [&pods.namespace_selector, &pods.pod_selector])
                .flatten();
            for selector in namespaces.iter().chain(of_pods) {
                self.label_selector(resource, selector);
            }
        }
    }

    fn rule(&mut self, resource: &'a Resource, rule: &'a Rule) {
        let sides = [&rule.source, &rule.destination];
        for side in sides.into_iter().flatten() {
            let side: &EntityRule = side;
            let accounts = side.service_accounts.as_ref();
            let fields = [
                side.selector.as_ref(),
                side.not_selector.as_ref(),
                side.namespace_selector.as_ref(),
                accounts.and_then(|accounts| accounts.selector.as_ref()),
            ];
            for field in fields.into_iter().flatten() {
                self.selector(resource, field);
            }
        }
    }

    fn labels(&mut self, resource: &'a Resource, labels: &'a [Label]) {
        for label in labels {
            let key: &'a str = &label.key.value;
            self.key(key.into(), (resource, label.key.span));
            let value: &'a str = &label.value.value;
            self.value(key.into(), value.into(), (resource, label.value.span));
        }
    }

    fn label_selector(&mut self, resource: &'a Resource, selector: &'a LabelSelector) {
        self.labels(resource, &selector.match_labels);
        for requirement in &selector.match_expressions {
            let Some(key) = &requirement.key else {
                continue;
            };
            let name: &'a str = &key.value;
            self.key(name.into(), (resource, key.span));
            for value in requirement.values.iter().flat_map(|values| &values.value) {
                let text: &'a str = &value.value;
                self.value(name.into(), text.into(), (resource, value.span));
            }
        }
    }

    fn selector(&mut self, resource: &'a Resource, field: &'a Located<Box<str>>) {
        let Ok(selector) = Selector::parse(&field.value) else {
            return;
        };
        self.expr(selector.expr(), (resource, field.span));
    }

    fn expr(&mut self, expr: &Expr, at: (&'a Resource, Span)) {
        let owned = |text: &str| Cow::Owned(text.to_owned());
        match expr {
            Expr::All | Expr::Global => {}
            Expr::Eq { label, value } | Expr::Ne { label, value } => {
                self.key(owned(label), at);
                self.value(owned(label), owned(value), at);
            }
            Expr::In { label, values } | Expr::NotIn { label, values } => {
                self.key(owned(label), at);
                for value in values {
                    self.value(owned(label), owned(value), at);
                }
            }
            Expr::Has(label)
            | Expr::Contains { label, .. }
            | Expr::StartsWith { label, .. }
            | Expr::EndsWith { label, .. } => self.key(owned(label), at),
            Expr::Not(operand) => self.expr(operand, at),
            Expr::And(operands) | Expr::Or(operands) => {
                for operand in operands {
                    self.expr(operand, at);
                }
            }
        }
    }

    fn key(&mut self, key: Cow<'a, str>, at: (&'a Resource, Span)) {
        note(&mut self.keys, lower(&key), key, at);
    }

    fn value(&mut self, key: Cow<'a, str>, value: Cow<'a, str>, at: (&'a Resource, Span)) {
        note(&mut self.values, (key, lower(&value)), value, at);
    }
}

fn note<'a, K: std::hash::Hash + Eq>(
    spellings: &mut Spellings<'a, K>,
    common: K,
    text: Cow<'a, str>,
    at: (&'a Resource, Span),
) {
    spellings
        .entry(common)
        .or_default()
        .entry(text)
        .or_insert(Spelling {
            count: 0,
            first: at,
        })
        .count += 1;
}

fn lower<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        text.clone()
    }
}
