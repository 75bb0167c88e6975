//! What of a text nobody should read who is told of a mistake in it: credentials.

use std::ops::Range;

/// The ends of keys that name a secret, in lower case and without `-`, `_` and `.`.
const SECRET_KEYS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "secrets",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "credential",
    "credentials",
];

/// How many bytes before an `@` are looked at: a line may be as long as a text.
const LONGEST_USER: usize = 512;

/// How many lines above a value its key is looked for: a key in PEM is shorter.
const LONGEST_VALUE: usize = 200;

/// What begins the digest of an image: the `@` before it ends no user.
const DIGEST: &str = "sha256:";

/// Whether a text holds an address with a password, or over HTTP with anything before `@`, since
/// tokens stand there. The user of an SSH address is none, and the digest of an image neither.
pub fn has_credentials(text: &str) -> bool {
    let is_end = |at: usize| {
        text.get(at + 1..)
            .is_some_and(|after| !after.starts_with(DIGEST))
    };
    let before = |at: usize| {
        let from = text.floor_char_boundary(at.saturating_sub(LONGEST_USER));
        text.get(from..at).unwrap_or_default()
    };
    let mut ends = text.match_indices('@').map(|(at, _)| at);
    ends.any(|at| is_end(at) && is_user(before(at)))
}

/// Whether what stands before an `@` ends with credentials.
fn is_user(before: &str) -> bool {
    if let Some((scheme, user)) = before.rsplit_once("://") {
        return user.contains(':') || ["http", "https"].iter().any(|end| ends_with(scheme, end));
    }
    let word = before.rsplit(char::is_whitespace).next();
    word.is_some_and(|word| word.contains(':'))
}

/// Whether a text ends with `end`, whatever the case of its letters.
fn ends_with(text: &str, end: &str) -> bool {
    let from = text.len().saturating_sub(end.len());
    text.get(from..)
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Whether the line of `text` that holds byte `at` is not for everybody: it holds credentials, or the
/// value of a key that names a secret.
pub(super) fn is_secret_line(text: &str, at: usize) -> bool {
    let at = text.floor_char_boundary(at.min(text.len()));
    let (before, after) = text.split_at(at);
    let from = before.rfind('\n').map_or(0, |newline| newline + 1);
    let to = at + after.find('\n').unwrap_or(after.len());
    let line = text.get(from..to).unwrap_or_default();
    if has_credentials(line) || has_secret_key(line) {
        return true;
    }
    // The value of a key may begin on the line below it.
    let depth = depth(line);
    let above = text.get(..from).unwrap_or_default().lines().rev();
    let above = above.take(LONGEST_VALUE);
    let mut outer = above.filter(|line| !line.trim().is_empty() && self::depth(line) < depth);
    outer.next().is_some_and(has_secret_key)
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line holds a key that names a secret, before `:` or, as in the query of an address, `=`.
fn has_secret_key(line: &str) -> bool {
    let mut ends = line.match_indices([':', '=']).map(|(at, _)| at);
    ends.any(|at| {
        let before = line.get(..at).unwrap_or_default().trim_end();
        let before = before.trim_end_matches(['"', '\'']);
        let is_part = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let key = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
        let mut key = key.to_lowercase();
        key.retain(char::is_alphanumeric);
        // Of a selector: `token == 'x'`.
        let compares = line.get(at + 1..).is_some_and(|rest| rest.starts_with('='))
            || before.ends_with(['=', '!']);
        !compares && SECRET_KEYS.iter().any(|end| key.ends_with(end))
    })
}

/// The documents of a YAML or JSON text that hold a `Secret`, in order.
pub(super) fn secret_documents(text: &str) -> Vec<Range<usize>> {
    if !text.contains("Secret") {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut close = |range: Range<usize>| {
        if text.get(range.clone()).is_some_and(holds_secret) {
            all.push(range);
        }
    };
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            close(start..at);
            start = at;
        }
        at += line.len();
    }
    close(start..at);
    all
}

/// Whether a document says somewhere that it is a `Secret`, or a list of them. It is not parsed: a
/// document with a mistake in it must be known too.
fn holds_secret(document: &str) -> bool {
    document.match_indices("Secret").any(|(at, word)| {
        let before = document.get(..at).unwrap_or_default();
        let after = document.get(at + word.len()..).unwrap_or_default();
        let after = after.strip_prefix("List").unwrap_or(after);
        let key = before.trim_end_matches(['"', '\'']).trim_end();
        let Some(key) = key.strip_suffix(':') else {
            return false;
        };
        let key = key.trim_end().trim_end_matches(['"', '\'']);
        key.ends_with("kind") && !after.starts_with(char::is_alphanumeric)
    })
}
