//! Schema and README say what the code says.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use cosmwasm_schema::generate_api;
use souk_api::fees::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use souk_core::{Amount, Denom};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_committed_schema_is_that_of_the_messages() {
    let api = generate_api! {
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    };
    let fresh = api.render().to_string().unwrap() + "\n";
    let committed = read("../../schema/fee-distributor.json");
    let command = "cargo run -p souk-fee-distributor --bin schema-fee-distributor";
    assert!(fresh == committed, "run: {command}");
}

#[test]
fn the_readme_names_the_sender_of_every_message() {
    let denom = Denom::native("usouk");
    let messages = [
        ExecuteMsg::Distribute { denom: denom.clone() },
        ExecuteMsg::Burn { denom },
        ExecuteMsg::Stake {},
        ExecuteMsg::Unstake { amount: Amount::ZERO },
        ExecuteMsg::ClaimUnstaked {},
        ExecuteMsg::ClaimRewards { staker: String::new(), denoms: vec![] },
        ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: None,
            split: None,
            add_denoms: None,
            min_total_stake: None,
        },
        ExecuteMsg::Pause {},
        ExecuteMsg::Unpause {},
    ];
    let readme = read("README.md");
    for message in messages {
        let debug = format!("{message:?}");
        let name = debug.split([' ', '(', '{']).next().unwrap();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` ")));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let sender = format!("| {} |", message.permission());
        assert!(row.contains(&sender), "{row} should say {sender}");
    }
}
