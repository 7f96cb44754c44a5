//! Fetches one block with its results, as a task of its own.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

use super::block::Block;
use crate::rpc::{Client, NodeError, RpcError};

async fn fetch(client: &Client, height: u64) -> Result<Block, RpcError> {
    let (block, results) = futures::try_join!(client.block(height), client.block_results(height))?;
    // The two may come from different nodes; they must still belong together.
    Block::assemble(block, results).map_err(|data| RpcError::Node {
        method: "block_results",
        error: NodeError { code: 0, message: "inconsistent answers".to_owned(), data },
    })
}

/// What became of the fetch of a height.
pub(super) type Fetched = (u64, Result<Block, RpcError>);

/// A fetch under way; a follower that forgets it also stops it.
#[derive(Debug)]
pub(super) struct Fetch {
    height: u64,
    task: JoinHandle<Result<Block, RpcError>>,
}

impl Fetch {
    pub(super) fn start(client: &Client, height: u64) -> Self {
        let client = client.clone();
        Self { height, task: tokio::spawn(async move { fetch(&client, height).await }) }
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Future for Fetch {
    type Output = Fetched;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fetched> {
        let height = self.height;
        Pin::new(&mut self.task).poll(cx).map(|joined| {
            let stopped = |e: tokio::task::JoinError| RpcError::Setup { reason: e.to_string() };
            (height, joined.map_err(stopped).flatten())
        })
    }
}
