//! Probing endpoints: each is asked for its status before it is used, and again, beside the
//! traffic, after its backoff.

use std::time::Instant;

use serde::de::IgnoredAny;
use serde_json::json;

use super::client::Client;
use super::error::EndpointFault;
use super::pool::Pool;
use super::transport::Reply;
use super::types::Status;
use super::types::StatusWire;

impl Client {
    /// Usable endpoints; probes only if there are none. Those whose backoff is over are probed
    /// in the background.
    pub(super) async fn usable_or_probe(&self) -> Vec<usize> {
        let (usable, due) = {
            let mut pool = self.inner.pool.lock();
            let usable = pool.usable();
            let due = match usable.is_empty() {
                true => Vec::new(),
                false => pool.claim_due(Instant::now()),
            };
            (self.allowed(&pool, usable), due)
        };
        self.spawn_probes(due);
        if usable.is_empty() {
            return self.probe_until_usable().await;
        }
        usable
    }

    /// A usable endpoint that is not among `asked`. Waits for first probes under way: what one
    /// node has not, another may have. None when all were asked.
    pub(super) async fn another_usable(&self, asked: &[usize]) -> Option<usize> {
        let mut usable = self.usable_or_probe().await;
        loop {
            let probed = self.inner.probed.notified();
            tokio::pin!(probed);
            probed.as_mut().enable();
            if let Some(index) = usable.into_iter().find(|i| !asked.contains(i)) {
                return Some(index);
            }
            {
                let pool = self.inner.pool.lock();
                usable = self.allowed(&pool, pool.usable());
                let news = usable.iter().any(|i| !asked.contains(i));
                if !news && !pool.any_unknown() {
                    return None;
                }
                if news {
                    continue;
                }
            }
            probed.await;
            usable = {
                let pool = self.inner.pool.lock();
                self.allowed(&pool, pool.usable())
            };
        }
    }

    /// Probes all endpoints at once and returns as soon as one is usable, so that one that hangs
    /// holds nobody up; returns none when all have failed.
    pub(super) async fn probe_until_usable(&self) -> Vec<usize> {
        let mut own_round = false;
        loop {
            let probed = self.inner.probed.notified();
            tokio::pin!(probed);
            // Registered before the look at the pool, so that no result is missed.
            probed.as_mut().enable();
            let claimed = {
                let mut pool = self.inner.pool.lock();
                let usable = self.allowed(&pool, pool.usable());
                if !usable.is_empty() {
                    return usable;
                }
                match (pool.any_probing(), own_round) {
                    (true, _) => Vec::new(),
                    (false, true) => return Vec::new(),
                    (false, false) => {
                        own_round = true;
                        pool.claim_all()
                    }
                }
            };
            self.spawn_probes(claimed);
            probed.await;
        }
    }

    /// Those that this client asks. One that is asked alone, for what it says of the state, need not have
    /// results of blocks.
    fn allowed(&self, pool: &Pool, usable: Vec<usize>) -> Vec<usize> {
        let alone = self.only().filter(|only| pool.is_without_results(*only));
        let allowed = usable.into_iter().filter(|index| self.may_ask(*index));
        allowed.chain(alone).collect()
    }

    pub(super) fn spawn_probes(&self, claimed: Vec<usize>) {
        for index in claimed {
            let client = self.clone();
            tokio::spawn(async move {
                let status = client.probe(index).await;
                let missing = match &status {
                    Ok(status) => client.missing_results(index, status.height).await,
                    Err(_) => None,
                };
                let mut pool = client.inner.pool.lock();
                match status.and_then(|status| pool.judge(index, &status)) {
                    Ok(()) => match missing.filter(|_| pool.has_another_good(index)) {
                        Some(fault) => pool.set_aside(index, fault, Instant::now()),
                        None => pool.mark_good(index),
                    },
                    Err(fault) => pool.set_aside(index, fault, Instant::now()),
                }
                pool.release(index);
                drop(pool);
                client.inner.probed.notify_waiters();
            });
        }
    }

    /// Whether an endpoint that had no results of blocks still has none. Others are not asked.
    async fn missing_results(&self, index: usize, height: u64) -> Option<EndpointFault> {
        if !self.inner.pool.lock().lacks_results(index) {
            return None;
        }
        let endpoint = self.inner.endpoints.get(index)?;
        let params = json!({"height": height.to_string()});
        match endpoint.post::<IgnoredAny>("block_results", &params).await {
            Ok(Reply::Error(error)) if error.keeps_no_results() => {
                Some(EndpointFault::NoResults { reason: error.data })
            }
            Ok(_) => None,
            Err(fault) => Some(fault),
        }
    }

    async fn probe(&self, index: usize) -> Result<Status, EndpointFault> {
        let endpoint =
            self.inner.endpoints.get(index).ok_or_else(|| EndpointFault::Malformed {
                reason: "no such endpoint".to_owned(),
            })?;
        match endpoint.post::<StatusWire>("status", &json!({})).await? {
            Reply::Result(wire) => Ok(wire.into()),
            Reply::Error(error) => {
                Err(EndpointFault::Malformed { reason: format!("status answered {error}") })
            }
        }
    }
}
