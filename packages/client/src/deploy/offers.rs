//! The offers for an order, and where they come from.

use std::{future::Future, str::FromStr};

use serde::Serialize;
use souk_api::orderbook::{BidResponse, OrderResponse, OrderState, ProviderStatsResponse};
use souk_core::{BidId, CloseReason, Denom, DeploymentId, OrderId, Price};

use crate::{
    error::Error,
    gateway::{NoBid, region},
    market::{Market, MarketError},
};

/// Which offer to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The lowest price.
    Lowest,
    /// The nth row of the table, from 1.
    Row(usize),
    /// The bid of that number.
    Bid(BidId),
    /// That provider's.
    Provider(String),
}

impl FromStr for Pick {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "lowest" => Ok(Self::Lowest),
            "0" => Err("rows are counted from 1".to_owned()),
            text => match (text.strip_prefix('#'), text.parse()) {
                (Some(number), _) => match number.parse() {
                    Ok(number) => Ok(Self::Bid(BidId(number))),
                    Err(_) => Err(format!("`{text}` is not a bid's number, such as `#17`")),
                },
                (None, Ok(row)) => Ok(Self::Row(row)),
                (None, Err(_)) if text.contains('1') => Ok(Self::Provider(text.to_owned())),
                (None, Err(_)) => Err(
                    "write `lowest`, a row's number, a bid's number as `#17` or a provider's address"
                        .to_owned(),
                ),
            },
        }
    }
}

impl Pick {
    /// The offer that it means.
    pub fn of<'a>(&self, offers: &'a [Offer]) -> Option<&'a Offer> {
        match self {
            Self::Lowest => offers.first(),
            Self::Row(row) => offers.get(row.checked_sub(1)?),
            Self::Bid(bid) => offers.iter().find(|offer| offer.via == Via::Bid(*bid)),
            Self::Provider(provider) => offers.iter().find(|offer| offer.provider == *provider),
        }
    }
}

/// How an offer was made, and so how it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// As a bid in the orderbook, by its number.
    Bid(BidId),
    /// At the provider's gateway. It is not signed: it becomes a lease only by a quote ([`crate::quoting::sign`]).
    Quote {},
}

/// An offer with what a tenant wants to know of its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// How it was made.
    #[serde(flatten)]
    pub via: Via,
    /// Whose.
    pub provider: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// Where it is, by its own claim.
    pub region: Option<String>,
    /// What it would give where the order leaves it open, and its GPUs.
    pub offer: Vec<String>,
    /// The notice that it would give before it took the lease back, in seconds; none if it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclamation_window: Option<u64>,
    /// Auditors that attest something of it.
    pub audited_by: usize,
    /// Its leases so far.
    pub leases: History,
}

/// How a provider's leases went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct History {
    /// Those it has won.
    pub won: u64,
    /// Those of them that it ended without notice.
    pub breaches: u64,
    /// Those that it ended for want of a manifest, by its own word.
    pub without_manifest: u64,
    /// Those that it took back with notice. Ends for an absence have the reason of some of these, so that of a
    /// provider that was absent it may be more.
    pub taken_back: u64,
    /// Those that ended since it was absent, whoever ended them.
    pub absences: u64,
}

impl History {
    /// As the orderbook counts them.
    pub fn of(stats: &ProviderStatsResponse) -> Self {
        let ended = |why| -> u64 {
            let closed = stats.closed.iter().filter(move |(reason, _)| *reason == why);
            closed.map(|(_, count)| count).sum()
        };
        let by_provider =
            [CloseReason::Unstable, CloseReason::Decommission, CloseReason::Unspecified];
        let left: u64 = by_provider.into_iter().map(ended).sum();
        // What is closed as absent is `unspecified` and no breach; what its tenant closed is `tenant`.
        let as_absent = stats.absences.min(ended(CloseReason::Unspecified));
        Self {
            won: stats.won,
            breaches: stats.breaches,
            without_manifest: ended(CloseReason::ManifestTimeout),
            taken_back: left.saturating_sub(stats.breaches).saturating_sub(as_absent),
            absences: stats.absences,
        }
    }
}

/// An order's offers, and why others made none.
#[derive(Clone, Debug, Serialize)]
pub struct Offers {
    /// The order.
    pub order: OrderId,
    /// The highest price that it takes.
    pub ceiling: Price,
    /// The lowest first.
    #[serde(rename = "bids")]
    pub offers: Vec<Offer>,
    /// The others.
    pub others: Vec<NoBid>,
}

impl Offers {
    /// The addresses of all who made one.
    pub fn providers(&self) -> Vec<String> {
        self.offers.iter().map(|offer| offer.provider.clone()).collect()
    }
}

/// One look at an order.
#[derive(Clone, Debug)]
pub struct Look {
    /// Its deployment.
    pub deployment: DeploymentId,
    /// Whether an offer can still be made and taken.
    pub open: bool,
    /// The offers by now.
    pub offers: Offers,
}

