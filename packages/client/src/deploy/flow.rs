//! The whole way of a deployment, with what happens on it.

use std::{io, sync::Arc, time::Duration};

use serde::Serialize;
use souk_api::orderbook::{EXTENSION, MAX_EXTENSIONS, OrderState};
use souk_chain::Coin;
use souk_core::{AuctionPolicy, DeploymentId, OrderId, Price};
use souk_gateway::body::LeaseStatus;

use super::{
    Bids, Created, Offer, Offers, Pick, Plan, accept, collect, create, launch, no_such_offer,
    quotes::Quotes, wait_until_ready, watch,
};
use crate::{
    error::{Error, Unfinished},
    gateway,
    home::Home,
    market::Market,
    wallet::Wallet,
};

/// What is to be deployed, and how.
#[derive(Debug)]
pub struct Request {
    /// What is created.
    pub plan: Plan,
    /// Which offer to take; without it, `choose` is asked.
    pub pick: Option<Pick>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For offers.
    pub offers: Duration,
    /// For further offers after the first.
    pub collect: Duration,
    /// For the workload to be ready.
    pub ready: Duration,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The deployment is in a block, its orders are open.
    Created {
        /// The deployment and its orders.
        created: &'a Created,
        /// What it was created with.
        plan: &'a Plan,
    },
    /// The order is an auction that the lowest bid wins.
    Auction {
        /// The order.
        order: OrderId,
        /// Seconds until it closes.
        closes_after: u64,
    },
    /// The offers for an order, as they are by now.
    Offers(&'a Offers),
    /// The prices for a group that is on no chain.
    Quotes(&'a Quotes),
    /// An offer was accepted.
    Accepted(&'a Offer),
    /// The deployment is in a block, and its leases run.
    Leased(&'a Leased),
    /// The chain refused quotes; others are asked for.
    QuoteRefused(&'a Error),
    /// A command before this one was about to create the deployment; whether it did is waited for.
    Interrupted,
    /// The winner has the manifest.
    ManifestSent {
        /// The order.
        order: OrderId,
        /// The winner.
        provider: &'a str,
    },
    /// An order is left; the others go on.
    Failed {
        /// The order.
        order: OrderId,
        /// Why.
        error: &'a Error,
    },
    /// The workload's state changed.
    Status(&'a LeaseStatus),
}

/// A deployment whose leases began with it, and what that took.
#[derive(Debug, Serialize)]
pub struct Leased {
    /// The deployment.
    pub deployment: DeploymentId,
    /// The leases, by their orders, in the order of the groups, with provider and price, base units an hour.
    pub leases: Vec<(OrderId, String, Price)>,
    /// For how long prices were collected, in milliseconds.
    pub collected_ms: u128,
    /// From the choice to the leases, in milliseconds.
    pub leased_ms: u128,
    /// Blocks from the signed quotes to the leases.
    pub blocks: u64,
    /// Gas that the transaction used.
    pub gas_used: u64,
    /// What was paid for it.
    pub fee: Vec<Coin>,
}

/// What came of it.
#[derive(Debug)]
pub struct Deployed {
    /// The deployment.
    pub deployment: DeploymentId,
    /// The offers for each of its orders.
    pub orders: Vec<Offers>,
    /// The leases whose workload is ready; fewer than orders if an offer was not accepted.
    pub leases: Vec<LeaseStatus>,
}

/// Deploys: creates, collects offers, accepts, sends the manifest, waits until all is ready.
/// `choose` picks one of an order's offers, or none; `report` has what happens.
///
/// # Errors
/// Before there is a deployment, why there is none; after that [`Error::Unfinished`].
pub async fn run(
    market: &Market,
    wallet: &Arc<Wallet>,
    home: &Home,
    request: &Request,
    choose: impl FnMut(&Offers) -> io::Result<Option<Offer>>,
    report: impl FnMut(Progress<'_>),
) -> Result<Deployed, Error> {
    let created = create(market, wallet, home, &request.plan).await?;
    let mut report = report;
    report(Progress::Created { created: &created, plan: &request.plan });
    go_on(market, wallet, request, created, choose, report).await
}

/// Goes on with a deployment that was created: finds a provider for each order that is open, sends manifests to the
/// providers of leases, waits until all is ready.
///
/// # Errors
/// [`Error::Unfinished`]: there is something to look after.
pub async fn go_on(
    market: &Market,
    wallet: &Arc<Wallet>,
    request: &Request,
    created: Created,
    choose: impl FnMut(&Offers) -> io::Result<Option<Offer>>,
    report: impl FnMut(Progress<'_>),
) -> Result<Deployed, Error> {
    let mut flow = Flow { market, wallet, request, choose, report };
    flow.fill(&created).await.map_err(|source| {
        let Created { deployment, orders, .. } = created;
        Box::new(Unfinished { deployment, orders, source }).into()
    })
}

struct Flow<'a, C, R> {
    market: &'a Market,
    wallet: &'a Arc<Wallet>,
    request: &'a Request,
    choose: C,
    report: R,
}

impl<C, R> Flow<'_, C, R>
where
    C: FnMut(&Offers) -> io::Result<Option<Offer>>,
    R: FnMut(Progress<'_>),
{
    /// Finds a provider for every order and brings the workload up. An order that fails keeps no other from its
    /// provider: what went wrong first is the error, once all had their turn.
    async fn fill(&mut self, created: &Created) -> Result<Deployed, Error> {
        let (mut orders, mut sent, mut failed) = (Vec::new(), Vec::new(), None);
        let auction = matches!(self.request.plan.auction, AuctionPolicy::LowestPrice { .. });
        let mut late = Vec::new();
        // Nothing is waited for before all have their turn: providers take bids back after a while.
        for order in &created.orders {
            match self.place(*order).await {
                Ok((offers, provider)) => {
                    orders.push(offers);
                    late.extend((auction && provider.is_none()).then_some(*order));
                    sent.extend(provider.map(|provider| (*order, provider)));
                }
                Err(error) => {
                    (self.report)(Progress::Failed { order: *order, error: &error });
                    failed = failed.or(Some(error));
                }
            }
        }
        for _ in 0..MAX_EXTENSIONS {
            if late.is_empty() {
                break;
            }
            late = self.await_late(late, &mut sent).await?;
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let mut leases = Vec::new();
        for (order, provider) in sent {
            leases.push(self.ready(order, &provider).await?);
        }
        Ok(Deployed { deployment: created.deployment, orders, leases })
    }

    /// Finds an order's provider and sends it the manifest at once: a lease is paid from its start, and closed if
    /// it gets none. The provider is none if no offer was accepted.
    async fn place(&mut self, order: OrderId) -> Result<(Offers, Option<String>), Error> {
        let asked = self.market.orderbook.order(order).await?;
        if asked.state == OrderState::Active {
            let (ceiling, offers, others) = (asked.spec.ceiling, Vec::new(), Vec::new());
            let provider = self.send(order).await?;
            return Ok((Offers { order, ceiling, offers, others }, Some(provider)));
        }
        let offers = match self.request.plan.auction {
            AuctionPolicy::TenantChoice {} => self.choose_offer(order).await?,
            AuctionPolicy::LowestPrice { closes_after } => {
                self.await_auction(order, closes_after).await?
            }
        };
        let provider = match self.market.orderbook.order(order).await?.state {
            OrderState::Active => Some(self.send(order).await?),
            _ => None,
        };
        Ok((offers, provider))
    }

    /// Collects offers and accepts the one that is chosen.
    async fn choose_offer(&mut self, order: OrderId) -> Result<Offers, Error> {
        let Timeouts { offers: timeout, collect: further, .. } = self.request.timeouts;
        let pick = self.request.pick.as_ref();
        let report = &mut self.report;
        let seen = |offers: &Offers| report(Progress::Offers(offers));
        let mut offers = collect(&Bids(self.market), order, pick, (timeout, further), seen).await?;
        let asked = self.market.orderbook.order(order).await?;
        let wallet = Some(self.wallet.clone());
        offers.others = gateway::reasons(self.market, wallet, &asked, &offers.providers()).await?;
        (self.report)(Progress::Offers(&offers));
        let chosen = match pick {
            Some(pick) => {
                Some(pick.of(&offers.offers).cloned().ok_or_else(|| no_such_offer(&offers))?)
            }
            None => (self.choose)(&offers)
                .map_err(|source| Error::File { path: "standard input".into(), source })?,
        };
        if let Some(offer) = chosen {
            accept(self.market, self.wallet, order, &offer).await?;
            (self.report)(Progress::Accepted(&offer));
        }
        Ok(offers)
    }

    /// Waits until an auction that closes by itself is closed.
    async fn await_auction(&mut self, order: OrderId, closes_after: u64) -> Result<Offers, Error> {
        (self.report)(Progress::Auction { order, closes_after });
        let timeout =
            self.request.timeouts.offers.saturating_add(Duration::from_secs(closes_after));
        let report = &mut self.report;
        let seen = |offers: &Offers| report(Progress::Offers(offers));
        watch(&Bids(self.market), order, timeout, |_, _| false, seen).await
    }

    /// Waits once more for auctions that were not over in time: late bids make them longer, and blocks may be slow.
    /// Gives those that still are not. The manifests of the others are sent.
    async fn await_late(
        &mut self,
        late: Vec<OrderId>,
        sent: &mut Vec<(OrderId, String)>,
    ) -> Result<Vec<OrderId>, Error> {
        let longer = self.request.timeouts.offers.max(Duration::from_secs(EXTENSION));
        let mut open = Vec::new();
        for order in late {
            let report = &mut self.report;
            let seen = |offers: &Offers| report(Progress::Offers(offers));
            watch(&Bids(self.market), order, longer, |_, _| false, seen).await?;
            match self.market.orderbook.order(order).await?.state {
                OrderState::Active => sent.push((order, self.send(order).await?)),
                OrderState::Open => open.push(order),
                OrderState::Closed => {}
            }
        }
        Ok(open)
    }

    /// Sends the manifest, to the provider that it gives.
    async fn send(&mut self, order: OrderId) -> Result<String, Error> {
        let lease = launch(self.market, self.wallet, order, &self.request.plan.upload).await?;
        (self.report)(Progress::ManifestSent { order, provider: &lease.provider });
        Ok(lease.provider)
    }

    /// Waits until everything is ready.
    async fn ready(&mut self, order: OrderId, provider: &str) -> Result<LeaseStatus, Error> {
        let client = gateway::client_for(self.market, self.wallet, provider).await?;
        let report = &mut self.report;
        let seen = |status: &LeaseStatus| report(Progress::Status(status));
        wait_until_ready(&client, order, self.request.timeouts.ready, seen).await
    }
}
