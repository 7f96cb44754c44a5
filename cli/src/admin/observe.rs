//! What is on the chain: each contract with its code, admin, owner and configuration.

use serde_json::Value;
use souk_chain::{Queries, query::QueryError};
use souk_client::{
    Contracts, MarketError, PerContract,
    market::{self, Ownership},
};

/// A contract as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its address.
    pub address: String,
    /// The code that it runs.
    pub code_id: u64,
    /// SHA-256 of that code.
    pub checksum: Vec<u8>,
    /// Who made it.
    pub creator: String,
    /// Who may move it to other code.
    pub admin: Option<String>,
    /// Who owns it, by its own word; or why it does not say.
    pub ownership: Result<Ownership, String>,
    /// Its configuration, by its own word; or why it does not say.
    pub config: Result<Value, String>,
}

/// What is on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The code that has the wanted checksum and that the sender may use.
    pub codes: PerContract<Option<u64>>,
    /// The contracts that are there.
    pub contracts: PerContract<Option<Seen>>,
}

/// Looks at the contract at an address; none if there is none.
pub async fn contract(chain: &Queries, address: &str) -> Result<Option<Seen>, MarketError> {
    let info = match chain.contract_info(address).await {
        Ok(info) => info,
        Err(QueryError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let code = chain.code_info(info.code_id).await?;
    Ok(Some(Seen {
        address: address.to_owned(),
        code_id: info.code_id,
        checksum: code.checksum,
        creator: info.creator,
        admin: info.admin,
        ownership: or_reason(market::ownership(chain, address).await)?,
        config: or_reason(market::config(chain, address).await)?,
    }))
}

/// The contract's answer, or the reason that it gives for having none.
fn or_reason<T>(answer: Result<T, MarketError>) -> Result<Result<T, String>, MarketError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(MarketError::Refused(reason)) => Ok(Err(reason)),
        Err(error @ MarketError::Unusable(QueryError::Decode { .. })) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

impl Observed {
    /// All addresses: of those that are there, and the given ones for the rest.
    pub fn addresses(&self, otherwise: &Contracts) -> Contracts {
        PerContract::make(|contract| match self.contracts.of(contract) {
            Some(seen) => seen.address.clone(),
            None => otherwise.of(contract).clone(),
        })
    }
}
