//! The thread that owns the chain, and the handle by which others ask it to do things.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, oneshot};

use crate::chain::Chain;
use crate::chain::block::Block;
use crate::chain::clock::Timing;

/// How many blocks a slow listener may lag behind before it loses some.
const NOTICES: usize = 256;

type Job = Box<dyn FnOnce(&mut Chain) -> Flow + Send>;

enum Flow {
    Continue,
    Stop,
}

/// The chain's thread is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chain has stopped")]
pub struct Stopped;

/// Talks to the chain's thread; clones talk to the same.
#[derive(Clone)]
pub struct Node {
    jobs: mpsc::Sender<Job>,
    notices: broadcast::Sender<Arc<Block>>,
}

impl Node {
    /// Starts the thread; `build` makes the chain on it, since contracts' code cannot change threads.
    pub fn spawn<E: Send + 'static>(
        build: impl FnOnce() -> Result<Chain, E> + Send + 'static,
    ) -> Result<(Self, JoinHandle<()>), E> {
        let (jobs, inbox) = mpsc::channel();
        let (notices, _) = broadcast::channel(NOTICES);
        let node = Self { jobs, notices: notices.clone() };
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || match build() {
            Ok(mut chain) => {
                let first = chain.produce_block();
                let _ = notices.send(first);
                let _ = ready.send(Ok(()));
                run(chain, &inbox, &notices);
            }
            Err(err) => {
                let _ = ready.send(Err(err));
            }
        });
        match started.recv() {
            Ok(Err(err)) => Err(err),
            _ => Ok((node, thread)),
        }
    }

    /// Runs `job` on the chain's thread.
    pub async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Chain) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.jobs
            .send(Box::new(move |chain| {
                let _ = answer.send(job(chain));
                Flow::Continue
            }))
            .map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// Makes a block now and notifies the subscribers.
    pub async fn produce_block(&self) -> Result<Arc<Block>, Stopped> {
        let notices = self.notices.clone();
        self.call(move |chain| produce(chain, &notices)).await
    }

    /// Blocks as they are made.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Block>> {
        self.notices.subscribe()
    }

    /// Ends the thread after what it was asked before.
    pub fn stop(&self) {
        let _ = self.jobs.send(Box::new(|_| Flow::Stop));
    }
}

fn produce(chain: &mut Chain, notices: &broadcast::Sender<Arc<Block>>) -> Arc<Block> {
    let block = chain.produce_block();
    // Nobody listening is fine.
    let _ = notices.send(block.clone());
    block
}

fn run(mut chain: Chain, inbox: &mpsc::Receiver<Job>, notices: &broadcast::Sender<Arc<Block>>) {
    let mut due = next_due(&chain, Instant::now());
    loop {
        let job = match due {
            None => match inbox.recv() {
                Ok(job) => Some(job),
                Err(_) => return,
            },
            Some(at) => match inbox.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            },
        };
        if let Some(job) = job
            && let Flow::Stop = job(&mut chain)
        {
            return;
        }
        if due.is_some_and(|at| Instant::now() >= at) {
            if !chain.paused {
                produce(&mut chain, notices);
            }
            due = next_due(&chain, Instant::now());
        }
    }
}

fn next_due(chain: &Chain, now: Instant) -> Option<Instant> {
    match chain.clock().timing() {
        Timing::Timer { every } => Some(now + every.max(Duration::from_millis(1))),
        Timing::OnDemand { .. } => None,
    }
}
