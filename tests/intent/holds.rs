//! The built-in intents hold of the sets that are rendered, flow by flow.

use std::collections::BTreeSet;

use palisade::profile::{Library, Network, Platform};
use palisade::resource::ResourceSet;

use crate::flows::Held;
use crate::place::{Place, cluster_plan, region_plan};

const SETS: [&[Network]; 3] = [
    &[Network::Private],
    &[Network::Public],
    &[Network::Private, Network::Public],
];

/// Every intent of the place that does not hold.
fn refuted(place: &Place) -> (Vec<String>, usize) {
    let mut held = Held::new(place);
    let told = place
        .intents
        .iter()
        .filter_map(|intent| held.refute(intent));
    (told.collect(), 0)
}

#[test]
fn built_in_intents_hold_of_every_region() {
    let mut wrong = Vec::new();
    for region in Library::embedded().regions() {
        for networks in SETS {
            for platform in [Platform::Kubernetes, Platform::Openshift] {
                for baseline in [true, false] {
                    let plan = region_plan(region, networks, platform);
                    let name = format!("{region} {networks:?} {platform} baseline {baseline}");
                    let place = Place::new(name, plan, baseline, |set| set);
                    wrong.extend(refuted(&place).0);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
