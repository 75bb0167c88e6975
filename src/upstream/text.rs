//! A region profile as the text of its file.

use crate::finding::{Input, InputError};
use crate::profile::RegionProfile;
use crate::yaml;

const SCHEMA: &str = "../../docs/schema/region-profile.json";

/// The text of a region's profile file. It is read again before it is handed out, so that what is
/// written is what was meant.
///
/// # Errors
/// A profile that is not right by the rules of profiles.
pub fn text_of(profile: &RegionProfile) -> Result<String, InputError> {
    let region = &profile.region.value;
    let body = yaml::to_text(profile)?;
    let text = format!(
        "# The facts of {region} ({}), made by `palisade profile update`.\n\
         # yaml-language-server: $schema={SCHEMA}\n{body}",
        profile.display_name.replace(['\n', '\r'], " ")
    );
    let input = Input::new(format!("<the new profile of {region}>"), text.clone());
    if RegionProfile::read(&input)? == *profile {
        Ok(text)
    } else {
        Err(InputError::new(format!(
            "the profile of {region} is not read back as it was written"
        )))
    }
}
