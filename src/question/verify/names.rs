//! Intents that mean ports by name.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::Doubt;
use crate::engine::reach::EndId;
use crate::engine::space::SpaceError;
use crate::question::intent::{Intent, Named};

use super::{Meant, Proof, Prover};

/// How many names of ports are told apart at one receiver: each choice of them is looked at.
const MOST_NAMES: usize = 8;

/// What an intent means by each choice of its names, of receivers of whom it is not known what they call
/// their ports.
pub(super) type Chosen = BTreeMap<BTreeSet<String>, Meant>;

/// For every choice of names the class that calls the port so, and what an intent means of the packets to
/// it.
type Choices = [(EndId, Meant)];

impl Prover<'_> {
    /// Looks at what an intent that means ports by `names` means from some classes to one. What it means
    /// by a choice of them is kept in `known`.
    pub(super) fn look_by_names(
        &mut self,
        intent: &Intent,
        names: &BTreeSet<String>,
        known: &mut Chosen,
        (from, to): (&[EndId], EndId),
        proof: &mut Proof,
    ) -> Result<(), SpaceError> {
        if !self.reach.calls_unknown(to) {
            let meant = self.meant_by(intent, names, to, &BTreeSet::new())?;
            for from in from {
                self.look_between(intent, meant, (*from, to), proof)?;
            }
            return Ok(());
        }
        let mut by_asked: BTreeMap<Option<BTreeSet<String>>, Rc<Choices>> = BTreeMap::new();
        for from in from {
            let asked = self.names_told_apart(names, *from, to)?;
            let choices = match by_asked.get(&asked) {
                Some(choices) => Rc::clone(choices),
                None => self.choices(intent, names, known, (to, asked.as_ref()))?,
            };
            for (end, meant) in choices.iter() {
                self.look_between(intent, *meant, (*from, *end), proof)?;
            }
            by_asked.insert(asked, choices);
        }
        Ok(())
    }

    /// By which names receivers of whom it is not known what they call their ports are told apart, for
    /// packets from one class to another of which an intent means ports by `names`. Nothing where what
    /// is known is so by every choice of them, and where there are too many: then it stays unknown what
    /// names decide.
    fn names_told_apart(
        &mut self,
        names: &BTreeSet<String>,
        from: EndId,
        to: EndId,
    ) -> Result<Option<BTreeSet<String>>, SpaceError> {
        if !self.asks_names(from, to)? {
            return Ok(None);
        }
        let mut asked = names.clone();
        asked.extend(self.reach.names_asked(from, to));
        Ok((asked.len() <= MOST_NAMES).then_some(asked))
    }

    /// By which of the names a receiver calls the port that a packet goes to is not known: for every
    /// choice of them the class that calls it so, where it is `asked` by which, and what the intent means
    /// of the packets to it.
    fn choices(
        &mut self,
        intent: &Intent,
        names: &BTreeSet<String>,
        known: &mut Chosen,
        (to, asked): (EndId, Option<&BTreeSet<String>>),
    ) -> Result<Rc<Choices>, SpaceError> {
        let mut choices = Vec::new();
        for chosen in choices_of(asked.unwrap_or(names)) {
            let end = match asked {
                Some(_) => self.reach.called(to, &chosen),
                None => to,
            };
            let own: BTreeSet<String> = chosen.intersection(names).cloned().collect();
            let meant = match known.get(&own) {
                Some(meant) => *meant,
                None => self.meant_by(intent, names, to, &own)?,
            };
            known.insert(own, meant);
            choices.push((end, meant));
        }
        Ok(choices.into())
    }

    /// What an intent means of the packets to a class, whose pods call the port by each of `called`
    /// where it is not known what they call their ports.
    fn meant_by(
        &mut self,
        intent: &Intent,
        names: &BTreeSet<String>,
        to: EndId,
        called: &BTreeSet<String>,
    ) -> Result<Meant, SpaceError> {
        let mut named = Named::new();
        for name in names {
            let space = self.reach.to_named(to, name, called)?;
            named.insert(name.clone(), space);
        }
        self.meant(intent, &named)
    }

    /// Whether anything between two classes hangs on what a port is called.
    fn asks_names(&mut self, from: EndId, to: EndId) -> Result<bool, SpaceError> {
        let alike = self.alike(from, to)?;
        if let Some(known) = alike.and_then(|id| self.asking_names.get(&id)) {
            return Ok(*known);
        }
        let ways = self.ways(from, to)?;
        let mut doubts = ways.iter().flat_map(|way| &way.doubts);
        let asks = doubts.any(|(doubt, _)| *doubt == Doubt::NamedPort);
        if let Some(id) = alike {
            self.asking_names.insert(id, asks);
        }
        Ok(asks)
    }
}

/// Every choice of some names.
fn choices_of(names: &BTreeSet<String>) -> Vec<BTreeSet<String>> {
    let mut choices = vec![BTreeSet::new()];
    for name in names {
        let with: Vec<BTreeSet<String>> = choices
            .iter()
            .map(|choice: &BTreeSet<String>| choice.iter().cloned().chain([name.clone()]).collect())
            .collect();
        choices.extend(with);
    }
    choices
}
