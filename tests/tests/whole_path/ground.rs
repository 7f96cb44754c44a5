//! The chains on which it is told.

use std::time::Duration;

use souk_chain::SecretKey;
use souk_cli::local::Venue;
use souk_tests::{
    tools,
    wasmd::{PREFIX, Wasmd},
};

/// The embedded chain.
pub fn embedded() -> Venue {
    Venue::Embedded { chain_id: "souk-path".to_owned(), block_time: Duration::from_millis(200) }
}

/// A wasmd node with the contracts on it, whose periods are short.
pub async fn wasmd(node: &Wasmd) -> Option<Venue> {
    tools::or_not_run(tools::artifacts())?;
    let pool = SecretKey::generate().address(PREFIX).unwrap();
    let terms = format!("pool = \"{pool}\"\n{}", souk_tests::wasmd::SHORT_TERMS);
    let network = node.deploy(&terms).await.unwrap();
    Some(Venue::Given { network: Box::new(network), funds: node.funds.clone() })
}
