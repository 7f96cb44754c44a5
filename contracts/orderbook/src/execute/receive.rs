//! A deployment paid in a cw20 token: the token brings the deposit with a hook, and the
//! deposit goes on to the escrow the same way.

use cosmwasm_std::{Response, from_json};
use cw20::Cw20ReceiveMsg;
use souk_api::orderbook::Cw20Hook;
use souk_core::{Amount, Denom};

use super::create_deployment::create;
use crate::{ContractError, ctx::Ctx, escrow::FirstDeposit};

/// The sender is a token that the owner listed as a denom; it vouches for the tenant.
pub fn receive(ctx: &mut Ctx, received: Cw20ReceiveMsg) -> Result<Response, ContractError> {
    let tenant = ctx.addr(&received.sender)?;
    let denom = Denom::Cw20(ctx.sender().to_string());
    let deposit = FirstDeposit { denom, amount: Amount::new(received.amount.u128())? };
    match from_json(&received.msg)? {
        Cw20Hook::CreateDeployment(new) => create(ctx, tenant, deposit, new),
    }
}
