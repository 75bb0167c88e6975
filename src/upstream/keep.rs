//! What upstream does not say and the profile in place knows.

use crate::profile::{RangesProfile, RegionProfile};

/// Takes over how the provider stands behind a list, and how long it holds.
macro_rules! take_standing {
    ($new:expr, $old:expr) => {
        $new.status = $old.status;
        $new.valid_from = $old.valid_from;
        $new.valid_until = $old.valid_until;
    };
}

/// Takes over from `old`, the profile in place, what upstream does not say: the display name, the
/// single-zone locations, and of each list that is still there how the provider stands behind it
/// and how long it holds.
pub fn keep(new: &mut RegionProfile, old: &RegionProfile) {
    new.display_name.clone_from(&old.display_name);
    new.single_zone.clone_from(&old.single_zone);
    take_standing!(new.control_plane.private, old.control_plane.private);
    take_standing!(new.control_plane.public, old.control_plane.public);
    take_standing!(new.kubernetes_api, old.kubernetes_api);
    take_standing!(new.infrastructure.zones, old.infrastructure.zones);
    for required in &mut new.infrastructure.required {
        let mut known = old.infrastructure.required.iter();
        if let Some(old) = known.find(|old| old.zones == required.zones) {
            take_standing!(required, old);
        }
    }
    for group in &mut new.services {
        let mut known = old.services.iter();
        if let Some(old) = known.find(|old| old.network == group.network && old.name == group.name)
        {
            take_standing!(group, old);
        }
    }
}

/// Takes over from `old`, the ranges in place, what upstream does not say: the display name, and of
/// each list how the operator stands behind it and how long it holds. A list that says what it said
/// keeps its day and where it was read too.
pub fn keep_ranges(new: &mut RangesProfile, old: &RangesProfile) {
    new.display_name.clone_from(&old.display_name);
    for (new, old) in [(&mut new.ipv4, &old.ipv4), (&mut new.ipv6, &old.ipv6)] {
        take_standing!(new, old);
        if new.nets == old.nets {
            new.date = old.date;
            new.source.clone_from(&old.source);
        }
    }
}
