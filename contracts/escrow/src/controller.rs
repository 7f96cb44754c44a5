//! Controllers and their accounts. A controller (the orderbook) numbers its accounts itself;
//! its index in the list of controllers goes in front of the number.

use cosmwasm_std::Addr;
use souk_api::Permission;
use souk_contract_std::CommonError;
use souk_core::AccountId;

use crate::{ContractError, Ctx, rules::account::Account, state::accounts};

/// The account that a controller calls `local`.
///
/// # Errors
/// If it is not a controller, or if the number is too large.
pub fn account_id(ctx: &Ctx, controller: &Addr, local: u64) -> Result<AccountId, ContractError> {
    let index = ctx.config.controllers.iter().position(|listed| listed == controller);
    let index = index.ok_or_else(|| CommonError::NotPermitted {
        sender: controller.clone(),
        needed: Permission::Controller,
    })?;
    Ok(AccountId::new(u16::try_from(index).unwrap_or(u16::MAX), local)?)
}

/// The open account that the sending controller calls `local`, settled to now.
///
/// # Errors
/// If there is none, or if it is closed.
pub fn open_account(ctx: &Ctx, local: u64) -> Result<Account, ContractError> {
    let id = account_id(ctx, ctx.sender(), local)?;
    let account = accounts::settled(ctx.storage(), id, ctx.now())?;
    account.require_open()?;
    Ok(account)
}
