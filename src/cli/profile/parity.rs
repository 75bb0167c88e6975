//! What would be rendered from the facts that were read, to be held against what they were read
//! from.

use crate::bundle::{Bundle, Plan, Templates, render};
use crate::finding::InputError;
use crate::profile::{PlatformProfile, RegionProfile};
use crate::upstream::parity::Rendered;

/// Every policy of a region, whether it is usually wanted or not, in its normal form.
pub(super) fn rendered(
    region: &RegionProfile,
    platform: &PlatformProfile,
    templates: &Templates,
) -> Result<Rendered, InputError> {
    let plan = Plan::whole(region.clone(), platform.clone());
    let (bundles, _) = render(&plan, templates)?;
    Ok(bundles.iter().flat_map(Bundle::normal_forms).collect())
}
