//! Whether what a gateway says counts. Pure: a gateway is a stranger, and may lie.

use souk_api::{
    orderbook::{MAX_OFFER, Quote, QuotedFor},
    registry::ProviderResponse,
};
use souk_core::{GroupSpec, attributes::check_claims, quote::MAX_VALIDITY, reclaim};
use souk_gateway::{
    QuoteAnswer,
    quote::{QuotesResponse, is_signed_by},
};

use super::{Wanted, candidates::floors, offer::Offered, words::short};

/// By how many seconds a quote may be made after the newest block that is known here: nodes are not all as far.
/// Whoever uses it waits for that second.
const AHEAD: u64 = 10;
/// For how many seconds a quote must still hold when it is asked for: it has to be signed and to come into a block.
const LEFT: u64 = 20;

/// The answers of a gateway, if there is one for each group.
pub(super) fn each(answer: QuotesResponse, groups: usize) -> Result<Vec<QuoteAnswer>, String> {
    if answer.answers.len() == groups {
        return Ok(answer.answers);
    }
    Err(format!("its gateway gave {} answers about {groups} groups", answer.answers.len()))
}

/// What a provider would run a group for. `now` is the newest block's time.
///
/// # Errors
/// Why it will not, in its own words, or why its answer does not count.
pub(super) fn unsigned(
    answer: QuoteAnswer,
    spec: &GroupSpec,
    wanted: &Wanted,
    provider: &ProviderResponse,
    now: u64,
) -> Result<Offered, String> {
    let offered = match answer {
        QuoteAnswer::Offered { price, offer, reclamation_window } => {
            Offered { price, offer, reclamation_window }
        }
        QuoteAnswer::Declined { reason } => return Err(short(&reason)),
        QuoteAnswer::Signed(_) => {
            return Err("its gateway signed what nobody asked it to sign".to_owned());
        }
    };
    check(&offered, spec, wanted, provider, now)?;
    Ok(offered)
}

/// What the chain holds a price against.
fn check(
    offered: &Offered,
    spec: &GroupSpec,
    wanted: &Wanted,
    provider: &ProviderResponse,
    now: u64,
) -> Result<(), String> {
    let Offered { price, offer, reclamation_window } = offered;
    let (price, ceiling) = (*price, spec.ceiling);
    if price > ceiling {
        return Err(format!("its price of {price} is above your highest, {ceiling}"));
    }
    if wanted.min_price.is_some_and(|least| price < least) {
        return Err(format!("its price of {price} is below the least that the market takes"));
    }
    let floor = floors(provider, now).iter().find(|floor| floor.denom == wanted.denom);
    if floor.is_some_and(|floor| price.u128() < floor.of(spec)) {
        return Err(format!("its price of {price} is below its own floor in the registry"));
    }
    check_claims(offer, MAX_OFFER).map_err(|error| short(&format!("its offer: {error}")))?;
    let fits = match (&wanted.reclamation, reclamation_window) {
        (None, None) => true,
        (Some(asked), Some(window)) => reclaim::is_window(*window) && *window >= asked.min_window,
        _ => false,
    };
    if !fits {
        return Err("the notice that it offers is not the one that you ask for".to_owned());
    }
    Ok(())
}

/// A quote, if the chain would take it now and it says no less than the price that its provider gave before.
///
/// # Errors
/// Why its provider does not sign, or why its answer does not count.
pub(super) fn signed(
    answer: QuoteAnswer,
    before: &Offered,
    wanted: &Wanted,
    provider: &ProviderResponse,
    (whom, now): (QuotedFor<'_>, u64),
) -> Result<Quote, String> {
    let quote = match answer {
        QuoteAnswer::Signed(quote) => *quote,
        QuoteAnswer::Declined { reason } => return Err(short(&reason)),
        QuoteAnswer::Offered { .. } => {
            return Err(
                "its gateway did not sign: it can't have all that was asked of it".to_owned()
            );
        }
    };
    if quote.provider != provider.provider {
        return Err("its gateway sent somebody else's quote".to_owned());
    }
    let offered = Offered {
        price: quote.price,
        offer: quote.offer.clone(),
        reclamation_window: quote.reclamation_window,
    };
    if offered.price > before.price {
        let (price, said) = (offered.price, before.price);
        return Err(format!("it signs for {price} what it offered for {said}"));
    }
    if (&offered.offer, offered.reclamation_window) != (&before.offer, before.reclamation_window) {
        return Err("it signs something else than it offered".to_owned());
    }
    check(&offered, whom.spec, wanted, provider, now)?;
    if quote.max_take_bps < wanted.take_bps {
        return Err("it does not agree with the market's take rate".to_owned());
    }
    timely(&quote, now)?;
    let is_signed = |key: &cosmwasm_std::HexBinary| is_signed_by(&quote, key, whom);
    if !provider.quote_key.as_ref().is_some_and(is_signed) {
        return Err("its quote is not signed with its key for this deployment".to_owned());
    }
    Ok(quote)
}

/// Whether a quote can be used at `now` and for a while, block time.
fn timely(quote: &Quote, now: u64) -> Result<(), String> {
    let Quote { issued_at, valid_until, .. } = *quote;
    if issued_at > now.saturating_add(AHEAD) {
        return Err(format!("its quote is of second {issued_at}, and it is {now}"));
    }
    if valid_until < now.saturating_add(LEFT) {
        return Err(format!("its quote holds until second {valid_until}, and it is {now}"));
    }
    if valid_until.saturating_sub(issued_at) > MAX_VALIDITY {
        return Err(format!("its quote holds for longer than {MAX_VALIDITY} s"));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
