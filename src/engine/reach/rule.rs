//! The packets that a rule matches (MOD-6, section 4.9).

use crate::engine::address::Family;
use crate::engine::answer::{Answer, Doubt};
use crate::engine::rule::{IcmpTest, PortTest, Rule, Side};
use crate::engine::settings::DataPlane;
use crate::engine::space::{Addresses, Cube, Ranges, SpaceError};
use crate::engine::tables::RuleId;

use super::Work;
use super::truth::{Bounds, Truth, both};
use super::view::{HeaderEnd, Seen, View};

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// TCP, UDP and SCTP.
const WITH_PORTS: [u8; 3] = [6, 17, 132];
const HIGHEST_PROTOCOL: u128 = 255;
const HIGHEST_PORT: u128 = 65_535;

/// A cube where all is known, and one where it may hold.
struct Draft {
    yes: Cube,
    possible: Cube,
    doubt: Option<Doubt>,
}

impl Side {
    /// Whether it asks for ports, by number or by name.
    fn asks_ports(&self) -> bool {
        self.ports.is_some() || self.not_ports.is_some()
    }

    /// Whether it asks for more of a pod than its address and port.
    pub(super) fn asks_labels(&self) -> bool {
        let named = |test: &Option<PortTest>| test.as_ref().is_some_and(|t| !t.named.is_empty());
        self.peers.is_some()
            || self.not_peers.is_some()
            || self.service.is_some()
            || named(&self.ports)
            || named(&self.not_ports)
    }
}

impl Work<'_> {
    /// The packets that the rule matches, as `seen` at a hook.
    pub(super) fn rule(&mut self, id: RuleId, seen: &Seen<'_>) -> Result<Truth, SpaceError> {
        let Some(rule) = self.program.rule(id) else {
            return Ok(Truth::NEVER);
        };
        let key = (
            id,
            seen.family,
            seen.source.key(rule.source.asks_labels()),
            seen.destination.key(rule.destination.asks_labels()),
        );
        if let Some(truth) = self.rules.get(&key) {
            return Ok(*truth);
        }
        let truth = self.rule_of(rule, seen)?;
        self.rules.insert(key, truth);
        Ok(truth)
    }

    fn rule_of(&mut self, rule: &Rule, seen: &Seen<'_>) -> Result<Truth, SpaceError> {
        let protocols = protocols(rule);
        let has_none = protocols.as_ref().is_some_and(Ranges::is_empty);
        if has_none || !rule.is_of(seen.family) {
            return Ok(Truth::NEVER);
        }
        let cube = Cube {
            family: Some(seen.family),
            protocols,
            ..Cube::any()
        };
        let cube = match rule.icmp {
            Some(test) => cube.icmp(test.kind, test.code),
            None => cube,
        };
        let mut draft = Draft {
            yes: cube.clone(),
            possible: cube,
            doubt: None,
        };
        for (side, view) in [
            (&rule.source, &seen.source),
            (&rule.destination, &seen.destination),
        ] {
            let addresses = self.addresses(side, view, seen.family);
            draft.put_addresses(addresses, view.end, seen.family);
            match plain_ports(side) {
                Some(ports) if view.knows_port => draft.put_ports(&ports, view.end),
                _ => {}
            }
        }
        let mut truth = Truth {
            yes: self.spaces.cube(&draft.yes)?,
            possible: self.spaces.cube(&draft.possible)?,
            doubt: draft.doubt,
        };
        for (side, view, with_port) in [
            (&rule.source, &seen.source, false),
            (&rule.destination, &seen.destination, true),
        ] {
            let rest = self.beyond_cubes(side, view, with_port, seen)?;
            truth = truth.and(rest, &mut self.spaces)?;
            if !view.knows_port && side.asks_ports() {
                truth = truth.doubted(Doubt::Port);
            }
        }
        if let Some(test) = rule.not_icmp {
            let unwanted = self.not_icmp(test)?;
            truth = truth.and(unwanted, &mut self.spaces)?;
        }
        Ok(if rule.http {
            truth.doubted(Doubt::Http)
        } else {
            truth
        })
    }

    fn addresses(&self, side: &Side, view: &View<'_>, family: Family) -> Bounds {
        let of = self.addressing(family);
        let mut bounds = Bounds::any();
        let nets = |id| self.program.nets_of(id);
        if let Some(set) = side.nets.and_then(nets) {
            bounds = bounds.and(of.is_in(set, view));
        }
        if let Some(set) = side.not_nets.and_then(nets) {
            bounds = bounds.and(of.is_in(set, view).negated(of.max()));
        }
        if let Some(id) = side.peers {
            bounds = bounds.and(of.is_peer(id, view));
        }
        if let Some(id) = side.not_peers {
            bounds = bounds.and(of.is_peer(id, view).negated(of.max()));
        }
        bounds
    }

    /// What a side asks that no product of sets says: named ports and services.
    fn beyond_cubes(
        &mut self,
        side: &Side,
        view: &View<'_>,
        with_port: bool,
        seen: &Seen<'_>,
    ) -> Result<Truth, SpaceError> {
        let mut truth = Truth::ALWAYS;
        let named = |test: &&PortTest| view.knows_port && !test.named.is_empty();
        if let Some(test) = side.ports.as_ref().filter(named) {
            truth = self.ports(test, view, seen.family)?;
        }
        if let Some(test) = side.not_ports.as_ref().filter(named) {
            let unwanted = self.ports(test, view, seen.family)?;
            let wanted = unwanted.negated(&mut self.spaces)?;
            truth = truth.and(wanted, &mut self.spaces)?;
        }
        if let Some(id) = side.service {
            let served = self.service(id, view, with_port, seen.family)?;
            truth = truth.and(served, &mut self.spaces)?;
        }
        Ok(truth)
    }

    /// EVAL-43: what `notICMP` leaves over.
    fn not_icmp(&mut self, test: IcmpTest) -> Result<Truth, SpaceError> {
        let icmp = Cube::any().protocols([ICMP, ICMPV6]);
        let mut unwanted = self.spaces.cube(&icmp.clone().icmp(test.kind, test.code))?;
        // nftables wants both to differ, the others the pair.
        if self.program.data_plane() == DataPlane::Nftables {
            let by_kind = self.spaces.cube(&icmp.clone().icmp(test.kind, None))?;
            unwanted = self.spaces.union(unwanted, by_kind)?;
            if let Some(code) = test.code {
                let by_code = Cube {
                    icmp_codes: Some(Ranges::singles([code])),
                    ..icmp
                };
                let by_code = self.spaces.cube(&by_code)?;
                unwanted = self.spaces.union(unwanted, by_code)?;
            }
        }
        Ok(Truth::sure(self.spaces.complement(unwanted)?))
    }
}

