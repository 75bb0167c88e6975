//! Pods that need not exist: every combination of what selectors ask for that a pod may be.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

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
            .map(|(label, values)| format!("`{label}` with {values} values"))
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
}

/// The truth of a selector about labels of which some are settled.
enum Status {
    Settled(bool),
    Open(Expr),
}

/// One combination in the making.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Draft {
    /// The selectors that hold.
    holds: BTreeSet<usize>,
    /// Those that hang on labels to come.
    open: Vec<(usize, Expr)>,
}

type Settled = Vec<(String, String)>;

/// Every kind of pod that selectors tell apart.
pub(super) fn combinations(
    program: &Program,
    assumptions: &Assumptions,
) -> Result<Vec<ImaginedPod>, TooManyPods> {
    let selectors = selectors(program, assumptions);
    let values = Values::of(&selectors, assumptions);
    let places = places(program, &values);
    let mut found: FxHashSet<BTreeSet<usize>> = FxHashSet::default();
    let mut pods = Vec::new();
    for place in places {
        for (holds, labelled) in
            of_place(&selectors, &values, &place).ok_or_else(|| values.too_many(&selectors))?
        {
            if found.insert(holds) {
                pods.push(imagine_labelled(program, &labelled));
            }
            if pods.len() > MOST_COMBINATIONS {
                return Err(values.too_many(&selectors));
            }
        }
    }
    Ok(pods)
}

fn selectors(program: &Program, assumptions: &Assumptions) -> Vec<Expr> {
    let bears_on_pods = |kind| matches!(kind, PolicyKind::Normal | PolicyKind::Forward);
    let policies = program.policies().iter();
    let policies = policies.filter(|policy| bears_on_pods(policy.kind));
    let mut all: BTreeMap<&str, Expr> = BTreeMap::new();
    let of_policies = policies.map(|policy| &policy.selector);
    let of_rules = program.peer_sets().iter().map(|set| &set.selector);
    for selector in of_policies.chain(of_rules).chain(&assumptions.asked) {
        all.insert(selector.as_str(), selector.expr().clone());
    }
    let mut all: Vec<Expr> = all.into_values().collect();
    for set in program.services() {
        let key = (set.namespace.to_string(), set.name.to_string());
        let Some(labels) = program.service_selectors.get(&key) else {
            continue;
        };
        let eq = |label: &str, value: &str| Expr::Eq {
            label: label.to_owned(),
            value: value.to_owned(),
        };
        let mut operands = vec![eq(NAMESPACE, &set.namespace)];
        operands.extend(labels.iter().map(|(label, value)| eq(label, value)));
        all.push(Expr::And(operands));
    }
    all
}

