//! Fetches one block with its results.

use super::Block;
use crate::rpc::{Client, NodeError, RpcError};

pub(crate) async fn fetch(client: &Client, height: u64) -> Result<Block, RpcError> {
    let (block, results) = futures::try_join!(client.block(height), client.block_results(height))?;
    // The two may come from different nodes; they must still belong together.
    Block::assemble(block, results).map_err(|data| RpcError::Node {
        method: "block_results",
        error: NodeError { code: 0, message: "inconsistent answers".to_owned(), data },
    })
}
