//! A provider says what it works for at least.

use cosmwasm_std::Response;
use souk_api::registry::events::{ChangeNoticed, Updated};
use souk_contract_std::limits;
use souk_core::{Denom, PriceFloor};

use crate::{
    ContractError, Ctx,
    rules::settings::{self, MAX_FLOORS},
    state::providers,
};

/// The floors from the end of the delay on. They are the provider's own to change: whoever has the
/// operator's key cannot bid below them.
///
/// # Errors
/// If a denom is no denom or stands there twice, if there are too many, or if the sender is not
/// registered (any more).
pub fn set_floors(ctx: &mut Ctx, floors: Vec<PriceFloor>) -> Result<Response, ContractError> {
    limits::check_count("price floors", floors.len(), MAX_FLOORS)?;
    settings::check_floors(&floors)?;
    // Orderbooks read the record with every bid: no text in it that is longer than an address.
    for floor in &floors {
        if let Denom::Cw20(token) = &floor.denom {
            ctx.address(token)?;
        }
    }
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let from = provider.set_floors(floors, ctx.now(), ctx.config.change_delay);
    providers::save_record(ctx.storage_mut(), &provider)?;
    let provider = provider.address.to_string();
    let noticed = ChangeNoticed { provider: provider.clone(), what: "floors".to_owned(), from };
    Ok(Response::new().add_event(Updated { provider }).add_event(noticed))
}
