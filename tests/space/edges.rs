//! The ends of every field, and what packets have no such field.

use std::net::IpAddr;

use palisade::engine::Family;
use palisade::engine::space::{Addresses, Cube, Header, Space, Spaces};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn between(first: &str, last: &str) -> Addresses {
    Addresses::between([(ip(first), ip(last))])
}

fn tcp(from: &str, to: &str, ports: (u16, u16)) -> Header {
    Header {
        protocol: 6,
        source: ip(from),
        destination: ip(to),
        ports: Some(ports),
        icmp: None,
    }
}

#[test]
fn the_lowest_and_the_highest_address_of_each_family() {
    let mut spaces = Spaces::new();
    for (low, next, high) in [
        ("0.0.0.0", "0.0.0.1", "255.255.255.255"),
        ("::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] {
        let family = Family::of(ip(low));
        let whole = spaces
            .cube(&Cube::any().family(family).to(between(low, high)))
            .unwrap();
        assert_eq!(whole, spaces.cube(&Cube::any().family(family)).unwrap());
        let first = spaces.cube(&Cube::any().to(between(low, low))).unwrap();
        let last = spaces.cube(&Cube::any().to(between(high, high))).unwrap();
        let above = spaces.cube(&Cube::any().to(between(next, high))).unwrap();
        assert!(!spaces.overlap(first, last));
        assert_eq!(spaces.union(first, above).unwrap(), whole);
        assert_eq!(spaces.difference(whole, first).unwrap(), above);
        assert!(spaces.is_subset(last, above));
        assert!(spaces.contains(last, &tcp(low, high, (0, 65_535))));
        assert!(!spaces.contains(last, &tcp(low, low, (0, 65_535))));
        assert_eq!(spaces.witness(first).unwrap().destination, ip(low));
        assert_eq!(spaces.witness(last).unwrap().destination, ip(high));
    }
}

#[test]
fn the_same_bits_in_two_families_are_two_addresses() {
    let mut spaces = Spaces::new();
    let v4 = spaces
        .cube(&Cube::any().to(between("0.0.0.0", "0.0.0.9")))
        .unwrap();
    let v6 = spaces.cube(&Cube::any().to(between("::", "::9"))).unwrap();
    assert_ne!(v4, v6);
    assert!(!spaces.overlap(v4, v6));
    let both = spaces.union(v4, v6).unwrap();
    assert!(spaces.contains(both, &tcp("1.1.1.1", "0.0.0.9", (1, 1))));
    assert!(spaces.contains(both, &tcp("1::", "::9", (1, 1))));
    // The whole of IPv4 does not end IPv6 where IPv4 ends.
    let low = spaces
        .cube(&Cube::any().to(between("::", "::ffff:ffff")))
        .unwrap();
    let all = spaces.cube(&Cube::any().family(Family::V6)).unwrap();
    assert_ne!(low, all);
}

#[test]
fn ports_start_at_0_and_end_at_65535() {
    let mut spaces = Spaces::new();
    let mut of = |first, last| {
        let cube = Cube::any().protocols([6]).to_ports([(first, last)]);
        spaces.cube(&cube).unwrap()
    };
    let (zero, middle, last, all) = (of(0, 0), of(1, 65_534), of(65_535, 65_535), of(0, 65_535));
    let backwards = of(9, 8);
    let tcp_all = spaces.cube(&Cube::any().protocols([6])).unwrap();
    assert_eq!(all, tcp_all);
    assert!(backwards.is_empty());
    assert_eq!(spaces.union_of(&[last, zero, middle]).unwrap(), all);
    assert!(spaces.contains(zero, &tcp("1.1.1.1", "2.2.2.2", (5, 0))));
    assert!(spaces.contains(last, &tcp("1.1.1.1", "2.2.2.2", (5, 65_535))));
}

#[test]
fn a_cube_that_names_a_field_holds_packets_that_have_it() {
    let mut spaces = Spaces::new();
    let ports = spaces.cube(&Cube::any().to_ports([(0, 65_535)])).unwrap();
    assert_eq!(
        ports,
        spaces.cube(&Cube::any().protocols([6, 17, 132])).unwrap()
    );
    let icmp = spaces.cube(&Cube::any().icmp(8, Some(0))).unwrap();
    let only_icmp = spaces.cube(&Cube::any().protocols([1, 58])).unwrap();
    assert!(spaces.is_subset(icmp, only_icmp));
    assert!(
        spaces
            .cube(&Cube::any().protocols([47]).from_ports([(1, 1)]))
            .unwrap()
            .is_empty()
    );
    assert!(
        spaces
            .cube(&Cube::any().icmp(8, None).to_ports([(1, 1)]))
            .unwrap()
            .is_empty()
    );
    // What lacks ports is in the complement.
    let rest = spaces.complement(ports).unwrap();
    let gre = Header {
        protocol: 47,
        ports: None,
        ..tcp("1.1.1.1", "2.2.2.2", (0, 0))
    };
    assert!(spaces.contains(rest, &gre));
}

#[test]
fn a_packet_that_there_is_not_is_in_no_space() {
    let spaces = Spaces::new();
    let sound = tcp("1.1.1.1", "2.2.2.2", (1, 2));
    for header in [
        Header {
            ports: None,
            ..sound
        },
        Header {
            source: ip("::1"),
            ..sound
        },
        Header {
            icmp: Some((8, 0)),
            ..sound
        },
        Header {
            protocol: 1,
            ..sound
        },
    ] {
        assert!(!spaces.contains(Space::EVERYTHING, &header), "{header}");
    }
    assert!(spaces.contains(Space::EVERYTHING, &sound));
}

#[test]
fn witnesses_are_what_people_recognise() {
    let mut spaces = Spaces::new();
    let mut of = |cube: Cube| {
        let space = spaces.cube(&cube).unwrap();
        spaces.witness(space).unwrap().to_string()
    };
    let v6 = Cube::any().family(Family::V6);
    let shown = [
        of(Cube::any()),
        of(v6.clone()),
        of(Cube::any()
            .to(between("10.0.0.0", "10.0.0.9"))
            .to_ports([(20_000, 32_767)])),
        of(Cube::any().protocols([1, 47])),
        of(v6.protocols([58]).icmp(135, None)),
        of(Cube::any().protocols([47, 50])),
        of(Cube::any()
            .protocols([132])
            .to_ports([(1, 60)])
            .from_ports([(2, 3)])),
    ]
    .join("\n");
    insta::assert_snapshot!(shown, @r"
    TCP 192.0.2.1:40000 -> 198.51.100.1:80
    TCP [2001:db8:0:1::1]:40000 -> [2001:db8:0:2::1]:80
    TCP 192.0.2.1:40000 -> 10.0.0.0:20000
    ICMP 192.0.2.1 -> 198.51.100.1 type 8 code 0
    ICMPv6 2001:db8:0:1::1 -> 2001:db8:0:2::1 type 135 code 0
    protocol 47 192.0.2.1 -> 198.51.100.1
    SCTP 192.0.2.1:2 -> 198.51.100.1:1
    ");
}
