//! Prints the table of canonical digests that the parity test holds the templates to, from a
//! checkout of the upstream repository:
//!
//! ```text
//! cargo run --example upstream-digests -- PATH/calico-policies > tests/parity/upstream.txt
//! ```
//!
//! One line an object: region, network, kind, namespace/name (or name), SHA-256 of its normal
//! form. Host endpoints are left out: upstream has placeholders where workers should be named.

use std::path::Path;
use std::process::ExitCode;

use palisade::resource::{Kind, digest, read};
use palisade::source::text::read_folder;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: upstream-digests FOLDER (the one that holds private-network-isolation)");
        return ExitCode::from(2);
    };
    match table(Path::new(&folder)) {
        Ok(lines) => {
            print!("{lines}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn table(folder: &Path) -> Result<String, palisade::finding::Error> {
    let mut lines = Vec::new();
    for network in ["private", "public"] {
        let below = folder.join(format!("{network}-network-isolation"));
        for (path, input) in read_folder(&below, ".yaml")? {
            let region = path.split('/').next().unwrap_or_default();
            let (resources, _) = read(&input);
            for resource in resources {
                if resource.key.kind != Kind::HostEndpoint {
                    let (kind, name) = (&resource.key.kind, resource.key.path());
                    let digest = digest(&resource);
                    lines.push(format!("{region} {network} {kind} {name} {digest}\n"));
                }
            }
        }
    }
    lines.sort();
    Ok(lines.concat())
}
