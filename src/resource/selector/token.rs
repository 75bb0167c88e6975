//! Tokens of the selector language (SEL-1 to SEL-9).

use std::mem;
use std::ops::Range;

use super::error::{SelectorError, SelectorErrorKind};

/// The longest label name that a selector may mention, in bytes (SEL-3).
pub const MAX_LABEL_LENGTH: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Label(&'t str),
    /// The text between the quotes.
    Value(&'t str),
    /// `has(`: the parenthesis belongs to the token, for no space may precede it (SEL-9).
    Has,
    /// `all(`
    All,
    /// `global(`
    Global,
    OpenGroup,
    CloseGroup,
    OpenSet,
    CloseSet,
    Comma,
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    In,
    NotIn,
    Not,
    And,
    Or,
    /// A word or a character that is no token. The parser refuses it everywhere, but knows better
    /// than the lexer what it expected instead.
    Unknown(&'t str),
    End,
}

/// A token and the bytes it covers.
#[derive(Debug, Clone)]
pub(super) struct Lexeme<'t> {
    pub(super) token: Token<'t>,
    pub(super) range: Range<usize>,
}

/// SEL-5. Longer spellings come before their prefixes: `!=` is never `!` and `=`.
const PUNCTUATION: [(&str, Token<'static>); 10] = [
    ("==", Token::Equal),
    ("!=", Token::NotEqual),
    ("!", Token::Not),
    ("&&", Token::And),
    ("||", Token::Or),
    ("(", Token::OpenGroup),
    (")", Token::CloseGroup),
    ("{", Token::OpenSet),
    ("}", Token::CloseSet),
    (",", Token::Comma),
];

/// SEL-6, in the order in which they are tried; the second part of the spelling may follow the
/// first at any distance (SEL-7).
const OPERATOR_WORDS: [(&str, &str, Token<'static>); 5] = [
    ("contains", "", Token::Contains),
    ("starts", "with", Token::StartsWith),
    ("ends", "with", Token::EndsWith),
    ("not", "in", Token::NotIn),
    ("in", "", Token::In),
];

/// SEL-9.
const FUNCTIONS: [(&str, Token<'static>); 3] = [
    ("has(", Token::Has),
    ("all(", Token::All),
    ("global(", Token::Global),
];

/// Reads one token after another off a selector's text.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    after_label: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            after_label: false,
        }
    }

    /// The next token; [`Token::End`] for ever once the text is used up.
    pub(super) fn next(&mut self) -> Result<Lexeme<'t>, SelectorError> {
        self.at = self.text.len() - trim_blanks(self.rest()).len();
        let start = self.at;
        let after_label = mem::take(&mut self.after_label);
        let token = self.token(after_label)?;
        self.after_label = matches!(token, Token::Label(_));
        Ok(Lexeme {
            token,
            range: start..self.at,
        })
    }

    fn token(&mut self, after_label: bool) -> Result<Token<'t>, SelectorError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        if let Some((spelling, token)) = PUNCTUATION.iter().find(|(s, _)| rest.starts_with(s)) {
            self.take(spelling.len());
            return Ok(*token);
        }
        match first {
            '"' | '\'' => self.value(first),
            _ if after_label => Ok(self.operator_word(first)),
            _ if is_label_char(first) => self.function_or_label(),
            _ => Ok(Token::Unknown(self.take(first.len_utf8()))),
        }
    }

    /// SEL-4: everything up to the same quote, without escapes.
    fn value(&mut self, quote: char) -> Result<Token<'t>, SelectorError> {
        let mut parts = self.rest().splitn(3, quote).skip(1);
        if let (Some(value), Some(_)) = (parts.next(), parts.next()) {
            self.take(value.len() + 2);
            Ok(Token::Value(value))
        } else {
            Err(SelectorError::new(
                self.at..self.text.len(),
                SelectorErrorKind::UnclosedValue { quote },
            ))
        }
    }

    /// SEL-6 to SEL-8. That an operator word ends where no label character follows is all that can
    /// be observed of SEL-8: whatever word comes after blanks is refused by the grammar anyway.
    fn operator_word(&mut self, first: char) -> Token<'t> {
        let rest = self.rest();
        for (head, tail, token) in OPERATOR_WORDS {
            let after = rest
                .strip_prefix(head)
                .and_then(|after| match tail {
                    "" => Some(after),
                    _ => trim_blanks(after).strip_prefix(tail),
                })
                .filter(|after| !after.starts_with(is_label_char));
            if let Some(after) = after {
                self.take(rest.len() - after.len());
                return token;
            }
        }
        let length = label_length(rest).max(first.len_utf8());
        Token::Unknown(self.take(length))
    }

    fn function_or_label(&mut self) -> Result<Token<'t>, SelectorError> {
        let rest = self.rest();
        if let Some((spelling, token)) = FUNCTIONS.iter().find(|(s, _)| rest.starts_with(s)) {
            self.take(spelling.len());
            return Ok(*token);
        }
        let length = label_length(rest);
        if length > MAX_LABEL_LENGTH {
            return Err(SelectorError::new(
                self.at..self.at + length,
                SelectorErrorKind::LabelTooLong { length },
            ));
        }
        Ok(Token::Label(self.take(length)))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> &'t str {
        let end = self.at + length;
        let taken = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }
}

/// Whether the character may stand in a label name (SEL-3).
pub(super) fn is_label_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-')
}

fn label_length(text: &str) -> usize {
    text.find(|c| !is_label_char(c)).unwrap_or(text.len())
}

/// SEL-1: only space and TAB separate tokens. Calico up to 3.29 also took line feeds in some
/// places; a selector that relies on it does not survive an upgrade, so it is refused (SEL-2).
fn trim_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
