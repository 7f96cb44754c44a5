//! Sane values for a new market: what tests, the embedded chain and the command line
//! instantiate the contracts with unless they choose otherwise. Each value is stated once, here.
//!
//! The order of instantiation is attestations, registry, fee distributor, escrow, orderbook;
//! then the escrow lists the orderbook as controller and the registry learns its address.

use souk_core::{
    Amount, Denom, Price,
    time::{DAY, HOUR, WEEK},
};

use crate::{attestations, escrow, fees, orderbook, registry};

/// The native denom: millionths of a SOUK.
pub const DENOM: &str = "usouk";
/// Least ceiling and bid, in base units an hour.
pub const MIN_PRICE: u128 = 1;
/// Highest ceiling, in base units an hour.
pub const MAX_PRICE: u128 = 1_000_000_000_000_000;
/// Least deposit for each group, in base units (half a SOUK).
pub const MIN_DEPOSIT: u128 = 500_000;
/// Fee on what providers earn, in hundredths of a per cent (2 %).
pub const TAKE_BPS: u16 = 200;

/// Seconds that an order lives.
pub const ORDER_LIFETIME: u64 = DAY;
/// Shortest auction in seconds.
pub const MIN_AUCTION: u64 = 30;
/// Longest auction in seconds.
pub const MAX_AUCTION: u64 = HOUR;
/// Blocks before an auction can close.
pub const MIN_AUCTION_BLOCKS: u64 = 3;
/// Seconds between marking a depleted deployment and ending it.
pub const END_GRACE: u64 = HOUR;
/// Blocks between the two.
pub const END_BLOCKS: u64 = 10;
/// Seconds for which a lease uses its slot after a breach.
pub const SLOT_HOLD: u64 = DAY;
/// Seconds after a lease's beginning from which its provider may close it for want of a manifest.
pub const MANIFEST_TIMEOUT: u64 = 300;
/// Seconds between marking a deployment whose groups all rest and ending it.
pub const IDLE_GRACE: u64 = 30 * DAY;
/// Milliseconds of a slow block: one and a half times the six seconds of most chains.
pub const SLOWEST_BLOCK: u64 = 9_000;

/// Seconds that an escrow account must last at its rates.
pub const MIN_RUNWAY: u64 = HOUR;

/// Bond for each open bid or lease, in base units (1 SOUK).
pub const BOND_PER_SLOT: u128 = 1_000_000;
/// Least bond of a provider, in base units (10 SOUK: ten slots).
pub const MIN_BOND: u128 = 10_000_000;
/// Seconds that a bond stays slashable after it was asked back.
pub const UNBONDING_PERIOD: u64 = 21 * DAY;

/// What one slash takes at most of what is at stake, in hundredths of a per cent (a quarter).
pub const SLASH_CAP_BPS: u16 = 2_500;
/// Seconds between a slash and the next notice for the same provider.
pub const SLASH_PERIOD: u64 = WEEK;
/// Seconds from the notice of a slash until it can be carried out.
pub const SLASH_DELAY: u64 = 3 * DAY;
/// Seconds until a provider's new gateway or price floors hold.
pub const CHANGE_DELAY: u64 = HOUR;

/// Longest lifetime of an attestation in seconds.
pub const MAX_LIFETIME: u64 = 365 * DAY;

/// Seconds over which income is dripped to stakers.
pub const DRIP_PERIOD: u64 = WEEK;
/// Seconds until unstaked coins can be claimed.
pub const UNSTAKING_PERIOD: u64 = 21 * DAY;
/// Below this total stake the stakers' part goes to the pool, in base units (1 SOUK).
pub const MIN_TOTAL_STAKE: u128 = 1_000_000;
/// How income is split: two fifths to the pool, three to stakers, nothing is burned.
pub const SPLIT: fees::Split = fees::Split { pool_bps: 4_000, stakers_bps: 6_000, burn_bps: 0 };

/// Who runs the contracts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The owner; whoever instantiates if none.
    pub owner: Option<String>,
    /// The guardian; the owner if none.
    pub guardian: Option<String>,
}

/// Prices, deposits and fee in one denom.
pub fn denom_config(denom: Denom) -> orderbook::DenomConfig {
    orderbook::DenomConfig {
        denom,
        min_price: price(MIN_PRICE),
        max_price: price(MAX_PRICE),
        min_deposit: amount(MIN_DEPOSIT),
        take_bps: TAKE_BPS,
        delisted: None,
    }
}

/// The orderbook's times and counts.
pub const fn orderbook_params() -> orderbook::Params {
    orderbook::Params {
        order_lifetime: ORDER_LIFETIME,
        min_auction: MIN_AUCTION,
        max_auction: MAX_AUCTION,
        min_auction_blocks: MIN_AUCTION_BLOCKS,
        end_grace: END_GRACE,
        end_blocks: END_BLOCKS,
        slot_hold: SLOT_HOLD,
        manifest_timeout: MANIFEST_TIMEOUT,
        idle_grace: IDLE_GRACE,
        slowest_block: SLOWEST_BLOCK,
    }
}

