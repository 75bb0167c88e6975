//! One list of a profile by its name, to be corrected.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::finding::{Input, InputError};
use crate::net::Cidr;
use crate::yaml::Located;

use super::region::ZoneNet;
use super::{Day, FactList, Name, Network, RangesProfile, RegionProfile, Source};

/// One list of a profile.
pub(super) struct ListMut<'a> {
    source: &'a mut Source,
    date: &'a mut Day,
    items: Items<'a>,
}

/// What a list holds.
enum Items<'a> {
    Blocks(&'a mut Vec<Located<Cidr>>),
    /// Each block with its zone.
    Zones(&'a mut Vec<Located<ZoneNet>>),
}

impl ListMut<'_> {
    /// The blocks.
    pub(super) fn blocks(&self) -> Vec<Cidr> {
        match &self.items {
            Items::Blocks(blocks) => blocks.iter().map(|block| block.value).collect(),
            Items::Zones(zones) => zones.iter().map(|zone| zone.net).collect(),
        }
    }

    /// Whether each block has its zone.
    pub(super) fn has_zones(&self) -> bool {
        matches!(self.items, Items::Zones(_))
    }

    /// Makes `blocks` what the list holds; those that are new are in `zone`.
    pub(super) fn set(&mut self, blocks: &BTreeSet<Cidr>, zone: Option<&Name>) {
        match &mut self.items {
            Items::Blocks(list) => {
                **list = blocks.iter().copied().map(Located::nowhere).collect();
            }
            Items::Zones(list) => {
                let known: BTreeSet<Cidr> = list.iter().map(|zone| zone.net).collect();
                list.retain(|zone| blocks.contains(&zone.net));
                let new = zone.into_iter().flat_map(|zone| {
                    let new = blocks.difference(&known);
                    new.map(|net| ZoneNet {
                        zone: zone.clone(),
                        net: *net,
                    })
                });
                list.extend(new.map(Located::nowhere));
            }
        }
    }

    /// Says where the list comes from now.
    pub(super) fn set_source(&mut self, source: Source, date: Day) {
        *self.source = source;
        *self.date = date;
    }
}

fn of_blocks(list: &mut FactList) -> ListMut<'_> {
    ListMut {
        source: &mut list.source,
        date: &mut list.date,
        items: Items::Blocks(&mut list.nets.value),
    }
}

/// A profile of lists that can be corrected one by one.
pub(super) trait Correctable: Serialize + Clone {
    /// The list of this name, or the names of all.
    fn list_mut(&mut self, name: &str) -> Result<ListMut<'_>, Vec<String>>;

    /// The network on which the addresses of the list of this name are.
    fn network_of_list(name: &str) -> Network;

    /// Reads a text of such a profile.
    fn read_again(input: &Arc<Input>) -> Result<Self, InputError>;
}

impl Correctable for RegionProfile {
    fn list_mut(&mut self, name: &str) -> Result<ListMut<'_>, Vec<String>> {
        let known: Vec<String> = self.lists().into_iter().map(|(name, ..)| name).collect();
        let Some(at) = known.iter().position(|known| known == name) else {
            return Err(known);
        };
        // In the order in which `lists` has them.
        let zones = &mut self.infrastructure.zones;
        let mut lists = vec![
            of_blocks(&mut self.control_plane.private),
            of_blocks(&mut self.control_plane.public),
            of_blocks(&mut self.kubernetes_api),
        ];
        let required = self.infrastructure.required.iter_mut();
        lists.extend(required.map(|list| ListMut {
            source: &mut list.source,
            date: &mut list.date,
            items: Items::Blocks(&mut list.nets.value),
        }));
        lists.push(ListMut {
            source: &mut zones.source,
            date: &mut zones.date,
            items: Items::Zones(&mut zones.nets.value),
        });
        lists.extend(self.services.iter_mut().map(|group| ListMut {
            source: &mut group.source,
            date: &mut group.date,
            items: Items::Blocks(&mut group.nets.value),
        }));
        lists.into_iter().nth(at).ok_or(known)
    }

    fn network_of_list(name: &str) -> Network {
        Self::network_of(name)
    }

    fn read_again(input: &Arc<Input>) -> Result<Self, InputError> {
        Self::read(input)
    }
}

impl RegionProfile {
    /// The network on which the addresses of a list are, by the name of the list: it need not be
    /// there any more. Workers reach the Kubernetes API and the infrastructure by the private one.
    pub fn network_of(list: &str) -> Network {
        let network = Network::Public;
        let is_public = list == format!("control-plane-{network}")
            || list.starts_with(&format!("services-{network}-"));
        if is_public { network } else { Network::Private }
    }
}

impl Correctable for RangesProfile {
    fn list_mut(&mut self, name: &str) -> Result<ListMut<'_>, Vec<String>> {
        let known = self.lists().map(|(name, _)| name.to_owned());
        match name {
            "ipv4" => Ok(of_blocks(&mut self.ipv4)),
            "ipv6" => Ok(of_blocks(&mut self.ipv6)),
            _ => Err(known.to_vec()),
        }
    }

    fn network_of_list(_: &str) -> Network {
        Self::NETWORK
    }

    fn read_again(input: &Arc<Input>) -> Result<Self, InputError> {
        Self::read(input)
    }
}
