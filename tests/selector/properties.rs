//! What holds of all selectors and all texts.

use std::collections::BTreeMap;

use palisade::resource::selector::{CompiledSelector, Interner, Selector, normalise};
use proptest::prelude::*;

/// Few names and short values of few letters, so that selectors and labels often meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "has", "not", "x/y.z-_"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    "[xyé]{0,2}"
}

fn quoted() -> impl Strategy<Value = String> {
    prop_oneof![
        value().prop_map(|v| format!("\"{v}\"")),
        value().prop_map(|v| format!("'{v}'")),
        Just("'\"'".to_owned()),
    ]
}

fn comparison() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec![
        "==",
        " != ",
        " contains ",
        " starts with",
        " startswith ",
        "\tends with",
        " ends \t with ",
    ]);
    let membership = prop::sample::select(vec![" in ", " in", " not in ", " notin"]);
    prop_oneof![
        Just("all()".to_owned()),
        Just("global( )".to_owned()),
        name().prop_map(|n| format!("has( {n})")),
        (name(), operator, quoted()).prop_map(|(n, o, v)| format!("{n}{o}{v}")),
        (name(), membership, prop::collection::vec(quoted(), 0..4))
            .prop_map(|(n, o, vs)| format!("{n}{o}{{{}}}", vs.join(" ,"))),
    ]
}

/// Text that parses, with blanks, quotes and parentheses as people type them.
fn selector_text() -> impl Strategy<Value = String> {
    comparison().prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|s| format!("( {s} )")),
            inner.clone().prop_map(|s| format!("! {s}")),
            inner.clone().prop_map(|s| format!("!({s})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" && ")),
            prop::collection::vec(inner, 2..4).prop_map(|all| all.join("||")),
        ]
    })
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(name(), value(), 0..4)
}

/// Texts that look enough like selectors to reach every corner of the parser.
fn broken_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b/c", "has(", "all(", "global(", "(", ")", "{", "}", ",", "==", "!=", "=", "!", "&&",
        "&", "||", "|", " ", "\t", "\n", "\"", "'", "\\", "in", "not", "contains", "starts",
        "with", "AND", "é", "“", "\u{2028}", "'v'", "\"v\"",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn check_any(text: &str) -> Result<(), TestCaseError> {
    match Selector::parse(text) {
        Ok(selector) => {
            prop_assert_eq!(Selector::parse(selector.as_str()), Ok(selector.clone()));
            prop_assert_eq!(normalise(text), selector.as_str());
        }
        Err(error) => {
            prop_assert!(text.get(error.range()).is_some(), "{:?}", error.range());
            prop_assert!(!error.to_string().contains(['\n', '\r']));
        }
    }
    Ok(())
}

proptest! {
    /// SEL-25: canonical text parses to the same expression and prints the same.
    #[test]
    fn canonical_text_is_stable(text in selector_text()) {
        let once = Selector::parse(&text).unwrap();
        let twice = Selector::parse(once.as_str()).unwrap();
        prop_assert_eq!(once.expr(), twice.expr());
        prop_assert_eq!(once.as_str(), twice.as_str());
    }

    #[test]
    fn compiled_and_direct_matching_agree(text in selector_text(), labels in labels()) {
        let selector = Selector::parse(&text).unwrap();
        let mut interner = Interner::new();
        let symbols = interner.labels(&labels);
        let compiled = CompiledSelector::compile(&selector, &mut interner);
        prop_assert_eq!(compiled.matches(&symbols, &interner), selector.matches(&labels));
    }

    /// SEL-19.
    #[test]
    fn negation_is_complement(text in selector_text(), labels in labels()) {
        let selector = Selector::parse(&text).unwrap();
        prop_assert_ne!((!selector.clone()).matches(&labels), selector.matches(&labels));
    }

    /// SEL-10.
    #[test]
    fn and_is_intersection(a in selector_text(), b in selector_text(), labels in labels()) {
        let (a, b) = (Selector::parse(&a).unwrap(), Selector::parse(&b).unwrap());
        let both = a.matches(&labels) && b.matches(&labels);
        prop_assert_eq!(a.and(b).matches(&labels), both);
    }

    /// SEL-22: only the labels that a selector mentions decide.
    #[test]
    fn unmentioned_labels_do_not_matter(text in selector_text(), labels in labels()) {
        let selector = Selector::parse(&text).unwrap();
        let mut mentioned = labels.clone();
        mentioned.retain(|name, _| selector.labels().contains(name.as_str()));
        prop_assert_eq!(selector.matches(&labels), selector.matches(&mentioned));
    }

    #[test]
    fn any_text_parses_or_is_explained(text in any::<String>()) {
        check_any(&text)?;
    }

    #[test]
    fn nearly_right_text_parses_or_is_explained(text in broken_text()) {
        check_any(&text)?;
    }
}
