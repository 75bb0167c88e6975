//! Facts over HTTPS: what is fetched, pinned and compared, and what is refused with nothing lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    reason = "what tests share may fail as tests do, and tables of cases are long"
)]

#[path = "../call/api_server.rs"]
mod api_server;
#[path = "../call/mod.rs"]
mod call;
mod checking;
mod failing;
mod guards;
mod lock;
mod overlay;
mod proxy;
mod publisher;
mod updating;
#[path = "../importer/upstream.rs"]
#[allow(dead_code)]
mod upstream;

use std::collections::BTreeMap;

use call::{Ran, Room, project};
use git2::Repository;
use publisher::{Asked, Publisher, Reply, bare};
use upstream::{Upstream, made_up_platform};

/// A folder with profiles that come from a publisher on loopback.
pub(crate) struct Desk {
    pub(crate) room: Room,
    pub(crate) publisher: Publisher,
    repository: Repository,
}

impl Desk {
    /// Whose publisher has two regions and some ranges; `first` answers what it knows an answer to.
    pub(crate) fn new(first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let room = Room::new();
        let path = room.path("upstream.git");
        let repository = bare(&path);
        let publisher = Publisher::new(path, first);
        room.write("profiles/sources.yaml", publisher.sources());
        room.write("profiles/platform.yaml", made_up_platform());
        room.write("ca.pem", &publisher.ca);
        let desk = Self {
            room,
            publisher,
            repository,
        };
        desk.publish(&regions(), 1_714_953_600);
        desk
    }

    /// One that has fetched once already.
    pub(crate) fn fetched(first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let desk = Self::new(first);
        let ran = desk.run(
            "profile update --as-of 2024-05-07 --accept cloudflare/ipv4 --accept cloudflare/ipv6",
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        desk
    }

    /// Commits these policies to what is published, and gives the first digits of the commit.
    pub(crate) fn publish(&self, upstream: &Upstream, seconds: i64) -> String {
        let oid = upstream.commit(&self.repository, seconds);
        oid.to_string()[..12].to_owned()
    }

    /// Runs `palisade`, which trusts the publisher and goes by the profiles here.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_in(line, &[])
    }

    /// As [`Desk::run`], with more variables.
    pub(crate) fn run_in(&self, line: &str, more: &[(&str, &str)]) -> Ran {
        let ca = self.room.path("ca.pem");
        let mut variables = vec![
            ("SSL_CERT_FILE", ca.to_str().expect("a text")),
            ("PALISADE_PROFILES", "profiles"),
        ];
        variables.extend(more);
        let mut ran = self.room.run_in(line, b"", &variables);
        let port = format!(":{}", self.publisher.port);
        ran.stdout = ran.stdout.replace(&port, ":PORT");
        ran.stderr = ran.stderr.replace(&port, ":PORT");
        ran
    }

    /// Every profile by its path, with its bytes, but for the platform's, which nobody fetches.
    pub(crate) fn profiles(&self) -> BTreeMap<String, Vec<u8>> {
        let mut profiles = self.room.files("profiles");
        let platform = profiles.remove("platform.yaml");
        assert_eq!(platform, Some(made_up_platform().into_bytes()));
        profiles
    }
}

/// The policies of two made-up regions.
pub(crate) fn regions() -> Upstream {
    Upstream::whole(&["aa-one", "bb-two"])
}

/// Nothing out of the ordinary.
pub(crate) fn as_usual(_: &Asked) -> Option<Reply> {
    None
}
