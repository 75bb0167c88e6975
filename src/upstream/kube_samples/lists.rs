//! Lists that upstream writes several times, and what their headings say.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::Cidr;
use crate::profile::Name;
use crate::yaml::{Comment, Located};

use super::policy::{Net, Nets};

/// Refuses two copies of a list that have different blocks. Their order does not count.
pub(super) fn agree(what: &str, one: &Nets, other: &Nets) -> Result<(), InputError> {
    let only_in_one = missing(one, other);
    let only_in_other = missing(other, one);
    if only_in_one.is_empty() && only_in_other.is_empty() {
        return Ok(());
    }
    let here = said(&only_in_other);
    let there = said(&only_in_one);
    let place = |nets: &Nets, only: &[Located<Cidr>]| {
        only.first()
            .map_or_else(|| nets.place(), |net| Place::new(&nets.input, net.span))
    };
    Err(InputError::new(format!(
        "two copies of the list of {what} disagree: {here} here alone"
    ))
    .at(place(other, &only_in_other))
    .also(
        InputError::new(format!("the other copy: {there} here alone")).at(place(one, &only_in_one)),
    ))
}

fn said(blocks: &[Located<Cidr>]) -> String {
    if blocks.is_empty() {
        return "nothing stands".to_owned();
    }
    let names: Vec<String> = blocks.iter().map(|b| format!("`{}`", b.value)).collect();
    let verb = if names.len() == 1 { "stands" } else { "stand" };
    format!("{} {verb}", names.join(", "))
}

/// The blocks of `nets` that `other` has not.
fn missing(nets: &Nets, other: &Nets) -> Vec<Located<Cidr>> {
    let known: BTreeSet<Cidr> = other.list.iter().map(|net| net.block.value).collect();
    nets.list
        .iter()
        .map(|net| net.block)
        .filter(|block| !known.contains(&block.value))
        .collect()
}

/// Reads a file of bare addresses, one a line.
pub(super) fn bare(input: &Arc<Input>) -> Result<Nets, InputError> {
    let mut list = Vec::new();
    let mut start = 0;
    for line in input.text.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() {
            let at = start + line.find(text).unwrap_or_default();
            let span = Span::in_text(&input.text, at..at + text.len());
            let address = text.parse::<IpAddr>().ok().map(Cidr::host);
            let block = match address {
                Some(block) => block,
                None => text.parse().map_err(|_| {
                    InputError::new(format!("`{text}` is not an address"))
                        .at(Place::new(input, span))
                })?,
            };
            list.push(Net {
                block: Located { value: block, span },
                label: None,
            });
        }
        start += line.len();
    }
    let span = list.first().map_or(
        Span {
            line: 1,
            column: 1,
            ..Span::default()
        },
        |net| net.block.span,
    );
    Ok(Nets {
        input: Arc::clone(input),
        span,
        list,
        headings: Vec::new(),
    })
}

/// The zones that a heading lists behind its last colon, if it lists nothing else there.
pub(super) fn zones_of(heading: &Comment) -> Option<Vec<Name>> {
    let (_, tail) = heading.text.rsplit_once(':')?;
    let zones: Option<Vec<Name>> = tail.split(',').map(|zone| zone_name(zone.trim())).collect();
    zones.filter(|zones| !zones.is_empty())
}

/// The zones that the headings of a list name, if one of them does.
pub(super) fn zones_in(nets: &Nets) -> Option<Vec<Name>> {
    nets.headings
        .iter()
        .find_map(|(_, heading)| zones_of(heading))
}

/// `text` as a zone: three letters for the city and two digits for the data centre.
pub(super) fn zone_name(text: &str) -> Option<Name> {
    let (city, number) = text.split_at_checked(3)?;
    let is_zone = city.bytes().all(|b| b.is_ascii_lowercase())
        && number.len() == 2
        && number.bytes().all(|b| b.is_ascii_digit());
    if is_zone { text.parse().ok() } else { None }
}
