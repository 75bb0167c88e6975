//! Profiles and the lock as the texts of their files.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::{Input, InputError};
use crate::profile::{Lock, RangesProfile, RegionProfile};
use crate::yaml;

/// The text of a region's profile file. It is read again before it is handed out, so that what is
/// written is what was meant.
///
/// # Errors
/// A profile that is not right by the rules of profiles.
pub fn text_of(profile: &RegionProfile) -> Result<String, InputError> {
    let region = &profile.region.value;
    let name = &profile.display_name;
    let head = format!("The facts of {region} ({name}), made by `palisade profile update`.");
    let what = format!("profile of {region}");
    text(
        profile,
        &what,
        &head,
        "../../docs/schema/region-profile.json",
        RegionProfile::read,
    )
}

/// The text of the profile file of an operator's ranges, read again as a region's.
///
/// # Errors
/// A profile that is not right by the rules of profiles.
pub fn text_of_ranges(profile: &RangesProfile) -> Result<String, InputError> {
    let name = &profile.display_name;
    let head = format!("The ranges that {name} publishes, made by `palisade profile update`.");
    let what = format!("profile of the ranges {}", profile.ranges);
    text(
        profile,
        &what,
        &head,
        "../../docs/schema/ranges-profile.json",
        RangesProfile::read,
    )
}

/// The text of the lock's file, read again as a profile's.
///
/// # Errors
/// A lock that pins a profile twice.
pub fn text_of_lock(lock: &Lock) -> Result<String, InputError> {
    let head =
        "Which states of their sources the profiles hold, made by `palisade profile update`.";
    text(lock, "lock", head, "../docs/schema/lock.json", Lock::read)
}

fn text<T: Serialize + PartialEq>(
    value: &T,
    what: &str,
    head: &str,
    schema: &str,
    read: impl Fn(&Arc<Input>) -> Result<T, InputError>,
) -> Result<String, InputError> {
    let head = head.replace(['\n', '\r'], " ");
    let body = yaml::to_text(value)?;
    let text = format!("# {head}\n# yaml-language-server: $schema={schema}\n{body}");
    let input = Input::new(format!("<the new {what}>"), text.clone());
    if read(&input)? == *value {
        Ok(text)
    } else {
        Err(InputError::new(format!(
            "the {what} is not read back as it was written"
        )))
    }
}
