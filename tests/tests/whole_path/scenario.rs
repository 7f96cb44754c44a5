//! What happens.

use std::{collections::BTreeMap, time::Duration};

use souk_api::{
    escrow::ExecuteMsg as Escrow,
    fees,
    orderbook::{ExecuteMsg as Orderbook, LeaseResponse, LeaseState, OrderState},
};
use souk_chain::Coin;
use souk_client::{
    deploy::{self, Bids, Offers, Plan},
    gateway,
    wallet::Wallet,
};
use souk_core::{
    AccountId, Amount, AuctionPolicy, CloseReason, Denom, DeploymentId, OrderId, time::DAY,
};
use souk_gateway::body::{LeaseStatus, Phase};
use souk_localnet::scenario::Environment;
use tokio::time::{Instant, sleep};

use crate::{
    fixture::{Fixture, STAKE},
    ledger::Ledger,
    supply::SupplyCheck,
};

const TIMEOUT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);

/// A service for audited providers in the south, and a job for anybody: two groups.
const ANNS: &str = include_str!("ann.yaml");
/// One service for whoever is cheapest.
const BOBS: &str = include_str!("bob.yaml");

/// A deployment with its leases, and what its account ought to be.
struct Deployed<'a> {
    tenant: &'a Wallet,
    id: DeploymentId,
    account: AccountId,
    leases: Vec<LeaseResponse>,
    ledger: Ledger,
}

/// All of it. At a failure the ends of all logs are printed.
pub async fn run(environment: Environment) {
    let fixture = std::sync::Arc::new(Fixture::start(environment).await);
    let outcome = {
        let fixture = fixture.clone();
        tokio::spawn(async move { play(&fixture).await }).await
    };
    if let Err(failed) = outcome {
        eprintln!("{}", fixture.log_tails());
        std::panic::resume_unwind(failed.into_panic());
    }
    let fixture = std::sync::Arc::into_inner(fixture).expect("nobody else holds it");
    fixture.stop().await;
}

async fn play(fixture: &Fixture) {
    stake(fixture).await;
    let supply = SupplyCheck::start(fixture).await;
    let before = payees(fixture).await;

    let mut bobs = auction(fixture).await;
    supply.check(fixture).await;
    let mut anns = tenants_choice(fixture).await;
    supply.check(fixture).await;

    for _ in 0..2 {
        fixture.pass(fixture.periods.step).await.unwrap();
        accounts_are_exact(fixture, [&mut anns, &mut bobs]).await;
    }
    withdrawals_pay_what_was_earned(fixture, &anns).await;
    supply.check(fixture).await;

    takes_back_all_but_the_runway(fixture, &mut anns).await;
    supply.check(fixture).await;
    depletion(fixture, &mut anns).await;
    supply.check(fixture).await;
    let supporters = too_little_starts_nothing(fixture, &mut anns).await;
    enough_starts_it_again(fixture, &mut anns).await;
    accounts_are_exact(fixture, [&mut anns, &mut bobs]).await;
    supply.check(fixture).await;

    let mut earned = BTreeMap::new();
    for deployed in [&mut anns, &mut bobs] {
        close(fixture, deployed).await;
        for (lease, amount) in deployed.leases.iter().zip(deployed.ledger.earned()) {
            let fee = amount * u128::from(take_bps(fixture).await) / 10_000;
            let (net, fees) = earned.entry(lease.provider.clone()).or_insert((0, 0));
            (*net, *fees) = (*net + amount - fee, *fees + fee);
        }
        supply.check(fixture).await;
    }
    for (payee, held) in payees(fixture).await {
        let (net, _) = earned.get(&payee).copied().unwrap_or_default();
        assert_eq!(held - before[&payee], net, "{payee} got what it earned less the fee");
    }
    supporters.came_back(fixture).await;
    let held = fixture.market.escrow.totals(&denom(fixture)).await.unwrap().held;
    assert_eq!(held.u128(), 0, "everything was paid out");
    distribution_reaches_pool_and_staker(fixture, earned.values().map(|(_, fee)| fee).sum()).await;
    supply.check(fixture).await;
}

