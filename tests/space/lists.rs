//! Long ordered lists against a reader that goes through them packet by packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use palisade::engine::Family;
use palisade::engine::space::{Addresses, Cube, Header, Space, Spaces};

/// The same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn number<T: TryFrom<u64>>(&mut self, end: u64) -> T {
        T::try_from(self.below(end)).ok().unwrap()
    }

    /// An address in one of a few sites, where blocks meet, or now and then any.
    fn address(&mut self, family: Family) -> IpAddr {
        let (site, host, any) = (self.below(4), self.below(1 << 16), self.below(10) == 0);
        match family {
            Family::V4 if any => Ipv4Addr::from_bits(self.number(1 << 32)).into(),
            Family::V4 => {
                let bits = 0x0a00_0000 | site << 16 | host;
                Ipv4Addr::from_bits(u32::try_from(bits).unwrap()).into()
            }
            Family::V6 => {
                let bits = 0x2001_0db8_u128 << 96 | u128::from(site) << 80;
                Ipv6Addr::from_bits(bits | u128::from(host) << if any { 64 } else { 0 }).into()
            }
        }
    }

    fn family(&mut self) -> Family {
        [Family::V4, Family::V4, Family::V6][self.number::<usize>(3)]
    }
}

/// A rule as anyone would write it; nothing where it does not ask.
struct Plain {
    protocol: Option<u8>,
    from: Option<IpNet>,
    to: Option<IpNet>,
    from_ports: Option<(u16, u16)>,
    to_ports: Vec<(u16, u16)>,
    icmp: Option<(u8, Option<u8>)>,
    decision: usize,
}

const DECISIONS: usize = 3;

impl Plain {
    fn random(random: &mut Random) -> Self {
        let family = random.family();
        let net = |random: &mut Random| {
            let (least, most) = match family {
                Family::V4 => (18, 32),
                Family::V6 => (50, 128),
            };
            let prefix = least + random.number::<u8>(most + 1 - u64::from(least));
            IpNet::new(random.address(family), prefix).unwrap().trunc()
        };
        let from = (random.below(10) < 4).then(|| net(random));
        let to = (from.is_none() || random.below(2) == 0).then(|| net(random));
        let range = |random: &mut Random| {
            let first: u16 = random.number(4_000);
            (first, first + random.number::<u16>(500))
        };
        let mut rule = Self {
            protocol: [Some(6), Some(6), Some(17), Some(1), Some(89), None]
                [random.number::<usize>(6)],
            from,
            to,
            from_ports: None,
            to_ports: Vec::new(),
            icmp: None,
            decision: random.number(DECISIONS as u64),
        };
        if matches!(rule.protocol, Some(6 | 17)) {
            rule.from_ports = (random.below(4) == 0).then(|| range(random));
            rule.to_ports = (0..random.below(4)).map(|_| range(random)).collect();
        }
        if rule.protocol == Some(1) && random.below(2) == 0 {
            let code = (random.below(2) == 0).then(|| random.number(3));
            rule.icmp = Some((random.number(4), code));
        }
        rule
    }

    fn cube(&self) -> Cube {
        let mut cube = Cube::any();
        if let Some(protocol) = self.protocol {
            cube = cube.protocols([protocol]);
        }
        if let Some(net) = self.from {
            cube = cube.from(Addresses::of([net]));
        }
        if let Some(net) = self.to {
            cube = cube.to(Addresses::of([net]));
        }
        if let Some(range) = self.from_ports {
            cube = cube.from_ports([range]);
        }
        if !self.to_ports.is_empty() {
            cube = cube.to_ports(self.to_ports.iter().copied());
        }
        match self.icmp {
            Some((kind, code)) => cube.icmp(kind, code),
            None => cube,
        }
    }

    fn holds(&self, packet: &Header) -> bool {
        let within = |range: (u16, u16), port: u16| range.0 <= port && port <= range.1;
        let ports = packet.ports;
        self.protocol.is_none_or(|number| number == packet.protocol)
            && self.from.is_none_or(|net| net.contains(&packet.source))
            && self.to.is_none_or(|net| net.contains(&packet.destination))
            && self
                .from_ports
                .is_none_or(|range| ports.is_some_and(|p| within(range, p.0)))
            && (self.to_ports.is_empty()
                || ports.is_some_and(|p| self.to_ports.iter().any(|range| within(*range, p.1))))
            && self.icmp.is_none_or(|(kind, code)| {
                packet.icmp.is_some_and(|(own_kind, own_code)| {
                    kind == own_kind && code.is_none_or(|code| code == own_code)
                })
            })
    }
}

fn packet(random: &mut Random) -> Header {
    let family = random.family();
    let protocol = [6, 6, 17, 1, 89][random.number::<usize>(5)];
    // ICMP of version 4 in packets of version 6 has no type that a rule could ask for.
    let family = if protocol == 1 { Family::V4 } else { family };
    let has_ports = matches!(protocol, 6 | 17);
    Header {
        protocol,
        source: random.address(family),
        destination: random.address(family),
        ports: has_ports.then(|| (random.number(4_600), random.number(4_600))),
        icmp: (protocol == 1).then(|| (random.number(5), random.number(4))),
    }
}

/// Which of `spaces` has the packet: exactly one, or none.
fn only(keeper: &Spaces, parts: &[Space], packet: &Header) -> Option<usize> {
    let mut holders = (0..parts.len()).filter(|at| keeper.contains(parts[*at], packet));
    let first = holders.next();
    assert_eq!(holders.next(), None, "{packet}");
    first
}

#[test]
fn hundreds_of_rules_decide_ten_thousand_packets_as_going_through_them_does() {
    for (seed, length) in [(1, 150), (2, 400), (3, 800)] {
        let mut random = Random(seed);
        let rules: Vec<Plain> = (0..length).map(|_| Plain::random(&mut random)).collect();
        let mut keeper = Spaces::new();
        let list: Vec<(Space, usize)> = rules
            .iter()
            .map(|rule| (keeper.cube(&rule.cube()).unwrap(), rule.decision))
            .collect();
        let alone: Vec<Space> = list.iter().map(|(space, _)| *space).collect();
        let decided = keeper.decide(&list, DECISIONS).unwrap();
        let owned = keeper.first_match(&alone).unwrap();
        assert_eq!(decided.rest, owned.rest);

        let mut met = [0_usize; DECISIONS + 1];
        let mut owners = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            let packet = packet(&mut random);
            assert!(packet.is_sound(), "{packet}");
            let first = rules.iter().position(|rule| rule.holds(&packet));
            let decision = first.map(|at| rules[at].decision);
            assert_eq!(only(&keeper, &decided.parts, &packet), decision, "{packet}");
            assert_eq!(only(&keeper, &owned.parts, &packet), first, "{packet}");
            assert_eq!(
                keeper.contains(decided.rest, &packet),
                first.is_none(),
                "{packet}"
            );
            met[decision.unwrap_or(DECISIONS)] += 1;
            owners.extend(first);
        }
        // The lists leave every decision to some packets, and many rules own some.
        assert!(met.iter().all(|count| *count > 100), "{seed}: {met:?}");
        assert!(owners.len() > 40, "{seed}: {}", owners.len());
    }
}
