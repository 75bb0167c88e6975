//! Whether two programs do the same with all packets between all endpoints.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::engine::reach::{Assumptions, End, EndId, Reach, Way};
use crate::engine::space::{Space, SpaceError};
use crate::engine::{HostId, Program};
use crate::finding::InputError;
use crate::profile::PlatformProfile;
use crate::resource::selector::Selector;

/// How many cubes a space may have to be carried from one program to the other.
const CUBES: usize = 1_000_000;

/// What endpoints of a class are, in words that mean the same to both programs: their names, or for
/// pods that need not exist which selectors hold, and their nodes.
type Identity = (u8, Vec<String>, Vec<bool>);

/// The first thing that `less` does otherwise than `full`, in one sentence; nothing where it does
/// all the same. Both must be compiled with the same nodes, pods and host endpoints.
///
/// # Errors
/// As [`audit`](super::audit()) says.
pub fn difference(
    full: &Program,
    less: &Program,
    facts: &PlatformProfile,
) -> Result<Option<String>, InputError> {
    let assumptions = Assumptions {
        // What one of them tells apart is told apart in both.
        asked: selectors(full).chain(selectors(less)).cloned().collect(),
        absent: vec![facts.role_label.clone()],
        services: true,
    };
    let reach = |program| {
        Reach::new(program, &assumptions).map_err(|error| InputError::new(error.to_string()))
    };
    let mut pair = Pair {
        asked: &assumptions.asked,
        full: reach(full)?,
        less: reach(less)?,
        carried: FxHashMap::default(),
    };
    pair.difference().map_err(super::too_large)
}

fn selectors(program: &Program) -> impl Iterator<Item = &Selector> {
    let policies = program.policies().iter().map(|policy| &policy.selector);
    policies.chain(program.peer_sets().iter().map(|set| &set.selector))
}

struct Pair<'p> {
    asked: &'p [Selector],
    full: Reach<'p>,
    less: Reach<'p>,
    /// Spaces of `less` as those of `full`.
    carried: FxHashMap<Space, Option<Space>>,
}

impl Pair<'_> {
    fn difference(&mut self) -> Result<Option<String>, SpaceError> {
        let ends = identities(&self.full, self.asked);
        let others = identities(&self.less, self.asked);
        if ends.keys().ne(others.keys()) {
            return Ok(Some("other endpoints are told apart".to_owned()));
        }
        let both: Vec<(EndId, EndId)> = ends.into_values().zip(others.into_values()).collect();
        for (from, other_from) in &both {
            for (to, other_to) in &both {
                let ways = self.full.ways(*from, *to)?;
                let others = self.less.ways(*other_from, *other_to)?;
                if ways.len() != others.len() {
                    return Ok(Some("flows go other ways".to_owned()));
                }
                for (way, other) in ways.iter().zip(&others) {
                    if let Some(found) = self.of_way(way, other)? {
                        return Ok(Some(found));
                    }
                }
            }
        }
        Ok(None)
    }

    fn of_way(&mut self, way: &Way, other: &Way) -> Result<Option<String>, SpaceError> {
        let parts = |way: &Way| [way.universe, way.allow, way.deny, way.unknown];
        for (own, other) in parts(way).into_iter().zip(parts(other)) {
            let Some(other) = self.carry(other)? else {
                return Ok(Some("verdicts are too intricate to be compared".to_owned()));
            };
            if own == other {
                continue;
            }
            let spaces = self.full.spaces();
            let lost = spaces.difference(own, other)?;
            let won = spaces.difference(other, own)?;
            let one = spaces.witness(if lost.is_empty() { won } else { lost });
            let shown = one.map_or_else(String::new, |header| header.to_string());
            return Ok(Some(format!("{shown} fares otherwise")));
        }
        Ok(None)
    }

    fn carry(&mut self, space: Space) -> Result<Option<Space>, SpaceError> {
        if let Some(known) = self.carried.get(&space) {
            return Ok(*known);
        }
        let rows = self.less.spaces().rows(space, CUBES);
        let carried = if rows.complete {
            Some(self.full.spaces().union_of_cubes(&rows.cubes)?)
        } else {
            None
        };
        self.carried.insert(space, carried);
        Ok(carried)
    }
}

fn identities(reach: &Reach<'_>, asked: &[Selector]) -> BTreeMap<Identity, EndId> {
    let ends = reach.ends();
    ends.map(|(id, end)| (identity(reach.program(), end, asked), id))
        .collect()
}

fn identity(program: &Program, end: &End, asked: &[Selector]) -> Identity {
    let host = |id: HostId| {
        let host = program.host(id);
        host.map(|host| host.name.clone()).unwrap_or_default()
    };
    match end {
        End::Workers(hosts) => (0, hosts.iter().map(|id| host(*id)).collect(), Vec::new()),
        End::Pods(pods) => {
            let pods = pods.iter().filter_map(|id| program.pod(*id));
            (1, pods.map(|pod| pod.key.path()).collect(), Vec::new())
        }
        End::Imagined { pods, .. } => {
            let hosts = pods
                .iter()
                .map(|pod| pod.host.map(host).unwrap_or_default());
            let first = pods.first();
            let labels = first.map_or(&[][..], |pod| &pod.labels);
            let holds = asked.iter().map(|selector| selector.matches(labels));
            (2, hosts.collect(), holds.collect())
        }
        End::Outside => (3, Vec::new(), Vec::new()),
        End::Services(hosts) => (4, hosts.iter().map(|id| host(*id)).collect(), Vec::new()),
    }
}
