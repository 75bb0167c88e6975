//! Whether what is rendered can be rolled out without cutting a worker off.

use crate::bundle::{Between, Bundle, Course, Plan};
use crate::finding::InputError;
use crate::profile::Library;
use crate::question::rollout::{Cut, PhaseProof};
use crate::report::rollout::{self as report, RolledOut};

use super::parallel::each;
use super::prove::together;
use super::rollout::NOTHING;
use super::terminal;

/// The roll-out of what was rendered for each plan to a cluster that has nothing of it, as far as it is
/// about workers.
pub(super) fn roll_outs(
    plans: &[Plan],
    rendered: &[Vec<Bundle>],
    library: &Library,
) -> Vec<Result<RolledOut, InputError>> {
    let baseline = library.baseline();
    let all: Vec<(&Plan, &Vec<Bundle>)> = plans.iter().zip(rendered).collect();
    each(&all, |(plan, bundles)| {
        let goal = together(bundles);
        let between = Between::Nothing(&goal);
        let course = Course::of_plan(plan, between, Some(baseline.clone()), &[], |_| {})?;
        let course = course.of_workers();
        let proven = course.prove(&plan.platform_profile, |_| {})?;
        Ok(RolledOut {
            from: NOTHING.to_owned(),
            to: plan.described(),
            rollout: course.rollout,
            proven,
        })
    })
}

/// What whoever rolls it out should know, if no worker is cut off meanwhile; if one is, the user is
/// told how.
///
/// # Errors
/// The first of the roll-outs that could not be proven; what was to be told of those before it is told.
pub(super) fn safe_to_roll_out(
    rolled_out: Vec<Result<RolledOut, InputError>>,
) -> Result<Option<Vec<String>>, InputError> {
    let mut is_safe = true;
    let mut notes = Vec::new();
    for rolled in rolled_out {
        let rolled = rolled?;
        let phases = rolled.proven.phases.iter();
        let mut cuts = phases.flat_map(|phase| phase.cuts.iter().map(move |cut| (phase, cut)));
        let bears_it = |(phase, cut): (&PhaseProof, &Cut)| phase.is_of_arrival(cut);
        if rolled.proven.not_after.is_empty() && cuts.all(bears_it) {
            if rolled.proven.cuts().next().is_some() {
                notes.push(format!(
                    "{}: workers whose host endpoints are not there yet may not reach those whose \
                     are, until all are; `palisade rollout` shows it",
                    rolled.to
                ));
            }
            continue;
        }
        is_safe = false;
        terminal::tell(&report::text::render(&rolled, false));
        terminal::tell(&format!(
            "nothing is written: {}; `--no-verify` writes all the same",
            rolled.summary()
        ));
    }
    Ok(is_safe.then_some(notes))
}
