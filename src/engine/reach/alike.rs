//! Pairs of classes between which the same happens.
//!
//! Pods that need not exist are as many kinds as selectors tell apart, and each is paired with each.
//! But what happens between two of them hangs on little: on which nodes they are, what policies of
//! host endpoints see in each, and what comes of packets where the policies of the pods themselves
//! are asked. Where all that is the same, the ways of one pair are those of the other, whatever
//! else tells the pods apart.
//!
//! What pods' policies make of packets is found out once for all pods with the same policies and the same
//! answers to what those policies ask: few of the pairs are looked at beyond that.

use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::answer::Answer;
use crate::engine::imagined::PodPorts;
use crate::engine::program::Program;
use crate::engine::space::SpaceError;
use crate::engine::tables::{Applied, Class, HostId, ProfileId};
use crate::resource::Direction;

use super::Work;
use super::asked::Asked;
use super::asking::Asking;
use super::chain::Split;
use super::ends::{End, EndId, Ends};
use super::view::HeaderEnd;
use super::way::Way;

/// The number of all pairs between which the same happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlikeId(usize);

/// Who is at an end, whatever policies and labels it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stand {
    /// Pods that need not exist, of certain ports, nodes and addresses.
    Imagined(usize),
    /// Whatever is in the class.
    Other(EndId),
}

/// What pods that need not exist call their ports, and where they are.
type Places = (PodPorts, Vec<(Option<HostId>, Option<IpAddr>)>);

/// What decides which policies' rules a pod has.
type Rules = (Box<[Applied]>, Box<[Option<ProfileId>]>);

/// What bears on a pair besides the policies of its pods: who is at its ends, and what of each end
/// is answered to policies of host endpoints.
type Setting = ([Stand; 2], [AnswersId; 2]);

/// What bears on what the policies of the pod at one end make of packets: the setting, the end, its
/// policies, and what is answered to them of the pod itself and of the other end.
type HalfKey = (SettingId, HeaderEnd, KindId, [AnswersId; 2]);

/// The number of a list of answers.
type AnswersId = usize;
/// The number of all pods of the same policies.
type KindId = usize;
/// The number of what is asked.
type AskedId = usize;
/// The number of what comes of packets at the hooks of one end.
type HalfId = usize;
/// The number of a setting.
type SettingId = usize;

/// Things by number, the same ones under one.
#[derive(Debug)]
struct Numbers<K>(FxHashMap<K, usize>);

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: std::hash::Hash + Eq> Numbers<K> {
    fn of(&mut self, key: K) -> usize {
        let next = self.0.len();
        *self.0.entry(key).or_insert(next)
    }
}

/// What is known of each class, by its number.
#[derive(Debug)]
struct ByEnd<T>(Vec<Option<T>>);

impl<T> Default for ByEnd<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> ByEnd<T> {
    fn get(&self, id: EndId) -> Option<T> {
        self.0.get(id.index()).copied().flatten()
    }

    fn insert(&mut self, id: EndId, value: T) {
        if self.0.len() <= id.index() {
            self.0.resize(id.index() + 1, None);
        }
        if let Some(known) = self.0.get_mut(id.index()) {
            *known = Some(value);
        }
    }
}

/// Pairs that were looked at.
#[derive(Default)]
pub(super) struct Alike {
    stands: ByEnd<Stand>,
    places: Numbers<Places>,
    kinds: Numbers<Rules>,
    kind_of: ByEnd<KindId>,
    asked: Numbers<Asked>,
    /// What is asked, and what is answered to that of each class, by its number. What policies of host
    /// endpoints ask is the first.
    answered: Vec<(Asked, ByEnd<AnswersId>)>,
    /// What policies of pods ask of those pods and of others, by kind and directions.
    asked_by: FxHashMap<(KindId, Directions), [AskedId; 2]>,
    answers: Numbers<Vec<Answer>>,
    settings: Numbers<Setting>,
    /// Where policies of pods are asked, by setting.
    askings: Vec<Arc<[Asking]>>,
    splits: Numbers<Arc<Split>>,
    /// What comes of packets at each of a setting's hooks of one end.
    outcomes: Numbers<Vec<Option<usize>>>,
    halves: FxHashMap<HalfKey, HalfId>,
    pairs: Numbers<(SettingId, [HalfId; 2])>,
    ways: FxHashMap<AlikeId, Arc<[Way]>>,
}

/// For which directions a pod's policies are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Directions {
    One(Direction),
    /// Answers run against the packets.
    Both,
}

impl Directions {
    fn all(self) -> &'static [Direction] {
        match self {
            Self::One(Direction::Ingress) => &[Direction::Ingress],
            Self::One(Direction::Egress) => &[Direction::Egress],
            Self::Both => &[Direction::Ingress, Direction::Egress],
        }
    }
}

/// What policies of host endpoints ask.
const BY_HOSTS: AskedId = 0;

