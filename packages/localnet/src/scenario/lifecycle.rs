//! One deployment whose bids the tenant accepts: lease, workload, and every coin of it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use souk_api::{escrow, fees, orderbook::LeaseResponse};
use souk_chain::Coin;
use souk_client::{
    deploy::{self, Created},
    gateway,
    sdl::Compiled,
    show::{amount, duration},
    wallet::Wallet,
};
use souk_core::{AccountId, Amount, Denom};
use souk_gateway::body::{LeaseStatus, Phase};

use super::{
    Fixture, TIMEOUT,
    account::{balance, deposit, show_account},
    cost::Cost,
    deployment, print,
};

/// Runs it from the file to the fees.
pub async fn run(fixture: &Fixture, compiled: Compiled) -> Result<Cost> {
    let (before, _) = fixture.market.now().await?;
    let (created, plan) = deployment::create(fixture, compiled).await?;
    let leases = deployment::run(fixture, &created, &plan).await?;
    let cost = Cost::until_leases(fixture, created.deployment, leases.len(), before).await?;
    stream_coins(fixture, &leases).await?;
    deplete_and_top_up(fixture, &leases).await?;
    close(fixture, &created, &leases).await?;
    distribute_fees(fixture).await?;
    Ok(cost)
}

async fn stream_coins(fixture: &Fixture, leases: &[LeaseResponse]) -> Result<()> {
    print::section("Coins stream by the second");
    let lease = leases.first().context("there is no lease")?;
    let denom = &lease.denom;
    for _ in 0..2 {
        fixture.pass(fixture.periods.step).await?;
        show_account(fixture, lease.account).await?;
    }
    print::line(
        "each provider withdraws; anybody may send that message, the coins go to the payee:",
    );
    for lease in leases {
        let wallet = wallet_of(fixture, lease)?;
        let before = balance(fixture, wallet).await?;
        let message =
            escrow::ExecuteMsg::Withdraw { account: lease.account, stream: lease.order.0 };
        let message = fixture.friend.execute(&fixture.market.contracts.escrow, &message, &[])?;
        fixture.friend.send("withdrawing", vec![message]).await?;
        let got = balance(fixture, wallet).await? - before;
        print::line(format!("{} got {}", fixture.name_of(&lease.provider), amount(got, denom)));
    }
    let rate = fixture.market.escrow.account(lease.account).await?.clock.rate.u128();
    let top_up = Coin::new(fixture.periods.cost(rate, 2), denom.to_string());
    print::line(format!("a friend of the tenant adds {}:", amount(top_up.amount, denom)));
    deposit(fixture, &fixture.friend, lease.account, top_up).await?;
    show_account(fixture, lease.account).await.map(drop)
}

/// Lets the account deplete, waits until the workload stops, tops up and waits until it starts.
async fn deplete_and_top_up(fixture: &Fixture, leases: &[LeaseResponse]) -> Result<()> {
    print::section("The account is depleted and topped up");
    let lease = leases.first().context("there is no lease")?;
    withdraw_spare(fixture, lease.account).await?;
    let account = fixture.market.escrow.account(lease.account).await?;
    let depletion = account.depletion.context("the account never depletes")?;
    let (_, now) = fixture.market.now().await?;
    fixture.pass(depletion.saturating_sub(now)).await?;
    show_account(fixture, lease.account).await?;
    for lease in leases {
        wait_for_phase(fixture, lease, Phase::Suspended).await?;
    }
    let pause = duration(fixture.periods.pause);
    print::line(format!("unfunded time costs nothing; {pause} later:"));
    fixture.pass(fixture.periods.pause).await?;
    show_account(fixture, lease.account).await?;
    let more = fixture.periods.cost(account.clock.rate.u128(), 2);
    deposit(fixture, &fixture.tenant, lease.account, Coin::new(more, account.denom.to_string()))
        .await?;
    print::line(format!("the tenant adds enough for {}:", duration(2 * fixture.periods.step)));
    show_account(fixture, lease.account).await?;
    for lease in leases {
        wait_for_phase(fixture, lease, Phase::Ready).await?;
    }
    fixture.pass(fixture.periods.step / 2).await
}

