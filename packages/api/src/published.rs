//! Records that contracts publish under raw keys, so that another contract reads them by a
//! raw query (a few thousand gas) and not by a call (60,000). The keys and the JSON bytes
//! are part of the interface and pinned by tests. Records carry a version `v`; a reader
//! refuses one that it does not know. Fields are only ever added, with defaults, and a reader passes over
//! those that it does not know: a contract of older code goes on beside one of later code.
//!
//! Each contract also publishes its name and version under cw2's key `contract_info`, which
//! a reader probes at instantiation, so that a wrong address is found at once.

use cosmwasm_schema::{cw_serde, serde::de::DeserializeOwned};
use cosmwasm_std::{Binary, CustomQuery, QuerierWrapper, StdError, from_json};
use thiserror::Error;

use souk_core::{AccountId, Amount, Attribute, Clock, Denom, PriceFloor, Rate};

/// The version of every record below.
pub const VERSION: u8 = 1;

/// The names under which the contracts register with cw2.
pub mod names {
    /// The orderbook.
    pub const ORDERBOOK: &str = "crates.io:souk-orderbook";
    /// The escrow.
    pub const ESCROW: &str = "crates.io:souk-escrow";
    /// The provider registry.
    pub const PROVIDER_REGISTRY: &str = "crates.io:souk-provider-registry";
    /// The attestations.
    pub const ATTESTATIONS: &str = "crates.io:souk-attestations";
    /// The fee distributor.
    pub const FEE_DISTRIBUTOR: &str = "crates.io:souk-fee-distributor";
}

/// A record that could not be read from another contract.
#[derive(Debug, Error, PartialEq)]
pub enum PublishedError {
    /// The address is not the contract that it should be.
    #[error(
        "contract {address} is {found}, expected {expected}; give the address of the right contract"
    )]
    WrongContract {
        /// The address given.
        address: String,
        /// What cw2 says there, or that it says nothing.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A record of a newer or older form.
    #[error(
        "record {record} of contract {address} has version {found}, this code reads {VERSION}; migrate"
    )]
    Version {
        /// The contract.
        address: String,
        /// Which record.
        record: &'static str,
        /// Its version.
        found: u8,
    },
    /// The chain's own error.
    #[error(transparent)]
    Std(#[from] StdError),
}

/// The raw key under which a contract publishes its [`ContractInfo`], as cw2 has it.
pub const CONTRACT_INFO: &str = "contract_info";

/// Which contract it is, as cw2 publishes it.
#[cw_serde]
pub struct ContractInfo {
    /// One of [`names`].
    pub contract: String,
    /// The version of its code.
    pub version: String,
}

/// Namespaces of the published maps, as cw-storage-plus writes them.
pub mod namespace {
    /// Registry: provider address to [`super::ProviderRecord`].
    pub const PROVIDERS: &str = "p";
    /// Attestations: (auditor, provider) to [`super::AttestationRecord`].
    pub const ATTESTATIONS: &str = "a";
    /// Escrow: account id to [`super::AccountRecord`].
    pub const ACCOUNTS: &str = "a";
    /// Orderbook: provider address to [`super::ProviderStats`].
    pub const PROVIDER_STATS: &str = "b";
}

/// What the registry publishes of a provider.
#[cw_serde]
#[derive(Eq)]
pub struct ProviderRecord {
    /// Version of the record.
    pub v: u8,
    /// The key that bids and closes.
    pub operator: String,
    /// Who is paid.
    pub payee: String,
    /// Bond that counts for new bids: what is bonded, less what unbonds.
    pub bond: Amount,
    /// Open bids and leases that the bond backs.
    pub slots: u32,
    /// No new bids by the provider's own wish.
    #[serde(default)]
    pub maintenance: bool,
    /// Rises by one at each slash: bids placed before it are disqualified.
    #[serde(default)]
    pub slashes: u32,
    /// What the provider claims.
    pub attributes: Vec<Attribute>,
    /// The ed25519 key with which the provider's agent signs what it says off chain; 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_key: Option<Binary>,
    /// What the provider works for at least, by its own word and not its operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floors: Option<Floors>,
}

/// A provider's least prices, and those that follow.
#[cw_serde]
#[derive(Eq)]
pub struct Floors {
    /// Those that hold, one for each denom in which it bids; empty: it bids at any price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub now: Vec<PriceFloor>,
    /// Those that hold from `from` on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<PriceFloor>,
    /// From which second on `next` holds; 0 if nothing follows.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub from: u64,
}

impl Floors {
    /// Those that hold at `moment`.
    pub fn at(&self, moment: u64) -> &[PriceFloor] {
        if self.from > 0 && moment >= self.from { &self.next } else { &self.now }
    }
}

/// What the attestations contract publishes of an (auditor, provider).
#[cw_serde]
#[derive(Eq)]
pub struct AttestationRecord {
    /// Version of the record.
    pub v: u8,
    /// Values with their expiry, sorted by key.
    pub values: Vec<AttestedValue>,
}

/// One attested value.
#[cw_serde]
#[derive(Eq)]
pub struct AttestedValue {
    /// The attribute's key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Counts before this second.
    pub expires_at: u64,
}

impl AttestationRecord {
    /// What still counts at `moment`.
    pub fn valid_at(&self, moment: u64) -> Vec<Attribute> {
        let valid = self.values.iter().filter(|value| value.expires_at > moment);
        valid.map(|value| Attribute::new(value.key.clone(), value.value.clone())).collect()
    }
}

