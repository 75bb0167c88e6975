//! Lists of ports as Calico simplifies them (KNP-8).

use crate::finding::Span;
use crate::net::PortRange;
use crate::resource::Port;
use crate::yaml::Located;

/// Named ports first, then numbers sorted and joined into ranges (KNP-8).
pub(super) fn simplified(ports: Vec<Located<Port>>) -> Vec<Located<Port>> {
    if ports.len() < 2 {
        return ports;
    }
    let mut names = Vec::new();
    let mut ranges = Vec::new();
    for port in ports {
        match port.value {
            Port::Range(range) => ranges.push((range, port.span)),
            other => names.push(Located {
                value: other,
                span: port.span,
            }),
        }
    }
    ranges.sort_by_key(|(range, _)| *range);
    let mut joined: Vec<(PortRange, Span)> = Vec::new();
    for (range, span) in ranges {
        if let Some((last, _)) = joined.last_mut()
            && u32::from(range.first()) <= u32::from(last.last()) + 1
        {
            let end = last.last().max(range.last());
            if let Ok(wider) = PortRange::new(last.first(), end) {
                *last = wider;
            }
        } else {
            joined.push((range, span));
        }
    }
    names.extend(joined.into_iter().map(|(range, span)| Located {
        value: Port::Range(range),
        span,
    }));
    names
}
