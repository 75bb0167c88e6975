//! Flows that are treated otherwise after a change.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::Family;
use crate::engine::reach::{Reach, Way};
use crate::engine::space::{Addresses, Cube, Header, Rows, Space};
use crate::question::trace::Answered;
use crate::question::verify::answered;

use super::pairing::Group;

/// How many rows a space is told in before it is cut.
const ROWS: usize = 400;

/// One of two programs that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The one that is there.
    Before,
    /// The one that takes its place.
    After,
}

/// What became of flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// They pass, and did not surely before.
    Opened,
    /// They are dropped, and were not surely before.
    Closed,
    /// It is not known of them any more.
    Blurred,
}

impl ChangeKind {
    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Blurred => "blurred",
        }
    }
}

/// Flows between some endpoints that are treated otherwise.
#[derive(Debug, Clone)]
pub struct Change {
    /// What became of them.
    pub kind: ChangeKind,
    /// Where they begin: what the classes of endpoints are, for people.
    pub from: Vec<String>,
    /// Where they end.
    pub to: Vec<String>,
    /// Whether both ends are on one node; nothing where that is all the same, or one is outside.
    pub together: Option<bool>,
    /// The packets. An end that may be any of the endpoints is left out.
    pub packets: Rows,
    /// One of the packets.
    pub header: Header,
    /// What happened to it before, and why.
    pub before: Answered,
    /// What happens to it after, and why.
    pub after: Answered,
}

impl Change {
    /// What changes are sorted by.
    pub(super) fn order(&self) -> (ChangeKind, &[String], &[String], Option<bool>, &[Cube]) {
        let cubes = &self.packets.cubes;
        (self.kind, &self.from, &self.to, self.together, cubes)
    }
}

/// A change in the making.
pub(super) struct Draft {
    pub(super) kind: ChangeKind,
    pub(super) space: Space,
    /// The groups between which it is, by number.
    pub(super) from: Vec<usize>,
    pub(super) to: Vec<usize>,
    /// One of its ways on either side.
    pub(super) ways: [Way; 2],
}

impl Draft {
    /// Puts together what is the same of several groups: first those that reach the same ends, then
    /// those that are reached from the same.
    pub(super) fn joined(drafts: Vec<Self>) -> Vec<Self> {
        let by_target = join(drafts, |draft| draft.to.clone(), |draft| &mut draft.from);
        join(by_target, |draft| draft.from.clone(), |draft| &mut draft.to)
    }

    /// The change, with one flow on either side; nothing where a side has no such flow.
    pub(super) fn told(
        self,
        groups: &[Group],
        before: &mut Reach<'_>,
        after: &mut Reach<'_>,
    ) -> Option<Change> {
        let [old, new] = &self.ways;
        let header = after.spaces().witness(self.space)?;
        let rows = after.spaces().rows(self.space, ROWS);
        let now = after.flow_of(new, header)?;
        let after_told = answered(after.program(), &now, new.together);
        let then = before.flow_of(old, header)?;
        let before_told = answered(before.program(), &then, old.together);
        let all = |numbers: &[usize]| -> Vec<&Group> {
            numbers
                .iter()
                .filter_map(|number| groups.get(*number))
                .collect()
        };
        let labels = |numbers: &[usize]| -> Vec<String> {
            let mut labels: Vec<String> = all(numbers)
                .into_iter()
                .map(|group| group.label.clone())
                .collect();
            labels.sort_unstable();
            labels.dedup();
            labels
        };
        // What holds of every flow of the way need not be said.
        let scope = after.spaces().rows(new.universe, 1);
        let shortened = rows.cubes.into_iter().map(|cube| {
            let is_all = |set: &Option<Addresses>, of: fn(&Cube) -> &Option<Addresses>| {
                let mut scope = scope.cubes.iter();
                scope.any(|scope| holds_all(set.as_ref(), of(scope).as_ref(), &cube))
            };
            let mut short = cube.clone();
            if is_all(&cube.sources, |cube| &cube.sources) {
                short.sources = None;
            }
            if is_all(&cube.destinations, |cube| &cube.destinations) {
                short.destinations = None;
            }
            short
        });
        let mut cubes: Vec<Cube> = shortened.collect();
        cubes.sort_unstable();
        cubes.dedup();
        Some(Change {
            kind: self.kind,
            from: labels(&self.from),
            to: labels(&self.to),
            together: new.together,
            packets: Rows {
                cubes,
                complete: rows.complete,
            },
            header,
            before: before_told,
            after: after_told,
        })
    }
}

/// Whether the set holds every address of `scope` that packets of the cube can have.
fn holds_all(set: Option<&Addresses>, scope: Option<&Addresses>, cube: &Cube) -> bool {
    let (Some(set), Some(scope)) = (set, scope) else {
        return false;
    };
    let families = match cube.family {
        Some(family) => vec![family],
        None => vec![Family::V4, Family::V6],
    };
    families.into_iter().all(|family| {
        let own = scope.ranges(family);
        own.intersection(set.ranges(family)) == *own
    })
}

/// Puts drafts of one kind, space and `key` together, the others' groups added to one.
fn join(
    drafts: Vec<Draft>,
    key: impl Fn(&Draft) -> Vec<usize>,
    of: impl Fn(&mut Draft) -> &mut Vec<usize>,
) -> Vec<Draft> {
    type Key = (ChangeKind, Space, Option<bool>, Vec<usize>);
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    let mut joined: Vec<Draft> = Vec::new();
    for mut draft in drafts {
        let together = draft.ways.last().and_then(|way| way.together);
        let key = (draft.kind, draft.space, together, key(&draft));
        let next = joined.len();
        let number = *known.entry(key).or_insert(next);
        match joined.get_mut(number) {
            Some(first) => of(first).append(of(&mut draft)),
            None => joined.push(draft),
        }
    }
    for draft in &mut joined {
        let groups = of(draft);
        groups.sort_unstable();
        groups.dedup();
    }
    joined
}
