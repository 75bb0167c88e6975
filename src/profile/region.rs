//! The facts of one region.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place};
use crate::net::{Cidr, PortRange, Protocol};
use crate::yaml::{self, Located};

use super::fact::{check_days, check_list, facts_of_fields};
use super::{Day, FactList, Facts, Name, Network, Source, Status};

/// The facts of one region: what a cluster there must reach, and what must reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionProfile {
    /// The region's name, such as `us-south`.
    pub region: Located<Name>,
    /// What people call it, such as `Dallas`.
    pub display_name: String,
    /// The zones whose control planes serve the region.
    pub zones: Located<Vec<Located<Name>>>,
    /// Single-zone locations that use this region although another one is nearer by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_zone: Vec<Name>,
    /// Where the clusters' masters answer.
    pub control_plane: ControlPlane,
    /// The service addresses of the Kubernetes API, as workers reach it.
    pub kubernetes_api: FactList,
    /// Subnets of the provider's own systems that manage workers.
    pub infrastructure: Infrastructure,
    /// Services of the provider that clusters use, in the order in which rules are written.
    pub services: Vec<ServiceGroup>,
}

/// The control-plane addresses of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlPlane {
    /// Addresses on the private network.
    pub private: FactList,
    /// Addresses on the public network.
    pub public: FactList,
}

/// The infrastructure subnets of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Infrastructure {
    /// Subnets that every cluster needs, grouped as the provider gives them.
    pub required: Vec<RequiredNets>,
    /// Subnets of the region's zones, each with its zone.
    pub zones: FactList<ZoneNet>,
}

/// Infrastructure subnets that every cluster of the region needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequiredNets {
    /// The zones in which these systems stand.
    pub zones: Vec<Name>,
    /// Where the list comes from.
    pub source: Source,
    /// The day on which the source said so.
    pub date: Day,
    /// How the provider stands behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The first day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Located<Day>>,
    /// The last day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Located<Day>>,
    /// The address blocks, sorted.
    pub nets: Located<Vec<Located<Cidr>>>,
}

/// The infrastructure subnet of one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneNet {
    /// The zone.
    pub zone: Name,
    /// The address block.
    pub net: Cidr,
}

/// A named group of services of the provider that answer on the same ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceGroup {
    /// What the group is for, such as `registry`. Unique on its network.
    pub name: Located<Name>,
    /// The network on which the addresses are.
    pub network: Network,
    /// The protocol.
    pub protocol: Protocol,
    /// The ports, in the order in which they are written into the rule.
    pub ports: Located<Vec<Located<PortRange>>>,
    /// Where the list comes from.
    pub source: Source,
    /// The day on which the source said so.
    pub date: Day,
    /// How the provider stands behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The first day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Located<Day>>,
    /// The last day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Located<Day>>,
    /// The address blocks, sorted.
    pub nets: Located<Vec<Located<Cidr>>>,
}

impl RequiredNets {
    facts_of_fields!();

    /// The address blocks.
    pub fn blocks(&self) -> impl Iterator<Item = Cidr> {
        self.nets.iter().map(|net| net.value)
    }
}

impl ServiceGroup {
    facts_of_fields!();

    /// The address blocks.
    pub fn blocks(&self) -> impl Iterator<Item = Cidr> {
        self.nets.iter().map(|net| net.value)
    }

    /// The name by which a user addresses the group's list.
    pub fn list_name(&self) -> String {
        format!("services-{}-{}", self.network, self.name.value)
    }

