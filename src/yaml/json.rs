//! JSON as a tree of nodes, without the YAML parser: what an API server sends is all JSON, and much of
//! it.
//!
//! The values are serde_json's. It does not say where they stand, so that a [`Place`] goes along the
//! text beside it and finds each value where it must begin. What is not as usual (a key that stands
//! twice, a merge key, a number written as nobody prints it) is left to the YAML parser, which tells
//! more about it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::finding::Span;

use super::MOST_NODES;
use super::node::{Entry, Kind, Node};
use super::read::Filling;
use super::scalar::Scalar;

/// The one value of `text`, where that is JSON as usual.
pub(super) fn json(text: &str) -> Option<Node> {
    if !text.starts_with('{') {
        return None;
    }
    let mut place = Place::at_start_of(text);
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Next(&mut place).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    (place.nodes <= MOST_NODES).then_some(node)
}

/// A place in a text, going forward.
struct Place<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    /// From 1.
    line: u32,
    /// Characters before it on its line.
    before: u32,
    /// How many values were found.
    nodes: usize,
}

impl<'t> Place<'t> {
    fn at_start_of(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            before: 0,
            nodes: 0,
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over space and over what stands between values. A carriage return is unusual: of one by
    /// itself YAML says that it ends a line.
    fn skip(&mut self) {
        for byte in self.rest().bytes() {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.before = 0;
                }
                b' ' | b'\t' | b',' | b':' => self.before += 1,
                _ => return,
            }
            self.at += 1;
        }
    }

    /// Goes over `token`, which stands next; says where. Nothing where something else does.
    fn over(&mut self, token: &str) -> Option<Span> {
        self.skip();
        self.rest().starts_with(token).then(|| {
            let span = self.span(token.len());
            let characters = if token.is_ascii() {
                token.len()
            } else {
                token.chars().count()
            };
            self.at += token.len();
            self.before += narrow(characters);
            span
        })
    }

    /// Goes over the text `value` in quotes.
    fn over_text(&mut self, value: &str) -> Option<Span> {
        self.skip();
        let inner = self.rest().strip_prefix('"')?;
        let is_plain = inner
            .strip_prefix(value)
            .is_some_and(|behind| behind.starts_with('"'))
            && !value.contains('\\');
        if !is_plain {
            // As everybody prints what needs to be escaped.
            return self.over(&serde_json::to_string(value).ok()?);
        }
        let length = value.len() + 2;
        let characters = if value.is_ascii() {
            length
        } else {
            value.chars().count() + 2
        };
        let span = self.span(length);
        self.at += length;
        self.before += narrow(characters);
        Some(span)
    }

    /// The next `length` bytes.
    fn span(&self, length: usize) -> Span {
        Span {
            start: narrow(self.at),
            end: narrow(self.at + length),
            line: self.line,
            column: self.before + 1,
        }
    }

    /// A value that is written as `text`.
    fn plain<E: Error>(&mut self, text: &str) -> Result<Node, E> {
        let span = self.over(text).ok_or_else(unusual)?;
        Ok(scalar(span, text, true))
    }
}

fn scalar(span: Span, text: &str, plain: bool) -> Node {
    Node {
        span,
        kind: Kind::Scalar(Scalar {
            text: text.into(),
            plain,
        }),
    }
}

/// Nobody sees it: the YAML parser looks at the text then.
fn unusual<E: Error>() -> E {
    E::custom("not as usual")
}

fn narrow(n: usize) -> u32 {
    // Texts are bounded to 64 MiB.
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Reads the value that comes next.
struct Next<'p, 't>(&'p mut Place<'t>);

impl<'de> DeserializeSeed<'de> for Next<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Next<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.0.nodes += 1;
        self.0.plain("null")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.0.nodes += 1;
        self.0.plain(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.0.nodes += 1;
        self.0.plain(&Number::from(value).to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.0.nodes += 1;
        self.0.plain(&Number::from(value).to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.0.nodes += 1;
        let number = Number::from_f64(value).ok_or_else(unusual)?;
        self.0.plain(&number.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.0.nodes += 1;
        let span = self.0.over_text(value).ok_or_else(unusual)?;
        Ok(scalar(span, value, false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let place = self.0;
        let mut span = place.over("[").ok_or_else(unusual)?;
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element_seed(Next(&mut *place))? {
            nodes.push(node);
        }
        span.end = place.over("]").ok_or_else(unusual)?.end;
        place.nodes += 1;
        Ok(Node {
            span,
            kind: Kind::Sequence(nodes),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let place = self.0;
        let mut span = place.over("{").ok_or_else(unusual)?;
        let mut filling = Filling::default();
        while let Some((key, key_span)) = map.next_key_seed(Key(&mut *place))? {
            if &*key == "<<" || filling.remember(&key, key_span).is_some() {
                return Err(unusual());
            }
            let value = map.next_value_seed(Next(&mut *place))?;
            filling.entries.push(Entry {
                key,
                key_span,
                value,
            });
        }
        span.end = place.over("}").ok_or_else(unusual)?.end;
        place.nodes += 1;
        Ok(Node {
            span,
            kind: Kind::Mapping(filling.finish()),
        })
    }
}

/// Reads the key that comes next.
struct Key<'p, 't>(&'p mut Place<'t>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = (Box<str>, Span);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = (Box<str>, Span);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        self.0.nodes += 1;
        let span = self.0.over_text(key).ok_or_else(unusual)?;
        Ok((key.into(), span))
    }
}
