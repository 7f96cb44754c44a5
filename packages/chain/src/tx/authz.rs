//! Leave to execute contracts for another account: the SDK's `x/authz` with wasmd's
//! `ContractExecutionAuthorization`.
//!
//! The granter signs [`grant_execution`] and [`revoke_execution`]. The grantee signs [`as_granted`] and
//! pays its fee; the messages in it are the granter's ([`super::execute`] with the granter as sender), and
//! so are the coins that they send and whatever the contract books for its sender.
//!
//! What the chain does with a grant, as read in wasmd 0.70.3 (`x/wasm/types/authz.go`) and Cosmos SDK 0.54
//! (`x/authz/keeper`), and tested on a node (`tests/tests/authz_wasmd.rs`):
//!
//! - There is one authorization for each granter, grantee and kind of message. A new `MsgGrant` replaces
//!   the whole of the old one (`SaveGrant`): whoever adds a contract, a message or coins sends the grants
//!   that are to stay, too. It also restores what was spent meanwhile.
//! - An authorization holds grants, several for one contract if need be. They are tried in their order, and
//!   the first whose contract, limit and messages all fit is used, for the whole of the call: two grants of
//!   5 coins each do not carry a call with 6 (`AcceptGrantedMessage`).
//! - Coins that a call sends are subtracted from the limit. A grant whose coins are all spent, or whose last
//!   call was made, is removed; with the last grant of an authorization the authorization is removed. The
//!   grantee then fails as if there never had been one (`authz` 2).
//! - [`GrantLimit::Coins`] bounds coins alone: calls without coins are free and change nothing.
//!   [`GrantLimit::CallsAndCoins`] counts them. Neither takes a limit of zero (`wasm` 12).
//! - A call that fails spends nothing: all messages of a transaction are executed or none.
//! - A refusal by limit, contract or message has the code `sdk` 4 (`unauthorized`) and no other word.
//! - The grant holds up to and with a block whose time is its expiry. Later blocks begin with its removal
//!   (`DequeueAndDeleteExpiredGrants`), so that it fails with `authz` 2, not 6. An expiry that is not after the
//!   block's time is refused with `authz` 3.
//! - A grantee without an account gets one with the grant.

use cosmrs::Any;
use cosmrs::proto::Timestamp;
use cosmrs::proto::cosmos::authz::v1beta1::{
    GenericAuthorization, Grant, MsgExec, MsgGrant, MsgRevoke,
};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmwasm::wasm::v1::{
    AcceptedMessageKeysFilter, AcceptedMessagesFilter, AllowAllMessagesFilter, CombinedLimit,
    ContractExecutionAuthorization, ContractGrant as ProtoGrant, MaxCallsLimit, MaxFundsLimit,
    MsgExecuteContract,
};
use cosmrs::proto::traits::{Message, Name};
use serde::Serialize;

use super::msg::{MsgError, any, json};
use crate::Coin;
use crate::coin::normalized;

/// All that one account may execute for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionGrants {
    /// At least one; tried in this order.
    pub grants: Vec<ContractGrant>,
    /// The last second at which they hold, since the epoch, in the time of blocks; none for ever. Read from
    /// a chain it is rounded down.
    pub expires: Option<u64>,
}

/// What may be executed on one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractGrant {
    /// The contract's bech32 address.
    pub contract: String,
    /// Which messages.
    pub messages: GrantedMessages,
    /// How much of it. As read from a chain: what is left.
    pub limit: GrantLimit,
}

/// Which messages a grantee may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedMessages {
    /// These alone, byte by byte (`AcceptedMessagesFilter`): wasmd does not read their JSON to compare
    /// them, so a blank or another order of fields is another message. At least one, each valid JSON, none
    /// twice.
    Exactly(Vec<Vec<u8>>),
    /// Objects with exactly one key, and that one of these, whatever is in it
    /// (`AcceptedMessageKeysFilter`). At least one.
    WithKey(Vec<String>),
    /// Any JSON (`AllowAllMessagesFilter`).
    All,
}