    /// Whether a user who says `wanted` means this group: by its name, or by the first words of
    /// it (`logging` means `logging-syslog` too).
    pub fn answers_to(&self, wanted: &str) -> bool {
        let name = self.name.as_str();
        name.strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

impl RegionProfile {
    /// Reads a region profile.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let profile: Self = yaml::typed(input)?;
        profile.check(input)?;
        Ok(profile)
    }

    /// The control-plane addresses on `network`.
    pub fn control_plane(&self, network: Network) -> &FactList {
        match network {
            Network::Private => &self.control_plane.private,
            Network::Public => &self.control_plane.public,
        }
    }

    /// The service groups on `network`, in order.
    pub fn services_on(&self, network: Network) -> impl Iterator<Item = &ServiceGroup> {
        self.services
            .iter()
            .filter(move |group| group.network == network)
    }

    /// Every list of the profile under the name by which a user addresses it
    /// (`control-plane-private`, `infrastructure-zones`, `services-private-registry`, …).
    pub fn lists(&self) -> Vec<(String, Facts<'_>, Vec<Cidr>)> {
        let mut lists = Vec::new();
        for network in Network::BOTH {
            let list = self.control_plane(network);
            let name = format!("control-plane-{network}");
            lists.push((name, list.facts(), list.blocks().collect()));
        }
        let api = &self.kubernetes_api;
        lists.push(("kubernetes-api".into(), api.facts(), api.blocks().collect()));
        for required in &self.infrastructure.required {
            let zones: Vec<&str> = required.zones.iter().map(Name::as_str).collect();
            let name = format!("infrastructure-required-{}", zones.join("-"));
            lists.push((name, required.facts(), required.blocks().collect()));
        }
        let zones = &self.infrastructure.zones;
        let blocks = zones.nets.iter().map(|zone| zone.net).collect();
        lists.push(("infrastructure-zones".into(), zones.facts(), blocks));
        for group in &self.services {
            lists.push((group.list_name(), group.facts(), group.blocks().collect()));
        }
        lists
    }

    fn check(&self, input: &Arc<Input>) -> Result<(), InputError> {
        check_list(input, &self.zones, Clone::clone)?;
        for network in Network::BOTH {
            let list = self.control_plane(network);
            check_facts(input, list)?;
            check_not_everywhere(input, list)?;
        }
        check_facts(input, &self.kubernetes_api)?;
        self.check_infrastructure(input)?;
        self.check_services(input)
    }

    fn check_infrastructure(&self, input: &Arc<Input>) -> Result<(), InputError> {
        let infrastructure = &self.infrastructure;
        self.refuse_empty(
            input,
            "infrastructure.required",
            infrastructure.required.is_empty(),
        )?;
        let mut seen = HashMap::new();
        for required in &infrastructure.required {
            let name = "infrastructure.required.zones";
            self.refuse_empty(input, name, required.zones.is_empty())?;
            check_list(input, &required.nets, |net| *net)?;
            let (from, until) = (&required.valid_from, &required.valid_until);
            check_days(input, from.as_ref(), until.as_ref())?;
            seen.extend(required.nets.iter().map(|net| (net.value, net.span)));
        }
        let zones = &infrastructure.zones;
        check_list(input, &zones.nets, |zone| zone.net)?;
        check_days(input, zones.valid_from.as_ref(), zones.valid_until.as_ref())?;
        let twice = |zone: &&Located<ZoneNet>| seen.contains_key(&zone.net);
        match zones.nets.iter().find(twice) {
            Some(zone) => {
                let error = InputError::new(format!("`{}` stands here a second time", zone.net));
                let first = seen.get(&zone.net).copied().unwrap_or_default();
                Err(error
                    .at(Place::new(input, zone.span))
                    .also(InputError::new("it stood here first").at(Place::new(input, first))))
            }
            None => Ok(()),
        }
    }

    fn check_services(&self, input: &Arc<Input>) -> Result<(), InputError> {
        self.refuse_empty(input, "services", self.services.is_empty())?;
        let mut seen = HashMap::new();
        for group in &self.services {
            let name = &group.name;
            if let Some(first) = seen.insert((group.network, &name.value), name.span) {
                return Err(InputError::new(format!(
                    "a second group `{}` on the {} network",
                    name.value, group.network
                ))
                .at(Place::new(input, name.span))
                .also(InputError::new("the first one").at(Place::new(input, first))));
            }
            check_list(input, &group.nets, |net| *net)?;
            check_list(input, &group.ports, |port| *port)?;
            check_days(input, group.valid_from.as_ref(), group.valid_until.as_ref())?;
            if !group.protocol.has_ports() {
                let protocol = group.protocol;
                return Err(InputError::new(format!(
                    "`{protocol}` has no ports, but the group lists some"
                ))
                .at(Place::new(input, group.ports.span)));
            }
        }
        Ok(())
    }

    fn refuse_empty(
        &self,
        input: &Arc<Input>,
        name: &str,
        is_empty: bool,
    ) -> Result<(), InputError> {
        if is_empty {
            let region = &self.region;
            return Err(
                InputError::new(format!("`{name}` of {} is empty", region.value))
                    .at(Place::new(input, region.span)),
            );
        }
        Ok(())
    }
}

fn check_facts(input: &Arc<Input>, list: &FactList) -> Result<(), InputError> {
    check_list(input, &list.nets, |net| *net)?;
    check_days(input, list.valid_from.as_ref(), list.valid_until.as_ref())
}

/// Refuses a list that holds every address of a family, in one block or in several.
fn check_not_everywhere(input: &Arc<Input>, list: &FactList) -> Result<(), InputError> {
    let nets: Vec<IpNet> = list.blocks().map(Cidr::to_net).collect();
    let everything = IpNet::aggregate(&nets)
        .into_iter()
        .find(|net| net.prefix_len() == 0);
    let Some(everything) = everything else {
        return Ok(());
    };
    let widest = list.nets.iter().min_by_key(|net| net.prefix_len());
    let span = widest.map_or(list.nets.span, |net| net.span);
    Err(InputError::new(format!(
        "the list holds every address (`{everything}`), and no control plane answers at every one"
    ))
    .at(Place::new(input, span))
    .hint("list the addresses of the masters"))
}
