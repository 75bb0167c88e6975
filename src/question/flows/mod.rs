//! What a change of resources really changes: the flows that pass after it and did not before, and
//! those that passed and do not any more.
//!
//! Both programs are taken apart over the same spaces, so that the difference is exact; what is
//! listed in one of them alone is not compared, but named.

mod change;
mod pairing;

pub use change::{Change, ChangeKind, Side};

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::Program;
use crate::engine::reach::{Assumptions, EndId, Reach, Way, differing_namespaces, selectors_of};
use crate::engine::space::{Cube, Space, SpaceError};
use crate::finding::InputError;
use crate::resource::selector::Selector;

use super::pods::too_many;
use change::Draft;
use pairing::{Group, Pairing};

/// The label in which Calico has a pod's namespace (RES-1).
const NAMESPACE: &str = "projectcalico.org/namespace";

/// Before the labels that pods inherit of their namespace and service account (RES-3).
const INHERITED: [&str; 2] = ["pcns.", "pcsa."];

/// What differs between two programs.
#[derive(Debug, Clone, Default)]
pub struct FlowDiff {
    /// What changed, what opens first.
    pub changes: Vec<Change>,
    /// Endpoints that the first one alone has, sorted.
    pub gone: Vec<String>,
    /// Endpoints that the second one alone has, sorted.
    pub new: Vec<String>,
}

impl FlowDiff {
    /// Whether no flow between endpoints that both have is treated otherwise.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What changes for flows if `after` takes the place of `before`. `absent` are labels that no pod
/// bears which need not exist.
///
/// # Errors
/// Selectors tell too many kinds of pods apart, or the sets of packets outgrow the memory set aside
/// for them.
pub fn flow_diff(
    before: &Program,
    after: &Program,
    absent: &[String],
) -> Result<FlowDiff, InputError> {
    let mut asked = selectors_of(before);
    asked.extend(selectors_of(after));
    // Pods of a namespace that is another on either side are a kind of their own.
    let differing = differing_namespaces(before, after);
    let in_namespace = |name: &String| Selector::eq(NAMESPACE, name).ok();
    asked.extend(differing.iter().filter_map(in_namespace));
    let assumptions = Assumptions {
        asked,
        absent: absent.to_vec(),
        services: true,
    };
    let new =
        |program| Reach::new(program, &assumptions).map_err(|error| too_many(&error, program));
    let mut compare = Compare {
        pairing: Pairing::default(),
        before: new(before)?,
        after: new(after)?,
        ways: [BTreeMap::new(), BTreeMap::new()],
    };
    compare.pairing = Pairing::of(&compare.before, &compare.after, &differing);
    compare.run().map_err(|error| {
        InputError::new(format!("the comparison outgrows its memory: {error}"))
            .hint("list the pods there are, or compare parts of the input by themselves")
    })
}

type Ways = BTreeMap<(EndId, EndId), Rc<[Way]>>;

struct Compare<'p> {
    pairing: Pairing,
    before: Reach<'p>,
    after: Reach<'p>,
    ways: [Ways; 2],
}

impl Compare<'_> {
    fn run(mut self) -> Result<FlowDiff, SpaceError> {
        self.walk(Side::Before)?;
        let spaces = self.before.lend();
        self.after.adopt(spaces);
        self.walk(Side::After)?;
        let groups = std::mem::take(&mut self.pairing.groups);
        let mut drafts: Vec<Draft> = Vec::new();
        for (source, from) in groups.iter().enumerate() {
            for (target, to) in groups.iter().enumerate() {
                self.compare((source, from), (target, to), &mut drafts)?;
            }
        }
        let drafts = Draft::joined(drafts);
        let changes = self.told(&groups, drafts);
        Ok(FlowDiff {
            changes,
            gone: self.pairing.gone,
            new: self.pairing.new,
        })
    }

    /// Finds the ways of one side between all ends that both sides have.
    fn walk(&mut self, side: Side) -> Result<(), SpaceError> {
        let (reach, ways) = match side {
            Side::Before => (&mut self.before, &mut self.ways[0]),
            Side::After => (&mut self.after, &mut self.ways[1]),
        };
        let ends: Vec<EndId> = self.pairing.ends(side);
        for from in &ends {
            for to in &ends {
                let found: Rc<[Way]> = reach.ways(*from, *to)?.into();
                ways.insert((*from, *to), found);
            }
        }
        Ok(())
    }

    fn ways(&self, side: Side, from: EndId, to: EndId) -> Rc<[Way]> {
        let ways = match side {
            Side::Before => &self.ways[0],
            Side::After => &self.ways[1],
        };
        ways.get(&(from, to)).cloned().unwrap_or_default()
    }

    fn compare(
        &mut self,
        (source, from): (usize, &Group),
        (target, to): (usize, &Group),
        drafts: &mut Vec<Draft>,
    ) -> Result<(), SpaceError> {
        let old = self.ways(Side::Before, from.before, to.before);
        let new = self.ways(Side::After, from.after, to.after);
        let between = self.after.spaces().cube(&Cube {
            sources: Some(from.addresses.clone()),
            destinations: Some(to.addresses.clone()),
            ..Cube::any()
        })?;
        let to_common = self.after.spaces().cube(&Cube {
            destinations: Some(to.addresses.clone()),
            ..Cube::any()
        })?;
        for before in old.iter() {
            for after in new.iter().filter(|way| way.together == before.together) {
                let spaces = self.after.spaces();
                let knows = before.knows_source && after.knows_source;
                let common = if knows { between } else { to_common };
                let both = spaces.intersection(before.universe, after.universe)?;
                let both = spaces.intersection(both, common)?;
                if both.is_empty() {
                    continue;
                }
                let mut add = |kind, one: Space, other: Space| -> Result<(), SpaceError> {
                    let spaces = self.after.spaces();
                    let changed = spaces.intersection(one, other)?;
                    let changed = spaces.intersection(changed, both)?;
                    let real = self.after.real(after, changed)?;
                    if !real.is_empty() {
                        drafts.push(Draft {
                            kind,
                            space: real,
                            from: vec![source],
                            to: vec![target],
                            ways: [before.clone(), after.clone()],
                        });
                    }
                    Ok(())
                };
                add(ChangeKind::Opened, before.deny, after.allow)?;
                add(ChangeKind::Closed, before.allow, after.deny)?;
                add(ChangeKind::Blurred, before.allow, after.unknown)?;
                add(ChangeKind::Blurred, before.deny, after.unknown)?;
                add(ChangeKind::Opened, before.unknown, after.allow)?;
                add(ChangeKind::Closed, before.unknown, after.deny)?;
            }
        }
        Ok(())
    }

    fn told(&mut self, groups: &[Group], drafts: Vec<Draft>) -> Vec<Change> {
        let mut changes = Vec::with_capacity(drafts.len());
        for draft in drafts {
            changes.extend(draft.told(groups, &mut self.before, &mut self.after));
        }
        changes.sort_by(|a, b| a.order().cmp(&b.order()));
        changes
    }
}
