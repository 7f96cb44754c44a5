//! wasmd's `ContractExecutionAuthorization`: what it holds, whether it is valid, and which calls it accepts.
//! Pure; `x/wasm/types/authz.go` of wasmd in its order of steps.

use cosmrs::Any;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmwasm::wasm::v1::{
    AcceptedMessageKeysFilter, AcceptedMessagesFilter, AllowAllMessagesFilter, CombinedLimit,
    ContractExecutionAuthorization, ContractGrant, MaxCallsLimit, MaxFundsLimit,
    MsgExecuteContract,
};
use cosmwasm_std::Coin;
use prost::{Message, Name};

use crate::address::AddressCodec;
use crate::coins;
use crate::error::{AbciError, AbciResult, sdk, wasm};
use crate::gas::GasMeter;
use crate::msg::must_be_json;

/// An authorization whose parts are of known types.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    raw: ContractExecutionAuthorization,
    parts: Vec<(Limit, Filter)>,
}

/// What a call leaves of an authorization.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It does not allow the call.
    Refused,
    /// It allows the call and stays as it is.
    Kept,
    /// It allows the call and is this from now on.
    Changed(Execution),
    /// It allows the call as its last.
    UsedUp,
}

#[derive(Clone, Debug, PartialEq)]
enum Limit {
    Undefined,
    Calls(u64),
    Funds(Vec<ProtoCoin>),
    Combined(u64, Vec<ProtoCoin>),
}

#[derive(Clone, Debug, PartialEq)]
enum Filter {
    Undefined,
    All,
    Keys(Vec<String>),
    Messages(Vec<Vec<u8>>),
}

/// What a call leaves of a limit; none if the limit does not allow it.
enum Left {
    Same,
    Less(Any),
    Nothing,
}

fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

fn unpacked<M: Message + Name + Default>(any: &Any) -> Result<Option<M>, String> {
    if any.type_url != M::type_url() {
        return Ok(None);
    }
    M::decode(any.value.as_slice()).map(Some).map_err(|err| err.to_string())
}

fn unknown(any: &Any, interface: &str) -> String {
    let url = &any.type_url;
    format!("no concrete type registered for type URL {url} against interface *{interface}")
}

impl Limit {
    fn read(any: Option<&Any>) -> Result<Self, String> {
        let Some(any) = any else { return Ok(Self::Undefined) };
        if let Some(MaxCallsLimit { remaining }) = unpacked(any)? {
            return Ok(Self::Calls(remaining));
        }
        if let Some(MaxFundsLimit { amounts }) = unpacked(any)? {
            return Ok(Self::Funds(amounts));
        }
        if let Some(CombinedLimit { calls_remaining, amounts }) = unpacked(any)? {
            return Ok(Self::Combined(calls_remaining, amounts));
        }
        Err(unknown(any, "types.ContractAuthzLimitX"))
    }

    fn coins(&self) -> &[ProtoCoin] {
        match self {
            Self::Funds(coins) | Self::Combined(_, coins) => coins,
            Self::Undefined | Self::Calls(_) => &[],
        }
    }

    fn validate(&self) -> AbciResult<()> {
        let bad = |err: coins::BadCoins| AbciError::unregistered(err.to_string());
        match self {
            Self::Undefined => Err(sdk::invalid_type("undefined limit")),
            Self::Calls(0) => Err(wasm::empty("remaining calls")),
            Self::Calls(_) => Ok(()),
            Self::Funds(amounts) => {
                let amounts = coins::parse(amounts).map_err(bad)?;
                if amounts.is_empty() { Err(wasm::empty("amounts")) } else { Ok(()) }
            }
            Self::Combined(0, _) => Err(wasm::empty("remaining calls")),
            Self::Combined(_, amounts) if amounts.iter().all(is_zero) => {
                Err(wasm::empty("amounts"))
            }
            Self::Combined(_, amounts) => {
                coins::parse(amounts).map(drop).map_err(|err| bad(err).wrap("amounts"))
            }
        }
    }

