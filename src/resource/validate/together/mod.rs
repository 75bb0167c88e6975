//! What only shows in several objects of one input.

mod case;
mod interface;
mod order;
mod reach;
mod stored;
mod tier;

use crate::finding::{Finding, Place, Span};
use crate::resource::Resource;

use super::Rules;

/// Judges objects that belong together.
pub(super) fn judge<'a>(
    resources: impl IntoIterator<Item = &'a Resource>,
    rules: Rules,
    findings: &mut Vec<Finding>,
) {
    let resources: Vec<&Resource> = resources.into_iter().collect();
    stored::judge(&resources, rules, findings);
    tier::judge(&resources, rules, findings);
    interface::judge(&resources, findings);
    order::judge(&resources, rules, findings);
    reach::judge(&resources, findings);
    case::judge(&resources, findings);
}

/// Where an object's name stands.
fn name_place(resource: &Resource) -> Place {
    let metadata = &resource.metadata;
    let span = metadata.name.as_ref().map_or(metadata.span, |n| n.span);
    resource.at(span)
}

/// Where `span` of an object is, or its name where that is nowhere.
fn place_or_name(resource: &Resource, span: Option<Span>) -> Place {
    span.filter(|span| *span != Span::default())
        .map_or_else(|| name_place(resource), |span| resource.at(span))
}
