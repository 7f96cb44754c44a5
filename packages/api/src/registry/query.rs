//! What the registry is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};
use souk_core::{Amount, Attribute};

use super::{Contact, Gateway};

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
    /// Where people reach it.
    pub contact: Contact,
    /// What it claims.
    pub attributes: Vec<Attribute>,
    /// Bond that counts.
    pub bond: Amount,
    /// Bond asked back, if any.
    pub unbonding: Option<UnbondingResponse>,
    /// Times it was slashed.
    pub slashes: u32,
    /// No new bids by its own wish.
    pub maintenance: bool,
    /// False after deregistration.
    pub registered: bool,
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
