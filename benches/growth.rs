//! How reading and compiling grow with the input: up to 10,000 policies of 1,000 blocks.
//!
//! `cargo bench --bench growth` takes some minutes and 2 GiB of memory.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use palisade::engine::{Settings, compile};
use palisade::finding::Input;
use palisade::resource::ResourceSet;

/// `count` policies of `blocks` blocks each, in texts of 500 policies.
fn inputs(count: usize, blocks: usize) -> Vec<Arc<Input>> {
    let mut inputs = Vec::new();
    for chunk in 0..count.div_ceil(500) {
        let mut text = String::new();
        for n in chunk * 500..((chunk + 1) * 500).min(count) {
            write!(
                text,
                "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  \
                 name: p{n}\nspec:\n  order: {n}\n  selector: app == 'app{}'\n  types: [Egress]\n  \
                 egress:\n  - action: Allow\n    protocol: TCP\n    destination:\n      ports: [443]\n      nets:\n",
                n % 100
            )
            .unwrap();
            for block in 0..blocks {
                let mix = n * 31 + block * 7;
                writeln!(
                    text,
                    "      - {}.{}.{}.0/24",
                    1 + mix % 200,
                    mix / 200 % 256,
                    block % 256
                )
                .unwrap();
            }
        }
        inputs.push(Input::new(format!("{chunk}.yaml"), text));
    }
    inputs
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("policies of 1,000 blocks");
    group.sample_size(10);
    for count in [2_500, 5_000, 10_000] {
        let inputs = inputs(count, 1_000);
        group.bench_function(BenchmarkId::new("read", count), |b| {
            b.iter(|| ResourceSet::read(&inputs));
        });
        let set = ResourceSet::read(&inputs);
        group.bench_function(BenchmarkId::new("compile", count), |b| {
            b.iter(|| compile(&set, &Settings::default()));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
