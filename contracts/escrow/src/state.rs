//! Storage, behind functions that say what they mean; nobody else touches a map. Keys are
//! short because every byte of key and value is paid for.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Order, StdResult, Storage};
use cw_storage_plus::{Bound, Item, Map};
use souk_api::published::{AccountRecord, namespace};
use souk_core::{AccountId, Denom};

use crate::{ContractError, account::Account, axis::Deposit, stream::Stream, totals::Totals};

/// What the owner settled.
#[cw_serde]
pub struct Config {
    /// May stop new business.
    pub guardian: Addr,
    /// Where fees go.
    pub fee_collector: Addr,
    /// Least runway in seconds.
    pub min_runway: u64,
    /// Contracts that may open accounts; their place is their index.
    pub controllers: Vec<Addr>,
    /// cw20 contracts whose tokens are taken.
    pub cw20_tokens: Vec<Addr>,
    /// Whether new business is stopped.
    pub paused: bool,
}

const CONFIG: Item<Config> = Item::new("c");
const ACCOUNTS: Map<u64, AccountRecord> = Map::new(namespace::ACCOUNTS);
const STREAMS: Map<(u64, u64), Stream> = Map::new("s");
const DEPOSITS: Map<(u64, u32), Deposit> = Map::new("d");
const TOTALS: Map<&[u8], Totals> = Map::new("t");

/// The configuration.
pub fn config(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Keeps the configuration.
pub fn save_config(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}

/// Whether there is such an account, open or closed.
pub fn has_account(storage: &dyn Storage, id: AccountId) -> bool {
    ACCOUNTS.has(storage, id.0)
}

/// An account, as it was last saved.
pub fn account(storage: &dyn Storage, id: AccountId) -> Result<Account, ContractError> {
    let record = ACCOUNTS.may_load(storage, id.0)?.ok_or(ContractError::NoAccount(id))?;
    Ok(Account { id, record })
}

/// Keeps an account.
pub fn save_account(storage: &mut dyn Storage, account: &Account) -> StdResult<()> {
    ACCOUNTS.save(storage, account.id.0, &account.record)
}

/// Whether there is such a stream, open or not yet paid in full.
pub fn has_stream(storage: &dyn Storage, account: AccountId, stream: u64) -> bool {
    STREAMS.has(storage, (account.0, stream))
}

/// A stream.
pub fn stream(
    storage: &dyn Storage,
    account: AccountId,
    stream: u64,
) -> Result<Stream, ContractError> {
    let found = STREAMS.may_load(storage, (account.0, stream))?;
    found.ok_or(ContractError::NoStream { account, stream })
}

/// Keeps a stream.
pub fn save_stream(
    storage: &mut dyn Storage,
    account: AccountId,
    number: u64,
    stream: &Stream,
) -> StdResult<()> {
    STREAMS.save(storage, (account.0, number), stream)
}

/// Forgets a stream that is closed and paid in full.
pub fn remove_stream(storage: &mut dyn Storage, account: AccountId, number: u64) {
    STREAMS.remove(storage, (account.0, number));
}

/// An account's streams after a number.
pub fn streams(
    storage: &dyn Storage,
    account: AccountId,
    after: Option<u64>,
    limit: usize,
) -> StdResult<Vec<(u64, Stream)>> {
    let from = after.map(Bound::exclusive);
    let range = STREAMS.prefix(account.0).range(storage, from, None, Order::Ascending);
    range.take(limit).collect()
}

/// A deposit of another.
pub fn deposit(
    storage: &dyn Storage,
    account: AccountId,
    deposit: u32,
) -> Result<Deposit, ContractError> {
    let found = DEPOSITS.may_load(storage, (account.0, deposit))?;
    found.ok_or(ContractError::NoDeposit { account, deposit })
}

/// Keeps a deposit.
pub fn save_deposit(
    storage: &mut dyn Storage,
    account: AccountId,
    number: u32,
    deposit: &Deposit,
) -> StdResult<()> {
    DEPOSITS.save(storage, (account.0, number), deposit)
}

/// Forgets a deposit that was refunded.
pub fn remove_deposit(storage: &mut dyn Storage, account: AccountId, number: u32) {
    DEPOSITS.remove(storage, (account.0, number));
}

/// An account's deposits after a number.
pub fn deposits(
    storage: &dyn Storage,
    account: AccountId,
    after: Option<u32>,
    limit: usize,
) -> StdResult<Vec<(u32, Deposit)>> {
    let from = after.map(Bound::exclusive);
    let range = DEPOSITS.prefix(account.0).range(storage, from, None, Order::Ascending);
    range.take(limit).collect()
}

/// What the contract owes in a denom, all accounts together.
pub fn totals(storage: &dyn Storage, denom: &Denom) -> StdResult<Totals> {
    Ok(TOTALS.may_load(storage, &denom_key(denom))?.unwrap_or_default())
}

/// Keeps what the contract owes in a denom.
pub fn save_totals(storage: &mut dyn Storage, denom: &Denom, totals: &Totals) -> StdResult<()> {
    TOTALS.save(storage, &denom_key(denom), totals)
}

/// A bank denom may look like a written cw20 denom, so the kind goes in front.
fn denom_key(denom: &Denom) -> Vec<u8> {
    let (kind, name) = match denom {
        Denom::Native(name) => (b'n', name),
        Denom::Cw20(address) => (b'c', address),
    };
    let mut key = vec![kind];
    key.extend_from_slice(name.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::MockStorage;
    use souk_api::published;
    use souk_core::Rate;

    use super::*;

    #[test]
    fn the_published_key_and_bytes_of_an_account_stay_as_they_are() {
        let mut storage = MockStorage::new();
        let id = AccountId::new(1, 7).unwrap();
        let amount = souk_core::Amount::new(5).unwrap();
        let denom = Denom::native("usouk");
        let account = Account::opened(id, "ann".into(), denom, amount, Rate::ZERO, 1_700_000_000);
        save_account(&mut storage, &account).unwrap();
        let bytes = storage.get(&published::account_key(id)).unwrap();
        let golden = r#"{"v":1,"owner":"ann","denom":{"native":"usouk"},"clock":{"remaining":"18000","rate":"0","clock":0,"anchor":1700000000},"reserved":"0","own":"18000","others":"0","others_spent":"0","deposited":"5","deposits":0,"streams":0,"closed":false}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), golden);
    }

    #[test]
    fn a_bank_denom_that_looks_like_a_token_is_counted_apart() {
        assert_ne!(denom_key(&Denom::native("cw20:abc")), denom_key(&Denom::Cw20("abc".into())));
        assert_ne!(denom_key(&Denom::native("abc")), denom_key(&Denom::Cw20("abc".into())));
    }
}
