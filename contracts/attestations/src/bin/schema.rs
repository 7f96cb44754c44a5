//! Writes the contract's JSON schema to `schema/` at the root of the repository.

use std::{fs, path::Path};

use cosmwasm_schema::generate_api;
use souk_api::attestations::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = generate_api! {
        name: "attestations",
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    };
    let path = Path::new("schema/attestations.json");
    fs::write(path, api.render().to_string()?)?;
    println!("wrote {}", path.display());
    Ok(())
}
