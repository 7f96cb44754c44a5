//! Calls for one height: a node may not have it yet or no longer, so the others are asked too
//! before that is reported. An endpoint that keeps no results of blocks is set aside as long as
//! another one has them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::blocks::{BlockResponse, BlockResults, Header};
use super::blocks::{BlockWire, HeaderWire};
use super::client::Client;
use super::error::{EndpointFault, NodeError, RpcError};
use super::pool::Pool;
use super::transport::Reply;
use super::types::StatusWire;
use crate::log;

impl Client {
    /// The block at `height`.
    ///
    /// # Errors
    /// [`RpcError::NotYet`] above the head, [`RpcError::Pruned`] below what every endpoint keeps; otherwise if
    /// no usable endpoint answers.
    pub async fn block(&self, height: u64) -> Result<BlockResponse, RpcError> {
        let check = |pool: &Pool, wire: &BlockWire| {
            pool.judge_chain(&wire.block.header.chain_id)?;
            same_height(height, wire.block.header.height)
        };
        let wire = self.at_height("block", height, check).await?;
        Ok(wire.into())
    }

    /// The header of the block at `height`.
    ///
    /// # Errors
    /// [`RpcError::NotYet`] above the head, [`RpcError::Pruned`] below what every endpoint keeps; otherwise if
    /// no usable endpoint answers.
    pub async fn header(&self, height: u64) -> Result<Header, RpcError> {
        let check = |pool: &Pool, wire: &HeaderWire| {
            pool.judge_chain(&wire.header.chain_id)?;
            same_height(height, wire.header.height)
        };
        let wire = self.at_height("header", height, check).await?;
        Ok(wire.header)
    }

    /// What the chain made of the block at `height`.
    ///
    /// # Errors
    /// [`RpcError::NotYet`] above the head, [`RpcError::Pruned`] below what every endpoint keeps; otherwise if
    /// no usable endpoint answers.
    pub async fn block_results(&self, height: u64) -> Result<BlockResults, RpcError> {
        let check = |_: &Pool, wire: &BlockResults| same_height(height, wire.height);
        self.at_height("block_results", height, check).await
    }

    async fn at_height<T: DeserializeOwned>(
        &self,
        method: &'static str,
        height: u64,
        check: impl Fn(&Pool, &T) -> Result<(), EndpointFault>,
    ) -> Result<T, RpcError> {
        let params = json!({"height": height.to_string()});
        let mut refusals = Vec::new();
        let mut without_results = Vec::new();
        let mut asked = Vec::new();
        while let Some(index) = self.another_usable(&asked).await {
            asked.push(index);
            match self.ask_one::<T>(index, method, &params).await {
                Ok(Reply::Result(value)) => {
                    let checked = check(&self.inner.pool.lock(), &value);
                    match checked {
                        Ok(()) => {
                            self.set_aside_without_results(without_results);
                            return Ok(value);
                        }
                        Err(fault) => self.set_aside(index, fault),
                    }
                }
                Ok(Reply::Error(error)) if error.keeps_no_results() => {
                    without_results.push((index, error));
                }
                Ok(Reply::Error(error)) => {
                    refusals.push(self.explain(index, method, height, error).await)
                }
                Err(_) => {}
            }
        }
        // What another refuses for now it may soon serve; those will not.
        let none_has = without_results.into_iter().map(|(_, error)| error).next();
        let none_has = none_has.map(|error| Err(RpcError::Node { method, error }));
        most_hopeful(refusals).or(none_has).unwrap_or_else(|| Err(self.unavailable(method)))
    }

    /// Another endpoint has what these do not.
    fn set_aside_without_results(&self, endpoints: Vec<(usize, NodeError)>) {
        for (index, error) in endpoints {
            self.set_aside(index, EndpointFault::NoResults { reason: error.data });
        }
    }

    /// The texts of such refusals differ between versions; the node's own range of heights
    /// tells what was meant.
    async fn explain(
        &self,
        index: usize,
        method: &'static str,
        height: u64,
        error: NodeError,
    ) -> RpcError {
        let status = self.ask_one::<StatusWire>(index, "status", &Value::Null);
        if let Ok(Reply::Result(wire)) = status.await {
            let (lowest, head) =
                (wire.sync_info.earliest_block_height, wire.sync_info.latest_block_height);
            if height < lowest {
                return RpcError::Pruned { height, lowest };
            }
            if height > head {
                return RpcError::NotYet { height, head };
            }
            if log::is_block_too_early(&error.data) {
                return RpcError::NotYet { height, head: height.saturating_sub(1) };
            }
        }
        RpcError::Node { method, error }
    }
}

/// The most hopeful of several refusals: what one node has pruned another may soon serve.
fn most_hopeful<T>(refusals: Vec<RpcError>) -> Option<Result<T, RpcError>> {
    let rank = |error: &RpcError| match error {
        RpcError::Node { .. } => (0, 0),
        RpcError::NotYet { head, .. } => (1, u64::MAX - head),
        RpcError::Pruned { lowest, .. } => (2, *lowest),
        _ => (3, 0),
    };
    refusals.into_iter().min_by_key(rank).map(Err)
}

fn same_height(asked: u64, got: u64) -> Result<(), EndpointFault> {
    if asked == got {
        return Ok(());
    }
    Err(EndpointFault::Malformed { reason: format!("asked for height {asked}, got {got}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_height_counts_as_pruned_only_if_every_node_says_so() {
        let pruned = |lowest| RpcError::Pruned { height: 5, lowest };
        let not_yet = RpcError::NotYet { height: 5, head: 4 };
        assert_eq!(most_hopeful::<()>(vec![pruned(9), pruned(7)]), Some(Err(pruned(7))));
        assert_eq!(most_hopeful::<()>(vec![pruned(9), not_yet.clone()]), Some(Err(not_yet)));
    }
}
