//! One deployment by the tenant's own choice: bids, lease, workload, and every coin of it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use souk_api::{
    escrow::{self, AccountResponse},
    fees,
    orderbook::LeaseResponse,
};
use souk_chain::Coin;
use souk_core::{AccountId, Amount, AuctionPolicy, Denom, OrderId};
use souk_gateway::body::{LeaseStatus, LogQuery, Phase};

use super::{Stage, tell, visit};
use crate::{
    gateway::{self, Client},
    output::money::amount,
    sdl::Compiled,
    tenant::{self, Bids, Created, Offers, Plan},
    units::duration,
    wallet::Wallet,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Bids are collected for so long after the first.
const COLLECT: Duration = Duration::from_millis(1_000);
/// Steps of the story that the tenant's deposit lasts at the ceilings.
const STEPS: u128 = 8;

/// Tells it.
pub async fn tell(stage: &Stage, compiled: Compiled) -> Result<()> {
    let (created, plan) = tender(stage, compiled).await?;
    let leases = run(stage, &created, &plan).await?;
    money(stage, &leases).await?;
    depleted_and_back(stage, &leases).await?;
    close(stage, &created, &leases).await?;
    share(stage).await
}

/// What a deployment of this file is created with on this stage.
pub async fn plan(stage: &Stage, compiled: Compiled, auction: AuctionPolicy) -> Result<Plan> {
    let config = stage.market.orderbook.config().await?;
    let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
    let least = config.denoms[0].min_deposit.u128() * compiled.groups.len() as u128;
    let deposit = Coin::new(least.max(stage.pace.steps(ceilings, STEPS)), compiled.denom.clone());
    let mut plan = tenant::plan(compiled, Some(deposit), true, &config)?;
    plan.auction = auction;
    Ok(plan)
}

async fn tender(stage: &Stage, compiled: Compiled) -> Result<(Created, Plan)> {
    tell::chapter("A tenant deploys, providers bid");
    for warning in &compiled.warnings {
        tell::line(warning);
    }
    for mapped in &compiled.mapped {
        tell::line(format!("{} {} stands for {} here", mapped.kind, mapped.from, mapped.to));
    }
    let plan = plan(stage, compiled, AuctionPolicy::TenantChoice {}).await?;
    let created = tenant::create(&stage.market, &stage.tenant, &stage.home, &plan).await?;
    tell::line(format!("deployment {} with {} in escrow", created.deployment, plan.deposit));
    Ok((created, plan))
}

/// Takes the lowest bid for every order and brings the workloads up.
async fn run(stage: &Stage, created: &Created, plan: &Plan) -> Result<Vec<LeaseResponse>> {
    let (market, wallet) = (&stage.market, &stage.tenant);
    let wallet_again = Arc::new(wallet.clone());
    let mut leases = Vec::new();
    for order in &created.orders {
        let mut first = None;
        let enough = |table: &Offers, waited: Duration| {
            !table.offers.is_empty() && waited >= *first.get_or_insert(waited) + COLLECT
        };
        let seen = |table: &Offers| tell::line(souk_client::show::offers(table));
        let mut table = tenant::watch(&Bids(market), *order, PATIENCE, enough, seen).await?;
        let asked = market.orderbook.order(*order).await?;
        table.others =
            gateway::reasons(market, Some(wallet_again.clone()), &asked, &table.providers())
                .await?;
        for other in &table.others {
            let name = stage.name_of(&other.provider);
            tell::line(format!("{name} did not bid: {}", other.reason));
        }
        let bid = table.offers.first().context("there is no bid")?;
        tenant::accept(market, wallet, *order, bid).await?;
        let lease = tenant::launch(market, wallet, *order, &plan.upload).await?;
        tell::line(format!(
            "accepted {} at {} an hour and sent it the manifest",
            stage.name_of(&lease.provider),
            amount(lease.price.u128(), &lease.denom)
        ));
        leases.push(lease);
    }
    tell::chapter("The workload runs");
    for lease in &leases {
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        let status = tenant::wait_until_ready(&client, lease.order, PATIENCE, |_| ()).await?;
        tell::line(souk_client::show::status(&status));
        visit::services(stage, &lease.provider, &status).await?;
        tell::line("logs, through the gateway:");
        show_logs(&client, lease.order).await?;
    }
    Ok(leases)
}

async fn show_logs(client: &Client, order: OrderId) -> Result<()> {
    let query = LogQuery { tail: Some(2), ..LogQuery::default() };
    let mut lines = client.logs(order, &query).await?;
    while let Some(line) = lines.next().await? {
        tell::line(format!("  {} | {}", line.pod, line.line));
    }
    Ok(())
}

async fn money(stage: &Stage, leases: &[LeaseResponse]) -> Result<()> {
    tell::chapter("Coins stream by the second");
    let lease = leases.first().context("there is no lease")?;
    let denom = &lease.denom;
    for _ in 0..2 {
        stage.pass(stage.pace.step).await?;
        show_account(stage, lease.account).await?;
    }
    tell::line("each provider withdraws; anybody could trigger it, the coins go to the payee:");
    for lease in leases {
        let owner = owner_of(stage, lease)?;
        let before = balance(stage, owner).await?;
        let message =
            escrow::ExecuteMsg::Withdraw { account: lease.account, stream: lease.order.0 };
        let message = stage.friend.execute(&stage.market.contracts.escrow, &message, &[])?;
        stage.friend.send("withdrawing", vec![message]).await?;
        let got = balance(stage, owner).await? - before;
        tell::line(format!("{} got {}", stage.name_of(&lease.provider), amount(got, denom)));
    }
    let rate = stage.market.escrow.account(lease.account).await?.clock.rate.u128();
    let top_up = Coin::new(stage.pace.steps(rate, 2), denom.to_string());
    tell::line(format!("a friend of the tenant adds {top_up}:"));
    deposit(stage, &stage.friend, lease.account, top_up).await?;
    show_account(stage, lease.account).await.map(drop)
}

/// Lets the account be depleted, watches the workload stop, tops up and watches it start.
async fn depleted_and_back(stage: &Stage, leases: &[LeaseResponse]) -> Result<()> {
    tell::chapter("The account is depleted and topped up");
    let lease = leases.first().context("there is no lease")?;
    take_back(stage, lease.account).await?;
    let account = stage.market.escrow.account(lease.account).await?;
    let depletion = account.depletion.context("the account will not be depleted")?;
    let (_, now) = stage.market.now().await?;
    stage.pass(depletion.saturating_sub(now)).await?;
    show_account(stage, lease.account).await?;
    for lease in leases {
        wait_for_phase(stage, lease, Phase::Suspended).await?;
    }
    let pause = duration(stage.pace.pause);
    tell::line(format!("unfunded time costs nobody anything: {pause} pass"));
    stage.pass(stage.pace.pause).await?;
    show_account(stage, lease.account).await?;
    let more = stage.pace.steps(account.clock.rate.u128(), 2);
    deposit(stage, &stage.tenant, lease.account, Coin::new(more, account.denom.to_string()))
        .await?;
    tell::line(format!("the tenant adds enough for {}:", duration(2 * stage.pace.step)));
    show_account(stage, lease.account).await?;
    for lease in leases {
        wait_for_phase(stage, lease, Phase::Ready).await?;
    }
    stage.pass(stage.pace.step / 2).await
}

/// The tenant takes back what is above the least runway, but for a step's time.
async fn take_back(stage: &Stage, account: AccountId) -> Result<()> {
    let found = stage.market.escrow.account(account).await?;
    let spare = stage.pace.steps(found.clock.rate.u128(), 1);
    let amount = Amount::new(found.withdrawable.u128().saturating_sub(spare))?;
    if amount == Amount::ZERO {
        return Ok(());
    }
    let message = escrow::ExecuteMsg::WithdrawDeposit { account, amount };
    let escrow = &stage.market.contracts.escrow;
    let message = stage.tenant.execute(escrow, &message, &[])?;
    stage.tenant.send("taking back", vec![message]).await?;
    tell::line("the tenant takes back what it may:");
    show_account(stage, account).await.map(drop)
}

async fn wait_for_phase(stage: &Stage, lease: &LeaseResponse, phase: Phase) -> Result<()> {
    let client = gateway::client_for(&stage.market, &stage.tenant, &lease.provider).await?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let status: LeaseStatus = loop {
        let status = client.lease_status(lease.order).await?;
        let pods = status.services.iter().map(|service| service.pods.len()).sum::<usize>();
        if status.phase == phase && (phase != Phase::Suspended || pods == 0) {
            break status;
        }
        ensure!(
            tokio::time::Instant::now() < deadline,
            "lease {} is {:?}",
            lease.order,
            status.phase
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let pods = status.services.iter().map(|service| service.pods.len()).sum::<usize>();
    let name = stage.name_of(&lease.provider);
    tell::line(format!("lease {} at {name}: {phase:?}, {pods} pods", lease.order).to_lowercase());
    Ok(())
}

/// Closes, pays everyone out, and shows what each party got.
async fn close(stage: &Stage, created: &Created, leases: &[LeaseResponse]) -> Result<()> {
    tell::chapter("The tenant closes; everyone gets what is theirs");
    let lease = leases.first().context("there is no lease")?;
    let denom = &lease.denom;
    let parties = || {
        let people = [("tenant", &stage.tenant), ("friend", &stage.friend)].into_iter();
        let payees = leases
            .iter()
            .map(|lease| Ok((stage.name_of(&lease.provider), owner_of(stage, lease)?)));
        people.map(Ok).chain(payees).collect::<Result<Vec<_>>>()
    };
    let mut before = Vec::new();
    for (_, wallet) in parties()? {
        before.push(balance(stage, wallet).await?);
    }
    let market = &stage.market;
    let messages = tenant::closing(market, &stage.tenant, created.deployment).await?;
    let outcome = stage.tenant.send("closing the deployment", messages).await?;
    let fee = outcome.fee.iter().map(|coin| coin.amount).sum::<u128>();
    // By somebody whose coins are not counted here.
    tenant::return_deposits(market, &stage.staker, lease.account).await?;
    for ((name, wallet), before) in parties()?.into_iter().zip(before) {
        let after = balance(stage, wallet).await?;
        let got = if name == "tenant" { after + fee - before } else { after - before };
        tell::line(format!("{name:7} got {}", amount(got, denom)));
    }
    tell::line(format!("(the tenant paid {} of gas for it)", amount(fee, denom)));
    let account = stage.market.escrow.account(lease.account).await?;
    ensure!(account.balance.u128() == 0 || account.closed, "the account is not closed");
    Ok(())
}

/// The take rate reaches the pool and the stakers.
async fn share(stage: &Stage) -> Result<()> {
    tell::chapter("The take rate reaches pool and stakers");
    let (market, staker) = (&stage.market, &stage.staker);
    let denom = Denom::native(market.network.denom.clone());
    let native = market.network.denom.as_str();
    let pool_before = market.chain().balance(&stage.pool, native).await?;
    let messages = market.distribution(&staker.address, &denom)?;
    staker.send("distributing", messages).await?;
    let pool = market.chain().balance(&stage.pool, native).await? - pool_before;
    let dripping = market.fees.denom(&denom).await?.dripping.u128();
    tell::line(format!(
        "the pool got {}; {} drips to the stakers within a week",
        amount(pool, &denom),
        amount(dripping, &denom)
    ));
    stage.pass(stage.pace.drip).await?;
    let claim = fees::ExecuteMsg::ClaimRewards {
        staker: staker.address.clone(),
        denoms: vec![denom.clone()],
    };
    let claim = stage.friend.execute(&market.contracts.fee_distributor, &claim, &[])?;
    let before = balance(stage, staker).await?;
    stage.friend.send("claiming for the staker", vec![claim]).await?;
    let got = balance(stage, staker).await? - before;
    let later = duration(stage.pace.drip);
    tell::line(format!("{later} later the staker got {}", amount(got, &denom)));
    Ok(())
}

/// An account, settled to the newest block, in one line.
pub async fn show_account(stage: &Stage, account: AccountId) -> Result<AccountResponse> {
    let found = stage.market.escrow.account(account).await?;
    let (_, now) = stage.market.now().await?;
    let lasts = match found.depletion {
        _ if found.clock.depleted_since.is_some() => "depleted".to_owned(),
        Some(moment) => format!("lasts {}", duration(moment.saturating_sub(now))),
        None => "nothing flows".to_owned(),
    };
    let earned: u128 =
        stage.market.escrow.streams(account).await?.iter().map(|stream| stream.earned.u128()).sum();
    tell::line(format!(
        "account {account}: {} left, {} earned by providers, {} an hour; {lasts}",
        amount(found.balance.u128(), &found.denom),
        amount(earned, &found.denom),
        amount(found.clock.rate.u128(), &found.denom),
    ));
    Ok(found)
}

async fn deposit(stage: &Stage, from: &Wallet, account: AccountId, coin: Coin) -> Result<()> {
    let message = escrow::ExecuteMsg::Deposit { account };
    let message = from.execute(&stage.market.contracts.escrow, &message, &[coin])?;
    from.send("depositing", vec![message]).await?;
    Ok(())
}

fn owner_of<'a>(stage: &'a Stage, lease: &LeaseResponse) -> Result<&'a Wallet> {
    let found = stage.owners.iter().find(|owner| owner.address == lease.provider);
    found.context("the lease's provider is none of ours")
}

async fn balance(stage: &Stage, wallet: &Wallet) -> Result<u128> {
    let denom = &stage.market.network.denom;
    Ok(stage.market.chain().balance(&wallet.address, denom).await?)
}
