//! Labels and namespaces that rules name and nobody described.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Code, Finding, Input, Place, nearest};
use crate::yaml::Located;

use super::{Isolation, Labels, Peer};

impl Isolation {
    /// Labels and namespaces that rules name and that nothing described has: most likely one is
    /// misspelt. Namespaces are judged where some are listed; labels of pods in namespaces of which
    /// apps are described.
    pub fn unknown(&self, input: &Arc<Input>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let listed: BTreeSet<&str> = self
            .namespaces
            .iter()
            .map(|own| own.name.as_str())
            .collect();
        let mut name = |name: &Located<super::super::Name>| {
            if !listed.is_empty() && !listed.contains(name.as_str()) {
                let message = format!("no namespace `{}` is listed", name.value);
                let finding = Finding::new(
                    Code::SelectorMatchesNothing,
                    Place::new(input, name.span),
                    message,
                );
                findings.push(with_nearest(finding, name.as_str(), &listed));
            }
        };
        for app in self.apps.iter() {
            name(&app.namespace);
        }
        let rules = self.allow.iter().chain(self.denials());
        let peers: Vec<&Peer> = rules
            .flat_map(|rule| rule.from.iter().chain(rule.to.iter()))
            .map(|peer| &peer.value)
            .collect();
        for peer in peers {
            let Peer::Pods {
                namespaces, pods, ..
            } = peer
            else {
                continue;
            };
            if let Some(labels) = namespaces
                && !listed.is_empty()
            {
                let known = self.namespaces.iter().map(|own| &own.labels);
                findings.extend(unknown_labels(input, labels, known, "listed namespace"));
            }
            if let Some(labels) = pods
                && self.speaks_of_apps(peer)
            {
                let known: Vec<Labels> = self.labels_of_apps();
                findings.extend(unknown_labels(input, labels, known.iter(), "described app"));
            }
        }
        findings
    }

    /// Whether a peer's pods are in namespaces of which apps are described.
    fn speaks_of_apps(&self, peer: &Peer) -> bool {
        let of_app = |name: &str| self.apps.iter().any(|app| app.namespace.as_str() == name);
        match self.who(peer) {
            Some(super::Who::Pods(pods)) => self.within(&pods).into_iter().any(of_app),
            _ => false,
        }
    }

    fn labels_of_apps(&self) -> Vec<Labels> {
        let mut all = Vec::new();
        for app in self.apps.iter() {
            all.push(app.labels.clone());
            for tier in app.tiers.iter().flat_map(|tiers| tiers.iter()) {
                let value = Located::nowhere(tier.to_string());
                all.push([(self.tier_label().to_owned(), value)].into());
            }
        }
        all
    }
}

fn unknown_labels<'a>(
    input: &Arc<Input>,
    labels: &Labels,
    known: impl Iterator<Item = &'a Labels>,
    of: &str,
) -> Vec<Finding> {
    let text = |(key, value): (&String, &Located<String>)| format!("{key}: {}", value.value);
    let known: BTreeSet<String> = known.flat_map(|labels| labels.iter().map(text)).collect();
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let mut findings = Vec::new();
    for (key, value) in labels {
        let label = text((key, value));
        if !known.contains(label.as_str()) {
            let message = format!("no {of} has the label `{label}`");
            let finding = Finding::new(
                Code::SelectorMatchesNothing,
                Place::new(input, value.span),
                message,
            );
            findings.push(with_nearest(finding, &label, &known));
        }
    }
    findings
}

fn with_nearest(finding: Finding, wrong: &str, known: &BTreeSet<&str>) -> Finding {
    let near = nearest(wrong, known.iter().copied());
    match near.first() {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding,
    }
}
