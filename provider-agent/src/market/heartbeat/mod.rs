//! Says on the chain that the provider is there, when nothing else of its messages did for a while: the pay of a
//! lease depends on it. It does so for as long as leases with a limit for absence run, paid or depleted, with
//! manifests or without, while the market is paused, before the store has caught up with the chain, and while the
//! lock cannot be renewed: an outage of the cluster's API is no absence. It stops when nothing runs of what is paid ([`decide`]).
//!
//! No endpoint's word of when the provider was last seen makes it silent alone: what the endpoint says that has it
//! least counts, and each is asked from time to time. Nor does one endpoint's refusal in the simulation. While the
//! store is behind, the time is what the endpoint says whose clock is least: one that runs ahead makes no heartbeats,
//! and one that lies the other way keeps them back until the store follows again.

mod money;
mod state;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use souk_chain::{PipelineHandle, tx::GasPrice};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use self::{money::Money, state::Stored};
use super::{
    ChainError, Market,
    audit::Findings,
    confirm,
    follow::FollowState,
    outbox::{self, Messages},
    upkeep::is_current,
};
use crate::{
    config::Seconds,
    model::{
        Cursor,
        health::Reporter,
        heartbeat::{Decision, Input, Standstill, asked_for, decide, is_silent, last_seen, unseen},
        interfaces::PodSource,
        presence::There,
    },
    store::{Store, StoreError, Topic, Tx, seen},
};

pub use state::HeartbeatState;

/// A round starts after this time without a block.
const TICK: Duration = Duration::from_secs(15);
/// For so long an endpoint is waited for that is asked for the chain's time.
const HEAD_WAIT: Duration = Duration::from_secs(5);
/// The least time between two rounds.
const MIN_INTERVAL: Duration = Duration::from_millis(200);

/// The task.
pub struct Heartbeats {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// Builds the messages.
    pub messages: Messages,
    /// The transaction pipeline, for the present price of gas.
    pub pipeline: PipelineHandle,
    /// The configured price, to which a raised one falls again.
    pub gas_price: GasPrice,
    /// The follower's state.
    pub following: watch::Receiver<FollowState>,
    /// The pods of the leases.
    pub pods: Arc<dyn PodSource>,
    /// The shortest limit of orders that are bid on, in seconds.
    pub least_limit: u64,
    /// Where the state is published.
    pub state: watch::Sender<HeartbeatState>,
    /// Where endpoints that differ are reported.
    pub findings: Findings,
    /// Where it is reported that pay is being lost.
    pub health: Reporter,
}

/// What is known in memory.
#[derive(Default)]
struct Memory {
    /// When the endpoints were asked, by block time.
    asked: Option<u64>,
    standstill: Standstill,
    money: Money,
    /// What was logged last, so that it is logged once.
    logged: Option<String>,
}

