//! What two sources differ in, for people at a terminal.

use std::fmt::Write as _;

use super::{Compared, flows, intents, titled, unified_of};

/// Every change as a unified difference, what that does to flows and intents, then the verdict and what was not compared.
pub fn render(compared: &Compared<'_>) -> String {
    let mut text = String::new();
    for change in &compared.found.changes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {}", change.what().word(), titled(change));
        let _ = writeln!(text, "{}", unified_of(change));
    }
    if let Some(changes) = &compared.found.flows {
        text.push_str(&flows(changes));
    }
    text.push_str(&intents::text(compared.judged));
    let _ = writeln!(text, "{}", compared.verdict());
    for remark in compared.remarks() {
        let _ = writeln!(text, "note: {remark}");
    }
    let (took, idle) = compared.ignored();
    for (rule, count) in took {
        let _ = writeln!(text, "ignored: {rule} ({count})");
    }
    if !idle.is_empty() {
        let _ = writeln!(text, "to ignore, and nowhere found: {}", idle.join(", "));
    }
    text
}
