//! What happens.

use std::{collections::BTreeMap, time::Duration};

use souk_api::{
    escrow::ExecuteMsg as Escrow,
    fees,
    orderbook::{ExecuteMsg as Orderbook, LeaseResponse, LeaseState, OrderState},
};
use souk_chain::Coin;
use souk_cli::{
    demo::Setting,
    gateway,
    tenant::{self, Bids, Offers, Plan},
    wallet::Wallet,
};
use souk_core::{
    AccountId, Amount, AuctionPolicy, CloseReason, Denom, DeploymentId, OrderId, time::DAY,
};
use souk_gateway::body::{LeaseStatus, Phase};
use tokio::time::{Instant, sleep};

use crate::{
    provider_stats::{Books, Ledger},
    stage::{STAKE, Stage},
};

const PATIENCE: Duration = Duration::from_secs(180);
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
pub async fn tell(setting: Setting) {
    let stage = std::sync::Arc::new(Stage::set(setting).await);
    let told = {
        let stage = stage.clone();
        tokio::spawn(async move { story(&stage).await }).await
    };
    if let Err(failed) = told {
        eprintln!("{}", stage.last_words());
        std::panic::resume_unwind(failed.into_panic());
    }
    let stage = std::sync::Arc::into_inner(stage).expect("nobody else holds it");
    stage.strike().await;
}

async fn story(stage: &Stage) {
    stake(stage).await;
    let books = Books::open(stage).await;
    let before = payees(stage).await;

    let mut bobs = auction(stage).await;
    books.check(stage).await;
    let mut anns = tenants_choice(stage).await;
    books.check(stage).await;

    for _ in 0..2 {
        stage.pass(stage.pace.step).await.unwrap();
        accounts_are_exact(stage, [&mut anns, &mut bobs]).await;
    }
    withdrawals_pay_what_was_earned(stage, &anns).await;
    books.check(stage).await;

    takes_back_all_but_the_runway(stage, &mut anns).await;
    books.check(stage).await;
    depletion(stage, &mut anns).await;
    books.check(stage).await;
    let patrons = too_little_starts_nothing(stage, &mut anns).await;
    enough_starts_it_again(stage, &mut anns).await;
    accounts_are_exact(stage, [&mut anns, &mut bobs]).await;
    books.check(stage).await;

    let mut earned = BTreeMap::new();
    for deployed in [&mut anns, &mut bobs] {
        close(stage, deployed).await;
        for (lease, amount) in deployed.leases.iter().zip(deployed.ledger.earned()) {
            let fee = amount * u128::from(take_bps(stage).await) / 10_000;
            let (net, fees) = earned.entry(lease.provider.clone()).or_insert((0, 0));
            (*net, *fees) = (*net + amount - fee, *fees + fee);
        }
        books.check(stage).await;
    }
    for (payee, held) in payees(stage).await {
        let (net, _) = earned.get(&payee).copied().unwrap_or_default();
        assert_eq!(held - before[&payee], net, "{payee} got what it earned less the fee");
    }
    patrons.came_back(stage).await;
    let held = stage.market.escrow.totals(&denom(stage)).await.unwrap().held;
    assert_eq!(held.u128(), 0, "everything was paid out");
    distribution_reaches_pool_and_staker(stage, earned.values().map(|(_, fee)| fee).sum()).await;
    books.check(stage).await;
}

fn denom(stage: &Stage) -> Denom {
    Denom::native(stage.market.network.denom.clone())
}

async fn take_bps(stage: &Stage) -> u16 {
    stage.market.orderbook.config().await.unwrap().denoms[0].take_bps
}

/// What the providers' own accounts hold.
async fn payees(stage: &Stage) -> BTreeMap<String, u128> {
    let mut held = BTreeMap::new();
    for provider in &stage.providers {
        held.insert(provider.address.clone(), stage.balance(&provider.address).await);
    }
    held
}

async fn stake(stage: &Stage) {
    let coins = Coin::new(STAKE, stage.market.network.denom.clone());
    let contract = &stage.market.contracts.fee_distributor;
    let message = fees::ExecuteMsg::Stake {};
    let message = stage.staker.execute(contract, &message, &[coins]).unwrap();
    stage.staker.send("staking", vec![message]).await.unwrap();
}

