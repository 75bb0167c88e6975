//! What a user corrects of single lists of a profile.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place, Span, has_credentials, nearest};
use crate::net::Cidr;
use crate::yaml::{self, Located};

use super::list::{Correctable, ListMut};
use super::{Day, Doubt, Name, Network, PlatformProfile, Source, is_great_loss, strays, told_loss};

/// The keys that make a file an overlay. No whole profile has any of them, so a file that says what it
/// corrects and forgot of what is told that, and not passed over as a profile that nobody asks for.
const KEYS: [&str; 2] = ["extends", "lists"];

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
    /// What speaks against it and is meant nevertheless: `astray`, `wide` or `loss`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Doubt>,
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
    /// What spoke against it and was meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Doubt>,
    /// Blocks that came, sorted.
    pub added: Vec<Cidr>,
    /// Blocks that went, sorted.
    pub removed: Vec<Cidr>,
}

impl Overlay {
    /// Whether a text is meant to correct something, or to stand in for a profile.
    ///
    /// # Errors
    /// It is neither: it cannot be read, or is no mapping. Nobody should believe in a correction that
    /// nobody reads.
    pub fn is_one(input: &Arc<Input>) -> Result<bool, InputError> {
        let neither = "this is neither a profile nor a file that corrects one";
        match yaml::documents(input).into_iter().next() {
            Some(root) => {
                let root = root?;
                if matches!(root.kind, yaml::Kind::Mapping(_)) {
                    Ok(KEYS.iter().any(|key| root.get(key).is_some()))
                } else {
                    Err(InputError::new(neither).at(Place::new(input, root.span)))
                }
            }
            None => Err(InputError::new(format!(
                "{}: {neither}: it is empty",
                input.name
            ))),
        }
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

    /// The list of this name.
    ///
    /// # Errors
    /// A list that the profile has not, with the nearest names.
    fn list<'a, P: Correctable>(
        &self,
        input: &Arc<Input>,
        profile: &'a mut P,
        name: &Located<String>,
    ) -> Result<ListMut<'a>, InputError> {
        profile.list_mut(&name.value).map_err(|known| {
            InputError::new(format!(
                "{} has no list `{}`",
                self.extends.value, name.value
            ))
            .at(Place::new(input, name.span))
            .suggest(&name.value, known.iter().map(String::as_str))
        })
    }

    /// Where the block stands that is told of at a place of the text that was made: in this overlay,
    /// whose text is `input`, or in the text of the published profile. The error's own place is sought
    /// here first, that of what it is about there.
    fn origin(
        &self,
        input: &Arc<Input>,
        published: &Arc<Input>,
        at: &Place,
        is_own: bool,
    ) -> Option<Place> {
        let made = at.input.text.get(at.span.range().start..)?;
        let block = made
            .split(|c: char| c.is_whitespace() || "\"',[]{}".contains(c))
            .find_map(|word| word.parse::<Cidr>().ok())?;
        let mut coming = self.lists.iter().flat_map(|list| list.coming());
        let here = if is_own {
            coming.rfind(|new| new.value == block)
        } else {
            coming.find(|new| new.value == block)
        };
        let here = here.map(|new| Place::new(input, new.span));
        let there = published_at(published, block);
        if is_own {
            here.or(there)
        } else {
            there.or(here)
        }
    }
}

/// Where a block stands in the text of a profile.
fn published_at(input: &Arc<Input>, block: Cidr) -> Option<Place> {
    let word = block.to_string();
    let is_part = |c: char| c.is_ascii_hexdigit() || ".:/".contains(c);
    let mut found = input.text.match_indices(&word);
    let (at, _) = found.find(|(at, _)| {
        let (before, behind) = input.text.split_at(*at);
        let behind = behind.strip_prefix(&word).unwrap_or_default();
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    })?;
    let span = Span::in_text(&input.text, at..at + word.len());
    Some(Place::new(input, span))
}

/// A profile, whose text is `published`, as `overlays` correct it one after the other, and what that
/// came to.
///
/// # Errors
/// What is wrong with an overlay or speaks against it, or with what it makes: that keeps the rules of
/// any profile.
pub(super) fn corrected<'a, P: Correctable>(
    mut profile: P,
    published: &Arc<Input>,
    overlays: impl Iterator<Item = &'a Arc<Input>>,
    platform: impl FnOnce() -> Result<PlatformProfile, InputError>,
) -> Result<(P, Vec<Corrected>), InputError> {
    let mut all = Vec::new();
    let mut overlays = overlays.peekable();
    if overlays.peek().is_none() {
        return Ok((profile, all));
    }
    let platform = platform()?;
    let mut before = profile.clone();
    for input in overlays {
        let overlay = Overlay::read(input)?;
        let mut made = Vec::new();
        for correction in overlay.lists.iter() {
            let mut list = overlay.list(input, &mut profile, &correction.list)?;
            made.push((correction, correction.apply(input, &mut list)?));
        }
        let text = yaml::to_text(&profile)?;
        profile = P::read_again(&Input::new(input.name.as_str(), text)).map_err(|error| {
            let origin = |at: &Place, is_own| overlay.origin(input, published, at, is_own);
            error.moved(&origin)
        })?;
        for (correction, mut corrected) in made {
            let name = &correction.list;
            let judge = Judge {
                platform: &platform,
                network: P::network_of_list(name),
                held: &overlay.list(input, &mut before, name)?.blocks(),
                now: &overlay.list(input, &mut profile, name)?.blocks(),
            };
            corrected.accepted = correction.judged(input, &overlay.extends, &judge, &corrected)?;
            all.push(corrected);
        }
    }
    Ok((profile, all))
}

