//! Where on the ways between two classes the policies of pods are asked.

use std::sync::Arc;

use crate::engine::address::Family;
use crate::engine::space::SpaceError;
use crate::engine::stage::{Hook, Stage};
use crate::engine::tables::{HostId, PodId};
use crate::resource::Direction;

use super::Work;
use super::chain::{ClassRef, Part, Split};
use super::ends::{End, Ends};
use super::view::{At, HeaderEnd, Seen, View};
use super::way::Sight;

/// A hook at which the policies of the pod at one end of a way are asked, with all that they see
/// besides the labels of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asking {
    /// Whose policies.
    pub(super) of: HeaderEnd,
    direction: Direction,
    family: Family,
    sides: [Faceless; 2],
}

/// One side of a packet, as any pod of the same ports and nodes would be seen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Faceless {
    end: HeaderEnd,
    at: At,
    is_pod: bool,
    host: Option<HostId>,
    knows_port: bool,
}

impl Faceless {
    fn of(view: &View<'_>) -> Self {
        Self {
            end: view.end,
            at: view.at,
            is_pod: view.pod.is_some(),
            host: view.host,
            knows_port: view.knows_port,
        }
    }

    /// The same side where the pods are those of `ends`.
    fn with(self, [source, target]: [&End; 2]) -> View<'_> {
        let end = match self.end {
            HeaderEnd::Source => source,
            HeaderEnd::Destination => target,
        };
        let pod = match end {
            End::Imagined { number, pods } if self.is_pod => pods.first().map(|pod| (*number, pod)),
            _ => None,
        };
        View {
            end: self.end,
            at: self.at,
            pod,
            host: self.host,
            knows_port: self.knows_port,
        }
    }
}

impl Work<'_> {
    /// Every place on the ways between two ends where policies of pods may be asked; that of answers
    /// too, whether or not any packet is untracked (EVAL-19).
    pub(super) fn askings(&mut self, ends: &Ends, source: &End, target: &End) -> Vec<Asking> {
        let program = self.program;
        let mut all = Vec::new();
        for family in [Family::V4, Family::V6] {
            for course in self.courses(ends, source, target, family) {
                let flow = course.flow();
                let mut stages: Vec<Stage<'_>> = Vec::new();
                let placement = course.pair.placement;
                if program.walk(&flow, placement, &mut stages).is_err() {
                    continue;
                }
                let mut sight = self.sight(&course, &stages, source, target);
                self.add_askings(ends, &stages, &sight, &mut all);
                if !(flow.from.answers_at_node() || flow.to.answers_at_node()) {
                    continue;
                }
                sight.mirrored = true;
                let mut back: Vec<Stage<'_>> = Vec::new();
                if program.walk(&flow.reply(), placement, &mut back).is_ok() {
                    self.add_askings(ends, &back, &sight, &mut all);
                }
            }
        }
        all
    }

    fn add_askings<'e>(
        &mut self,
        ends: &Ends,
        stages: &[Stage<'e>],
        sight: &Sight<'e>,
        all: &mut Vec<Asking>,
    ) {
        for stage in stages.iter().filter(|stage| !stage.outer) {
            let Hook::Workload(direction) = stage.hook else {
                continue;
            };
            let seen = self.seen(ends, stage, sight);
            // A pod's egress is where packets come from, and of answers that is where the flow goes.
            let of = match direction {
                Direction::Egress => seen.source.end,
                Direction::Ingress => seen.destination.end,
            };
            let asking = Asking {
                of,
                direction,
                family: seen.family,
                sides: [&seen.source, &seen.destination].map(Faceless::of),
            };
            // There are at most a few: one for each family and placement, and for its answers.
            if !all.contains(&asking) {
                all.push(asking);
            }
        }
    }

    /// What comes of all packets there where the ends are these; nothing where no pod is asked.
    pub(super) fn answer_to(
        &mut self,
        asking: &Asking,
        ends: [&End; 2],
    ) -> Result<Option<Arc<Split>>, SpaceError> {
        let program = self.program;
        let [source, target] = ends;
        let own = match asking.of {
            HeaderEnd::Source => source,
            HeaderEnd::Destination => target,
        };
        let [source, destination] = asking.sides.map(|side| side.with(ends));
        let seen = Seen {
            family: asking.family,
            source,
            destination,
        };
        let listed = |pods: &[PodId]| {
            let class = program.pod(*pods.first()?)?.class;
            Some((ClassRef::Listed(class), program.class(class)?))
        };
        let asked = match own {
            End::Imagined { number, pods } => pods
                .first()
                .map(|pod| (ClassRef::Imagined(*number), &pod.class)),
            End::Pods(pods) => listed(pods),
            End::Workers(_) | End::Services(_) | End::Outside => None,
        };
        let Some((which, class)) = asked else {
            return Ok(None);
        };
        let split = self.chain(which, class, Part::Normal(asking.direction), &seen)?;
        Ok(Some(split))
    }
}
