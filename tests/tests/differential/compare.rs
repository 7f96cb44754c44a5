//! What must be equal: codes, events, data, answers. Not compared: heights, hashes, times, gas
//! and the texts of logs.

use souk_chain::rpc::{AbciResponse, BroadcastReply, Event, TxResult};

/// What a mempool said, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Accepted,
    Refused {
        codespace: String,
        code: u32,
        /// The sequences of a sequence error: what clients read from its text.
        sequences: Option<(u64, u64)>,
    },
    /// Refused without a code: seen before, too large, mempool full.
    Dismissed(&'static str),
}

impl Check {
    pub fn of(reply: &BroadcastReply) -> Self {
        match reply {
            BroadcastReply::Accepted => Self::Accepted,
            BroadcastReply::Refused { codespace, code, log } => Self::Refused {
                codespace: codespace.clone(),
                code: *code,
                sequences: sequences(log),
            },
            BroadcastReply::AlreadyKnown => Self::Dismissed("seen before"),
            BroadcastReply::MempoolFull => Self::Dismissed("mempool full"),
            BroadcastReply::Failed(_) => Self::Dismissed("not checked"),
        }
    }
}

/// From "account sequence mismatch, expected 12, got 11".
pub fn sequences(log: &str) -> Option<(u64, u64)> {
    let rest = log.split_once("account sequence mismatch, expected ")?.1;
    let (expected, rest) = rest.split_once(", got ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((expected.parse().ok()?, rest[..end].parse().ok()?))
}

/// A result as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    pub codespace: String,
    pub code: u32,
    pub data: Vec<u8>,
    pub gas_wanted: u64,
    pub events: Vec<Event>,
}

impl Executed {
    pub fn of(result: &TxResult) -> Self {
        Self {
            codespace: result.codespace.clone(),
            code: result.code,
            data: result.data.clone(),
            gas_wanted: result.gas_wanted,
            events: result.events.iter().map(plain).collect(),
        }
    }
}

/// An event without the signature, which is over the account's number on the chain.
fn plain(event: &Event) -> Event {
    let mut event = event.clone();
    event.attributes.retain(|attribute| attribute.key != "signature");
    event
}

/// An answer to a query as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub codespace: String,
    pub code: u32,
    pub sequences: Option<(u64, u64)>,
    pub value: Vec<u8>,
}

impl Answer {
    pub fn of(response: &AbciResponse) -> Self {
        Self {
            codespace: response.codespace.clone(),
            code: response.code,
            sequences: sequences(&response.log),
            value: response.value.clone(),
        }
    }

    /// Without the value, for what holds gas and events of a simulation.
    pub fn verdict(mut self) -> Self {
        self.value.clear();
        self
    }
}

/// Where two lists of events first differ, for accounts.
pub fn first_difference(real: &[Event], dev: &[Event]) -> String {
    let longest = real.len().max(dev.len());
    let differs = (0..longest).find(|i| real.get(*i) != dev.get(*i));
    match differs {
        None => "the events are equal".to_owned(),
        Some(i) => format!(
            "event {i} of {} and {}:\n  wasmd    {}\n  devchain {}",
            real.len(),
            dev.len(),
            show(real.get(i)),
            show(dev.get(i))
        ),
    }
}

fn show(event: Option<&Event>) -> String {
    let Some(event) = event else { return "none".to_owned() };
    let pairs = event.attributes.iter().map(|a| format!("{}={:?}", a.key, a.value));
    format!("{} {}", event.ty, pairs.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequences_of_a_sequence_error_are_read_and_of_nothing_else() {
        let log = "account sequence mismatch, expected 12, got 11: incorrect account sequence";
        assert_eq!(sequences(log), Some((12, 11)));
        assert_eq!(sequences("insufficient fee"), None);
    }

    #[test]
    fn results_that_differ_in_code_or_event_are_not_equal() {
        let attribute = |value: &str| souk_chain::rpc::Attribute {
            key: "order".to_owned(),
            value: value.to_owned(),
        };
        let event =
            |value: &str| Event { ty: "wasm-x".to_owned(), attributes: vec![attribute(value)] };
        let result = |code, value| {
            Executed::of(&TxResult { code, events: vec![event(value)], ..TxResult::default() })
        };
        assert_eq!(result(0, "1"), result(0, "1"));
        assert_ne!(result(0, "1"), result(5, "1"));
        assert_ne!(result(0, "1"), result(0, "2"));
        let found = first_difference(&result(0, "1").events, &result(0, "2").events);
        assert!(found.contains("order=\"1\"") && found.contains("order=\"2\""), "{found}");
    }
}