/// The labels that selectors ask for, each with the values that matter.
struct Values {
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Values {
    fn of(selectors: &[Expr], assumptions: &Assumptions) -> Self {
        let mut of: BTreeMap<String, Asked> = BTreeMap::new();
        for expr in selectors {
            collect(expr, &mut of);
        }
        for label in &assumptions.absent {
            of.remove(label);
        }
        let of = of.into_iter().map(|(label, asked)| (label, asked.values()));
        Self { of: of.collect() }
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

    fn too_many(&self, selectors: &[Expr]) -> TooManyPods {
        let mut labels: Vec<(String, usize)> = self
            .of
            .iter()
            .map(|(label, values)| (label.clone(), values.len()))
            .collect();
        labels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let first = labels.first().map(|(label, _)| label.clone());
        let asks = |expr: &&Expr| {
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

/// What is asked of the value of one label.
#[derive(Default)]
struct Asked {
    whole: BTreeSet<String>,
    starts: BTreeSet<String>,
    holds: BTreeSet<String>,
    ends: BTreeSet<String>,
}

impl Asked {
    /// Values of which every combination of answers has one: those that are asked for, those put
    /// together of what they may start with, hold and end with, and one that is nobody's.
    fn values(self) -> BTreeSet<String> {
        let mut values = self.whole.clone();
        let with_none = |set: &BTreeSet<String>| -> Vec<String> {
            let none = std::iter::once(String::new());
            none.chain(set.iter().cloned()).collect()
        };
        let mut middles = with_none(&self.holds);
        middles.push(self.holds.iter().cloned().collect());
        for start in with_none(&self.starts) {
            for middle in &middles {
                for end in with_none(&self.ends) {
                    values.insert(format!("{start}{middle}{end}"));
                }
            }
        }
        values.remove("");
        let is_free = |text: &String| {
            !self.whole.contains(text)
                && !self
                    .starts
                    .iter()
                    .any(|part| text.starts_with(part.as_str()))
                && !self.holds.iter().any(|part| text.contains(part.as_str()))
                && !self.ends.iter().any(|part| text.ends_with(part.as_str()))
        };
        let words = ["other", "another", "x", "0"].map(str::to_owned);
        let numbered = (1..).map(|number| format!("other-{number}"));
        // Of so many some is free unless single letters are asked for: then none needs to be.
        let free = words.into_iter().chain(numbered.take(1_000)).find(is_free);
        values.extend(free);
        if self.whole.contains("") {
            values.insert(String::new());
        }
        values
    }
}

fn collect(expr: &Expr, of: &mut BTreeMap<String, Asked>) {
    let at = |of: &mut BTreeMap<String, Asked>, label: &String, add: &dyn Fn(&mut Asked)| {
        add(of.entry(label.clone()).or_default());
    };
    match expr {
        Expr::All | Expr::Global => {}
        Expr::Has(label) => {
            at(of, label, &|_| {});
        }
        Expr::Eq { label, value } | Expr::Ne { label, value } => {
            at(of, label, &|asked| {
                asked.whole.insert(value.clone());
            });
        }
        Expr::In { label, values } | Expr::NotIn { label, values } => {
            at(of, label, &|asked| {
                asked.whole.extend(values.iter().cloned());
            });
        }
        Expr::Contains { label, value } => {
            at(of, label, &|asked| {
                asked.holds.insert(value.clone());
            });
        }
        Expr::StartsWith { label, value } => {
            at(of, label, &|asked| {
                asked.starts.insert(value.clone());
            });
        }
        Expr::EndsWith { label, value } => {
            at(of, label, &|asked| {
                asked.ends.insert(value.clone());
            });
        }
        Expr::Not(operand) => collect(operand, of),
        Expr::And(operands) | Expr::Or(operands) => {
            for operand in operands {
                collect(operand, of);
            }
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

/// Every namespace and service account that selectors tell apart.
fn places(program: &Program, values: &Values) -> Vec<InPlace> {
    let with_other = |mut names: BTreeSet<String>, labels: &[&str]| {
        if !labels.iter().any(|label| values.of.contains_key(*label)) {
            names.insert("other".to_owned());
        }
        names
    };
    let mut namespaces = with_other(values.get(&NAMESPACE_NAMES), &NAMESPACE_NAMES);
    if values.asks_inherited(OF_NAMESPACE, &NAMESPACE_NAMES) {
        namespaces.extend(program.namespaces.keys().cloned());
    }
    let accounts = with_other(values.get(&SERVICE_ACCOUNT_NAMES), &SERVICE_ACCOUNT_NAMES);
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
    let free = values.of.keys();
    let free = free.filter(|label| !is_settled(label) && !is_absent(label));
    InPlace {
        namespace: namespace.to_owned(),
        account: account.to_owned(),
        free: free.cloned().collect(),
        settled,
    }
}

/// The combinations of one namespace and account; nothing where there are too many.
fn of_place(
    selectors: &[Expr],
    values: &Values,
    place: &InPlace,
) -> Option<Vec<(BTreeSet<usize>, Labelled)>> {
    let mut begin = Draft {
        holds: BTreeSet::new(),
        open: selectors.iter().cloned().enumerate().collect(),
    };
    let asked: BTreeSet<&String> = values.of.keys().collect();
    for (label, value) in &place.settled {
        begin = begin.with(label, Some(value));
    }
    let settled: BTreeSet<&String> = place.settled.iter().map(|(label, _)| label).collect();
    // Labels that are asked for and can be nothing here; and those that no pod bears.
    let mut all = BTreeMap::new();
    for expr in selectors {
        collect(expr, &mut all);
    }
    for label in all.keys() {
        let is_free = asked.contains(label) && place.free.contains(label);
        if !is_free && !settled.contains(label) {
            begin = begin.with(label, None);
        }
    }
    let mut drafts: Vec<(Draft, Settled)> = vec![(begin, Vec::new())];
    for label in &place.free {
        let mut next: Vec<(Draft, Settled)> = Vec::new();
        let mut known: FxHashSet<Draft> = FxHashSet::default();
        let of_label = values.of.get(label);
        for (draft, own) in drafts {
            let absent = draft.clone().with(label, None);
            let mut add = |draft: Draft, own: Settled| {
                if known.insert(draft.clone()) {
                    next.push((draft, own));
                }
            };
            add(absent, own.clone());
            for value in of_label.into_iter().flatten() {
                let mut with = own.clone();
                with.push((label.clone(), value.clone()));
                add(draft.clone().with(label, Some(value)), with);
            }
        }
        drafts = next;
        if drafts.len() > MOST_COMBINATIONS {
            return None;
        }
    }
    let pods = drafts.into_iter().map(|(draft, own)| {
        let is_own = |(label, _): &&(String, String)| {
            !label.starts_with(OF_NAMESPACE) && !label.starts_with(OF_SERVICE_ACCOUNT)
        };
        let sketch = PodSketch {
            namespace: place.namespace.clone(),
            service_account: Some(place.account.clone()),
            labels: own.iter().filter(is_own).cloned().collect(),
            ..PodSketch::default()
        };
        let inherited = own.iter().filter(|pair| !is_own(pair)).cloned().collect();
        (
            draft.holds,
            Labelled::inheriting(sketch, &place.settled, inherited),
        )
    });
    Some(pods.collect())
}

impl Draft {
    fn with(self, label: &str, value: Option<&str>) -> Self {
        let mut holds = self.holds;
        let mut open = Vec::with_capacity(self.open.len());
        for (number, expr) in self.open {
            match settle(expr, label, value) {
                Status::Settled(true) => {
                    holds.insert(number);
                }
                Status::Settled(false) => {}
                Status::Open(expr) => open.push((number, expr)),
            }
        }
        Self { holds, open }
    }
}

/// What is left of a selector once a label is settled.
fn settle(expr: Expr, label: &str, value: Option<&str>) -> Status {
    use Status::{Open, Settled};
    let asks = match &expr {
        Expr::All | Expr::Global => return Settled(true),
        Expr::Not(_) | Expr::And(_) | Expr::Or(_) => true,
        Expr::Has(of)
        | Expr::Eq { label: of, .. }
        | Expr::Ne { label: of, .. }
        | Expr::In { label: of, .. }
        | Expr::NotIn { label: of, .. }
        | Expr::Contains { label: of, .. }
        | Expr::StartsWith { label: of, .. }
        | Expr::EndsWith { label: of, .. } => of == label,
    };
    if !asks {
        return Open(expr);
    }
    let is = |test: &dyn Fn(&str) -> bool| value.is_some_and(test);
    match expr {
        Expr::All | Expr::Global => Settled(true),
        Expr::Has(_) => Settled(value.is_some()),
        Expr::Eq { value: wanted, .. } => Settled(is(&|v| v == wanted)),
        Expr::Ne { value: wanted, .. } => Settled(!is(&|v| v == wanted)),
        Expr::In { values, .. } => Settled(is(&|v| values.iter().any(|w| w == v))),
        Expr::NotIn { values, .. } => Settled(!is(&|v| values.iter().any(|w| w == v))),
        Expr::Contains { value: part, .. } => Settled(is(&|v| v.contains(&part))),
        Expr::StartsWith { value: part, .. } => Settled(is(&|v| v.starts_with(&part))),
        Expr::EndsWith { value: part, .. } => Settled(is(&|v| v.ends_with(&part))),
        Expr::Not(operand) => match settle(*operand, label, value) {
            Settled(holds) => Settled(!holds),
            Open(expr) => Open(Expr::Not(Box::new(expr))),
        },
        Expr::And(operands) => settle_all(operands, label, value, false),
        Expr::Or(operands) => settle_all(operands, label, value, true),
    }
}

/// One operand that is `decides` settles the group.
fn settle_all(operands: Vec<Expr>, label: &str, value: Option<&str>, decides: bool) -> Status {
    let mut open = Vec::with_capacity(operands.len());
    for operand in operands {
        match settle(operand, label, value) {
            Status::Settled(holds) if holds == decides => return Status::Settled(decides),
            Status::Settled(_) => {}
            Status::Open(expr) => open.push(expr),
        }
    }
    match open.len() {
        0 => Status::Settled(!decides),
        1 => open.pop().map_or(Status::Settled(!decides), Status::Open),
        _ if decides => Status::Open(Expr::Or(open)),
        _ => Status::Open(Expr::And(open)),
    }
}
