//! What confirmations and audits found, for the health check and the metrics.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use souk_core::OrderId;
use tokio::sync::watch;

use crate::store::Pending;

/// How long a difference counts as an error of the agent's health after it was found.
const SHOWN: Duration = Duration::from_secs(3_600);
/// Undecided questions that are kept with their reason; of more only the first are.
const KEPT: usize = 100;
/// Differences that are kept with their text.
const RECENT: usize = 20;

/// The findings. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Findings(Arc<watch::Sender<FindingsState>>);

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct FindingsState {
    /// Questions on which the endpoints do not agree now, with who says what.
    pub undecided: BTreeMap<(Pending, u64), String>,
    /// Events of own leases' ends that the chain's state contradicted.
    pub contradicted: u64,
    /// Differences between the store and the chain.
    pub differences: u64,
    /// Own leases that ended since the provider was absent.
    pub absences: u64,
    /// The newest differences, the oldest first.
    recent: VecDeque<(Instant, String)>,
}

impl FindingsState {
    /// The errors now, for the health check.
    pub fn errors(&self) -> Vec<String> {
        let undecided = self.undecided.iter().map(|((kind, id), why)| match kind {
            Pending::LeaseEnd => format!("lease {id}: whether it ended is not decided, {why}"),
            _ => format!("{kind} {id}: {why}"),
        });
        let recent = self.recent.iter().filter(|(at, _)| at.elapsed() < SHOWN);
        undecided.chain(recent.map(|(_, text)| text.clone())).collect()
    }

    /// Why the chain's state is in doubt: the first question on which the endpoints do not agree.
    pub fn doubt(&self) -> Option<String> {
        let ((kind, id), why) = self.undecided.first_key_value()?;
        Some(format!("{kind} {id}: {why}"))
    }

    fn add(&mut self, text: String) {
        self.recent.retain(|(_, known)| *known != text);
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((Instant::now(), text));
    }
}

impl Default for Findings {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(FindingsState::default())))
    }
}

impl Findings {
    /// The findings now.
    pub fn now(&self) -> FindingsState {
        self.0.borrow().clone()
    }

    pub(in crate::market) fn undecided(&self, kind: Pending, id: u64, why: &str) {
        self.0.send_if_modified(|state| {
            let known = state.undecided.get(&(kind, id));
            if known.is_some_and(|known| known == why)
                || (known.is_none() && state.undecided.len() >= KEPT)
            {
                return false;
            }
            tracing::warn!(%kind, id, why, "endpoints do not agree, nothing changed");
            state.undecided.insert((kind, id), why.to_owned());
            true
        });
    }

    pub(in crate::market) fn decided(&self, kind: Pending, id: u64) {
        self.0.send_if_modified(|state| state.undecided.remove(&(kind, id)).is_some());
    }

    /// A lease was said to have ended, by an event or by one endpoint, and all endpoints say that it
    /// runs.
    pub(in crate::market) fn contradicted(&self, order: OrderId) {
        let text = format!(
            "lease {order} was said to have ended, and all endpoints say that it runs; find out which \
             endpoint of `chain.rpc` made it up"
        );
        tracing::error!(lease = %order, "end of a lease contradicted by all endpoints, ignored");
        self.0.send_modify(|state| {
            state.contradicted += 1;
            state.add(text);
        });
    }

    /// An own lease ended since the provider was absent.
    pub(in crate::market) fn absent(&self) {
        self.0.send_modify(|state| state.absences += 1);
    }

    pub(in crate::market) fn differs(&self, text: String) {
        tracing::error!(difference = text, "store and chain differ");
        self.0.send_modify(|state| {
            state.differences += 1;
            state.add(text);
        });
    }
}
