//! Errors and findings for people, with the line they speak of.

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Message, Renderer, Snippet, Title,
};

use crate::finding::{Error, InputError, Place, Span};

/// How many lines are shown before and behind the one that is spoken of.
const CONTEXT: usize = 1;

/// Colour, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For a terminal.
    Coloured,
    /// For a file, a pipe or a test.
    Plain,
}

impl Style {
    fn renderer(self) -> Renderer {
        match self {
            Self::Coloured => Renderer::styled(),
            Self::Plain => Renderer::plain(),
        }
    }
}

/// An error as people read it: the sentence, the place with its line, what would be right, and
/// the causes.
pub fn error(error: &Error, style: Style) -> String {
    match error {
        Error::Input(error) => input_error(error, style),
        Error::Outside(error) => style
            .renderer()
            .render(&[bare(Level::ERROR.primary_title(error.to_string()))]),
    }
}

/// An error about an input as people read it.
pub fn input_error(error: &InputError, style: Style) -> String {
    let title = Level::ERROR.primary_title(error.message());
    let mut group = match error.place() {
        Some(place) => title.element(snippet(place, AnnotationKind::Primary, "")),
        None => bare(title),
    };
    for other in error.others() {
        group = match other.place() {
            Some(place) => group.element(snippet(place, AnnotationKind::Context, other.message())),
            None => group.element(Level::NOTE.message(other.message())),
        };
    }
    if let Some(hint) = error.hint_text() {
        group = group.element(Level::HELP.message(hint));
    }
    style.renderer().render(&[group])
}

/// A title with nothing below it.
fn bare(title: Title<'_>) -> Group<'_> {
    title.elements(Vec::<Message<'_>>::new())
}

/// The line of a place and its neighbours, the place marked. Only these lines are handed to the
/// renderer: it counts through everything it gets.
fn snippet<'a>(
    place: &'a Place,
    kind: AnnotationKind,
    label: &'a str,
) -> Snippet<'a, Annotation<'a>> {
    let window = Window::around(&place.input.text, place.span);
    let annotation = kind.span(window.start..window.end);
    let annotation = if label.is_empty() {
        annotation
    } else {
        annotation.label(label)
    };
    Snippet::source(window.text)
        .line_start(window.first_line)
        .path(&place.input.name)
        .annotation(annotation)
}

/// A few lines of a text, and where in them the marked stretch lies.
struct Window<'a> {
    text: &'a str,
    first_line: usize,
    start: usize,
    end: usize,
}

impl<'a> Window<'a> {
    fn around(text: &'a str, span: Span) -> Self {
        let range = span.range();
        let at = floor_boundary(text, range.start);
        let line_start = |at: usize| {
            text.get(..at)
                .and_then(|t| t.rfind('\n'))
                .map_or(0, |n| n + 1)
        };
        let line_end = |at: usize| {
            text.get(at..)
                .and_then(|t| t.find('\n'))
                .map_or(text.len(), |n| at + n)
        };
        let own_end = line_end(at);
        let mut from = line_start(at);
        let mut first_line = span.line.max(1) as usize;
        let mut to = own_end;
        for _ in 0..CONTEXT {
            if from > 0 {
                from = line_start(from - 1);
                first_line = first_line.saturating_sub(1).max(1);
            }
            if to < text.len() {
                to = line_end(to + 1);
            }
        }
        // A stretch that runs over several lines is marked on its first.
        let end = floor_boundary(text, range.end).clamp(at, own_end);
        Self {
            text: text.get(from..to).unwrap_or_default(),
            first_line,
            start: at - from,
            end: end - from,
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}
