//! For tests: a contract's README says what its code does.
//!
//! Each README has a table of messages with a row for each, which begins as [`row`] writes it,
//! and a block of examples (fenced as `json`), one line for each message.

use std::collections::BTreeSet;

use cosmwasm_schema::{
    schemars::{JsonSchema, schema::Schema},
    serde::{Serialize, de::DeserializeOwned},
};
use cosmwasm_std::{from_json, to_json_string};
use souk_api::Message;

/// The beginning of a message's row: name, sender, coins, whether a pause stops it.
pub fn row(msg: &(impl Message + Serialize)) -> String {
    let coins = if msg.takes_coins() { "yes" } else { "no" };
    let pause = if msg.is_new_business() { "stops it" } else { "does not" };
    let name = name(msg);
    // Declared for anyone, since cw-ownable itself checks owner and pending owner.
    let sender = match name.as_str() {
        "update_ownership" => "owner or pending owner".to_owned(),
        _ => msg.permission().to_string(),
    };
    format!("| `{name}` | {sender} | {coins} | {pause} |")
}

/// Holds table and examples of a README to the messages.
///
/// # Panics
/// If a message lacks its example or its row, or if there are others.
pub fn assert_describes<M>(readme: &str)
where
    M: Message + Serialize + DeserializeOwned + JsonSchema,
{
    let examples: Vec<M> = examples(readme);
    let named: BTreeSet<String> = examples.iter().map(name).collect();
    assert_eq!(named.len(), examples.len(), "one example for each message");
    assert_eq!(named, names::<M>(), "examples, and messages of the schema");
    for msg in &examples {
        let row = row(msg);
        assert!(readme.contains(&row), "the README lacks the row\n{row}");
    }
    let rows = section(readme, "## Messages").lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.count(), examples.len(), "rows of messages");
}

/// Holds a README's list of events to the types of a contract's events.
///
/// # Panics
/// If one is not named.
pub fn assert_names_events(readme: &str, types: &[&str]) {
    let events = section(readme, "## Events");
    for ty in types {
        assert!(events.contains(&format!("`{ty}`")), "the README's events lack `{ty}`");
    }
}

fn examples<M: DeserializeOwned>(readme: &str) -> Vec<M> {
    let (_, rest) = readme.split_once("```json\n").unwrap_or_default();
    let (block, _) = rest.split_once("```").unwrap_or_default();
    let read = |line: &str| from_json(line).unwrap_or_else(|error| fail(line, &error.to_string()));
    block.lines().map(read).collect()
}

/// From a heading to the next one of its level.
fn section<'a>(readme: &'a str, heading: &str) -> &'a str {
    let (_, rest) = readme.split_once(heading).unwrap_or_default();
    rest.split("\n## ").next().unwrap_or_default()
}

/// A message's name in JSON.
fn name(msg: &impl Serialize) -> String {
    let json = to_json_string(msg).unwrap_or_default();
    json.split('"').nth(1).unwrap_or_default().to_owned()
}

/// The names of all messages, as the schema has them.
fn names<M: JsonSchema>() -> BTreeSet<String> {
    let schema = cosmwasm_schema::schema_for!(M).schema;
    let variants = schema.subschemas.and_then(|schemas| schemas.one_of).unwrap_or_default();
    let required = variants.into_iter().filter_map(|variant| match variant {
        Schema::Object(variant) => variant.object?.required.into_iter().next(),
        Schema::Bool(_) => None,
    });
    required.collect()
}

fn fail<T>(line: &str, error: &str) -> T {
    assert!(error.is_empty(), "the example {line} is not a message: {error}");
    std::process::abort()
}
