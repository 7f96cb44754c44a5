//! The committed schema is the one that the messages have.

use cosmwasm_schema::generate_api;
use souk_api::attestations::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

#[test]
fn the_committed_schema_is_fresh() {
    let api = generate_api! {
        name: "attestations",
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    };
    let fresh = api.render().to_string().unwrap();
    let committed = include_str!("../../../schema/attestations.json");
    assert!(
        fresh == committed,
        "run `cargo run -p souk-attestations --bin schema-attestations` and look at the difference"
    );
}
