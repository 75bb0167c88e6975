//! What parses, and to which canonical text (section 1.5 of the semantics reference).

use palisade::resource::selector::{MAX_LABEL_LENGTH, Selector, is_global_only, normalise};

/// Text, and its canonical form unless it is refused.
const PARSED: &[(&str, Option<&str>)] = &[
    ("", Some("all()")),
    ("   \t", Some("all()")),
    ("\n", None),
    ("all()", Some("all()")),
    ("all( )", Some("all()")),
    ("all ()", None),
    ("all", None),
    ("all(x)", None),
    ("global()", Some("global()")),
    ("!all()", Some("!all()")),
    ("!!all()", Some("all()")),
    ("has(a)", Some("has(a)")),
    ("has( a )", Some("has(a)")),
    ("has (a)", None),
    ("has()", None),
    (r#"has("a")"#, None),
    ("has(a b)", None),
    ("has(a)has(b)", None),
    ("has(a)&&has(b)", Some("(has(a) && has(b))")),
    (r#"a == "b""#, Some(r#"a == "b""#)),
    ("a=='b'", Some(r#"a == "b""#)),
    (r#"a = "b""#, None),
    (r#"a === "b""#, None),
    ("a == b", None),
    ("a == 5", None),
    (r#"a == """#, Some(r#"a == """#)),
    (r#"5 == "x""#, Some(r#"5 == "x""#)),
    (r#"-a == "x""#, Some(r#"-a == "x""#)),
    (r#"/ == "x""#, Some(r#"/ == "x""#)),
    (r#"has == "x""#, Some(r#"has == "x""#)),
    ("a", None),
    (r#""a" == "b""#, None),
    (r#"a == "b"#, None),
    (r#"a == "it's""#, Some(r#"a == "it's""#)),
    (r#"a == 'x"y'"#, Some(r#"a == 'x"y'"#)),
    (r#"a == "x\"y""#, None),
    (r#"a == "é""#, Some(r#"a == "é""#)),
    (r#"é == "a""#, None),
    (r#"a:b == "x""#, None),
    (r#"a ! = "b""#, None),
    (r#"a !== "b""#, None),
    (r#"a in {"x","y"}"#, Some(r#"a in {"x", "y"}"#)),
    (r#"a in {"y","x","y"}"#, Some(r#"a in {"x", "y"}"#)),
    (r#"a in {'x', "y",}"#, Some(r#"a in {"x", "y"}"#)),
    ("a in {}", Some("a in {}")),
    ("a in {,}", None),
    (r#"a in {"x" "y"}"#, None),
    (r#"a in "x""#, None),
    (r#"a in ("x")"#, None),
    (r#"a in{"x"}"#, Some(r#"a in {"x"}"#)),
    (r#"a IN {"x"}"#, None),
    (r#"a notin {"x"}"#, Some(r#"a not in {"x"}"#)),
    (r#"a not  in{"x"}"#, Some(r#"a not in {"x"}"#)),
    (r#"a !in {"x"}"#, None),
    (r#"not a in {"x"}"#, None),
    (r#"!a in {"x"}"#, Some(r#"!a in {"x"}"#)),
    (r#"not in {"x"}"#, Some(r#"not in {"x"}"#)),
    (r#"in in {"in"}"#, Some(r#"in in {"in"}"#)),
    (r#"a inside {"x"}"#, None),
    (r#"a contains"x""#, Some(r#"a contains "x""#)),
    (r#"a containsx "x""#, None),
    (r#"a startswith "x""#, Some(r#"a starts with "x""#)),
    (r#"a starts "x""#, None),
    ("a ends with x", None),
    (
        r#"a == "b" && c == "d" || e == "f""#,
        Some(r#"((a == "b" && c == "d") || e == "f")"#),
    ),
    (
        r#"a == "b" && (c == "d" || e == "f")"#,
        Some(r#"(a == "b" && (c == "d" || e == "f"))"#),
    ),
    (r#"((a == "b"))"#, Some(r#"a == "b""#)),
    (r#"!(a == "b")"#, Some(r#"!a == "b""#)),
    (r#"(a == "b""#, None),
    (r#"a == "b")"#, None),
    ("()", None),
    (r#"a == "b" & c == "d""#, None),
    (r#"a == "b" and c == "d""#, None),
    (r#"a == "b" &&"#, None),
    (r#"a == "b",c == "d""#, None),
    (r#"a == "b" c == "d""#, None),
    ("all() && global()", Some("(all() && global())")),
];

/// SEL-1, SEL-2, SEL-4, SEL-5, SEL-6, SEL-7, SEL-8, SEL-9, SEL-10, SEL-11, SEL-12, SEL-13, SEL-14,
/// SEL-15, SEL-24: the table of section 1.5, but for the rows on length.
#[test]
fn texts_parse_to_their_canonical_form_or_not_at_all() {
    for (text, canonical) in PARSED {
        let parsed = Selector::parse(text).ok().map(|s| s.to_string());
        assert_eq!(parsed.as_deref(), *canonical, "{text:?}");
    }
}

/// SEL-3: the last two rows of section 1.5.
#[test]
fn label_names_have_at_most_512_bytes() {
    let name = "x".repeat(MAX_LABEL_LENGTH);
    assert_eq!(MAX_LABEL_LENGTH, 512);
    assert!(Selector::parse(&format!("{name} == \"v\"")).is_ok());
    assert!(Selector::parse(&format!("has({name})")).is_ok());

    for text in [format!("{name}x == \"v\""), format!("has({name}x)")] {
        let error = Selector::parse(&text).unwrap_err();
        assert_eq!(error.range().len(), 513);
        assert_eq!(
            error.to_string(),
            "this label name is 513 bytes long; at most 512 are allowed"
        );
    }
}

/// SEL-1, SEL-2: what other languages take for whitespace is an error outside quotes, also where
/// the tokenizer of older versions allowed it.
#[test]
fn only_spaces_and_tabs_are_blank() {
    for blank in ["\n", "\r", "\u{b}", "\u{c}", "\u{a0}", "\0"] {
        for text in [
            format!("has({blank}a)"),
            format!("all({blank})"),
            format!("a not{blank}in {{}}"),
            format!("a == \"b\"{blank}"),
            format!("{blank}a == \"b\""),
        ] {
            assert!(Selector::parse(&text).is_err(), "{text:?}");
        }
    }
    assert_eq!(
        Selector::parse("\thas(\ta )\t|| a\tnot \t in\t{ }")
            .unwrap()
            .as_str(),
        "(has(a) || a not in {})"
    );
}

/// SEL-4: all bytes but the delimiter stand for themselves.
#[test]
fn values_hold_anything_but_their_quote() {
    for value in ["", " ", "\n", "a\\", "it's", "&& || ) }", "日本", "\0"] {
        let selector = Selector::parse(&format!("a == \"{value}\"")).unwrap();
        assert!(selector.matches(&[("a", value)]), "{value:?}");
    }
}

/// SEL-6, SEL-7, SEL-8: spellings of the operator words, and what may stand right behind them.
#[test]
fn operator_words() {
    for (text, canonical) in [
        ("a contains'x'", Some("a contains \"x\"")),
        ("a starts \t with'x'", Some("a starts with \"x\"")),
        ("a endswith'x'", Some("a ends with \"x\"")),
        ("a notin{}", Some("a not in {}")),
        ("a in{}", Some("a in {}")),
        (
            "contains contains 'contains'",
            Some("contains contains \"contains\""),
        ),
        ("a in-x {}", None),
        ("a notinx {}", None),
        ("a starts withx 'x'", None),
        ("a starts with foo", None),
        ("a Contains 'x'", None),
    ] {
        let parsed = Selector::parse(text).ok().map(|s| s.to_string());
        assert_eq!(parsed.as_deref(), canonical, "{text:?}");
    }
}

/// SEL-9: the names of functions are label names wherever no parenthesis adjoins.
#[test]
fn function_names_are_also_label_names() {
    for (text, canonical) in [
        ("all == 'x'", "all == \"x\""),
        ("global in {}", "global in {}"),
        ("has(has)", "has(has)"),
        ("has(all)", "has(all)"),
        ("not not in {}", "not not in {}"),
        ("!not == 'x'", "!not == \"x\""),
    ] {
        assert_eq!(Selector::parse(text).unwrap().as_str(), canonical);
    }
}

/// SEL-11, SEL-25: negations cancel across parentheses too. `!!x` as canonical text would parse
/// to `x`.
#[test]
fn negation_is_never_doubled() {
    for (text, canonical) in [
        ("!!!has(a)", "!has(a)"),
        ("!(!has(a))", "has(a)"),
        ("! !(!(!(!has(a))))", "!has(a)"),
        ("!(has(a) || has(b))", "!(has(a) || has(b))"),
    ] {
        assert_eq!(Selector::parse(text).unwrap().as_str(), canonical);
    }
}

/// SEL-24: groups of one operator nest as they were typed.
#[test]
fn explicit_groups_are_kept() {
    for (text, canonical) in [
        ("has(a) && has(b) && has(c)", "(has(a) && has(b) && has(c))"),
        (
            "(has(a) && has(b)) && has(c)",
            "((has(a) && has(b)) && has(c))",
        ),
        (
            "has(a) || (((has(b) || has(c))))",
            "(has(a) || (has(b) || has(c)))",
        ),
    ] {
        assert_eq!(Selector::parse(text).unwrap().as_str(), canonical);
    }
}

/// SEL-23: trims what Unicode calls whitespace, and leaves alone what does not parse.
#[test]
fn normalise_trims_and_prints() {
    for (text, normal) in [
        ("", "all()"),
        ("\u{a0}\n a=='b' \r\n", "a == \"b\""),
        ("  a = 'b'\n", "a = 'b'"),
        ("a\n== 'b'", "a\n== 'b'"),
    ] {
        assert_eq!(normalise(text), normal, "{text:?}");
    }
}

/// SEL-25: equality is syntactic.
#[test]
fn selectors_compare_by_canonical_text() {
    let parse = |text| Selector::parse(text).unwrap();
    assert_eq!(parse("a in {'y', 'x'}"), parse("(a in{\"x\",\"y\",\"x\"})"));
    assert_ne!(parse("has(a) && has(b)"), parse("has(b) && has(a)"));
    assert_ne!(parse("!(has(a) || has(b))"), parse("!has(a) && !has(b)"));
    assert!(parse("has(a)") < parse("has(b)"));
    assert_eq!(format!("{:?}", parse("has( a )")), "Selector(\"has(a)\")");
    assert_eq!(format!("{:>8}|", parse("has( a )")), "  has(a)|");
}

/// SEL-26: what was typed is what is read back, so two spellings of one selector differ as text
/// and only their normal forms are equal.
#[test]
fn spellings_differ_until_normalised() {
    let (typed, stored) = ("a in {'x',}", "a in {\"x\"}");
    assert_ne!(typed, stored);
    assert_eq!(normalise(typed), normalise(stored));
}

/// VAL-24: `global()` alone, blanks aside, and nothing that merely means the same.
#[test]
fn global_standing_alone() {
    for text in ["global()", " global( ) ", "\tglobal(\t)"] {
        assert!(is_global_only(text), "{text:?}");
    }
    for text in [
        "",
        "all()",
        "(global())",
        "!!global()",
        "!global()",
        "global() && all()",
        "global()\n",
        "global ()",
        "global",
        "x == \"global()\"",
    ] {
        assert!(!is_global_only(text), "{text:?}");
    }
}