fn denom(fixture: &Fixture) -> Denom {
    Denom::native(fixture.market.network.denom.clone())
}

async fn take_bps(fixture: &Fixture) -> u16 {
    fixture.market.orderbook.config().await.unwrap().denoms[0].take_bps
}

/// What the providers' own accounts hold.
async fn payees(fixture: &Fixture) -> BTreeMap<String, u128> {
    let mut held = BTreeMap::new();
    for provider in &fixture.providers {
        held.insert(provider.address.clone(), fixture.balance(&provider.address).await);
    }
    held
}

async fn stake(fixture: &Fixture) {
    let coins = Coin::new(STAKE, fixture.market.network.denom.clone());
    let contract = &fixture.market.contracts.fee_distributor;
    let message = fees::ExecuteMsg::Stake {};
    let message = fixture.staker.execute(contract, &message, &[coins]).unwrap();
    fixture.staker.send("staking", vec![message]).await.unwrap();
}

/// Bids of exactly these providers.
async fn bids_of(fixture: &Fixture, order: OrderId, names: &[&str]) -> Offers {
    let enough = |table: &Offers, _: Duration| table.offers.len() >= names.len();
    let market = &fixture.market;
    let table = deploy::watch(&Bids(market), order, TIMEOUT, enough, |_| ()).await.unwrap();
    let mut bidders: Vec<&str> =
        table.offers.iter().map(|bid| fixture.name(&bid.provider)).collect();
    bidders.sort_unstable();
    assert_eq!(bidders, names, "bidders for order {order}");
    table
}

async fn is_ready(fixture: &Fixture, tenant: &Wallet, lease: &LeaseResponse) {
    let client = gateway::client_for(&fixture.market, tenant, &lease.provider).await.unwrap();
    deploy::wait_until_ready(&client, lease.order, TIMEOUT, |_| ()).await.unwrap();
}

/// Two groups, whose bids the tenant chooses from.
async fn tenants_choice(fixture: &Fixture) -> Deployed<'_> {
    let (market, ann) = (&fixture.market, &fixture.ann);
    let (created, plan) = fixture.deploy(ann, ANNS, AuctionPolicy::TenantChoice {}, 40).await;
    let mut orders = Vec::new();
    for order in &created.orders {
        let asked = market.orderbook.order(*order).await.unwrap();
        let (bidders, winner): (&[&str], _) = match asked.spec.name.as_str() {
            "south" => (&["baobab"], "baobab"),
            "anywhere" => (&["aurora", "baobab", "cedar"], "cedar"),
            other => panic!("a group {other}"),
        };
        let table = bids_of(fixture, *order, bidders).await;
        assert_eq!(fixture.name(&table.offers[0].provider), winner, "the lowest bid");
        orders.push((*order, table));
    }
    for (order, table) in &orders {
        deploy::accept(market, ann, *order, &table.offers[0]).await.unwrap();
    }
    deployed(fixture, ann, created.deployment, &created.orders, &plan).await
}

