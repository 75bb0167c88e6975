//! Pods that need not exist: every combination of what selectors ask for that a pod may be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::atoms::{Asked, Status, collect, settle};
use crate::engine::compile::{
    Labelled, NAMESPACE, NAMESPACE_NAMES, OF_NAMESPACE, OF_SERVICE_ACCOUNT, SERVICE_ACCOUNT_NAMES,
    imagine_labelled,
};
use crate::engine::imagined::{ImaginedPod, PodSketch};
use crate::engine::program::Program;
use crate::engine::topology::PolicyKind;
use crate::resource::selector::{Expr, Selector};

/// How many combinations are followed: each is paired with each.
pub const MOST_COMBINATIONS: usize = 256;

/// Selectors tell more pods apart than can be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the selectors of the input tell more than {} kinds of pods apart: {}",
    MOST_COMBINATIONS,
    self.most()
)]
pub struct TooManyPods {
    /// The labels that are asked for, each with how many of its values matter, most first.
    pub labels: Vec<(String, usize)>,
    /// Selectors that ask for the first of them.
    pub selectors: Vec<String>,
}

impl TooManyPods {
    fn most(&self) -> String {
        let labels = self.labels.iter().take(3);
        let labels: Vec<String> = labels
            .map(|(label, values)| match values {
                1 => format!("`{label}` with 1 value"),
                _ => format!("`{label}` with {values} values"),
            })
            .collect();
        let selectors = self.selectors.iter().take(2);
        let selectors: Vec<String> = selectors.map(|text| format!("`{text}`")).collect();
        format!("{} (as in {})", labels.join(", "), selectors.join(", "))
    }
}

/// What is asked of endpoints besides what the program asks, and what is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions {
    /// Selectors that no two members of a class differ in.
    pub asked: Vec<Selector>,
    /// Labels that no pod bears which need not exist, as the platform keeps them for host
    /// endpoints.
    pub absent: Vec<String>,
    /// Whether what nodes pass on to services is asked about: [`End::Services`](super::End::Services)
    /// are then among the classes.
    pub services: bool,
}

/// One combination in the making.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Draft {
    /// The selectors that hold.
    holds: BTreeSet<usize>,
    /// Those that hang on labels to come.
    open: Vec<(usize, Arc<Expr>)>,
}

type Settled = Vec<(String, String)>;

/// Every kind of pod that selectors tell apart.
pub(super) fn combinations(
    program: &Program,
    assumptions: &Assumptions,
) -> Result<Vec<ImaginedPod>, TooManyPods> {
    let selectors = selectors(program, assumptions);
    let values = Values::of(program, &selectors, assumptions);
    if values.overflows {
        return Err(values.too_many(&selectors));
    }
    let places = places(program, &values);
    let mut found: FxHashSet<BTreeSet<usize>> = FxHashSet::default();
    let mut pods = Vec::new();
    for place in places {
        for (draft, own) in
            of_place(&selectors, &values, &place).ok_or_else(|| values.too_many(&selectors))?
        {
            if found.insert(draft.holds.clone()) {
                pods.push(imagine_labelled(program, &place.labelled(own)));
            }
            if pods.len() > MOST_COMBINATIONS {
                return Err(values.too_many(&selectors));
            }
        }
    }
    Ok(pods)
}

/// The pods of the input that have no address yet, and may get any: one of each kind that nothing
/// tells apart.
pub(super) fn pending(program: &Program, assumptions: &Assumptions) -> Vec<ImaginedPod> {
    let mut known = FxHashSet::default();
    let mut pods: Vec<ImaginedPod> = program
        .pending
        .iter()
        .map(|sketch| program.imagine(sketch))
        .collect();
    pods.retain(|pod| {
        let asked = assumptions.asked.iter();
        let asked: Vec<bool> = asked.map(|one| one.matches(&*pod.labels)).collect();
        let policies = pod.class.policies.clone();
        let ports = pod.ports.clone();
        known.insert((
            policies,
            pod.members.clone(),
            pod.served.clone(),
            ports,
            asked,
        ))
    });
    pods
}

/// Every selector by which a program tells pods apart: of policies that bear on pods, of rules, and
/// of services that rules name.
pub fn selectors_of(program: &Program) -> Vec<Selector> {
    let bears_on_pods = |kind| matches!(kind, PolicyKind::Normal | PolicyKind::Forward);
    let policies = program.policies().iter();
    let policies = policies.filter(|policy| bears_on_pods(policy.kind));
    let of_policies = policies.map(|policy| &policy.selector);
    let of_rules = program.peer_sets().iter().map(|set| &set.selector);
    let mut all: BTreeMap<&str, Selector> = BTreeMap::new();
    for selector in of_policies.chain(of_rules) {
        all.insert(selector.as_str(), selector.clone());
    }
    let mut all: Vec<Selector> = all.into_values().collect();
    all.extend(program.services().iter().filter_map(|set| {
        let key = (set.namespace.to_string(), set.name.to_string());
        let labels = program.service_selectors.get(&key)?;
        // A text that is no label's value is one that no pod has.
        let mut selector = Selector::eq(NAMESPACE, &set.namespace).ok()?;
        for (label, value) in labels {
            selector = selector.and(Selector::eq(label, value).ok()?);
        }
        Some(selector)
    }));
    all
}

