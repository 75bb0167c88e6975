//! The workers of a cluster, as what they are written down as.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::finding::InputError;
use crate::profile::{Network, PlatformProfile, Worker};
use crate::resource::Kind;
use crate::yaml::to_text;

/// The workers as a worker list, which is also that part of a cluster profile.
///
/// # Errors
/// None that a worker can bring about: the list is of texts alone.
pub fn list(workers: &[Worker]) -> Result<String, InputError> {
    #[derive(Serialize)]
    struct List<'a> {
        workers: &'a [Worker],
    }

    to_text(&List { workers })
}

/// The host endpoints of the workers, one for each network that a worker is on, as YAML documents.
///
/// # Errors
/// None that a worker can bring about.
pub fn host_endpoints(workers: &[Worker], facts: &PlatformProfile) -> Result<String, InputError> {
    let mut documents = Vec::new();
    for worker in workers {
        let private = Some(worker.private_ip.value);
        let public = worker.public_ip.as_ref().map(|address| address.value);
        for (network, address) in [(Network::Private, private), (Network::Public, public)] {
            if let Some(address) = address {
                let name = worker.name.as_str();
                let object = host_endpoint(facts, network, name, address, Map::new());
                documents.push(to_text(&object)?);
            }
        }
    }
    Ok(documents.join("---\n"))
}

/// The host endpoint of the worker `node` on `network`, with `labels` and that of its role.
pub(super) fn host_endpoint(
    facts: &PlatformProfile,
    network: Network,
    node: &str,
    address: IpAddr,
    mut labels: Map<String, Value>,
) -> Value {
    let role = &facts.network(network).role;
    labels.insert(facts.role_label.clone(), role.as_str().into());
    json!({
        "apiVersion": Kind::HostEndpoint.api_version(),
        "kind": Kind::HostEndpoint.word(),
        "metadata": {
            "name": format!("{node}-{}", role.replace('_', "-")),
            "labels": labels,
        },
        "spec": {
            "node": node,
            "interfaceName": facts.network(network).interface,
            "expectedIPs": [address.to_string()],
        },
    })
}
