//! The JSON schema of SDL files, for editors and validators; `souk sdl schema` prints it.
//!
//! It is made from the types below, whose documentation becomes its descriptions. The schema is
//! stricter than Akash where that helps while writing: a key that Akash ignores
//! is a mistake here. Rules across sections are [`compile`](crate::compile())'s alone.
//!
//! ```yaml
//! # yaml-language-server: $schema=sdl.schema.json
//! ```

mod file;
mod json;
mod profile;
mod scalar;
mod service;

use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use json::as_json;

/// The schema (JSON Schema 2020-12).
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<file::Sdl>().to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), "SDL: a deployment on an open cloud marketplace".into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All property names below a definition.
    fn keys(schema: &Value, definition: &str) -> Vec<String> {
        let of = if definition.is_empty() { schema } else { &schema["$defs"][definition] };
        let mut keys: Vec<_> = of["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_schema_knows_the_keys_that_the_reader_knows() {
        let schema = schema();
        for (definition, known) in [
            ("", crate::document::SECTIONS),
            ("Service", crate::services::KEYS),
            ("Expose", crate::services::expose::KEYS),
            ("HttpOptions", crate::services::http::KEYS),
            ("Credentials", crate::services::credentials::KEYS),
            ("Params", crate::services::params::KEYS),
            ("Volume", crate::profiles::storage::KEYS),
            ("Resources", crate::profiles::compute::KEYS),
            ("Placement", crate::profiles::placement::KEYS),
            ("Souk", crate::souk::KEYS),
        ] {
            let mut known: Vec<_> = known.iter().map(|key| (*key).to_owned()).collect();
            known.sort();
            assert_eq!(keys(&schema, definition), known, "{definition}");
        }
    }

    #[test]
    fn every_property_has_a_description() {
        fn check(at: &str, value: &Value) {
            if let Some(properties) = value["properties"].as_object() {
                for (key, property) in properties {
                    let described = property.get("description").is_some();
                    assert!(described, "{at}.{key} has no description");
                }
            }
        }
        let schema = schema();
        check("", &schema);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            check(name, definition);
        }
    }
}