/// What a correction is judged by.
struct Judge<'a> {
    platform: &'a PlatformProfile,
    /// The network of the list.
    network: Network,
    /// What the list holds as it is published: what several files come to is judged as one.
    held: &'a [Cidr],
    /// What it holds now.
    now: &'a [Cidr],
}

/// Whether a text says something.
fn says(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
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
        if !self.accept.is_empty() && !says(self.why.as_deref()) {
            return refuse("accepts what speaks against it, and does not say `why`");
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

    /// The blocks that come, each with its place.
    fn coming(&self) -> std::slice::Iter<'_, Located<Cidr>> {
        let all = self.replace.as_ref().map_or(&self.add, |all| &all.value);
        all.iter()
    }

    /// What speaks against what this correction came to, and is accepted. The guards are those that an
    /// update of upstream's passes: a slip of the pen cuts off as surely as one of upstream's.
    ///
    /// # Errors
    /// What speaks against it and is not accepted, each with its place.
    fn judged(
        &self,
        input: &Arc<Input>,
        profile: &Name,
        judge: &Judge<'_>,
        corrected: &Corrected,
    ) -> Result<Vec<Doubt>, InputError> {
        let name = format!("`{}` of {profile}", self.list.value);
        let new = |block: &Cidr| !judge.held.contains(block);
        let new: Vec<Cidr> = self.coming().map(|b| b.value).filter(new).collect();
        let mut found = Vec::new();
        for stray in strays(judge.platform, judge.network, judge.held, &new) {
            let mut coming = self.coming();
            let first = coming.find(|block| stray.blocks.first() == Some(&block.value));
            let span = first.map_or(self.list.span, |block| block.span);
            found.push((stray.doubt, stray.told(&name), span));
        }
        let lost = judge.held.iter().filter(|block| !judge.now.contains(block));
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        let takes = !corrected.removed.is_empty();
        if takes && is_great_loss(lost.len(), judge.held.len(), judge.now.len()) {
            let replaced = self.replace.as_ref().map(|all| all.span);
            let span = replaced.or(self.remove.first().map(|block| block.span));
            let told = told_loss(&name, &lost, judge.held.len());
            found.push((Doubt::Loss, told, span.unwrap_or(self.list.span)));
        }
        let (accepted, refused): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(doubt, ..)| self.accept.contains(doubt));
        let words = |doubts: &[(Doubt, String, Span)]| -> Vec<Doubt> {
            let doubts: BTreeSet<Doubt> = doubts.iter().map(|(doubt, ..)| *doubt).collect();
            doubts.into_iter().collect()
        };
        let wanted = words(&[refused.as_slice(), accepted.as_slice()].concat());
        let errors = refused
            .into_iter()
            .map(|(_, told, span)| InputError::new(told).at(Place::new(input, span)));
        match errors.reduce(InputError::also) {
            None => Ok(words(&accepted)),
            Some(error) => {
                let wanted: Vec<&str> = wanted.into_iter().map(Doubt::word).collect();
                Err(error.hint(format!(
                    "if that is meant, say so in this entry: `accept: [{}]`, and `why`",
                    wanted.join(", ")
                )))
            }
        }
    }

    /// What a list has that is corrected so.
    fn apply(&self, input: &Arc<Input>, list: &mut ListMut<'_>) -> Result<Corrected, InputError> {
        let before: BTreeSet<Cidr> = list.blocks().into_iter().collect();
        let at = |block: &Located<Cidr>| Place::new(input, block.span);
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
        for block in self.coming() {
            if !after.insert(block.value) {
                let message = format!("`{}` is in `{}` already", block.value, self.list.value);
                return Err(InputError::new(message).at(at(block)));
            }
        }
        if after.is_empty() {
            let message = format!("`{}` would be empty", self.list.value);
            return Err(InputError::new(message).at(Place::new(input, self.list.span)));
        }
        self.check_zone(input, list, self.coming().len() > 0)?;
        let zone = self.zone.as_ref().map(|zone| &zone.value);
        list.set(&after, zone);
        if let (Some(source), Some(date)) = (&self.source, self.date) {
            list.set_source(source.clone(), date);
        }
        Ok(Corrected {
            list: self.list.value.clone(),
            file: input.name.clone(),
            why: self.why.clone(),
            accepted: Vec::new(),
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
