//! What matches (section 1.6 of the semantics reference), both directly and compiled.

use std::collections::BTreeMap;

use palisade::resource::selector::{CompiledSelector, Interner, Labels, Selector};

type Pairs<'t> = &'t [(&'t str, &'t str)];

/// Selector, labels, and whether they match.
const MATCHED: &[(&str, Pairs<'_>, bool)] = &[
    ("", &[], true),
    ("global()", &[("x", "y")], true),
    ("!all()", &[("a", "b")], false),
    ("has(a)", &[("a", "")], true),
    ("has(a)", &[], false),
    ("has(A)", &[("a", "1")], false),
    ("!has(a)", &[("b", "1")], true),
    ("!!has(a)", &[("a", "1")], true),
    (r#"a == "b""#, &[("a", "b")], true),
    (r#"a == "b""#, &[("a", "B")], false),
    (r#"a == "b ""#, &[("a", "b")], false),
    (r#"a == "b""#, &[], false),
    (r#"a == """#, &[("a", "")], true),
    (r#"a == """#, &[], false),
    (r#"a != "b""#, &[("a", "c")], true),
    (r#"a != "b""#, &[("a", "b")], false),
    (r#"a != "b""#, &[], true),
    (r#"a != """#, &[], true),
    (r#"!(a == "b")"#, &[], true),
    (r#"!a != "b""#, &[], false),
    (r#"!a != "b""#, &[("a", "b")], true),
    (r#"a in {"b","c"}"#, &[("a", "c")], true),
    (r#"a in {"b","c"}"#, &[("a", "d")], false),
    (r#"a in {"b"}"#, &[], false),
    (r#"a in {""}"#, &[("a", "")], true),
    (r#"a in {""}"#, &[], false),
    ("a in {}", &[("a", "x")], false),
    (r#"a not in {"b"}"#, &[("a", "c")], true),
    (r#"a not in {"b"}"#, &[("a", "b")], false),
    (r#"a not in {"b"}"#, &[], true),
    ("a not in {}", &[("a", "x")], true),
    (r#"!a in {"b"}"#, &[], true),
    (r#"!a not in {"b"}"#, &[], false),
    (r#"!a not in {"b"}"#, &[("a", "b")], true),
    (r#"has(a) && a != "b""#, &[], false),
    (r#"has(a) && a not in {"b"}"#, &[("a", "c")], true),
    (r#"a contains "b""#, &[("a", "abc")], true),
    (r#"a contains "b""#, &[("a", "ABC")], false),
    (r#"a contains "b""#, &[], false),
    (r#"a contains """#, &[("a", "")], true),
    (r#"a contains """#, &[], false),
    (r#"!a contains "b""#, &[], true),
    (r#"a starts with "ab""#, &[("a", "abc")], true),
    (r#"a starts with "bc""#, &[("a", "abc")], false),
    (r#"a starts with """#, &[("a", "z")], true),
    (r#"a ends with "bc""#, &[("a", "abc")], true),
    (r#"a ends with "ab""#, &[("a", "abc")], false),
    (r#"a == "1" || b == "2" && c == "3""#, &[("a", "1")], true),
    (r#"a == "1" || b == "2" && c == "3""#, &[("b", "2")], false),
    (
        r#"(a == "1" || b == "2") && c == "3""#,
        &[("a", "1")],
        false,
    ),
    (
        r#"(a == "1" || b == "2") && c == "3""#,
        &[("b", "2"), ("c", "3")],
        true,
    ),
    (r#"!has(a) || a == "x""#, &[], true),
    (r#"!has(a) || a == "x""#, &[("a", "y")], false),
    ("!(has(a) || has(b))", &[("a", "1")], false),
    ("!(has(a) && has(b))", &[("a", "1")], true),
    ("!has(a) && has(b)", &[("b", "1")], true),
    (r#"a in {"b"} && a in {"c"}"#, &[("a", "b")], false),
    (
        "!has(projectcalico.org/namespace)",
        &[("role", "worker")],
        true,
    ),
    (
        r#"projectcalico.org/namespace == "x""#,
        &[("projectcalico.org/namespace", "x")],
        true,
    ),
    (
        r#"ibm.role in {"worker_public"}"#,
        &[("ibm.role", "worker_public")],
        true,
    ),
    (r#"a == 'x"y'"#, &[("a", r#"x"y"#)], true),
    (r#"5 == "x""#, &[("5", "x")], true),
];

/// SEL-10, SEL-11, SEL-16, SEL-17, SEL-18, SEL-19, SEL-20, SEL-21: the table of section 1.6.
#[test]
fn selectors_match_directly_and_compiled() {
    let mut interner = Interner::new();
    for (text, labels, expected) in MATCHED {
        let selector = Selector::parse(text).unwrap();
        assert_eq!(selector.matches(*labels), *expected, "{text:?} {labels:?}");

        let compiled = CompiledSelector::compile(&selector, &mut interner);
        let symbols = interner.labels(labels.iter().copied());
        assert_eq!(
            compiled.matches(&symbols, &interner),
            *expected,
            "compiled {text:?} {labels:?}"
        );
    }
}

/// SEL-17: values compare byte by byte, so equal looks do not count.
#[test]
fn values_are_not_normalised() {
    let selector = Selector::parse("a == \"\u{e9}\"").unwrap();
    assert!(selector.matches(&[("a", "\u{e9}")]));
    assert!(!selector.matches(&[("a", "e\u{301}")]));
}

/// SEL-20: whether the label is there or not.
#[test]
fn empty_sets() {
    let parse = |text| Selector::parse(text).unwrap();
    let none: [(&str, &str); 0] = [];
    assert!(!parse("a in {}").matches(&none));
    assert!(parse("a not in {}").matches(&none));
}

/// SEL-22: any source of labels will do.
#[test]
fn sources_of_labels() {
    struct Tier;
    impl Labels for Tier {
        fn get(&self, name: &str) -> Option<&str> {
            (name == "tier").then_some("db")
        }
    }
    let selector = Selector::parse("tier == 'db' && !has(x)").unwrap();
    let map: BTreeMap<String, String> = [("tier".to_owned(), "db".to_owned())].into();
    assert!(selector.matches(&map));
    assert!(selector.matches(&Tier));
    assert!(selector.matches(&&Tier));
    assert!(selector.matches(&[("tier", "db"), ("tier", "web")]));
    assert!(!selector.matches(&[("tier", "web"), ("tier", "db")]));
}

/// RES-1: the first of two labels with one name counts, here as for a slice of pairs.
#[test]
fn interned_labels_are_sorted_and_unique() {
    let mut interner = Interner::new();
    let labels = interner.labels([("b", "1"), ("a", "2"), ("b", "3")]);
    let texts: Vec<_> = labels
        .iter()
        .map(|(name, value)| (interner.text(*name), interner.text(*value)))
        .collect();
    assert_eq!(
        texts,
        [(Some("b"), Some("1")), (Some("a"), Some("2"))],
        "sorted by symbol, which is the order of first sight"
    );
    assert_eq!(interner.symbol("a"), Some(labels[1].0));
    assert_eq!(interner.symbol("c"), None);
    assert_eq!(Interner::new().text(labels[0].0), None);
}
