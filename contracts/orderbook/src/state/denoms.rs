//! What holds for deployments paid in a denom.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Order, StdError, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::orderbook::DenomConfig;
use souk_core::{Amount, Denom, Price};

use crate::ContractError;

const DENOMS: Map<&str, Terms> = Map::new("m");

/// Prices, deposit and fee; the denom itself is the key.
#[cw_serde]
pub struct Terms {
    /// Least ceiling and bid.
    pub min_price: Price,
    /// Highest ceiling.
    pub max_price: Price,
    /// Least deposit for each group.
    pub min_deposit: Amount,
    /// Fee of orders created from now on.
    pub take_bps: u16,
    /// Whether no order is opened in it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delisted: bool,
}

impl Terms {
    /// Refuses to open an order in a denom that was delisted.
    ///
    /// # Errors
    /// If it was.
    pub fn must_be_listed(&self, denom: &Denom) -> Result<(), ContractError> {
        if self.delisted {
            return Err(ContractError::DenomDelisted(denom.to_string()));
        }
        Ok(())
    }
}

/// A denom's terms, if it is accepted.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, denom: &Denom) -> StdResult<Option<Terms>> {
    DENOMS.may_load(storage, &denom.to_string())
}

/// The terms of a denom that a deployment has: denoms are added and changed, never removed.
///
/// # Errors
/// If they are not there or cannot be read.
pub fn of(storage: &dyn Storage, denom: &Denom) -> StdResult<Terms> {
    get(storage, denom)?.ok_or_else(|| StdError::not_found(format!("terms of {denom}")))
}

/// Adds or changes a denom. Its mark stays, unless the change speaks of it.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, config: &DenomConfig) -> StdResult<()> {
    let marked = get(storage, &config.denom)?.is_some_and(|terms| terms.delisted);
    let DenomConfig { denom, min_price, max_price, min_deposit, take_bps, delisted } = config;
    let terms = Terms {
        min_price: *min_price,
        max_price: *max_price,
        min_deposit: *min_deposit,
        take_bps: *take_bps,
        delisted: delisted.unwrap_or(marked),
    };
    DENOMS.save(storage, &denom.to_string(), &terms)
}

/// All of them, by name; there are 16 at most.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn all(storage: &dyn Storage) -> StdResult<Vec<(String, Terms)>> {
    DENOMS.range(storage, None, None, Order::Ascending).collect()
}
