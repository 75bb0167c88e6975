//! The subnets of the systems that manage workers: those that every cluster needs and those of the
//! region's zones, told apart by the headings of the list.

use crate::finding::{InputError, Place};
use crate::net::Cidr;
use crate::profile::{Name, Network, ZoneNet};

use super::layout::Role;
use super::lists::{agree, zone_name, zones_of};
use super::policy::{Net, Nets, Policy, Rule};
use super::region::Reading;

/// How the headings of subnets that every cluster needs begin.
const REQUIRED: &str = "Required net";

/// How the headings of the zones' subnets begin.
const ZONES: &str = "Nets for ";

/// The infrastructure subnets as upstream groups them.
pub(super) struct Subnets {
    /// The path of the file they come from.
    pub(super) path: String,
    /// Those that every cluster needs: the zones they stand in, and the blocks.
    pub(super) required: Vec<(Vec<Name>, Vec<Cidr>)>,
    /// Those of the region's zones.
    pub(super) zones: Vec<ZoneNet>,
}

/// Reads the infrastructure subnets of a region.
pub(super) fn subnets(reading: &mut Reading<'_>) -> Result<Subnets, InputError> {
    let (path, policy) = reading.policy(Network::Private, Role::SysMgmt)?;
    // Until 2021 the policy had no rule for outgoing traffic, so either copy may be missing.
    let egress = one_list(&policy, &policy.egress, |rule| {
        (rule.source.is_empty()).then(|| rule.destination.nets_alone())?
    })?;
    let ingress = one_list(&policy, &policy.ingress, |rule| {
        (rule.destination.is_empty()).then(|| rule.source.nets_alone())?
    })?;
    if let (Some(egress), Some(ingress)) = (egress, ingress) {
        agree("infrastructure subnets", egress, ingress)?;
        if grouped(egress)? != grouped(ingress)? {
            return Err(InputError::new(
                "the two copies of the infrastructure subnets have different headings",
            )
            .at(ingress.place())
            .also(InputError::new("the other copy").at(egress.place())));
        }
    }
    let Some(nets) = egress.or(ingress) else {
        return Err(policy.refuse(policy.span, "the policy lists no subnets"));
    };
    let groups = grouped(nets)?;
    Ok(Subnets {
        path,
        required: groups.required,
        zones: groups.zones,
    })
}

/// The list of the one rule of a direction; nothing where the direction has no rule.
fn one_list<'p>(
    policy: &Policy,
    rules: &'p [Rule],
    list: impl Fn(&'p Rule) -> Option<&'p Nets>,
) -> Result<Option<&'p Nets>, InputError> {
    let mut rules = rules.iter();
    let Some(rule) = rules.next() else {
        return Ok(None);
    };
    let bare =
        rule.protocol.is_none() && rule.source.ports.is_none() && rule.destination.ports.is_none();
    let nets = list(rule).filter(|_| bare).ok_or_else(|| {
        policy.refuse(
            rule.span,
            "this rule is not one of subnets and nothing else",
        )
    })?;
    match rules.next() {
        Some(second) => Err(policy.refuse(second.span, "a second rule of the same direction")),
        None => Ok(Some(nets)),
    }
}

#[derive(Default, PartialEq)]
struct Groups {
    required: Vec<(Vec<Name>, Vec<Cidr>)>,
    zones: Vec<ZoneNet>,
}

/// The subnets of a list by its headings, each group sorted.
fn grouped(nets: &Nets) -> Result<Groups, InputError> {
    let mut groups = Groups::default();
    let mut headings = nets.headings.iter().peekable();
    let first = headings
        .peek()
        .map_or(nets.list.len(), |(before, _)| *before);
    if let Some(stray) = nets.list.first().filter(|_| first > 0) {
        return Err(unheaded(nets, stray));
    }
    while let Some((from, heading)) = headings.next() {
        let until = headings
            .peek()
            .map_or(nets.list.len(), |(before, _)| *before);
        let below = nets.list.get(*from..until).unwrap_or_default();
        if heading.text.starts_with(REQUIRED) {
            let zones = zones_of(heading).ok_or_else(|| {
                InputError::new("the heading of required subnets does not list their zones")
                    .at(Place::new(&nets.input, heading.span))
            })?;
            let mut blocks: Vec<Cidr> = below.iter().map(|net| net.block.value).collect();
            blocks.sort_unstable();
            groups.required.push((zones, blocks));
        } else if heading.text.starts_with(ZONES) {
            let zones = zones_of(heading);
            if let Some(zones) = zones.as_ref().filter(|zones| zones.len() != below.len()) {
                return Err(InputError::new(format!(
                    "the heading lists {} zones, but {} subnets stand below it",
                    zones.len(),
                    below.len()
                ))
                .at(Place::new(&nets.input, heading.span)));
            }
            let mut listed = zones.unwrap_or_default().into_iter();
            for net in below {
                let zone = zone_of(nets, net, listed.next())?;
                groups.zones.push(ZoneNet {
                    zone,
                    net: net.block.value,
                });
            }
        } else {
            return Err(InputError::new(format!(
                "a heading of infrastructure subnets that is not known: `{}`",
                heading.text
            ))
            .at(Place::new(&nets.input, heading.span))
            .hint(format!(
                "known are `{REQUIRED}s for …: zones` and `{ZONES}… zones`"
            )));
        }
        if below.is_empty() {
            return Err(InputError::new("no subnet stands below this heading")
                .at(Place::new(&nets.input, heading.span)));
        }
    }
    for (is_empty, whose) in [
        (groups.required.is_empty(), "that every cluster needs"),
        (groups.zones.is_empty(), "of the region's zones"),
    ] {
        if is_empty {
            return Err(
                InputError::new(format!("the list has no subnets {whose}")).at(nets.place())
            );
        }
    }
    groups.zones.sort_by_key(|zone| zone.net);
    Ok(groups)
}

fn unheaded(nets: &Nets, net: &Net) -> InputError {
    InputError::new("this subnet stands below no heading, so nothing says whose it is")
        .at(Place::new(&nets.input, net.block.span))
}

/// The zone of a subnet: what the comment behind it says, or its turn in the heading.
fn zone_of(nets: &Nets, net: &Net, listed: Option<Name>) -> Result<Name, InputError> {
    let Some(label) = &net.label else {
        return listed.ok_or_else(|| {
            InputError::new("neither the heading nor a comment behind it says this subnet's zone")
                .at(Place::new(&nets.input, net.block.span))
        });
    };
    let zone = zone_name(&label.text).ok_or_else(|| {
        InputError::new(format!("`{}` is not a zone such as `dal10`", label.text))
            .at(Place::new(&nets.input, label.span))
    })?;
    match listed {
        Some(listed) if listed != zone => Err(InputError::new(format!(
            "the heading gives this subnet to `{listed}`, the comment to `{zone}`"
        ))
        .at(Place::new(&nets.input, label.span))),
        _ => Ok(zone),
    }
}
