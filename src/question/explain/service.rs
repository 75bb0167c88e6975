//! Packets that came in for a service: for an address that no pod and no node has, such as a load
//! balancer's. What decides on them is what the worker does before it passes them on, which asks for
//! no Service in the input.

use crate::engine::{Flow, Party, Program, Trace};
use crate::question::asked::Asked;
use crate::question::trace::EPHEMERAL;

use super::decided::{Passage, Way};

/// What happens to the packet at each kind of worker that it may have come in at, which a line does
/// not say; nothing where it did not come in for a service, or where the input knows what is behind
/// the address.
pub(super) fn traces(program: &Program, asked: &Asked, passage: Passage) -> Option<Vec<Trace>> {
    if passage.way != Way::In || passage.network.is_none() {
        return None;
    }
    let (source, destination) = (asked.from.address()?, asked.to.address()?);
    let inside = |address| asked.inside.iter().any(|(net, _)| net.contains(address));
    let outside =
        |address| matches!(program.find_address(address), Party::Address(_)) && !inside(address);
    if !outside(source) || !outside(destination) {
        return None;
    }
    let sort = asked.sort;
    let protocol = sort.protocol.number();
    let behind = |port| program.behind_address(destination, protocol, port);
    if sort.port.is_some_and(|port| !behind(port).is_empty()) {
        return None;
    }
    let via = program.find_interface(asked.via.as_deref()?);
    let mut traces = Vec::new();
    for host in program.host_kinds() {
        let known = program.host(*host)?;
        if !known.addresses.iter().any(|own| own.interface == Some(via)) {
            continue;
        }
        let from = Party::Address(source);
        let mut flow = Flow::new(from, Party::Service(*host), sort.protocol, sort.port);
        flow.icmp = sort.icmp;
        flow.to_address = Some(destination);
        flow.via = Some(via);
        if sort.protocol.has_ports() {
            flow.source_port = Some(asked.from_port.unwrap_or(EPHEMERAL));
        }
        traces.push(program.trace(&flow));
    }
    (!traces.is_empty()).then_some(traces)
}
