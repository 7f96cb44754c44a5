//! What may be configured, within which bounds.

use souk_api::orderbook::{DenomConfig, Params};
use souk_core::time::{DAY, HOUR, WEEK};

use crate::ContractError;

/// Denoms at most.
pub const MAX_DENOMS: usize = 16;
/// Fee at most, in hundredths of a per cent.
pub const MAX_TAKE_BPS: u16 = 5_000;
const MIN_AUCTION: u64 = 10;
const MINUTE: u64 = 60;
const MAX_WAIT_BLOCKS: u64 = 100_000;

/// Checks times and counts.
///
/// # Errors
/// If one is out of its range.
pub fn check_params(params: &Params) -> Result<(), ContractError> {
    let Params {
        order_lifetime,
        min_auction,
        max_auction,
        min_auction_blocks,
        end_grace,
        end_blocks,
        slot_hold,
        manifest_timeout,
        idle_grace,
    } = *params;
    let rule = |field, value: u64, fine, rule| {
        if fine {
            return Ok(());
        }
        Err(ContractError::InvalidSetting { field, value: value.to_string(), rule })
    };
    let lives = (HOUR..=WEEK).contains(&order_lifetime);
    rule("order_lifetime", order_lifetime, lives, "it must be an hour to a week, in seconds")?;
    let shortest = (MIN_AUCTION..=max_auction).contains(&min_auction);
    rule("min_auction", min_auction, shortest, "it must be 10 s to max_auction")?;
    let longest = max_auction < order_lifetime;
    rule("max_auction", max_auction, longest, "it must be less than order_lifetime")?;
    for (field, blocks) in [("min_auction_blocks", min_auction_blocks), ("end_blocks", end_blocks)]
    {
        rule(field, blocks, blocks <= MAX_WAIT_BLOCKS, "it must be 100,000 blocks at most")?;
    }
    rule("end_grace", end_grace, end_grace <= WEEK, "it must be a week at most")?;
    let held = slot_hold <= DAY.saturating_mul(30);
    rule("slot_hold", slot_hold, held, "it must be 30 days at most")?;
    let fair = (MINUTE..=DAY).contains(&manifest_timeout);
    rule("manifest_timeout", manifest_timeout, fair, "it must be a minute to a day, in seconds")?;
    let waits = (HOUR..=DAY.saturating_mul(365)).contains(&idle_grace);
    rule("idle_grace", idle_grace, waits, "it must be an hour to 365 days, in seconds")
}

/// Checks the terms of a denom.
///
/// # Errors
/// If it is not written as a denom, or if a value is out of its range.
pub fn check_denom(config: &DenomConfig) -> Result<(), ContractError> {
    let text = config.denom.to_string();
    if !config.denom.is_well_formed() {
        let rule = "it must be a bank denom, not one that begins with `cw20:`, or a cw20 contract's address";
        return Err(ContractError::InvalidSetting { field: "denom", value: text, rule });
    }
    if config.min_price > config.max_price {
        let value = config.min_price.to_string();
        let rule = "it must be at most max_price";
        return Err(ContractError::InvalidSetting { field: "min_price", value, rule });
    }
    if config.take_bps > MAX_TAKE_BPS {
        let value = config.take_bps.to_string();
        let rule = "it must be at most 5000 (half of what is earned)";
        return Err(ContractError::InvalidSetting { field: "take_bps", value, rule });
    }
    Ok(())
}
