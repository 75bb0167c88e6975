//! Selectors made from parts, and what can be asked of them.

use palisade::resource::selector::{Expr, Selector};

fn parse(text: &str) -> Selector {
    text.parse().expect("the test's selector parses")
}

#[test]
fn constructors_print_what_they_mean() {
    assert_eq!(Selector::all().as_str(), "all()");
    assert_eq!(Selector::has("a").unwrap().as_str(), "has(a)");
    assert_eq!(Selector::eq("a", "x").unwrap().as_str(), "a == \"x\"");
    assert_eq!(
        Selector::is_in("a", ["y", "x", "y"]).unwrap(),
        parse("a in {'x', 'y'}")
    );
    assert_eq!((!parse("has(a)")).as_str(), "!has(a)");
    assert_eq!((!parse("!has(a)")).as_str(), "has(a)");
}

/// RES-7: the effective selector keeps the typed one as a group.
#[test]
fn and_makes_a_group() {
    let namespace = Selector::eq("projectcalico.org/namespace", "prod").unwrap();
    assert_eq!(
        parse("has(a) && has(b)").and(namespace).as_str(),
        "((has(a) && has(b)) && projectcalico.org/namespace == \"prod\")"
    );
}

/// SEL-3, SEL-4: parts that the language cannot write are refused.
#[test]
fn constructors_refuse_what_cannot_be_written() {
    let cases = [
        (Selector::has(""), 0..0, "\"\" is not a label name"),
        (Selector::has("a b"), 0..3, "\"a b\" is not a label name"),
        (
            Selector::has(&"x".repeat(513)),
            0..513,
            "this label name is 513 bytes long; at most 512 are allowed",
        ),
        (Selector::eq("é", "x"), 0..2, "\"é\" is not a label name"),
        (
            Selector::eq("a", "'\""),
            0..2,
            "this value holds both `\"` and `'`, and the selector language has no escapes",
        ),
        (
            Selector::is_in("a", ["x", "\"'y"]),
            0..3,
            "this value holds both `\"` and `'`, and the selector language has no escapes",
        ),
    ];
    for (made, range, message) in cases {
        let error = made.unwrap_err();
        assert_eq!(
            (error.range(), error.to_string()),
            (range, message.to_owned())
        );
        assert_eq!(error.hint(), None);
    }
}

/// RES-5.
#[test]
fn labels_are_prefixed_everywhere() {
    let selector = parse(
        "has(a) && !(b == 'a' || c != 'x' || d in {'a'} || e not in {}) \
         && f contains 'a' && g starts with 'a' && h ends with 'a' && all() && global()",
    );
    let names: Vec<_> = selector.labels().into_iter().collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f", "g", "h"]);

    let prefixed = selector.map_labels(|name| format!("pcns.{name}")).unwrap();
    assert_eq!(
        prefixed.as_str(),
        "(has(pcns.a) && !(pcns.b == \"a\" || pcns.c != \"x\" || pcns.d in {\"a\"} || \
         pcns.e not in {}) && pcns.f contains \"a\" && pcns.g starts with \"a\" && \
         pcns.h ends with \"a\" && all() && global())"
    );
}

/// RES-5, SEL-3: a prefix can make a legal name too long.
#[test]
fn prefixes_count_towards_the_length_of_a_name() {
    let name = "x".repeat(508);
    let error = parse(&format!("has({name})"))
        .map_labels(|name| format!("pcns.{name}"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "this label name is 513 bytes long; at most 512 are allowed"
    );
}

/// SEL-24: sets arrive sorted and without repetition.
#[test]
fn expressions_can_be_inspected() {
    let selector = parse("a not in {'y', 'x', 'y'} || !has(b)");
    assert_eq!(
        selector.expr(),
        &Expr::Or(vec![
            Expr::NotIn {
                label: "a".to_owned(),
                values: vec!["x".to_owned(), "y".to_owned()],
            },
            Expr::Not(Box::new(Expr::Has("b".to_owned()))),
        ])
    );
}

/// SEL-15.
#[test]
fn an_empty_selector_is_all() {
    assert_eq!(parse("").expr(), &Expr::All);
    assert_eq!(parse(" \t"), Selector::all());
    assert_eq!(parse("global()").expr(), &Expr::Global);
}
