//! Writes `schema/orderbook.json` at the root of the repository.

use std::{fs, io, path::Path};

use cosmwasm_schema::generate_api;
use souk_api::orderbook::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

fn main() -> io::Result<()> {
    let api = generate_api! {
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    };
    let text = api.render().to_string().map_err(io::Error::other)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/orderbook.json");
    fs::write(file, text + "\n")
}
