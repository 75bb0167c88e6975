//! Explanations of what the parser refuses: what was wanted, what was found, what was meant.

use std::fmt::{self, Display, Formatter};

use super::error::{SelectorError, SelectorErrorKind};
use super::token::{Lexeme, MAX_LABEL_LENGTH, Token, is_label_char};

/// Longer pieces of the text are cut in messages.
const SHOWN_CHARS: usize = 40;

/// What the parser would have accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<'t> {
    Condition,
    Operator { after: &'t str },
    Value,
    Set,
    ValueOrCloseSet,
    CommaOrCloseSet,
    ConnectiveOrClose,
    ConnectiveOrEnd,
    LabelName,
    CloseFunction,
}

impl Display for Wanted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition => f.write_str("a condition"),
            Self::Operator { after } => write!(f, "an operator after `{}`", shown(after)),
            Self::Value => f.write_str("a quoted value"),
            Self::Set => f.write_str("`{`"),
            Self::ValueOrCloseSet => f.write_str("a quoted value or `}`"),
            Self::CommaOrCloseSet => f.write_str("`,` or `}`"),
            Self::ConnectiveOrClose => f.write_str("`&&`, `||` or `)`"),
            Self::ConnectiveOrEnd => f.write_str("`&&`, `||` or the end of the selector"),
            Self::LabelName => f.write_str("a label name"),
            Self::CloseFunction => f.write_str("`)`"),
        }
    }
}

/// The error for a token that cannot stand where it does.
pub(super) fn unexpected(
    wanted: Wanted<'_>,
    previous: Option<Token<'_>>,
    found: &Lexeme<'_>,
    text: &str,
) -> SelectorError {
    let kind = SelectorErrorKind::Unexpected {
        expected: wanted.to_string(),
        found: match found.token {
            Token::End => "the end of the selector".to_owned(),
            Token::Unknown("\n") => "a line feed".to_owned(),
            Token::Unknown("\r") => "a carriage return".to_owned(),
            _ => format!(
                "`{}`",
                shown(text.get(found.range.clone()).unwrap_or_default())
            ),
        },
    };
    let hint = previous
        .and_then(|previous| after_backslash(previous, text, found.range.start))
        .or_else(|| hint(wanted, previous, found.token));
    SelectorError::new(found.range.clone(), kind).with_hint(hint)
}

/// What to say of an error at `at` where the value just before ends in a backslash (SEL-4).
pub(super) fn after_backslash(previous: Token<'_>, text: &str, at: usize) -> Option<String> {
    let adjoins = text
        .get(..at)
        .is_some_and(|before| before.ends_with(['"', '\'']));
    match previous {
        Token::Value(value) if value.ends_with('\\') && adjoins => Some(
            "a backslash does not escape: put a value that holds one kind of quotes into the other"
                .to_owned(),
        ),
        _ => None,
    }
}

fn hint(wanted: Wanted<'_>, previous: Option<Token<'_>>, found: Token<'_>) -> Option<String> {
    if let Token::Unknown(word) = found
        && let Some(hint) = stray(word, previous)
    {
        return Some(hint.to_owned());
    }
    match (wanted, found) {
        (Wanted::Condition | Wanted::LabelName, Token::Value(value)) if is_label(value) => Some(
            format!("a label name stands without quotes: `{}`", shown(value)),
        ),
        (Wanted::Operator { after }, found) => after_label(after, found),
        (Wanted::Value | Wanted::ValueOrCloseSet, Token::Label(word)) => {
            Some(format!("a value stands in quotes: `\"{}\"`", shown(word)))
        }
        (Wanted::Value | Wanted::ValueOrCloseSet, Token::Unknown("“" | "”" | "‘" | "’" | "`")) => {
            Some("the quotes are `\"` and `'`".to_owned())
        }
        (Wanted::Value, Token::OpenSet) => {
            Some("a set is compared with `in` or `not in`".to_owned())
        }
        (Wanted::Set, Token::Value(_) | Token::OpenGroup | Token::Label(_)) => {
            Some("a set stands in braces: `{\"x\", \"y\"}`".to_owned())
        }
        (Wanted::CloseFunction, Token::Label(_)) if previous == Some(Token::All) => {
            Some("`all()` takes no label".to_owned())
        }
        (Wanted::ConnectiveOrEnd | Wanted::ConnectiveOrClose, Token::Comma) => {
            Some("conditions are joined with `&&`".to_owned())
        }
        (Wanted::ConnectiveOrEnd | Wanted::ConnectiveOrClose, Token::Label(word)) => {
            connective(word).map(ToOwned::to_owned)
        }
        (Wanted::ConnectiveOrEnd, Token::CloseGroup) => Some("no `(` is open here".to_owned()),
        (Wanted::Condition | Wanted::LabelName | Wanted::CloseFunction, Token::Unknown(word))
            if !is_label(word) =>
        {
            Some(LABEL_CHARACTERS.to_owned())
        }
        _ => None,
    }
}

