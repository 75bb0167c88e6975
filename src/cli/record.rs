//! The argument that adds Log policies to what is rendered.

use clap::Args;

use crate::bundle::{Bundle, Plan, with_logs};
use crate::finding::Error;
use crate::profile::{Library, Name};
use crate::question::logging::{PolicyName, Wanted};

use super::log_denied;

/// Whose denials are recorded.
#[derive(Debug, Args)]
pub(super) struct RecordArguments {
    /// Write policies besides that record what policies deny: all of them, or those of these names
    #[arg(long, value_name = "POLICIES", num_args = 0.., require_equals = true, value_delimiter = ',')]
    log_denied: Option<Vec<Name>>,
}

impl RecordArguments {
    /// The bundles of each plan with policies that record what they deny, where those are wanted.
    pub(super) fn add(
        &self,
        plans: &[Plan],
        rendered: Vec<Vec<Bundle>>,
        library: &Library,
    ) -> Result<Vec<Vec<Bundle>>, Error> {
        let mut all = Vec::with_capacity(rendered.len());
        for (plan, bundles) in plans.iter().zip(rendered) {
            let Some(wanted) = self.wanted(plan, &bundles) else {
                all.push(bundles);
                continue;
            };
            let (more, recorded) = with_logs(plan, &bundles, &wanted, &library.baseline())?;
            if wanted != Wanted::All {
                log_denied::refuse_nothing(&wanted, &recorded)?;
            }
            log_denied::tell(&recorded);
            all.push(more);
        }
        Ok(all)
    }

    /// Whose denials are recorded: what the call says, else what the cluster profile does. Where the
    /// call chooses one of the profile's networks, names of the other's policies are passed over.
    fn wanted(&self, plan: &Plan, bundles: &[Bundle]) -> Option<Wanted> {
        let named = |name: &Name| PolicyName::of_name(name.as_str());
        let is_there = |name: &&PolicyName| {
            let files = bundles.iter().flat_map(|bundle| &bundle.files);
            let mut objects = files.flat_map(|file| &file.resources);
            plan.speaks_for_all || objects.any(|object| object.key.name == name.name())
        };
        match (&self.log_denied, &plan.log_denied) {
            (Some(names), _) if names.is_empty() => Some(Wanted::All),
            (Some(names), _) => Some(Wanted::Policies(names.iter().map(named).collect())),
            (None, Some(Wanted::Policies(names))) => {
                let names: Vec<PolicyName> = names.iter().filter(is_there).cloned().collect();
                (!names.is_empty()).then_some(Wanted::Policies(names))
            }
            (None, wanted) => wanted.clone(),
        }
    }
}
