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
    let mut last = first;
    for (index, line) in lines.iter().enumerate().skip(first + 1) {
        match line.indent {
            Some(other) if other > indent => last = index,
            Some(_) => break,
            None => {}
        }
    }
    (first..=last).collect()
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
        let Some(own) = line.indent else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without the items whose content begins on these lines.
    fn without(text: &str, lines: &[usize]) -> String {
        let span = |line: &usize| {
            let start: usize = text
                .split_inclusive('\n')
                .take(line - 1)
                .map(str::len)
                .sum();
            let dash = text.get(start..).and_then(|rest| rest.find("- "));
            let at = start + dash.map_or(0, |dash| dash + 2);
            Span::in_text(text, at..at + 1)
        };
        let spans: Vec<Span> = lines.iter().map(span).collect();
        without_items(text, &spans)
    }

    #[test]
    fn items_go_with_their_lines_and_comments() {
        let text = "a:\n# one\n- x: 1\n  y: 2\n\n- z: 3\n";
        assert_eq!(without(text, &[3]), "a:\n# one\n\n- z: 3\n");
        let text = "a:\n# both\n- 1\n- 2\n# third\n# as well\n- 3\nb: 4\n";
        let cases: [(&[usize], &str); 5] = [
            (&[3], "a:\n# both\n- 2\n# third\n# as well\n- 3\nb: 4\n"),
            (&[3, 4], "a:\n# third\n# as well\n- 3\nb: 4\n"),
            (&[7], "a:\n# both\n- 1\n- 2\nb: 4\n"),
            (&[3, 4, 7], "b: 4\n"),
            (&[], text),
        ];
        for (lines, expected) in cases {
            assert_eq!(without(text, lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn inner_lists_and_lists_in_a_row() {
        let text = "a:\n  - b: 1\n    # in\n    c:\n    - 5\n    - 6\n  - b: 2\nd: [7, 8]\n";
        assert_eq!(without(text, &[5]), text.replace("    - 5\n", ""));
        assert_eq!(without(text, &[2]), "a:\n  - b: 2\nd: [7, 8]\n");
        assert_eq!(
            without(text, &[5, 6]),
            text.replace("    c:\n    - 5\n    - 6\n", "")
        );
        // What begins no line stays.
        let span = Span::in_text(text, text.len() - 5..text.len() - 4);
        assert_eq!(without_items(text, &[span]), text);
    }
}
