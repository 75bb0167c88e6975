//! A text of any length, line by line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::finding::OutsideError;

/// The longest line that is kept, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

/// A line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextLine<'l> {
    /// All of it, without its end.
    Whole(&'l str),
    /// The first [`LONGEST_LINE`] bytes of a longer one.
    Beginning(&'l str),
}

/// Calls `take` with every line of the file at `path`; `-` is standard input. What is no UTF-8 is
/// replaced. No more than one line is kept.
///
/// # Errors
/// The file cannot be read.
pub fn each_line(path: &Path, take: impl FnMut(TextLine<'_>)) -> Result<(), OutsideError> {
    if path == Path::new("-") {
        return each(io::stdin().lock(), take).map_err(|source| OutsideError::Stream {
            action: "read standard input",
            source,
        });
    }
    let failed = |source| OutsideError::file("read", path, source);
    let file = File::open(path).map_err(failed)?;
    each(BufReader::with_capacity(LONGEST_LINE, file), take).map_err(failed)
}

fn each(mut reader: impl BufRead, mut take: impl FnMut(TextLine<'_>)) -> io::Result<()> {
    let most = LONGEST_LINE as u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let is_whole = line.last() == Some(&b'\n') || line.len() < LONGEST_LINE;
        while line.last().is_some_and(|end| b"\r\n".contains(end)) {
            line.pop();
        }
        let text: Cow<'_, str> = String::from_utf8_lossy(&line);
        if is_whole {
            take(TextLine::Whole(&text));
        } else {
            take(TextLine::Beginning(&text));
            reader.skip_until(b'\n')?;
        }
    }
}