impl Heartbeats {
    /// Runs until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails; other errors are logged and the next round tries again.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut listener = self.store.listen(&[Topic::Cursor, Topic::Leases, Topic::Manifests]);
        let mut memory = Memory::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            let done = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                done = self.round(&mut memory) => done,
            };
            let problem = match done {
                Ok(problem) => problem,
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => Some(error.to_string()),
            };
            match &problem {
                Some(why) => self.health.failed(why),
                None => self.health.well(),
            }
            // Its figures change with each block.
            let kind = problem.as_deref().and_then(|why| why.split(':').next()).map(str::to_owned);
            if let Some(why) = problem.filter(|_| memory.logged != kind) {
                tracing::error!(why, "pay of leases is at stake");
            }
            memory.logged = kind;
            tokio::time::sleep(MIN_INTERVAL).await;
        }
    }

    /// One round; what is wrong, if anything is.
    async fn round(&self, memory: &mut Memory) -> Result<Option<String>, ChainError> {
        if is_current(&self.following.borrow()) {
            self.judge(|there| there.current = Some(Instant::now()));
        }
        let Some(stored) = self.store.read(Stored::read).await? else { return Ok(None) };
        let limit = stored.limit;
        memory.money.look(self, limit.unwrap_or(self.least_limit)).await;
        // It is served, and what it runs stands still, whether it has a limit or not.
        let runs = if stored.served == 0 { Some(true) } else { self.pods.any_runs() };
        let standstill = memory.standstill.record(stored.at.time, runs);
        let silent = limit.is_some_and(|limit| is_silent(limit, standstill));
        self.judge(|there| (there.silent, there.judged) = (silent, true));
        let Some(limit) = limit else {
            memory.asked = None;
            self.publish(stored.seen.at.map(|at| at.time));
            return Ok(None);
        };
        let now = self.now(&stored).await;
        self.judge(|there| there.head = now);
        let seen = self.seen(memory, &stored, limit, now).await?;
        self.publish(Some(seen));
        let beat = stored.seen.beat.map(|beat| beat.time);
        let in_flight = stored.in_flight;
        let input = Input { now, limit: Some(limit), seen, beat, in_flight, standstill };
        let decision = decide(&input);
        if decision == Decision::Send {
            self.send(stored.at, now).await?;
        }
        Ok(match (decision, unseen(limit, seen, now)) {
            (Decision::Stop, _) => Some(stopped(stored.served, standstill, limit)),
            (_, Some(unseen)) => Some(is_losing(unseen, limit)),
            (_, None) => None,
        })
    }

    /// The chain's time. While the store is behind, each endpoint is asked for it: what is due does not wait for old
    /// blocks. The least counts, so that one whose clock runs ahead makes no heartbeats; of those that have at least
    /// what the store has, so that one that trails holds none up.
    async fn now(&self, stored: &Stored) -> u64 {
        let Cursor { height, time } = stored.at;
        if is_current(&self.following.borrow()) {
            return time;
        }
        let clients = self.market.queries().client().each();
        let asked = clients.iter().map(|client| timeout(HEAD_WAIT, client.status()));
        let answers = join_all(asked).await.into_iter().filter_map(|answer| answer.ok()?.ok());
        let heads = answers.filter(|status| status.height >= height).filter_map(|one| one.time);
        heads.map(|head| head.seconds).min().map_or(time, |head| head.max(time))
    }

    /// When the chain last saw the provider. Each endpoint is asked at the start, and again after a part of the time
    /// from one heartbeat to the next; what the one says that has it least counts.
    async fn seen(
        &self,
        memory: &mut Memory,
        stored: &Stored,
        limit: u64,
        now: u64,
    ) -> Result<u64, ChainError> {
        let by_events = stored.seen.at.map(|at| at.time);
        let is_new = |asked: u64| now.checked_sub(asked).is_some_and(|age| age < asked_for(limit));
        if let (true, Some(seen)) = (memory.asked.is_some_and(is_new), by_events) {
            return Ok(seen);
        }
        let is_current = is_current(&self.following.borrow());
        // What endpoints that trail do not know yet is no contradiction.
        let height = if is_current { stored.at.height } else { 0 };
        let (said, failed) = confirm::seen(&self.market, height).await;
        let Some((endpoint, seen)) = said.into_iter().min_by_key(|(_, seen)| *seen) else {
            // By events it may be due all the same.
            let why = format!("when the chain last saw this provider is not known: {failed}");
            return by_events.ok_or(ChainError::Undecided(why));
        };
        if let Some(known) = by_events.filter(|known| is_current && *known > seen) {
            self.findings.differs(format!(
                "the chain last saw this provider at {seen} by {endpoint}, and at {known} by events; the \
                 earlier counts"
            ));
        }
        memory.asked = Some(now);
        let at = Cursor { height: stored.at.height, time: seen };
        let correct = move |tx: &Tx<'_>| {
            seen::correct(tx, at)?;
            seen::get(tx)
        };
        let known = self.store.write(correct).await?;
        Ok(last_seen(known.at.map(|at| at.time), seen))
    }

    async fn send(&self, at: Cursor, now: u64) -> Result<(), ChainError> {
        let msg = self.messages.heartbeat()?;
        let beat = Cursor { height: at.height, time: now };
        let sent = self.store.write(move |tx| {
            let is_new = outbox::send_urgent(tx, &outbox::heartbeat_key(beat), msg)?;
            // Also if there was one at this block and time: the next has another key, a while later.
            seen::set_beat(tx, beat)?;
            Ok::<_, StoreError>(is_new)
        });
        if sent.await? {
            tracing::info!(time = now, "heartbeat sent");
            self.state.send_modify(|state| state.sent += 1);
        }
        Ok(())
    }

    /// Publishes for the gateway what is known of whether it may say that the provider is there.
    fn judge(&self, change: impl FnOnce(&mut There)) {
        self.state.send_if_modified(|state| {
            change(&mut state.there);
            // Nobody waits for it.
            false
        });
    }

    fn publish(&self, seen: Option<u64>) {
        self.state.send_if_modified(|state| {
            let changed = state.seen_at != seen;
            state.seen_at = seen;
            changed
        });
    }
}

fn stopped(served: u64, standstill: u64, limit: u64) -> String {
    format!(
        "no heartbeat is sent: nothing runs of {served} leases that are paid, for {} by now; leases with a limit of {} \
         are not paid for that time if they are closed for it; see why no pod runs",
        Seconds(standstill),
        Seconds(limit)
    )
}

fn is_losing(unseen: u64, limit: u64) -> String {
    format!(
        "the chain did not see this provider: for {} by now; a lease with a limit of {} is not paid for more than a \
         quarter of it if it is closed for that; see why nothing gets into a block (`transactions`)",
        Seconds(unseen),
        Seconds(limit)
    )
}
