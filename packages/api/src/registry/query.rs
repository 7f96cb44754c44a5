//! What the registry is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};
use souk_core::{Amount, Attribute, PriceFloor};

use super::{Contact, Gateway, Slashing};

/// The registry's queries.
#[cw_ownable::cw_ownable_query]
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// The configuration.
    #[returns(ConfigResponse)]
    Config {},
    /// One provider.
    #[returns(ProviderResponse)]
    Provider {
        /// Its address.
        provider: String,
    },
    /// Providers by address.
    #[returns(ProvidersResponse)]
    Providers {
        /// The last of the page before.
        start_after: Option<String>,
        /// Entries at most.
        limit: Option<u32>,
    },
}

/// The configuration.
#[cw_serde]
pub struct ConfigResponse {
    /// May stop registrations.
    pub guardian: String,
    /// The native denom of bonds.
    pub bond_denom: String,
    /// Least bond of a provider.
    pub min_bond: Amount,
    /// Seconds of unbonding.
    pub unbonding_period: u64,
    /// Bond for each slot.
    pub bond_per_slot: Amount,
    /// The orderbook, once set.
    pub orderbook: Option<String>,
    /// Accounts that may slash.
    pub slashers: Vec<String>,
    /// How much they may take, how often and with which notice.
    pub slashing: Slashing,
    /// Who gets what is slashed; none until the owner of an older registry sets one.
    pub slash_receiver: Option<String>,
    /// Seconds until a provider's new gateway or price floors hold.
    pub change_delay: u64,
    /// Whether registrations are stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

/// A provider.
#[cw_serde]
pub struct ProviderResponse {
    /// Its address.
    pub provider: String,
    /// The key that bids and closes.
    pub operator: String,
    /// Who is paid.
    pub payee: String,
    /// Where tenants reach it.
    pub gateway: Gateway,
    /// Where tenants will reach it, if that changes.
    pub next_gateway: Option<NextGateway>,
    /// What it works for at least; in other denoms it does not bid, unless there are no floors.
    #[serde(default)]
    pub floors: Vec<PriceFloor>,
    /// The floors that follow, if they change.
    pub next_floors: Option<NextFloors>,
    /// Where people reach it.
    pub contact: Contact,
    /// What it claims.
    pub attributes: Vec<Attribute>,
    /// Bond that counts.
    pub bond: Amount,
    /// Bond asked back, if any.
    pub unbonding: Option<UnbondingResponse>,
    /// A slash that is noticed.
    pub notice: Option<NoticeResponse>,
    /// Times it was slashed.
    pub slashes: u32,
    /// No new bids by its own wish.
    pub maintenance: bool,
    /// False after deregistration.
    pub registered: bool,
}

/// A gateway that follows.
#[cw_serde]
#[derive(Eq)]
pub struct NextGateway {
    /// Where tenants will reach the provider.
    pub gateway: Gateway,
    /// From which second on.
    pub from: u64,
}

/// Floors that follow.
#[cw_serde]
#[derive(Eq)]
pub struct NextFloors {
    /// What the provider will work for at least.
    pub floors: Vec<PriceFloor>,
    /// From which second on.
    pub from: u64,
}

/// A slash that is noticed.
#[cw_serde]
#[derive(Eq)]
pub struct NoticeResponse {
    /// How much will be taken; it stays at stake.
    pub amount: Amount,
    /// From which second on it can be carried out.
    pub executable_at: u64,
    /// From which second on it cannot any more.
    pub lapses_at: u64,
    /// Why.
    pub reason: String,
}

/// Bond asked back.
#[cw_serde]
#[derive(Eq)]
pub struct UnbondingResponse {
    /// How much.
    pub amount: Amount,
    /// When it can be claimed.
    pub claimable_at: u64,
}

/// A page of providers.
#[cw_serde]
pub struct ProvidersResponse {
    /// By address.
    pub providers: Vec<ProviderResponse>,
}
