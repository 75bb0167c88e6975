//! Addresses that have no place in some lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Cidr;

use super::{Network, PlatformProfile};

/// Addresses that nobody on the internet has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecialAddresses {
    /// What they are kept for, and by which standard.
    pub what: String,
    /// The addresses.
    pub nets: Vec<Cidr>,
    /// The networks whose lists may hold them; no list may where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
}

impl SpecialAddresses {
    fn touch(&self, block: Cidr) -> bool {
        self.nets.iter().any(|net| net.overlaps(&block))
    }

    fn hold(&self, block: Cidr) -> bool {
        self.nets.iter().any(|net| net.covers(&block))
    }
}

impl PlatformProfile {
    /// Why a block has no place in a list of addresses on `network`, in a sentence; nothing where it
    /// has one.
    ///
    /// A block that only touches what has no place there has none either: what is a little too wide is
    /// as wrong as what is elsewhere.
    pub fn astray(&self, block: Cidr, network: Network) -> Option<String> {
        let special = self.special_addresses.iter();
        let touched = special.filter(|special| special.touch(block));
        let strange: Vec<&str> = touched
            .filter(|special| !special.networks.contains(&network))
            .map(|special| special.what.as_str())
            .collect();
        match network {
            Network::Public if !strange.is_empty() => Some(format!(
                "nobody is reached there on the public network ({})",
                strange.join("; ")
            )),
            Network::Public => self.sends_privately(block).then(|| {
                "that is on the private network, by which workers' packets to there leave"
                    .to_owned()
            }),
            Network::Private if self.is_private(block) => None,
            Network::Private if strange.is_empty() => {
                Some("that is not on the private network".to_owned())
            }
            Network::Private => Some(format!(
                "that is not on the private network ({})",
                strange.join("; ")
            )),
        }
    }

    /// Refuses special addresses that are none: without them no guard speaks.
    pub(super) fn check_special(&self) -> Result<(), String> {
        if self.special_addresses.is_empty() {
            return Err("the list `specialAddresses` is empty".to_owned());
        }
        match self.special_addresses.iter().find(|s| s.nets.is_empty()) {
            Some(special) => Err(format!(
                "the list `nets` of the special addresses `{}` is empty",
                special.what
            )),
            None => Ok(()),
        }
    }

    /// Whether packets to any address of the block leave by the private network.
    fn sends_privately(&self, block: Cidr) -> bool {
        let within = self.routes.iter().filter(|route| block.covers(&route.net));
        within
            .map(|route| route.network)
            .any(|n| n == Network::Private)
            || self.route_of(block) == Some(Network::Private)
    }

    /// Whether every address of the block is on the private network.
    fn is_private(&self, block: Cidr) -> bool {
        let mut special = self.special_addresses.iter();
        let is_kept = special.any(|s| s.networks.contains(&Network::Private) && s.hold(block));
        let mut within = self.routes.iter().filter(|route| block.covers(&route.net));
        is_kept
            || self.route_of(block) == Some(Network::Private)
                && within.all(|route| route.network == Network::Private)
    }
}
