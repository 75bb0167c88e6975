//! What would be rendered from the facts that were read, to be held against what they were read
//! from.

use crate::bundle::{HostEndpoints, Plan, Target, Templates, Wanted, render};
use crate::finding::InputError;
use crate::profile::{Network, Platform, PlatformProfile, RegionProfile};
use crate::resource::normal_form;
use crate::upstream::parity::Rendered;

/// Every policy of a region, whether it is usually wanted or not, in its normal form.
pub(super) fn rendered(
    region: &RegionProfile,
    platform: &PlatformProfile,
    templates: &Templates,
) -> Result<Rendered, InputError> {
    let components = platform.components.iter();
    let every = components.map(|component| component.name.clone()).collect();
    let plan = Plan {
        target: Target::Region,
        region: region.clone(),
        networks: Network::BOTH.to_vec(),
        speaks_for_all: false,
        platform: Platform::Openshift,
        version: None,
        pod_subnet: platform.subnets.pods,
        workers: None,
        host_endpoints: HostEndpoints::Never,
        wanted: Wanted::default().then(every, Vec::new()),
        services: Vec::new(),
        platform_profile: platform.clone(),
    };
    let (bundles, _) = render(&plan, templates)?;
    let mut rendered = Rendered::new();
    for bundle in bundles {
        for file in bundle.files {
            let objects = file.resources.iter();
            let objects = objects.map(|resource| (resource.key.clone(), normal_form(resource)));
            rendered.insert((bundle.network, file.path), objects.collect());
        }
    }
    Ok(rendered)
}
