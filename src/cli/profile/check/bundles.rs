//! Whose policies would be others after an update.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::bundle::{Bundle, Plan, Templates, render};
use crate::cli::plan::{PlanArguments, plans};
use crate::cli::profile::facts::unfit;
use crate::finding::{Error, InputError};
use crate::profile::{Library, Network};
use crate::upstream::parity::{Rendered, policy_name};

use super::state::Touched;

/// The bundles of every region, and of the clusters of these files, that are others by the profiles
/// of `newer` than by those of `library`; and why nothing can be made of some by `newer`, which is
/// most often that a correction of the user's own does not fit any more.
pub(super) fn changed(
    library: &Library,
    newer: &Library,
    clusters: &[PathBuf],
) -> Result<(Vec<Touched>, Vec<String>), Error> {
    let templates = Templates::embedded()?;
    let mut touched = Vec::new();
    let mut unfit = unfit(newer);
    let mut before = Vec::new();
    for plan in wanted(library, clusters)? {
        before.extend(plan?);
    }
    for after in wanted(newer, clusters)? {
        let after = match after {
            Ok(plans) => plans,
            Err(error) => {
                let error = error.to_string();
                if !unfit.contains(&error) {
                    unfit.push(error);
                }
                continue;
            }
        };
        for after in after {
            let mut known = before.iter();
            if let Some(before) = known.find(|before| before.folder() == after.folder()) {
                touched.extend(differing(before, &after, &templates)?);
            }
        }
    }
    Ok((touched, unfit))
}

/// The bundles of one plan that are others by `after` than by `before`.
fn differing(
    before: &Plan,
    after: &Plan,
    templates: &Templates,
) -> Result<Vec<Touched>, InputError> {
    let (old, new) = (forms(before, templates)?, forms(after, templates)?);
    let mut touched = Vec::new();
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
    Ok(touched)
}

/// The plans of every region, and of the clusters: each with what is wrong with it.
fn wanted(library: &Library, clusters: &[PathBuf]) -> Result<Vec<Result<Vec<Plan>, Error>>, Error> {
    let platform = library.platform()?;
    let regions = library.regions().into_iter().map(|region| {
        let profile = library.region(region)?;
        let networks = Network::BOTH.to_vec();
        Ok(vec![Plan::usual(profile, platform.clone(), networks)])
    });
    let clusters = clusters.iter();
    let clusters =
        clusters.map(|cluster| plans(&PlanArguments::of_cluster(cluster.clone()), library));
    Ok(regions.chain(clusters).collect())
}

fn forms(plan: &Plan, templates: &Templates) -> Result<Rendered, InputError> {
    let (bundles, _) = render(plan, templates)?;
    let forms: BTreeMap<_, _> = bundles.iter().flat_map(Bundle::normal_forms).collect();
    Ok(forms)
}