/// The tenant withdraws what is above the minimal runway, less the cost of one step.
async fn withdraw_spare(fixture: &Fixture, account: AccountId) -> Result<()> {
    let found = fixture.market.escrow.account(account).await?;
    let spare = fixture.periods.cost(found.clock.rate.u128(), 1);
    let amount = Amount::new(found.withdrawable.u128().saturating_sub(spare))?;
    if amount == Amount::ZERO {
        return Ok(());
    }
    let message = escrow::ExecuteMsg::WithdrawDeposit { account, amount };
    let escrow = &fixture.market.contracts.escrow;
    let message = fixture.tenant.execute(escrow, &message, &[])?;
    fixture.tenant.send("withdrawing", vec![message]).await?;
    print::line("the tenant withdraws what it may:");
    show_account(fixture, account).await.map(drop)
}

async fn wait_for_phase(fixture: &Fixture, lease: &LeaseResponse, phase: Phase) -> Result<()> {
    let client = gateway::client_for(&fixture.market, &fixture.tenant, &lease.provider).await?;
    let deadline = tokio::time::Instant::now() + TIMEOUT;
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
    let name = fixture.name_of(&lease.provider);
    print::line(format!("lease {} at {name}: {phase:?}, {pods} pods", lease.order).to_lowercase());
    Ok(())
}

/// Closes, pays everyone, and shows what each party got.
async fn close(fixture: &Fixture, created: &Created, leases: &[LeaseResponse]) -> Result<()> {
    print::section("The tenant closes; everyone is paid");
    let lease = leases.first().context("there is no lease")?;
    let denom = &lease.denom;
    let parties = || {
        let payers = [("tenant", &fixture.tenant), ("friend", &fixture.friend)].into_iter();
        let payees = leases
            .iter()
            .map(|lease| Ok((fixture.name_of(&lease.provider), wallet_of(fixture, lease)?)));
        payers.map(Ok).chain(payees).collect::<Result<Vec<_>>>()
    };
    let mut before = Vec::new();
    for (_, wallet) in parties()? {
        before.push(balance(fixture, wallet).await?);
    }
    let market = &fixture.market;
    let messages = deploy::closing(market, &fixture.tenant, created.deployment).await?;
    let outcome = fixture.tenant.send("closing the deployment", messages).await?;
    let fee = outcome.fee.iter().map(|coin| coin.amount).sum::<u128>();
    // By an account whose coins are not counted here.
    deploy::return_deposits(market, &fixture.staker, lease.account).await?;
    for ((name, wallet), before) in parties()?.into_iter().zip(before) {
        let after = balance(fixture, wallet).await?;
        let got = if name == "tenant" { after + fee - before } else { after - before };
        print::line(format!("{name:7} got {}", amount(got, denom)));
    }
    print::line(format!("(the tenant paid {} of gas for the close)", amount(fee, denom)));
    let account = fixture.market.escrow.account(lease.account).await?;
    ensure!(account.balance.u128() == 0 || account.closed, "the account is not closed");
    Ok(())
}

/// Brings the fees to the pool and the stakers.
async fn distribute_fees(fixture: &Fixture) -> Result<()> {
    print::section("Fees reach the pool and the stakers");
    let (market, staker) = (&fixture.market, &fixture.staker);
    let denom = Denom::native(market.network.denom.clone());
    let native = market.network.denom.as_str();
    let pool_before = market.chain().balance(&fixture.pool, native).await?;
    let mut messages = market.distribution(&staker.address, &denom)?;
    messages.push(market.pool_payment(&staker.address, &denom)?);
    staker.send("distributing", messages).await?;
    let pool = market.chain().balance(&fixture.pool, native).await? - pool_before;
    let dripping = market.fees.denom(&denom).await?.dripping.u128();
    print::line(format!(
        "the pool got {}; {} drips to the stakers within a week",
        amount(pool, &denom),
        amount(dripping, &denom)
    ));
    fixture.pass(fixture.periods.drip).await?;
    let claim = fees::ExecuteMsg::ClaimRewards {
        staker: staker.address.clone(),
        denoms: vec![denom.clone()],
    };
    let claim = fixture.friend.execute(&market.contracts.fee_distributor, &claim, &[])?;
    let before = balance(fixture, staker).await?;
    fixture.friend.send("claiming for the staker", vec![claim]).await?;
    let got = balance(fixture, staker).await? - before;
    let later = duration(fixture.periods.drip);
    print::line(format!("{later} later the staker got {}", amount(got, &denom)));
    Ok(())
}

fn wallet_of<'a>(fixture: &'a Fixture, lease: &LeaseResponse) -> Result<&'a Wallet> {
    let found = fixture.provider_wallets.iter().find(|wallet| wallet.address == lease.provider);
    found.context("the lease's provider is not one of this market")
}
