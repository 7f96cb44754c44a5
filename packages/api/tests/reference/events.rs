//! The events of a contract with their docstrings, read from the macro that defines them: a macro's
//! docstrings cannot be seen by a program that runs.

use crate::file;

/// An event.
pub struct Event {
    /// Its type on the chain, without the prefix.
    pub ty: String,
    /// What it says.
    pub doc: String,
    /// Its attributes.
    pub fields: Vec<Field>,
}

/// An attribute of an event.
pub struct Field {
    /// Its key.
    pub name: String,
    /// Its type in Rust.
    pub ty: String,
    /// What it says.
    pub doc: String,
}

/// The events of a contract: those that its module of this crate defines, in their order, and
/// those of its administration.
pub fn of(module: &str) -> Vec<Event> {
    let source = file(&format!("packages/api/src/{module}/events.rs"));
    let contract = source.split_once(" of \"").and_then(|(_, rest)| rest.split_once('"'));
    let contract = contract.expect("the enum names its contract").0.to_owned();
    let mut events = defined_in(&source);
    for event in defined_in(&file("packages/api/src/admin.rs")) {
        events.push(Event { ty: format!("{contract}_{}", event.ty), ..event });
    }
    events
}

/// The events that a source file defines.
fn defined_in(source: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut doc: Vec<&str> = Vec::new();
    // The macro's own brackets begin their lines.
    let definitions =
        source.lines().skip_while(|line| !matches!(*line, "events! {" | "event_types! {"));
    for line in definitions.take_while(|line| *line != "}").map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
            continue;
        }
        let said = std::mem::take(&mut doc).join(" ");
        if let Some((ty, "")) =
            line.split_once(" = \"").and_then(|(_, rest)| rest.split_once("\" {"))
        {
            let ty = ty.to_owned();
            events.push(Event { ty, doc: plain(&said), fields: Vec::new() });
        } else if let Some((name, ty)) = line.trim_end_matches(',').split_once(": ")
            && !said.is_empty()
        {
            let (name, ty) = (name.to_owned(), ty.to_owned());
            let event = events.last_mut().expect("a field belongs to an event");
            event.fields.push(Field { name, ty, doc: plain(&said) });
        }
    }
    events
}

/// A docstring without the links and examples of Rust's documentation.
pub fn plain(doc: &str) -> String {
    let mut text = String::new();
    let mut rest = doc.split("# Examples").next().unwrap_or_default();
    while let Some((before, after)) = rest.split_once("[`") {
        let (name, after) = after.split_once("`]").unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&format!("`{}`", name.rsplit("::").next().unwrap_or(name)));
        rest = after;
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
