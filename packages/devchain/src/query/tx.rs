//! Simulation, and transactions by hash.

use cosmrs::Any;
use cosmrs::proto::cosmos::base::abci::v1beta1::{GasInfo, Result as AbciResult, TxResponse};
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, GetTxRequest, GetTxResponse, SimulateRequest, SimulateResponse, Tx, TxBody, TxRaw,
};
use cosmrs::proto::tendermint::abci::{Event as ProtoEvent, EventAttribute};
use prost::{Message, Name};

use super::failure::Failure;
use super::request::{Query, encoded};
use crate::chain::block;
use crate::event::Event;

#[allow(deprecated)]
fn tx_bytes(request: SimulateRequest) -> Vec<u8> {
    match request.tx {
        Some(tx) if request.tx_bytes.is_empty() => tx.encode_to_vec(),
        _ => request.tx_bytes,
    }
}

fn events(events: Vec<Event>) -> Vec<ProtoEvent> {
    events
        .into_iter()
        .map(|event| ProtoEvent {
            r#type: event.ty,
            attributes: event
                .attributes
                .into_iter()
                .map(|(key, value)| EventAttribute { key, value, index: true })
                .collect(),
        })
        .collect()
}

/// Runs a transaction without signatures and without effect. A wrong sequence is found here too.
pub fn simulate(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let bytes = tx_bytes(query.request()?);
    if bytes.is_empty() {
        return Err(Failure::InvalidArgument("empty txBytes is not allowed".into()));
    }
    let result = query.chain.simulate(query.head, &bytes);
    if let Some(err) = result.error {
        return Err(Failure::Unknown(format!("{} with gas used: '{}'", err.log, result.gas_used)));
    }
    let msg_responses =
        result.responses.into_iter().map(|(type_url, value)| Any { type_url, value }).collect();
    #[allow(deprecated)]
    let body = AbciResult {
        data: result.data.clone(),
        log: String::new(),
        events: events(result.events),
        msg_responses,
    };
    encoded(SimulateResponse {
        gas_info: Some(GasInfo { gas_wanted: u64::MAX, gas_used: result.gas_used }),
        result: Some(body),
    })
}

/// A transaction of a block.
pub fn get(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: GetTxRequest = query.request()?;
    if request.hash.is_empty() {
        return Err(Failure::InvalidArgument("tx hash cannot be empty".into()));
    }
    let hash = hex::decode(&request.hash)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| Failure::Plain(format!("invalid tx hash {}", request.hash)))?;
    let not_found = || Failure::NotFound(format!("tx not found: {}", request.hash));
    let (block, index) = query.chain.history().tx(&hash).ok_or_else(not_found)?;
    if block.height() > query.height {
        return Err(not_found());
    }
    let stored = block.txs.get(index).ok_or_else(not_found)?;
    let raw = TxRaw::decode(stored.bytes.as_slice()).unwrap_or_default();
    let tx = Tx {
        body: TxBody::decode(raw.body_bytes.as_slice()).ok(),
        auth_info: AuthInfo::decode(raw.auth_info_bytes.as_slice()).ok(),
        signatures: raw.signatures,
    };
    let result = &stored.result;
    let response = TxResponse {
        height: i64::try_from(block.height()).unwrap_or(i64::MAX),
        txhash: hex::encode_upper(stored.hash),
        codespace: result.codespace().into(),
        code: result.code(),
        data: hex::encode_upper(&result.data),
        raw_log: result.log().into(),
        gas_wanted: i64::try_from(result.gas_wanted).unwrap_or(i64::MAX),
        gas_used: i64::try_from(result.gas_used).unwrap_or(i64::MAX),
        tx: Some(Any { type_url: Tx::type_url(), value: tx.encode_to_vec() }),
        timestamp: block::time(block.time_ns).to_rfc3339(),
        events: events(result.events.clone()),
        ..TxResponse::default()
    };
    encoded(GetTxResponse { tx: Some(tx), tx_response: Some(response) })
}
