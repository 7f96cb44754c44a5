//! How a follower goes about it, how it is doing, and why it cannot go on.

use std::time::{Duration, Instant};

use crate::rpc::RpcError;

/// How a follower goes about it.
#[derive(Debug, Clone)]
pub struct FollowerConfig {
    /// Blocks that are fetched at once while catching up.
    pub window: usize,
    /// How often the head is asked for when nothing wakes the follower earlier.
    pub poll: Duration,
    /// First wait after a failed attempt; doubles up to `max_backoff`.
    pub first_backoff: Duration,
    /// Longest wait after failed attempts.
    pub max_backoff: Duration,
    /// A node whose head is this far below the cursor is reported as an error, not waited for.
    pub max_behind: u64,
    /// Also listen on a websocket, to hear of new blocks earlier.
    pub websocket: bool,
}

impl Default for FollowerConfig {
    fn default() -> Self {
        Self {
            window: 8,
            poll: Duration::from_secs(2),
            first_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(15),
            max_behind: 20,
            websocket: true,
        }
    }
}

/// Why the next block cannot be had. The follower stays where it is; calling again tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The block was deleted everywhere: rebuild from queries pinned to one height, and follow
    /// from there.
    #[error(
        "the block at height {wanted} was pruned, the lowest that is left is {lowest}; rebuild \
         from queries pinned to one height and follow from there"
    )]
    Pruned {
        /// The next height.
        wanted: u64,
        /// The lowest height that any endpoint has.
        lowest: u64,
    },
    /// The chain's head is below the cursor: the nodes were reset, or it is another chain.
    #[error(
        "the chain's head is at height {head}, below the cursor {cursor}: the nodes were reset \
         or are far behind"
    )]
    HeadBehindCursor {
        /// The head.
        head: u64,
        /// The last height that was yielded.
        cursor: u64,
    },
    /// Every endpoint is on another chain.
    #[error(transparent)]
    WrongChain(RpcError),
}

/// How a follower is doing, for alerts.
#[derive(Debug, Clone)]
pub struct FollowStatus {
    /// The last height that was yielded.
    pub cursor: u64,
    /// The chain's head as last seen; 0 before the first look.
    pub head: u64,
    /// When a block was last yielded, or when the follower was made.
    pub last_progress: Instant,
    /// The error that it is waiting out at the moment, if any.
    pub last_error: Option<String>,
}
