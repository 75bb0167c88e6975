//! JSON Schemas of the profiles, made from the types that read them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use super::{
    ClusterProfile, Lock, Overlay, PlatformProfile, RangesProfile, RegionProfile, Sources,
};

/// The schemas by file name, each as the text of its file.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        (
            "cluster-profile.json",
            format!("{:#}\n", without_null(of::<ClusterProfile>())),
        ),
        ("lock.json", text::<Lock>()),
        ("overlay.json", text::<Overlay>()),
        ("platform-profile.json", text::<PlatformProfile>()),
        ("ranges-profile.json", text::<RangesProfile>()),
        ("region-profile.json", text::<RegionProfile>()),
        ("sources.json", text::<Sources>()),
    ]
}

/// The schema of `T` as the text of its file.
pub fn text<T: JsonSchema>() -> String {
    // The alternate form is indented; a schema always has text.
    format!("{:#}\n", of::<T>())
}

/// The schema of `T`.
pub(super) fn of<T: JsonSchema>() -> Value {
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    generator.into_root_schema_for::<T>().to_value()
}

/// The schema without the choice of nothing, where a key that is there must have a value.
fn without_null(schema: Value) -> Value {
    let is_null = |part: &Value| *part == serde_json::json!({"type": "null"});
    match schema {
        Value::Array(parts) => parts.into_iter().map(without_null).collect(),
        Value::Object(mut own) => {
            if let Some(Value::Array(choices)) = own.get_mut("anyOf") {
                choices.retain(|choice| !is_null(choice));
                if let [only] = choices.as_slice() {
                    let only = only.clone();
                    own.remove("anyOf");
                    own.extend(only.as_object().cloned().unwrap_or_default());
                }
            }
            if let Some(Value::Array(kinds)) = own.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = kinds.as_slice() {
                    let only = only.clone();
                    own.insert("type".to_owned(), only);
                }
            }
            let parts = own.into_iter();
            Value::Object(parts.map(|(key, part)| (key, without_null(part))).collect())
        }
        other => other,
    }
}
