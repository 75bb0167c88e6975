//! Reading a file of known shape into checked types, and writing it.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location};

use crate::finding::{Input, InputError, Place, Span};

use super::{DEEPEST, LONGEST_TEXT};

/// The most values that a profile may hold. The largest has some hundreds.
const MOST_PROFILE_NODES: usize = 500_000;

/// Reads the one document of `input` into a `T`.
///
/// # Errors
/// What does not fit: a syntax error, a duplicate or unknown key, a value that a checked type
/// refuses, a text that is longer or deeper than any profile, each with its place.
pub fn typed<T: DeserializeOwned>(input: &Arc<Input>) -> Result<T, InputError> {
    if input.text.len() > LONGEST_TEXT {
        return Err(super::read::too_long(input));
    }
    if let Some(at) = input.text.find('\0') {
        return Err(super::read::has_nul(input, at));
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: MOST_PROFILE_NODES,
            max_events: 2 * MOST_PROFILE_NODES,
            max_depth: DEEPEST,
        },
    };
    serde_saphyr::from_str_with_options(&input.text, options)
        .map_err(|error| explain(input, &error))
}

/// Writes `value` as one YAML document that every dialect reads alike.
///
/// # Errors
/// A value that YAML cannot express, such as a mapping with a list for a key.
pub fn to_text<T: Serialize>(value: &T) -> Result<String, InputError> {
    let options =
        serde_saphyr::ser_options! { compact_list_indent: true, folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options)
        .map_err(|error| InputError::new(format!("cannot be written as YAML: {error}")))
}

/// The span of a library location.
pub(super) fn span_of(location: &Location) -> Span {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let start = location.span().byte_offset().map_or(0, narrow);
    Span {
        start,
        end: location
            .span()
            .byte_len()
            .map_or(start, |len| start.saturating_add(narrow(len))),
        line: narrow(location.line()),
        column: narrow(location.column()),
    }
}

fn explain(input: &Arc<Input>, error: &Error) -> InputError {
    let place = error
        .location()
        .map(|location| Place::new(input, span_of(&location)));
    let said = match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => InputError::new(format!("unknown key `{field}`"))
            .suggest(field, expected.iter().copied()),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => InputError::new(format!("unknown value `{variant}`"))
            .suggest(variant, expected.iter().copied()),
        Error::SerdeMissingField { field, .. } => {
            InputError::new(format!("the key `{field}` is missing"))
        }
        Error::DuplicateMappingKey { key, .. } => InputError::new(match key {
            Some(key) => format!("the key `{key}` stands here a second time"),
            None => "a key stands here a second time".to_owned(),
        }),
        Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => InputError::new(if place.as_ref().is_some_and(Place::is_secret) {
            // What is unexpected is shown with its value.
            format!("this is not {expected}")
        } else {
            format!("{unexpected} is not {expected}")
        }),
        Error::Unexpected { expected, .. } => {
            InputError::new(format!("{} is wanted here", wanted(expected)))
        }
        Error::InvalidScalar { ty, .. } => InputError::new(format!("this is no {}", wanted(ty))),
        Error::MultipleDocuments { .. } => {
            InputError::new("a second document begins here, and one is wanted")
        }
        Error::Budget { .. } => InputError::new(
            "the text holds more values, deeper nesting or more aliases than any profile",
        ),
        other => {
            let message = plain(&other.without_snippet().to_string());
            InputError::new(if message.contains("recursion limit") {
                format!("the text nests deeper than {DEEPEST} levels")
            } else if message.contains("after enum variant value") {
                "a second key stands here, and one is wanted".to_owned()
            } else {
                message
            })
        }
    };
    match place {
        Some(place) => said.at(place),
        None => said.at(Place::new(
            input,
            Span {
                line: 1,
                column: 1,
                ..Span::default()
            },
        )),
    }
}

/// The library's word for a shape of value in the words of this tool.
fn wanted(library: &str) -> &str {
    match library {
        "string scalar" => "a single text",
        "u8" => "number from 0 to 255",
        "sequence start" => "a list",
        "mapping start" => "a mapping",
        other => other,
    }
}

/// The sentence of a library error without the position, which the place tells already.
fn plain(message: &str) -> String {
    let sentence = message
        .rsplit_once(" at line ")
        .map_or(message, |(sentence, _)| sentence);
    sentence.to_owned()
}
