//! A transaction as a test means it. Each chain gets it signed for its own account number; all
//! else is the same.

use std::fmt;

use souk_chain::{
    Any, Coin, SecretKey,
    tx::{SignerData, TxPlan},
};
use souk_devchain::proxy::contract_message;

use crate::accounts::{DENOM, MILLI_GAS_PRICE, Who};

/// What is wrong with a transaction before its messages are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// Signed for a sequence that is so much off.
    Sequence(i64),
    /// Signed for another chain.
    ChainId,
    /// Signed for another account number.
    AccountNumber,
    /// The signature is of other bytes.
    Signature,
    /// Another one signs, with the own key.
    Stranger,
    /// The bytes are no transaction.
    Garbage,
    /// The last byte is missing.
    Cut,
}

/// A transaction to play.
#[derive(Clone)]
pub struct Tx {
    pub who: Who,
    pub messages: Vec<Any>,
    pub gas: u64,
    pub fee: Vec<Coin>,
    pub memo: String,
    pub timeout_height: u64,
    pub flaw: Flaw,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, messages, gas, fee, memo, timeout_height, flaw } = self;
        write!(f, "{who:?} with gas {gas}, fee {fee:?}, {flaw:?}")?;
        if !memo.is_empty() || *timeout_height > 0 {
            write!(f, ", memo {memo:?}, timeout {timeout_height}")?;
        }
        for message in messages {
            let content: String = match contract_message(message) {
                Some(json) => json.to_string(),
                None => String::from_utf8_lossy(&message.value).chars().take(200).collect(),
            };
            write!(f, "; {} {content:?}", message.type_url)?;
        }
        Ok(())
    }
}

/// Enough for any message of the contracts but an upload.
const GAS: u64 = 1_500_000;

impl Tx {
    pub fn new(who: Who, messages: Vec<Any>) -> Self {
        let tx = Self {
            who,
            messages,
            gas: 0,
            fee: Vec::new(),
            memo: String::new(),
            timeout_height: 0,
            flaw: Flaw::None,
        };
        tx.gas(GAS)
    }

    /// With this gas limit and the fee for it.
    pub fn gas(mut self, gas: u64) -> Self {
        self.gas = gas;
        self.fee(vec![Coin::new((u128::from(gas) * MILLI_GAS_PRICE).div_ceil(1_000), DENOM)])
    }

    pub fn fee(mut self, fee: Vec<Coin>) -> Self {
        self.fee = fee;
        self
    }

    pub fn memo(mut self, memo: &str) -> Self {
        self.memo = memo.to_owned();
        self
    }

    pub fn timeout_height(mut self, height: u64) -> Self {
        self.timeout_height = height;
        self
    }

    pub fn flaw(mut self, flaw: Flaw) -> Self {
        self.flaw = flaw;
        self
    }

    fn plan(&self) -> TxPlan {
        TxPlan {
            messages: self.messages.clone(),
            memo: self.memo.clone(),
            timeout_height: self.timeout_height,
            gas_limit: self.gas,
            fee: self.fee.clone(),
        }
    }

    /// The bytes for a chain on which the account has this number and sequence.
    pub fn sign(&self, chain_id: &str, account_number: u64, sequence: u64) -> Vec<u8> {
        let mut signer = SignerData { chain_id: chain_id.to_owned(), account_number, sequence };
        let mut key: SecretKey = self.who.key();
        match self.flaw {
            Flaw::Garbage => return vec![0xff; 40],
            Flaw::Sequence(off) => signer.sequence = sequence.saturating_add_signed(off),
            Flaw::ChainId => signer.chain_id = "souk-elsewhere".to_owned(),
            Flaw::AccountNumber => signer.account_number += 1,
            Flaw::Stranger => key = SecretKey::from_bytes(&[99; 32]).unwrap(),
            Flaw::None | Flaw::Signature | Flaw::Cut => {}
        }
        let mut bytes = self.plan().sign(&key, &signer).bytes;
        match self.flaw {
            // The signature stands last.
            Flaw::Signature => bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1),
            Flaw::Cut => bytes.truncate(bytes.len() - 1),
            _ => {}
        }
        bytes
    }

    /// The bytes for a simulation.
    pub fn for_simulation(&self, sequence: u64) -> Vec<u8> {
        let sequence = match self.flaw {
            Flaw::Sequence(off) => sequence.saturating_add_signed(off),
            _ => sequence,
        };
        self.plan().for_simulation(&self.who.key().public_key(), sequence)
    }
}
