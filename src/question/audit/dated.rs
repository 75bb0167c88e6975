//! Facts that do not hold any more, or not for long.

use std::sync::Arc;

use crate::finding::{Code, Finding, Input, Place, Span};
use crate::profile::{Day, Name, RegionProfile, Status};
use crate::yaml::Located;

use super::Found;

/// One list, as far as days go.
struct Dated {
    name: String,
    status: Option<Status>,
    from: Option<Located<Day>>,
    until: Option<Located<Day>>,
    span: Span,
}

/// The lists of a region's profile, whose text `input` is, that do not hold on the day `as_of`, and
/// those whose end is announced. Without a day none is judged by its days.
pub fn dated(region: &RegionProfile, input: &Arc<Input>, as_of: Option<Day>) -> Vec<Found> {
    let mut found = Vec::new();
    for list in lists(region) {
        let name = &list.name;
        let mut tell = |code, span, message: String| {
            found.push(Found {
                finding: Finding::new(code, Place::new(input, span), message),
                removal: None,
            });
        };
        if let (Some(until), Some(day)) = (list.until, as_of)
            && until.value < day
        {
            let message = format!(
                "the list {name} holds until {}, and {day} is later",
                until.value
            );
            tell(Code::FactExpired, until.span, message);
        }
        if let (Some(from), Some(day)) = (list.from, as_of)
            && day < from.value
        {
            let message = format!(
                "the list {name} holds from {} on, and {day} is earlier",
                from.value
            );
            tell(Code::FactExpired, from.span, message);
        }
        if list.status == Some(Status::Deprecated) {
            let message = format!("the provider has announced the end of the list {name}");
            tell(Code::FactDeprecated, list.span, message);
        }
    }
    found
}

fn lists(region: &RegionProfile) -> Vec<Dated> {
    let plane = &region.control_plane;
    let lists = [
        ("control-plane-private", &plane.private),
        ("control-plane-public", &plane.public),
        ("kubernetes-api", &region.kubernetes_api),
    ];
    let mut all: Vec<Dated> = lists
        .into_iter()
        .map(|(name, list)| Dated {
            name: name.to_owned(),
            status: list.status,
            from: list.valid_from,
            until: list.valid_until,
            span: list.nets.span,
        })
        .collect();
    let infrastructure = &region.infrastructure;
    all.extend(infrastructure.required.iter().map(|list| {
        let zones: Vec<&str> = list.zones.iter().map(Name::as_str).collect();
        Dated {
            name: format!("infrastructure-required-{}", zones.join("-")),
            status: list.status,
            from: list.valid_from,
            until: list.valid_until,
            span: list.nets.span,
        }
    }));
    let zones = &infrastructure.zones;
    all.push(Dated {
        name: "infrastructure-zones".to_owned(),
        status: zones.status,
        from: zones.valid_from,
        until: zones.valid_until,
        span: zones.nets.span,
    });
    all.extend(region.services.iter().map(|list| Dated {
        name: format!("services-{}-{}", list.network, list.name.value),
        status: list.status,
        from: list.valid_from,
        until: list.valid_until,
        span: list.name.span,
    }));
    all
}
