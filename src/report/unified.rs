//! Differences of texts in unified form.

use similar::TextDiff;

/// The name of a text that is not there, as git and diff write it.
pub(super) const NOTHING: &str = "/dev/null";

/// The unified difference from `old` to `new`, both of the file `path`. An empty text is a file
/// that is not there.
pub fn diff(path: &str, old: &str, new: &str) -> String {
    let name = |text: &str| {
        if text.is_empty() {
            NOTHING.to_owned()
        } else {
            path.to_owned()
        }
    };
    between((&name(old), old), (&name(new), new))
}

/// The unified difference between two texts, each with its name.
pub fn between(old: (&str, &str), new: (&str, &str)) -> String {
    TextDiff::from_lines(old.1, new.1)
        .unified_diff()
        .header(old.0, new.0)
        .to_string()
}