const LABEL_CHARACTERS: &str =
    "a label name is made of ASCII letters, digits, `_`, `.`, `/` and `-`";

/// Characters that are half a token, or none at all (SEL-1, SEL-5).
fn stray(word: &str, previous: Option<Token<'_>>) -> Option<&'static str> {
    match (word, previous) {
        ("=", Some(Token::NotEqual)) => Some("inequality is written `!=`"),
        ("=", _) => Some("equality is written `==`"),
        ("&", _) => Some("write `&&`"),
        ("|", _) => Some("write `||`"),
        ("\n" | "\r", _) => Some(
            "only spaces and tabs may separate words; in YAML a block scalar \
             drops its last line feed when it starts with `|-` or `>-`",
        ),
        _ => None,
    }
}

fn connective(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "and" => Some("write `&&`"),
        "or" => Some("write `||`"),
        _ => None,
    }
}

/// What may have been meant by a label name that no operator follows.
fn after_label(label: &str, found: Token<'_>) -> Option<String> {
    let lower = label.to_ascii_lowercase();
    match (lower.as_str(), found) {
        ("has" | "all" | "global", Token::OpenGroup) if lower == label => Some(format!(
            "no space may stand before the parenthesis: `{lower}(`"
        )),
        ("has" | "all" | "global", Token::OpenGroup) => {
            Some(format!("functions are written in lower case: `{lower}(`"))
        }
        ("not", Token::Unknown(word)) if is_label(word) => {
            Some("negation is written `!`".to_owned())
        }
        (_, Token::Unknown(word)) if is_label(word) => operator(word),
        (_, Token::Unknown(_)) => Some(LABEL_CHARACTERS.to_owned()),
        (_, Token::Not) => {
            Some("inequality is written `!=`, and not being in a set `not in`".to_owned())
        }
        (_, Token::Value(_) | Token::OpenSet | Token::OpenGroup) => None,
        ("all" | "global", _) => Some(format!("write `{lower}()`")),
        _ => Some(format!(
            "the presence of a label is written `has({})`",
            shown(label)
        )),
    }
}

fn operator(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let meant = match lower.as_str() {
        "contains" => "contains",
        "starts" | "startswith" => "starts with",
        "ends" | "endswith" => "ends with",
        "not" | "notin" => "not in",
        "in" => "in",
        other => return connective(other).map(ToOwned::to_owned),
    };
    Some(if lower == word {
        format!("write `{meant}`")
    } else {
        format!("operators are written in lower case: `{meant}`")
    })
}

fn is_label(word: &str) -> bool {
    (1..=MAX_LABEL_LENGTH).contains(&word.len()) && word.chars().all(is_label_char)
}

/// A piece of the selector fit for a message of one line: what does not print, or turns the
/// direction of writing, is escaped.
fn shown(piece: &str) -> String {
    let mut chars = piece.chars();
    let mut shown = String::new();
    for c in chars.by_ref().take(SHOWN_CHARS) {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}