/// One group, whose lowest bid wins by itself.
async fn auction(fixture: &Fixture) -> Deployed<'_> {
    let (market, bob) = (&fixture.market, &fixture.bob);
    let closes_after = market.orderbook.config().await.unwrap().params.min_auction;
    let policy = AuctionPolicy::LowestPrice { closes_after };
    let (created, plan) = fixture.deploy(bob, BOBS, policy, 60).await;
    let order = created.orders[0];
    let some = |table: &Offers, _: Duration| !table.offers.is_empty();
    let table = deploy::watch(&Bids(market), order, TIMEOUT, some, |_| ()).await.unwrap();
    let by_hand = deploy::accept(market, bob, order, &table.offers[0]).await;
    assert!(by_hand.is_err(), "a binding auction is not decided by hand");
    // Each new lowest bid within the last minute moves the close; providers close it, too.
    let taken = loop {
        let asked = market.orderbook.order(order).await.unwrap();
        if asked.state != OrderState::Open {
            break asked;
        }
        let (_, now) = market.now().await.unwrap();
        let closes_at = asked.closes_at.unwrap();
        if now < closes_at {
            fixture.pass(closes_at - now).await.unwrap();
            continue;
        }
        let message = Orderbook::CloseAuction { order, limit: 10 };
        let contract = &market.contracts.orderbook;
        let message = fixture.stranger.execute(contract, &message, &[]).unwrap();
        // A provider may have been faster.
        let _ = fixture.stranger.send("closing the auction", vec![message]).await;
    };
    assert_eq!(taken.state, OrderState::Active);
    let lease = market.orderbook.lease(order).await.unwrap();
    assert_eq!(fixture.name(&lease.provider), "cedar", "the cheapest wins");
    deployed(fixture, bob, created.deployment, &created.orders, &plan).await
}

/// Sends the manifests, waits for the workloads, and begins the account's ledger.
async fn deployed<'a>(
    fixture: &Fixture,
    tenant: &'a Wallet,
    id: DeploymentId,
    orders: &[OrderId],
    plan: &Plan,
) -> Deployed<'a> {
    let market = &fixture.market;
    let mut leases = Vec::new();
    for order in orders {
        leases.push(deploy::launch(market, tenant, *order, &plan.upload).await.unwrap());
    }
    for lease in &leases {
        is_ready(fixture, tenant, lease).await;
    }
    let runway = market.escrow.config().await.unwrap().min_runway;
    let mut ledger = Ledger::open(plan.deposit.amount, leases[0].created_at, runway);
    for lease in &leases {
        ledger.lease(lease.price.u128(), lease.created_at);
    }
    Deployed { tenant, id, account: leases[0].account, leases, ledger }
}

