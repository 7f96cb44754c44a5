//! Yields every block from a cursor on, in order and without a gap.
//!
//! While it is behind, it fetches several blocks ahead at once and still yields them in order.
//! A height that cannot be fetched is tried again until it can; it is never passed. The caller
//! stores the cursor together with the effects of the block.

mod block;
mod config;
mod fetch;

use std::time::Instant;

use futures::FutureExt;
use futures::stream::{FuturesOrdered, StreamExt};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::rpc::{Client, NewBlockSignal, RpcError, listen_for_blocks};

pub use block::{Block, BlockTx, Source};
pub use config::{FollowError, FollowStatus, FollowerConfig};
use fetch::Fetch;

/// Follows one chain. See the module.
#[derive(Debug)]
pub struct Follower {
    client: Client,
    config: FollowerConfig,
    cursor: u64,
    /// The next height to start fetching; heights between `cursor` and it are under way.
    next_fetch: u64,
    head: u64,
    pending: FuturesOrdered<Fetch>,
    signal: NewBlockSignal,
    status: watch::Sender<FollowStatus>,
    stop_listening: CancellationToken,
    listening: bool,
    failures: u32,
}

impl Follower {
    /// The first block that it yields is `cursor + 1`.
    pub fn new(client: Client, cursor: u64, config: FollowerConfig) -> Self {
        let (status, _) = watch::channel(FollowStatus {
            cursor,
            head: 0,
            last_progress: Instant::now(),
            last_error: None,
        });
        Self {
            client,
            config,
            cursor,
            next_fetch: cursor.saturating_add(1),
            head: 0,
            pending: FuturesOrdered::new(),
            signal: NewBlockSignal::default(),
            status,
            stop_listening: CancellationToken::new(),
            listening: false,
            failures: 0,
        }
    }

    /// The last height that was yielded.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The chain's head as last seen; 0 before the first look.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Raising this makes the follower look for a new block at once.
    pub fn signal(&self) -> NewBlockSignal {
        self.signal.clone()
    }

    /// How it is doing; changes with each block and each failed attempt.
    pub fn status(&self) -> watch::Receiver<FollowStatus> {
        self.status.subscribe()
    }

    /// Goes on from another height, after the caller rebuilt its state from queries at `cursor`.
    pub fn restart_from(&mut self, cursor: u64) {
        self.cursor = cursor;
        self.forget_pending();
        self.status.send_modify(|s| s.cursor = cursor);
    }

    /// The next block; waits for it as long as it takes. May be dropped and called again at any
    /// time without losing a block.
    ///
    /// # Errors
    /// If the block is pruned everywhere, the head is far below the cursor, or every endpoint is on another
    /// chain. Everything else is waited out.
    pub async fn next(&mut self) -> Result<Block, FollowError> {
        self.listen();
        loop {
            self.top_up();
            let Some((height, result)) = self.pending.next().await else {
                self.wait_for_head().await?;
                continue;
            };
            match result {
                Ok(block) => {
                    self.cursor = height;
                    self.failures = 0;
                    self.progressed();
                    return Ok(block);
                }
                Err(error) => {
                    // What was fetched behind the failure is fetched again: order comes first.
                    self.forget_pending();
                    self.give_up_or_back_off(error).await?;
                }
            }
        }
    }

    /// The next block, as [`Follower::next`], and up to `max` in all of those that are fetched
    /// already, so that many can be stored at once while catching up.
    ///
    /// # Errors
    /// As [`Follower::next`].
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<Block>, FollowError> {
        let mut blocks = vec![self.next().await?];
        while blocks.len() < max {
            self.top_up();
            match self.pending.next().now_or_never().flatten() {
                Some((height, Ok(block))) => {
                    self.cursor = height;
                    self.progressed();
                    blocks.push(block);
                }
                Some((_, Err(_))) => {
                    // The next call tries again, and reports it if it stays.
                    self.forget_pending();
                    break;
                }
                None => break,
            }
        }
        Ok(blocks)
    }

    fn top_up(&mut self) {
        while self.pending.len() < self.config.window.max(1) && self.next_fetch <= self.head {
            self.pending.push_back(Fetch::start(&self.client, self.next_fetch));
            self.next_fetch = self.next_fetch.saturating_add(1);
        }
    }

    fn forget_pending(&mut self) {
        self.pending = FuturesOrdered::new();
        self.next_fetch = self.cursor.saturating_add(1);
    }

    /// Looks at the head; waits if it has nothing new.
    async fn wait_for_head(&mut self) -> Result<(), FollowError> {
        match self.client.status().await {
            Ok(status) => {
                self.head = status.height;
                self.status.send_modify(|s| {
                    s.head = status.height;
                    s.last_error = None;
                });
                let next = self.cursor.saturating_add(1);
                if status.earliest_height > next {
                    // Another endpoint may still have it: fetching finds out.
                    self.head = self.head.max(next);
                }
                if self.head.saturating_add(self.config.max_behind) < self.cursor {
                    return Err(self.report(FollowError::HeadBehindCursor {
                        head: self.head,
                        cursor: self.cursor,
                    }));
                }
                if self.head < next {
                    self.signal.wait(self.config.poll).await;
                }
                Ok(())
            }
            Err(error) => self.give_up_or_back_off(error).await,
        }
    }

    async fn give_up_or_back_off(&mut self, error: RpcError) -> Result<(), FollowError> {
        match error {
            RpcError::Pruned { height, lowest } => {
                Err(self.report(FollowError::Pruned { wanted: height, lowest }))
            }
            wrong @ RpcError::WrongChain { .. } => Err(self.report(FollowError::WrongChain(wrong))),
            // The head was shown before it could be served: not an error yet.
            RpcError::NotYet { .. } if self.failures == 0 => {
                self.failures = 1;
                self.signal.wait(self.config.first_backoff).await;
                Ok(())
            }
            other => {
                let wait = crate::rpc::backoff(
                    self.config.first_backoff,
                    self.config.max_backoff,
                    self.failures,
                );
                self.failures = self.failures.saturating_add(1);
                tracing::warn!(cursor = self.cursor, error = %other, ?wait, "next block not available");
                self.status.send_modify(|s| s.last_error = Some(other.to_string()));
                self.signal.wait(wait).await;
                Ok(())
            }
        }
    }

    fn report(&self, error: FollowError) -> FollowError {
        self.status.send_modify(|s| s.last_error = Some(error.to_string()));
        error
    }

    fn progressed(&self) {
        let (cursor, head) = (self.cursor, self.head.max(self.cursor));
        self.status.send_modify(|s| {
            *s = FollowStatus { cursor, head, last_progress: Instant::now(), last_error: None };
        });
    }

    fn listen(&mut self) {
        if self.config.websocket && !self.listening {
            self.listening = true;
            tokio::spawn(listen_for_blocks(
                self.client.clone(),
                self.signal.clone(),
                self.stop_listening.clone(),
            ));
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop_listening.cancel();
    }
}
