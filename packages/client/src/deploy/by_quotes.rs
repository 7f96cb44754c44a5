//! A deployment whose leases begin with it, by prices that providers sign off chain.

use std::{io, sync::Arc, time::Instant};

use souk_api::orderbook::{ConfigResponse, Quote};

use super::{
    Created, Deployed, Leased, Offer, Offers, Pick, Progress, Request, create_with_quotes, go_on,
    quotes::{Asking, Quotes, SHOWN, no_such_quote, quotes, wanted},
};
use crate::{
    error::Error,
    home::Home,
    market::Market,
    quoting::{self, SignedGroup},
    wallet::Wallet,
};

/// How often quotes are asked for: once more if the chain refuses the first.
const ATTEMPTS: usize = 2;

/// What came of it.
#[derive(Debug)]
pub enum ByQuotes {
    /// The leases run.
    Deployed(Deployed, Leased),
    /// There is no quote for some group, or the chain took none: an order can be opened instead. Nothing was created
    /// and nothing spent.
    NotQuoted {
        /// Why.
        why: String,
        /// Whom the tenant had picked by a row of the table, which an order's bids do not have.
        pick: Option<Pick>,
    },
    /// The tenant chose none; nothing was created and nothing spent.
    NotChosen,
}

/// Deploys by quotes: asks for prices, lets one be chosen for each group, has them signed, creates deployment and
/// leases in one transaction, sends the manifests, waits until all is ready. `choose` picks one of a group's prices, or
/// none, where the request does not.
///
/// # Errors
/// Before there is a deployment, why there is none: if it may be there all the same, that says so, and nothing else is
/// tried. After that [`Error::Unfinished`].
pub async fn by_quotes(
    (market, config): (&Market, &ConfigResponse),
    wallet: &Arc<Wallet>,
    home: &Home,
    request: &Request,
    mut choose: impl FnMut(&Quotes) -> io::Result<Option<Offer>>,
    mut report: impl FnMut(Progress<'_>),
) -> Result<ByQuotes, Error> {
    let begun = Instant::now();
    let only = match &request.pick {
        Some(Pick::Provider(provider)) => Some(provider.as_str()),
        _ => None,
    };
    let wanted = wanted(&request.plan, &wallet.address, config)?;
    let asking = quotes(market, wanted, only, SHOWN).await?;
    let collected_ms = begun.elapsed().as_millis();
    asking.quotes.iter().for_each(|quotes| report(Progress::Quotes(quotes)));
    if let Some(none) = asking.quotes.iter().find(|quotes| quotes.offers.is_empty()) {
        return Ok(not_quoted(format!("nobody quotes a price for group {}", none.group), request));
    }
    let chosen = match chosen(&asking, request, &mut choose)? {
        Chosen::Lowest => vec![None; asking.quotes.len()],
        Chosen::These(offers) => offers.into_iter().map(Some).collect(),
        Chosen::NoSuch(why) => return Ok(not_quoted(why, request)),
        Chosen::Nothing => return Ok(ByQuotes::NotChosen),
    };
    let begun = Instant::now();
    let (created, quotes, mut leased) =
        match create(market, wallet, home, request, (&asking, &chosen), &mut report).await? {
            Ok(created) => created,
            Err(why) => {
                let one = chosen.first().cloned().flatten().filter(|_| chosen.len() == 1);
                let row = matches!(request.pick, Some(Pick::Row(_)));
                let pick = one.filter(|_| row).map(|offer| Pick::Provider(offer.provider));
                let pick = pick.or_else(|| request.pick.clone().filter(|_| !row));
                return Ok(ByQuotes::NotQuoted { why, pick });
            }
        };
    leased.collected_ms = collected_ms;
    leased.leased_ms = begun.elapsed().as_millis();
    report(Progress::Leased(&leased));
    let none = |_: &Offers| Ok(None);
    let mut deployed = go_on(market, wallet, request, created, none, report).await?;
    let taken = asking.quotes.into_iter().zip(quotes);
    for (order, (group, _)) in deployed.orders.iter_mut().zip(taken) {
        (order.offers, order.others) = (group.offers, group.others);
    }
    Ok(ByQuotes::Deployed(deployed, leased))
}

fn not_quoted(why: String, request: &Request) -> ByQuotes {
    ByQuotes::NotQuoted { why, pick: request.pick.clone() }
}

/// What was chosen.
enum Chosen {
    /// Whoever signs the lowest.
    Lowest,
    /// One for each group.
    These(Vec<Offer>),
    /// What was named is not there.
    NoSuch(String),
    /// None.
    Nothing,
}

fn chosen(
    asking: &Asking,
    request: &Request,
    choose: &mut impl FnMut(&Quotes) -> io::Result<Option<Offer>>,
) -> Result<Chosen, Error> {
    if request.pick == Some(Pick::Lowest) {
        return Ok(Chosen::Lowest);
    }
    let mut all = Vec::new();
    for quotes in &asking.quotes {
        let one = match &request.pick {
            Some(pick) => match pick.of(&quotes.offers) {
                Some(offer) => Some(offer.clone()),
                // Where there are prices, whoever names a row means one of them.
                None if matches!(pick, Pick::Row(_)) => {
                    return Err(Error::NotFound(no_such_quote(quotes, pick)));
                }
                None => return Ok(Chosen::NoSuch(no_such_quote(quotes, pick))),
            },
            None => choose(quotes)
                .map_err(|source| Error::File { path: "standard input".into(), source })?,
        };
        let Some(one) = one else { return Ok(Chosen::Nothing) };
        all.push(one);
    }
    Ok(Chosen::These(all))
}

type Leases = (Created, Vec<Quote>, Leased);

/// Has quotes signed and creates deployment and leases with them. If the chain refuses them, once more with fresh
/// ones: without the providers that it named, if there are others. Gives why there are no leases where that did not
/// help.
async fn create(
    market: &Market,
    wallet: &Arc<Wallet>,
    home: &Home,
    request: &Request,
    (asking, chosen): (&Asking, &[Option<Offer>]),
    report: &mut impl FnMut(Progress<'_>),
) -> Result<Result<Leases, String>, Error> {
    let mut refused: Vec<String> = Vec::new();
    let mut why = String::new();
    for attempt in 1..=ATTEMPTS {
        let wish = |(group, chosen): (usize, &Option<Offer>)| {
            asking.wishes(group, chosen.as_ref(), &refused)
        };
        let wishes: Vec<_> = chosen.iter().enumerate().map(wish).collect();
        let signed = quoting::sign(market, wallet, &asking.wanted, &wishes).await?;
        let quotes = match lowest(signed.groups, asking) {
            Ok(quotes) => quotes,
            Err(none) if why.is_empty() => return Ok(Err(none)),
            Err(none) => return Ok(Err(format!("{why}; then {none}"))),
        };
        let latest = quotes.iter().map(|quote| quote.issued_at).max().unwrap_or_default();
        let (height, _) = quoting::wait_for(market, latest).await?;
        match create_with_quotes(market, wallet, home, &request.plan, quotes.clone()).await {
            Ok((created, outcome)) => {
                let leases = created.orders.iter().zip(&quotes);
                let leased = Leased {
                    deployment: created.deployment,
                    leases: leases
                        .map(|(order, quote)| (*order, quote.provider.clone(), quote.price))
                        .collect(),
                    collected_ms: 0,
                    leased_ms: 0,
                    blocks: outcome.height.saturating_sub(height),
                    gas_used: outcome.gas_used,
                    fee: outcome.fee,
                };
                return Ok(Ok((created, quotes, leased)));
            }
            // What was refused is certain not to be executed; of everything else that is not known.
            Err(error @ Error::Refused { .. }) => {
                if attempt < ATTEMPTS {
                    report(Progress::QuoteRefused(&error));
                }
                why = error.to_string();
                refused.extend(not_again(&why, &quotes));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Err(why))
}

/// The lowest quote for each group, or why there is none for some.
fn lowest(groups: Vec<SignedGroup>, asking: &Asking) -> Result<Vec<Quote>, String> {
    let one = |(group, quotes): (SignedGroup, &Quotes)| {
        let why = || {
            let said = group.others.iter().map(|one| format!("{}: {}", one.provider, one.reason));
            let said: Vec<String> = said.collect();
            format!("nobody signed a quote for group {} ({})", quotes.group, said.join("; "))
        };
        group.quotes.first().cloned().ok_or_else(why)
    };
    groups.into_iter().zip(&asking.quotes).map(one).collect()
}

/// The providers whose quotes are not used once more: whom the chain named, if a fresh quote does not help.
fn not_again(why: &str, quotes: &[Quote]) -> Vec<String> {
    // So it says of quotes that were used, or are over.
    if why.contains("ask for a new one") {
        return Vec::new();
    }
    let providers = quotes.iter().map(|quote| quote.provider.clone());
    let (named, others): (Vec<_>, Vec<_>) = providers.partition(|one| why.contains(one));
    if named.is_empty() { others } else { named }
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::HexBinary;
    use souk_core::Price;

    use super::*;

    fn quote(provider: &str) -> Quote {
        Quote {
            provider: provider.to_owned(),
            price: Price::new(5).unwrap(),
            max_take_bps: 200,
            offer: Vec::new(),
            reclamation_window: None,
            issued_at: 1,
            valid_until: 2,
            nonce: 3,
            signature: HexBinary::default(),
        }
    }

    #[test]
    fn whom_the_chain_refuses_is_not_tried_again_unless_a_fresh_quote_helps() {
        let quotes = [quote("souk1a"), quote("souk1b")];
        for (why, left_out) in [
            ("quote 7 of souk1a was used; ask for a new one", &[][..]),
            ("the quote could be used until 5, it is 6; ask for a new one", &[]),
            ("provider souk1b is in maintenance", &["souk1b"]),
            ("2 of 2 slots are used; the bond of 5 backs no more", &["souk1a", "souk1b"]),
        ] {
            assert_eq!(not_again(why, &quotes), left_out, "{why}");
        }
    }
}