/// Bids of exactly these providers.
async fn bids_of(stage: &Stage, order: OrderId, names: &[&str]) -> Offers {
    let enough = |table: &Offers, _: Duration| table.offers.len() >= names.len();
    let market = &stage.market;
    let table = tenant::watch(&Bids(market), order, PATIENCE, enough, |_| ()).await.unwrap();
    let mut bidders: Vec<&str> = table.offers.iter().map(|bid| stage.name(&bid.provider)).collect();
    bidders.sort_unstable();
    assert_eq!(bidders, names, "bidders for order {order}");
    table
}

async fn is_ready(stage: &Stage, tenant: &Wallet, lease: &LeaseResponse) {
    let client = gateway::client_for(&stage.market, tenant, &lease.provider).await.unwrap();
    tenant::wait_until_ready(&client, lease.order, PATIENCE, |_| ()).await.unwrap();
}

/// Two groups, whose bids the tenant chooses from.
async fn tenants_choice(stage: &Stage) -> Deployed<'_> {
    let (market, ann) = (&stage.market, &stage.ann);
    let (created, plan) = stage.deploy(ann, ANNS, AuctionPolicy::TenantChoice {}, 40).await;
    let mut orders = Vec::new();
    for order in &created.orders {
        let asked = market.orderbook.order(*order).await.unwrap();
        let (bidders, winner): (&[&str], _) = match asked.spec.name.as_str() {
            "south" => (&["baobab"], "baobab"),
            "anywhere" => (&["aurora", "baobab", "cedar"], "cedar"),
            other => panic!("a group {other}"),
        };
        let table = bids_of(stage, *order, bidders).await;
        assert_eq!(stage.name(&table.offers[0].provider), winner, "the lowest bid");
        orders.push((*order, table));
    }
    for (order, table) in &orders {
        tenant::accept(market, ann, *order, &table.offers[0]).await.unwrap();
    }
    deployed(stage, ann, created.deployment, &created.orders, &plan).await
}

/// One group, whose lowest bid wins by itself.
async fn auction(stage: &Stage) -> Deployed<'_> {
    let (market, bob) = (&stage.market, &stage.bob);
    let closes_after = market.orderbook.config().await.unwrap().params.min_auction;
    let policy = AuctionPolicy::LowestPrice { closes_after };
    let (created, plan) = stage.deploy(bob, BOBS, policy, 60).await;
    let order = created.orders[0];
    let some = |table: &Offers, _: Duration| !table.offers.is_empty();
    let table = tenant::watch(&Bids(market), order, PATIENCE, some, |_| ()).await.unwrap();
    let by_hand = tenant::accept(market, bob, order, &table.offers[0]).await;
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
            stage.pass(closes_at - now).await.unwrap();
            continue;
        }
        let message = Orderbook::CloseAuction { order, limit: 10 };
        let contract = &market.contracts.orderbook;
        let message = stage.bystander.execute(contract, &message, &[]).unwrap();
        // A provider may have been faster.
        let _ = stage.bystander.send("closing the auction", vec![message]).await;
    };
    assert_eq!(taken.state, OrderState::Active);
    let lease = market.orderbook.lease(order).await.unwrap();
    assert_eq!(stage.name(&lease.provider), "cedar", "the cheapest wins");
    deployed(stage, bob, created.deployment, &created.orders, &plan).await
}

/// Sends the manifests, waits for the workloads, and begins the account's ledger.
async fn deployed<'a>(
    stage: &Stage,
    tenant: &'a Wallet,
    id: DeploymentId,
    orders: &[OrderId],
    plan: &Plan,
) -> Deployed<'a> {
    let market = &stage.market;
    let mut leases = Vec::new();
    for order in orders {
        leases.push(tenant::launch(market, tenant, *order, &plan.upload).await.unwrap());
    }
    for lease in &leases {
        is_ready(stage, tenant, lease).await;
    }
    let runway = market.escrow.config().await.unwrap().min_runway;
    let mut ledger = Ledger::open(plan.deposit.amount, leases[0].created_at, runway);
    for lease in &leases {
        ledger.lease(lease.price.u128(), lease.created_at);
    }
    Deployed { tenant, id, account: leases[0].account, leases, ledger }
}