/// What the escrow publishes of an account.
#[cw_serde]
#[derive(Eq)]
pub struct AccountRecord {
    /// Version of the record.
    pub v: u8,
    /// Who opened it and gets what is left.
    #[serde(rename = "owner")]
    pub tenant: String,
    /// The one denom that it holds.
    pub denom: Denom,
    /// What is left, how fast it goes, and since when.
    pub clock: Clock,
    /// What open orders may come to cost an hour.
    pub reserved: Rate,
    /// The tenant's own part of `clock.remaining`, in base units times 3600; spent first.
    #[serde(with = "souk_core::clock::digits")]
    #[schemars(with = "String")]
    pub own: u128,
    /// Coins that others deposited so far: the length of their intervals together.
    pub others: Amount,
    /// How much of those is spent, in base units times 3600.
    #[serde(with = "souk_core::clock::digits")]
    #[schemars(with = "String")]
    pub others_spent: u128,
    /// All coins ever deposited; bounds every sum.
    pub deposited: Amount,
    /// Deposits of others so far: the last one's number.
    pub deposits: u32,
    /// Open streams.
    pub streams: u32,
    /// When its clock last started again after it had stood, in seconds; 0 if it never did since that is kept.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub ran_since: u64,
    /// Closed: the clock stands, refunds can be claimed.
    #[serde(default)]
    pub closed: bool,
}

/// What the orderbook publishes of a provider: how much of its bond is in use, and its
/// history in counters.
#[cw_serde]
#[derive(Eq, Default)]
pub struct ProviderStats {
    /// Version of the record; 0 in the record of a provider that never bid.
    pub v: u8,
    /// Slots in use: bids not yet released and leases, closed ones as long as they hold theirs
    /// (`souk_core::slot`).
    pub used: u32,
    /// Leases won.
    pub won: u64,
    /// Leases that run.
    pub active: u32,
    /// Leases closed, by reason, in the order of `CloseReason::ALL`.
    pub closed: [u64; 6],
    /// Closes by the provider without notice.
    pub breaches: u64,
    /// When it was last seen by a message of its own: second and block; zeros if it was not since that is kept.
    #[serde(default, skip_serializing_if = "is_unseen")]
    pub seen: (u64, u64),
    /// Leases that ended since it was absent.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub absences: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unseen(seen: &(u64, u64)) -> bool {
    *seen == (0, 0)
}

/// The raw key of a provider's record in the registry.
pub fn provider_key(provider: &str) -> Vec<u8> {
    map_key(namespace::PROVIDERS, &[], provider.as_bytes())
}

/// The raw key of an (auditor, provider)'s record in the attestations contract.
pub fn attestation_key(auditor: &str, provider: &str) -> Vec<u8> {
    map_key(namespace::ATTESTATIONS, &[auditor.as_bytes()], provider.as_bytes())
}

/// The raw key of an account's record in the escrow.
pub fn account_key(account: AccountId) -> Vec<u8> {
    map_key(namespace::ACCOUNTS, &[], &account.0.to_be_bytes())
}

/// The raw key of a provider's stats in the orderbook.
pub fn provider_stats_key(provider: &str) -> Vec<u8> {
    map_key(namespace::PROVIDER_STATS, &[], provider.as_bytes())
}

/// A cw-storage-plus map key: namespace and all parts but the last go with their length in
/// two bytes, the last goes bare.
fn map_key(namespace: &str, parts: &[&[u8]], last: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    for part in [namespace.as_bytes()].iter().chain(parts) {
        let len = u16::try_from(part.len()).unwrap_or(u16::MAX);
        key.extend_from_slice(&len.to_be_bytes());
        key.extend_from_slice(part);
    }
    key.extend_from_slice(last);
    key
}

/// A record that carries its version.
pub trait Versioned: DeserializeOwned {
    /// What errors call it.
    const RECORD: &'static str;
    /// Its version.
    fn version(&self) -> u8;
}

macro_rules! versioned {
    ($($type:ty => $name:literal),*) => {$(
        impl Versioned for $type {
            const RECORD: &'static str = $name;
            fn version(&self) -> u8 { self.v }
        }
    )*};
}

versioned!(
    ProviderRecord => "provider",
    AttestationRecord => "attestation",
    AccountRecord => "account",
    ProviderStats => "provider stats"
);

/// Reads a published record by a raw query; `None` if it is not there.
pub fn read<T: Versioned, C: CustomQuery>(
    querier: &QuerierWrapper<'_, C>,
    contract: &str,
    key: Vec<u8>,
) -> Result<Option<T>, PublishedError> {
    let Some(bytes) = querier.query_wasm_raw(contract, key)? else { return Ok(None) };
    let record: T = from_json(bytes)?;
    if record.version() != VERSION {
        return Err(PublishedError::Version {
            address: contract.to_owned(),
            record: T::RECORD,
            found: record.version(),
        });
    }
    Ok(Some(record))
}

/// Makes sure that `address` is the contract `expected` (one of [`names`]).
pub fn probe<C: CustomQuery>(
    querier: &QuerierWrapper<'_, C>,
    address: &str,
    expected: &'static str,
) -> Result<(), PublishedError> {
    let raw = querier.query_wasm_raw(address, CONTRACT_INFO.as_bytes().to_vec());
    let found = match raw {
        Ok(Some(bytes)) => from_json::<ContractInfo>(bytes).map(|info| info.contract),
        Ok(None) => Ok("none of these contracts".to_owned()),
        Err(error) => Err(error),
    };
    let found = found.unwrap_or_else(|error: StdError| error.to_string());
    if found == expected {
        return Ok(());
    }
    Err(PublishedError::WrongContract { address: address.to_owned(), found, expected })
}
