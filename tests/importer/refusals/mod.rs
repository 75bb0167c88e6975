//! What is not recognised is refused with upstream's file, line and column, and the line is shown.

mod facts;
mod objects;
mod rules;

use crate::upstream::Upstream;

/// What a person is told of each case, in order.
fn told(cases: &[(&str, Upstream)]) -> String {
    let told = cases
        .iter()
        .map(|(what, upstream)| format!("## {what}\n{}\n", upstream.refusal()));
    told.collect::<Vec<_>>().join("\n")
}

fn one() -> Upstream {
    Upstream::of(&["aa-one"])
}

const ENDPOINT: &str = "allow-private-service-endpoint.yaml";
const EGRESS_PODS: &str = "allow-egress-pods-private.yaml";
const IBM_PORTS: &str = "allow-ibm-ports-public.yaml";
const SYS_MGMT: &str = "allow-sys-mgmt-private.yaml";
const SERVICES: &str = "allow-public-services.yaml";
const SERVICES_PODS: &str = "allow-public-services-pods.yaml";
