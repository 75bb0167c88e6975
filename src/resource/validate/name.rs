//! What Kubernetes and Calico take for a name.

/// The most bytes of a subdomain (VAL-1).
const LONGEST_SUBDOMAIN: usize = 253;

/// The most bytes of a label of a domain, of a label's name and of its value.
const LONGEST_LABEL: usize = 63;

/// The most characters of a port's name (MOD-13).
const LONGEST_PORT_NAME: usize = 15;

/// Lower-case letters, digits and `-`, a letter or digit at both ends; of any length, as Calico's
/// own patterns have it (VAL-2).
pub(super) fn is_dns_word(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// A DNS label: a word of at most 63 characters (VAL-5).
pub(super) fn is_dns_label(text: &str) -> bool {
    text.len() <= LONGEST_LABEL && is_dns_word(text)
}

/// A DNS subdomain: words joined by dots, at most 253 characters (VAL-1).
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= LONGEST_SUBDOMAIN && text.split('.').all(is_dns_word)
}

/// Letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63.
fn is_label_word(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && ends(text.chars().next())
        && ends(text.chars().next_back())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// A qualified name: `name` or `domain/name` (VAL-6).
pub(crate) fn is_qualified(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_dns_subdomain(domain) && is_label_word(name),
        None => is_label_word(text),
    }
}

/// The value of a label (VAL-6).
pub(crate) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_label_word(text)
}

/// The name of a port: lower-case letters, digits and single dashes inside, a letter among them
/// (MOD-13).
pub(crate) fn is_port_name(text: &str) -> bool {
    text.len() <= LONGEST_PORT_NAME
        && is_dns_word(text)
        && !text.contains("--")
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// What a name that is none may have been meant to be; nothing where it is a placeholder or
/// nothing is left of it.
pub(super) fn meant(text: &str) -> Option<String> {
    if is_placeholder(text) {
        return None;
    }
    let dashed: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '.' => c,
            _ => '-',
        })
        .collect();
    let words: Vec<&str> = dashed
        .split('.')
        .map(|word| word.trim_matches('-'))
        .filter(|word| !word.is_empty())
        .collect();
    let meant = words.join(".");
    (is_dns_subdomain(&meant) && meant != text).then_some(meant)
}

/// What would be right where `text` stands in place of a name.
pub(super) fn hint(text: &str) -> String {
    if is_placeholder(text) {
        return "this is a placeholder: put the name in its place".to_owned();
    }
    match meant(text) {
        Some(meant) => format!("write `{meant}`"),
        None => "lower-case letters, digits, `-` and `.`, a letter or digit at both ends of every \
                 part, at most 253 in all"
            .to_owned(),
    }
}

fn is_placeholder(text: &str) -> bool {
    let open = text.find(['<', '{', '$']);
    let close = text.rfind(['>', '}']);
    matches!((open, close), (Some(open), Some(close)) if open < close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn val_1_subdomains() {
        for good in ["a", "a-b.c", "1.2", &"a".repeat(253)] {
            assert!(is_dns_subdomain(good), "{good}");
        }
        for bad in [
            "",
            "A",
            "a_b",
            "-a",
            "a-",
            "a..b",
            ".a",
            "a.",
            &"a".repeat(254),
        ] {
            assert!(!is_dns_subdomain(bad), "{bad}");
        }
    }

    #[test]
    fn val_6_labels() {
        for good in ["a", "A.b_c-d", "x.io/Name", &"a".repeat(63)] {
            assert!(is_qualified(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a b",
            "X.io/a",
            "/a",
            "a/",
            "a/b/c",
            &"a".repeat(64),
        ] {
            assert!(!is_qualified(bad), "{bad}");
        }
        assert!(is_label_value(""));
        assert!(!is_label_value("a b"));
    }

    #[test]
    fn mod_13_port_names() {
        for good in ["http", "a-1", "0a"] {
            assert!(is_port_name(good), "{good}");
        }
        for bad in [
            "",
            "80-90",
            "Http",
            "a--b",
            "-a",
            "a_b",
            "a.b",
            "abcdefghijklmnop",
        ] {
            assert!(!is_port_name(bad), "{bad}");
        }
    }

    #[test]
    fn guesses_what_was_meant() {
        assert_eq!(meant("Allow_DNS").as_deref(), Some("allow-dns"));
        assert_eq!(meant("<worker-node-name>"), None);
        assert_eq!(meant("___"), None);
    }
}
