//! What isolates apps: the policies that a cluster profile's `isolation` comes to.
//!
//! What opens is one policy for all that is said of the same pods in one direction, as Kubernetes'
//! policies or as Calico's. What closes pods towards others is Calico's either way: a policy of
//! Kubernetes denies nothing that a later one of the tier allows (KNP-12, EVAL-4), and the private
//! network's set lets every pod send to every other.

mod rule;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::InputError;
use crate::net::Protocol;
use crate::profile::{
    AppPort, AppRule, Dns, InNamespace, Isolation, IsolationKind, Network, PodSet, Subject, Way,
    Who,
};
use crate::resource::number;

use super::facts::Facts;
use super::layout::shortened;
use super::render::{RenderedFile, Sheet};
use super::{Bundle, Plan, Templates};
use rule::{CalicoRule, Label, Rule, labels, selector};

/// The folder of what isolates apps, in the target's.
pub const ISOLATION: &str = "isolation";

/// What every template of the folder sees: nothing that all share.
#[derive(Serialize)]
struct Shared {}

/// What the template of a policy sees.
#[derive(Serialize)]
struct PolicyContext<'a, R> {
    /// What the policy is for, in one sentence.
    remark: String,
    name: &'a str,
    namespace: &'a str,
    order: serde_json::Value,
    labels: Vec<Label>,
    selector: String,
    way: Way,
    rules: Vec<R>,
}

/// What rules say to or of some pods: who is at the other end, and which packets are meant.
pub(super) struct Said {
    pub(super) others: Vec<Who>,
    pub(super) protocols: Vec<Protocol>,
    pub(super) ports: Vec<AppPort>,
}

/// A policy to be.
struct Draft {
    remark: String,
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    way: Way,
    said: Vec<Said>,
}

/// The bundle of what isolates the apps of `plan`, if it has any.
pub(super) fn bundle(plan: &Plan, templates: &Templates) -> Result<Option<Bundle>, InputError> {
    let Some(isolation) = &plan.isolation else {
        return Ok(None);
    };
    let press = Press {
        isolation,
        plan,
        sheet: Sheet::new(plan, templates, None, Facts::of(&Shared {})?),
    };
    press.sheet.bundle(press.files()?).map(Some)
}

struct Press<'a> {
    isolation: &'a Isolation,
    plan: &'a Plan,
    sheet: Sheet<'a>,
}

