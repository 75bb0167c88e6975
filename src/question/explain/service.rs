//! Packets that came in for a service: for an address that no pod and no node has, such as a load
//! balancer's. What decides on them is what the worker does before it passes them on, which asks for
//! no Service in the input.

use rustc_hash::FxHashMap;

use crate::engine::{
    ClassId, Flow, Hook, HostEndpointId, HostId, InterfaceId, Party, Program, Trace,
};
use crate::question::asked::Asked;
use crate::question::trace::EPHEMERAL;
use crate::resource::Direction;

use super::decided::{Passage, Way};

/// The workers at which such packets come in.
pub(super) struct Services<'p> {
    program: &'p Program,
    /// One worker of each kind that has the interface.
    kinds: FxHashMap<InterfaceId, Vec<HostId>>,
}

impl<'p> Services<'p> {
    pub(super) fn of(program: &'p Program) -> Self {
        Self {
            program,
            kinds: FxHashMap::default(),
        }
    }

    /// What happens to the packet at each kind of worker that it may have come in at, which a line
    /// does not say; nothing where it did not come in for a service, or where the input knows what is
    /// behind the address.
    pub(super) fn traces(&mut self, asked: &Asked, passage: Passage) -> Option<Vec<Trace>> {
        if passage.way != Way::In || passage.network.is_none() {
            return None;
        }
        let program = self.program;
        let (source, destination) = (asked.from.address()?, asked.to.address()?);
        let inside = |address| asked.inside.iter().any(|(net, _)| net.contains(address));
        let is_nobodys = matches!(program.find_address(destination), Party::Address(_));
        let is_pod = matches!(program.find_address(source), Party::Pod(_));
        if !is_nobodys || inside(destination) || is_pod || inside(source) {
            return None;
        }
        let sort = asked.sort;
        let protocol = sort.protocol.number();
        let behind = |port| program.behind_address(destination, protocol, port);
        if sort.port.is_some_and(|port| !behind(port).is_empty()) {
            return None;
        }
        let via = program.find_interface(asked.via.as_deref()?);
        let kinds = self.kinds.entry(via);
        let kinds = kinds.or_insert_with(|| kinds_with(program, via)).iter();
        let traces: Vec<Trace> = kinds
            .map(|host| {
                let from = Party::Address(source);
                let mut flow = Flow::new(from, Party::Service(*host), sort.protocol, sort.port);
                flow.icmp = sort.icmp;
                flow.to_address = Some(destination);
                flow.via = Some(via);
                if sort.protocol.has_ports() {
                    flow.source_port = Some(asked.from_port.unwrap_or(EPHEMERAL));
                }
                program.trace(&flow)
            })
            .collect();
        (!traces.is_empty()).then_some(traces)
    }
}

/// One worker of all that have the interface and are governed there by the same policies.
fn kinds_with(program: &Program, via: InterfaceId) -> Vec<HostId> {
    let hooks = [
        Hook::Untracked(Direction::Ingress),
        Hook::PreDnat,
        Hook::Forward(Direction::Ingress),
    ];
    let mut known = Vec::new();
    let mut kinds = Vec::new();
    for host in program.hosts() {
        let has_it = host.addresses.iter().any(|own| own.interface == Some(via));
        let Some(id) = program.find_host(&host.name) else {
            continue;
        };
        if !has_it || !host.mapped {
            continue;
        }
        let class = |owner: Option<HostEndpointId>| {
            owner.and_then(|owner| Some(program.host_endpoint(owner)?.class))
        };
        let classes = hooks.map(|hook| -> Vec<Option<ClassId>> {
            let owners = program.candidates(Some(id), Some(via), hook).into_iter();
            owners.map(|(_, owner)| class(owner)).collect()
        });
        let kind = (classes, program.felix(Some(id)));
        if !known.contains(&kind) {
            known.push(kind);
            kinds.push(id);
        }
    }
    kinds
}
