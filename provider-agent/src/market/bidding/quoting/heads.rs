//! Asks the chain's endpoints for the time of their newest blocks, before something is signed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use tokio::{sync::Mutex, time::timeout};

use crate::{market::Market, model::quoting::heads::Heads};

/// For this time an answer is given again.
const MAX_AGE: Duration = Duration::from_secs(5);
/// For so long an endpoint is waited for.
const WAIT: Duration = Duration::from_secs(2);

/// The endpoints' times. Whoever asks while they are asked waits for that answer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HeadTimes {
    market: Market,
    last: Arc<Mutex<Option<(Instant, Heads)>>>,
}

impl HeadTimes {
    /// Of this market's endpoints.
    pub fn new(market: Market) -> Self {
        Self { market, last: Arc::default() }
    }

    /// The times, a few seconds old at most.
    pub async fn get(&self) -> Heads {
        let mut last = self.last.lock().await;
        if let Some((_, heads)) = last.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE) {
            return heads.clone();
        }
        let heads = ask(&self.market).await;
        // What failed is asked again by whoever comes next.
        if heads.times.len() == heads.endpoints {
            *last = Some((Instant::now(), heads.clone()));
        }
        heads
    }
}

async fn ask(market: &Market) -> Heads {
    let each = market.each();
    let endpoints = each.len();
    let asked = each.iter().map(|one| timeout(WAIT, one.queries().client().status()));
    let said = join_all(asked).await.into_iter();
    let times = said.filter_map(|said| Some(said.ok()?.ok()?.time?.seconds)).collect();
    Heads { times, endpoints }
}
