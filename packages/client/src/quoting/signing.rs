//! Signed prices: what the best are asked for, and what of it the chain would take.

use std::{collections::BTreeSet, time::Duration};

use souk_api::orderbook::Quote;
use tokio::time::{Instant, sleep};

use super::{
    Priced, Wanted,
    ask::{heard, said},
    choose::by_provider,
    gather::gather,
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
    let asks = asked.iter().map(|one| ask(market, wallet, wanted, one));
    let answers = gather(asks.collect(), SIGNING).await;
    let now = market.now().await?.1;
    let mut signed = Signed { groups: vec![SignedGroup::default(); wanted.groups.len()] };
    for (one, answer) in asked.iter().zip(answers) {
        let answers = heard(answer, SIGNING).and_then(|answer| judge::each(answer, one.len()));
        let mut answers = answers.map(Vec::into_iter);
        let mut nonces = BTreeSet::new();
        for (group, priced) in one {
            let whom = (wanted.whom(&wanted.groups[*group], market), now);
            let Priced { provider, offered } = priced;
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
            let of_group = &mut signed.groups[*group];
            match once {
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
) -> Result<souk_gateway::QuotesResponse, GatewayError> {
    let Some((_, Priced { provider, .. })) = one.first() else {
        return Ok(souk_gateway::QuotesResponse { answers: Vec::new() });
    };
    let token = wallet.token(market, &provider.provider, gateway::now());
    let token = token.map_err(|error| GatewayError::Answer(error.to_string()))?;
    let groups: Vec<usize> = one.iter().map(|(group, _)| *group).collect();
    gateway::client(provider)?.with_token(token).quotes(&wanted.request(&groups, true)).await
}
