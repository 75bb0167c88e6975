//! Host endpoints that claim one interface (VAL-48, EVAL-22).

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding};
use crate::resource::{Body, Resource};

use super::place_or_name;

pub(super) fn judge(resources: &[&Resource], findings: &mut Vec<Finding>) {
    let mut claimed: FxHashMap<(&str, &str), &Resource> = FxHashMap::default();
    let mut endpoints: Vec<&Resource> = resources
        .iter()
        .copied()
        .filter(|resource| matches!(resource.body, Body::HostEndpoint(_)))
        .collect();
    // The smallest name holds the interface, so it comes first.
    endpoints.sort_by(|a, b| a.key.name.cmp(&b.key.name));
    for resource in endpoints {
        let Body::HostEndpoint(endpoint) = &resource.body else {
            continue;
        };
        let (Some(node), Some(interface)) = (&endpoint.node, &endpoint.interface_name) else {
            continue;
        };
        if interface.value.is_empty() {
            continue;
        }
        let holder = claimed
            .entry((&node.value, &interface.value))
            .or_insert(resource);
        // One object given twice is told as that.
        if holder.key == resource.key {
            continue;
        }
        let message = format!(
            "`{}` holds interface `{}` of node `{}`, so this host endpoint does nothing",
            holder.key.name, interface.value, node.value
        );
        let place = place_or_name(resource, Some(interface.span));
        findings.push(
            Finding::new(Code::SharedInterface, place, message)
                .hint("of several host endpoints of one interface the first by name holds")
                .related(super::name_place(holder), "the one that holds"),
        );
    }
}
