//! How long ordered rules take to become spaces: 3,000 random rules of which the first that
//! matches decides, 70 % TCP, blocks mostly in a few sites, one to three port ranges, a fifth
//! denies. Once by destination alone, once with blocks for the source in 30 %.

#![expect(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a bench may fail, and cuts numbers on purpose"
)]

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net};
use palisade::engine::Family;
use palisade::engine::space::{Addresses, Cube, Space, Spaces};

/// The same numbers every time, without a dependency.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// 60 % in 24 sites, 30 % anywhere, 10 % wide.
    fn block(&mut self) -> Addresses {
        let (address, prefix) = match self.below(10) {
            0..6 => {
                let site = 0x0a00_0000 + ((self.below(24) as u32) << 16);
                (site + self.below(1 << 16) as u32, 20 + self.below(13))
            }
            6..9 => (self.below(1 << 32) as u32, 18 + self.below(7)),
            _ => (self.below(1 << 32) as u32, 8 + self.below(9)),
        };
        let net = Ipv4Net::new(Ipv4Addr::from_bits(address), prefix as u8).expect("a prefix");
        Addresses::of([IpNet::V4(net.trunc())])
    }

    fn ports(&mut self) -> Vec<(u16, u16)> {
        (0..=self.below(3))
            .map(|_| {
                let first = self.below(60_000) as u16;
                (first, first + self.below(200) as u16)
            })
            .collect()
    }
}

/// Rules with whether they allow.
fn rules(count: usize, with_source: u64) -> Vec<(Cube, bool)> {
    let mut random = Random(7);
    (0..count)
        .map(|_| {
            let mut cube = Cube::any().family(Family::V4).to(random.block());
            cube = match random.below(10) {
                0..7 => cube.protocols([6]).to_ports(random.ports()),
                7..9 => cube.protocols([17]).to_ports(random.ports()),
                _ => cube.protocols([1]),
            };
            if random.below(10) < with_source {
                cube = cube.from(random.block());
            }
            (cube, random.below(5) > 0)
        })
        .collect()
}

fn decide(spaces: &mut Spaces, rules: &[(Cube, bool)]) -> Space {
    let list: Vec<(Space, usize)> = rules
        .iter()
        .map(|(cube, allow)| {
            let space = spaces.cube(cube).expect("room");
            (space, usize::from(*allow))
        })
        .collect();
    let decided = spaces.decide(&list, 2).expect("room");
    decided.parts.last().copied().expect("two decisions")
}

fn first_match(spaces: &mut Spaces, rules: &[(Cube, bool)]) -> usize {
    let list: Vec<Space> = rules
        .iter()
        .map(|(cube, _)| spaces.cube(cube).expect("room"))
        .collect();
    let owned = spaces.first_match(&list).expect("room");
    owned.parts.iter().filter(|part| part.is_empty()).count()
}

fn spaces(c: &mut Criterion) {
    let mut group = c.benchmark_group("space");
    group.sample_size(20);
    for (name, with_source) in [("dst only", 0), ("30 % src", 3), ("all src", 10)] {
        let rules = rules(3_000, with_source);
        let mut shown = Spaces::new();
        let allowed = decide(&mut shown, &rules);
        println!(
            "{name}: {} nodes, {} ranges after decide, {} allowed",
            shown.nodes(),
            shown.ranges(),
            shown.count(allowed)
        );
        let void = first_match(&mut shown, &rules);
        println!(
            "{name}: {} nodes, {} ranges after first match; {void} rules own nothing",
            shown.nodes(),
            shown.ranges()
        );
        group.bench_function(format!("decide 3000 rules, {name}"), |b| {
            b.iter_batched(
                Spaces::new,
                |mut spaces| {
                    black_box(decide(&mut spaces, &rules));
                    spaces
                },
                BatchSize::LargeInput,
            );
        });
        group.bench_function(format!("first match of 3000 rules, {name}"), |b| {
            b.iter_batched(
                Spaces::new,
                |mut spaces| {
                    black_box(first_match(&mut spaces, &rules));
                    spaces
                },
                BatchSize::LargeInput,
            );
        });

        // What a flow diff asks: another list in the same keeper, and where the two differ.
        let mut edited = rules.clone();
        for at in [5, 700, 1_500, 2_200, 2_990] {
            if let Some((_, allow)) = edited.get_mut(at) {
                *allow = !*allow;
            }
        }
        let other = decide(&mut shown, &edited);
        group.bench_function(format!("difference, witness and rows, {name}"), |b| {
            b.iter(|| {
                shown.forget();
                let opened = shown.difference(other, allowed).expect("room");
                black_box((shown.witness(opened), shown.rows(opened, 100)))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, spaces);
criterion_main!(benches);
