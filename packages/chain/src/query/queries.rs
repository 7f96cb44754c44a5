//! Asking the application, and what its refusals mean.

use cosmrs::proto::traits::Message;

use super::error::QueryError;
use crate::log;
use crate::rpc::{AbciResponse, Client, RpcError};

/// Asks the application of one chain. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queries {
    client: Client,
    pub(super) height: Option<u64>,
}

impl Client {
    /// Typed queries at the newest height.
    pub fn query(&self) -> Queries {
        Queries { client: self.clone(), height: None }
    }
}

/// An answer and the height of the state that it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The answer.
    pub value: T,
    /// Height of the state; 0 if the node did not say.
    pub height: u64,
}

impl Queries {
    /// The same, but from the state after block `height`.
    #[must_use]
    pub fn at(&self, height: u64) -> Self {
        Self { client: self.client.clone(), height: Some(height) }
    }

    /// The client that asks.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks `path` with a protobuf request; the application's refusal becomes a typed error.
    pub(super) async fn ask<Req: Message, Resp: Message + Default>(
        &self,
        path: &str,
        what: impl Fn() -> String,
        request: &Req,
    ) -> Result<At<Resp>, QueryError> {
        let response = self.ask_raw(path, request).await?;
        let height = self.height.unwrap_or(0);
        let what = what();
        if response.code == 0 {
            return decode(what, &response);
        }
        let lacks_state = response.lacks_state();
        let log = response.log;
        if height > 0 && lacks_state {
            return Err(QueryError::HeightUnavailable { what, height, log });
        }
        let (codespace, code) = (response.codespace, response.code);
        if log::is_not_served(&log) {
            return Err(QueryError::NotServed { what, log });
        }
        if log::is_not_found(&codespace, code, &log) {
            let chain_id = self.client.chain_id().to_owned();
            return Err(QueryError::NotFound { what, chain_id });
        }
        // A contract's words must not be taken for the chain's.
        if !log::is_of_contract(&log) && log::is_out_of_gas(&codespace, code, &log) {
            return Err(QueryError::OutOfGas { what, log });
        }
        Err(QueryError::Refused { what, codespace, code, log })
    }

    pub(super) async fn ask_raw(
        &self,
        path: &str,
        request: &impl Message,
    ) -> Result<AbciResponse, RpcError> {
        let height = self.height.unwrap_or(0);
        let data = request.encode_to_vec();
        self.client.abci_query(path, &data, height).await
    }
}

pub(super) fn decode<Resp: Message + Default>(
    what: String,
    response: &AbciResponse,
) -> Result<At<Resp>, QueryError> {
    match Resp::decode(response.value.as_slice()) {
        Ok(value) => Ok(At { value, height: response.height }),
        Err(e) => Err(QueryError::Decode { what, reason: e.to_string() }),
    }
}
