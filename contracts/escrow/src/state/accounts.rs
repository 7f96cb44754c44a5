//! Accounts.

use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::published::{AccountRecord, namespace};
use souk_core::AccountId;

use crate::{ContractError, rules::account::Account};

const ACCOUNTS: Map<u64, AccountRecord> = Map::new(namespace::ACCOUNTS);

/// Whether there is such an account, open or closed.
pub fn has(storage: &dyn Storage, id: AccountId) -> bool {
    ACCOUNTS.has(storage, id.0)
}

/// An account, as it was last saved.
///
/// # Errors
/// If there is none.
pub fn get(storage: &dyn Storage, id: AccountId) -> Result<Account, ContractError> {
    let record = ACCOUNTS.may_load(storage, id.0)?.ok_or(ContractError::NoAccount(id))?;
    Ok(Account { id, record })
}

/// An account, settled to `now`.
///
/// # Errors
/// If there is none.
pub fn settled(storage: &dyn Storage, id: AccountId, now: u64) -> Result<Account, ContractError> {
    let mut account = get(storage, id)?;
    account.settle(now);
    Ok(account)
}

/// Saves an account. In builds with debug assertions, which those of all tests are, what is left of
/// it must be what belongs to tenant and depositors; the wasm does not look.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, account: &Account) -> StdResult<()> {
    debug_assert!(
        account.adds_up(),
        "account {} does not add up: {:?}",
        account.id,
        account.record
    );
    ACCOUNTS.save(storage, account.id.0, &account.record)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use cosmwasm_std::testing::MockStorage;
    use souk_api::published;
    use souk_core::{Amount, Denom, Rate};

    use super::*;

    #[test]
    fn the_published_key_and_bytes_of_an_account_stay_as_they_are() -> Result<(), Box<dyn Error>> {
        let mut storage = MockStorage::new();
        let id = AccountId::new(1, 7)?;
        let amount = Amount::new(5)?;
        let denom = Denom::native("usouk");
        let account = Account::opened(id, "ann".into(), denom, amount, Rate::ZERO, 1_700_000_000);
        save(&mut storage, &account)?;
        let bytes = storage.get(&published::account_key(id));
        let golden = r#"{"v":1,"owner":"ann","denom":{"native":"usouk"},"clock":{"remaining":"18000","rate":"0","clock":0,"anchor":1700000000},"reserved":"0","own":"18000","others":"0","others_spent":"0","deposited":"5","deposits":0,"streams":0,"closed":false}"#;
        assert_eq!(bytes.as_deref(), Some(golden.as_bytes()));
        Ok(())
    }
}
