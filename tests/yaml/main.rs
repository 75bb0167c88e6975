//! The one door for text: positions, dialects, bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

mod json;

use palisade::finding::Input;
use palisade::yaml::{Kind, Node, Scalar, Value, documents, is_plain_safe, to_text};
use proptest::prelude::*;

fn one(text: &str) -> Node {
    let mut all = documents(&Input::new("t.yaml", text));
    assert_eq!(all.len(), 1, "{text:?}");
    all.remove(0).unwrap()
}

#[test]
fn kubectl_and_yaml_1_2_read_plain_scalars_like_this() {
    use Value::{Bool, Float, Int, Null, String as Text};
    // Text, kubectl's reading, YAML 1.2's reading.
    let cases = [
        ("", Null, Null),
        ("~", Null, Null),
        ("null", Null, Null),
        ("nil", Text("nil"), Text("nil")),
        ("true", Bool(true), Bool(true)),
        ("TRUE", Bool(true), Bool(true)),
        ("yes", Bool(true), Text("yes")),
        ("on", Bool(true), Text("on")),
        ("Off", Bool(false), Text("Off")),
        ("y", Bool(true), Text("y")),
        ("N", Bool(false), Text("N")),
        ("yEs", Text("yEs"), Text("yEs")),
        ("12", Int(12), Int(12)),
        ("-12", Int(-12), Int(-12)),
        ("+12", Int(12), Int(12)),
        ("010", Int(8), Int(10)),
        ("08", Float(8.0), Int(8)),
        ("0o10", Int(8), Int(8)),
        ("0x1F", Int(31), Int(31)),
        ("0b11", Int(3), Text("0b11")),
        ("1_000", Int(1000), Text("1_000")),
        ("1.5", Float(1.5), Float(1.5)),
        ("1e3", Float(1000.0), Float(1000.0)),
        (".5", Float(0.5), Float(0.5)),
        (".inf", Float(f64::INFINITY), Float(f64::INFINITY)),
        (
            "9223372036854775808",
            Float(9_223_372_036_854_775_808.0),
            Float(9_223_372_036_854_775_808.0),
        ),
        ("12:30", Text("12:30"), Text("12:30")),
        ("2026-11-22", Text("2026-11-22"), Text("2026-11-22")),
        ("10.0.0.0/8", Text("10.0.0.0/8"), Text("10.0.0.0/8")),
        ("1.2.3.4", Text("1.2.3.4"), Text("1.2.3.4")),
        ("-", Text("-"), Text("-")),
        (".", Text("."), Text(".")),
        ("1e", Text("1e"), Text("1e")),
    ];
    for (text, kubectl, core) in cases {
        let scalar = Scalar {
            text: text.into(),
            plain: true,
        };
        assert_eq!(scalar.value(), kubectl, "{text:?} as kubectl reads it");
        assert_eq!(scalar.core_value(), core, "{text:?} as YAML 1.2 has it");
        let quoted = Scalar {
            plain: false,
            ..scalar
        };
        assert_eq!(quoted.value(), Text(text));
    }
}