    fn accept(&self, funds: &[Coin]) -> AbciResult<Option<Left>> {
        match self {
            Self::Undefined => Err(sdk::not_found("undefined limit")),
            Self::Calls(_) if !funds.is_empty() => Ok(None),
            Self::Calls(0) | Self::Combined(0, _) => Err(sdk::unauthorized("no calls left")),
            Self::Calls(1) => Ok(Some(Left::Nothing)),
            Self::Calls(n) => Ok(Some(Left::Less(any(&MaxCallsLimit { remaining: n - 1 })))),
            Self::Funds(_) if funds.is_empty() => Ok(Some(Left::Same)),
            Self::Funds(amounts) => Ok(subtract(amounts, funds).map(|amounts| {
                let spent = amounts.is_empty();
                if spent { Left::Nothing } else { Left::Less(any(&MaxFundsLimit { amounts })) }
            })),
            Self::Combined(calls, amounts) => Ok(subtract(amounts, funds).map(|amounts| {
                let calls_remaining = calls - 1;
                match calls_remaining == 0 || amounts.is_empty() {
                    true => Left::Nothing,
                    false => Left::Less(any(&CombinedLimit { calls_remaining, amounts })),
                }
            })),
        }
    }
}

fn is_zero(coin: &ProtoCoin) -> bool {
    coin.amount.parse() == Ok(0u128)
}

/// What is left of `amounts`, without zeros; none if they are too few.
fn subtract(amounts: &[ProtoCoin], funds: &[Coin]) -> Option<Vec<ProtoCoin>> {
    let mut left = coins::parse(amounts).ok()?;
    for coin in funds {
        let of = left.iter_mut().find(|one| one.denom == coin.denom)?;
        of.amount = of.amount.checked_sub(coin.amount).ok()?;
    }
    Some(coins::normalize(left).iter().map(coins::to_proto).collect())
}

impl Filter {
    fn read(any: Option<&Any>) -> Result<Self, String> {
        let Some(any) = any else { return Ok(Self::Undefined) };
        if let Some(AllowAllMessagesFilter {}) = unpacked(any)? {
            return Ok(Self::All);
        }
        if let Some(AcceptedMessageKeysFilter { keys }) = unpacked(any)? {
            return Ok(Self::Keys(keys));
        }
        if let Some(AcceptedMessagesFilter { messages }) = unpacked(any)? {
            return Ok(Self::Messages(messages));
        }
        Err(unknown(any, "types.ContractAuthzFilterX"))
    }

    fn validate(&self) -> AbciResult<()> {
        match self {
            Self::Undefined => Err(sdk::invalid_type("undefined filter")),
            Self::All => Ok(()),
            Self::Keys(keys) if keys.is_empty() => Err(wasm::empty("keys")),
            Self::Keys(keys) => {
                for (at, key) in keys.iter().enumerate() {
                    if key.is_empty() {
                        return Err(wasm::empty("key"));
                    }
                    if key.trim() != key {
                        return Err(wasm::invalid(format!("key {key:?} contains whitespaces")));
                    }
                    if keys[..at].contains(key) {
                        return Err(wasm::duplicate(format!("key {key:?}")));
                    }
                }
                Ok(())
            }
            Self::Messages(messages) if messages.is_empty() => Err(wasm::empty("messages")),
            Self::Messages(messages) => {
                for (at, message) in messages.iter().enumerate() {
                    if message.is_empty() {
                        return Err(wasm::empty("message"));
                    }
                    must_be_json(message)?;
                    if messages[..at].contains(message) {
                        return Err(wasm::duplicate("message"));
                    }
                }
                Ok(())
            }
        }
    }

