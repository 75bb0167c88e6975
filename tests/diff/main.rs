//! `palisade diff`, as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[cfg(feature = "live")]
#[path = "../call/api_server.rs"]
mod api_server;
#[path = "../call/mod.rs"]
mod call;
#[cfg(feature = "live")]
mod cluster;
#[cfg(feature = "live")]
#[path = "../call/cluster.rs"]
mod clusters;
mod flows;
mod formats;
mod intents;
mod meaning;
mod sides;

use call::{Ran, Room, project};

/// Compares the text `old` with the text `new`.
fn compared(old: &str, new: &str, arguments: &str) -> Ran {
    let room = Room::new();
    room.write("old.yaml", old);
    room.write("new.yaml", new);
    room.run(&format!("diff old.yaml new.yaml {arguments}"))
}

/// A policy with these lines in its spec.
fn policy(spec: &str) -> String {
    let spec = spec.replace('\n', "\n  ");
    format!(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: a\n\
         spec:\n  {spec}\n"
    )
}
