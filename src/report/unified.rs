//! Differences of texts in unified form.

use similar::TextDiff;

/// The name of a text that is not there, as git and diff write it.
const NOTHING: &str = "/dev/null";

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
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&name(old), &name(new))
        .to_string()
}
