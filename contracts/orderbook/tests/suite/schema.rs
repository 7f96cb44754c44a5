//! The committed schema is the one that the messages have.

use cosmwasm_schema::generate_api;
use souk_api::orderbook::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

#[test]
fn the_committed_schema_is_fresh() {
    let api = generate_api! {
        name: "souk-orderbook",
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    };
    let fresh = api.render().to_string().unwrap();
    let committed = include_str!("../../../../schema/orderbook.json");
    assert!(
        fresh.trim() == committed.trim(),
        "run `cargo run -p souk-orderbook --bin schema-orderbook` and look at the difference"
    );
}
