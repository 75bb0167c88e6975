//! A system log of recorded packets, the same for every run: `cargo run --example packet-log -- 10`
//! prints ten million bytes. Half of it scans ports, so that many flows are seen once.

#![allow(clippy::expect_used)]

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let megabytes: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(10);
    let most = megabytes * 1_000_000;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut written = 0;
    let mut seed: u64 = 1;
    let mut roll = |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut number: u64 = 0;
    while written < most {
        number += 1;
        let source = format!("198.51.{}.{}", 100 + roll(2), roll(256));
        let port = if number.is_multiple_of(2) {
            roll(65_535) + 1
        } else {
            [22, 80, 443, 3306, 8080]
                .get(usize::try_from(roll(5)).expect("small"))
                .copied()
                .expect("five")
        };
        let line = format!(
            "Sep  5 14:34:40 kube-shop kernel: [{number}.044316] calico-packet: IN=eth1 OUT= \
             MAC=08:00:27:d5:4e:57:0a:00:27:00:00:00:08:00 SRC={source} DST=203.0.113.130 LEN=60 \
             TOS=0x00 PREC=0x00 TTL=64 ID={} DF PROTO=TCP SPT={} DPT={port} WINDOW=29200 RES=0x00 SYN \
             URGP=0\n",
            roll(65_536),
            roll(28_000) + 32_768,
        );
        out.write_all(line.as_bytes())?;
        written += line.len();
    }
    out.flush()
}
