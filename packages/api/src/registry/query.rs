//! What the registry is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::HexBinary;
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
    /// How much they may take, how often and with which notice. Registries of the first release do not say
    /// it: their slashers take anything at once.
    #[serde(default = "first_slashing")]
    pub slashing: Slashing,
    /// Who gets what is slashed; none until the owner of an older registry sets one.
    pub slash_receiver: Option<String>,
    /// Seconds until a provider's new gateway or price floors hold. In the first release they hold at once.
    #[serde(default)]
    pub change_delay: u64,
    /// Whether registrations are stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

/// What registries of the first release let a slasher take: all of it, again and again, at once.
fn first_slashing() -> Slashing {
    Slashing { cap_bps: 10_000, period: 0, delay: 0 }
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
    /// The key with which its agent signs what it says off chain.
    #[serde(default)]
    pub quote_key: Option<HexBinary>,
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

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json};

    use super::*;

    #[test]
    fn answers_of_the_first_release_are_read() -> StdResult<()> {
        let old = r#"{"guardian":"g","bond_denom":"usouk","min_bond":"1","unbonding_period":5,"bond_per_slot":"1","orderbook":null,"slashers":["s"],"paused":false}"#;
        let config: ConfigResponse = from_json(old)?;
        let Slashing { cap_bps, period, delay } = config.slashing;
        assert_eq!((cap_bps, period, delay, config.change_delay), (10_000, 0, 0, 0));
        assert_eq!((config.slash_receiver, config.pause_ends), (None, None));

        let old = r#"{"provider":"p","operator":"o","payee":"p","gateway":{"uri":"https://p.example.com","pins":[]},"contact":{"email":"","website":""},"attributes":[],"bond":"1","unbonding":null,"slashes":2,"maintenance":false,"registered":true}"#;
        let shown: ProviderResponse = from_json(old)?;
        assert_eq!((shown.next_gateway, shown.next_floors, shown.notice), (None, None, None));
        assert!(shown.floors.is_empty());
        Ok(())
    }
}
