//! What verify says of both sides of a comparison.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use crate::bundle::{Baseline, Plan};
use crate::finding::{Error, InputError};
use crate::profile::Network;
use crate::question::compare::InPlace;
use crate::question::subject::Known;
use crate::report::compare::Judged;
use crate::resource::ResourceSet;

use super::prove::{Held, Job, Of, intents_of, one_by_one};

/// What intents are asked of both sides.
#[derive(Debug, Args)]
pub(super) struct IntentArguments {
    /// A file of intents, besides the built-in ones of the region or cluster
    #[arg(long, value_name = "FILE")]
    pub(super) intents: Option<PathBuf>,

    /// Do not ask which intents hold on either side
    #[arg(long, conflicts_with = "intents")]
    no_verify: bool,
}

/// Whose intents are asked, and what the proofs go by.
pub(super) struct Asked<'a> {
    /// Those whose built-in intents are asked.
    pub(super) plans: &'a [Plan],
    /// What is known where there is no plan.
    pub(super) known: &'a Known,
    /// The platform's own policies, where they count.
    pub(super) baseline: Option<Baseline>,
}

/// One cluster on both sides.
struct Pair<'a> {
    of: Of<'a>,
    before: Option<Cow<'a, ResourceSet>>,
    after: Cow<'a, ResourceSet>,
}

impl IntentArguments {
    /// Asks the intents of every cluster that differs, of both sides at once. What the user should
    /// know goes to `notes`.
    ///
    /// A proof that cannot be had is told, since the sides differ all the same; not so where an intent
    /// of the user's own means nothing on the new side.
    pub(super) fn judged(
        &self,
        asked: &Asked<'_>,
        parts: &[InPlace],
        notes: &mut Vec<String>,
    ) -> Result<Vec<Judged>, Error> {
        if self.no_verify {
            return Ok(Vec::new());
        }
        if asked.plans.is_empty() {
            notes.push(
                "no built-in intent is asked, since nothing says which region this is of: `--region \
                 REGION` or `--cluster FILE` does"
                    .to_owned(),
            );
        }
        let own = intents_of(self.intents.as_deref())?;
        if asked.plans.is_empty() && self.intents.is_none() {
            return Ok(Vec::new());
        }
        let pairs = pairs(asked, parts, notes)?;
        let jobs: Vec<Job<'_>> = pairs
            .iter()
            .flat_map(|pair| {
                let sides = [Some(&*pair.after), pair.before.as_deref()];
                sides.into_iter().flatten().map(|resources| Job {
                    of: pair.of,
                    resources,
                    baseline: asked.baseline.clone(),
                })
            })
            .collect();
        let held = Held {
            own: &own,
            tell: &|_| {},
        };
        let mut found = one_by_one(&jobs, held).into_iter();
        let mut judged = Vec::new();
        let mut told = BTreeSet::new();
        for pair in &pairs {
            let after = found.next();
            let before = pair.before.is_some().then(|| found.next()).flatten();
            let after = match after {
                Some(Ok((proven, own))) => {
                    told.extend(own);
                    proven
                }
                Some(Err(error)) if error.place().is_some() => return Err(error.into()),
                Some(Err(error)) => {
                    told.insert(format!("intents are not asked: {}", error.message()));
                    continue;
                }
                None => continue,
            };
            let before = before.and_then(|before| match before {
                Ok((proven, _)) => Some(proven),
                Err(error) => {
                    let message = error.message();
                    told.insert(format!("intents are not asked of what was: {message}"));
                    None
                }
            });
            judged.push(Judged { before, after });
        }
        notes.extend(told);
        Ok(judged)
    }
}

/// Every cluster whose intents are asked, as far as it differs.
fn pairs<'a>(
    asked: &Asked<'a>,
    parts: &'a [InPlace],
    notes: &mut Vec<String>,
) -> Result<Vec<Pair<'a>>, InputError> {
    match (parts, asked.plans) {
        ([only], [plan]) => Ok(pair(Of::Given(plan), &[only]).into_iter().collect()),
        ([only], []) => Ok(pair(Of::Known(asked.known), &[only]).into_iter().collect()),
        ([_], _) => Err(InputError::new(
            "the sources are of one cluster, and `--region all` is every region",
        )),
        (_, []) => Err(InputError::new(
            "the intents of a file are one cluster's, and the sources have folders of several",
        )
        .hint("name the folder of one")),
        (_, plans) => {
            let mut found = Vec::new();
            let mut nowhere = Vec::new();
            for plan in plans {
                let own = parts_of(plan, parts);
                if own.is_empty() {
                    nowhere.push(plan.described());
                }
                found.extend(pair(Of::Given(plan), &own));
            }
            if !nowhere.is_empty() {
                notes.push(format!(
                    "no intent is asked of what has no folder in the sources: {}",
                    nowhere.join(", ")
                ));
            }
            Ok(found)
        }
    }
}

/// The parts that lie where `gen` writes the plan's bundles.
fn parts_of<'a>(plan: &Plan, parts: &'a [InPlace]) -> Vec<&'a InPlace> {
    let folder = plan.folder();
    let folders = plan
        .networks
        .iter()
        .map(|n: &Network| format!("{folder}/{n}"));
    let folders: Vec<String> = folders.chain([folder.clone()]).collect();
    let is_own = |part: &&InPlace| {
        folders.iter().any(|folder| {
            let above = part.part.strip_suffix(folder.as_str());
            above.is_some_and(|above| above.is_empty() || above.ends_with('/'))
        })
    };
    parts.iter().filter(is_own).collect()
}

/// The cluster that `parts` are together; nothing where none of them differs, or nothing is left.
fn pair<'a>(of: Of<'a>, parts: &[&'a InPlace]) -> Option<Pair<'a>> {
    if !parts.iter().any(|part| part.differs) {
        return None;
    }
    let before = parts.iter().filter_map(|part| part.before.as_ref());
    let after = parts.iter().filter_map(|part| part.after.as_ref());
    Some(Pair {
        of,
        before: together(before),
        after: together(after)?,
    })
}

fn together<'a>(mut sets: impl Iterator<Item = &'a ResourceSet>) -> Option<Cow<'a, ResourceSet>> {
    let mut all = Cow::Borrowed(sets.next()?);
    for set in sets {
        all.to_mut().add_all(set);
    }
    Some(all)
}
