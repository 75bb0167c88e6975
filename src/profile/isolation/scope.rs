//! Which pods are meant, and which of them are closed.

use std::collections::{BTreeMap, BTreeSet};

use crate::net::Cidr;

use super::super::Way;
use super::{App, AppName, AppRule, Isolation, Labels, List, Peer};

/// Who is meant by an end of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Pods.
    Pods(PodSet),
    /// Addresses outside the cluster.
    Nets {
        /// The blocks.
        nets: Vec<Cidr>,
        /// Parts of them that are not meant.
        except: Vec<Cidr>,
    },
}

/// Pods by their namespace and labels: both must be as they say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodSet {
    /// Which namespaces.
    pub namespace: InNamespace,
    /// Labels that each of the pods has.
    pub labels: BTreeMap<String, String>,
}

/// Namespaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InNamespace {
    /// Every one.
    Any,
    /// The one of this name.
    Named(String),
    /// Those that have these labels.
    Labelled(BTreeMap<String, String>),
}

/// Pods of one namespace with all that rules say of them in one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject<'a> {
    /// The namespace.
    pub namespace: String,
    /// The labels of the pods.
    pub labels: BTreeMap<String, String>,
    /// The rules, in the order of the profile.
    pub rules: Vec<&'a AppRule>,
}

fn plain(labels: &Labels) -> BTreeMap<String, String> {
    let labels = labels.iter();
    labels
        .map(|(key, value)| (key.clone(), value.value.clone()))
        .collect()
}

/// Whether whatever has all of `more` has all of `less` too.
fn covers(less: &BTreeMap<String, String>, more: &BTreeMap<String, String>) -> bool {
    less.iter().all(|(key, value)| more.get(key) == Some(value))
}

impl Isolation {
    /// Who is meant by `peer`. An app that is not described is no pod.
    pub fn who(&self, peer: &Peer) -> Option<Who> {
        match peer {
            Peer::Anyone => Some(Who::Anyone),
            Peer::App(name) => {
                let app = self.app(name)?;
                Some(Who::Pods(PodSet {
                    namespace: InNamespace::Named(app.namespace.to_string()),
                    labels: self.labels_of(app, name),
                }))
            }
            Peer::Pods {
                namespace,
                namespaces,
                pods,
            } => Some(Who::Pods(PodSet {
                namespace: match (namespace, namespaces) {
                    (Some(name), _) => InNamespace::Named(name.to_string()),
                    (None, Some(labels)) => InNamespace::Labelled(plain(labels)),
                    (None, None) => InNamespace::Any,
                },
                labels: pods
                    .as_ref()
                    .map_or_else(BTreeMap::new, |labels| plain(labels)),
            })),
            Peer::Nets { nets, except } => Some(Who::Nets {
                nets: nets.iter().map(|net| net.value).collect(),
                except: except
                    .iter()
                    .flat_map(|nets| nets.iter().map(|net| net.value))
                    .collect(),
            }),
        }
    }

    /// Everybody who is meant by any of `peers`, each once.
    pub fn all(&self, peers: &List<Peer>) -> BTreeSet<Who> {
        peers.iter().filter_map(|peer| self.who(peer)).collect()
    }

    /// The described app that `name` means.
    pub fn app(&self, name: &AppName) -> Option<&App> {
        self.apps.iter().find(|app| app.name.value == name.app)
    }

    fn labels_of(&self, app: &App, name: &AppName) -> BTreeMap<String, String> {
        let mut labels = plain(&app.labels);
        if let Some(tier) = &name.tier {
            labels.insert(self.tier_label().to_owned(), tier.to_string());
        }
        labels
    }

    /// What rules call the pods of a namespace with these labels, if they are an app or a tier.
    pub fn called(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Option<AppName> {
        let mut own = self.apps.iter();
        own.find_map(|app| {
            let tiers = app.tiers.iter().flat_map(|tiers| tiers.iter());
            let tiers = tiers.map(|tier| Some(tier.value.clone()));
            let mut names = [None].into_iter().chain(tiers).map(|tier| AppName {
                app: app.name.value.clone(),
                tier,
            });
            let is_here = app.namespace.as_str() == namespace;
            names.find(|name| is_here && self.labels_of(app, name) == *labels)
        })
    }

    /// The namespaces that apps are in or that are listed.
    pub fn described(&self) -> BTreeSet<&str> {
        let apps = self.apps.iter().map(|app| app.namespace.as_str());
        let listed = self.namespaces.iter().map(|own| own.name.as_str());
        apps.chain(listed).collect()
    }

    /// The described namespaces of which every pod is closed in a direction but for what is allowed.
    pub fn closed(&self, way: Way) -> BTreeSet<&str> {
        let described = self.described().into_iter();
        described.filter(|name| self.closes(name, way)).collect()
    }

    /// Whether every pod of a described namespace is closed in a direction but for what is allowed.
    pub fn closes(&self, namespace: &str, way: Way) -> bool {
        let mut listed = self.namespaces.iter();
        let listed = listed.find(|own| own.name.as_str() == namespace);
        let own = listed.and_then(|own| own.default_deny.as_ref());
        let list = own.or(self.default_deny.as_ref());
        self.described().contains(namespace)
            && list.is_some_and(|ways| ways.iter().any(|closed| closed.value == way))
    }

    /// The described namespaces that pods of the set may be in.
    pub fn within(&self, pods: &PodSet) -> BTreeSet<&str> {
        let mut described = self.described();
        match &pods.namespace {
            InNamespace::Any => {}
            InNamespace::Named(name) => described.retain(|own| own == name),
            InNamespace::Labelled(labels) => described.retain(|own| {
                let mut listed = self.namespaces.iter();
                let listed = listed.find(|namespace| namespace.name.as_str() == *own);
                listed.is_some_and(|namespace| covers(labels, &plain(&namespace.labels)))
            }),
        }
        described
    }

    /// Pods of described namespaces that others are allowed to talk to: nobody else may (KNP-12).
    pub fn reached(&self) -> Vec<Subject<'_>> {
        self.subjects(
            &self.allow,
            |rule| &rule.to,
            |pods, _| self.names_within(pods),
        )
    }

