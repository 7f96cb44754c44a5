//! A deployment paid in a cw20 token: the token brings the deposit with a hook, and the
//! deposit goes on to the escrow the same way.

use cosmwasm_std::{Response, from_json};
use cw20::Cw20ReceiveMsg;
use souk_api::orderbook::Cw20Hook;
use souk_contract_std::{Paid, coins};
use souk_core::Denom;

use super::{create_deployment, create_with_quotes};
use crate::{ContractError, Ctx};

/// The sender is a token that the owner listed as a denom; it vouches for the tenant. The
/// orderbook keeps no coins: what goes on to the escrow is what came.
///
/// # Errors
/// If less came than the token says, if the hook cannot be read, or those of `create`.
pub fn receive(ctx: &mut Ctx, received: &Cw20ReceiveMsg) -> Result<Response, ContractError> {
    let tenant = ctx.address(&received.sender)?;
    let denom = Denom::Cw20(ctx.sender().to_string());
    let deposit = Paid::new(tenant, denom, received.amount.u128())?;
    coins::check_received(&ctx.deps.querier, &ctx.env.contract.address, &deposit, 0)?;
    match from_json(&received.msg)? {
        Cw20Hook::CreateDeployment(new) => create_deployment::create(ctx, deposit, new),
        Cw20Hook::CreateWithQuotes { deployment, quotes } => {
            create_with_quotes::create(ctx, deposit, deployment, quotes)
        }
    }
}
