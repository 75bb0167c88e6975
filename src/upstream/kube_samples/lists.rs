//! Lists that upstream writes several times, and what their headings say.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::Cidr;
use crate::profile::Name;
use crate::yaml::{Comment, Located};

use super::policy::Nets;
use super::read::MOST_ENTRIES;

/// Refuses two copies of a list that have different blocks. Their order does not count.
pub(super) fn agree(what: &str, one: &Nets, other: &Nets) -> Result<(), InputError> {
    let only_in_one = missing(one, other);
    let only_in_other = missing(other, one);
    if only_in_one.is_empty() && only_in_other.is_empty() {
        return Ok(());
    }
    let place = |nets: &Nets, only: &[Located<Cidr>]| {
        only.first()
            .map_or_else(|| nets.place(), |net| Place::new(&nets.input, net.span))
    };
    let message = format!(
        "two copies of the list of {what} disagree: {}",
        said(&only_in_other)
    );
    Err(InputError::new(message)
        .at(place(other, &only_in_other))
        .also(InputError::new(said(&only_in_one)).at(place(one, &only_in_one))))
}

/// What one of two copies has alone.
fn said(blocks: &[Located<Cidr>]) -> String {
    let names: Vec<String> = blocks.iter().map(|b| format!("`{}`", b.value)).collect();
    match names.as_slice() {
        [] => "nothing is in this one alone".to_owned(),
        [name] => format!("{name} is in this one alone"),
        names => format!("{} are in this one alone", names.join(", ")),
    }
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

/// Refuses a file of bare addresses, one a line, that tells of others than `nets`. A block of the
/// list stands for the addresses in it: until 2023 some were wider than one address.
pub(super) fn agree_with_addresses(
    what: &str,
    nets: &Nets,
    input: &Arc<Input>,
) -> Result<(), InputError> {
    let addresses = addresses(input)?;
    let blocks = || nets.list.iter().map(|net| net.block);
    let stray = addresses
        .iter()
        .find(|address| !blocks().any(|block| block.contains(address.value)));
    if let Some(stray) = stray {
        return Err(InputError::new(format!(
            "`{}` is not in the list of {what} that the policies have",
            stray.value
        ))
        .at(Place::new(input, stray.span))
        .also(InputError::new("the list").at(nets.place())));
    }
    let unnamed = blocks().find(|block| !addresses.iter().any(|a| block.contains(a.value)));
    match unnamed {
        Some(block) => Err(InputError::new(format!(
            "`{}` is not in `{}`, the other copy of the {what}",
            block.value, input.name
        ))
        .at(Place::new(&nets.input, block.span))),
        None => Ok(()),
    }
}

/// The addresses of a file that has one a line.
fn addresses(input: &Arc<Input>) -> Result<Vec<Located<IpAddr>>, InputError> {
    let mut addresses = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(input.text.split_inclusive('\n')) {
        let text = line.trim();
        if !text.is_empty() {
            let at = line.find(text).unwrap_or_default();
            let whole = Span {
                start,
                end: start,
                line: number,
                column: 1,
            };
            let span = whole.within(line, &(at..at + text.len()));
            let value = text.parse().map_err(|_| {
                InputError::new(format!("`{text}` is not an address")).at(Place::new(input, span))
            })?;
            if addresses.len() >= MOST_ENTRIES {
                let message = format!("at most {MOST_ENTRIES} addresses are read");
                return Err(InputError::new(message).at(Place::new(input, span)));
            }
            addresses.push(Located { value, span });
        }
        start = start.saturating_add(u32::try_from(line.len()).unwrap_or(u32::MAX));
    }
    Ok(addresses)
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
