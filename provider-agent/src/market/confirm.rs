//! Asks every configured endpoint about what can't be undone: that a lease ended, that an account
//! pays for less time than the store believes. One endpoint's event or answer is never enough where
//! another can be asked.

use std::time::Duration;

use futures::future::join_all;
use souk_client::market::MarketError;
use souk_core::{AccountId, OrderId};
use tokio::time::timeout;

use super::{Market, rebuild::clock};
use crate::model::{
    AccountClock,
    agreement::{Agreement, Answer, agree},
    audit::LeaseWord,
};

/// For this time each endpoint is waited for; one that hangs holds up no question for longer.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What all endpoints say of an own lease, in the state after block `height`.
pub async fn lease(market: &Market, order: OrderId, height: u64) -> Agreement<LeaseWord> {
    let ask = |one: Market| async move { one.own_lease(order).await };
    agree(&ask_each(market, height, ask, |lease| LeaseWord::of(lease.as_ref())).await)
}

/// What all endpoints say of an account, in the state after block `height`.
pub async fn account(market: &Market, id: AccountId, height: u64) -> Agreement<AccountClock> {
    let ask = |one: Market| async move { one.escrow.account(id).await };
    agree(&ask_each(market, height, ask, |found| clock(&found, height)).await)
}

/// When each endpoint says that the chain last saw the provider, in the state after block `height`; and why the
/// others have no answer.
pub async fn seen(market: &Market, height: u64) -> (Vec<(String, u64)>, String) {
    let ask = |one: Market| async move { one.provider_stats().await };
    let answers = ask_each(market, height, ask, |stats| stats.seen.0).await;
    let (mut said, mut failed) = (Vec::new(), Vec::new());
    for Answer { endpoint, word } in answers {
        match word {
            Ok(seen) => said.push((endpoint, seen)),
            Err(why) => failed.push(format!("{endpoint}: {why}")),
        }
    }
    (said, failed.join("; "))
}

/// Asks all endpoints at once; `height` 0 is each one's newest state.
async fn ask_each<T, W, F>(
    market: &Market,
    height: u64,
    ask: impl Fn(Market) -> F,
    word: impl Fn(T) -> W,
) -> Vec<Answer<W>>
where
    F: Future<Output = Result<T, MarketError>>,
{
    let each = market.each();
    let endpoints: Vec<String> = each.iter().map(Market::endpoints).collect();
    let pinned = |one: Market| if height == 0 { one } else { one.at(height) };
    let questions = each.into_iter().map(|one| timeout(MAX_WAIT, ask(pinned(one))));
    let said = join_all(questions).await.into_iter().map(|said| match said {
        Ok(said) => said.map(&word).map_err(|error| error.to_string()),
        Err(_) => Err(format!("nothing within {} seconds", MAX_WAIT.as_secs())),
    });
    endpoints.into_iter().zip(said).map(|(endpoint, word)| Answer { endpoint, word }).collect()
}
