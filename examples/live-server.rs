//! An API server on loopback with a large cluster, for whoever measures: `benches/live.sh` does.
//!
//! `live-server COUNT KUBECONFIG` has COUNT policies besides the recorded cluster, writes a kubeconfig,
//! and serves until its standard input ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/call/api_server.rs"]
mod api_server;
#[path = "../tests/call/many.rs"]
mod many;

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A file of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// How many rules each policy has.
const RULES: usize = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("live-server COUNT KUBECONFIG");
    let count: usize = next().parse().expect("a number of policies");
    let kubeconfig = next();
    let server = match count {
        0 => api_server::ApiServer::replaying("v3"),
        count => api_server::ApiServer::but("v3", many::policies(count, RULES)),
    };
    std::fs::write(kubeconfig, server.kubeconfig_by_token()).unwrap();
    println!("ready");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
