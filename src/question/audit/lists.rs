//! List entries that change no verdict: what only they bring their rule comes to the same without.

use crate::engine::reach::{ArrivalAddress, ArrivalSide, HeaderEnd};
use crate::engine::space::{Addresses, Cube, Ranges, Space, SpaceError, Spaces};
use crate::engine::{Effect, Rule, RuleId, Side};
use crate::finding::Span;
use crate::resource::{self, EntityRule};

use super::asked::{Asked, Spot};
use super::dead::{Dead, Entry, Reason, Walk};
use super::entries::{Blocks, Only, Ports, have_in_common};

/// Why an entry changes no verdict, with packets that show it.
type Why = (Reason, Option<(Spot, Space)>);

impl Walk<'_> {
    /// Looks at the lists of a rule that counts.
    pub(super) fn lists(
        &mut self,
        id: RuleId,
        rule: &Rule,
        written: &resource::Rule,
    ) -> Result<(), SpaceError> {
        let spots = self.spots(id)?;
        let sides = [
            (
                HeaderEnd::Destination,
                &rule.destination,
                &written.destination,
            ),
            (HeaderEnd::Source, &rule.source, &written.source),
        ];
        for (end, _, entity) in sides {
            if let Some(entity) = entity {
                self.nets(id, rule.effect, &spots, end, entity)?;
                self.ports(id, rule.effect, &spots, end, entity)?;
            }
        }
        for (end, side, entity) in sides {
            if let Some(entity) = entity {
                self.not_nets(id, rule, &spots, (end, side), entity)?;
            }
        }
        Ok(())
    }

    fn nets(
        &mut self,
        id: RuleId,
        effect: Effect,
        spots: &[Spot],
        end: HeaderEnd,
        entity: &EntityRule,
    ) -> Result<(), SpaceError> {
        let mut blocks = Blocks::of(&entity.nets);
        let all = blocks.addresses();
        for index in blocks.last_to_first() {
            if blocks.all_left() < 2 {
                break;
            }
            let Some(block) = blocks.get(index).cloned() else {
                continue;
            };
            let found = match blocks.only(index) {
                Only::Nothing(holder) => Some((Reason::InList(holder), None)),
                Only::Brings(only) => self.brings(effect, spots, end, &only)?,
            };
            let Some((reason, shown)) = found else {
                continue;
            };
            blocks.take(index);
            let list = "nets";
            self.tell(id, block.span, list, reason, shown);
        }
        let left = blocks.addresses();
        let taken = all.complement().union(&left).complement();
        self.take_addresses(spots, end, &taken)
    }

    /// Why addresses that only one entry brings change no verdict; nothing where they do.
    fn brings(
        &mut self,
        effect: Effect,
        spots: &[Spot],
        end: HeaderEnd,
        only: &Addresses,
    ) -> Result<Option<Why>, SpaceError> {
        let cubes = both_ends(only, self.reach.spaces())?;
        let mut held = None;
        let mut owned = None;
        for spot in spots {
            let Some(asked) = self.asked.get(spot.asked) else {
                continue;
            };
            let side = side_of(asked, end);
            let own = asked.owned(*spot);
            let spaces = self.reach.spaces();
            let cube = match &side.address {
                ArrivalAddress::Header => in_header(cubes, side.end),
                ArrivalAddress::OneOf(among) if !have_in_common(only, among) => continue,
                _ if asked
                    .line(*spot)
                    .is_none_or(|line| line.possible.is_empty()) =>
                {
                    continue;
                }
                // Which packets it brings is not seen in their headers.
                ArrivalAddress::OneOf(_) | ArrivalAddress::Unknown => return Ok(None),
            };
            let part = spaces.intersection(own, cube)?;
            if !asked.behind.decides_alike(effect, part, spaces)? {
                return Ok(None);
            }
            if !part.is_empty() {
                owned = owned.or(Some((*spot, part)));
            } else if held.is_none()
                && let (Some(line), Some(tier)) = (asked.line(*spot), asked.tiers.get(spot.tier))
            {
                let here = spaces.intersection(tier.packets, line.possible)?;
                let here = spaces.intersection(here, cube)?;
                held = (!here.is_empty()).then_some((*spot, here));
            }
        }
        let reason = match (owned, held) {
            (Some(_), _) => Reason::Behind,
            (None, Some(_)) => Reason::Before,
            (None, None) => Reason::Never,
        };
        Ok(Some((reason, owned.or(held))))
    }

    /// Takes packets with these addresses from a rule.
    fn take_addresses(
        &mut self,
        spots: &[Spot],
        end: HeaderEnd,
        addresses: &Addresses,
    ) -> Result<(), SpaceError> {
        if *addresses == Addresses::default() {
            return Ok(());
        }
        let cubes = both_ends(addresses, self.reach.spaces())?;
        for spot in spots {
            let Some(asked) = self.asked.get_mut(spot.asked) else {
                continue;
            };
            let side = side_of(asked, end);
            if side.address == ArrivalAddress::Header {
                let cube = in_header(cubes, side.end);
                take(asked, *spot, cube, self.reach.spaces())?;
            }
        }
        Ok(())
    }

    fn ports(
        &mut self,
        id: RuleId,
        effect: Effect,
        spots: &[Spot],
        end: HeaderEnd,
        entity: &EntityRule,
    ) -> Result<(), SpaceError> {
        let mut ports = Ports::of(&entity.ports);
        for index in ports.last_to_first() {
            if ports.left() < 2 {
                break;
            }
            let Some((_, span)) = ports.get(index) else {
                continue;
            };
            let only = ports.only(index);
            if only.is_empty() {
                ports.take(index);
                self.tell(id, span, "ports", Reason::InList(None), None);
                continue;
            }
            // What is meant by name may be the same port.
            if ports.names_any() {
                continue;
            }
            let mut cubes = Vec::with_capacity(spots.len());
            let mut held = None;
            let mut owned = None;
            let mut alike = true;
            for spot in spots {
                let Some(asked) = self.asked.get(spot.asked) else {
                    continue;
                };
                let spaces = self.reach.spaces();
                let cube = spaces.cube(&with_ports(&only, side_of(asked, end).end))?;
                cubes.push((*spot, cube));
                let part = spaces.intersection(asked.owned(*spot), cube)?;
                alike = asked.behind.decides_alike(effect, part, spaces)?;
                if !alike {
                    break;
                }
                if !part.is_empty() {
                    owned = owned.or(Some((*spot, part)));
                } else if let Some(line) = asked.line(*spot) {
                    let here = asked.tiers.get(spot.tier);
                    let here = here.map_or(Space::EMPTY, |tier| tier.packets);
                    let here = spaces.intersection(here, line.possible)?;
                    let here = spaces.intersection(here, cube)?;
                    held = held.or((!here.is_empty()).then_some((*spot, here)));
                }
            }
            if !alike {
                continue;
            }
            ports.take(index);
            for (spot, cube) in cubes {
                if let Some(asked) = self.asked.get_mut(spot.asked) {
                    take(asked, spot, cube, self.reach.spaces())?;
                }
            }
            let reason = match (owned, held) {
                (Some(_), _) => Reason::Behind,
                (None, Some(_)) => Reason::Before,
                (None, None) => Reason::Never,
            };
            self.tell(id, span, "ports", reason, owned.or(held));
        }
        Ok(())
    }

    /// Entries of `notNets`: without one the rule holds more. All of that must be decided alike,
    /// the rule there or not.
    fn not_nets(
        &mut self,
        id: RuleId,
        rule: &Rule,
        spots: &[Spot],
        (end, side): (HeaderEnd, &Side),
        entity: &EntityRule,
    ) -> Result<(), SpaceError> {
        let mut blocks = Blocks::of(&entity.not_nets);
        let nets = side
            .nets
            .is_some()
            .then(|| Blocks::of(&entity.nets).addresses());
        for index in blocks.last_to_first() {
            let Some(block) = blocks.get(index).cloned() else {
                continue;
            };
            // RES-21: a list without a block of a family takes the rule out of it.
            if blocks.left(block.net) < 2 {
                continue;
            }
            let only = match blocks.only(index) {
                Only::Nothing(holder) => {
                    blocks.take(index);
                    self.tell(id, block.span, "notNets", Reason::InList(holder), None);
                    continue;
                }
                Only::Brings(only) => only,
            };
            let only = match &nets {
                Some(nets) => only.complement().union(&nets.complement()).complement(),
                None => only,
            };
            let Some(added) = self.added(rule, spots, end, &only)? else {
                continue;
            };
            blocks.take(index);
            let mut shown = None;
            for (spot, more) in added {
                shown = shown.or((!more.is_empty()).then_some((spot, more)));
                if let Some(asked) = self.asked.get_mut(spot.asked) {
                    give(asked, spot, more, self.reach.spaces())?;
                }
            }
            let reason = shown.map_or(Reason::Never, |_| Reason::Behind);
            self.tell(id, block.span, "notNets", reason, shown);
        }
        Ok(())
    }

    /// What a rule would hold besides, at most, were these addresses not left out; nothing where a
    /// verdict hangs on it.
    fn added(
        &mut self,
        rule: &Rule,
        spots: &[Spot],
        end: HeaderEnd,
        only: &Addresses,
    ) -> Result<Option<Vec<(Spot, Space)>>, SpaceError> {
        let cubes = both_ends(only, self.reach.spaces())?;
        let mut added = Vec::new();
        for spot in spots {
            let Some(asked) = self.asked.get(spot.asked) else {
                continue;
            };
            let side = side_of(asked, end);
            let cube = match &side.address {
                ArrivalAddress::Header => in_header(cubes, side.end),
                ArrivalAddress::OneOf(among) if !have_in_common(only, among) => continue,
                ArrivalAddress::OneOf(_) | ArrivalAddress::Unknown => return Ok(None),
            };
            let packets = asked.tiers.get(spot.tier).map(|tier| tier.packets);
            let spaces = self.reach.spaces();
            let protocols = rule.protocol.map(|number| Ranges::singles([number]));
            let protocol = spaces.cube(&Cube {
                protocols,
                ..Cube::any()
            })?;
            let more = spaces.intersection(packets.unwrap_or(Space::EMPTY), cube)?;
            let more = spaces.intersection(more, protocol)?;
            if !asked.behind.decides_alike(rule.effect, more, spaces)? {
                return Ok(None);
            }
            added.push((*spot, more));
        }
        Ok(Some(added))
    }

    fn tell(
        &mut self,
        rule: RuleId,
        span: Span,
        list: &'static str,
        reason: Reason,
        shown: Option<(Spot, Space)>,
    ) {
        self.dead.push(Dead {
            rule,
            entry: Some(Entry { span, list }),
            reason,
            shown,
        });
    }
}

