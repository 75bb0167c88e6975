//! Workers out of what `kubectl get nodes -o json|yaml` prints.

use std::net::IpAddr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place};
use crate::yaml::{Located, Node, documents};

use super::cluster::check_workers;
use super::{Name, NodeName, Worker, Workers};

/// The Calico node name of a worker.
const WORKER_ID: &str = "ibm-cloud.kubernetes.io/worker-id";
const INTERNAL_IP: &str = "ibm-cloud.kubernetes.io/internal-ip";
const EXTERNAL_IP: &str = "ibm-cloud.kubernetes.io/external-ip";
/// What a file of workers can be.
const WANTED: &str = "give a list of workers, or what `kubectl get nodes -o json` prints";

const POOL: &str = "ibm-cloud.kubernetes.io/worker-pool-name";

/// Reads workers out of `input`: a worker list, or a list of nodes as kubectl prints it, whichever
/// it is.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub fn workers_of(input: &Arc<Input>) -> Result<Workers, InputError> {
    let roots: Vec<Node> = documents(input).into_iter().collect::<Result<_, _>>()?;
    let Some(first) = roots.first() else {
        return Err(InputError::new(format!("{} holds nothing", input.name)).hint(WANTED));
    };
    if first.get("kind").is_none() {
        return Workers::read(input);
    }
    let mut nodes = Vec::new();
    for root in &roots {
        match root.get("kind").and_then(Node::as_str) {
            Some("List" | "NodeList") => {
                nodes.extend(root.get("items").map_or(&[][..], Node::items));
            }
            Some("Node") => nodes.push(root),
            other => {
                let kind = other.unwrap_or("document without a kind");
                return Err(
                    InputError::new(format!("a `{kind}` says nothing about workers"))
                        .at(Place::new(input, root.span))
                        .hint(WANTED),
                );
            }
        }
    }
    let workers: Vec<Worker> = nodes
        .into_iter()
        .map(|node| worker(input, node))
        .collect::<Result<_, _>>()?;
    check_workers(input, &workers)?;
    Ok(Workers::new(input, workers))
}

fn worker(input: &Arc<Input>, node: &Node) -> Result<Worker, InputError> {
    let metadata = node.get("metadata");
    let labels = metadata.and_then(|metadata| metadata.get("labels"));
    let label = |key: &str| labels.and_then(|labels| labels.get(key));
    let required = |key: &str| {
        label(key).ok_or_else(|| {
            let name = metadata
                .and_then(|metadata| metadata.get("name"))
                .and_then(Node::as_str)
                .unwrap_or("without a name");
            InputError::new(format!("the node {name} has no label `{key}`"))
                .at(Place::new(input, labels.unwrap_or(node).span))
                .hint("is this a worker of an IBM Cloud cluster?")
        })
    };
    let public_ip = label(EXTERNAL_IP)
        .filter(|value| value.as_str() != Some(""))
        .map(|value| read_as::<IpAddr>(input, value))
        .transpose()?;
    let pool = label(POOL)
        .map(|value| read_as::<Name>(input, value))
        .transpose()?;
    Ok(Worker {
        name: read_as::<NodeName>(input, required(WORKER_ID)?)?,
        private_ip: read_as::<IpAddr>(input, required(INTERNAL_IP)?)?,
        public_ip,
        pool: pool.map(|pool| pool.value),
    })
}

fn read_as<T: std::str::FromStr<Err: std::fmt::Display>>(
    input: &Arc<Input>,
    value: &Node,
) -> Result<Located<T>, InputError> {
    let refuse = |message: String| InputError::new(message).at(Place::new(input, value.span));
    let text = value
        .as_str()
        .ok_or_else(|| refuse(format!("{} is not a text", value.described())))?;
    let parsed = text
        .parse()
        .map_err(|error: T::Err| refuse(format!("`{text}`: {error}")))?;
    Ok(Located {
        value: parsed,
        span: value.span,
    })
}
