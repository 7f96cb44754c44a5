//! Deposits of others than the tenant, until they are refunded.

use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;
use souk_contract_std::Page;
use souk_core::AccountId;

use crate::{ContractError, rules::deposit::Deposit};

const DEPOSITS: Map<(u64, u32), Deposit> = Map::new("d");

/// A deposit.
///
/// # Errors
/// If there is none (any more).
pub fn get(
    storage: &dyn Storage,
    account: AccountId,
    deposit: u32,
) -> Result<Deposit, ContractError> {
    let found = DEPOSITS.may_load(storage, (account.0, deposit))?;
    found.ok_or(ContractError::NoDeposit { account, deposit })
}

/// Saves a deposit.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(
    storage: &mut dyn Storage,
    account: AccountId,
    number: u32,
    deposit: &Deposit,
) -> StdResult<()> {
    DEPOSITS.save(storage, (account.0, number), deposit)
}

/// Deletes a deposit that was refunded.
pub fn remove(storage: &mut dyn Storage, account: AccountId, number: u32) {
    DEPOSITS.remove(storage, (account.0, number));
}

/// An account's deposits by number.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn page(
    storage: &dyn Storage,
    account: AccountId,
    page: Page<u32>,
) -> StdResult<Vec<(u32, Deposit)>> {
    page.within(DEPOSITS.prefix(account.0), storage)
}
