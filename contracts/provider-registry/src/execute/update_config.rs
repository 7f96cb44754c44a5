//! The owner changes the configuration.

use cosmwasm_std::Response;
use souk_api::registry::Slashing;
use souk_contract_std::{admin, limits};
use souk_core::Amount;

use crate::{
    ContractError, Ctx, orderbook,
    rules::settings::{self, MAX_SLASHERS},
};

/// What to change; what is not given stays.
pub struct Change {
    /// The guardian.
    pub guardian: Option<String>,
    /// The orderbook.
    pub orderbook: Option<String>,
    /// Least bond of a provider.
    pub min_bond: Option<Amount>,
    /// Accounts that may slash.
    pub slashers: Option<Vec<String>>,
    /// The bounds of slashing.
    pub slashing: Option<Slashing>,
    /// Who gets what is slashed.
    pub slash_receiver: Option<String>,
    /// Seconds until a provider's changes hold.
    pub change_delay: Option<u64>,
}

/// The orderbook's address is probed, and set once: bonds that back the slots of one orderbook
/// would back those of another, too. Notices and changes that are on their way keep their times.
///
/// # Errors
/// If an address is not valid on this chain, if the orderbook is none, counts on another registry or another
/// one is set, or if a setting is out of its range.
pub fn update_config(ctx: &mut Ctx, change: Change) -> Result<Response, ContractError> {
    if let Some(guardian) = change.guardian {
        ctx.config.guardian = ctx.address(&guardian)?;
    }
    if let Some(orderbook) = change.orderbook {
        let orderbook = ctx.address(&orderbook)?;
        if let Some(is) = ctx.config.orderbook.clone().filter(|is| *is != orderbook) {
            return Err(ContractError::OrderbookIsSet { is });
        }
        orderbook::check_ours(&ctx.deps.querier, &orderbook, &ctx.env.contract.address)?;
        ctx.config.orderbook = Some(orderbook);
    }
    if let Some(min_bond) = change.min_bond {
        settings::check_min_bond(min_bond)?;
        ctx.config.min_bond = min_bond;
    }
    if let Some(slashers) = change.slashers {
        ctx.config.slashers = limits::addresses(ctx, "slashers", &slashers, MAX_SLASHERS)?;
    }
    if let Some(slashing) = change.slashing {
        settings::check_slashing(slashing)?;
        ctx.config.slashing = slashing;
    }
    if let Some(receiver) = change.slash_receiver {
        let receiver = ctx.address(&receiver)?;
        if receiver == ctx.env.contract.address {
            return Err(ContractError::ReceivesItself);
        }
        ctx.config.slash_receiver = Some(receiver);
    }
    if let Some(delay) = change.change_delay {
        settings::check_change_delay(delay)?;
        ctx.config.change_delay = delay;
    }
    Ok(admin::config_updated(ctx)?)
}
