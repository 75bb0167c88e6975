//! Named address ranges of others that policies refer to.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place};
use crate::yaml;

use super::fact::{check_days, check_list};
use super::{FactList, Name, Network};

/// The published ranges of one network operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangesProfile {
    /// The operator, such as `cloudflare`.
    pub ranges: Name,
    /// What the ranges are for.
    pub display_name: String,
    /// IPv4 ranges.
    pub ipv4: FactList,
    /// IPv6 ranges.
    pub ipv6: FactList,
}

impl RangesProfile {
    /// The network on which the addresses are.
    pub const NETWORK: Network = Network::Public;

    /// Reads a profile of named ranges.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let profile: Self = yaml::typed(input)?;
        for (list, ipv4) in [(&profile.ipv4, true), (&profile.ipv6, false)] {
            check_days(input, list.valid_from.as_ref(), list.valid_until.as_ref())?;
            check_list(input, &list.nets, |net| *net)?;
            if let Some(net) = list.nets.iter().find(|net| net.is_ipv4() != ipv4) {
                let family = if ipv4 { "IPv4" } else { "IPv6" };
                return Err(
                    InputError::new(format!("`{}` is not an {family} range", net.value))
                        .at(Place::new(input, net.span)),
                );
            }
        }
        Ok(profile)
    }

    /// Both lists under the names by which a user addresses them.
    pub fn lists(&self) -> [(&'static str, &FactList); 2] {
        [("ipv4", &self.ipv4), ("ipv6", &self.ipv6)]
    }
}
