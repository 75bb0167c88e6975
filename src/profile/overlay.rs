//! What a user corrects of single lists of a profile.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place, has_credentials, nearest};
use crate::net::Cidr;
use crate::yaml::{self, Located};

use super::list::{Correctable, ListMut};
use super::{Day, Name, Source};

/// The key that makes a file an overlay.
const EXTENDS: &str = "extends";

/// What a user corrects of single lists of a profile, which otherwise stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Overlay {
    /// The region, or the operator of ranges.
    pub extends: Located<Name>,
    /// The lists.
    pub lists: Located<Vec<Correction>>,
}

/// What is corrected of one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Correction {
    /// The list's name, as `palisade profile show` tells it.
    pub list: Located<String>,
    /// Why, for whoever reads it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The zone of the blocks that come, where the list has each with its zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Located<Name>>,
    /// Blocks that come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Located<Cidr>>,
    /// Blocks that go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Located<Cidr>>,
    /// The blocks that stand in the place of all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<Located<Vec<Located<Cidr>>>>,
    /// Where blocks come from that replace all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The day on which that source said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
}

/// What an overlay came to in one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Corrected {
    /// The list.
    pub list: String,
    /// The file.
    pub file: String,
    /// Why, where the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Blocks that came, sorted.
    pub added: Vec<Cidr>,
    /// Blocks that went, sorted.
    pub removed: Vec<Cidr>,
}

impl Overlay {
    /// Whether a text says that it extends something.
    pub fn is_one(input: &Arc<Input>) -> bool {
        let roots = yaml::documents(input).into_iter().flatten();
        roots.take(1).any(|root| root.get(EXTENDS).is_some())
    }

    /// Reads an overlay.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let overlay: Self = yaml::typed(input)?;
        if overlay.lists.is_empty() {
            return Err(InputError::new("the overlay corrects nothing")
                .at(Place::new(input, overlay.lists.span)));
        }
        let mut seen = BTreeSet::new();
        for correction in overlay.lists.iter() {
            let list = &correction.list;
            if !seen.insert(&list.value) {
                let message = format!("`{}` is corrected a second time", list.value);
                return Err(InputError::new(message).at(Place::new(input, list.span)));
            }
            correction.check(input)?;
        }
        Ok(overlay)
    }

    /// Corrects a profile.
    ///
    /// # Errors
    /// A list that the profile has not, with the nearest names; a block that comes although it is
    /// there, or goes although it is not; a list that would be empty.
    fn correct<P: Correctable>(
        &self,
        input: &Arc<Input>,
        profile: &mut P,
    ) -> Result<Vec<Corrected>, InputError> {
        let mut all = Vec::new();
        for correction in self.lists.iter() {
            let name = &correction.list;
            let mut list = profile.list_mut(&name.value).map_err(|known| {
                InputError::new(format!(
                    "{} has no list `{}`",
                    self.extends.value, name.value
                ))
                .at(Place::new(input, name.span))
                .suggest(&name.value, known.iter().map(String::as_str))
            })?;
            all.push(correction.apply(input, &mut list)?);
        }
        Ok(all)
    }
}

/// A profile as `overlays` correct it one after the other, and what that came to.
///
/// # Errors
/// What is wrong with an overlay, or with what it makes: that keeps the rules of any profile.
pub(super) fn corrected<'a, P: Correctable>(
    mut profile: P,
    overlays: impl Iterator<Item = &'a Arc<Input>>,
) -> Result<(P, Vec<Corrected>), InputError> {
    let mut all = Vec::new();
    for input in overlays {
        all.extend(Overlay::read(input)?.correct(input, &mut profile)?);
        let text = yaml::to_text(&profile)?;
        profile = P::read_again(&Input::new(input.name.as_str(), text))?;
    }
    Ok((profile, all))
}

impl Correction {
    fn check(&self, input: &Arc<Input>) -> Result<(), InputError> {
        let refuse = |message: &str| {
            Err(InputError::new(format!("`{}` {message}", self.list.value))
                .at(Place::new(input, self.list.span)))
        };
        let source = self.source.as_ref();
        if source.is_some_and(|source| has_credentials(&source.repository)) {
            return refuse("has a `source` whose address holds a name or a password");
        }
        let changes = !self.add.is_empty() || !self.remove.is_empty();
        match &self.replace {
            None if !changes => refuse("has nothing to `add`, `remove` or `replace`"),
            Some(_) if changes => refuse("is replaced, so nothing is added or removed besides"),
            Some(blocks) if blocks.is_empty() => {
                Err(InputError::new("the list would be empty").at(Place::new(input, blocks.span)))
            }
            Some(_) if self.source.is_none() || self.date.is_none() => {
                refuse("is replaced, and does not say by `source` and `date` what with")
            }
            None if self.source.is_some() || self.date.is_some() => refuse(
                "keeps its own `source` and `date`: only a list that is replaced gets others",
            ),
            _ => Ok(()),
        }
    }

    /// What a list has that is corrected so.
    fn apply(&self, input: &Arc<Input>, list: &mut ListMut<'_>) -> Result<Corrected, InputError> {
        let before: BTreeSet<Cidr> = list.blocks().into_iter().collect();
        let at = |block: &Located<Cidr>| Place::new(input, block.span);
        let coming = self.replace.as_ref().map_or(&self.add, |all| &all.value);
        let mut after = if self.replace.is_some() {
            BTreeSet::new()
        } else {
            before.clone()
        };
        for block in &self.remove {
            if !after.remove(&block.value) {
                let name = block.value.to_string();
                let error = InputError::new(format!("`{name}` is not in `{}`", self.list.value));
                let known: Vec<String> = before.iter().map(ToString::to_string).collect();
                let near = nearest(&name, known.iter().map(String::as_str));
                let error = error.at(at(block));
                return Err(if near.is_empty() {
                    error
                } else {
                    error.suggest(&name, near)
                });
            }
        }
        for block in coming {
            if !after.insert(block.value) {
                let message = format!("`{}` is in `{}` already", block.value, self.list.value);
                return Err(InputError::new(message).at(at(block)));
            }
        }
        if after.is_empty() {
            let message = format!("`{}` would be empty", self.list.value);
            return Err(InputError::new(message).at(Place::new(input, self.list.span)));
        }
        self.check_zone(input, list, !coming.is_empty())?;
        let zone = self.zone.as_ref().map(|zone| &zone.value);
        list.set(&after, zone);
        if let (Some(source), Some(date)) = (&self.source, self.date) {
            list.set_source(source.clone(), date);
        }
        Ok(Corrected {
            list: self.list.value.clone(),
            file: input.name.clone(),
            why: self.why.clone(),
            added: after.difference(&before).copied().collect(),
            removed: before.difference(&after).copied().collect(),
        })
    }

    /// Refuses a zone where none is kept, and none where one is.
    fn check_zone(
        &self,
        input: &Arc<Input>,
        list: &ListMut<'_>,
        comes: bool,
    ) -> Result<(), InputError> {
        match &self.zone {
            Some(zone) if !(list.has_zones() && comes) => {
                let message = if comes {
                    format!("the blocks of `{}` have no zone", self.list.value)
                } else {
                    "a zone is that of blocks that come, and none do".to_owned()
                };
                Err(InputError::new(message).at(Place::new(input, zone.span)))
            }
            None if list.has_zones() && comes => {
                let message = format!(
                    "each block of `{}` has a zone, and `zone` does not say which",
                    self.list.value
                );
                Err(InputError::new(message).at(Place::new(input, self.list.span)))
            }
            _ => Ok(()),
        }
    }
}
