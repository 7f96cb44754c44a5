//! Queries to the application through any node that has the asked state.

use serde_json::{Value, json};

use super::client::Client;
use super::client::result;
use super::error::RpcError;
use super::transport::Reply;
use super::types::AbciResponse;
use super::types::AbciWire;
use crate::log;

const METHOD: &str = "abci_query";

impl Client {
    /// Asks the application. `height` 0 means the newest state; an endpoint that answers such a
    /// query from an old height is set aside. Of a pinned height every endpoint is asked until
    /// one has its state and does not panic.
    ///
    /// # Errors
    /// If no usable endpoint answers. The application's refusal is an answer.
    pub async fn abci_query(
        &self,
        path: &str,
        data: &[u8],
        height: u64,
    ) -> Result<AbciResponse, RpcError> {
        let params = json!({
            "path": path,
            "data": hex::encode(data),
            "height": height.to_string(),
            "prove": false,
        });
        if height > 0
            && let Some(response) = self.pinned(&params).await
        {
            return Ok(response);
        }
        let answer = self
            .ask::<AbciWire>(METHOD, &params, |pool, index, wire| {
                if height == 0 && wire.response.height > 0 {
                    pool.judge_height(index, wire.response.height)?;
                }
                Ok(())
            })
            .await;
        Ok(result(METHOD, answer.reply?)?.response)
    }

    /// The first answer from the asked state, else a panic or a refusal because of the height,
    /// which may be the endpoint's own. None if no endpoint answered.
    async fn pinned(&self, params: &Value) -> Option<AbciResponse> {
        let mut second_best: Option<AbciResponse> = None;
        let mut asked = Vec::new();
        while let Some(index) = self.another_usable(&asked).await {
            asked.push(index);
            match self.ask_one::<AbciWire>(index, METHOD, params).await {
                Ok(Reply::Result(wire)) if wire.response.lacks_state() => {
                    second_best.get_or_insert(wire.response);
                }
                Ok(Reply::Result(wire)) if wire.response.has_panicked() => {
                    second_best = Some(wire.response);
                }
                Ok(Reply::Result(wire)) => return Some(wire.response),
                Ok(Reply::Error(_)) | Err(_) => {}
            }
        }
        second_best
    }
}

impl AbciResponse {
    /// The node panicked over the question, and recovered. Another may not.
    fn has_panicked(&self) -> bool {
        self.code != 0 && log::has_panicked(&self.log)
    }

    /// The node refused because it has no state of the asked height, no longer or not yet.
    pub fn lacks_state(&self) -> bool {
        self.code != 0 && log::lacks_state(&self.codespace, self.code, &self.log)
    }
}
