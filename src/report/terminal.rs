//! Errors and findings for people, with the line they speak of.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Message, Origin, Renderer, Snippet, Title,
};

use crate::finding::{Error, Finding, InputError, Place, Severity, Span};

use super::Report;

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
        Error::Outside(error) => {
            let mut group = bare(Level::ERROR.primary_title(error.to_string()));
            if let Some(hint) = error.hint_text() {
                group = group.element(Level::HELP.message(hint));
            }
            style.renderer().render(&[group])
        }
    }
}

/// An error about an input as people read it.
pub fn input_error(error: &InputError, style: Style) -> String {
    let title = Level::ERROR.primary_title(error.message());
    let mut group = match error.place() {
        Some(place) => title.element(shown(place, AnnotationKind::Primary, "")),
        None => bare(title),
    };
    for other in error.others() {
        group = match other.place() {
            Some(place) => group.element(shown(place, AnnotationKind::Context, other.message())),
            None => group.element(Level::NOTE.message(other.message())),
        };
    }
    if let Some(hint) = error.hint_text() {
        group = group.element(Level::HELP.message(hint));
    }
    style.renderer().render(&[group])
}

/// A report as people read it: a block for every finding.
pub fn report(report: &Report, style: Style) -> String {
    let renderer = style.renderer();
    let mut text = String::new();
    for told in &report.findings {
        text.push_str(&finding(told, &renderer));
        text.push_str("\n\n");
    }
    text
}

/// A finding with its code, its line, the further places that belong to it, and what would be
/// right.
fn finding(finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(finding.message.as_str())
        .id(finding.code.word());
    let mut group = title.element(shown(&finding.place, AnnotationKind::Primary, ""));
    for (place, what) in &finding.related {
        group = group.element(shown(place, AnnotationKind::Context, what));
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    renderer.render(&[group])
}

/// A title with nothing below it.
fn bare(title: Title<'_>) -> Group<'_> {
    title.elements(Vec::<Message<'_>>::new())
}

/// A place with its line; where the line is not for everybody, the place alone.
fn shown<'a>(place: &'a Place, kind: AnnotationKind, label: &'a str) -> Element<'a> {
    if !place.is_secret() {
        return snippet(place, kind, label).into();
    }
    if !label.is_empty() {
        return Level::NOTE.message(format!("{label}: {place}")).into();
    }
    Origin::path(place.input.name.as_str())
        .line(place.span.line.max(1) as usize)
        .char_column(place.span.column.max(1) as usize)
        .into()
}

/// The line of a place, the place marked. Only this line is handed to the renderer: it counts
/// through everything it gets.
fn snippet<'a>(
    place: &'a Place,
    kind: AnnotationKind,
    label: &'a str,
) -> Snippet<'a, Annotation<'a>> {
    let (line, marked) = line_of(&place.input.text, place.span);
    let annotation = kind.span(marked);
    let annotation = if label.is_empty() {
        annotation
    } else {
        annotation.label(label)
    };
    Snippet::source(line)
        .line_start(place.span.line.max(1) as usize)
        .path(&place.input.name)
        .annotation(annotation)
}

/// The line on which `span` begins, and where in it the span lies. A span that runs over several
/// lines is marked on its first.
fn line_of(text: &str, span: Span) -> (&str, Range<usize>) {
    let range = span.range();
    let at = text.floor_char_boundary(range.start.min(text.len()));
    let (before, after) = text.split_at(at);
    let from = before.rfind('\n').map_or(0, |newline| newline + 1);
    let to = at + after.find('\n').unwrap_or(after.len());
    // The carriage return of a Windows line end is no part of the line.
    let to = if text.get(from..to).is_some_and(|line| line.ends_with('\r')) && to > at {
        to - 1
    } else {
        to
    };
    let end = text
        .floor_char_boundary(range.end.min(text.len()))
        .clamp(at, to);
    (
        text.get(from..to).unwrap_or_default(),
        at - from..end - from,
    )
}
