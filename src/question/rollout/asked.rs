//! What must hold while objects are rolled out: packets that must pass.

use crate::engine::space::Header;
use crate::net::{Cidr, PortRange, Protocol};
use crate::question::intent::{Expect, Group, Icmp, Intent, Part};

/// Into how many pieces an intent is taken apart at most.
const MOST_PIECES: usize = 500;

/// What `intents` want to pass. Of those that say exactly what passes it is that half, without
/// what another intent between the same ends says in the same words.
pub fn wanted(intents: &[Intent]) -> Vec<Intent> {
    let mut wanted: Vec<Intent> = Vec::new();
    for intent in intents {
        let mut own = intent.clone();
        match intent.expect {
            Expect::Deny => continue,
            Expect::Allow => {}
            Expect::Exactly => {
                let others = intents.iter().filter(|other| other.expect == Expect::Allow);
                let same: Vec<&Part> = others
                    .filter(|o| (&o.from, &o.to, &o.except) == (&own.from, &own.to, &own.except))
                    .flat_map(|other| &other.parts)
                    .collect();
                own.parts.retain(|part| !same.contains(&part));
                own.expect = Expect::Allow;
                if own.parts.is_empty() {
                    continue;
                }
            }
        }
        wanted.push(own);
    }
    wanted
}

/// The intent for each of its addresses and ports by itself: together they say what it says. Where
/// that would be too many, some lists stay whole.
pub(super) fn pieces(intent: &Intent) -> Vec<Intent> {
    let by_part = intent.parts.iter().map(|part| Intent {
        parts: vec![part.clone()],
        ..intent.clone()
    });
    let mut pieces: Vec<Intent> = by_part.collect();
    for split in [
        by_target,
        by_destination,
        by_source_group,
        by_source,
        by_port,
    ] {
        let next: Vec<Intent> = pieces.iter().flat_map(split).collect();
        if next.len() <= MOST_PIECES {
            pieces = next;
        }
    }
    pieces
}

fn by_target(intent: &Intent) -> Vec<Intent> {
    let of = |to| Intent {
        to,
        ..intent.clone()
    };
    each_net(&intent.to).into_iter().map(of).collect()
}

fn by_source_group(intent: &Intent) -> Vec<Intent> {
    let of = |from| Intent {
        from,
        ..intent.clone()
    };
    each_net(&intent.from).into_iter().map(of).collect()
}

fn each_net(group: &Group) -> Vec<Group> {
    match group {
        Group::Nets(nets) => nets.iter().map(|net| Group::Nets(vec![*net])).collect(),
        other => vec![other.clone()],
    }
}

fn by_destination(intent: &Intent) -> Vec<Intent> {
    each(intent, |part| {
        let nets = part.destinations.as_ref()?;
        Some(nets.iter().map(|net| part.clone().to([*net])).collect())
    })
}

fn by_source(intent: &Intent) -> Vec<Intent> {
    each(intent, |part| {
        let nets = part.sources.as_ref()?;
        Some(nets.iter().map(|net| part.clone().from([*net])).collect())
    })
}

fn by_port(intent: &Intent) -> Vec<Intent> {
    each(intent, |part| {
        let ports = part.ports.as_ref()?.iter();
        Some(ports.map(|range| part.clone().to_ports([*range])).collect())
    })
}

/// The intent with each of what `split` makes of its parts.
fn each(intent: &Intent, split: impl Fn(&Part) -> Option<Vec<Part>>) -> Vec<Intent> {
    let parts = intent.parts.iter();
    let parts = parts.flat_map(|part| split(part).unwrap_or_else(|| vec![part.clone()]));
    parts
        .map(|part| Intent {
            parts: vec![part],
            ..intent.clone()
        })
        .collect()
}

/// The intent in two, at the middle of its longest list of addresses or ports that is one block or
/// range; nothing where it has none.
pub(super) fn halves(intent: &Intent) -> Option<[Intent; 2]> {
    let [part] = intent.parts.as_slice() else {
        return None;
    };
    let with = |part: Part| Intent {
        parts: vec![part],
        ..intent.clone()
    };
    if let Some([one, other]) = part.destinations.as_deref().and_then(net_halves) {
        return Some([one, other].map(|net| with(part.clone().to([net]))));
    }
    if let Some([one, other]) = part.sources.as_deref().and_then(net_halves) {
        return Some([one, other].map(|net| with(part.clone().from([net]))));
    }
    for is_target in [true, false] {
        let group = if is_target { &intent.to } else { &intent.from };
        let Group::Nets(nets) = group else { continue };
        if let Some(halves) = net_halves(nets) {
            return Some(halves.map(|net| {
                let group = Group::Nets(vec![net]);
                let (from, to) = if is_target {
                    (intent.from.clone(), group)
                } else {
                    (group, intent.to.clone())
                };
                Intent {
                    from,
                    to,
                    ..intent.clone()
                }
            }));
        }
    }
    let [one, other] = port_halves(part.ports.as_deref()?)?;
    Some([one, other].map(|range| with(part.clone().to_ports([range]))))
}

fn net_halves(nets: &[Cidr]) -> Option<[Cidr; 2]> {
    let [net] = nets else { return None };
    let mut halves = net
        .to_net()
        .subnets(net.prefix_len().checked_add(1)?)
        .ok()?;
    let one = Cidr::truncated(halves.next()?);
    Some([one, Cidr::truncated(halves.next()?)])
}

fn port_halves(ranges: &[PortRange]) -> Option<[PortRange; 2]> {
    let [range] = ranges else { return None };
    let middle = range.first().midpoint(range.last());
    let one = PortRange::new(range.first(), middle).ok()?;
    let other = PortRange::new(middle.checked_add(1)?, range.last()).ok()?;
    Some([one, other])
}

/// The intent for one packet alone.
pub(super) fn only(intent: &Intent, header: &Header) -> Intent {
    let port = |number| PortRange::single(number).map(|port| vec![port]);
    let (from, to) = header.ports.unzip();
    let part = |names: Option<&Vec<String>>| Part {
        sources: Some(vec![Cidr::host(header.source)]),
        destinations: Some(vec![Cidr::host(header.destination)]),
        protocol: Some(Protocol::of_number(header.protocol)),
        ports: to.and_then(port),
        source_ports: from.and_then(port),
        names: names.cloned(),
        icmp: header.icmp.map(|(kind, code)| Icmp {
            kind,
            code: Some(code),
        }),
    };
    // What is meant by a name alone is the packet where its receiver calls the port so.
    let is_plain = |own: &Part| own.names.is_none() && may_be(own, header);
    let parts: Vec<Part> = if intent.parts.iter().any(is_plain) {
        vec![part(None)]
    } else {
        let named = intent.parts.iter().filter_map(|own| own.names.as_ref());
        named.map(|names| part(Some(names))).collect()
    };
    Intent {
        parts,
        ..intent.clone()
    }
}

/// Whether the packet is of the part, as far as addresses, protocol and ports tell.
fn may_be(part: &Part, header: &Header) -> bool {
    let within = |nets: &Option<Vec<Cidr>>, address| {
        nets.as_ref()
            .is_none_or(|nets| nets.iter().any(|net| net.contains(address)))
    };
    let is_to = |ports: &Vec<PortRange>| {
        header
            .ports
            .is_some_and(|(_, to)| ports.iter().any(|range| range.contains(to)))
    };
    within(&part.sources, header.source)
        && within(&part.destinations, header.destination)
        && part
            .protocol
            .is_none_or(|own| own.number() == header.protocol)
        && part.ports.as_ref().is_none_or(is_to)
}
