//! What no intent notices, as it is committed.

use std::collections::BTreeMap;

/// How the reason begins of what changes no verdict at all. That much is proven of it.
pub const EQUAL: &str = "Changes no verdict";

/// Every listed change with its reason: lines under headings that begin with `#`.
pub fn listed(text: &str) -> BTreeMap<&str, &str> {
    let mut reason = None;
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("# ") {
            reason = Some(heading);
        } else {
            let earlier = all.insert(line, reason.expect("a heading first"));
            assert_eq!(earlier, None, "listed twice: {line}");
        }
    }
    all
}
