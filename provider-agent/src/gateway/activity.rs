//! Whether a connection is in use: requests that are being answered, and whether the peer reads the
//! responses.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::watch, time};

/// A connection whose peer reads nothing of a response for this time is not in use.
const STALLED: Duration = Duration::from_secs(5);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseState {
    /// Nothing: no request, or none whose answer the peer reads.
    Idle {
        /// Since when.
        since: Instant,
    },
    /// A request of somebody who has not shown to have a lease.
    Busy {
        /// Since when it has requests.
        since: Instant,
    },
    /// A request of somebody with a lease.
    Tenant,
}

/// The activity of a connection.
#[derive(Debug)]
pub struct Activity {
    requests: watch::Sender<usize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the first request began or the last one ended.
    since: Instant,
    tenant: bool,
    /// The responses that wait for the peer, each with the time since when.
    waiting: HashMap<u64, Instant>,
    last_response: u64,
}

impl Activity {
    /// Of a connection without requests.
    pub fn new(now: Instant) -> Self {
        let state = State { since: now, tenant: false, waiting: HashMap::new(), last_response: 0 };
        Self { requests: watch::Sender::new(0), state: Mutex::new(state) }
    }

    /// Counts a request until the guard is dropped.
    pub fn begin(self: &Arc<Self>) -> RequestGuard {
        self.requests.send_modify(|count| {
            *count += 1;
            if *count == 1 {
                self.state.lock().since = Instant::now();
            }
        });
        RequestGuard(Arc::clone(self))
    }

    /// Records that whoever asks has a lease here.
    pub fn mark_tenant(&self) {
        self.state.lock().tenant = true;
    }

    /// What the connection is doing.
    pub fn use_state(&self, now: Instant) -> UseState {
        let requests = *self.requests.borrow();
        let state = self.state.lock();
        let oldest = state.waiting.values().min().copied();
        match oldest {
            Some(since) if now.saturating_duration_since(since) >= STALLED => {
                UseState::Idle { since }
            }
            _ if requests == 0 => UseState::Idle { since: state.since },
            _ if state.tenant => UseState::Tenant,
            _ => UseState::Busy { since: state.since },
        }
    }

    /// Returns when there was no request for `idle`, or when the peer read nothing of a response for
    /// `write`, such as an HTTP/2 peer that never opens its window.
    pub async fn ended(&self, idle: Duration, write: Duration) {
        tokio::select! {
            () = self.no_request(idle) => {}
            () = self.no_progress(write) => {}
        }
    }

    async fn no_request(&self, timeout: Duration) {
        let mut requests = self.requests.subscribe();
        // The sender is here, so that the channel never closes.
        while requests.wait_for(|count| *count == 0).await.is_ok() {
            if time::timeout(timeout, requests.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn no_progress(&self, timeout: Duration) {
        loop {
            let now = Instant::now();
            let oldest = self.state.lock().waiting.values().min().copied();
            let until = oldest.unwrap_or(now) + timeout;
            if until <= now {
                return;
            }
            time::sleep_until(until.into()).await;
        }
    }

    /// Adds a response, which waits from now on.
    pub fn begin_response(&self) -> u64 {
        let mut state = self.state.lock();
        state.last_response += 1;
        let number = state.last_response;
        state.waiting.insert(number, Instant::now());
        number
    }

    /// Sets whether a response waits for the peer.
    pub fn set_waiting(&self, response: u64, waits: bool) {
        let mut state = self.state.lock();
        if waits {
            state.waiting.insert(response, Instant::now());
        } else {
            state.waiting.remove(&response);
        }
    }
}

/// Counts one request until it is dropped.
#[derive(Debug)]
pub struct RequestGuard(Arc<Activity>);

impl RequestGuard {
    /// The connection's activity.
    pub fn activity(&self) -> &Activity {
        &self.0
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.requests.send_modify(|count| {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.state.lock().since = Instant::now();
            }
        });
    }
}