impl Press<'_> {
    fn files(&self) -> Result<Vec<RenderedFile>, InputError> {
        let facts = &self.plan.platform_profile.isolation;
        let order = self.isolation.order.as_ref();
        let order = order.map_or(facts.order, |order| order.value);
        let mut files = Vec::new();
        for draft in self.opening() {
            files.push(match self.isolation.kind {
                IsolationKind::Kubernetes => self.kubernetes(&draft)?,
                IsolationKind::Calico => self.calico(&draft, order, "Allow")?,
            });
        }
        for draft in self.denying() {
            files.push(self.calico(&draft, facts.denying_order, "Deny")?);
        }
        // A policy about every pod of a namespace closes it by itself (KNP-12).
        let reached = self.isolation.reached();
        let is_whole = |namespace: &str| {
            let mut own = reached.iter();
            own.any(|subject| subject.namespace == namespace && subject.labels.is_empty())
        };
        for way in [Way::Ingress, Way::Egress] {
            for namespace in self.isolation.closed(way) {
                if way == Way::Ingress && is_whole(namespace) {
                    continue;
                }
                files.push(self.closing(namespace, way, order)?);
            }
        }
        Ok(files)
    }

    /// What lets somebody talk to somebody.
    fn opening(&self) -> Vec<Draft> {
        let isolation = self.isolation;
        let mut drafts = Vec::new();
        for subject in isolation.reached() {
            let said =
                |rule: &&AppRule| said(rule, isolation.all(&rule.from).into_iter().collect());
            drafts.push(Draft {
                said: subject.rules.iter().map(said).collect(),
                ..self.draft(subject, "allow-to", Way::Ingress, "Who may talk to {}.")
            });
        }
        // Where the private network's set lets every pod send to every other, only closed senders
        // want something opened.
        let everywhere = !self.plan.networks.contains(&Network::Private);
        for subject in isolation.reaching(everywhere) {
            let closed = isolation.closes(&subject.namespace, Way::Egress);
            let said = |rule: &&AppRule| said(rule, isolation.receivers(rule, closed));
            let said: Vec<Said> = subject.rules.iter().map(said).collect();
            drafts.push(Draft {
                said: said
                    .into_iter()
                    .filter(|said| !said.others.is_empty())
                    .collect(),
                ..self.draft(subject, "allow-from", Way::Egress, "To whom {} may talk.")
            });
        }
        drafts.retain(|draft| !draft.said.is_empty());
        if isolation.dns == Dns::Open {
            let closed = isolation.closed(Way::Egress).into_iter();
            drafts.extend(closed.map(|namespace| self.dns(namespace)));
        }
        drafts
    }

    fn dns(&self, namespace: &str) -> Draft {
        let facts = &self.plan.platform_profile.isolation;
        let dns = facts.dns(self.plan.platform);
        let servers = Who::Pods(PodSet {
            namespace: InNamespace::Named(dns.namespace.to_string()),
            labels: dns.labels.clone(),
        });
        Draft {
            remark: format!("Every pod of {namespace} resolves names."),
            name: "allow-dns".to_owned(),
            namespace: namespace.to_owned(),
            labels: BTreeMap::new(),
            way: Way::Egress,
            said: vec![Said {
                others: vec![servers],
                protocols: facts.dns_protocols.clone(),
                ports: dns.ports.iter().copied().map(AppPort::Range).collect(),
            }],
        }
    }

    fn denying(&self) -> Vec<Draft> {
        let isolation = self.isolation;
        let mut drafts = Vec::new();
        for (way, name, remark) in [
            (Way::Ingress, "deny-to", "Who may not talk to {}."),
            (Way::Egress, "deny-from", "To whom {} may not talk."),
        ] {
            for subject in isolation.denied(way) {
                let said = |rule: &&AppRule| {
                    let others = match way {
                        Way::Ingress => &rule.from,
                        Way::Egress => &rule.to,
                    };
                    said(rule, isolation.all(others).into_iter().collect())
                };
                drafts.push(Draft {
                    said: subject.rules.iter().map(said).collect(),
                    ..self.draft(subject, name, way, remark)
                });
            }
        }
        drafts
    }

    /// A policy about the pods of `subject` that says nothing yet; `remark` says of whom it is in the
    /// place of `{}`.
    fn draft(&self, subject: Subject<'_>, name: &str, way: Way, remark: &str) -> Draft {
        let namespace = &subject.namespace;
        let called = self.isolation.called(namespace, &subject.labels);
        let (own, told) = match (called, selector(&subject.labels)) {
            (Some(called), _) => (called.to_string(), format!("{called} of {namespace}")),
            (None, Some(labels)) => (labels, format!("some pods of {namespace}")),
            (None, None) => ("all".to_owned(), format!("every pod of {namespace}")),
        };
        Draft {
            remark: remark.replace("{}", &told),
            name: shortened(&format!("{name}-{}", slug(&own)), ""),
            namespace: subject.namespace,
            labels: subject.labels,
            way,
            said: Vec::new(),
        }
    }

    /// What closes every pod of a namespace in a direction.
    fn closing(&self, namespace: &str, way: Way, order: f64) -> Result<RenderedFile, InputError> {
        let draft = |name: &str, remark: String| Draft {
            remark,
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            labels: BTreeMap::new(),
            way,
            said: Vec::new(),
        };
        match (way, self.isolation.kind) {
            (Way::Ingress, kind) => {
                let remark =
                    format!("Pods of {namespace} are reached by whom other policies allow alone.");
                let draft = draft("deny-ingress", remark);
                match kind {
                    IsolationKind::Kubernetes => self.kubernetes(&draft),
                    IsolationKind::Calico => self.calico(&draft, order, "Allow"),
                }
            }
            (Way::Egress, _) => {
                let remark =
                    format!("Pods of {namespace} reach whom policies before this one allow alone.");
                let mut draft = draft("deny-egress", remark);
                draft.said.push(Said {
                    others: vec![Who::Anyone],
                    protocols: Vec::new(),
                    ports: Vec::new(),
                });
                let order = self.plan.platform_profile.isolation.closing_order;
                self.calico(&draft, order, "Deny")
            }
        }
    }

    fn kubernetes(&self, draft: &Draft) -> Result<RenderedFile, InputError> {
        let rules = draft.said.iter();
        let rules = rules
            .map(|said| Rule::new(said, &draft.namespace))
            .collect();
        self.file(draft, "kubernetes", 0.0, rules)
    }

    fn calico(&self, draft: &Draft, order: f64, action: &str) -> Result<RenderedFile, InputError> {
        let rules = draft.said.iter();
        let rules = rules.flat_map(|said| CalicoRule::all(said, &draft.namespace, action));
        self.file(draft, "calico", order, rules.collect())
    }

    fn file<R: Serialize>(
        &self,
        draft: &Draft,
        template: &str,
        order: f64,
        rules: Vec<R>,
    ) -> Result<RenderedFile, InputError> {
        let own = Facts::of(&PolicyContext {
            remark: draft.remark.clone(),
            name: &draft.name,
            namespace: &draft.namespace,
            order: number(order),
            labels: labels(&draft.labels),
            selector: selector(&draft.labels).unwrap_or_else(|| "all()".to_owned()),
            way: draft.way,
            rules,
        })?;
        let path = format!("{}/{}.yaml", draft.namespace, draft.name);
        self.sheet.file(path, template, own)
    }
}

fn said(rule: &AppRule, others: Vec<Who>) -> Said {
    Said {
        others,
        protocols: rule.protocol().into_iter().collect(),
        ports: rule.ports().cloned().collect(),
    }
}

/// The text as a part of an object's name.
fn slug(text: &str) -> String {
    let dashed: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}
