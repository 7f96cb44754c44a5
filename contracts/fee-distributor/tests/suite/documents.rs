//! Schema and README say what the code says.

use souk_api::fees::{ExecuteMsg, FeeEvent};
use souk_contract_std::{readme, schema};

const README: &str = include_str!("../../README.md");

#[test]
fn the_committed_schema_is_that_of_the_messages() {
    schema::assert_is_fresh(souk_contract_std::api!(souk_api::fees));
}

#[test]
fn the_readme_describes_every_message() {
    readme::assert_describes::<ExecuteMsg>(README);
}

#[test]
fn the_readme_names_every_event() {
    readme::assert_names_events(README, FeeEvent::TYPES);
}
