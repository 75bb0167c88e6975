//! What two sources differ in, as SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use crate::finding::{Origin, Place};
use crate::question::compare::{Change, Turn, Turned, What};
use crate::question::verify::{Counter, Fault};
use crate::report::proof::{decided_at, plain};

use super::super::sarif::{SCHEMA, uri};
use super::{Compared, Judged, intents, lines, titled, unified_of};

/// A comparison as one SARIF log, indented, with a line feed at its end: a result for every object
/// that differs, and for every kind of fault of an intent that does not hold on the new side.
///
/// A result stands where a file says it: at the object on the new side, else on the old one. What
/// only a cluster has stands nowhere, and is told by its name.
pub fn render(compared: &Compared<'_>) -> String {
    let objects = compared.found.changes.iter().map(result);
    let results = objects.chain(compared.judged.iter().flat_map(of_intents));
    let of_intents = [BROKEN, REFUTED, UNKNOWN]
        .into_iter()
        .map(|(id, sentence, level)| {
            json!({
                "id": id,
                "shortDescription": {"text": sentence},
                "defaultConfiguration": {"level": level},
            })
        });
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
                "rules": rules.chain(of_intents).collect::<Vec<_>>(),
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

/// A rule about intents: its word, what it says, and how grave that is.
type Rule = (&'static str, &'static str, &'static str);

const BROKEN: Rule = (
    "intent-broken",
    "What must hold of the cluster held on the old side, and does not on the new one",
    "error",
);

const REFUTED: Rule = (
    "intent-refuted",
    "What must hold of the cluster does not hold, and did not on the old side",
    "warning",
);

const UNKNOWN: Rule = (
    "intent-unknown",
    "Whether what must hold of the cluster holds cannot be known, nor could it on the old side",
    "warning",
);

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

/// What there is to tell of the intents of a cluster.
fn of_intents(judged: &Judged) -> Vec<Value> {
    let mut results = Vec::new();
    for turned in judged.told().iter().filter(|t| t.turn != Turn::Mended) {
        for counter in &turned.after.counters {
            results.push(of_intent(judged, turned, counter));
        }
    }
    results
}

fn of_intent(judged: &Judged, turned: &Turned<'_>, counter: &Counter) -> Value {
    let (id, _, level) = match (turned.turn, counter.fault) {
        (Turn::Broken, _) => BROKEN,
        (_, Fault::Unknown(_)) => UNKNOWN,
        _ => REFUTED,
    };
    let name = plain(&turned.intent.name);
    let [wrong, decided] = intents::told_of(turned.intent, counter);
    let heading = judged.after.heading();
    let places = [turned.intent.place.as_ref(), decided_at(counter)];
    let mut places = places.into_iter().flatten();
    let place = places.find(|place| place.input.origin == Origin::Text);
    let mut location = json!({"logicalLocations": [{"fullyQualifiedName": heading}]});
    if let (Some(place), Some(location)) = (place, location.as_object_mut()) {
        location.insert("physicalLocation".to_owned(), physical(place));
    }
    json!({
        "ruleId": id,
        "level": level,
        "message": {"text": format!("{name}: {wrong}, {decided} ({heading})")},
        "locations": [location],
        "partialFingerprints": {
            "palisadeDiff/v1": format!("{} {} {heading} {name}", id, counter.fault.word()),
        },
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
