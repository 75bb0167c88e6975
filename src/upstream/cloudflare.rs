//! The ranges that Cloudflare publishes: as JSON with an etag, and as texts of one block a line.
//!
//! Nothing here fetches: what was answered goes in, lists or the first refusal come out.

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::Cidr;
use crate::profile::Etag;
use crate::yaml::Located;

/// The most blocks that a list may have. There are some twenty.
const MOST_BLOCKS: usize = 10_000;

/// How much of what was answered instead is shown.
const SHOWN: usize = 60;

/// The ranges as they are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The IPv4 ranges, sorted.
    pub ipv4: Vec<Cidr>,
    /// The IPv6 ranges, sorted.
    pub ipv6: Vec<Cidr>,
    /// What this state of the lists is called, where they say so.
    pub etag: Option<Etag>,
}

/// What the API answers. It may come to tell more than this.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    result: Option<Ranges>,
}

#[derive(Deserialize)]
struct Ranges {
    ipv4_cidrs: Vec<String>,
    ipv6_cidrs: Vec<String>,
    #[serde(default)]
    etag: Option<String>,
}

/// Reads what the API answered.
///
/// # Errors
/// No JSON (a web page, half of an answer, nothing), JSON of another shape, an answer that tells of a
/// failure, a list that is empty or holds what is no block of its family, or holds it twice.
pub fn read_answer(input: &Arc<Input>) -> Result<Published, InputError> {
    check_text(input)?;
    let answer: Answer = serde_json::from_str(&input.text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "the JSON ends in the middle".to_owned(),
            serde_json::error::Category::Syntax => format!("this is no JSON: {}", shown(input)),
            _ => format!("this is not what the API answers: {}", plain(&error)),
        };
        let (line, column) = (error.line(), error.column().saturating_sub(1));
        let before = input
            .text
            .split_inclusive('\n')
            .take(line.saturating_sub(1));
        let at = before.map(str::len).sum::<usize>() + column;
        let at = at.min(input.text.len());
        InputError::new(what).at(Place::new(input, Span::in_text(&input.text, at..at)))
    })?;
    let ranges = answer.result.filter(|_| answer.success);
    let ranges =
        ranges.ok_or_else(|| InputError::new("the API tells of a failure").at(whole(input)))?;
    Ok(Published {
        ipv4: blocks(input, located(input, &ranges.ipv4_cidrs), true)?,
        ipv6: blocks(input, located(input, &ranges.ipv6_cidrs), false)?,
        etag: ranges.etag.and_then(|etag| etag.parse().ok()),
    })
}

/// Reads both texts, of IPv4 and of IPv6.
///
/// # Errors
/// As of the API's answer.
pub fn read_texts(ipv4: &Arc<Input>, ipv6: &Arc<Input>) -> Result<Published, InputError> {
    let read = |input: &Arc<Input>, is_ipv4| {
        check_text(input)?;
        blocks(input, lines(input), is_ipv4)
    };
    Ok(Published {
        ipv4: read(ipv4, true)?,
        ipv6: read(ipv6, false)?,
        etag: None,
    })
}

/// Refuses what is no list at all.
fn check_text(input: &Arc<Input>) -> Result<(), InputError> {
    let text = input.text.trim_start();
    if text.is_empty() {
        return Err(InputError::new("the answer is empty").at(whole(input)));
    }
    if text.starts_with('<') {
        let message = format!("this is a web page and no list: {}", shown(input));
        return Err(InputError::new(message).at(whole(input)));
    }
    Ok(())
}

/// The blocks of one family, sorted.
fn blocks(
    input: &Arc<Input>,
    texts: Vec<Located<&str>>,
    is_ipv4: bool,
) -> Result<Vec<Cidr>, InputError> {
    let family = if is_ipv4 { "IPv4" } else { "IPv6" };
    if texts.is_empty() {
        return Err(InputError::new(format!("the list of {family} is empty")).at(whole(input)));
    }
    if texts.len() > MOST_BLOCKS {
        let message = format!("the list of {family} has more than {MOST_BLOCKS} blocks");
        return Err(InputError::new(message).at(whole(input)));
    }
    let mut blocks = Vec::with_capacity(texts.len());
    for text in texts {
        let refuse = |message: String| InputError::new(message).at(Place::new(input, text.span));
        let block = Cidr::from_str(text.value).map_err(|error| refuse(error.to_string()))?;
        if block.is_ipv4() != is_ipv4 {
            return Err(refuse(format!("`{block}` is not an {family} range")));
        }
        if block.is_everything() {
            return Err(refuse(format!("`{block}` is every address")));
        }
        blocks.push((block, text.span));
    }
    blocks.sort_unstable();
    if let Some([(block, _), (_, span)]) = blocks.array_windows().find(|[(a, _), (b, _)]| a == b) {
        let message = format!("`{block}` stands here a second time");
        return Err(InputError::new(message).at(Place::new(input, *span)));
    }
    Ok(blocks.into_iter().map(|(block, _)| block).collect())
}

/// The texts of a JSON list, each with the place where it stands.
fn located<'t>(input: &Arc<Input>, texts: &'t [String]) -> Vec<Located<&'t str>> {
    let place = |text: &'t String| {
        let at = input.text.find(&format!("\"{text}\"")).map(|at| at + 1);
        let span = at.map(|at| Span::in_text(&input.text, at..at + text.len()));
        Located {
            value: text.as_str(),
            span: span.unwrap_or_default(),
        }
    };
    texts.iter().map(place).collect()
}

/// The lines that are not empty, each with its place.
fn lines(input: &Arc<Input>) -> Vec<Located<&str>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in input.text.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() {
            let at = start + line.find(text).unwrap_or_default();
            lines.push(Located {
                value: text,
                span: Span::in_text(&input.text, at..at + text.len()),
            });
        }
        start += line.len();
    }
    lines
}

fn whole(input: &Arc<Input>) -> Place {
    Place::new(input, Span::in_text(&input.text, 0..0))
}

/// The first characters of what was answered.
fn shown(input: &Input) -> String {
    let line = input.text.trim_start().lines().next().unwrap_or_default();
    let plain = |c: &char| !c.is_control();
    let mut start: String = line.chars().filter(plain).take(SHOWN).collect();
    if line.chars().count() > SHOWN {
        start.push('…');
    }
    format!("`{start}`")
}

/// A sentence of the JSON reader without the place.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let sentence = text.rsplit_once(" at line ").map(|(sentence, _)| sentence);
    sentence.unwrap_or(&text).to_owned()
}
