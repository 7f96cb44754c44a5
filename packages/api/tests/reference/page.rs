//! Puts the page together.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;

use crate::{
    CONTRACTS, Contract, events, file, sample,
    schema::{self, Field, Variant},
};

const HEAD: &str = "# Messages, queries and events

Written from `schema/` and `packages/api/src/` by `packages/api/tests/reference/main.rs`; do not edit it by hand.

A message or query is JSON with one key: `{\"place_bid\": {\"order\": 42, ...}}`. Addresses are bech32 text, times are whole seconds since the Unix epoch, prices are base units an
hour. A number with more than 53 bits is decimal digits in a string. Lists come in pages: `start_after` is the key of the last entry of the page before, `limit` is 30 if it is
not given and 100 at most. A field marked `?` may be left out.

The chain publishes an event with `wasm-` before its type, and with the attributes `_contract_address` and `msg_index` besides its own. Count an event only if
`_contract_address` is the contract that you mean: anybody can instantiate a contract that emits the same types. Attributes are text; one marked `?`
is left out if there is no value. A denom is `usouk`, `ibc/...` or `cw20:ADDRESS`; an auction is `tenant_choice` or `lowest_price:SECONDS`.

A cw20 token is sent to a contract by the token's `send`, whose `msg` is JSON as base64: `{\"create_deployment\": NewDeployment}` for the orderbook, `{\"deposit\": {\"account\": 17}}` for the escrow.
";

/// The named types, and for each the schemas that contracts have under that name.
type Types = BTreeMap<String, Vec<Value>>;

/// The whole page.
pub fn page() -> String {
    let schemas = CONTRACTS.map(|contract| {
        let text = file(&format!("schema/{}.json", contract.file));
        (contract, serde_json::from_str::<Value>(&text).unwrap())
    });
    let mut types = Types::new();
    for (_, schema) in &schemas {
        collect(&mut types, schema);
    }
    let mut out = HEAD.to_owned();
    let mut shown = BTreeMap::new();
    for (contract, schema) in &schemas {
        let title = contract.title.to_lowercase();
        let rules = format!("[contracts/{0}](../contracts/{0}/README.md)", contract.file);
        writeln!(out, "\n## {}\n\nRules and examples: {rules}.", contract.title).unwrap();
        writeln!(out, "\n### Messages of the {title}\n").unwrap();
        messages(&mut out, contract, part(schema, "execute"));
        writeln!(out, "\n### Queries of the {title}\n").unwrap();
        for (name, answer) in queries(&mut out, &title, schema, &types) {
            shown.insert(name, answer);
        }
        writeln!(out, "\n### Events of the {title}\n").unwrap();
        all_events(&mut out, contract.module);
    }
    for (name, found) in types {
        if let [schema] = found.as_slice() {
            shown.insert(name, schema.clone());
        }
    }
    out.push_str("\n## Types\n");
    for (name, schema) in &shown {
        named(&mut out, name, schema);
    }
    out
}

fn part<'a>(schema: &'a Value, key: &str) -> &'a Value {
    schema.get(key).unwrap_or_else(|| panic!("the schema has no {key}"))
}

fn messages(out: &mut String, contract: &Contract, execute: &Value) {
    out.push_str("| message | sender | what it does |\n|---|---|---|\n");
    let messages = schema::variants(execute);
    for message in &messages {
        // Declared for anyone, since cw-ownable itself checks owner and pending owner.
        let sender = match message.name.as_str() {
            "update_ownership" => "owner or pending owner".to_owned(),
            _ => (contract.permission)(message_sample(message, execute)).to_string(),
        };
        writeln!(out, "| `{}` | {sender} | {} |", message.name, cell(&message.doc)).unwrap();
    }
    bodies(out, &messages);
}

/// Writes the queries of a contract, and gives their answers by the names under which the page
/// shows them.
fn queries(out: &mut String, title: &str, schema: &Value, types: &Types) -> Vec<(String, Value)> {
    out.push_str("| query | answer | what it says |\n|---|---|---|\n");
    let queries = schema::variants(part(schema, "query"));
    let mut answers = Vec::new();
    for query in &queries {
        let answer = part(part(schema, "responses"), &query.name);
        let own = answer.get("title").and_then(Value::as_str).unwrap_or_default();
        let shared = types.get(own).is_some_and(|found| found.len() == 1);
        let name = if shared { own.to_owned() } else { format!("{own} of the {title}") };
        let link = format!("[{own}](#{})", schema::anchor(&name));
        writeln!(out, "| `{}` | {link} | {} |", query.name, cell(&query.doc)).unwrap();
        answers.push((name, bare(answer)));
    }
    bodies(out, &queries);
    answers
}

