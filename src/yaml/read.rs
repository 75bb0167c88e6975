//! Anyone's text, document by document, into trees of nodes.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span as ScanSpan};

use crate::finding::{Input, InputError, Place, Span};

use super::node::{Entry, Kind, Node};
use super::scalar::Scalar;
use super::{DEEPEST, LONGEST_TEXT, MOST_NODES};

/// The most keys of a mapping that are compared one by one; beyond it they are hashed.
const FEW_KEYS: usize = 16;

/// One document of a stream: its root, or why it could not be read.
pub type Document = Result<Node, InputError>;

/// Reads every document of `input`. A document that is broken yields its error, and the reader
/// goes on behind it; a document that is empty yields nothing.
pub fn documents(input: &Arc<Input>) -> Vec<Document> {
    if input.text.len() > LONGEST_TEXT {
        return vec![Err(too_long(input))];
    }
    if let Some(at) = input.text.find('\0') {
        return vec![Err(has_nul(input, at))];
    }
    if let Some(root) = super::json::json(&input.text) {
        return vec![Ok(root)];
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.block_nesting_limit = DEEPEST;
    options.flow_nesting_limit = DEEPEST;
    let mut parser = Parser::new_from_str_with_options(&input.text, options);
    let mut documents = Vec::new();
    let mut nodes = 0;
    loop {
        match next_document(input, &mut parser, &mut nodes) {
            Ok(Some(root)) => {
                if !root.is_null() {
                    documents.push(Ok(root));
                }
            }
            Ok(None) => return documents,
            Err(error) => {
                documents.push(Err(error));
                if nodes > MOST_NODES || !matches!(parser.proceed_next_document(), Ok(true)) {
                    return documents;
                }
            }
        }
    }
}

pub(super) fn too_long(input: &Arc<Input>) -> InputError {
    InputError::new(format!(
        "the text is {} MiB long, and at most {} MiB are read",
        input.text.len() >> 20,
        LONGEST_TEXT >> 20
    ))
    .at(Place::new(
        input,
        Span {
            line: 1,
            column: 1,
            ..Span::default()
        },
    ))
    .hint("split it into several files")
}

pub(super) fn has_nul(input: &Arc<Input>, at: usize) -> InputError {
    InputError::new("a NUL byte stands in the text, so it is no YAML")
        .at(Place::new(input, Span::in_text(&input.text, at..at + 1)))
}

type Events<'a> = Parser<'a, granit_parser::StrInput<'a>>;

/// A collection that is being filled.
enum Open {
    Sequence(Vec<Node>),
    Mapping(Filling),
}

/// A mapping that is being filled.
#[derive(Default)]
pub(super) struct Filling {
    pub(super) entries: Vec<Entry>,
    /// The key whose value comes next.
    key: Option<(Box<str>, Span)>,
    /// The keys so far, once they are too many to compare one by one.
    seen: HashMap<Box<str>, Span>,
    /// What merge keys bring in, where the mapping has no key of its own.
    merged: Vec<Entry>,
}

struct Frame {
    open: Open,
    span: Span,
    anchor: usize,
}

fn next_document(
    input: &Arc<Input>,
    parser: &mut Events<'_>,
    nodes: &mut usize,
) -> Result<Option<Node>, InputError> {
    let mut stack: Vec<Frame> = Vec::new();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut root = None;
    loop {
        let Some(event) = parser.next_event() else {
            return Ok(root);
        };
        let (event, scan) = event.map_err(|error| syntax(input, &error))?;
        let span = span_of(&scan);
        let (node, anchor) = match event {
            Event::StreamEnd => return Ok(root),
            Event::DocumentEnd => {
                let nothing = Node {
                    span,
                    kind: Kind::Scalar(Scalar {
                        text: "".into(),
                        plain: true,
                    }),
                };
                return Ok(Some(root.unwrap_or(nothing)));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let scalar = Scalar {
                    text: text.into(),
                    plain,
                };
                (
                    Node {
                        span,
                        kind: Kind::Scalar(scalar),
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, _) => {
                stack.push(Frame {
                    open: Open::Sequence(Vec::new()),
                    span,
                    anchor,
                });
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                stack.push(Frame {
                    open: Open::Mapping(Filling::default()),
                    span,
                    anchor,
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = stack.pop() else { continue };
                let kind = match frame.open {
                    Open::Sequence(items) => Kind::Sequence(items),
                    Open::Mapping(filling) => Kind::Mapping(filling.finish()),
                };
                let mut closed = frame.span;
                closed.end = span.end;
                (Node { span: closed, kind }, frame.anchor)
            }
            Event::Alias(anchor) => {
                let Some(target) = anchors.get(&anchor) else {
                    return Err(
                        InputError::new("an alias cannot stand inside what it names")
                            .at(Place::new(input, span)),
                    );
                };
                // Counted before it is copied: a bomb of aliases must not go off first.
                *nodes += size(target);
                if *nodes > MOST_NODES {
                    return Err(too_many(input, span));
                }
                let mut copy = target.clone();
                copy.span = span;
                (copy, 0)
            }
            _ => continue,
        };
        *nodes += 1;
        if anchor != 0 {
            *nodes += size(&node);
            anchors.insert(anchor, node.clone());
        }
        if *nodes > MOST_NODES {
            return Err(too_many(input, span));
        }
        match stack.last_mut() {
            None => root = Some(node),
            Some(frame) => place(input, &mut frame.open, node)?,
        }
    }
}

/// Puts `node` where the open collection expects its next value.
fn place(input: &Arc<Input>, open: &mut Open, node: Node) -> Result<(), InputError> {
    let filling = match open {
        Open::Sequence(items) => {
            items.push(node);
            return Ok(());
        }
        Open::Mapping(filling) => filling,
    };
    let Some((name, key_span)) = filling.key.take() else {
        let Kind::Scalar(scalar) = node.kind else {
            return Err(
                InputError::new("a key must be a single value").at(Place::new(input, node.span))
            );
        };
        filling.key = Some((scalar.text, node.span));
        return Ok(());
    };
    if &*name == "<<" {
        return filling.merge(input, key_span, node);
    }
    if let Some(first) = filling.remember(&name, key_span) {
        return Err(
            InputError::new(format!("the key `{name}` stands here a second time"))
                .at(Place::new(input, key_span))
                .also(InputError::new("it stood here first").at(Place::new(input, first))),
        );
    }
    filling.entries.push(Entry {
        key: name,
        key_span,
        value: node,
    });
    Ok(())
}

impl Filling {
    /// Notes that the mapping has `name` now; where it had it before, says where that stood.
    pub(super) fn remember(&mut self, name: &str, span: Span) -> Option<Span> {
        if self.entries.len() < FEW_KEYS {
            return self
                .entries
                .iter()
                .find(|entry| &*entry.key == name)
                .map(|entry| entry.key_span);
        }
        if self.seen.is_empty() {
            let known = self.entries.iter().map(|e| (e.key.clone(), e.key_span));
            self.seen.extend(known);
        }
        self.seen.insert(name.into(), span)
    }

    /// Takes in what the merge key of YAML 1.1 names; kubectl follows it.
    fn merge(&mut self, input: &Arc<Input>, key_span: Span, node: Node) -> Result<(), InputError> {
        let sources = match node.kind {
            Kind::Sequence(items) => items,
            _ => vec![node],
        };
        for source in sources {
            let Kind::Mapping(entries) = source.kind else {
                return Err(InputError::new("only a mapping can be merged with `<<`")
                    .at(Place::new(input, key_span)));
            };
            self.merged.extend(entries);
        }
        Ok(())
    }

    /// The whole mapping: its own keys, then merged ones that it has not.
    pub(super) fn finish(mut self) -> Vec<Entry> {
        for entry in std::mem::take(&mut self.merged) {
            if self.remember(&entry.key, entry.key_span).is_none() {
                self.entries.push(entry);
            }
        }
        self.entries
    }
}

fn too_many(input: &Arc<Input>, span: Span) -> InputError {
    InputError::new("the text holds more values than are read, its aliases followed")
        .at(Place::new(input, span))
        .hint(format!("at most {MOST_NODES} values are read"))
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar(_) => 1,
        Kind::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Mapping(entries) => 1 + entries.iter().map(|e| 1 + size(&e.value)).sum::<usize>(),
    }
}

pub(super) fn span_of(scan: &ScanSpan) -> Span {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let range = scan.byte_range().unwrap_or_default();
    Span {
        start: narrow(range.start),
        end: narrow(range.end),
        line: narrow(scan.start.line()),
        column: narrow(scan.start.col() + 1),
    }
}

pub(super) fn syntax(input: &Arc<Input>, error: &granit_parser::ScanError) -> InputError {
    let marker = error.marker();
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let start = narrow(marker.byte_offset().unwrap_or_default());
    let span = Span {
        start,
        end: start,
        line: narrow(marker.line()),
        column: narrow(marker.col() + 1),
    };
    let told = InputError::new(error.info()).at(Place::new(input, span));
    match conflict(&input.text) {
        Some(line) => told.hint(format!(
            "git left a merge conflict at line {line}: settle it first"
        )),
        None => told,
    }
}

/// The line of the first merge conflict that git wrote into a text.
fn conflict(text: &str) -> Option<usize> {
    let mut lines = text.lines();
    let first = lines.position(|line| line.starts_with("<<<<<<< "))?;
    lines
        .any(|line| line.starts_with(">>>>>>> "))
        .then_some(first + 1)
}
