//! Questions that every contract of the market answers.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use souk_chain::Queries;

use super::MarketError;

/// Who owns a contract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ownership {
    /// The owner.
    pub owner: Option<String>,
    /// Whom the owner offered it to.
    pub pending_owner: Option<String>,
}

/// What a contract says of its code, by cw2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The contract's name, one of `souk_api::published::names`.
    pub contract: String,
    /// Its version.
    pub version: String,
}

/// Who owns the contract at `address`.
///
/// # Errors
/// If it does not answer.
pub async fn ownership(queries: &Queries, address: &str) -> Result<Ownership, MarketError> {
    ask(queries, address, "ownership").await
}

/// The configuration of the contract at `address`, as JSON.
///
/// # Errors
/// If it does not answer.
pub async fn config(queries: &Queries, address: &str) -> Result<Value, MarketError> {
    ask(queries, address, "config").await
}

/// Which contract is at `address`; none if nothing there says so.
///
/// # Errors
/// If no node answers.
pub async fn identity(queries: &Queries, address: &str) -> Result<Option<Identity>, MarketError> {
    let bytes = queries.raw(address, b"contract_info").await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

async fn ask<R: DeserializeOwned>(
    queries: &Queries,
    address: &str,
    question: &str,
) -> Result<R, MarketError> {
    Ok(queries.smart(address, &json!({ question: {} })).await?)
}
