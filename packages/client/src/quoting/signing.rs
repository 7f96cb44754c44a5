//! Signed prices: what the best are asked for, and what of it the chain would take.

use std::{collections::BTreeSet, time::Duration};

use souk_api::orderbook::Quote;
use souk_gateway::QuotesResponse;
use tokio::time::{Instant, sleep};

use super::{
    Priced, Wanted,
    ask::{heard, said},
    choose::by_provider,
    gather::gather_enough,
    judge,
};
use crate::{
    error::{Error, GatewayError},
    gateway::{self, NoBid},
    market::Market,
    wallet::Wallet,
};

/// How long those who are asked to sign have for it: they write it down first, and may ask their chain.
pub const SIGNING: Duration = Duration::from_secs(5);

/// How long the node that is asked here may be behind a provider's.
const BEHIND: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// How long others still have once there is a quote for each group.
const FURTHER: Duration = Duration::from_secs(1);

/// What was signed for a group.
#[derive(Clone, Debug, Default)]
pub struct SignedGroup {
    /// The lowest first.
    pub quotes: Vec<Quote>,
    /// Why others did not sign.
    pub others: Vec<NoBid>,
}

/// What was signed.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// For each group that is wanted, in their order.
    pub groups: Vec<SignedGroup>,
}

/// Asks for signed quotes: for each group those of `wishes`, with their prices, all at once. Each that comes back is
/// checked against the registry, the market, what is wanted, and the price before. Nothing is spent. The wallet is who
/// asks; the quotes are for the tenant of `wanted`.
///
/// # Errors
/// If the chain does not answer. What a gateway does not sign as it should is a reason among `others`.
pub async fn sign(
    market: &Market,
    wallet: &Wallet,
    wanted: &Wanted,
    wishes: &[Vec<Priced>],
) -> Result<Signed, Error> {
    let asked = by_provider(wishes);
    let now = market.now().await?.1;
    let asks = asked.iter().map(|one| async move {
        let answer = heard(Some(ask(market, wallet, wanted, one).await), SIGNING);
        judged(market, wanted, one, answer, now)
    });
    let mut open: BTreeSet<usize> = (0..wanted.groups.len()).collect();
    let answers = gather_enough(asks.collect(), (SIGNING, FURTHER), |answers: &Vec<Answer>| {
        for (group, answer) in answers {
            if answer.is_ok() {
                open.remove(group);
            }
        }
        open.is_empty()
    });
    let mut signed = Signed { groups: vec![SignedGroup::default(); wanted.groups.len()] };
    for (one, answers) in asked.iter().zip(answers.await) {
        let Some((_, Priced { provider, .. })) = one.first() else { continue };
        let late = || judged(market, wanted, one, heard(None, SIGNING), now);
        for (group, answer) in answers.unwrap_or_else(late) {
            let of_group = &mut signed.groups[group];
            match answer {
                Ok(quote) => of_group.quotes.push(quote),
                Err(reason) => of_group.others.push(said(provider, reason)),
            }
        }
    }
    for group in &mut signed.groups {
        group.quotes.sort_by_key(|quote| quote.price);
    }
    Ok(signed)
}

/// What a provider signed for a group, by its place, or why that does not count.
type Answer = (usize, Result<Quote, String>);

/// What a provider signed for each of its groups.
fn judged(
    market: &Market,
    wanted: &Wanted,
    one: &[(usize, Priced)],
    answer: Result<QuotesResponse, String>,
    now: u64,
) -> Vec<Answer> {
    let answers = answer.and_then(|answer| judge::each(answer, one.len()));
    let mut answers = answers.map(Vec::into_iter);
    let mut nonces = BTreeSet::new();
    let mut all = Vec::new();
    for (group, Priced { provider, offered }) in one {
        let whom = (wanted.whom(&wanted.groups[*group], market), now);
        let judged = match &mut answers {
            Ok(answers) => answers
                .next()
                .ok_or_else(String::new)
                .and_then(|answer| judge::signed(answer, offered, wanted, provider, whom)),
            Err(reason) => Err(reason.clone()),
        };
        // The chain would take the first alone.
        let once = judged.and_then(|quote| match nonces.insert(quote.nonce) {
            true => Ok(quote),
            false => Err("it signed two groups as one".to_owned()),
        });
        all.push((*group, once));
    }
    all
}

/// Waits until there is a block of that second, and gives its height and time: a quote is refused before it was
/// made, and its provider's node may be ahead of this one.
///
/// # Errors
/// If the chain does not answer. A block that does not come is not waited for: the chain says then what is wrong.
pub async fn wait_for(market: &Market, second: u64) -> Result<(u64, u64), Error> {
    let begun = Instant::now();
    loop {
        let (height, time) = market.now().await?;
        if time >= second || begun.elapsed() > BEHIND {
            return Ok((height, time));
        }
        sleep(POLL).await;
    }
}

async fn ask(
    market: &Market,
    wallet: &Wallet,
    wanted: &Wanted,
    one: &[(usize, Priced)],
) -> Result<QuotesResponse, GatewayError> {
    let Some((_, Priced { provider, .. })) = one.first() else {
        return Ok(QuotesResponse { answers: Vec::new() });
    };
    let token = wallet.token(market, &provider.provider, gateway::now());
    let token = token.map_err(|error| GatewayError::Answer(error.to_string()))?;
    let groups: Vec<usize> = one.iter().map(|(group, _)| *group).collect();
    gateway::client(provider)?.with_token(token).quotes(&wanted.request(&groups, true)).await
}
