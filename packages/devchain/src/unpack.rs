//! Reading a message with all that it holds, within the limits that the SDK sets to an `Any` inside another.

use cosmrs::Any;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;

use crate::authorization::Execution;
use crate::msg::Msg;

/// How deep these may nest.
const MAX_DEPTH: u32 = 10;
/// How many of them one message may hold, itself counted.
const MAX_COUNT: u32 = 100;
/// `google.protobuf.Timestamp` ends with the year 9999, as seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;
const FIRST_SECOND: i64 = -62_135_596_800;

/// Reads a message and everything inside it.
///
/// # Errors
/// What cannot be read of it, in the SDK's words.
pub fn message(any: &Any) -> Result<Msg, String> {
    Unpacker { left: MAX_COUNT }.message(any, 1)
}

/// Whether a time is one that can be stored.
pub fn is_time(seconds: i64, nanos: i32) -> bool {
    (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && (0..1_000_000_000).contains(&nanos)
}

/// The SDK reads amounts as integers, negative ones too, when it decodes.
///
/// # Errors
/// Names the amount that is none.
pub fn amounts<'a>(coins: impl IntoIterator<Item = &'a ProtoCoin>) -> Result<(), String> {
    match coins.into_iter().find(|coin| !is_integer(coin)) {
        None => Ok(()),
        Some(coin) => Err(format!("math/big: cannot unmarshal {:?} into a *big.Int", coin.amount)),
    }
}

fn is_integer(coin: &ProtoCoin) -> bool {
    let digits = coin.amount.strip_prefix(['-', '+']).unwrap_or(&coin.amount);
    coin.amount.is_empty() || !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

struct Unpacker {
    left: u32,
}

impl Unpacker {
    fn enter(&mut self, depth: u32) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("max depth exceeded".to_owned());
        }
        self.left = self.left.checked_sub(1).ok_or("call limit exceeded")?;
        Ok(())
    }

    fn message(&mut self, any: &Any, depth: u32) -> Result<Msg, String> {
        self.enter(depth)?;
        let read = Msg::decode(any).map_err(|err| err.to_string())?;
        let msg = read.ok_or_else(|| format!("unable to resolve type URL {}", any.type_url))?;
        amounts(msg.coins())?;
        match &msg {
            Msg::Exec(exec) => {
                for inner in &exec.msgs {
                    self.message(inner, depth + 1)?;
                }
            }
            Msg::Grant(grant) => {
                let grant = grant.grant.as_ref();
                let until = grant.and_then(|grant| grant.expiration.as_ref());
                if let Some(at) = until.filter(|at| !is_time(at.seconds, at.nanos)) {
                    return Err(format!("timestamp: seconds:{} is no time", at.seconds));
                }
                if let Some(held) = grant.and_then(|grant| grant.authorization.as_ref()) {
                    self.enter(depth + 1)?;
                    self.execution(&Execution::read(held)?, depth + 2)?;
                }
            }
            _ => {}
        }
        Ok(msg)
    }

    /// Limits and filters are inside their authorization.
    fn execution(&mut self, held: &Execution, depth: u32) -> Result<(), String> {
        for grant in held.grants() {
            for _ in grant.filter.iter().chain(&grant.limit) {
                self.enter(depth)?;
            }
        }
        amounts(&held.coins())
    }
}

#[cfg(test)]
mod tests {
    use cosmrs::proto::cosmos::authz::v1beta1::MsgExec;
    use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
    use prost::{Message, Name};

    use super::*;

    fn any<M: Message + Name>(message: M) -> Any {
        Any { type_url: M::type_url(), value: message.encode_to_vec() }
    }

    fn exec(msgs: Vec<Any>) -> Any {
        any(MsgExec { grantee: "ann".to_owned(), msgs })
    }

    #[test]
    fn amounts_are_integers_or_the_message_cannot_be_read() {
        let read = |amount: &str| {
            let coin = ProtoCoin { denom: "usouk".to_owned(), amount: amount.to_owned() };
            let send = any(MsgSend { amount: vec![coin], ..MsgSend::default() });
            message(&exec(vec![send])).is_ok()
        };
        assert!(["5", "0", "-1", ""].into_iter().all(read));
        assert!(!["1.5", "many", "-", "5 "].into_iter().any(read));
    }

    #[test]
    fn messages_nest_ten_deep_and_hold_a_hundred_with_themselves() {
        let nested = |depth| (1..depth).fold(exec(vec![]), |inner, _| exec(vec![inner]));
        assert!(message(&nested(10)).is_ok());
        assert_eq!(message(&nested(11)), Err("max depth exceeded".to_owned()));
        let many = |count| exec(vec![any(MsgSend::default()); count]);
        assert!(message(&many(99)).is_ok());
        assert_eq!(message(&many(100)), Err("call limit exceeded".to_owned()));
    }

    #[test]
    fn what_is_not_known_is_not_known_inside_another_message_either() {
        let unknown = Any { type_url: "/souk.v1.MsgUnknown".to_owned(), value: vec![] };
        for message in [unknown.clone(), exec(vec![unknown])].map(|any| message(&any)) {
            assert_eq!(message, Err("unable to resolve type URL /souk.v1.MsgUnknown".to_owned()));
        }
    }

    #[test]
    fn times_end_with_the_year_9999() {
        assert!(is_time(0, 0) && is_time(LAST_SECOND, 999_999_999));
        assert!(!is_time(LAST_SECOND + 1, 0) && !is_time(5, -1) && !is_time(5, 1_000_000_000));
    }
}
