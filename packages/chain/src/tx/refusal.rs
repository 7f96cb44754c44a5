//! What a refusal means: the SDK's codes and texts, read into the few cases that are handled
//! differently.

use std::fmt;

use crate::{Coin, log};

/// The SDK's code, in its codespace `sdk`, for a transaction that is too large.
pub(crate) const TX_TOO_LARGE: u32 = 21;

/// Where a transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxPhase {
    /// By a simulation: nothing happened.
    Simulate,
    /// By a node's mempool: nothing happened.
    Check,
    /// In a block: the fee was paid and mostly the sequence was used.
    Deliver,
}

/// Why a transaction was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means for us.
    pub kind: RefusalKind,
    /// Names the module that `code` belongs to.
    pub codespace: String,
    /// The chain's code, not 0.
    pub code: u32,
    /// The chain's text.
    pub log: String,
}

/// What a refusal means for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// It was signed for another sequence than the account's.
    Sequence,
    /// The fee is below this node's minimum.
    InsufficientFee {
        /// What the node wants, in the denoms that it takes, if it said so.
        required: Vec<Coin>,
    },
    /// The gas limit was too low.
    OutOfGas,
    /// The transaction is larger than the chain takes.
    TooLarge,
    /// Its timeout height has passed.
    TimedOut,
    /// The account has not the coins for the fee, or does not exist.
    CannotPay,
    /// The chain does not accept the signature: wrong key, account number or chain id.
    BadSignature,
    /// The node failed, not the transaction.
    Transient,
    /// A message failed.
    Message {
        /// Its place in the transaction, if the chain said so.
        index: Option<usize>,
    },
}

impl Refusal {
    /// Reads a refusal; `code` is not 0.
    pub fn read(phase: TxPhase, codespace: &str, code: u32, log: &str) -> Self {
        Self {
            kind: kind(phase, codespace, code, log),
            codespace: codespace.to_owned(),
            code,
            log: log.to_owned(),
        }
    }
}

impl Refusal {
    /// Of a transaction that no node was given, since it is too large; `log` says for what.
    pub(crate) fn too_large(log: String) -> Self {
        Self { kind: RefusalKind::TooLarge, codespace: "sdk".to_owned(), code: TX_TOO_LARGE, log }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.log, self.codespace, self.code)
    }
}

fn kind(phase: TxPhase, codespace: &str, code: u32, text: &str) -> RefusalKind {
    let sdk = |n: u32| codespace == "sdk" && code == n;
    if sdk(32) {
        return RefusalKind::Sequence;
    }
    if sdk(11) {
        return RefusalKind::OutOfGas;
    }
    // If the text speaks of a message, a contract's words must not be taken for the chain's: in
    // them stands what strangers write, such as the attribute that a bidder lacks.
    if let Some(index) = log::failed_message(text) {
        return RefusalKind::Message { index: usize::try_from(index).ok() };
    }
    if log::is_wrong_sequence(text) {
        return RefusalKind::Sequence;
    }
    if log::is_out_of_gas(codespace, code, text) {
        return RefusalKind::OutOfGas;
    }
    match phase {
        TxPhase::Simulate if log::is_unknown_account(codespace, code, text) => {
            RefusalKind::CannotPay
        }
        TxPhase::Check if sdk(5) || log::is_unknown_account(codespace, code, text) => {
            RefusalKind::CannotPay
        }
        _ if sdk(13) => RefusalKind::InsufficientFee { required: log::required_fee(text) },
        _ if sdk(TX_TOO_LARGE) => RefusalKind::TooLarge,
        _ if sdk(30) => RefusalKind::TimedOut,
        TxPhase::Check | TxPhase::Deliver if sdk(4) || sdk(8) => RefusalKind::BadSignature,
        _ if sdk(1) || sdk(111_222) || code == 1 && codespace == "undefined" => {
            RefusalKind::Transient
        }
        // A simulation's panic has a general code, and says no message's name.
        _ if log::has_panicked(text) => RefusalKind::Transient,
        _ if log::was_interrupted(text) => RefusalKind::Transient,
        _ => RefusalKind::Message { index: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_refusals_are_told_apart() {
        use RefusalKind::*;
        let sequence = "account sequence mismatch, expected 12, got 11: incorrect account sequence";
        let fee = "insufficient fees; got: 10ustake required: 250ustake,3uother: insufficient fee";
        let in_message = "failed to execute message; message index: 3: dispatch: submessages: \
                          not enough: insufficient funds";
        let liar = "failed to execute message; message index: 0: Generic error: out of gas in \
                    location: here: execute wasm contract failed";
        let mimic = "failed to execute message; message index: 1: the provider does not have \
                     attribute region=account sequence mismatch, expected 12, got 11: execute \
                     wasm contract failed";
        let panic = "rpc error: code = Unknown desc = recovered: runtime error: index out of range \
                     stack: goroutine 97: unknown request";
        let in_words = "failed to execute message; message index: 0: recovered: strangers' words";
        let table = [
            (TxPhase::Simulate, "sdk", 18, mimic, Message { index: Some(1) }),
            (TxPhase::Deliver, "wasm", 5, mimic, Message { index: Some(1) }),
            (TxPhase::Check, "sdk", 32, sequence, Sequence),
            // A simulation's failure has a general code on a real node.
            (TxPhase::Simulate, "sdk", 18, sequence, Sequence),
            (TxPhase::Check, "sdk", 32, "", Sequence),
            (
                TxPhase::Check,
                "sdk",
                13,
                fee,
                InsufficientFee {
                    required: vec![Coin::new(250, "ustake"), Coin::new(3, "uother")],
                },
            ),
            (TxPhase::Deliver, "sdk", 11, "out of gas in location: WriteFlat", OutOfGas),
            (TxPhase::Simulate, "sdk", 18, "out of gas in location: x", OutOfGas),
            (TxPhase::Deliver, "sdk", 5, in_message, Message { index: Some(3) }),
            (TxPhase::Simulate, "sdk", 18, liar, Message { index: Some(0) }),
            (TxPhase::Check, "sdk", 5, "spendable balance is smaller", CannotPay),
            (TxPhase::Simulate, "sdk", 22, "account souk1a not found: key not found", CannotPay),
            (TxPhase::Check, "sdk", 4, "signature verification failed", BadSignature),
            (TxPhase::Check, "sdk", 21, "tx too large", TooLarge),
            (TxPhase::Check, "sdk", 30, "", TimedOut),
            (TxPhase::Simulate, "sdk", 111_222, "recovered: boom", Transient),
            (TxPhase::Simulate, "sdk", 6, panic, Transient),
            (TxPhase::Simulate, "sdk", 6, in_words, Message { index: Some(0) }),
            (TxPhase::Deliver, "wasm", 5, "execute wasm contract failed", Message { index: None }),
        ];
        for (phase, codespace, code, log, expected) in table {
            let read = Refusal::read(phase, codespace, code, log);
            assert_eq!(read.kind, expected, "{phase:?} {codespace} {code} {log}");
        }
    }
}
