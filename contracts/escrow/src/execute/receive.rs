//! A listed token came by its hook: the same actions as with native coins.

use cosmwasm_std::{Addr, Response, from_json};
use cw20::Cw20ReceiveMsg;
use souk_api::escrow::Cw20Hook;
use souk_core::Denom;

use super::{Ctx, Paid, deposit};
use crate::{ContractError, state};

/// Does what the hook says with the tokens that came. The sender is the token, which the
/// tenant listed; whom it names as its own sender has paid.
pub fn receive(ctx: &mut Ctx, received: Cw20ReceiveMsg) -> Result<Response, ContractError> {
    let from = ctx.deps.api.addr_validate(&received.sender)?;
    let token = Denom::Cw20(ctx.info.sender.to_string());
    let paid = Paid::new(from, token, received.amount.u128())?;
    let hook = from_json(&received.msg).map_err(|error| ContractError::Hook(error.to_string()))?;
    match hook {
        Cw20Hook::Deposit { account } => deposit::deposit(ctx, account, paid),
        Cw20Hook::Fund { local } => {
            let id = ctx.id_of(&paid.from, local)?;
            let tenant = state::account(ctx.deps.storage, id)?.record.tenant;
            let from = Addr::unchecked(tenant);
            deposit::deposit(ctx, id, Paid { from, ..paid })
        }
    }
}
