//! The README says what the code does: each message stands in its table with the sender
//! that the contract asks for, and each example is a message.

use std::collections::BTreeSet;

use cosmwasm_std::from_json;
use souk_api::orderbook::ExecuteMsg;

const README: &str = include_str!("../../README.md");

/// What stands between two marks.
fn between(start: &str, end: &str) -> &'static str {
    let (_, rest) = README.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

fn examples() -> Vec<ExecuteMsg> {
    between("```json", "```").trim().lines().map(|line| from_json(line).unwrap()).collect()
}

/// A message's name as in Rust.
fn name(msg: &ExecuteMsg) -> String {
    format!("{msg:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn the_table_gives_each_messages_sender_as_the_contract_checks_it() {
    for msg in examples() {
        let sender = match &msg {
            ExecuteMsg::UpdateOwnership(_) => "cw-ownable".to_owned(),
            msg => msg.permission().to_string(),
        };
        let row = format!("| `{}` | {sender} |", name(&msg));
        assert!(README.contains(&row), "{row}");
    }
}

#[test]
fn each_message_of_the_table_has_one_example() {
    let table = between("## Messages", "## Bids");
    let rows: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let tabled: BTreeSet<_> = rows.iter().filter_map(|row| row.split('`').next()).collect();
    let names: Vec<String> = examples().iter().map(name).collect();
    assert_eq!(names.len(), rows.len());
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), tabled);
}