/// How often a grantee may act, and with how many of the granter's coins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantLimit {
    /// This number of calls, none with coins (`MaxCallsLimit`). At least 1.
    Calls(u64),
    /// Any number of calls that send no more than these coins together (`MaxFundsLimit`). Base units; zeros
    /// are left out, and something must remain.
    Coins(Vec<Coin>),
    /// This number of calls that send no more than these coins together (`CombinedLimit`). As for the two above;
    /// it is used up when either is.
    CallsAndCoins {
        /// Calls, with coins or without.
        calls: u64,
        /// Base units.
        coins: Vec<Coin>,
    },
}

impl ContractGrant {
    /// Leave to send exactly this message to `contract`: the bytes that [`super::execute`] makes of it.
    ///
    /// # Errors
    /// If the message cannot be written as JSON.
    pub fn exactly(
        contract: &str,
        msg: &impl Serialize,
        limit: GrantLimit,
    ) -> Result<Self, MsgError> {
        let messages = GrantedMessages::Exactly(vec![json(contract, msg)?]);
        Ok(Self { contract: contract.to_owned(), messages, limit })
    }
}

impl GrantLimit {
    /// Base units of `denom` that may still be sent.
    pub fn left_of(&self, denom: &str) -> u128 {
        let (Self::Coins(coins) | Self::CallsAndCoins { coins, .. }) = self else { return 0 };
        coins.iter().find(|coin| coin.denom == denom).map_or(0, |coin| coin.amount)
    }

    fn to_any(&self) -> Any {
        match self {
            Self::Calls(calls) => any(&MaxCallsLimit { remaining: *calls }),
            Self::Coins(coins) => any(&MaxFundsLimit { amounts: normalized(coins) }),
            Self::CallsAndCoins { calls, coins } => {
                any(&CombinedLimit { calls_remaining: *calls, amounts: normalized(coins) })
            }
        }
    }

    fn read(limit: &Any) -> Result<Self, String> {
        if let Some(MaxCallsLimit { remaining }) = unpacked(limit)? {
            return Ok(Self::Calls(remaining));
        }
        if let Some(MaxFundsLimit { amounts }) = unpacked(limit)? {
            return Ok(Self::Coins(coins(&amounts)?));
        }
        if let Some(CombinedLimit { calls_remaining, amounts }) = unpacked(limit)? {
            return Ok(Self::CallsAndCoins { calls: calls_remaining, coins: coins(&amounts)? });
        }
        Err(format!("the limit {} is not known", limit.type_url))
    }
}

impl GrantedMessages {
    fn to_any(&self) -> Any {
        match self {
            Self::Exactly(messages) => any(&AcceptedMessagesFilter { messages: messages.clone() }),
            Self::WithKey(keys) => any(&AcceptedMessageKeysFilter { keys: keys.clone() }),
            Self::All => any(&AllowAllMessagesFilter {}),
        }
    }

    fn read(filter: &Any) -> Result<Self, String> {
        if let Some(AcceptedMessagesFilter { messages }) = unpacked(filter)? {
            return Ok(Self::Exactly(messages));
        }
        if let Some(AcceptedMessageKeysFilter { keys }) = unpacked(filter)? {
            return Ok(Self::WithKey(keys));
        }
        if let Some(AllowAllMessagesFilter {}) = unpacked(filter)? {
            return Ok(Self::All);
        }
        Err(format!("the filter {} is not known", filter.type_url))
    }
}

