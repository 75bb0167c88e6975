//! Addresses that have no place in some lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Cidr;

use super::{Network, PlatformProfile};

/// Addresses that have no place in some lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecialAddresses {
    /// Addresses that nobody on the internet has.
    pub private_use: Vec<Cidr>,
    /// Addresses of documents, which nobody has at all.
    pub documents: Vec<Cidr>,
}

impl PlatformProfile {
    /// Whether a block has no place in a list of addresses on `network`: one that touches addresses
    /// of private use on the public network, and one on the private network that is neither of
    /// private use nor sent that way.
    pub fn is_astray(&self, block: Cidr, network: Network) -> bool {
        let special = &self.special_addresses;
        let within = |nets: &[Cidr]| nets.iter().any(|net| net.covers(&block));
        match network {
            Network::Public => special.private_use.iter().any(|net| net.overlaps(&block)),
            Network::Private => {
                let routes = self.routes.iter();
                let mut private = routes.filter(|route| route.network == Network::Private);
                !within(&special.private_use)
                    && !within(&special.documents)
                    && !private.any(|route| route.net.covers(&block))
            }
        }
    }
}
