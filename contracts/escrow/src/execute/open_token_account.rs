//! A controller opens an account for a token's coins to follow.

use cosmwasm_std::Response;
use souk_core::{Amount, Denom, Rate};

use super::open_account::open;
use crate::{ContractError, Ctx};

/// Opens account `local` of the sender, empty, for the coins of a listed token. The token's
/// word is not needed for it: one that turned hostile could take numbers or never answer.
///
/// # Errors
/// If the token is not listed, or if the number was used before.
pub fn open_token_account(
    ctx: &mut Ctx,
    local: u64,
    tenant: &str,
    token: String,
    reserved: Rate,
) -> Result<Response, ContractError> {
    let address = ctx.address(&token)?;
    if !ctx.config.cw20_tokens.contains(&address) {
        return Err(ContractError::TokenNotListed(address));
    }
    open(ctx, local, tenant, Denom::Cw20(token), Amount::ZERO, reserved, Vec::new())
}
