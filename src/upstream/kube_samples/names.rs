//! Names of service groups, from the headings of their lists.

use crate::net::{PortRange, Protocol};
use crate::profile::Name;

/// What a heading contains, in lower case, and the group it heads. The first that fits counts.
const KNOWN: [(&str, &str); 7] = [
    ("container registry", "registry"),
    ("monitoring api", "monitoring-api"),
    ("monitoring", "monitoring"),
    ("activity tracker", "activity-tracker"),
    ("atracker", "activity-tracker"),
    ("log analysis", "logging"),
    ("cloud logs", "cloud-logs"),
];

/// The port that IANA gives to syslog. Upstream heads syslog's own addresses as it heads those of
/// the rest of logging.
const SYSLOG: u16 = 514;

/// Words that begin most headings and tell nothing.
const MAKER: &str = "ibm cloud ";

/// The name of the group headed `heading` that answers on `ports`; `taken` says which names its
/// network has already.
pub(super) fn group_name(
    heading: &str,
    protocol: Protocol,
    ports: &[PortRange],
    taken: impl Fn(&Name) -> bool,
) -> Option<Name> {
    let lower = heading.to_lowercase();
    let known = KNOWN.iter().find(|(part, _)| lower.contains(part));
    let mut base = known.map_or_else(|| slug(&lower), |(_, name)| (*name).to_owned());
    if ports.iter().any(|range| range.contains(SYSLOG)) {
        base.push_str("-syslog");
    }
    if protocol != Protocol::Tcp {
        base.push('-');
        base.push_str(&slug(&protocol.to_string().to_lowercase()));
    }
    let first: Name = base.parse().ok()?;
    if !taken(&first) {
        return Some(first);
    }
    (2..100).find_map(|number| {
        let next: Name = format!("{base}-{number}").parse().ok()?;
        (!taken(&next)).then_some(next)
    })
}

/// A heading's service as a name: what stands before the colon, words joined by dashes.
fn slug(lower: &str) -> String {
    const LONGEST: usize = 40;

    let service = lower.split(':').next().unwrap_or(lower).trim();
    let service = service.strip_prefix(MAKER).unwrap_or(service);
    let mut slug = String::new();
    for word in service.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.is_empty() || slug.len() + word.len() > LONGEST {
            continue;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}
