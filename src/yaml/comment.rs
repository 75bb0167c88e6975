//! Comments, for texts whose comments carry facts.

use std::sync::Arc;

use granit_parser::{Event, Options, Parser, Placement};

use crate::finding::{Input, InputError, Span};

use super::read::{has_nul, span_of, syntax, too_long};
use super::{DEEPEST, LONGEST_TEXT};

/// The most comments that may stand between two values. The parser holds them back until it knows
/// what they stand before.
const MOST_IN_A_ROW: usize = 4096;

/// A comment and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// What it says, without the `#` and without space around it.
    pub text: Box<str>,
    /// Where it stands, the `#` included.
    pub span: Span,
    /// Whether it stands behind a value, on the value's line, and not on a line of its own.
    pub beside: bool,
}

/// Every comment of `input`, in order.
///
/// # Errors
/// The first thing that keeps the text from being YAML.
pub fn comments(input: &Arc<Input>) -> Result<Vec<Comment>, InputError> {
    if input.text.len() > LONGEST_TEXT {
        return Err(too_long(input));
    }
    if let Some(at) = input.text.find('\0') {
        return Err(has_nul(input, at));
    }
    let mut options = Options::default();
    options.max_buffered_comment_events = MOST_IN_A_ROW;
    options.block_nesting_limit = DEEPEST;
    options.flow_nesting_limit = DEEPEST;
    let mut comments = Vec::new();
    for event in Parser::new_from_str_with_options(&input.text, options) {
        let (event, scan) = event.map_err(|error| syntax(input, &error))?;
        if let Event::Comment(text, placement) = event {
            comments.push(Comment {
                text: text.trim().into(),
                span: span_of(&scan),
                beside: placement == Placement::Right,
            });
        }
    }
    Ok(comments)
}
