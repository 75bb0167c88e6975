//! How fresh the facts are, as the description of a pull request.

use std::fmt::Write as _;

use crate::report::compare::LONGEST_MARKDOWN as LONGEST;
use crate::report::markdown_text;
use crate::upstream::{Change, ListChange};

use super::state::{Asked, Checked};
use super::text::summary;

/// What is kept free for the sentence that says what was cut.
const FOR_THE_CUT: usize = 200;

/// A verdict, a table of the sources, what goes before what comes, and whose policies change. Never
/// longer than a comment may be; where that cuts, it says so.
pub(super) fn render(checked: &Checked) -> String {
    let mark = if !checked.failures.is_empty() {
        "❌"
    } else if checked.is_fresh() {
        "✅"
    } else {
        "🔶"
    };
    let mut text = format!(
        "## Palisade facts\n\n{mark} **{}**\n\n| source | state | locked | upstream |\n|---|---|---|---|\n",
        summary(checked)
    );
    let state = |state: &Option<_>| state.as_ref().map_or("–".to_owned(), ToString::to_string);
    // A string takes whatever is written to it.
    for asked in &checked.sources {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            asked.source,
            asked.freshness.word(),
            code(&state(&asked.locked)),
            code(&state(&asked.upstream))
        );
    }
    let failed = checked.sources.iter().filter_map(Asked::failure);
    let failed = failed.map(|(source, why)| format!("{source}: {}", markdown_text(why)));
    section(&mut text, "Could not be asked", &failed.collect::<Vec<_>>());
    let plain = |texts: &[String]| -> Vec<String> {
        texts.iter().map(|text| markdown_text(text)).collect()
    };
    section(
        &mut text,
        "Refused without a word for it",
        &plain(&checked.refused),
    );
    section(
        &mut text,
        "Would not fit any more after an update",
        &plain(&checked.unfit),
    );
    let changes = &checked.changes;
    let goes = entries(changes, |list| &list.removed);
    section(
        &mut text,
        "What goes: whoever is there still is cut off",
        &goes,
    );
    let comes = entries(changes, |list| &list.added);
    section(&mut text, "What comes", &comes);
    let lists = checked.lists.iter();
    let lists = lists.map(|list| format!("{} `{}`: {}", list.profile, list.list, list.why));
    section(&mut text, "Lists in doubt", &lists.collect::<Vec<_>>());
    let bundles = checked.bundles.iter();
    let bundles = bundles.map(|b| format!("`{}`: {}", b.folder, b.policies.join(", ")));
    section(
        &mut text,
        "Policies that would change",
        &bundles.collect::<Vec<_>>(),
    );
    section(&mut text, "No longer at their source", &checked.gone);
    let unpinned = checked.unpinned.iter().map(|path| code(path));
    section(&mut text, "Not pinned", &unpinned.collect::<Vec<_>>());
    cut(text)
}

/// A line for each list of which `of` gives entries.
fn entries(changes: &[Change], of: impl Fn(&ListChange) -> &Vec<String>) -> Vec<String> {
    let lists = changes
        .iter()
        .flat_map(|change| change.lists.iter().map(move |list| (change, list)));
    let told = lists.filter_map(|(change, list)| {
        let entries: Vec<String> = of(list).iter().map(|entry| code(entry)).collect();
        (!entries.is_empty()).then(|| {
            format!(
                "{} `{}` ({}): {}",
                change.profile,
                list.name,
                entries.len(),
                entries.join(" ")
            )
        })
    });
    told.collect()
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(text, "\n### {title}\n");
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
    }
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '|', '\n'], " "))
}

/// The text up to the last line that fits.
fn cut(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        if kept.len() + line.len() > LONGEST - FOR_THE_CUT {
            break;
        }
        kept.push_str(line);
    }
    let gone = text.lines().count() - kept.lines().count();
    let _ = writeln!(
        kept,
        "\n_{gone} more lines: `palisade profile check` tells all._"
    );
    kept
}