    /// Pods that are allowed to talk to others and that want a policy for it, as `senders_of` says.
    pub fn reaching(&self, everywhere: bool) -> Vec<Subject<'_>> {
        self.subjects(
            &self.allow,
            |rule| &rule.from,
            |pods, _| self.senders_of(pods, everywhere),
        )
    }

    /// The namespaces of senders that send to pods only what a policy of theirs opens: those that are
    /// closed towards others; every one that is known where no set lets pods send to each other.
    pub fn senders_of(&self, pods: &PodSet, everywhere: bool) -> BTreeSet<String> {
        let within = self.within(pods).into_iter();
        let within = within.filter(|name| everywhere || self.closes(name, Way::Egress));
        let mut names: BTreeSet<String> = within.map(str::to_owned).collect();
        if let (InNamespace::Named(name), true) = (&pods.namespace, everywhere) {
            names.insert(name.clone());
        }
        names
    }

    /// To whom the senders of a rule are let talk on their side. Of senders that are not closed only
    /// the receivers of described namespaces are known to be meant for them alone.
    pub fn receivers(&self, rule: &AppRule, closed: bool) -> Vec<Who> {
        let all = self.all(&rule.to);
        if closed {
            return all.into_iter().collect();
        }
        let mut known = BTreeSet::new();
        for who in all {
            let Who::Pods(pods) = who else { continue };
            known.extend(self.within(&pods).into_iter().map(|namespace| {
                Who::Pods(PodSet {
                    namespace: InNamespace::Named(namespace.to_owned()),
                    labels: pods.labels.clone(),
                })
            }));
        }
        known.into_iter().collect()
    }

    /// Pods of described namespaces that are denied something on their side: as receivers where the
    /// receivers are described, else as senders.
    pub fn denied(&self, way: Way) -> Vec<Subject<'_>> {
        let names = |pods: &PodSet, rule: &AppRule| {
            if self.is_received(rule) == (way == Way::Ingress) {
                self.names_within(pods)
            } else {
                BTreeSet::new()
            }
        };
        match way {
            Way::Ingress => self.subjects(self.denials(), |rule| &rule.to, names),
            Way::Egress => self.subjects(self.denials(), |rule| &rule.from, names),
        }
    }

    /// Whether the receivers of a rule are pods of described namespaces, so that their side can say
    /// what of it they take.
    pub fn is_received(&self, rule: &AppRule) -> bool {
        self.all(&rule.to).iter().all(|who| match who {
            Who::Pods(pods) => !self.within(pods).is_empty(),
            Who::Nets { .. } | Who::Anyone => false,
        })
    }

    fn names_within(&self, pods: &PodSet) -> BTreeSet<String> {
        self.within(pods).into_iter().map(str::to_owned).collect()
    }

    fn subjects<'a>(
        &'a self,
        rules: &'a [AppRule],
        end: impl Fn(&'a AppRule) -> &'a List<Peer>,
        names: impl Fn(&PodSet, &AppRule) -> BTreeSet<String>,
    ) -> Vec<Subject<'a>> {
        let mut subjects: BTreeMap<(String, BTreeMap<String, String>), Vec<&'a AppRule>> =
            BTreeMap::new();
        for rule in rules {
            for who in self.all(end(rule)) {
                let Who::Pods(pods) = who else { continue };
                for namespace in names(&pods, rule) {
                    let key = (namespace, pods.labels.clone());
                    let own = subjects.entry(key).or_default();
                    // A list may mean the same pods twice.
                    if !own.iter().any(|known| std::ptr::eq(*known, rule)) {
                        own.push(rule);
                    }
                }
            }
        }
        let subjects = subjects.into_iter();
        let subject = |((namespace, labels), rules)| Subject {
            namespace,
            labels,
            rules,
        };
        subjects.map(subject).collect()
    }
}

impl PodSet {
    /// Every pod of a namespace.
    pub fn of_namespace(name: &str) -> Self {
        Self {
            namespace: InNamespace::Named(name.to_owned()),
            labels: BTreeMap::new(),
        }
    }
}

impl Who {
    /// Whether somebody may be of both, as far as names and labels tell.
    pub fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anyone, _) | (_, Self::Anyone) => true,
            (Self::Nets { nets, .. }, Self::Nets { nets: others, .. }) => nets
                .iter()
                .any(|net| others.iter().any(|other| net.overlaps(other))),
            (Self::Pods(one), Self::Pods(other)) => {
                let apart = match (&one.namespace, &other.namespace) {
                    (InNamespace::Named(one), InNamespace::Named(other)) => one != other,
                    _ => false,
                };
                !apart && agree(&one.labels, &other.labels)
            }
            _ => false,
        }
    }
}

/// Whether something may have all of both labels: nothing has one label twice.
fn agree(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> bool {
    one.iter()
        .all(|(key, value)| other.get(key).is_none_or(|own| own == value))
}

impl Subject<'_> {
    /// Whether pods with these labels are among its own, whatever else they have.
    pub fn covers(&self, labels: &BTreeMap<String, String>) -> bool {
        covers(&self.labels, labels)
    }

    /// Whether a pod may be its own and have these labels too: none has one label twice.
    pub fn may_have(&self, labels: &BTreeMap<String, String>) -> bool {
        agree(&self.labels, labels)
    }
}
