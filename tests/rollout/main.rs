//! `palisade rollout`: the order of a roll-out, proven.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[path = "../call/mod.rs"]
mod call;

mod changes;
mod formats;
mod generating;
mod input;
mod partly;
mod regions;

use serde_json::Value;

use call::{Ran, Room};

/// What `rollout -o json` says.
fn json(room: &Room, line: &str) -> (Ran, Value) {
    let ran = room.run(&format!("rollout {line} -o json"));
    let told = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{line}: {error}\n{}{}", ran.stdout, ran.stderr));
    (ran, told)
}

/// The waves of each roll-out.
fn waves(told: &Value) -> impl Iterator<Item = &Value> {
    let all = told["rollouts"].as_array().unwrap();
    all.iter().flat_map(|one| one["waves"].as_array().unwrap())
}

/// Everything that is cut, each with its wave.
fn cuts(told: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    waves(told).flat_map(|wave| {
        let cuts = wave["cuts"].as_array().unwrap();
        cuts.iter().map(move |cut| (wave, cut))
    })
}

/// The private set of eu-de in the folder `name`, with `changes` made to files of it.
fn set(room: &Room, name: &str, changes: &[(&str, &str, &str)]) {
    let ran = room.run(&format!("gen --region eu-de --private -o {name}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for (file, from, to) in changes {
        let path = format!("{name}/eu-de/private/{file}.yaml");
        let text = room.read(&path);
        assert!(text.contains(from), "{path}: {from}\n{text}");
        room.write(&path, text.replace(from, to));
    }
}

/// A cluster of which the platform makes no private host endpoints.
const OLD_CLUSTER: &str = "\
name: shop
region: eu-de
networks: [private]
version: \"1.15\"
workers:
- {name: kube-1, privateIP: 10.1.2.3}
- {name: kube-2, privateIP: 10.1.2.4}
";
