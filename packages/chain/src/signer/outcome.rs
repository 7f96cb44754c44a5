//! What a transaction did.

use cosmrs::Any;
use cosmrs::proto::cosmos::base::abci::v1beta1::TxMsgData;
use cosmrs::proto::traits::Message;

use crate::rpc::{Event, TxResult};
use crate::tx::TxPlan;
use crate::{Coin, TxHash};

/// A transaction that was executed.
#[derive(Debug, Clone, PartialEq)]
pub struct TxOutcome {
    /// Its hash.
    pub hash: TxHash,
    /// Its block.
    pub height: u64,
    /// Gas that it used.
    pub gas_used: u64,
    /// Gas that it asked for.
    pub gas_limit: u64,
    /// What was paid.
    pub fee: Vec<Coin>,
    /// Its events, in the order of emission.
    pub events: Vec<Event>,
    /// The messages' answers, one for each message.
    pub responses: Vec<Any>,
}

impl TxOutcome {
    pub(super) fn new(hash: TxHash, height: u64, plan: &TxPlan, result: TxResult) -> Self {
        let data = TxMsgData::decode(result.data.as_slice()).unwrap_or_default();
        Self {
            hash,
            height,
            gas_used: result.gas_used,
            gas_limit: plan.gas_limit,
            fee: plan.fee.clone(),
            events: result.events,
            responses: data.msg_responses,
        }
    }

    /// The first value under `key` in an event of type `ty`.
    pub fn attribute(&self, ty: &str, key: &str) -> Option<&str> {
        self.events.iter().filter(|event| event.ty == ty).find_map(|event| event.attribute(key))
    }

    /// The code that a `MsgStoreCode` made.
    pub fn code_id(&self) -> Option<u64> {
        self.attribute("store_code", "code_id")?.parse().ok()
    }

    /// The address that a `MsgInstantiateContract` made.
    pub fn contract_address(&self) -> Option<&str> {
        self.attribute("instantiate", "_contract_address")
    }
}
