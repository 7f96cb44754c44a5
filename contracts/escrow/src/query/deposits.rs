//! Deposits of others than the tenant.

use souk_api::escrow::{DepositResponse, DepositsResponse};
use souk_contract_std::Page;
use souk_core::AccountId;

use crate::{
    ContractError, View,
    state::{accounts, deposits},
};

/// A page of an account's, by number.
pub fn deposits(
    view: &View,
    id: AccountId,
    start_after: Option<u32>,
    limit: Option<u32>,
) -> Result<DepositsResponse, ContractError> {
    let account = accounts::settled(view.storage, id, view.now())?;
    let page = deposits::page(view.storage, id, Page::new(start_after, limit))?;
    let deposits = page.into_iter().map(|(number, deposit)| DepositResponse {
        deposit: number,
        left: account.left_of(&deposit),
        amount: deposit.amount,
        depositor: deposit.depositor.into(),
    });
    Ok(DepositsResponse { deposits: deposits.collect() })
}
