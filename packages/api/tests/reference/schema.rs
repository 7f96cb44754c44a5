//! What the page needs of a JSON schema: variants, fields and the names of types.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::events::plain;

/// A message, a query or a variant of a type.
pub struct Variant {
    /// Its name in JSON.
    pub name: String,
    /// What it says.
    pub doc: String,
    /// The schema of what it carries; none if it is a bare word.
    pub body: Option<Value>,
}

/// A field of an object.
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    /// Its type, as the page writes it.
    pub ty: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// What it says.
    pub doc: String,
}

/// A named type.
pub fn definition<'a>(reference: &str, definitions: &'a Value) -> &'a Value {
    let name = reference.rsplit('/').next().unwrap_or_default();
    definitions.get(name).unwrap_or_else(|| panic!("no definition of {name}"))
}

/// The docstring of a schema.
pub fn doc(schema: &Value) -> String {
    plain(schema.get("description").and_then(Value::as_str).unwrap_or_default())
}

/// The alternatives of an enum.
pub fn variants(schema: &Value) -> Vec<Variant> {
    let one_of = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    let list = one_of.and_then(Value::as_array).cloned().unwrap_or_else(|| vec![schema.clone()]);
    list.iter().flat_map(variant).collect()
}

fn variant(schema: &Value) -> Vec<Variant> {
    let doc = || doc(schema);
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words = words.iter().filter_map(Value::as_str);
        return words.map(|name| Variant { name: name.into(), doc: doc(), body: None }).collect();
    }
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let carries = |(name, body): (&String, &Value)| Variant {
        name: name.clone(),
        doc: doc(),
        body: Some(body.clone()),
    };
    properties.map(carries).collect()
}

/// The fields of an object, those that must be there first.
pub fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut fields: Vec<Field> = properties
        .map(|(name, of)| Field {
            name: name.clone(),
            ty: ty(of),
            optional: !required.contains(&name.as_str()),
            doc: doc(of),
        })
        .collect();
    fields.sort_by_key(|field| field.optional);
    fields
}

/// A type as the page writes it: JSON's own words, and named types as links.
pub fn ty(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return link(name);
    }
    if let Some(one) = schema.get("allOf").and_then(|list| list.get(0)) {
        return ty(one);
    }
    if let Some(list) = schema.get("anyOf").and_then(Value::as_array) {
        let some = list.iter().filter(|one| one.get("type") != Some(&Value::from("null")));
        return some.map(ty).collect::<Vec<_>>().join(" or ");
    }
    let given = schema.get("type").cloned().unwrap_or_default();
    let given = given.as_str().or_else(|| given.get(0)?.as_str());
    match given {
        Some("array") => match schema.get("items") {
            Some(Value::Array(parts)) => {
                format!("({})", parts.iter().map(ty).collect::<Vec<_>>().join(", "))
            }
            Some(of) => format!("list of {}", ty(of)),
            None => "list".to_owned(),
        },
        Some("integer") => match schema.get("format").and_then(Value::as_str) {
            Some(format) => format.replace("uint", "u"),
            None => "integer".to_owned(),
        },
        Some("object") => "object".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some("null") => "null".to_owned(),
        _ => "string".to_owned(),
    }
}

/// The name of a type in a reference, as a link to its place on the page.
fn link(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or_default();
    format!("[{name}](#{})", anchor(name))
}

/// Where a heading is found: what Markdown renderers make of it.
pub fn anchor(heading: &str) -> String {
    let kept =
        heading.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The named types of a schema that is a file of its own.
pub fn definitions(schema: &Value) -> BTreeMap<String, Value> {
    let all = schema.get("definitions").and_then(Value::as_object).into_iter().flatten();
    all.map(|(name, of)| (name.clone(), of.clone())).collect()
}
