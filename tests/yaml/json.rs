//! JSON goes past the YAML parser, and nothing may tell.

use palisade::finding::Input;
use palisade::yaml::documents;
use proptest::prelude::*;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::tree;

/// What is read, with every place in it. What stands in the text besides is not among it.
fn read(text: &str) -> String {
    format!("{:?}", documents(&Input::new("t.json", text)))
}

/// The same by the YAML parser: with a comment behind it a text is no JSON.
fn read_as_yaml(text: &str) -> String {
    read(&format!("{text}\n# YAML"))
}

fn indented(value: &Value, indent: &str) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    value
        .serialize(&mut Serializer::with_formatter(&mut text, formatter))
        .unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn it_reads_as_yaml_does_to_the_last_column() {
    for text in [
        "{}",
        "{ }\n",
        "{\"a\": []}",
        "{\"a\":[1,-2,3.5,1e30,18446744073709551615,true,false,null,\"\",{}]}",
        "{\n\t\"a\": \"b\"\n}",
        // Numbers as others print them.
        "{\"a\": [1.50, 1E3, -0, 1e3], \"b\": 2}",
        // What is escaped, and what might be.
        r#"{"a": "q\"b\\n\n\t\u0001", "a\"": "\/", "c": "\u00e9\ud83d\ude00"}"#,
        "{\"ä\u{1f600}\": [\"äö\", \"é\"], \"b\": 1}",
        "{\"on\": \"yes\", \"1_000\": \"010\"}",
        "{\"a\": 1, \"b\": {\"c\": 2, \"c\": 3}}",
        "{\"<<\": {\"a\": 1}, \"b\": 2}",
        "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n",
        // No JSON, and YAML nearly all of it.
        "{a: 1}",
        "{\"a\": 1,}",
        "{\"a\": 1",
        "{\"a\": 1} {\"b\": 2}",
        "{\"a\": 1}\n---\n{\"b\": 2}",
    ] {
        assert_eq!(read(text), read_as_yaml(text), "{text}");
    }
}

#[test]
fn it_is_as_bounded_as_yaml_is() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(300), "]".repeat(300));
    assert_eq!(read(&deep), read_as_yaml(&deep));
    let many: String = (0..20_000).map(|n| format!("\"k{n}\": {n},")).collect();
    let many = format!("{{{many} \"k7\": 1}}");
    let told = read(&many);
    assert!(told.starts_with("[Err("), "{told}");
    assert!(told.contains("`k7` stands here a second time"), "{told}");
}

proptest! {
    #[test]
    fn any_value_reads_as_yaml_does(value in tree(), indent in "[ ]{1,4}") {
        let object = serde_json::json!({"of": value, "end": 1});
        for text in [object.to_string(), indented(&object, &indent)] {
            prop_assert_eq!(read(&text), read_as_yaml(&text), "{}", text);
        }
    }
}
