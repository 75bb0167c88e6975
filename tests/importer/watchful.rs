//! No line of upstream's can go or change unseen.

use palisade::resource::{normal_form, read};
use palisade::upstream::kube_samples::Import;

use palisade::upstream::parity::drift;

use crate::upstream::{Upstream, rendered};

/// Every way to change one line of one file.
fn each_changed_line(
    upstream: &Upstream,
    change: impl Fn(&str) -> Option<String>,
) -> Vec<(String, Upstream)> {
    let mut all = Vec::new();
    for (path, text) in &upstream.files {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(changed) = change(line) else {
                continue;
            };
            let mut lines: Vec<&str> = lines.clone();
            if changed.is_empty() {
                lines.remove(number);
            } else {
                lines[number] = &changed;
            }
            let mut other = upstream.clone();
            other.files.insert(path.clone(), lines.join("\n") + "\n");
            all.push((
                format!("{path}:{}: {line:?} to {changed:?}", number + 1),
                other,
            ));
        }
    }
    all
}

/// Every fact stands at least twice, so that a line that is lost in one place is either refused or
/// held no fact.
#[test]
fn no_line_is_lost_unseen() {
    let upstream = Upstream::of(&["aa-one"]);
    let whole = upstream.import().expect("a region");
    let cases = each_changed_line(&upstream, |line| (!line.is_empty()).then(String::new));
    assert!(cases.len() > 500);
    let mut refused = 0;
    for (what, upstream) in cases {
        match upstream.import() {
            Ok(Import { profiles, .. }) => assert_eq!(profiles, whole.profiles, "{what}"),
            Err(error) => {
                refused += 1;
                let is_missing = error.message().contains("holds no policy");
                assert!(error.place().is_some() || is_missing, "{what}: {error}");
            }
        }
    }
    assert!(refused > 300, "{refused} lines hold facts");
}

/// Another last digit in an address is another address, in one copy only.
#[test]
fn no_address_changes_unseen() {
    let cases = each_changed_line(&Upstream::of(&["aa-one"]), |line| {
        let is_fact =
            line.trim_start().starts_with("- ") && line.contains('.') && line.contains('/');
        let at = line.find('/').filter(|_| is_fact)?;
        let digit = line[..at].chars().next_back()?.to_digit(10)?;
        Some(format!(
            "{}{}{}",
            &line[..at - 1],
            (digit + 2) % 10,
            &line[at..]
        ))
    });
    assert!(cases.len() > 60);
    for (what, upstream) in cases {
        assert!(upstream.import().is_err(), "{what}");
    }
}

/// Another port is refused where it is the region's fact, and told where it is the platform's.
#[test]
fn no_port_changes_unseen() {
    let upstream = Upstream::of(&["aa-one"]);
    let whole = upstream.import().expect("a region");
    let cases = each_changed_line(&upstream, |line| {
        let port = line.trim_start().strip_prefix("- ")?.parse::<u16>().ok()?;
        Some(line.replace(&port.to_string(), "3"))
    });
    assert!(cases.len() > 50);
    for (what, upstream) in cases {
        if let Ok(Import {
            profiles, remarks, ..
        }) = upstream.import()
        {
            assert_eq!(profiles, whole.profiles, "{what}");
            assert_eq!(remarks.len(), 1, "{what}: {remarks:?}");
        }
    }
}

/// What the API would take the policies for.
fn meaning(upstream: &Upstream) -> Vec<serde_json::Value> {
    let texts = upstream.texts().into_values();
    let texts = texts.filter(|input| !input.name.contains("-ips.md"));
    texts
        .flat_map(|input| read(&input).0)
        .map(|resource| normal_form(&resource))
        .collect()
}

/// Of the whole set, no line can go and no word can change unless nothing is meant by it.
#[test]
fn no_policy_changes_unseen() {
    let upstream = Upstream::whole(&["aa-one"]);
    let first = upstream.clone();
    let whole = upstream.import().expect("a region");
    let region = &whole.profiles[0].region.value;
    let ours = rendered(&whole.profiles[0]);
    assert_eq!(drift(region, &whole.policies[region], &ours), []);
    let is_said = |line: &str| {
        let said = line.trim();
        !said.is_empty() && !said.starts_with('#')
    };
    let gone = each_changed_line(&upstream, |line| is_said(line).then(String::new));
    let other = each_changed_line(&upstream, |line| {
        let number = line.find(|c: char| c.is_ascii_digit());
        let (at, digit) = match number {
            Some(at) => (
                at,
                if line[at..].starts_with('9') {
                    "8"
                } else {
                    "9"
                },
            ),
            None => (line.rfind(|c: char| c.is_ascii_alphabetic())?, "x"),
        };
        let changed = format!("{}{digit}{}", &line[..at], &line[at + 1..]);
        is_said(line).then_some(changed)
    });
    assert!(gone.len() > 600 && other.len() > 600);
    let mut refused = 0;
    for (what, upstream) in gone.into_iter().chain(other) {
        let Ok(import) = upstream.import() else {
            refused += 1;
            continue;
        };
        assert_eq!(import.profiles, whole.profiles, "{what}");
        let drifts = drift(region, &import.policies[region], &ours);
        if drifts.is_empty() {
            assert_eq!(meaning(&upstream), meaning(&first), "{what}");
        } else {
            refused += 1;
        }
    }
    assert!(refused > 1200, "{refused} lines hold policies");
}
