//! Time that must not grow faster than the input.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

fn took(count: usize, blocks: usize) -> (Duration, Duration) {
    let inputs = inputs(count, blocks);
    let start = Instant::now();
    let set = ResourceSet::read(&inputs);
    let read = start.elapsed();
    assert_eq!(set.len(), count);
    let program = compile(&set, &Settings::default());
    assert_eq!(program.policies().len(), count);
    (read, start.elapsed().checked_sub(read).unwrap())
}

#[test]
fn ten_times_the_policies_take_no_more_than_some_twenty_times_as_long() {
    took(20, 50);
    let (few, many) = (took(100, 100), took(1000, 100));
    let whole = |(read, compiled): (Duration, Duration)| read + compiled;
    assert!(
        whole(many) < whole(few) * 30 + Duration::from_millis(200),
        "{few:?} {many:?}"
    );
}

/// Run by hand: `cargo test --profile perf --test engine ten_thousand -- --ignored --nocapture`.
#[test]
#[ignore = "reads 180 MB"]
fn ten_thousand_policies_of_a_thousand_blocks() {
    for count in [2500, 5000, 10_000] {
        let (read, compiled) = took(count, 1000);
        println!("{count} policies of 1,000 blocks: read in {read:?}, compiled in {compiled:?}");
    }
}