impl ExecutionGrants {
    /// What a grant of `x/authz` allows to execute; nothing if it is about other messages.
    ///
    /// # Errors
    /// If it allows to execute contracts in a form that this type cannot show.
    pub(crate) fn read(grant: &Grant) -> Result<Option<Self>, String> {
        let held = grant.authorization.as_ref().ok_or("a grant allows nothing")?;
        if let Some(GenericAuthorization { msg }) = unpacked(held)? {
            return match msg == execution() {
                true => Err(format!("{} bounds neither contracts nor coins", held.type_url)),
                false => Ok(None),
            };
        }
        let Some(ContractExecutionAuthorization { grants }) = unpacked(held)? else {
            return Ok(None);
        };
        let grants = grants.iter().map(read_one).collect::<Result<_, _>>()?;
        let seconds = |at: &Timestamp| u64::try_from(at.seconds).unwrap_or(0);
        Ok(Some(Self { grants, expires: grant.expiration.as_ref().map(seconds) }))
    }
}

fn read_one(grant: &ProtoGrant) -> Result<ContractGrant, String> {
    let limit = grant.limit.as_ref().ok_or("a grant has no limit")?;
    let filter = grant.filter.as_ref().ok_or("a grant names no messages")?;
    Ok(ContractGrant {
        contract: grant.contract.clone(),
        messages: GrantedMessages::read(filter)?,
        limit: GrantLimit::read(limit)?,
    })
}

/// The content, if it is of this type.
fn unpacked<M: Message + Name + Default>(content: &Any) -> Result<Option<M>, String> {
    if content.type_url.strip_prefix('/') != Some(M::full_name().as_str()) {
        return Ok(None);
    }
    let read = M::decode(content.value.as_slice());
    read.map(Some).map_err(|e| format!("{}: {e}", content.type_url))
}

fn coins(amounts: &[ProtoCoin]) -> Result<Vec<Coin>, String> {
    amounts.iter().map(|coin| Coin::from_proto(coin).map_err(|e| e.to_string())).collect()
}

fn execution() -> String {
    format!("/{}", MsgExecuteContract::full_name())
}

/// Allows `grantee` to execute what `grants` says for `granter`, who signs, and nothing else any more:
/// whatever `grantee` was allowed to execute before is replaced.
///
/// The chain refuses no grants, no messages and an empty limit (`wasm` 12), a grantee that is the granter
/// (`authz` 7), and an expiry that has passed (`authz` 3).
pub fn grant_execution(granter: &str, grantee: &str, grants: &ExecutionGrants) -> Any {
    let one = |grant: &ContractGrant| ProtoGrant {
        contract: grant.contract.clone(),
        limit: Some(grant.limit.to_any()),
        filter: Some(grant.messages.to_any()),
    };
    let authorization =
        ContractExecutionAuthorization { grants: grants.grants.iter().map(one).collect() };
    let expiration = grants
        .expires
        .map(|seconds| Timestamp { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanos: 0 });
    any(&MsgGrant {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        grant: Some(Grant { authorization: Some(any(&authorization)), expiration }),
    })
}

/// Sends `messages`, of which each is signed for by its own sender, with the signature of `grantee` alone: all
/// or none. The chain refuses one whose sender did not allow it (`authz` 2 if it never did or it is used
/// up, expired or revoked, `sdk` 4 if something else was allowed), and a list of none.
pub fn as_granted(grantee: &str, messages: Vec<Any>) -> Any {
    any(&MsgExec { grantee: grantee.to_owned(), msgs: messages })
}

