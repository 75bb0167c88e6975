//! Spaces as rows: what they are and how they read.

use palisade::engine::Family;
use palisade::engine::space::{Addresses, Cube, Ranges, Space, Spaces};
use proptest::prelude::*;

use crate::universe::set;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rows_are_disjoint_and_together_the_space(set in set()) {
        let mut spaces = Spaces::new();
        let space = set.space(&mut spaces);
        let rows = spaces.rows(space, usize::MAX);
        prop_assert!(rows.complete);
        let mut all = Space::EMPTY;
        for cube in &rows.cubes {
            let cube = spaces.cube(cube).unwrap();
            prop_assert!(!cube.is_empty());
            prop_assert!(!spaces.overlap(all, cube));
            all = spaces.union(all, cube).unwrap();
        }
        prop_assert_eq!(all, space);
        // They depend on the set alone.
        let mut others = Spaces::new();
        others.cube(&Cube::any().protocols([47])).unwrap();
        let other = others.union_of_cubes(rows.cubes.iter().rev()).unwrap();
        prop_assert_eq!(others.rows(other, usize::MAX), rows);
    }

    #[test]
    fn no_more_rows_than_asked_for_and_all_of_them_in_the_space(set in set()) {
        let mut spaces = Spaces::new();
        let space = set.space(&mut spaces);
        let whole = spaces.rows(space, usize::MAX).cubes.len();
        let some = spaces.rows(space, 2);
        prop_assert!(some.cubes.len() <= 2);
        if !some.complete {
            prop_assert!(whole > 0);
        }
        for cube in &some.cubes {
            let cube = spaces.cube(cube).unwrap();
            prop_assert!(spaces.is_subset(cube, space));
        }
    }
}

fn nets(texts: &[&str]) -> Addresses {
    Addresses::of(texts.iter().map(|text| text.parse().unwrap()))
}

#[test]
fn rows_read_as_people_write_rules() {
    let mut spaces = Spaces::new();
    let mut of = |cubes: &[Cube]| {
        let space = spaces.union_of_cubes(cubes).unwrap();
        spaces.rows(space, 100).to_string()
    };
    let web = Cube::any()
        .protocols([6])
        .to_ports([(443, 443), (20_000, 32_767)]);
    let many: Vec<String> = (0..20).map(|n| format!("10.{n}.1.0/24")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let shown = [
        ("nothing", of(&[])),
        ("everything", of(&[Cube::any()])),
        ("one family", of(&[Cube::any().family(Family::V6)])),
        ("web", of(std::slice::from_ref(&web))),
        (
            "web of some",
            of(&[web
                .clone()
                .from(nets(&["192.0.2.0/25", "192.0.2.128/25", "2001:db8::/32"]))
                .to(nets(&["10.0.0.0/8", "11.0.0.0/8", "fd00::/8"]))]),
        ),
        (
            "touching cubes become one",
            of(&[
                web.clone().to(nets(&["10.0.0.0/9"])),
                web.clone().to(nets(&["10.128.0.0/9"])),
            ]),
        ),
        (
            "parts that differ",
            of(&[
                Cube::any()
                    .protocols([17])
                    .to(nets(&["10.0.0.1/32"]))
                    .to_ports([(53, 53)]),
                Cube::any()
                    .protocols([6])
                    .to(nets(&["10.0.0.1/32"]))
                    .to_ports([(53, 53)]),
                Cube::any()
                    .protocols([6])
                    .to(nets(&["10.0.0.2/32"]))
                    .to_ports([(53, 53), (80, 80)]),
                Cube::any().protocols([1]).icmp(8, Some(0)),
            ]),
        ),
        ("a long list", of(&[web.clone().to(nets(&many))])),
        (
            "all but",
            of(&[Cube {
                destinations: Some(nets(&["10.0.0.0/8", "::/0"]).complement()),
                protocols: Some(
                    palisade::engine::space::Ranges::singles([6_u8, 17]).complement(255),
                ),
                ..Cube::any()
            }]),
        ),
        (
            "from a port",
            of(&[Cube::any().protocols([17]).from_ports([(67, 68)])]),
        ),
    ]
    .map(|(name, text)| format!("{name}:\n{text}"))
    .join("\n\n");
    insta::assert_snapshot!(shown, @r"
    nothing:
    nothing

    everything:
    any protocol to any address

    one family:
    any protocol to any IPv6 address

    web:
    TCP to any address port 443, 20000:32767

    web of some:
    TCP from 192.0.2.0/24 to 10.0.0.0/7 port 443, 20000:32767
    TCP from 2001:db8::/32 to fd00::/8 port 443, 20000:32767

    touching cubes become one:
    TCP to 10.0.0.0/8 port 443, 20000:32767

    parts that differ:
    ICMP type 8 code 0 to any address
    TCP to 10.0.0.2/32 port 53, 80
    TCP, UDP to 10.0.0.1/32 port 53

    a long list:
    TCP to 10.0.1.0/24, 10.1.1.0/24, 10.2.1.0/24, 10.3.1.0/24, 10.4.1.0/24, 10.5.1.0/24, 10.6.1.0/24, 10.7.1.0/24, … (12 more) port 443, 20000:32767

    all but:
    any protocol but TCP, UDP to any IPv4 address but 10.0.0.0/8

    from a port:
    UDP from any address port 67:68
    ");

    let all = spaces.cube(&web.to(nets(&many))).unwrap();
    let whole = format!("{:#}", spaces.rows(all, 10));
    assert!(
        whole.contains("10.19.1.0/24") && !whole.contains("more"),
        "{whole}"
    );
    let cut = spaces.rows(all, 0);
    assert_eq!(cut.to_string(), "… and more");
}

/// The blocks of a range of addresses, as text.
fn blocks(first: u128, last: u128, family: Family) -> Vec<String> {
    let set = Addresses::of_family(family, Ranges::of([(first, last)]));
    set.cidrs().map(|cidr| cidr.to_string()).collect()
}

#[test]
fn a_range_is_the_fewest_blocks_up_to_both_ends() {
    let v4 = u128::from(u32::MAX);
    assert_eq!(blocks(0, v4, Family::V4), ["0.0.0.0/0"]);
    assert_eq!(blocks(0, u128::MAX, Family::V6), ["::/0"]);
    assert_eq!(blocks(v4, v4, Family::V4), ["255.255.255.255/32"]);
    assert_eq!(
        blocks(u128::MAX, u128::MAX, Family::V6),
        ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]
    );
    assert_eq!(
        blocks(1, 6, Family::V4),
        ["0.0.0.1/32", "0.0.0.2/31", "0.0.0.4/31", "0.0.0.6/32"]
    );
    assert_eq!(blocks(1, v4, Family::V4).len(), 32);
    assert_eq!(blocks(0, u128::MAX - 1, Family::V6).len(), 128);
}