/// Where the offers for an order come from: the bids in the orderbook. Quotes need no order; they are
/// [`super::quotes`].
pub trait OfferSource {
    /// The order and its offers as they are now.
    ///
    /// # Errors
    /// If chain or provider do not answer.
    fn look(&self, order: OrderId) -> impl Future<Output = Result<Look, Error>> + Send;
}

/// Offers that are bids in the orderbook.
#[derive(Clone, Copy, Debug)]
pub struct Bids<'a>(pub &'a Market);

impl OfferSource for Bids<'_> {
    async fn look(&self, order: OrderId) -> Result<Look, Error> {
        let order = self.0.orderbook.order(order).await?;
        Ok(Look {
            deployment: order.group.deployment,
            open: order.state == OrderState::Open,
            offers: read_offers(self.0, &order).await?,
        })
    }
}

/// The bids on an order with what is known of the bidders.
///
/// # Errors
/// If a contract does not answer.
pub async fn read_offers(market: &Market, order: &OrderResponse) -> Result<Offers, MarketError> {
    let bids = market.orderbook.bids(order.id).await?;
    let offers = bids.iter().map(|bid| offer(market, order, bid));
    let offers = futures::future::try_join_all(offers).await?;
    Ok(Offers { order: order.id, ceiling: order.spec.ceiling, offers, others: Vec::new() })
}

async fn offer(
    market: &Market,
    order: &OrderResponse,
    bid: &BidResponse,
) -> Result<Offer, MarketError> {
    let (record, attestations, stats) = tokio::try_join!(
        market.registry.provider(&bid.provider),
        market.attestations.of_provider(&bid.provider),
        market.orderbook.provider_stats(&bid.provider),
    )?;
    Ok(Offer {
        via: Via::Bid(bid.id),
        provider: bid.provider.clone(),
        price: bid.price,
        denom: order.denom.clone(),
        region: region(&record),
        offer: bid.offer.iter().map(ToString::to_string).collect(),
        reclamation_window: bid.reclamation_window,
        audited_by: attestations.iter().filter(|one| !one.values.is_empty()).count(),
        leases: History::of(&stats),
    })
}

/// None of an order's offers is the one that was named.
pub fn no_such_offer(offers: &Offers) -> Error {
    let order = offers.order;
    Error::NotFound(match offers.offers.len() {
        0 => format!("order {order} has no bids yet; `souk bids {order}` tells why"),
        n => format!("order {order} has no such bid among its {n}; see `souk bids {order}`"),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn offer(provider: &str, price: u128) -> Offer {
        Offer {
            via: Via::Bid(BidId(price.try_into().unwrap())),
            provider: provider.to_owned(),
            price: Price::new(price).unwrap(),
            denom: Denom::native("usouk"),
            region: None,
            offer: Vec::new(),
            reclamation_window: None,
            audited_by: 0,
            leases: History::default(),
        }
    }

    #[test]
    fn what_ended_as_absent_is_counted_by_itself_and_not_as_taken_back() {
        use CloseReason::{Decommission, Tenant, Unspecified};
        for (closed, breaches, absences, taken_back) in [
            (vec![(Decommission, 3), (Unspecified, 1)], 1, 0, 3),
            (vec![(Decommission, 3), (Unspecified, 2)], 1, 2, 2),
            (vec![(Unspecified, 2)], 0, 2, 0),
            // Its tenant ended them; they say nothing of the others.
            (vec![(Decommission, 1), (Tenant, 5)], 0, 5, 1),
        ] {
            let stats = ProviderStatsResponse {
                provider: "souk1a".to_owned(),
                slots: 5,
                used: 0,
                won: 9,
                active: 0,
                closed,
                breaches,
                seen_at: 0,
                seen_block: 0,
                absences,
            };
            let found = History::of(&stats);
            assert_eq!((found.taken_back, found.absences), (taken_back, absences), "{stats:?}");
        }
    }

    #[test]
    fn an_offer_is_picked_by_price_row_or_provider() {
        let offers = [offer("souk1a", 5), offer("souk1b", 7)];
        let picked = |text: &str| {
            let pick: Pick = text.parse().unwrap();
            pick.of(&offers).map(|offer| offer.provider.as_str())
        };
        assert_eq!(picked("lowest"), Some("souk1a"));
        assert_eq!(picked("2"), Some("souk1b"));
        assert_eq!(picked("souk1b"), Some("souk1b"));
        assert_eq!(picked("#7"), Some("souk1b"));
        assert_eq!(picked("#8"), None);
        assert!("#seven".parse::<Pick>().is_err());
        assert_eq!(picked("3"), None);
        assert_eq!(picked("souk1c"), None);
        assert!("0".parse::<Pick>().is_err());
        assert!("best".parse::<Pick>().is_err());
    }
}