/// What the contracts say of accounts, at one block, is what the ledgers say.
async fn accounts_are_exact(stage: &Stage, all: [&mut Deployed<'_>; 2]) {
    // The newest block's state may not be there yet.
    let height = stage.market.now().await.unwrap().0 - 1;
    let (then, now) = (stage.market.at(height), stage.time_of(height).await);
    for deployed in all {
        let ledger = &mut deployed.ledger;
        ledger.run(now);
        let account = then.account(deployed.account).await.unwrap();
        assert_eq!(account.balance.u128(), ledger.left(), "what is left at {now}");
        assert_eq!(account.clock.rate.u128(), ledger.rate());
        assert_eq!(account.clock.depleted_since.is_some(), ledger.is_depleted());
        if !ledger.is_depleted() {
            assert_eq!(account.depletion, Some(ledger.depletion()), "depletion as of {now}");
        }
        let streams = then.streams(deployed.account).await.unwrap();
        let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
        assert_eq!(earned, ledger.earned(), "earned by {now}");
    }
}

/// A stranger has the payees paid; they get what their streams earned, less the fee.
async fn withdrawals_pay_what_was_earned(stage: &Stage, deployed: &Deployed<'_>) {
    let bps = u128::from(take_bps(stage).await);
    for (at, lease) in deployed.leases.iter().enumerate() {
        let stream = lease.order.0;
        let paid = async || {
            let all = stage.market.escrow.streams(deployed.account).await.unwrap();
            all.iter().find(|one| one.stream == stream).map_or(0, |one| one.paid.u128())
        };
        let (held, before) = (stage.balance(&lease.provider).await, paid().await);
        let message = Escrow::Withdraw { account: deployed.account, stream };
        let message = stage.escrow(&stage.bystander, &message);
        let outcome = stage.bystander.send("withdrawing", vec![message]).await.unwrap();
        let mut ledger = deployed.ledger.clone();
        ledger.run(stage.time_of(outcome.height).await);
        let earned = ledger.earned()[at];
        assert_eq!(paid().await, earned - earned * bps / 10_000, "paid so far");
        let got = stage.balance(&lease.provider).await - held;
        assert_eq!(got, paid().await - before, "the payee has it");
    }
}

/// The tenant takes back what is above the least runway, but for a little time to do so.
async fn takes_back_all_but_the_runway(stage: &Stage, deployed: &mut Deployed<'_>) {
    let deadline = Instant::now() + PATIENCE;
    let outcome = loop {
        let account = stage.market.escrow.account(deployed.account).await.unwrap();
        let spare = stage.pace.steps(deployed.ledger.rate(), 1);
        let amount = account.withdrawable.u128() - spare;
        let message = Escrow::WithdrawDeposit {
            account: deployed.account,
            amount: Amount::new(amount).unwrap(),
        };
        let message = stage.escrow(deployed.tenant, &message);
        match deployed.tenant.send("taking back", vec![message]).await {
            Ok(outcome) => {
                let now = stage.time_of(outcome.height).await;
                deployed.ledger.withdraw(amount, now);
                break outcome;
            }
            // It took longer than there was time.
            Err(error) => assert!(Instant::now() < deadline, "{error:#}"),
        }
    };
    let account = stage.market.at(outcome.height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.depletion, Some(deployed.ledger.depletion()));
}

/// Until the account is depleted everything runs; from the first block at or past that moment on,
/// nothing does, and nobody earns.
async fn depletion(stage: &Stage, deployed: &mut Deployed<'_>) {
    let moment = deployed.ledger.depletion();
    let (_, now) = stage.market.now().await.unwrap();
    // Some seconds before it; a moment that has come is looked at as it is.
    stage.pass(moment.saturating_sub(now + 5)).await.unwrap();
    for lease in &deployed.leases {
        let client = gateway::client_for(&stage.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = client.lease_status(lease.order).await.unwrap();
            let (_, now) = stage.market.now().await.unwrap();
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
    stage.pass(stage.pace.pause).await.unwrap();
    let height = stage.market.now().await.unwrap().0 - 1;
    deployed.ledger.run(stage.time_of(height).await);
    assert!(deployed.ledger.is_depleted());
    let account = stage.market.at(height).escrow.account(deployed.account).await.unwrap();
    assert_eq!(account.clock.depleted_since, Some(moment), "depleted to the second");
    let streams = stage.market.at(height).escrow.streams(deployed.account).await.unwrap();
    let earned: Vec<u128> = streams.iter().map(|stream| stream.earned.u128()).collect();
    assert_eq!(earned, deployed.ledger.earned(), "unfunded time costs nobody anything");
}

fn pods(status: &LeaseStatus) -> usize {
    status.services.iter().map(|service| service.pods.len()).sum()
}

/// Another's deposit, to be returned whole.
struct Patrons {
    held: u128,
    fee: u128,
}

impl Patrons {
    async fn came_back(self, stage: &Stage) {
        let held = stage.balance(&stage.patron.address).await;
        assert_eq!(held, self.held - self.fee, "the patron has everything but the gas");
    }
}

/// Half of the least runway is held and starts nothing.
async fn too_little_starts_nothing(stage: &Stage, deployed: &mut Deployed<'_>) -> Patrons {
    let held = stage.balance(&stage.patron.address).await;
    let runway = stage.market.escrow.config().await.unwrap().min_runway;
    let amount = deployed.ledger.rate() * u128::from(runway) / 3_600 / 2;
    let outcome = stage.top_up(&stage.patron, deployed.account, amount).await;
    deployed.ledger.deposit(amount, stage.time_of(outcome.height).await);
    let account = stage.market.escrow.account(deployed.account).await.unwrap();
    assert!(account.clock.depleted_since.is_some() && deployed.ledger.is_depleted());
    Patrons { held, fee: outcome.fee.iter().map(|coin| coin.amount).sum() }
}

/// With enough for some time the workloads run again.
async fn enough_starts_it_again(stage: &Stage, deployed: &mut Deployed<'_>) {
    let amount = stage.pace.steps(deployed.ledger.rate(), 20);
    let outcome = stage.top_up(deployed.tenant, deployed.account, amount).await;
    deployed.ledger.deposit(amount, stage.time_of(outcome.height).await);
    assert!(!deployed.ledger.is_depleted());
    for lease in &deployed.leases {
        is_ready(stage, deployed.tenant, lease).await;
    }
    stage.pass(stage.pace.step).await.unwrap();
}

/// The tenant closes and pays in one transaction, before agents withdraw by themselves; a stranger
/// has others' deposits returned; and nothing runs any more.
async fn close(stage: &Stage, deployed: &mut Deployed<'_>) {
    let market = &stage.market;
    let closing = tenant::closing(market, deployed.tenant, deployed.id).await.unwrap();
    let outcome = deployed.tenant.send("closing", closing).await.unwrap();
    deployed.ledger.run(stage.time_of(outcome.height).await);
    let returning = tenant::return_deposits(market, &stage.bystander, deployed.account);
    assert_eq!(returning.await.unwrap().left, 0);
    for lease in &deployed.leases {
        let ended = stage.market.orderbook.lease(lease.order).await.unwrap();
        assert_eq!(ended.state, LeaseState::Closed);
        assert_eq!(ended.reason, Some(CloseReason::Tenant));
        let client = gateway::client_for(&stage.market, deployed.tenant, &lease.provider);
        let client = client.await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        while client.lease_status(lease.order).await.is_ok_and(|it| it.phase != Phase::Closed) {
            assert!(Instant::now() < deadline, "lease {} is not torn down", lease.order);
            sleep(POLL).await;
        }
    }
}

/// The fees are what was worked out; the pool gets its part at once, the staker second by second.
async fn distribution_reaches_pool_and_staker(stage: &Stage, fees: u128) {
    let (market, denom) = (&stage.market, denom(stage));
    let config = market.fees.config().await.unwrap();
    let taken = market.escrow.totals(&denom).await.unwrap().fees;
    assert_eq!(taken.u128(), fees, "the fees of all streams");
    let pool = stage.balance(&stage.pool).await;
    let messages = market.distribution(&stage.bystander.address, &denom).unwrap();
    let outcome = stage.bystander.send("distributing", messages).await.unwrap();
    let start = stage.time_of(outcome.height).await;
    let stakers = fees * u128::from(config.split.stakers_bps) / 10_000;
    assert_eq!(stage.balance(&stage.pool).await - pool, fees - stakers, "the pool's part");

    stage.pass(stage.pace.drip).await.unwrap();
    let claim = fees::ExecuteMsg::ClaimRewards {
        staker: stage.staker.address.clone(),
        denoms: vec![denom.clone()],
    };
    let contract = &market.contracts.fee_distributor;
    let claim = stage.bystander.execute(contract, &claim, &[]).unwrap();
    let held = stage.balance(&stage.staker.address).await;
    let outcome = stage.bystander.send("claiming", vec![claim]).await.unwrap();
    let got = stage.balance(&stage.staker.address).await - held;
    // It drips to the end of the day in which the period ends.
    let end = (start + config.drip_period).div_ceil(DAY) * DAY;
    let passed = stage.time_of(outcome.height).await.min(end) - start;
    let exact = stakers * u128::from(passed) / u128::from(end - start);
    assert!(got > 0 && exact - got <= 1, "the staker got {got} of {exact} dripped");
}
