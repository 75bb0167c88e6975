//! What people are told about the mistakes they make.

use palisade::resource::selector::{Selector, SelectorErrorKind};

/// Text, the bytes at fault, and the whole message. The first rows are all errors of section 1.5.
const MISTAKES: &[(&str, std::ops::Range<usize>, &str)] = &[
    (
        "\n",
        0..1,
        "expected a condition, found a line feed; only spaces and tabs may separate words; in YAML a block scalar drops its last line feed when it starts with `|-` or `>-`",
    ),
    (
        "all ()",
        4..5,
        "expected an operator after `all`, found `(`; no space may stand before the parenthesis: `all(`",
    ),
    (
        "all",
        3..3,
        "expected an operator after `all`, found the end of the selector; write `all()`",
    ),
    (
        "all(x)",
        4..5,
        "expected `)`, found `x`; `all()` takes no label",
    ),
    (
        "has (a)",
        4..5,
        "expected an operator after `has`, found `(`; no space may stand before the parenthesis: `has(`",
    ),
    ("has()", 4..5, "expected a label name, found `)`"),
    (
        r#"has("a")"#,
        4..7,
        r#"expected a label name, found `"a"`; a label name stands without quotes: `a`"#,
    ),
    ("has(a b)", 6..7, "expected `)`, found `b`"),
    (
        "has(a)has(b)",
        6..10,
        "expected `&&`, `||` or the end of the selector, found `has(`",
    ),
    (
        r#"a = "b""#,
        2..3,
        "expected an operator after `a`, found `=`; equality is written `==`",
    ),
    (
        r#"a === "b""#,
        4..5,
        "expected a quoted value, found `=`; equality is written `==`",
    ),
    (
        "a == b",
        5..6,
        r#"expected a quoted value, found `b`; a value stands in quotes: `"b"`"#,
    ),
    (
        "a",
        1..1,
        "expected an operator after `a`, found the end of the selector; the presence of a label is written `has(a)`",
    ),
    (
        r#""a" == "b""#,
        0..3,
        r#"expected a condition, found `"a"`; a label name stands without quotes: `a`"#,
    ),
    (r#"a == "b"#, 5..7, r#"this value has no closing `"`"#),
    (
        r#"a == "x\"y""#,
        9..10,
        "expected `&&`, `||` or the end of the selector, found `y`; a backslash does not escape: put a value that holds one kind of quotes into the other",
    ),
    (
        r#"é == "a""#,
        0..2,
        "expected a condition, found `é`; a label name is made of ASCII letters, digits, `_`, `.`, `/` and `-`",
    ),
    (
        r#"a:b == "x""#,
        1..2,
        "expected an operator after `a`, found `:`; a label name is made of ASCII letters, digits, `_`, `.`, `/` and `-`",
    ),
    (
        r#"a ! = "b""#,
        2..3,
        "expected an operator after `a`, found `!`; inequality is written `!=`, and not being in a set `not in`",
    ),
    (
        r#"a !== "b""#,
        4..5,
        "expected a quoted value, found `=`; inequality is written `!=`",
    ),
    (
        "a in {,}",
        6..7,
        "expected a quoted value or `}`, found `,`",
    ),
    (
        r#"a in {"x" "y"}"#,
        10..13,
        r#"expected `,` or `}`, found `"y"`"#,
    ),
    (
        r#"a in "x""#,
        5..8,
        r#"expected `{`, found `"x"`; a set stands in braces: `{"x", "y"}`"#,
    ),
    (
        r#"a in ("x")"#,
        5..6,
        r#"expected `{`, found `(`; a set stands in braces: `{"x", "y"}`"#,
    ),
    (
        r#"a IN {"x"}"#,
        2..4,
        "expected an operator after `a`, found `IN`; operators are written in lower case: `in`",
    ),
    (
        r#"a !in {"x"}"#,
        2..3,
        "expected an operator after `a`, found `!`; inequality is written `!=`, and not being in a set `not in`",
    ),
    (
        r#"not a in {"x"}"#,
        4..5,
        "expected an operator after `not`, found `a`; negation is written `!`",
    ),
    (
        r#"a inside {"x"}"#,
        2..8,
        "expected an operator after `a`, found `inside`",
    ),
    (
        r#"a containsx "x""#,
        2..11,
        "expected an operator after `a`, found `containsx`",
    ),
    (
        r#"a starts "x""#,
        2..8,
        "expected an operator after `a`, found `starts`; write `starts with`",
    ),
    (
        "a ends with x",
        12..13,
        r#"expected a quoted value, found `x`; a value stands in quotes: `"x"`"#,
    ),
    (
        r#"(a == "b""#,
        9..9,
        "expected `&&`, `||` or `)`, found the end of the selector",
    ),
    (
        r#"a == "b")"#,
        8..9,
        "expected `&&`, `||` or the end of the selector, found `)`; no `(` is open here",
    ),
    ("()", 1..2, "expected a condition, found `)`"),
    (
        r#"a == "b" & c == "d""#,
        9..10,
        "expected `&&`, `||` or the end of the selector, found `&`; write `&&`",
    ),
    (
        r#"a == "b" and c == "d""#,
        9..12,
        "expected `&&`, `||` or the end of the selector, found `and`; write `&&`",
    ),
    (
        r#"a == "b" &&"#,
        11..11,
        "expected a condition, found the end of the selector",
    ),
    (
        r#"a == "b",c == "d""#,
        8..9,
        "expected `&&`, `||` or the end of the selector, found `,`; conditions are joined with `&&`",
    ),
    (
        r#"a == "b" c == "d""#,
        9..10,
        "expected `&&`, `||` or the end of the selector, found `c`",
    ),
    (
        "a == \"b\"\n",
        8..9,
        "expected `&&`, `||` or the end of the selector, found a line feed; only spaces and tabs may separate words; in YAML a block scalar drops its last line feed when it starts with `|-` or `>-`",
    ),
    (
        "a ==\r\n\"b\"",
        4..5,
        "expected a quoted value, found a carriage return; only spaces and tabs may separate words; in YAML a block scalar drops its last line feed when it starts with `|-` or `>-`",
    ),
    (
        "All()",
        3..4,
        "expected an operator after `All`, found `(`; functions are written in lower case: `all(`",
    ),
    (
        "not",
        3..3,
        "expected an operator after `not`, found the end of the selector; the presence of a label is written `has(not)`",
    ),
    (
        r#"NOT a == "x""#,
        4..5,
        "expected an operator after `NOT`, found `a`; negation is written `!`",
    ),
    (
        r#"a NOT IN {"x"}"#,
        2..5,
        "expected an operator after `a`, found `NOT`; operators are written in lower case: `not in`",
    ),
    (
        r#"a == "b" AND c == "d""#,
        9..12,
        "expected `&&`, `||` or the end of the selector, found `AND`; write `&&`",
    ),
    (
        r#"a == "x\"""#,
        9..10,
        r#"this value has no closing `"`; a backslash does not escape: put a value that holds one kind of quotes into the other"#,
    ),
    (
        r#"a == "b" | c == "d""#,
        9..10,
        "expected `&&`, `||` or the end of the selector, found `|`; write `||`",
    ),
    (
        "a=b,c=d",
        1..2,
        "expected an operator after `a`, found `=`; equality is written `==`",
    ),
    (
        "role in (x, y)",
        8..9,
        r#"expected `{`, found `(`; a set stands in braces: `{"x", "y"}`"#,
    ),
    (
        "a in {x}",
        6..7,
        r#"expected a quoted value or `}`, found `x`; a value stands in quotes: `"x"`"#,
    ),
    (
        r#"a in {"x""#,
        9..9,
        "expected `,` or `}`, found the end of the selector",
    ),
    (
        r#"a in {"x",,}"#,
        10..11,
        "expected a quoted value or `}`, found `,`",
    ),
    (
        r#"a == {"x"}"#,
        5..6,
        "expected a quoted value, found `{`; a set is compared with `in` or `not in`",
    ),
    (
        r#"(a == "b" c)"#,
        10..11,
        "expected `&&`, `||` or `)`, found `c`",
    ),
    (
        "has(é)",
        4..6,
        "expected a label name, found `é`; a label name is made of ASCII letters, digits, `_`, `.`, `/` and `-`",
    ),
    ("has(a, b)", 5..6, "expected `)`, found `,`"),
    (
        r#"a == "b" # note"#,
        9..10,
        "expected `&&`, `||` or the end of the selector, found `#`",
    ),
    (
        "a == “b”",
        5..8,
        r#"expected a quoted value, found `“`; the quotes are `"` and `'`"#,
    ),
    ("a == 'b", 5..7, "this value has no closing `'`"),
    (
        r#"a == "b" && "c" == "d""#,
        12..15,
        r#"expected a condition, found `"c"`; a label name stands without quotes: `c`"#,
    ),
    (
        r#"a {"x"}"#,
        2..3,
        "expected an operator after `a`, found `{`",
    ),
];

/// SEL-1, SEL-4 to SEL-9, SEL-12 to SEL-14.
#[test]
fn mistakes_are_located_and_explained() {
    for (text, range, message) in MISTAKES {
        let error = Selector::parse(text).unwrap_err();
        assert_eq!(
            (error.range(), error.to_string().as_str()),
            (range.clone(), *message),
            "{text:?}"
        );
    }
}

/// A renderer can set the hint apart from the complaint.
#[test]
fn an_error_has_parts() {
    let error = Selector::parse("a = 'b'").unwrap_err();
    assert_eq!(
        error.kind(),
        &SelectorErrorKind::Unexpected {
            expected: "an operator after `a`".to_owned(),
            found: "`=`".to_owned(),
        }
    );
    assert_eq!(error.hint(), Some("equality is written `==`"));
    assert_eq!(
        error.to_string(),
        format!("{}; equality is written `==`", error.kind())
    );
}