/// Namespaces whose labels, or those of a service account of theirs, differ between two programs.
pub fn differing_namespaces(one: &Program, other: &Program) -> BTreeSet<String> {
    let all = one.namespaces.keys().chain(other.namespaces.keys());
    let mut differing: BTreeSet<String> = all
        .filter(|name| one.namespaces.get(*name) != other.namespaces.get(*name))
        .cloned()
        .collect();
    let (own, others) = (&one.service_accounts, &other.service_accounts);
    let accounts = own.keys().chain(others.keys());
    let accounts = accounts.filter(|key| own.get(*key) != others.get(*key));
    differing.extend(accounts.map(|(namespace, _)| namespace.clone()));
    differing
}

fn selectors(program: &Program, assumptions: &Assumptions) -> Vec<Arc<Expr>> {
    let own = selectors_of(program);
    let all = own.iter().chain(&assumptions.asked);
    let all: BTreeMap<&str, &Expr> = all.map(|one| (one.as_str(), one.expr())).collect();
    all.into_values().cloned().map(Arc::new).collect()
}

/// The labels that selectors ask for, each with the values that matter.
struct Values {
    of: BTreeMap<String, BTreeSet<String>>,
    /// Every label that is asked for, those too that no pod bears.
    labels: Vec<String>,
    /// The labels, those first that most selectors ask for: what is settled by them needs no
    /// others.
    in_order: Vec<String>,
    /// Whether one of them has more values than are made.
    overflows: bool,
}

impl Values {
    fn of(program: &Program, selectors: &[Arc<Expr>], assumptions: &Assumptions) -> Self {
        let mut of: BTreeMap<String, Asked> = BTreeMap::new();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for expr in selectors {
            let mut own = BTreeMap::new();
            collect(expr, &mut own);
            for (label, asked) in own {
                *counts.entry(label.clone()).or_default() += 1;
                of.entry(label).or_default().extend(asked);
            }
        }
        let labels = of.keys().cloned().collect();
        for label in &assumptions.absent {
            of.remove(label);
        }
        let mut in_order: Vec<String> = of.keys().cloned().collect();
        in_order.sort_by_key(|label| std::cmp::Reverse(counts.get(label).copied()));
        let overflows = of.values().any(Asked::overflows);
        // A name that stands for any that is not known must not be known.
        let (namespaces, accounts) = (known_namespaces(program), known_accounts(program));
        let none = BTreeSet::new();
        let of = of.into_iter().map(|(label, asked)| {
            let taken = if NAMESPACE_NAMES.contains(&label.as_str()) {
                &namespaces
            } else if SERVICE_ACCOUNT_NAMES.contains(&label.as_str()) {
                &accounts
            } else {
                &none
            };
            let values = asked.values(taken);
            (label, values)
        });
        Self {
            of: of.collect(),
            labels,
            in_order,
            overflows,
        }
    }

    fn get(&self, labels: &[&str]) -> BTreeSet<String> {
        let known = labels.iter().filter_map(|label| self.of.get(*label));
        known.flatten().cloned().collect()
    }

    /// Whether any label of a namespace or service account is asked for, besides its name.
    fn asks_inherited(&self, prefix: &str, names: &[&str]) -> bool {
        let mut labels = self.of.keys();
        labels.any(|label| label.starts_with(prefix) && !names.contains(&label.as_str()))
    }

    fn too_many(&self, selectors: &[Arc<Expr>]) -> TooManyPods {
        let mut labels: Vec<(String, usize)> = self
            .of
            .iter()
            .map(|(label, values)| (label.clone(), values.len()))
            .collect();
        labels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let first = labels.first().map(|(label, _)| label.clone());
        let asks = |expr: &&Arc<Expr>| {
            let mut of = BTreeMap::new();
            collect(expr, &mut of);
            first.as_ref().is_some_and(|label| of.contains_key(label))
        };
        let texts = selectors.iter().filter(asks).take(2);
        TooManyPods {
            selectors: texts.map(ToString::to_string).collect(),
            labels,
        }
    }
}

/// A namespace and a service account, and which inherited labels are not known of them.
struct InPlace {
    namespace: String,
    account: String,
    settled: Settled,
    free: Vec<String>,
}

fn known_namespaces(program: &Program) -> BTreeSet<String> {
    program.namespaces.keys().cloned().collect()
}

fn known_accounts(program: &Program) -> BTreeSet<String> {
    let names = program.service_accounts.keys();
    names.map(|(_, name)| name.clone()).collect()
}