#[test]
fn every_value_knows_its_place() {
    let node =
        one("# a comment\nspec:\n  nets:\n  - 10.0.0.0/8 # why\n  - \"é\"\n  ports: [80, x: 1]\n");
    let nets = node.get("spec").unwrap().get("nets").unwrap();
    let at = |node: &Node| {
        (
            node.span.line,
            node.span.column,
            node.span.start,
            node.span.end,
        )
    };
    assert_eq!(at(&nets.items()[0]), (4, 5, 30, 40));
    assert_eq!(at(&nets.items()[1]), (5, 5, 51, 55));
    let ports = node.get("spec").unwrap().get("ports").unwrap();
    assert_eq!(at(&ports.items()[0]), (6, 11, 66, 68));
    let entry = node.entry("spec").unwrap();
    assert_eq!((entry.key_span.line, entry.key_span.column), (2, 1));
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let input = Input::new(
        "t.yaml",
        "a: 1\n---\nb: [1\n---\nc: 3\n---\n# nothing\n---\nd: {}\n",
    );
    let read: Vec<String> = documents(&input)
        .into_iter()
        .map(|document| match document {
            Ok(node) => node.entries()[0].key.to_string(),
            Err(error) => format!("line {}", error.place().unwrap().span.line),
        })
        .collect();
    assert_eq!(read, ["a", "line 3", "c", "d"]);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let cases = [
        (
            "a: 1\na: 2\n",
            "t.yaml:2:1: the key `a` stands here a second time; t.yaml:1:1: it stood here first",
        ),
        ("{? [x] : 1}", "t.yaml:1:4: a key must be a single value"),
        (
            "a: *b\n",
            "t.yaml:1:4: while parsing node, found unknown anchor",
        ),
        (
            "a: &x [*x]\n",
            "t.yaml:1:8: an alias cannot stand inside what it names",
        ),
        (
            "<<: 5\n",
            "t.yaml:1:1: only a mapping can be merged with `<<`",
        ),
        ("a:\n\t- b\n", "t.yaml:2:2: tabs disallowed"),
        (
            "a: \0",
            "t.yaml:1:4: a NUL byte stands in the text, so it is no YAML",
        ),
    ];
    for (text, expected) in cases {
        let error = documents(&Input::new("t.yaml", text))
            .remove(0)
            .unwrap_err();
        assert!(error.to_string().starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn aliases_and_merges_are_followed_as_kubectl_does() {
    let node = one("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\nlist: [*b]\n");
    let mine = node.get("mine").unwrap();
    let read: Vec<(&str, Value<'_>)> = mine
        .entries()
        .iter()
        .map(|e| (&*e.key, e.value.value().unwrap()))
        .collect();
    assert_eq!(read, [("y", Value::Int(3)), ("x", Value::Int(1))]);
    assert_eq!(
        node.get("list").unwrap().items()[0]
            .get("x")
            .unwrap()
            .value(),
        Some(Value::Int(1))
    );
}

#[test]
fn a_mapping_of_many_keys_is_not_compared_key_by_key() {
    let mut text: String = (0..50_000).map(|n| format!("k{n}: 1\n")).collect();
    assert_eq!(one(&text).entries().len(), 50_000);
    text.push_str("k4711: 2\n");
    let error = documents(&Input::new("t", text)).remove(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t:50001:1: the key `k4711` stands here a second time; t:4712:1: it stood here first"
    );
}

#[test]
fn byte_order_mark_and_windows_line_ends_do_not_matter() {
    let plain = one("a:\n- b\n- c: d\n");
    let odd = one("\u{feff}a:\r\n- b\r\n- c: d\r\n");
    assert_eq!(odd.get("a").unwrap().items()[0].as_str(), Some("b"));
    assert_eq!(
        odd.get("a").unwrap().items()[1].get("c").unwrap().span.line,
        plain.get("a").unwrap().items()[1]
            .get("c")
            .unwrap()
            .span
            .line
    );
}

/// What an independent reader, of YAML 1.1 as libyaml has it, makes of the same text.
fn same(mine: &Node, other: &serde_yaml::Value) -> bool {
    match (&mine.kind, other) {
        (Kind::Sequence(items), serde_yaml::Value::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(a, b)| same(a, b))
        }
        (Kind::Mapping(entries), serde_yaml::Value::Mapping(others)) => {
            entries.len() == others.len()
                && entries.iter().all(|entry| {
                    let other = others.get(&*entry.key);
                    other.is_some_and(|other| same(&entry.value, other))
                })
        }
        (Kind::Scalar(scalar), serde_yaml::Value::String(text)) => *scalar.text == **text,
        (Kind::Scalar(scalar), serde_yaml::Value::Bool(value)) => {
            scalar.value() == Value::Bool(*value)
        }
        (Kind::Scalar(scalar), serde_yaml::Value::Number(number)) => match scalar.value() {
            Value::Int(value) => number.as_i64() == Some(value),
            Value::Float(value) => number.as_f64() == Some(value),
            _ => false,
        },
        (Kind::Scalar(scalar), serde_yaml::Value::Null) => scalar.value() == Value::Null,
        _ => false,
    }
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        "[ -~äé\\n]{0,12}".prop_map(serde_json::Value::from),
        prop::sample::select(vec![
            "on", "no", "1_000", "010", "0x1", "~", "", " a", "a ", "a: b", "- a", "#x", "1:2"
        ])
        .prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-zA-Z0-9 :#-]{0,8}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn as_json(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Sequence(items) => items.iter().map(as_json).collect(),
        Kind::Mapping(entries) => {
            let map = entries
                .iter()
                .map(|e| (e.key.to_string(), as_json(&e.value)));
            serde_json::Value::Object(map.collect())
        }
        Kind::Scalar(scalar) => match scalar.value() {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Float(value) => value.into(),
            Value::String(text) => text.into(),
        },
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(value in tree()) {
        let text = to_text(&value).unwrap();
        let nodes = documents(&Input::new("t", text.clone()));
        if value.is_null() {
            prop_assert!(nodes.is_empty());
        } else {
            let node = nodes.into_iter().next().unwrap().unwrap();
            prop_assert_eq!(as_json(&node), value.clone(), "{}", text);
            // The second reader sees the same.
            let other: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            prop_assert!(same(&node, &other), "{}", text);
        }
    }

    #[test]
    fn json_reads_as_itself(value in tree()) {
        let nodes = documents(&Input::new("t", value.to_string()));
        if !value.is_null() {
            prop_assert_eq!(as_json(nodes[0].as_ref().unwrap()), value);
        }
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "[\\x00-\\x7fäé\\u{feff}]{0,200}") {
        for document in documents(&Input::new("t", text)) {
            if let Err(error) = document {
                prop_assert!(error.place().is_some());
            }
        }
    }

    #[test]
    fn what_is_safe_without_quotes_reads_as_itself_everywhere(text in "[ -~]{1,16}") {
        if is_plain_safe(&text) {
            for form in [format!("a: {text}\n"), format!("a: [{text}]\n"), format!("- {text}\n")] {
                let node = one(&form);
                let inner = node.get("a").unwrap_or(&node);
                let inner = inner.items().first().unwrap_or(inner);
                prop_assert_eq!(inner.as_str(), Some(text.as_str()), "{}", form);
                let other: serde_yaml::Value = serde_yaml::from_str(&form).unwrap();
                prop_assert!(same(&node, &other), "{}", form);
            }
        }
    }
}
