//! Accounts: number and sequence, which a signature is for.

use cosmrs::Any;
use cosmrs::proto::cosmos::auth::v1beta1::{
    BaseAccount, QueryAccountRequest, QueryAccountResponse,
};
use cosmrs::proto::traits::Message;

use super::error::QueryError;
use super::queries::Queries;

/// An account as the chain has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Bech32 address.
    pub address: String,
    /// Its number, fixed for life.
    pub number: u64,
    /// The sequence that its next transaction must carry.
    pub sequence: u64,
    /// Height of the state that says so; 0 if the node did not say.
    pub height: u64,
}

/// Vesting, module and other accounts hold a base account as their first field, some of them
/// two levels down.
#[derive(Clone, PartialEq, Message)]
struct Wrapper {
    #[prost(message, optional, tag = "1")]
    inner: Option<BaseAccount>,
}

#[derive(Clone, PartialEq, Message)]
struct DoubleWrapper {
    #[prost(message, optional, tag = "1")]
    inner: Option<Wrapper>,
}

impl Queries {
    /// The account of `address`, or [`QueryError::NotFound`] if it never received coins.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] as said; otherwise if no node answers, or the answer cannot be read.
    pub async fn account(&self, address: &str) -> Result<Account, QueryError> {
        let what = || format!("account {address}");
        let request = QueryAccountRequest { address: address.to_owned() };
        let answer = self
            .ask::<_, QueryAccountResponse>("/cosmos.auth.v1beta1.Query/Account", what, &request)
            .await?;
        let decode = |reason: &str| QueryError::Decode { what: what(), reason: reason.to_owned() };
        let any = answer.value.account.ok_or_else(|| decode("it holds no account"))?;
        let base = base_account(&any, address)
            .ok_or_else(|| decode(&format!("account type {} is not known", any.type_url)))?;
        Ok(Account {
            address: base.address,
            number: base.account_number,
            sequence: base.sequence,
            height: answer.height,
        })
    }
}

/// Many bytes decode as some protobuf message; the address shows whether the type was right.
fn base_account(any: &Any, address: &str) -> Option<BaseAccount> {
    let bytes = any.value.as_slice();
    let plain = || BaseAccount::decode(bytes).ok();
    let once = || Wrapper::decode(bytes).ok()?.inner;
    let twice = || DoubleWrapper::decode(bytes).ok()?.inner?.inner;
    let readings: [&dyn Fn() -> Option<BaseAccount>; 3] = [&plain, &once, &twice];
    let found = readings.iter().filter_map(|read| read());
    found.into_iter().find(|base| base.address == address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmrs::proto::cosmos::vesting::v1beta1::{BaseVestingAccount, ContinuousVestingAccount};

    fn any(type_url: &str, value: &impl Message) -> Any {
        Any { type_url: type_url.into(), value: value.encode_to_vec() }
    }

    #[test]
    fn the_base_account_is_found_inside_vesting_accounts() {
        let base = BaseAccount {
            address: "souk1abc".into(),
            pub_key: None,
            // As of every account that SDK 0.54 made after its genesis.
            account_number: (1 << 63) + 7,
            sequence: 9,
        };
        let vesting = BaseVestingAccount {
            base_account: Some(base.clone()),
            end_time: 5,
            ..Default::default()
        };
        let continuous =
            ContinuousVestingAccount { base_vesting_account: Some(vesting.clone()), start_time: 3 };
        for any in [
            any("/cosmos.auth.v1beta1.BaseAccount", &base),
            any("/cosmos.vesting.v1beta1.BaseVestingAccount", &vesting),
            any("/cosmos.vesting.v1beta1.ContinuousVestingAccount", &continuous),
        ] {
            let read = base_account(&any, "souk1abc");
            assert_eq!(read.as_ref(), Some(&base), "{}", any.type_url);
        }
    }
}