fn all_events(out: &mut String, module: &str) {
    for event in events::of(module) {
        writeln!(out, "`{}`: {}\n", event.ty, event.doc).unwrap();
        if event.fields.is_empty() {
            continue;
        }
        out.push_str("| attribute | type | |\n|---|---|---|\n");
        for field in event.fields {
            let optional = field.ty.strip_prefix("Option<").and_then(|ty| ty.strip_suffix('>'));
            let mark = if optional.is_some() { "?" } else { "" };
            let ty = event_type(optional.unwrap_or(&field.ty));
            writeln!(out, "| `{}`{mark} | {ty} | {} |", field.name, cell(&field.doc)).unwrap();
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
}

/// An attribute's type in the page's words: ids are numbers.
fn event_type(ty: &str) -> &str {
    match ty {
        "String" => "string",
        "AccountId" | "BidId" | "DeploymentId" | "OrderId" => "u64",
        "GroupSeq" => "u32",
        other => other,
    }
}

/// The smallest message of a kind.
fn message_sample(message: &Variant, schema: &Value) -> Value {
    let definitions = schema.get("definitions").cloned().unwrap_or_default();
    match &message.body {
        Some(body) => {
            let body = sample::of(body, &definitions);
            Value::Object([(message.name.clone(), body)].into_iter().collect())
        }
        None => Value::String(message.name.clone()),
    }
}

/// What each variant carries, one table each.
fn bodies(out: &mut String, variants: &[Variant]) {
    for variant in variants {
        let Some(body) = &variant.body else { continue };
        if body.get("$ref").is_some() {
            writeln!(out, "\n`{}` carries {}.", variant.name, schema::ty(body)).unwrap();
            continue;
        }
        let fields = schema::fields(body);
        if fields.is_empty() {
            continue;
        }
        writeln!(out, "\n`{}`\n", variant.name).unwrap();
        table(out, &fields);
    }
}

fn table(out: &mut String, fields: &[Field]) {
    out.push_str("| field | type | |\n|---|---|---|\n");
    for field in fields {
        let mark = if field.optional { "?" } else { "" };
        writeln!(out, "| `{}`{mark} | {} | {} |", field.name, field.ty, cell(&field.doc)).unwrap();
    }
}

/// A named type.
fn named(out: &mut String, name: &str, schema: &Value) {
    writeln!(out, "\n### {name}\n").unwrap();
    let doc = schema::doc(schema);
    if !doc.is_empty() {
        writeln!(out, "{doc}\n").unwrap();
    }
    if schema.get("oneOf").is_some()
        || schema.get("anyOf").is_some()
        || schema.get("enum").is_some()
    {
        out.push_str("| one of | carries | |\n|---|---|---|\n");
        for variant in schema::variants(schema) {
            let carries = variant.body.as_ref().map(carried).unwrap_or_default();
            writeln!(out, "| `{}` | {carries} | {} |", variant.name, cell(&variant.doc)).unwrap();
        }
        return;
    }
    let fields = schema::fields(schema);
    if fields.is_empty() {
        writeln!(out, "JSON: {}.", schema::ty(schema)).unwrap();
    } else {
        table(out, &fields);
    }
}

fn carried(body: &Value) -> String {
    let fields = schema::fields(body);
    if fields.is_empty() {
        return if schema::ty(body) == "object" { "`{}`".to_owned() } else { schema::ty(body) };
    }
    let one = |field: &Field| {
        let mark = if field.optional { "?" } else { "" };
        let doc = if field.doc.is_empty() {
            String::new()
        } else {
            format!(" ({})", field.doc.trim_end_matches('.'))
        };
        format!("`{}`{mark}: {}{doc}", field.name, field.ty)
    };
    cell(&fields.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Keeps the named types of a contract: those of messages, of queries, and the answers.
fn collect(types: &mut Types, schema: &Value) {
    let answers = part(schema, "responses").as_object().into_iter().flatten();
    let answers: Vec<&Value> = answers.map(|(_, answer)| answer).collect();
    for part in
        [part(schema, "execute"), part(schema, "query")].into_iter().chain(answers.iter().copied())
    {
        for (name, of) in schema::definitions(part) {
            add(types, &name, &of);
        }
    }
    for answer in answers {
        add(types, answer.get("title").and_then(Value::as_str).unwrap_or_default(), answer);
    }
}

fn add(types: &mut Types, name: &str, schema: &Value) {
    let schema = bare(schema);
    let known = types.entry(name.to_owned()).or_default();
    if !known.contains(&schema) {
        known.push(schema);
    }
}

/// A schema as it stands under its name, wherever that is.
fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(object) = schema.as_object_mut() {
        for key in ["definitions", "$schema", "title"] {
            object.remove(key);
        }
    }
    schema
}

/// Text that does not break a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
