//! What two sources differ in, as a comment on a pull request.

use std::fmt::Write as _;

use crate::question::compare::{Change, Turned, Verdict};
use crate::report::proof::plain;

use super::{Compared, flows, intents, lines, titled, unified_of};

/// The longest text in bytes: GitHub takes 65,536 characters, and whoever posts it may add a line.
pub const LONGEST: usize = 65_000;

/// What is kept free for the sentence that says what was cut.
const FOR_THE_CUT: usize = 400;

/// A summary, a verdict, a table of the objects, and each difference in a block that opens on a
/// click. Never longer than [`LONGEST`]; where that cuts, it says so.
pub fn render(compared: &Compared<'_>) -> String {
    let mut page = Page::default();
    let mark = match compared.found.verdict() {
        _ if intents::broken(compared.judged).is_some() => "❌",
        Verdict::Same => "✅",
        Verdict::Differs => "🔶",
        Verdict::Unseen => "❔",
    };
    page.add(&format!(
        "## Palisade diff\n\n{mark} **{}**\n",
        escaped(&compared.verdict())
    ));
    let changes = &compared.found.changes;
    let diffs: Vec<String> = changes.iter().map(unified_of).collect();
    if !changes.is_empty() {
        let in_parts = changes.iter().any(|change| !change.part.is_empty());
        page.add(if in_parts {
            "\n| | kind | name | lines | folder |\n|---|---|---|---|---|\n"
        } else {
            "\n| | kind | name | lines |\n|---|---|---|---|\n"
        });
        for (change, diff) in changes.iter().zip(&diffs) {
            let (more, fewer) = lines(diff);
            let part = match change.part.as_str() {
                "" => String::new(),
                part => format!(" `{}` |", in_table(part)),
            };
            let row = format!(
                "| {} | {} | `{}` | +{more} −{fewer} |{part}\n",
                change.what().word(),
                change.key.kind,
                in_table(&change.key.path()),
            );
            page.cut_rows += usize::from(!page.add(&row));
        }
    }
    if let Some(changes) = &compared.found.flows {
        page.add(&format!("\n{}", fenced("", &flows(changes))));
    }
    for judged in compared.judged {
        let heading = format!("\n{}\n", escaped(&judged.heading()));
        page.add(&heading);
        for turned in judged.told() {
            page.cut_intents += usize::from(!page.add(&intent(&turned)));
        }
    }
    let remarks = compared.remarks();
    if !remarks.is_empty() {
        page.add("\n");
        for remark in remarks {
            page.cut_remarks += usize::from(!page.add(&format!("- {}\n", escaped(&remark))));
        }
    }
    for (change, diff) in changes.iter().zip(&diffs) {
        page.cut_diffs += usize::from(!page.add(&details(change, diff)));
    }
    page.add(&rules(compared));
    page.finish()
}

/// A text that grows up to its bound.
#[derive(Default)]
struct Page {
    text: String,
    cut_rows: usize,
    cut_intents: usize,
    cut_remarks: usize,
    cut_diffs: usize,
    cut_else: bool,
}

impl Page {
    /// Adds `part` where there is room for all of it, and says whether there was.
    fn add(&mut self, part: &str) -> bool {
        let fits = self.text.len() + part.len() <= LONGEST - FOR_THE_CUT;
        if fits {
            self.text.push_str(part);
        }
        self.cut_else |= !fits;
        fits
    }

    fn finish(mut self) -> String {
        let cut = [
            (self.cut_rows, "row", "rows"),
            (self.cut_intents, "intent", "intents"),
            (self.cut_remarks, "remark", "remarks"),
            (self.cut_diffs, "difference", "differences"),
        ];
        let cut: Vec<String> = cut
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        if self.cut_else {
            let what = if cut.is_empty() {
                "something".to_owned()
            } else {
                cut.join(", ")
            };
            let _ = write!(
                self.text,
                "\n> ✂️ **Cut**: {what} left out, since a comment holds {LONGEST} bytes. \
                 `palisade diff` shows everything.\n"
            );
        }
        self.text
    }
}

fn details(change: &Change, diff: &str) -> String {
    format!(
        "\n<details><summary>{} {}</summary>\n\n{}\n</details>\n",
        change.what().word(),
        in_html(&titled(change)),
        fenced("diff", diff)
    )
}

fn intent(turned: &Turned<'_>) -> String {
    format!(
        "\n<details><summary>{}: <b>{}</b></summary>\n\n{}\n</details>\n",
        intents::word(turned),
        in_html(&plain(&turned.intent.name)),
        fenced("", &intents::block(turned))
    )
}

fn rules(compared: &Compared<'_>) -> String {
    let (took, idle) = compared.ignored();
    let mut lines = String::new();
    for (rule, count) in took {
        let _ = writeln!(lines, "- `{rule}` ({count})");
    }
    for rule in idle {
        let _ = writeln!(lines, "- `{rule}`");
    }
    if lines.is_empty() {
        return lines;
    }
    format!("\n<details><summary>What is ignored</summary>\n\n{lines}\n</details>\n")
}

/// `text` in a fence that nothing in it ends.
fn fenced(kind: &str, text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{kind}\n{}\n{fence}\n", text.trim_end())
}

/// `text` as text of HTML, whatever it looks like.
fn in_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        // Nobody is to be called by the name of an object.
        .replace('@', "&#64;")
}

/// `text` as a text of Markdown, whatever it looks like but for code.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in in_html(text).chars() {
        if "*_[]|\\~".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// `text` in a code span in a table.
fn in_table(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('`', "'")
        .replace('\n', " ")
}
