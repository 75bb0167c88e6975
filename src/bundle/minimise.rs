//! A set without what changes no verdict, proven to do the same.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::engine::{Program, compile};
use crate::finding::{Input, InputError, Span};
use crate::question::audit::{Found, Removal, difference, removable};
use crate::question::subject::subject;
use crate::resource::{ResourceSet, read};
use crate::yaml::without_items;

use super::proof::{Baseline, known};
use super::{Bundle, Plan, RenderedFile};

/// What the first lines of a minimised file say besides.
const REMARK: &str = "# What changes no verdict is left out (`--minimize`).\n";

/// What was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// How many policies.
    pub policies: usize,
    /// How many rules, those of left out policies among them.
    pub rules: usize,
    /// How many entries of lists of rules that stay.
    pub entries: usize,
}

impl fmt::Display for LeftOut {
    /// `3 policies, 20 rules and 8 list entries`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |number: usize, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {many}"),
        };
        write!(
            f,
            "{}, {} and {}",
            amount(self.policies, "policy", "policies"),
            amount(self.rules, "rule", "rules"),
            amount(self.entries, "list entry", "list entries"),
        )
    }
}

/// The bundles of one plan without the rules and list entries that change no verdict, with the
/// platform's own policies in place and without, and what that is. A policy of which nothing is left
/// goes too, where that changes nothing either.
///
/// The result is read back from its text, and compared with `bundles` for all packets between all
/// kinds of endpoints.
///
/// # Errors
/// It is not proven to do the same; what is left over cannot be read; or as
/// [`audit`](crate::question::audit::audit()) says.
pub fn minimise(
    plan: &Plan,
    bundles: &[Bundle],
    baseline: &Baseline,
) -> Result<(Vec<Bundle>, LeftOut), InputError> {
    let full = programs(plan, bundles, baseline)?;
    let mut dead: Option<BTreeSet<(Place, Removal)>> = None;
    for (program, resources) in &full {
        let found = removable(program, resources, &plan.platform_profile)?;
        let places: BTreeSet<(Place, Removal)> = found.iter().filter_map(place).collect();
        dead = Some(match dead {
            None => places,
            Some(known) => known.intersection(&places).cloned().collect(),
        });
    }
    let dead = dead.unwrap_or_default();
    let mut refused = None;
    // A policy without rules may still be why the end of a tier denies.
    for drops_policies in [true, false] {
        let (less, left_out) = without(bundles, &dead, drops_policies)?;
        let programs = programs(plan, &less, baseline)?;
        let mut found = None;
        for ((one, _), (other, _)) in full.iter().zip(&programs) {
            found = found.or(difference(one, other, &plan.platform_profile)?);
        }
        match found {
            None => return Ok((less, left_out)),
            Some(what) => refused = Some(what),
        }
    }
    let what = refused.unwrap_or_default();
    Err(InputError::new(format!(
        "the minimised set of {} is not proven to do the same: {what}",
        plan.described()
    ))
    .hint("leave `--minimize` out"))
}

/// A stretch of a text, by the text's name.
type Place = (String, Span);

fn place(found: &Found) -> Option<(Place, Removal)> {
    let place = &found.finding.place;
    Some(((place.input.name.clone(), place.span), found.removal?))
}

/// The bundles compiled, with the platform's own policies and without.
fn programs(
    plan: &Plan,
    bundles: &[Bundle],
    baseline: &Baseline,
) -> Result<Vec<(Program, ResourceSet)>, InputError> {
    let mut programs = Vec::new();
    for baseline in [Some(baseline.clone()), None] {
        let mut set = ResourceSet::default();
        for file in bundles.iter().flat_map(|bundle| &bundle.files) {
            for resource in &file.resources {
                set.add(resource.clone());
            }
        }
        let subject = subject(set, &known(plan, baseline))?;
        let program = compile(&subject.resources, &subject.settings);
        programs.push((program, subject.resources));
    }
    Ok(programs)
}

fn without(
    bundles: &[Bundle],
    dead: &BTreeSet<(Place, Removal)>,
    drops_policies: bool,
) -> Result<(Vec<Bundle>, LeftOut), InputError> {
    let mut left_out = LeftOut::default();
    let mut less = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        let mut files = Vec::with_capacity(bundle.files.len());
        for file in &bundle.files {
            let name = &file.input.name;
            let spans = |wanted: Removal| -> Vec<Span> {
                let own = dead
                    .iter()
                    .filter(|((of, _), r)| of == name && *r == wanted);
                own.map(|((_, span), _)| *span).collect()
            };
            let (rules, entries) = (spans(Removal::Rule), spans(Removal::Entry));
            left_out.rules += rules.len();
            left_out.entries += entries.len();
            if rules.is_empty() && entries.is_empty() {
                files.push(file.clone());
                continue;
            }
            let has_rules = file
                .resources
                .iter()
                .any(|resource| has_others(resource, &rules));
            if drops_policies && !has_rules {
                left_out.policies += 1;
                continue;
            }
            files.push(thinner(file, &[rules, entries].concat())?);
        }
        less.push(Bundle {
            folder: bundle.folder.clone(),
            network: bundle.network,
            files,
        });
    }
    Ok((less, left_out))
}

/// Whether an object is no Calico policy, or has a rule that is not one of `gone`.
fn has_others(resource: &crate::resource::Resource, gone: &[Span]) -> bool {
    let Some(policy) = resource.policy() else {
        return true;
    };
    let lists = [&policy.ingress, &policy.egress];
    let mut rules = lists.into_iter().flatten().flat_map(|list| &list.value);
    rules.any(|rule| !gone.contains(&rule.span))
}

/// The file without the list items at `spans`.
fn thinner(file: &RenderedFile, spans: &[Span]) -> Result<RenderedFile, InputError> {
    let text = without_items(&file.input.text, spans);
    let text = with_remark(&text);
    let input: Arc<Input> = Input::new(file.input.name.clone(), text);
    let (resources, findings) = read(&input);
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding.into_error());
    }
    Ok(RenderedFile {
        path: file.path.clone(),
        input,
        resources,
    })
}

/// The text with the remark behind its first two lines, which say what made it.
fn with_remark(text: &str) -> String {
    let second = text.match_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
    let (head, body) = text.split_at(second);
    format!("{head}{REMARK}{body}")
}
