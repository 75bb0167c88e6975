//! What two sources differ in, as SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use crate::finding::{Origin, Place};
use crate::question::compare::{Change, What};

use super::super::sarif::{SCHEMA, uri};
use super::{Compared, lines, titled, unified_of};

/// A comparison as one SARIF log, indented, with a line feed at its end: a result for every object
/// that differs.
///
/// A result stands where a file says it: at the object on the new side, else on the old one. What
/// only a cluster has stands nowhere, and is told by its name.
pub fn render(compared: &Compared<'_>) -> String {
    let results = compared.found.changes.iter().map(result);
    let rules = What::ALL.into_iter().map(|what| {
        json!({
            "id": id(what),
            "shortDescription": {"text": sentence(what)},
            "defaultConfiguration": {"level": "warning"},
        })
    });
    let notes = compared
        .notes
        .iter()
        .map(|note| json!({"level": "note", "message": {"text": note}}));
    super::super::to_json(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "palisade",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes.collect::<Vec<_>>(),
            }],
            "results": results.collect::<Vec<_>>(),
        }],
    }))
}

fn id(what: What) -> String {
    format!("resource-{}", what.word())
}

fn sentence(what: What) -> &'static str {
    match what {
        What::Added => "An object is on the new side alone",
        What::Removed => "An object is on the old side alone",
        What::Changed => "An object says something else on the new side",
    }
}

fn result(change: &Change) -> Value {
    let (more, fewer) = lines(&unified_of(change));
    let message = match change.what() {
        What::Changed => format!("{} differs: +{more} −{fewer} lines", titled(change)),
        what => format!("{} is {}", titled(change), what.word()),
    };
    let places = [&change.new, &change.old];
    let mut places = places.into_iter().flatten().map(|stated| &stated.place);
    let logical = json!({
        "name": change.key.name,
        "fullyQualifiedName": titled(change),
        "kind": "resource",
    });
    let mut location = json!({"logicalLocations": [logical]});
    let place = places.find(|place| place.input.origin == Origin::Text);
    if let (Some(place), Some(location)) = (place, location.as_object_mut()) {
        location.insert("physicalLocation".to_owned(), physical(place));
    }
    json!({
        "ruleId": id(change.what()),
        "level": "warning",
        "message": {"text": message},
        "locations": [location],
        // An object is the same one wherever its file moves.
        "partialFingerprints": {"palisadeDiff/v1": format!("{} {}", change.what().word(), titled(change))},
    })
}

fn physical(place: &Place) -> Value {
    json!({
        "artifactLocation": {"uri": uri(&place.input.name)},
        "region": {
            "startLine": place.span.line.max(1),
            "startColumn": place.span.column.max(1),
        },
    })
}
