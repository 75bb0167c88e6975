//! How much memory a full keeper of spaces takes: fills one up to [`Spaces::LIMIT`] and prints the
//! peak of the process. Linux only.
//!
//! `cargo run --release --example space-memory`

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "an example shows something, and may fail"
)]

use std::net::Ipv4Addr;

use palisade::engine::space::{Addresses, Cube, Space, Spaces};

/// Keeps adding random cubes to unions of them, until there is no room.
fn main() {
    for distinct in [1_u32, 16, 4096] {
        let mut spaces = Spaces::with_limit(Spaces::LIMIT);
        let mut seed = 7_u64;
        let mut below = |end: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % end
        };
        let mut all = Space::EMPTY;
        let mut made = 0_usize;
        loop {
            let mut address = |wide: u32| {
                let first = u32::try_from(below(1 << 31)).unwrap_or(0) / distinct * distinct;
                let last = first.saturating_add(wide);
                let between = (Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last));
                Addresses::between([(between.0.into(), between.1.into())])
            };
            let (to, from) = (address(5_000_000), address(50_000_000));
            let port = u16::try_from(below(60_000)).unwrap_or(0);
            let cube = Cube::any()
                .protocols([6])
                .to(to)
                .from(from)
                .to_ports([(port, port + 500)]);
            let space = spaces.cube(&cube);
            match space.and_then(|space| spaces.union(all, space)) {
                Ok(more) => all = more,
                Err(_) => break,
            }
            made += 1;
        }
        println!(
            "{made} unions, {} nodes, {} ranges: {}",
            spaces.nodes(),
            spaces.ranges(),
            peak()
        );
    }
}

/// The most memory that the process has had so far.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}