/// Every namespace and service account that selectors tell apart.
fn places(program: &Program, values: &Values) -> Vec<InPlace> {
    let with_other = |mut names: BTreeSet<String>, labels: &[&str], taken: &BTreeSet<String>| {
        if !labels.iter().any(|label| values.of.contains_key(*label)) {
            names.extend(Asked::default().values(taken));
        }
        names
    };
    let known = known_namespaces(program);
    let mut namespaces = with_other(values.get(&NAMESPACE_NAMES), &NAMESPACE_NAMES, &known);
    if values.asks_inherited(OF_NAMESPACE, &NAMESPACE_NAMES) {
        namespaces.extend(program.namespaces.keys().cloned());
    }
    let known = known_accounts(program);
    let accounts = values.get(&SERVICE_ACCOUNT_NAMES);
    let accounts = with_other(accounts, &SERVICE_ACCOUNT_NAMES, &known);
    let asks_accounts = values.asks_inherited(OF_SERVICE_ACCOUNT, &SERVICE_ACCOUNT_NAMES);
    let mut places = Vec::new();
    for namespace in &namespaces {
        let mut own = accounts.clone();
        if asks_accounts {
            let known = program.service_accounts.keys();
            let known = known.filter(|(of, _)| of == namespace);
            own.extend(known.map(|(_, name)| name.clone()));
        }
        for account in own {
            places.push(place(program, values, namespace, &account));
        }
    }
    places
}

fn place(program: &Program, values: &Values, namespace: &str, account: &str) -> InPlace {
    let sketch = PodSketch {
        namespace: namespace.to_owned(),
        service_account: Some(account.to_owned()),
        ..PodSketch::default()
    };
    let bare = Labelled::of(program, &sketch);
    let settled: Settled = bare.labels().to_vec();
    let is_settled = |label: &String| settled.iter().any(|(known, _)| known == label);
    // A label that a known namespace or account has not is settled too: it is absent.
    let is_absent = |label: &String| {
        (label.starts_with(OF_NAMESPACE) && !bare.lacks_namespace())
            || (label.starts_with(OF_SERVICE_ACCOUNT) && !bare.lacks_account())
    };
    let free = values.in_order.iter();
    let free = free.filter(|label| !is_settled(label) && !is_absent(label));
    InPlace {
        namespace: namespace.to_owned(),
        account: account.to_owned(),
        free: free.cloned().collect(),
        settled,
    }
}

/// The combinations of one namespace and account, each with the labels that it has besides what is
/// settled there; nothing where there are too many.
fn of_place(
    selectors: &[Arc<Expr>],
    values: &Values,
    place: &InPlace,
) -> Option<Vec<(Arc<Draft>, Settled)>> {
    let mut begin = Draft {
        holds: BTreeSet::new(),
        open: selectors.iter().cloned().enumerate().collect(),
    };
    for (label, value) in &place.settled {
        begin.settle(label, Some(value));
    }
    // Labels that are asked for and can be nothing here; and those that no pod bears.
    for label in &values.labels {
        let is_settled = place.settled.iter().any(|(known, _)| known == label);
        if !is_settled && !place.free.contains(label) {
            begin.settle(label, None);
        }
    }
    let mut drafts: Vec<(Arc<Draft>, Settled)> = vec![(Arc::new(begin), Vec::new())];
    for label in &place.free {
        let mut next: Vec<(Arc<Draft>, Settled)> = Vec::new();
        let mut known: FxHashSet<Arc<Draft>> = FxHashSet::default();
        let of_label = values.of.get(label);
        for (draft, own) in drafts {
            let mut add = |draft: Draft, with: Option<&String>| {
                let draft = Arc::new(draft);
                if known.insert(Arc::clone(&draft)) {
                    let with = with.map(|value| (label.clone(), value.clone()));
                    next.push((draft, own.iter().cloned().chain(with).collect()));
                }
            };
            add(draft.with(label, None), None);
            for value in of_label.into_iter().flatten() {
                add(draft.with(label, Some(value)), Some(value));
            }
        }
        drafts = next;
        if drafts.len() > MOST_COMBINATIONS {
            return None;
        }
    }
    Some(drafts)
}

impl InPlace {
    /// A pod here with these labels besides.
    fn labelled(&self, own: Settled) -> Labelled {
        let is_inherited = |(label, _): &(String, String)| {
            label.starts_with(OF_NAMESPACE) || label.starts_with(OF_SERVICE_ACCOUNT)
        };
        let (inherited, own): (Settled, Settled) = own.into_iter().partition(is_inherited);
        let sketch = PodSketch {
            namespace: self.namespace.clone(),
            service_account: Some(self.account.clone()),
            labels: own.into_iter().collect(),
            ..PodSketch::default()
        };
        Labelled::inheriting(sketch, &self.settled, inherited)
    }
}

impl Draft {
    /// The same where the label is settled.
    fn with(&self, label: &str, value: Option<&str>) -> Self {
        let mut with = self.clone();
        with.settle(label, value);
        with
    }

    /// Settles a label: what asks for it holds, does not, or hangs on less.
    fn settle(&mut self, label: &str, value: Option<&str>) {
        let Self { holds, open } = self;
        open.retain_mut(|(number, expr)| match settle(expr, label, value) {
            Status::Settled(true) => {
                holds.insert(*number);
                false
            }
            Status::Settled(false) => false,
            Status::Same => true,
            Status::Open(left) => {
                *expr = Arc::new(left);
                true
            }
        });
    }
}