impl Work<'_> {
    /// The ways from one class to another.
    pub(super) fn ways(&mut self, from: EndId, to: EndId) -> Result<Vec<Way>, SpaceError> {
        let ends = Arc::clone(&self.ends);
        let (Some(source), Some(target)) = (ends.get(from), ends.get(to)) else {
            return Ok(Vec::new());
        };
        let Some(id) = self.alike(from, to)? else {
            return self.ways_of(&ends, (from, source), (to, target));
        };
        if let Some(known) = self.alike.ways.get(&id) {
            let known = known.iter().cloned();
            return Ok(known.map(|way| Way { from, to, ..way }).collect());
        }
        let ways = self.ways_of(&ends, (from, source), (to, target))?;
        self.alike.ways.insert(id, ways.clone().into());
        Ok(ways)
    }

    /// Which pairs the same happens between as from one class to another; nothing where that is of no
    /// use.
    pub(super) fn alike(&mut self, from: EndId, to: EndId) -> Result<Option<AlikeId>, SpaceError> {
        let ends = Arc::clone(&self.ends);
        let (Some(source), Some(target)) = (ends.get(from), ends.get(to)) else {
            return Ok(None);
        };
        // Who was asked about packets is written down for each pair.
        let is_imagined = |end: &End| matches!(end, End::Imagined { .. });
        if self.arrivals.on || !(is_imagined(source) || is_imagined(target)) {
            return Ok(None);
        }
        let pair = [(from, source), (to, target)];
        let setting = self.setting(&ends, pair);
        let halves = [
            self.half(setting, HeaderEnd::Source, pair)?,
            self.half(setting, HeaderEnd::Destination, pair)?,
        ];
        Ok(Some(AlikeId(self.alike.pairs.of((setting, halves)))))
    }

    fn setting(&mut self, ends: &Ends, pair: [(EndId, &End); 2]) -> SettingId {
        if self.alike.answered.is_empty() {
            self.alike.asked_id(Asked::by_hosts(self.program));
        }
        let [from, to] = pair;
        let stands = [self.alike.stand(from), self.alike.stand(to)];
        let answers = pair.map(|end| self.alike.answers(BY_HOSTS, end));
        let setting = self.alike.settings.of((stands, answers));
        if setting == self.alike.askings.len() {
            let askings = self.askings(ends, from.1, to.1);
            self.alike.askings.push(askings.into());
        }
        setting
    }

    /// What comes of packets where the policies of the pod at one end are asked.
    fn half(
        &mut self,
        setting: SettingId,
        of: HeaderEnd,
        pair: [(EndId, &End); 2],
    ) -> Result<HalfId, SpaceError> {
        let program = self.program;
        let [from, to] = pair;
        let (own, other, direction) = match of {
            HeaderEnd::Source => (from, to, Direction::Egress),
            HeaderEnd::Destination => (to, from, Direction::Ingress),
        };
        let class = class_of(own.1, program);
        let kind = self.alike.kind(own.0, class);
        // EVAL-19: what a node answers where no connection is tracked is asked about too.
        let directions = match other.1 {
            End::Workers(_) | End::Services(_) => Directions::Both,
            End::Pods(_) | End::Imagined { .. } | End::Outside => Directions::One(direction),
        };
        let [of_own, of_other] = self.alike.asked_by(kind, directions, class, program);
        let answers = [
            self.alike.answers(of_own, own),
            self.alike.answers(of_other, other),
        ];
        let key = (setting, of, kind, answers);
        if let Some(known) = self.alike.halves.get(&key) {
            return Ok(*known);
        }
        let askings = self.alike.askings.get(setting).cloned();
        let mut outcome = Vec::new();
        for asking in askings.iter().flat_map(|askings| askings.iter()) {
            if asking.of == of {
                let split = self.answer_to(asking, [from.1, to.1])?;
                outcome.push(split.map(|split| self.alike.splits.of(split)));
            }
        }
        let half = self.alike.outcomes.of(outcome);
        self.alike.halves.insert(key, half);
        Ok(half)
    }
}

impl Alike {
    fn stand(&mut self, (id, end): (EndId, &End)) -> Stand {
        if let Some(known) = self.stands.get(id) {
            return known;
        }
        let stand = match end {
            End::Imagined { pods, .. } => match pods.first() {
                Some(first) => {
                    let places = pods.iter().map(|pod| (pod.host, pod.address)).collect();
                    Stand::Imagined(self.places.of((first.ports.clone(), places)))
                }
                None => Stand::Other(id),
            },
            _ => Stand::Other(id),
        };
        self.stands.insert(id, stand);
        stand
    }

    fn kind(&mut self, id: EndId, class: Option<&Class>) -> KindId {
        if let Some(known) = self.kind_of.get(id) {
            return known;
        }
        let rules = class.map(|class| (class.policies.clone(), class.profiles.clone()));
        let kind = self.kinds.of(rules.unwrap_or_default());
        self.kind_of.insert(id, kind);
        kind
    }

    fn asked_by(
        &mut self,
        kind: KindId,
        directions: Directions,
        class: Option<&Class>,
        program: &Program,
    ) -> [AskedId; 2] {
        if let Some(known) = self.asked_by.get(&(kind, directions)) {
            return *known;
        }
        let asked = class.map(|class| Asked::by_pods(class, directions.all(), program));
        let ids = asked.unwrap_or_default().map(|asked| self.asked_id(asked));
        self.asked_by.insert((kind, directions), ids);
        ids
    }

    fn asked_id(&mut self, asked: Asked) -> AskedId {
        let id = self.asked.of(asked.clone());
        if id == self.answered.len() {
            self.answered.push((asked, ByEnd::default()));
        }
        id
    }

    /// What is answered of an end: of one that is no pods which need not exist, nothing that another
    /// of its class would not answer.
    fn answers(&mut self, asked: AskedId, (id, end): (EndId, &End)) -> AnswersId {
        let Some((asked, known)) = self.answered.get_mut(asked) else {
            return 0;
        };
        if let Some(known) = known.get(id) {
            return known;
        }
        let pod = match end {
            End::Imagined { pods, .. } => pods.first(),
            _ => None,
        };
        let answers = self.answers.of(pod.map_or(Vec::new(), |pod| asked.of(pod)));
        known.insert(id, answers);
        answers
    }
}

fn class_of<'p>(end: &'p End, program: &'p Program) -> Option<&'p Class> {
    match end {
        End::Imagined { pods, .. } => pods.first().map(|pod| &pod.class),
        End::Pods(pods) => program.class(program.pod(*pods.first()?)?.class),
        End::Workers(_) | End::Services(_) | End::Outside => None,
    }
}
