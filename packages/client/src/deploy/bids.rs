//! Bids as they come.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use anyhow::Result;
use serde::Serialize;
use souk_api::orderbook::{BidResponse, OrderResponse, OrderState};
use souk_core::{Denom, OrderId, Price};
use tokio::time::{self, Instant};

use crate::{
    error::Error,
    gateway::NoBid,
    market::Market,
    show::{a_month, amount, table},
};

/// How often the book is looked at.
const POLL: Duration = Duration::from_millis(300);

/// Which bid to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The lowest price.
    Lowest,
    /// The nth row of the table, from 1.
    Row(usize),
    /// That provider's.
    Provider(String),
}

impl FromStr for Pick {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "lowest" => Ok(Self::Lowest),
            "0" => Err("rows are counted from 1".to_owned()),
            text => match text.parse() {
                Ok(row) => Ok(Self::Row(row)),
                Err(_) if text.contains('1') => Ok(Self::Provider(text.to_owned())),
                Err(_) => Err("write `lowest`, a row's number or a provider's address".to_owned()),
            },
        }
    }
}

impl Pick {
    /// The bid that it means.
    pub fn of<'a>(&self, bids: &'a [BidRow]) -> Option<&'a BidRow> {
        match self {
            Self::Lowest => bids.first(),
            Self::Row(row) => bids.get(row.checked_sub(1)?),
            Self::Provider(provider) => bids.iter().find(|bid| bid.provider == *provider),
        }
    }
}

/// A bid with what a tenant wants to know of its bidder.
#[derive(Clone, Debug, Serialize)]
pub struct BidRow {
    /// The bidder.
    pub provider: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// Where it is, by its own claim.
    pub region: Option<String>,
    /// What it would give where the order leaves it open, and its GPUs.
    pub offer: Vec<String>,
    /// Auditors that attest something of it.
    pub audited_by: usize,
    /// Leases it has won, and how many of them it ended without notice.
    pub leases: (u64, u64),
}

/// An order's bids, and why others did not bid.
#[derive(Clone, Debug, Serialize)]
pub struct BidTable {
    /// The order.
    pub order: OrderId,
    /// The highest price that it takes.
    pub ceiling: Price,
    /// The lowest first.
    pub bids: Vec<BidRow>,
    /// The others.
    pub others: Vec<NoBid>,
}

impl BidTable {
    /// The bids of an order with what is known of the bidders.
    pub async fn read(market: &Market, order: &OrderResponse) -> Result<Self> {
        let bids = market.bids(order.id).await?;
        let rows = bids.iter().map(|bid| row(market, order, bid));
        let bids = futures::future::try_join_all(rows).await?;
        Ok(Self { order: order.id, ceiling: order.spec.ceiling, bids, others: Vec::new() })
    }

    /// The addresses of all bidders.
    pub fn bidders(&self) -> Vec<String> {
        self.bids.iter().map(|bid| bid.provider.clone()).collect()
    }
}

async fn row(market: &Market, order: &OrderResponse, bid: &BidResponse) -> Result<BidRow> {
    let (record, attestations, book) = tokio::try_join!(
        market.provider(&bid.provider),
        market.attestations(&bid.provider),
        market.book(&bid.provider),
    )?;
    let attribute = |key: &str| {
        record.attributes.iter().find(|attribute| attribute.key == key).map(|a| a.value.clone())
    };
    let offer = bid.offer.iter().map(ToString::to_string).collect();
    Ok(BidRow {
        provider: bid.provider.clone(),
        price: bid.price,
        denom: order.denom.clone(),
        region: attribute("region").or_else(|| attribute("location-region")),
        offer,
        audited_by: attestations.iter().filter(|one| !one.values.is_empty()).count(),
        leases: (book.won, book.breaches),
    })
}

impl fmt::Display for BidTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bids.is_empty() {
            writeln!(f, "Order {}: no bids yet.", self.order)?;
        } else {
            let mut rows = table([
                "", "provider", "an hour", "a month", "region", "offers", "audited", "leases",
            ]);
            for (at, bid) in self.bids.iter().enumerate() {
                let price = bid.price.u128();
                rows.add_row([
                    (at + 1).to_string(),
                    bid.provider.clone(),
                    amount(price, &bid.denom),
                    a_month(price, &bid.denom),
                    bid.region.clone().unwrap_or_else(|| "-".to_owned()),
                    if bid.offer.is_empty() { "-".to_owned() } else { bid.offer.join(" ") },
                    if bid.audited_by == 0 {
                        "no".to_owned()
                    } else {
                        format!("by {}", bid.audited_by)
                    },
                    match bid.leases {
                        (0, _) => "none yet".to_owned(),
                        (won, 0) => format!("{won}"),
                        (won, broken) => format!("{won}, {broken} broken off"),
                    },
                ]);
            }
            writeln!(f, "{rows}")?;
        }
        for other in &self.others {
            writeln!(f, "  no bid from {}: {}", other.provider, other.reason)?;
        }
        Ok(())
    }
}

/// None of an order's bids is the one that was named.
pub fn no_such_bid(table: &BidTable) -> Error {
    let order = table.order;
    Error::NotFound(match table.bids.len() {
        0 => format!("order {order} has no bids yet; `souk bids {order}` tells why"),
        n => format!("order {order} has no such bid among its {n}; see `souk bids {order}`"),
    })
}

/// Watches an order until `enough` says so, the order is taken, or the time is over; `seen`
/// is called with every change.
pub async fn watch_bids(
    market: &Market,
    order: OrderId,
    patience: Duration,
    mut enough: impl FnMut(&BidTable, Duration) -> bool,
    mut seen: impl FnMut(&BidTable),
) -> Result<BidTable> {
    let start = Instant::now();
    let mut last: BTreeMap<String, Price> = BTreeMap::new();
    loop {
        let asked = market.order(order).await?;
        let table = BidTable::read(market, &asked).await?;
        let now: BTreeMap<_, _> =
            table.bids.iter().map(|bid| (bid.provider.clone(), bid.price)).collect();
        if now != last {
            seen(&table);
            last = now;
        }
        let waited = start.elapsed();
        if enough(&table, waited) || asked.state != OrderState::Open {
            return Ok(table);
        }
        if waited > patience {
            if table.bids.is_empty() {
                let seconds = patience.as_secs();
                let deployment = asked.group.deployment;
                return Err(Error::NoBid { order, deployment, seconds }.into());
            }
            return Ok(table);
        }
        time::sleep(POLL).await;
    }
}
