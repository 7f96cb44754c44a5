//! A listed token came by its hook: the same actions as with native coins.

use cosmwasm_std::{Addr, Response, from_json};
use cw20::Cw20ReceiveMsg;
use souk_api::escrow::Cw20Hook;
use souk_contract_std::{Paid, coins};
use souk_core::Denom;

use super::deposit::add;
use crate::{
    ContractError, Ctx, controller,
    state::{accounts, totals},
};

/// Does what the hook says with the tokens that came. The sender is the token, which the
/// owner listed; whom it names as its own sender has paid, if the contract has as much of the
/// token as it owes with that.
///
/// # Errors
/// If less came than the token says, if the hook cannot be read, or those of what it asks for.
pub fn receive(ctx: &mut Ctx, received: &Cw20ReceiveMsg) -> Result<Response, ContractError> {
    let from = ctx.address(&received.sender)?;
    let token = Denom::Cw20(ctx.sender().to_string());
    let paid = Paid::new(from, token, received.amount.u128())?;
    let owes = totals::get(ctx.storage(), &paid.denom)?.sum();
    coins::check_received(&ctx.view(), &paid, owes)?;
    let hook = from_json(&received.msg).map_err(|error| ContractError::Hook(error.to_string()))?;
    match hook {
        Cw20Hook::Deposit { account } => add(ctx, account, paid),
        Cw20Hook::Fund { local } => {
            let id = controller::account_id(ctx, &paid.from, local)?;
            let from = Addr::unchecked(accounts::get(ctx.storage(), id)?.record.tenant);
            add(ctx, id, Paid { from, ..paid })
        }
    }
}
