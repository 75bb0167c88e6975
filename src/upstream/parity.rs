//! Whether the policies that upstream publishes are those that are rendered from the facts that
//! were read of it.
//!
//! The importer reads facts out of the few policies that have any. Whatever else the policies say
//! is what the templates and the platform profile say, and here that is held against upstream,
//! object by object: a policy that changed, came or went is not imported unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Input, InputError, Place, Span};
use crate::profile::{Name, Network};
use crate::resource::{Key, Kind, Resource, normal_form, read};
use crate::yaml::{Node, documents};

use super::change::{Accepted, EVERY_REGION};

/// Of a policy, so many differences are told.
const MOST_TOLD: usize = 3;

/// So many characters of a value are shown.
const MOST_SHOWN: usize = 100;

/// Lists that the normal form sorts, so that a number in them is no place in the text.
const SORTED: [&str; 4] = ["nets", "notNets", "types", "expectedIPs"];

/// The files of one region's sets as upstream has them: the texts by network and by the path below
/// the region's folder.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The texts.
    pub files: BTreeMap<(Network, String), Arc<Input>>,
    /// The folder in upstream's repository of each network's set, ending in `/`.
    pub folders: BTreeMap<Network, String>,
}

/// The files of one region's sets as they are rendered: the normal form of every object, by network
/// and by the path below the network's folder.
pub type Rendered = BTreeMap<(Network, String), BTreeMap<Key, Value>>;

/// A policy of upstream's that is not as it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The region.
    pub region: Name,
    /// The policy: its file's name without folder and ending.
    pub policy: String,
    /// What differs, at least one thing and the first ones only.
    pub differences: Vec<Difference>,
    /// How many more things differ.
    pub further: usize,
}

/// One thing in which a policy of upstream's differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is, as the end of a sentence that begins with the policy: the same in every region
    /// that differs alike.
    pub text: String,
    /// Where upstream says it, or should.
    pub at: Where,
}

/// Where upstream says something, or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// It stands there.
    Here(Place),
    /// There is no file at this path.
    Nowhere(String),
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(place) => place.fmt(f),
            Self::Nowhere(path) => f.write_str(path),
        }
    }
}

/// The name by which a person knows the policy of the file at `path`.
pub fn policy_name(path: &str) -> &str {
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    file.rsplit_once('.').map_or(file, |(name, _)| name)
}

/// What differs between the policies of a region that upstream has and those that are rendered.
pub fn drift(region: &Name, published: &Published, rendered: &Rendered) -> Vec<Drift> {
    let files: BTreeSet<&(Network, String)> =
        published.files.keys().chain(rendered.keys()).collect();
    let mut drifts = Vec::new();
    for file in files {
        let (network, path) = file;
        let mut differences = if let Some(input) = published.files.get(file) {
            against(input, rendered.get(file))
        } else {
            let folder = published.folders.get(network).map_or("", String::as_str);
            vec![Difference {
                text: "is rendered, but upstream has no such file".to_owned(),
                at: Where::Nowhere(format!("{folder}{path}")),
            }]
        };
        if differences.is_empty() {
            continue;
        }
        let further = differences.len().saturating_sub(MOST_TOLD);
        differences.truncate(MOST_TOLD);
        drifts.push(Drift {
            region: region.clone(),
            policy: policy_name(path).to_owned(),
            differences,
            further,
        });
    }
    drifts
}

/// What differs in one file of upstream's; `ours` is the same file as it is rendered.
fn against(input: &Arc<Input>, ours: Option<&BTreeMap<Key, Value>>) -> Vec<Difference> {
    let (resources, findings) = read(input);
    if !findings.is_empty() {
        let told = |finding: crate::finding::Finding| Difference {
            text: format!("is not understood: {}", finding.message),
            at: Where::Here(finding.place),
        };
        return findings.into_iter().map(told).collect();
    }
    let Some(ours) = ours else {
        return unrendered(input, &resources);
    };
    let mut differences = Vec::new();
    let mut missing: BTreeMap<&Key, &Value> = ours.iter().collect();
    for resource in &resources {
        let Some(ours) = missing.remove(&resource.key) else {
            differences.push(Difference {
                text: format!("holds {}, which is not rendered", resource.key),
                at: Where::Here(resource.place()),
            });
            continue;
        };
        let theirs = normal_form(resource);
        let mut found = Vec::new();
        compare(&mut Vec::new(), Some(&theirs), Some(ours), &mut found);
        let root = (!found.is_empty()).then(|| node_of(resource)).flatten();
        differences.extend(found.into_iter().map(|(path, text)| {
            let span = root
                .as_ref()
                .map_or(resource.span, |root| deepest(root, &path));
            Difference {
                text,
                at: Where::Here(Place::new(input, span)),
            }
        }));
    }
    let whole = Place::new(input, Span::in_text(&input.text, 0..0));
    differences.extend(missing.keys().map(|key| Difference {
        text: format!("is rendered with {key}, which upstream's file does not hold"),
        at: Where::Here(whole.clone()),
    }));
    differences
}

