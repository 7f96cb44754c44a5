//! What holds when a provider is not seen any more, as it is stored with deployments and orders.

use cosmwasm_schema::cw_serde;
use souk_api::orderbook;

/// [`orderbook::Absence`] with short names: each order carries it.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Absence {
    /// For how long it must not have been seen, in seconds.
    #[serde(rename = "l")]
    pub limit: u64,
    /// Whether anyone may close then.
    #[serde(rename = "a", default, skip_serializing_if = "std::ops::Not::not")]
    pub anyone_closes: bool,
    /// Whether the group is put out again then.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    pub reopens: bool,
}

impl From<orderbook::Absence> for Absence {
    fn from(asked: orderbook::Absence) -> Self {
        let orderbook::Absence { limit, anyone_closes, reopens } = asked;
        Self { limit, anyone_closes, reopens }
    }
}

impl From<Absence> for orderbook::Absence {
    fn from(stored: Absence) -> Self {
        let Absence { limit, anyone_closes, reopens } = stored;
        Self { limit, anyone_closes, reopens }
    }
}