fn side_of(asked: &Asked, end: HeaderEnd) -> &ArrivalSide {
    match end {
        HeaderEnd::Source => &asked.source,
        HeaderEnd::Destination => &asked.destination,
    }
}

/// The packets from these addresses, and those to them.
fn both_ends(addresses: &Addresses, spaces: &mut Spaces) -> Result<[Space; 2], SpaceError> {
    Ok([
        spaces.cube(&Cube::any().from(addresses.clone()))?,
        spaces.cube(&Cube::any().to(addresses.clone()))?,
    ])
}

fn in_header([from, to]: [Space; 2], end: HeaderEnd) -> Space {
    match end {
        HeaderEnd::Source => from,
        HeaderEnd::Destination => to,
    }
}

fn with_ports(ports: &Ranges, end: HeaderEnd) -> Cube {
    let ports = Some(ports.clone());
    match end {
        HeaderEnd::Source => Cube {
            source_ports: ports,
            ..Cube::any()
        },
        HeaderEnd::Destination => Cube {
            destination_ports: ports,
            ..Cube::any()
        },
    }
}

/// Takes packets from a rule.
fn take(
    asked: &mut Asked,
    spot: Spot,
    packets: Space,
    spaces: &mut Spaces,
) -> Result<(), SpaceError> {
    let Some(tier) = asked.tiers.get_mut(spot.tier) else {
        return Ok(());
    };
    if let Some(line) = tier.lines.get_mut(spot.line) {
        line.yes = spaces.difference(line.yes, packets)?;
        line.possible = spaces.difference(line.possible, packets)?;
    }
    if let Some(owned) = tier.owned.get_mut(spot.line) {
        *owned = spaces.difference(*owned, packets)?;
    }
    Ok(())
}

/// Gives a rule packets that it may hold.
fn give(
    asked: &mut Asked,
    spot: Spot,
    packets: Space,
    spaces: &mut Spaces,
) -> Result<(), SpaceError> {
    let Some(tier) = asked.tiers.get_mut(spot.tier) else {
        return Ok(());
    };
    if let Some(line) = tier.lines.get_mut(spot.line) {
        line.possible = spaces.union(line.possible, packets)?;
    }
    if let Some(owned) = tier.owned.get_mut(spot.line) {
        *owned = spaces.union(*owned, packets)?;
    }
    Ok(())
}