/// What is to be told of a file that is not rendered. Host endpoints are objects of a cluster's
/// workers: upstream has examples of them, with placeholders where the workers should be.
fn unrendered(input: &Arc<Input>, resources: &[Resource]) -> Vec<Difference> {
    let mut policies = resources
        .iter()
        .filter(|r| r.key.kind != Kind::HostEndpoint);
    let place = match policies.next() {
        Some(policy) => policy.place(),
        None if resources.is_empty() => Place::new(input, Span::in_text(&input.text, 0..0)),
        None => return Vec::new(),
    };
    vec![Difference {
        text: "is a file of upstream's that is not known and not rendered".to_owned(),
        at: Where::Here(place),
    }]
}

/// Collects what differs between two values, with its path.
fn compare(
    path: &mut Vec<String>,
    theirs: Option<&Value>,
    ours: Option<&Value>,
    found: &mut Vec<(Vec<String>, String)>,
) {
    match (theirs, ours) {
        (Some(Value::Object(theirs)), Some(Value::Object(ours))) => {
            let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            for key in keys {
                path.push(key.clone());
                compare(path, theirs.get(key), ours.get(key), found);
                path.pop();
            }
        }
        (Some(Value::Array(theirs)), Some(Value::Array(ours))) => {
            items(path, theirs, ours, found);
        }
        _ if theirs == ours => {}
        _ => {
            let text = format!(
                "has {} at {}, and {} is rendered",
                shown(theirs),
                pointer(path),
                shown(ours)
            );
            found.push((path.clone(), text));
        }
    }
}

/// Collects what differs between two lists: what stands alike at either end is passed over, so that
/// one item more is one difference.
fn items(
    path: &mut Vec<String>,
    theirs: &[Value],
    ours: &[Value],
    found: &mut Vec<(Vec<String>, String)>,
) {
    let alike = |(a, b): &(&Value, &Value)| a == b;
    let first = theirs.iter().zip(ours).take_while(alike).count();
    let (theirs, ours) = (
        theirs.get(first..).unwrap_or_default(),
        ours.get(first..).unwrap_or_default(),
    );
    let last = theirs
        .iter()
        .rev()
        .zip(ours.iter().rev())
        .take_while(alike)
        .count();
    let longest = theirs.len().max(ours.len());
    let (theirs, ours) = (
        theirs.get(..theirs.len() - last).unwrap_or_default(),
        ours.get(..ours.len() - last).unwrap_or_default(),
    );
    for index in 0..longest - last {
        path.push((first + index).to_string());
        compare(path, theirs.get(index), ours.get(index), found);
        path.pop();
    }
}

/// A path as a JSON pointer.
fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, part| {
        pointer + "/" + &part.replace('~', "~0").replace('/', "~1")
    })
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// The node that `resource` was read from.
fn node_of(resource: &Resource) -> Option<Node> {
    let mut roots = documents(&resource.input).into_iter().flatten();
    roots.find_map(|root| {
        if root.span == resource.span {
            return Some(root);
        }
        let items = root.get("items").map_or(&[][..], Node::items);
        items
            .iter()
            .find(|item| item.span == resource.span)
            .cloned()
    })
}

/// The place of the deepest value on the way of `path` that the text has.
fn deepest(root: &Node, path: &[String]) -> Span {
    let mut node = root;
    for part in path {
        let next = match node.get(part) {
            Some(next) => Some(next),
            None => part.parse().ok().and_then(|at: usize| node.items().get(at)),
        };
        let Some(next) = next else {
            break;
        };
        node = next;
        if SORTED.contains(&part.as_str()) {
            break;
        }
    }
    node.span
}

/// Policies that drifted alike, in one region or several.
struct Alike<'a> {
    first: &'a Drift,
    regions: Vec<&'a Name>,
}

