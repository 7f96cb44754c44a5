//! Follows the chain: writes the events of each block and the cursor into the store in one
//! transaction, and many blocks in one while catching up. No height is skipped: one that no node
//! has yet is waited for.

use std::{pin::pin, time::Duration};

use souk_chain::{
    Block, Client, Follower, PipelineHandle,
    follower::{FollowError, FollowStatus, FollowerConfig},
};
use souk_client::events::{MarketEvents, read_block};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{ChainError, Market, ProviderContext, apply, rebuild};
use crate::{
    failpoint,
    model::Cursor,
    store::{Store, StoreError, Tx, copies, cursor, unreadable},
};

/// Most blocks in one transaction.
const BATCH: usize = 100;

/// The follower's state, for other tasks, the health check and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowState {
    /// The last block in the store.
    pub height: u64,
    /// Its time.
    pub time: u64,
    /// The chain's head as last seen.
    pub head: u64,
    /// The last error, until a block is read again.
    pub last_error: Option<String>,
    /// Events of the configured contracts that could not be read so far.
    pub unreadable: u64,
    /// How often the store was rebuilt from queries.
    pub rebuilds: u64,
}

/// The follower's task.
pub struct FollowerTask {
    /// The market that is followed.
    pub market: Market,
    /// The chain's client.
    pub client: Client,
    /// Where the events are written.
    pub store: Store,
    /// The transaction pipeline, which looks for its transactions in every block.
    pub pipeline: Option<PipelineHandle>,
    /// Settings of the follower.
    pub config: FollowerConfig,
    /// Where the state is published.
    pub state: watch::Sender<FollowState>,
}

impl FollowerTask {
    /// Follows until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            result = self.follow() => result,
        }
    }

    async fn follow(&self) -> Result<(), StoreError> {
        let provider = self.provider_context().await;
        // Events that an older program could not read, and what happened since a copy was made, are made
        // up for by a rebuild.
        let complete = self.store.read(unreadable::get).await?.is_none()
            && self.store.read(copies::restored_at).await?.is_none();
        let start = match self.store.cursor().await?.filter(|_| complete) {
            Some(cursor) => cursor,
            None => self.rebuild().await?,
        };
        let mut follower = Follower::new(self.client.clone(), start.height, self.config.clone());
        let mut status = follower.status();
        loop {
            let blocks = match self.next_batch(&mut follower, &mut status).await {
                Ok(blocks) => blocks,
                Err(FollowError::Pruned { wanted, lowest }) => {
                    tracing::warn!(
                        wanted,
                        lowest,
                        "blocks pruned by all nodes, rebuilding from queries"
                    );
                    let cursor = self.rebuild().await?;
                    follower.restart_from(cursor.height);
                    continue;
                }
                Err(error) => {
                    self.back_off(&error.to_string()).await;
                    continue;
                }
            };
            self.commit(&provider, &blocks, follower.head()).await?;
        }
    }

    /// The next blocks. While they do not come, the state has the follower's own reason at once.
    async fn next_batch(
        &self,
        follower: &mut Follower,
        status: &mut watch::Receiver<FollowStatus>,
    ) -> Result<Vec<Block>, FollowError> {
        let mut blocks = pin!(follower.next_batch(BATCH));
        loop {
            tokio::select! {
                blocks = &mut blocks => return blocks,
                Ok(()) = status.changed() => {
                    let now = status.borrow_and_update().clone();
                    self.state.send_if_modified(|state| {
                        let changed = state.last_error != now.last_error || state.head < now.head;
                        state.head = state.head.max(now.head);
                        state.last_error = now.last_error;
                        changed
                    });
                }
            }
        }
    }

    /// The provider's address and the orderbook's index; waits until the chain answers.
    async fn provider_context(&self) -> ProviderContext {
        loop {
            match self.market.controller_index().await {
                Ok(controller) => {
                    return ProviderContext {
                        address: self.market.provider().to_owned(),
                        controller,
                    };
                }
                Err(error) => self.back_off(&error.to_string()).await,
            }
        }
    }

    async fn rebuild(&self) -> Result<Cursor, StoreError> {
        loop {
            match rebuild::rebuild(&self.market, &self.client, &self.store).await {
                Ok(cursor) => {
                    self.state.send_modify(|state| {
                        state.rebuilds += 1;
                        state.height = cursor.height;
                        state.time = cursor.time;
                        state.last_error = None;
                    });
                    return Ok(cursor);
                }
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => self.back_off(&error.to_string()).await,
            }
        }
    }

    async fn commit(
        &self,
        provider: &ProviderContext,
        blocks: &[Block],
        head: u64,
    ) -> Result<(), StoreError> {
        let emitters = self.market.contracts().emitters();
        let mut unreadable = 0;
        let mut read = Vec::with_capacity(blocks.len());
        for block in blocks {
            let found = read_block(block, &emitters);
            for error in &found.unreadable {
                tracing::error!(height = block.height, %error, "event not readable, update souk-provider");
                unreadable += 1;
            }
            read.push((Cursor { height: block.height, time: block.time.seconds }, found));
        }
        let Some(last) = read.last().map(|(at, _)| *at) else { return Ok(()) };
        let provider = provider.clone();
        self.store.write(move |tx| put(tx, &provider, &read)).await?;
        failpoint!("chain::after_commit");
        if let Some(pipeline) = &self.pipeline {
            blocks.iter().for_each(|block| pipeline.saw_block(block));
        }
        self.state.send_modify(|state| {
            state.height = last.height;
            state.time = last.time;
            state.head = head.max(last.height);
            state.last_error = None;
            state.unreadable += unreadable;
        });
        Ok(())
    }

    async fn back_off(&self, error: &str) {
        tracing::warn!(error, "following the chain failed, retrying");
        self.state.send_modify(|state| state.last_error = Some(error.to_owned()));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Applies blocks one after another and moves the cursor to the last of them. The height of
/// events that could not be read is recorded.
pub(super) fn put(
    tx: &Tx<'_>,
    provider: &ProviderContext,
    blocks: &[(Cursor, MarketEvents)],
) -> Result<(), StoreError> {
    for (at, read) in blocks {
        apply(tx, provider, *at, &read.events)?;
        if !read.unreadable.is_empty() {
            unreadable::mark(tx, at.height)?;
        }
        cursor::set(tx, *at)?;
    }
    failpoint!("chain::before_commit");
    Ok(())
}
