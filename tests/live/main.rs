//! The live cluster as a source, against recordings of a real API server over TLS on loopback.
//!
//! With `PALISADE_TEST_KUBECONFIG` set, what is asked of a [`cluster::TestCluster`] is asked of the real
//! cluster of that kubeconfig instead: `README.md` says how to get one. What takes a server that fails,
//! or one that tells what it was asked, stays with the recordings.

#![cfg(feature = "live")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[path = "../call/api_server.rs"]
mod api_server;
mod asking;
#[path = "../call/mod.rs"]
mod call;
#[path = "../call/cluster.rs"]
mod cluster;
mod credentials;
mod failing;
mod in_cluster;
#[path = "../call/many.rs"]
mod many;
mod newer;
mod oidc;
mod proxies;
mod reading;
mod role;
mod size;

use std::path::PathBuf;
use std::time::Duration;

use api_server::ApiServer;
use call::{Room, project};
use palisade::finding::Error;
use palisade::report::terminal::{self, Style};
use palisade::source::live::{self, Cluster, Options, Patience};

/// Reads the cluster of `kubeconfig`, without a long wait for anything.
fn read(kubeconfig: PathBuf) -> Result<Cluster, Error> {
    live::read(None, &options(kubeconfig), &|_| {})
}

fn options(kubeconfig: PathBuf) -> Options {
    Options {
        kubeconfig: Some(kubeconfig),
        patience: Patience {
            program: Duration::from_millis(500),
            answer: Duration::from_secs(5),
            attempts: 3,
            pause: Duration::from_millis(1),
        },
        ..Options::default()
    }
}

/// Reads `server` by a token.
fn read_from(server: &ApiServer) -> Result<Cluster, Error> {
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    read(room.path("kubeconfig"))
}

/// An error as people read it, without the server's port.
fn told(server: &ApiServer, error: &Error) -> String {
    assert!(matches!(error, Error::Outside(_)), "{error:?}");
    let text = terminal::error(error, Style::Plain);
    text.replace(&server.address, "https://SERVER")
}