    /// The message is JSON.
    fn accept(&self, gas: &GasMeter, msg: &[u8]) -> AbciResult<bool> {
        match self {
            Self::Undefined => Err(sdk::not_found("undefined filter")),
            Self::All => Ok(true),
            Self::Keys(keys) => {
                gas.consume(msg.len() as u64, "contract authorization");
                let object: Option<serde_json::Map<_, _>> = serde_json::from_slice(msg).ok();
                let object = object.filter(|object| object.len() == 1);
                Ok(object.is_some_and(|object| object.keys().all(|key| keys.contains(key))))
            }
            Self::Messages(messages) => Ok(messages.iter().any(|one| one == msg)),
        }
    }
}

impl Execution {
    /// Reads one, and the limits and filters in it.
    ///
    /// # Errors
    /// In the SDK's words if it, or one of these, is of a type that is not known here.
    pub fn read(held: &Any) -> Result<Self, String> {
        let raw: ContractExecutionAuthorization =
            unpacked(held)?.ok_or_else(|| unknown(held, "authz.Authorization"))?;
        Self::of(raw)
    }

    fn of(raw: ContractExecutionAuthorization) -> Result<Self, String> {
        let parts = raw.grants.iter().map(|grant| {
            let filter = Filter::read(grant.filter.as_ref())?;
            Ok((Limit::read(grant.limit.as_ref())?, filter))
        });
        let parts = parts.collect::<Result<_, String>>()?;
        Ok(Self { raw, parts })
    }

    /// As it is stored.
    pub fn to_any(&self) -> Any {
        any(&self.raw)
    }

    /// What it allows.
    pub fn grants(&self) -> &[ContractGrant] {
        &self.raw.grants
    }

    /// Every coin that it names.
    pub fn coins(&self) -> Vec<ProtoCoin> {
        self.parts.iter().flat_map(|(limit, _)| limit.coins()).cloned().collect()
    }

    /// Checks that need no state.
    pub fn validate(&self, codec: &AddressCodec) -> AbciResult<()> {
        if self.parts.is_empty() {
            return Err(wasm::empty("grants"));
        }
        for (at, (grant, (limit, filter))) in self.raw.grants.iter().zip(&self.parts).enumerate() {
            let address = match codec.decode(&grant.contract) {
                Some(_) => Ok(()),
                None => {
                    let reason = codec.invalid_reason(&grant.contract);
                    Err(AbciError::unregistered(format!("contract: {reason}")))
                }
            };
            address
                .and_then(|()| limit.validate().map_err(|err| err.wrap("limit")))
                .and_then(|()| filter.validate().map_err(|err| err.wrap("filter")))
                .map_err(|err| err.wrap(format!("position {at}")))?;
        }
        Ok(())
    }

    /// Whether it allows a call, which is valid in itself, and what is then left of it. The first grant that
    /// fits is used, for the whole of the call.
    pub fn accept(&self, gas: &GasMeter, call: &MsgExecuteContract) -> AbciResult<Verdict> {
        let funds = coins::parse(&call.funds);
        let funds = funds.map_err(|err| AbciError::unregistered(format!("funds: {err}")))?;
        for (at, (grant, (limit, filter))) in self.raw.grants.iter().zip(&self.parts).enumerate() {
            if grant.contract != call.contract {
                continue;
            }
            let Some(left) = limit.accept(&funds).map_err(|err| err.wrap("limit"))? else {
                continue;
            };
            if !filter.accept(gas, &call.msg).map_err(|err| err.wrap("filter"))? {
                continue;
            }
            let mut raw = self.raw.clone();
            match left {
                Left::Same => return Ok(Verdict::Kept),
                Left::Less(limit) => raw.grants[at].limit = Some(limit),
                Left::Nothing => drop(raw.grants.remove(at)),
            }
            if raw.grants.is_empty() {
                return Ok(Verdict::UsedUp);
            }
            return Self::of(raw).map(Verdict::Changed).map_err(AbciError::unregistered);
        }
        Ok(Verdict::Refused)
    }
}

#[cfg(test)]
mod tests;
