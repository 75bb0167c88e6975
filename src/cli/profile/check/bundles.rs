//! Whose policies would be others after an update.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::bundle::{Bundle, Plan, Templates, render};
use crate::cli::plan::{PlanArguments, plans};
use crate::finding::{Error, InputError};
use crate::profile::{Library, Network};
use crate::upstream::parity::{Rendered, policy_name};

use super::state::Touched;

/// The bundles of every region, and of the clusters of these files, that are others by the profiles
/// of `newer` than by those of `library`.
pub(super) fn changed(
    library: &Library,
    newer: &Library,
    clusters: &[PathBuf],
) -> Result<Vec<Touched>, Error> {
    let templates = Templates::embedded()?;
    let mut touched = Vec::new();
    let mut before = wanted(library, clusters)?;
    for (after, plan) in wanted(newer, clusters)?.into_iter().filter_map(|after| {
        let at = before
            .iter()
            .position(|plan| plan.folder() == after.folder())?;
        Some((after, before.swap_remove(at)))
    }) {
        let (old, new) = (forms(&plan, &templates)?, forms(&after, &templates)?);
        for network in Network::BOTH {
            let paths: BTreeSet<&(Network, String)> = old.keys().chain(new.keys()).collect();
            let other = paths.into_iter().filter(|path| path.0 == network);
            let other = other.filter(|path| old.get(*path) != new.get(*path));
            let policies: Vec<String> = other.map(|(_, p)| policy_name(p).to_owned()).collect();
            if !policies.is_empty() {
                touched.push(Touched {
                    folder: format!("{}/{network}", after.folder()),
                    policies,
                });
            }
        }
    }
    Ok(touched)
}

/// The plans of every region, and of the clusters.
fn wanted(library: &Library, clusters: &[PathBuf]) -> Result<Vec<Plan>, Error> {
    let platform = library.platform()?;
    let regions = library.regions().into_iter();
    let mut all = regions
        .map(|region| {
            let profile = library.region(region)?;
            Ok(Plan::usual(
                profile,
                platform.clone(),
                Network::BOTH.to_vec(),
            ))
        })
        .collect::<Result<Vec<_>, InputError>>()?;
    for cluster in clusters {
        all.extend(plans(&PlanArguments::of_cluster(cluster.clone()), library)?);
    }
    Ok(all)
}

fn forms(plan: &Plan, templates: &Templates) -> Result<Rendered, InputError> {
    let (bundles, _) = render(plan, templates)?;
    let forms: BTreeMap<_, _> = bundles.iter().flat_map(Bundle::normal_forms).collect();
    Ok(forms)
}
