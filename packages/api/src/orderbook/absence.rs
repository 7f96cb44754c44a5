//! Absence of a provider: what a tenant asks for, and how a lease stands.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::HexBinary;
use souk_core::absence::DEFAULT_LIMIT;

/// What holds when a provider is not seen any more.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Absence {
    /// For how long it must not have been seen before its leases can be closed as absent, in seconds: six
    /// hours to 30 days. Closed then, it earns a quarter of that time's pay for its absence; what was paid out before
    /// stays paid, which is never the pay of the last `limit` seconds.
    pub limit: u64,
    /// Whether anyone may close then; else the tenant and its delegate alone, and anyone after twice the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anyone_closes: bool,
    /// Whether the group is put out again then, without that provider; else it rests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reopens: bool,
}

impl Default for Absence {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, anyone_closes: false, reopens: false }
    }
}

/// A provider's word that it was there, which anyone may pass on.
#[cw_serde]
#[derive(Eq)]
pub struct Statement {
    /// When it was there, by block time.
    pub issued_at: u64,
    /// Over the bytes of `souk_core::presence`, with the provider's `quote_key`; 64 bytes.
    pub signature: HexBinary,
}

/// How long the provider of a running lease may still not be seen.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct AbsenceResponse {
    /// When it was last seen, the lease began or the last pause ended, whichever is latest; a pause that began after
    /// it was absent does not count.
    pub since: u64,
    /// When the lease can be closed as absent by its tenant and its delegate, unless the provider is seen
    /// before or a pause comes.
    pub from: u64,
    /// Nor before this block, so that a chain that stands still makes nobody absent.
    pub from_block: u64,
    /// When anyone can.
    pub anyone_from: u64,
    /// Nor before this block.
    pub anyone_from_block: u64,
    /// Whether its tenant can do so now.
    pub absent: bool,
    /// The second after which the provider would have earned nothing if the lease was closed as absent, as in
    /// `LeaseResponse::paid_until`.
    pub paid_until: u64,
}
