//! Schema and README say what the code says.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use cosmwasm_schema::generate_api;
use cosmwasm_std::Binary;
use cw20::Cw20ReceiveMsg;
use souk_api::escrow::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use souk_core::{AccountId, Amount, Denom, Price, Rate};

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
    let committed = read("../../schema/escrow.json");
    assert!(fresh == committed, "run: cargo run -p souk-escrow --bin schema-escrow");
}

#[test]
fn the_readme_names_the_sender_of_every_message() {
    let (account, local, stream, reserved) = (AccountId(1), 1, 1, Rate::ZERO);
    let text = String::new;
    let messages = [
        ExecuteMsg::OpenAccount { local, tenant: text(), reserved },
        ExecuteMsg::OpenTokenAccount { local, tenant: text(), token: text(), reserved },
        ExecuteMsg::OpenStream {
            local,
            stream,
            payee: text(),
            rate: Price::MAX,
            take_bps: 0,
            reserved,
        },
        ExecuteMsg::CloseStream { local, stream, reserved },
        ExecuteMsg::Reserve { local, reserved },
        ExecuteMsg::CloseAccount { local, streams: vec![] },
        ExecuteMsg::Deposit { account },
        ExecuteMsg::Withdraw { account, stream },
        ExecuteMsg::WithdrawDeposit { account, amount: Amount::ZERO },
        ExecuteMsg::ClaimRefund { account, deposit: None },
        ExecuteMsg::SweepFees { denom: Denom::native("usouk") },
        ExecuteMsg::Receive(Cw20ReceiveMsg {
            sender: text(),
            amount: 0u128.into(),
            msg: Binary::default(),
        }),
        ExecuteMsg::UpdateConfig {
            guardian: None,
            fee_collector: None,
            add_controller: None,
            add_cw20: None,
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