/// What the contracts say of accounts, at one block, is what the ledgers say.
async fn accounts_are_exact(fixture: &Fixture, all: [&mut Deployed<'_>; 2]) {
    // The newest block's state may not be there yet.
    let height = fixture.market.now().await.unwrap().0 - 1;
    let (then, now) = (fixture.market.at(height), fixture.time_of(height).await);
    for deployed in all {
        let ledger = &mut deployed.ledger;
        ledger.run(now);
        let account = then.escrow.account(deployed.account).await.unwrap();
        assert_eq!(account.balance.u128(), ledger.left(), "what is left at {now}");
        assert_eq!(account.clock.rate.u128(), ledger.rate());
        assert_eq!(account.clock.depleted_since.is_some(), ledger.is_depleted());
        if !ledger.is_depleted() {
            assert_eq!(account.depletion, Some(ledger.depletion()), "depletion as of {now}");
        }
        let streams = then.escrow.streams(deployed.account).await.unwrap();
        let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
        assert_eq!(earned, ledger.earned(), "earned by {now}");
    }
}

/// A stranger has the payees paid; they get what their streams earned, less the fee.
async fn withdrawals_pay_what_was_earned(fixture: &Fixture, deployed: &Deployed<'_>) {
    let bps = u128::from(take_bps(fixture).await);
    for (at, lease) in deployed.leases.iter().enumerate() {
        let stream = lease.order.0;
        let paid = async || {
            let all = fixture.market.escrow.streams(deployed.account).await.unwrap();
            all.iter().find(|one| one.stream == stream).map_or(0, |one| one.paid.u128())
        };
        let (held, before) = (fixture.balance(&lease.provider).await, paid().await);
        let message = Escrow::Withdraw { account: deployed.account, stream };
        let message = fixture.escrow(&fixture.stranger, &message);
        let outcome = fixture.stranger.send("withdrawing", vec![message]).await.unwrap();
        let mut ledger = deployed.ledger.clone();
        ledger.run(fixture.time_of(outcome.height).await);
        let earned = ledger.earned()[at];
        assert_eq!(paid().await, earned - earned * bps / 10_000, "paid so far");
        let got = fixture.balance(&lease.provider).await - held;
        assert_eq!(got, paid().await - before, "the payee has it");
    }
}

/// The tenant takes back what is above the least runway, but for a little time to do so.
async fn takes_back_all_but_the_runway(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let deadline = Instant::now() + TIMEOUT;
    let outcome = loop {
        let account = fixture.market.escrow.account(deployed.account).await.unwrap();
        let spare = fixture.periods.cost(deployed.ledger.rate(), 1);
        let amount = account.withdrawable.u128() - spare;
        let message = Escrow::WithdrawDeposit {
            account: deployed.account,
            amount: Amount::new(amount).unwrap(),
        };
        let message = fixture.escrow(deployed.tenant, &message);
        match deployed.tenant.send("taking back", vec![message]).await {
            Ok(outcome) => {
                let now = fixture.time_of(outcome.height).await;
                deployed.ledger.withdraw(amount, now);
                break outcome;
            }
            // It took longer than there was time.
            Err(error) => assert!(Instant::now() < deadline, "{error:#}"),
        }
    };
    let account = fixture.market.at(outcome.height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.depletion, Some(deployed.ledger.depletion()));
}

/// Until the account is depleted everything runs; from the first block at or past that moment on,
/// nothing does, and nobody earns.
async fn depletion(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let moment = deployed.ledger.depletion();
    let (_, now) = fixture.market.now().await.unwrap();
    // Some seconds before it; a moment that has come is looked at as it is.
    fixture.pass(moment.saturating_sub(now + 5)).await.unwrap();
    for lease in &deployed.leases {
        let client = gateway::client_for(&fixture.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let status = client.lease_status(lease.order).await.unwrap();
            let (_, now) = fixture.market.now().await.unwrap();
            if status.phase == Phase::Suspended {
                assert!(now >= moment, "suspended at {now}, which is before {moment}");
                if pods(&status) == 0 {
                    break;
                }
            } else if now < moment {
                assert_eq!(status.phase, Phase::Ready, "at {now}, before {moment}");
            }
            assert!(Instant::now() < deadline, "lease {}: {status:?}", lease.order);
            sleep(POLL).await;
        }
    }
    fixture.pass(fixture.periods.pause).await.unwrap();
    let height = fixture.market.now().await.unwrap().0 - 1;
    deployed.ledger.run(fixture.time_of(height).await);
    assert!(deployed.ledger.is_depleted());
    let account = fixture.market.at(height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.clock.depleted_since, Some(moment), "depleted to the second");
    let streams = fixture.market.at(height).escrow.streams(deployed.account).await.unwrap();
    let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
    assert_eq!(earned, deployed.ledger.earned(), "unfunded time costs nobody anything");
}

fn pods(status: &LeaseStatus) -> usize {
    status.services.iter().map(|service| service.pods.len()).sum()
}

/// Another's deposit, to be returned whole.
struct Supporters {
    held: u128,
    fee: u128,
}

impl Supporters {
    async fn came_back(self, fixture: &Fixture) {
        let held = fixture.balance(&fixture.supporter.address).await;
        assert_eq!(held, self.held - self.fee, "the supporter has everything but the gas");
    }
}

/// Half of the least runway is held and starts nothing.
async fn too_little_starts_nothing(fixture: &Fixture, deployed: &mut Deployed<'_>) -> Supporters {
    let held = fixture.balance(&fixture.supporter.address).await;
    let runway = fixture.market.escrow.config().await.unwrap().min_runway;
    let amount = deployed.ledger.rate() * u128::from(runway) / 3_600 / 2;
    let outcome = fixture.top_up(&fixture.supporter, deployed.account, amount).await;
    deployed.ledger.deposit(amount, fixture.time_of(outcome.height).await);
    let account = fixture.market.escrow.account(deployed.account).await.unwrap();
    assert!(account.clock.depleted_since.is_some() && deployed.ledger.is_depleted());
    Supporters { held, fee: outcome.fee.iter().map(|coin| coin.amount).sum() }
}

/// With enough for some time the workloads run again.
async fn enough_starts_it_again(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let amount = fixture.periods.cost(deployed.ledger.rate(), 20);
    let outcome = fixture.top_up(deployed.tenant, deployed.account, amount).await;
    deployed.ledger.deposit(amount, fixture.time_of(outcome.height).await);
    assert!(!deployed.ledger.is_depleted());
    for lease in &deployed.leases {
        is_ready(fixture, deployed.tenant, lease).await;
    }
    fixture.pass(fixture.periods.step).await.unwrap();
}

/// The tenant closes and pays in one transaction, before agents withdraw by themselves; a stranger
/// has others' deposits returned; and nothing runs any more.
async fn close(fixture: &Fixture, deployed: &mut Deployed<'_>) {
    let market = &fixture.market;
    let closing = deploy::closing(market, deployed.tenant, deployed.id).await.unwrap();
    let outcome = deployed.tenant.send("closing", closing).await.unwrap();
    deployed.ledger.run(fixture.time_of(outcome.height).await);
    let returning = deploy::return_deposits(market, &fixture.stranger, deployed.account);
    assert_eq!(returning.await.unwrap().left, 0);
    for lease in &deployed.leases {
        let ended = fixture.market.orderbook.lease(lease.order).await.unwrap();
        assert_eq!(ended.state, LeaseState::Closed);
        assert_eq!(ended.reason, Some(CloseReason::Tenant));
        let client = gateway::client_for(&fixture.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + TIMEOUT;
        while client.lease_status(lease.order).await.is_ok_and(|it| it.phase != Phase::Closed) {
            assert!(Instant::now() < deadline, "lease {} is not torn down", lease.order);
            sleep(POLL).await;
        }
    }
}

/// The fees are what was worked out; the pool gets its part at once, the staker second by second.
async fn distribution_reaches_pool_and_staker(fixture: &Fixture, fees: u128) {
    let (market, denom) = (&fixture.market, denom(fixture));
    let config = market.fees.config().await.unwrap();
    let taken = market.escrow.totals(&denom).await.unwrap().fees;
    assert_eq!(taken.u128(), fees, "the fees of all streams");
    let pool = fixture.balance(&fixture.pool).await;
    let messages = market.distribution(&fixture.stranger.address, &denom).unwrap();
    let outcome = fixture.stranger.send("distributing", messages).await.unwrap();
    let start = fixture.time_of(outcome.height).await;
    let stakers = fees * u128::from(config.split.stakers_bps) / 10_000;
    assert_eq!(fixture.balance(&fixture.pool).await - pool, fees - stakers, "the pool's part");

    fixture.pass(fixture.periods.drip).await.unwrap();
    let claim = fees::ExecuteMsg::ClaimRewards {
        staker: fixture.staker.address.clone(),
        denoms: vec![denom.clone()],
    };
    let contract = &market.contracts.fee_distributor;
    let claim = fixture.stranger.execute(contract, &claim, &[]).unwrap();
    let held = fixture.balance(&fixture.staker.address).await;
    let outcome = fixture.stranger.send("claiming", vec![claim]).await.unwrap();
    let got = fixture.balance(&fixture.staker.address).await - held;
    // It drips to the end of the day in which the period ends.
    let end = (start + config.drip_period).div_ceil(DAY) * DAY;
    let passed = fixture.time_of(outcome.height).await.min(end) - start;
    let exact = stakers * u128::from(passed) / u128::from(end - start);
    assert!(got > 0 && exact - got <= 1, "the staker got {got} of {exact} dripped");
}