impl Draft {
    fn put_addresses(&mut self, bounds: Bounds, end: HeaderEnd, family: Family) {
        let of = |ranges| Addresses::of_family(family, ranges);
        let put = |cube: &mut Cube, ranges: Option<Ranges>| {
            let field = match end {
                HeaderEnd::Source => &mut cube.sources,
                HeaderEnd::Destination => &mut cube.destinations,
            };
            *field = ranges.map(of);
        };
        self.doubt = self.doubt.or(bounds.doubt);
        put(&mut self.yes, bounds.yes);
        put(&mut self.possible, bounds.possible);
    }

    fn put_ports(&mut self, ports: &Ranges, end: HeaderEnd) {
        for cube in [&mut self.yes, &mut self.possible] {
            let field = match end {
                HeaderEnd::Source => &mut cube.source_ports,
                HeaderEnd::Destination => &mut cube.destination_ports,
            };
            *field = Some(ports.clone());
        }
    }
}

/// EVAL-42, EVAL-44. Nothing for every protocol.
fn protocols(rule: &Rule) -> Option<Ranges> {
    let mut protocols = rule.protocol.map(|wanted| Ranges::singles([wanted]));
    if let Some(unwanted) = rule.not_protocol {
        let others = Ranges::singles([unwanted]).complement(HIGHEST_PROTOCOL);
        protocols = both(protocols, Some(others));
    }
    if rule.needs_ports {
        protocols = both(protocols, Some(Ranges::singles(WITH_PORTS)));
    }
    protocols
}

/// The ports that a side asks for by number alone; nothing where it asks for none so.
fn plain_ports(side: &Side) -> Option<Ranges> {
    let numbers = |test: &Option<PortTest>| {
        let test = test.as_ref().filter(|test| test.named.is_empty())?;
        Some(ranges_of(test))
    };
    let wanted = numbers(&side.ports);
    let unwanted = numbers(&side.not_ports).map(|ports| ports.complement(HIGHEST_PORT));
    both(wanted, unwanted)
}

/// The numbers of a port test.
pub(super) fn ranges_of(test: &PortTest) -> Ranges {
    Ranges::of(
        test.ranges
            .iter()
            .map(|range| (range.first(), range.last())),
    )
}

/// An answer about every packet of some protocols.
pub(super) fn answer_cube(protocols: &[u8]) -> Cube {
    Cube::any().protocols(protocols.iter().copied())
}

/// The same answer everywhere.
pub(super) fn maybe(doubt: Doubt) -> Truth {
    Truth::of(Answer::Maybe(doubt))
}

/// The protocols that have ports.
pub(super) fn with_ports() -> [u8; 3] {
    WITH_PORTS
}
