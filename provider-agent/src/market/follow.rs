//! Follows the chain into the store: events of a block and the cursor in one transaction,
//! many blocks in one while catching up. A height that cannot be had is waited for.

use std::time::Duration;

use souk_chain::{
    Block, Client, Follower, PipelineHandle,
    follower::{FollowError, FollowerConfig},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{ChainError, Market, Read, Scope, apply, read_block, rebuild};
use crate::{
    failpoint,
    model::Cursor,
    store::{Store, StoreError, Tx, cursor, unread},
};

/// Most blocks in one transaction.
const BATCH: usize = 100;

/// How following goes, for the health check and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowState {
    /// The last block in the store.
    pub height: u64,
    /// Its time.
    pub time: u64,
    /// The chain's head as last seen.
    pub head: u64,
    /// What is waited out at present.
    pub trouble: Option<String>,
    /// Events of the configured contracts that could not be read so far.
    pub unreadable: u64,
    /// How often the store was rebuilt from queries.
    pub rebuilds: u64,
}

/// The follower's task.
pub struct Following {
    /// The market that is followed.
    pub market: Market,
    /// The chain's client.
    pub client: Client,
    /// Where events go.
    pub store: Store,
    /// Is shown every block.
    pub pipeline: Option<PipelineHandle>,
    /// How the follower goes about it.
    pub config: FollowerConfig,
    /// Told how it goes.
    pub state: watch::Sender<FollowState>,
}

impl Following {
    /// Follows until stopped. Ends with an error only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            result = self.follow() => result,
        }
    }

    async fn follow(&self) -> Result<(), StoreError> {
        let scope = self.scope().await;
        // What an older program passed over is made up by queries.
        let complete = self.store.read(unread::get).await?.is_none();
        let start = match self.store.cursor().await?.filter(|_| complete) {
            Some(cursor) => cursor,
            None => self.rebuild().await?,
        };
        let mut follower = Follower::new(self.client.clone(), start.height, self.config.clone());
        loop {
            let blocks = match follower.next_batch(BATCH).await {
                Ok(blocks) => blocks,
                Err(FollowError::Pruned { wanted, lowest }) => {
                    tracing::warn!(wanted, lowest, "blocks are gone; rebuilding from queries");
                    let cursor = self.rebuild().await?;
                    follower.restart_from(cursor.height);
                    continue;
                }
                Err(error) => {
                    self.wait_out(&error.to_string()).await;
                    continue;
                }
            };
            self.commit(&scope, &blocks, follower.head()).await?;
        }
    }

    /// What does not change while the agent runs; waits for the chain as long as it takes.
    async fn scope(&self) -> Scope {
        loop {
            match self.market.controller_index().await {
                Ok(controller) => {
                    return Scope { provider: self.market.provider().to_owned(), controller };
                }
                Err(error) => self.wait_out(&error.to_string()).await,
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
                        state.trouble = None;
                    });
                    return Ok(cursor);
                }
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => self.wait_out(&error.to_string()).await,
            }
        }
    }

    async fn commit(&self, scope: &Scope, blocks: &[Block], head: u64) -> Result<(), StoreError> {
        let contracts = self.market.contracts();
        let mut unreadable = 0;
        let mut read = Vec::with_capacity(blocks.len());
        for block in blocks {
            let found = read_block(block, contracts);
            for error in &found.unreadable {
                tracing::error!(height = block.height, %error, "event of a newer contract?");
                unreadable += 1;
            }
            read.push((Cursor { height: block.height, time: block.time.seconds }, found));
        }
        let Some(last) = read.last().map(|(at, _)| *at) else { return Ok(()) };
        let scope = scope.clone();
        self.store.write(move |tx| put(tx, &scope, &read)).await?;
        failpoint!("chain::after_commit");
        if let Some(pipeline) = &self.pipeline {
            blocks.iter().for_each(|block| pipeline.saw_block(block));
        }
        self.state.send_modify(|state| {
            state.height = last.height;
            state.time = last.time;
            state.head = head.max(last.height);
            state.trouble = None;
            state.unreadable += unreadable;
        });
        Ok(())
    }

    async fn wait_out(&self, trouble: &str) {
        tracing::warn!(%trouble, "the chain cannot be followed at present");
        self.state.send_modify(|state| state.trouble = Some(trouble.to_owned()));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Blocks one after another, and the cursor at the last of them. What could not be read is not
/// waited for, but remembered.
pub(super) fn put(tx: &Tx<'_>, scope: &Scope, blocks: &[(Cursor, Read)]) -> Result<(), StoreError> {
    for (at, read) in blocks {
        apply(tx, scope, *at, &read.events)?;
        if !read.unreadable.is_empty() {
            unread::mark(tx, at.height)?;
        }
        cursor::set(tx, *at)?;
    }
    failpoint!("chain::before_commit");
    Ok(())
}
