//! Taking items out of block lists, the rest of the text as it was.

use std::collections::BTreeSet;

use crate::finding::Span;

/// One line of a text, as far as lists go.
struct Line<'t> {
    text: &'t str,
    /// How far it is indented; nothing for a line without content.
    indent: Option<usize>,
    is_comment: bool,
}

/// The text without the items of block lists that begin at `spans`, each with all of its lines. An
/// item that does not begin a line stays. A comment above items goes with the last of those that it
/// is about: those up to the next comment. A key whose list is empty then goes too.
///
/// What is left over says the same only as far as lists go: read it back.
pub fn without_items(text: &str, spans: &[Span]) -> String {
    let lines: Vec<Line<'_>> = text.split_inclusive('\n').map(Line::of).collect();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for span in spans {
        let Some(first) = (span.line as usize).checked_sub(1) else {
            continue;
        };
        gone.extend(item(&lines, first, span));
    }
    let mut lists: BTreeSet<usize> = BTreeSet::new();
    lists.extend(gone.iter().filter_map(|line| head(&lines, *line)));
    for head in lists {
        settle(&lines, head, &mut gone);
    }
    let kept = lines.iter().enumerate();
    kept.filter(|(index, _)| !gone.contains(index))
        .map(|(_, line)| line.text)
        .collect()
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Self {
        let content = text.trim_start_matches(' ');
        let is_blank = content.trim().is_empty();
        Self {
            text,
            indent: (!is_blank).then_some(text.len() - content.len()),
            is_comment: content.starts_with('#'),
        }
    }

    fn is_item(&self) -> bool {
        let content = self.text.trim_start_matches(' ');
        content.starts_with("- ") || content.trim_end() == "-"
    }
}

/// The lines of the item that begins at a line, if one does there.
fn item(lines: &[Line<'_>], first: usize, span: &Span) -> Vec<usize> {
    let Some((line, indent)) = lines.get(first).and_then(|l| Some((l, l.indent?))) else {
        return Vec::new();
    };
    // The content of the item stands right behind its dash.
    if !line.is_item() || span.column as usize != indent + 3 {
        return Vec::new();
    }
    let mut own = vec![first];
    for (index, line) in lines.iter().enumerate().skip(first + 1) {
        match line.indent {
            Some(other) if other > indent => own.push(index),
            _ => break,
        }
    }
    own
}

/// The line above a list that has its key.
fn head(lines: &[Line<'_>], item: usize) -> Option<usize> {
    let indent = lines.get(item).filter(|line| line.is_item())?.indent?;
    let above = lines.get(..item)?.iter().enumerate().rev();
    for (index, line) in above {
        let Some(other) = line.indent else { continue };
        if !line.is_comment && other <= indent && !(other == indent && line.is_item()) {
            return line.text.trim_end().ends_with(':').then_some(index);
        }
    }
    None
}

/// Comments in a row, and the items that they are about.
#[derive(Default)]
struct Group {
    comments: Vec<usize>,
    has_items: bool,
    has_kept: bool,
}

/// Takes the comments of a list whose items are gone, and its key where all are.
fn settle(lines: &[Line<'_>], head: usize, gone: &mut BTreeSet<usize>) {
    let mut is_empty = true;
    let mut indent = None;
    let mut groups = vec![Group::default()];
    for (index, line) in lines.iter().enumerate().skip(head + 1) {
        let Some(own) = line.indent else { break };
        match indent {
            Some(indent) if own > indent => continue,
            Some(indent) if own < indent => break,
            _ => {}
        }
        let is_item = line.is_item();
        if !is_item && !line.is_comment {
            break;
        }
        if is_item {
            indent = Some(own);
        }
        if line.is_comment && groups.last().is_none_or(|group| group.has_items) {
            groups.push(Group::default());
        }
        let Some(group) = groups.last_mut() else {
            break;
        };
        if line.is_comment {
            group.comments.push(index);
            continue;
        }
        let is_kept = !gone.contains(&index);
        group.has_items = true;
        group.has_kept |= is_kept;
        is_empty &= !is_kept;
    }
    let orphaned = groups
        .into_iter()
        .filter(|group| group.has_items && !group.has_kept);
    gone.extend(orphaned.flat_map(|group| group.comments));
    if is_empty && indent.is_some() {
        gone.insert(head);
    }
}