/// Attestations.
pub fn attestations(roles: Roles) -> attestations::InstantiateMsg {
    let Roles { owner, guardian } = roles;
    attestations::InstantiateMsg { owner, guardian, max_lifetime: MAX_LIFETIME }
}

/// The bounds of slashing.
pub const SLASHING: registry::Slashing =
    registry::Slashing { cap_bps: SLASH_CAP_BPS, period: SLASH_PERIOD, delay: SLASH_DELAY };

/// The registry, with bonds in [`DENOM`]; its orderbook is set later.
pub fn registry(roles: Roles, slashers: Vec<String>) -> registry::InstantiateMsg {
    registry::InstantiateMsg {
        owner: roles.owner,
        guardian: roles.guardian,
        bond_denom: DENOM.to_owned(),
        min_bond: amount(MIN_BOND),
        unbonding_period: UNBONDING_PERIOD,
        bond_per_slot: amount(BOND_PER_SLOT),
        slashers,
        slashing: SLASHING,
        slash_receiver: None,
        change_delay: CHANGE_DELAY,
    }
}

/// The fee distributor, staking and taking [`DENOM`]; `pool` gets the community's part.
pub fn fee_distributor(roles: Roles, pool: String) -> fees::InstantiateMsg {
    fees::InstantiateMsg {
        owner: roles.owner,
        guardian: roles.guardian,
        pool,
        stake_denom: DENOM.to_owned(),
        denoms: vec![Denom::native(DENOM)],
        split: SPLIT,
        min_total_stake: amount(MIN_TOTAL_STAKE),
        drip_period: DRIP_PERIOD,
        unstaking_period: UNSTAKING_PERIOD,
    }
}

/// The escrow, whose fees go to `fee_collector`; the orderbook is listed later.
pub fn escrow(roles: Roles, fee_collector: String) -> escrow::InstantiateMsg {
    escrow::InstantiateMsg {
        owner: roles.owner,
        guardian: roles.guardian,
        fee_collector,
        min_runway: MIN_RUNWAY,
        controllers: Vec::new(),
        cw20_tokens: Vec::new(),
    }
}

/// The contracts that the orderbook stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foundations {
    /// The escrow's address.
    pub escrow: String,
    /// The provider registry's address.
    pub registry: String,
    /// The attestations' address.
    pub attestations: String,
}

/// The orderbook, paid in [`DENOM`].
pub fn orderbook(roles: Roles, on: Foundations) -> orderbook::InstantiateMsg {
    orderbook::InstantiateMsg {
        owner: roles.owner,
        guardian: roles.guardian,
        escrow: on.escrow,
        registry: on.registry,
        attestations: on.attestations,
        denoms: vec![denom_config(Denom::native(DENOM))],
        params: orderbook_params(),
    }
}

/// The owner's message by which the escrow lets `orderbook` open accounts.
pub fn link_escrow(orderbook: String) -> escrow::ExecuteMsg {
    escrow::ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: Some(orderbook),
        add_cw20: None,
        delist: None,
        relist: None,
    }
}

/// The owner's message by which the registry learns which orderbook counts the slots that bonds back.
pub fn link_registry(orderbook: String) -> registry::ExecuteMsg {
    registry::ExecuteMsg::UpdateConfig {
        guardian: None,
        orderbook: Some(orderbook),
        min_bond: None,
        slashers: None,
        slashing: None,
        slash_receiver: None,
        change_delay: None,
    }
}

/// The constants above are within bounds, which a test holds.
fn amount(value: u128) -> Amount {
    Amount::new(value).unwrap_or(Amount::ZERO)
}

fn price(value: u128) -> Price {
    Price::new(value).unwrap_or(Price::MAX)
}

#[cfg(test)]
mod tests {
    use souk_core::Rate;

    use super::*;

    #[test]
    fn every_constant_is_within_the_bounds_of_its_type() {
        for value in [MIN_DEPOSIT, BOND_PER_SLOT, MIN_BOND, MIN_TOTAL_STAKE] {
            assert_eq!(amount(value).u128(), value);
        }
        for value in [MIN_PRICE, MAX_PRICE] {
            assert_eq!(price(value).u128(), value);
            assert!(Rate::from(price(value)) < Rate::MAX);
        }
        assert_eq!(SPLIT.pool_bps + SPLIT.stakers_bps + SPLIT.burn_bps, 10_000);
    }

    #[test]
    fn the_least_bond_backs_ten_slots() {
        assert_eq!(MIN_BOND / BOND_PER_SLOT, 10);
    }
}
