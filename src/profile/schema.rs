//! JSON Schemas of the profiles, made from the types that read them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use super::{
    ClusterProfile, Lock, Overlay, PlatformProfile, RangesProfile, RegionProfile, Sources,
};

/// The schemas by file name, each as the text of its file.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("cluster-profile.json", text::<ClusterProfile>()),
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
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let schema = generator.into_root_schema_for::<T>();
    // The alternate form is indented; a schema always has text.
    format!("{:#}\n", schema.as_value())
}