/// Takes back whatever `grantee` may execute for `granter`, who signs. The chain refuses it with `authz` 2 if
/// that is nothing (any more).
pub fn revoke_execution(granter: &str, grantee: &str) -> Any {
    any(&MsgRevoke {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        msg_type_url: execution(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant_in(message: &Any) -> Grant {
        MsgGrant::decode(message.value.as_slice()).unwrap().grant.unwrap()
    }

    fn all_kinds() -> ExecutionGrants {
        let coins = vec![Coin::new(3, "ua"), Coin::new(5, "ub")];
        let grant = |messages, limit| ContractGrant { contract: "c".into(), messages, limit };
        let exactly = GrantedMessages::Exactly(vec![b"{}".to_vec(), b"{ }".to_vec()]);
        let with_key = GrantedMessages::WithKey(vec!["deposit".into()]);
        let grants = vec![
            grant(exactly, GrantLimit::Coins(coins.clone())),
            grant(with_key, GrantLimit::CallsAndCoins { calls: 7, coins }),
            grant(GrantedMessages::All, GrantLimit::Calls(1)),
        ];
        ExecutionGrants { grants, expires: Some(1_900_000_000) }
    }

    #[test]
    fn messages_have_the_type_urls_that_the_chain_knows() {
        for (message, url) in [
            (grant_execution("a", "b", &all_kinds()), "/cosmos.authz.v1beta1.MsgGrant"),
            (as_granted("b", vec![]), "/cosmos.authz.v1beta1.MsgExec"),
            (revoke_execution("a", "b"), "/cosmos.authz.v1beta1.MsgRevoke"),
        ] {
            assert_eq!(message.type_url, url);
        }
        let revoked = revoke_execution("a", "b");
        let revoked = MsgRevoke::decode(revoked.value.as_slice()).unwrap();
        assert_eq!(revoked.msg_type_url, "/cosmwasm.wasm.v1.MsgExecuteContract");
    }

    #[test]
    fn grants_read_back_as_they_were_written() {
        for grants in [all_kinds(), ExecutionGrants { expires: None, ..all_kinds() }] {
            let written = grant_in(&grant_execution("a", "b", &grants));
            assert_eq!(ExecutionGrants::read(&written), Ok(Some(grants)));
        }
    }

    #[test]
    fn what_is_granted_exactly_are_the_bytes_that_are_sent() {
        let msg = serde_json::json!({ "deposit": { "account": 7 } });
        let granted = ContractGrant::exactly("c", &msg, GrantLimit::Calls(1)).unwrap();
        let sent = super::super::execute("a", "c", &msg, &[]).unwrap();
        let sent = MsgExecuteContract::decode(sent.value.as_slice()).unwrap().msg;
        assert_eq!(granted.messages, GrantedMessages::Exactly(vec![sent]));
    }

    #[test]
    fn coins_of_a_limit_are_as_the_bank_wants_them() {
        let unsorted = vec![Coin::new(1, "ub"), Coin::new(0, "uc"), Coin::new(2, "ua")];
        let limit = GrantLimit::Coins(unsorted);
        assert_eq!((limit.left_of("ub"), limit.left_of("ud")), (1, 0));
        assert_eq!(GrantLimit::Calls(5).left_of("ub"), 0);
        let read = GrantLimit::read(&limit.to_any());
        assert_eq!(read, Ok(GrantLimit::Coins(vec![Coin::new(2, "ua"), Coin::new(1, "ub")])));
    }

    #[test]
    fn leave_for_other_messages_is_none_and_unbounded_leave_is_told() {
        let generic = |msg: &str| Grant {
            authorization: Some(any(&GenericAuthorization { msg: msg.to_owned() })),
            expiration: None,
        };
        assert_eq!(ExecutionGrants::read(&generic("/cosmos.bank.v1beta1.MsgSend")), Ok(None));
        let found = ExecutionGrants::read(&generic(&execution())).unwrap_err();
        assert!(found.contains("bounds neither contracts nor coins"), "{found}");
        let mut other = grant_in(&grant_execution("a", "b", &all_kinds()));
        other.authorization.as_mut().unwrap().type_url = "/cosmos.bank.v1beta1.X".into();
        assert_eq!(ExecutionGrants::read(&other), Ok(None));
    }

    #[test]
    fn a_limit_or_filter_that_is_not_known_is_told() {
        let unknown = any(&GenericAuthorization { msg: String::new() });
        for found in
            [GrantLimit::read(&unknown).unwrap_err(), GrantedMessages::read(&unknown).unwrap_err()]
        {
            assert!(found.contains("GenericAuthorization is not known"), "{found}");
        }
    }
}
