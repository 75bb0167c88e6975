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

use palisade::engine::space::{Addresses, Cube, Space, SpaceError, Spaces};

fn main() {
    // Few nodes with thousands of ranges each, then millions of nodes with two or three.
    fill("one space that grows", true);
    fill("many small spaces", false);
}

/// Makes spaces of random cubes until there is no room, and every operation of each with the one
/// before.
fn fill(what: &str, grows: bool) {
    let mut spaces = Spaces::with_limit(Spaces::LIMIT);
    let mut random = 7_u64;
    let mut before = Space::EMPTY;
    while let Ok(space) = next(&mut spaces, &mut random, before, grows) {
        before = space;
    }
    println!(
        "{what}: {} nodes, {} ranges, {}",
        spaces.nodes(),
        spaces.ranges(),
        peak()
    );
}

fn next(
    spaces: &mut Spaces,
    random: &mut u64,
    before: Space,
    grows: bool,
) -> Result<Space, SpaceError> {
    let mut below = |end: u64| {
        *random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*random >> 33) % end
    };
    let mut addresses = |wide: u32| {
        let first = u32::try_from(below(1 << 31)).unwrap_or(0);
        let last = first.saturating_add(wide);
        let [first, last] = [first, last].map(|bits| Ipv4Addr::from_bits(bits).into());
        Addresses::between([(first, last)])
    };
    let (to, from) = (addresses(5_000_000), addresses(50_000_000));
    let port = u16::try_from(below(60_000)).unwrap_or(0);
    let cube = Cube::any().protocols([6]).to(to).from(from);
    let space = spaces.cube(&cube.to_ports([(port, port + 500)]))?;
    let both = spaces.union(before, space)?;
    if grows {
        return Ok(both);
    }
    spaces.intersection(before, space)?;
    spaces.difference(before, space)?;
    spaces.is_subset(space, before);
    spaces.overlap(both, space);
    Ok(space)
}

/// The most memory that the process has had so far.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}