impl fmt::Display for Alike<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}", self.first.policy, self.first.region)?;
        match self.regions.len() - 1 {
            0 => Ok(()),
            1 => f.write_str(" and another region"),
            more => write!(f, " and {more} other regions"),
        }
    }
}

/// The drifts, those together that `is_alike` takes for one.
fn gathered<'a>(
    drifts: impl Iterator<Item = &'a Drift>,
    is_alike: impl Fn(&Drift, &Drift) -> bool,
) -> Vec<Alike<'a>> {
    let mut all: Vec<Alike<'a>> = Vec::new();
    for drift in drifts {
        match all.iter_mut().find(|alike| is_alike(alike.first, drift)) {
            Some(alike) => alike.regions.push(&drift.region),
            None => all.push(Alike {
                first: drift,
                regions: vec![&drift.region],
            }),
        }
    }
    all
}

fn texts(drift: &Drift) -> Vec<&str> {
    let differences = drift.differences.iter();
    differences
        .map(|difference| difference.text.as_str())
        .collect()
}

/// Refuses policies that are not as they are rendered, unless `accepted` names them. `regions` are
/// those that were read.
///
/// # Errors
/// The policies, with what differs and where, and how to say that it is right.
pub fn check_drift(
    drifts: &[Drift],
    regions: &[&Name],
    accepted: &[Accepted],
) -> Result<(), InputError> {
    let is_accepted = |drift: &&Drift| {
        accepted.iter().any(|accepted| {
            let is_region =
                accepted.region == EVERY_REGION || accepted.region == drift.region.as_str();
            is_region && accepted.name == drift.policy
        })
    };
    let refused: Vec<&Drift> = drifts.iter().filter(|drift| !is_accepted(drift)).collect();
    let alike = gathered(refused.iter().copied(), |a, b| {
        a.policy == b.policy && texts(a) == texts(b)
    });
    let told = alike.iter().flat_map(|alike| {
        let further = match alike.first.further {
            0 => None,
            1 => Some(format!("{alike} has one more difference")),
            n => Some(format!("{alike} has {n} more differences")),
        };
        let differences = alike.first.differences.iter();
        let differences = differences.map(move |difference| {
            let text = format!("{alike} {}", difference.text);
            match &difference.at {
                Where::Here(place) => InputError::new(text).at(place.clone()),
                Where::Nowhere(path) => InputError::new(format!("{text} ({path})")),
            }
        });
        differences.chain(further.map(InputError::new))
    });
    let message = match refused.len() {
        0 => return Ok(()),
        1 => "a policy of upstream's is not as it is rendered from the facts".to_owned(),
        n => format!("{n} policies of upstream's are not as they are rendered from the facts"),
    };
    let error = told.fold(InputError::new(message), InputError::also);
    Err(error.hint(format!(
        "what is not a fact of a region is not imported: `palisade gen` would go on to write what \
         is rendered; if that is right, say so with `{}`",
        flags(&refused, regions).join(" ")
    )))
}

/// What accepts `drifts`: one flag for every region where all of them drift.
fn flags(drifts: &[&Drift], regions: &[&Name]) -> Vec<String> {
    let mut by_policy: BTreeMap<&str, BTreeSet<&Name>> = BTreeMap::new();
    for drift in drifts {
        let regions = by_policy.entry(&drift.policy).or_default();
        regions.insert(&drift.region);
    }
    let flag = |region: &str, policy: &str| {
        let accepted = Accepted {
            region: region.to_owned(),
            name: policy.to_owned(),
        };
        if region == EVERY_REGION {
            format!("--accept '{accepted}'")
        } else {
            format!("--accept {accepted}")
        }
    };
    by_policy
        .iter()
        .flat_map(|(policy, drifted)| {
            if drifted.len() > 1 && drifted.len() == regions.len() {
                vec![flag(EVERY_REGION, policy)]
            } else {
                let drifted = drifted.iter();
                drifted
                    .map(|region| flag(region.as_str(), policy))
                    .collect()
            }
        })
        .collect()
}

/// The drifts as sentences, one a policy, where they are not refused.
pub fn told(drifts: &[Drift]) -> Vec<String> {
    gathered(drifts.iter(), |a, b| a.policy == b.policy)
        .iter()
        .filter_map(|alike| {
            let first = alike.first.differences.first()?;
            Some(format!("{alike} {} ({})", first.text, first.at))
        })
        .collect()
}
