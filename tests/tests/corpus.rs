//! Every valid file of the SDL corpus goes through the whole market on the embedded defaults:
//! deployment, bids, lease, objects applied and ready, coins streamed, close, refunds, and all
//! coins add up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Config, ResourceExt, api::ListParams, config::Kubeconfig};
use souk_api::{defaults, orderbook::LeaseResponse};
use souk_chain::Coin;
use souk_client::{
    deploy::{self, Bids, Offer, Offers},
    gateway::{self, GatewayError},
    home::Home,
    network::{FOREIGN_AUDITOR, FOREIGN_DENOMS},
    sdl,
    wallet::Wallet,
};
use souk_core::{AuctionPolicy, DeploymentId, OrderId};
use souk_gateway::body::Phase;
use souk_localnet::{Localnet, LocalnetConfig, chain::ChainKind};
use souk_provider::model::{
    labels::{MANAGED_BY, MANAGER},
    scope::MarketScope,
};
use souk_tests::{corpus, profiles};
use tokio::{
    sync::Mutex,
    time::{self, Instant},
};

/// Tenants that deploy at the same time, each one file after the other.
const TENANTS: usize = 6;
/// Generous, so that a busy machine fails nothing.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A stable coin, as Akash names it, and its auditor of early days.
const USDC: &str = "ibc/170C677610AC31DF0904FFE09CD3B5C657492170E7E52372E48756B71E56F2F1";
const OTHER_AUDITOR: &str = "akash18qa2a2ltfyvkyj0ggj3hkvuj6twzyumuaru9s4";

/// Valid SDL that no market can take, and why: fixtures of a parser's tests.
const NOT_FOR_A_MARKET: [(&str, &str); 2] = [
    ("golden/input/schema-only-invalid/invalid-denom.yaml", "its denom exists nowhere"),
    ("golden/input/v2.0/simple/input.yaml", "its auditors are no addresses"),
];

/// A file that runs.
struct Running {
    file: String,
    deployment: DeploymentId,
    leases: Vec<LeaseResponse>,
    tenant: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_valid_file_goes_through_the_whole_market() {
    let Some(corpus) = corpus::folder() else { return };
    let entries = ["community", "golden"].map(|part| corpus::entries(&corpus, part)).concat();
    let mut files: Vec<String> =
        entries.into_iter().filter(|entry| entry.ok).map(|entry| entry.file).collect();
    for (file, why) in NOT_FOR_A_MARKET {
        println!("left out: {file}: {why}");
        files.retain(|one| one != file);
    }
    let folder = tempfile::tempdir().unwrap();
    let config = LocalnetConfig {
        chain: ChainKind::Embedded {
            chain_id: "souk-corpus".to_owned(),
            block_time: Duration::from_millis(200),
        },
        providers: profiles::all().into_iter().map(|profile| (profile, true)).collect(),
        accounts: TENANTS,
        coins: 1_000_000_000_000_000,
        foreign_denoms: FOREIGN_DENOMS.into_iter().chain([USDC]).map(str::to_owned).collect(),
        foreign_auditors: [FOREIGN_AUDITOR, OTHER_AUDITOR].map(str::to_owned).to_vec(),
    };
    let local = Arc::new(Localnet::start(config, folder.path()).await.expect("the market starts"));
    let supply = local.market.chain().supply(&local.market.network.denom).await.unwrap();

    let mut failures = BTreeMap::new();
    for round in corpus::rounds(&corpus, &files) {
        failures.extend(play(&local, &corpus, folder.path(), round).await);
    }
    let orphans = orphans(&local).await.unwrap();
    let passed = files.len() - failures.len();
    for (file, why) in &failures {
        eprintln!("FAILED {file}: {why}");
    }
    println!("corpus run: {passed} of {} valid files passed", files.len());
    let coins = local.all_coins().await.unwrap();
    if !failures.is_empty() {
        eprintln!("{}", local.log_tails());
    }
    if let Some(local) = Arc::into_inner(local) {
        local.stop().await;
    }
    assert_eq!((coins.balances, coins.supply), (supply, supply), "{coins:?}");
    assert!(failures.is_empty(), "{} files failed", failures.len());
    assert!(orphans.is_empty(), "left in the clusters: {orphans:?}");
}

/// Runs files side by side, and when all are ready and an hour has passed closes them.
async fn play(
    local: &Arc<Localnet>,
    corpus: &Path,
    homes: &Path,
    files: Vec<String>,
) -> BTreeMap<String, String> {
    let queue = Arc::new(Mutex::new(files));
    let tenants = (0..TENANTS).map(|tenant| {
        let (local, queue) = (Arc::clone(local), Arc::clone(&queue));
        let (corpus, home) = (corpus.to_owned(), homes.join(format!("tenant-{tenant}")));
        tokio::spawn(async move { work(&local, &corpus, &home, tenant, &queue).await })
    });
    let mut running = Vec::new();
    let mut failures = BTreeMap::new();
    for tenant in futures::future::join_all(tenants).await {
        let (done, failed) = tenant.expect("a tenant's task ends");
        running.extend(done);
        failures.extend(failed);
    }
    local.pass(3_600).await.unwrap();
    let running = Arc::new(running);
    let closing = (0..TENANTS).map(|tenant| {
        let (local, running) = (Arc::clone(local), Arc::clone(&running));
        tokio::spawn(async move {
            let mut failures = BTreeMap::new();
            let own = || running.iter().filter(|one| one.tenant == tenant);
            for one in own() {
                if let Err(error) = close(&local, one).await {
                    failures.insert(one.file.clone(), format!("{error:#}"));
                }
            }
            for one in own() {
                if let Err(error) = wait_until_gone(&local, one).await {
                    failures.insert(one.file.clone(), format!("{error:#}"));
                }
            }
            failures
        })
    });
    for failed in futures::future::join_all(closing).await {
        failures.extend(failed.expect("a tenant's task ends"));
    }
    failures
}

async fn work(
    local: &Localnet,
    corpus: &Path,
    home: &Path,
    tenant: usize,
    queue: &Mutex<Vec<String>>,
) -> (Vec<Running>, BTreeMap<String, String>) {
    let home = Home::open(Some(home.to_owned())).expect("a home");
    let (mut running, mut failures) = (Vec::new(), BTreeMap::new());
    loop {
        let Some(file) = queue.lock().await.pop() else { return (running, failures) };
        match deploy(local, corpus, &home, tenant, &file).await {
            Ok(one) => running.push(one),
            Err(error) => drop(failures.insert(file, format!("{error:#}"))),
        }
    }
}

/// Deploys a file, takes the lowest bids, and waits until all its pods are ready.
async fn deploy(
    local: &Localnet,
    corpus: &Path,
    home: &Home,
    tenant: usize,
    file: &str,
) -> Result<Running> {
    let market = &local.market;
    let wallet = &local.accounts[tenant];
    let compiled = sdl::read(&corpus.join(file), &market.network.map, false)?;
    let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
    let deposit = Coin::new(ceilings * 4 + 10_000_000, compiled.denom.clone());
    let config = market.orderbook.config().await?;
    let mut plan = deploy::plan(compiled, Some(deposit), true, &config, defaults::MIN_RUNWAY)?;
    plan.auction = AuctionPolicy::TenantChoice {};
    let created = deploy::create(market, wallet, home, &plan).await?;
    let mut leases = Vec::new();
    for order in &created.orders {
        let bid = first_bid(local, wallet, *order).await?;
        deploy::accept(market, wallet, *order, &bid).await?;
        let lease = deploy::launch(market, wallet, *order, &plan.upload).await?;
        let client = gateway::client_for(market, wallet, &lease.provider).await?;
        deploy::wait_until_ready(&client, *order, TIMEOUT, |_| ()).await?;
        leases.push(lease);
    }
    Ok(Running { file: file.to_owned(), deployment: created.deployment, leases, tenant })
}

async fn first_bid(local: &Localnet, wallet: &Wallet, order: OrderId) -> Result<Offer> {
    let market = &local.market;
    let enough = |table: &Offers, _: Duration| !table.offers.is_empty();
    let watched = deploy::watch(&Bids(market), order, TIMEOUT, enough, |_| ()).await;
    match watched {
        Ok(table) => table.offers.into_iter().next().context("there is no bid"),
        Err(error) => {
            let asked = market.orderbook.order(order).await?;
            let reasons =
                gateway::reasons(market, Some(Arc::new(wallet.clone())), &asked, &[]).await?;
            let reasons: Vec<String> = reasons.into_iter().map(|one| one.reason).collect();
            Err(anyhow::Error::from(error).context(reasons.join("; ")))
        }
    }
}

/// Closes after an hour: each provider gets the hour's price less the fee, the tenant the rest.
async fn close(local: &Localnet, running: &Running) -> Result<()> {
    let market = &local.market;
    let wallet = &local.accounts[running.tenant];
    let messages = deploy::closing(market, wallet, running.deployment).await?;
    let account = running.leases.first().context("it has a lease")?.account;
    for (lease, stream) in running.leases.iter().zip(market.escrow.streams(account).await?) {
        ensure!(
            stream.earned.u128() >= lease.price.u128(),
            "{} was earned in an hour at {}",
            stream.earned,
            lease.price
        );
    }
    wallet.send("closing", messages).await?;
    let left = market.escrow.account(account).await?;
    ensure!(left.closed && left.balance.u128() == 0, "{} is left", left.balance);
    Ok(())
}

/// Waits until the providers have let go of everything, the host names with the manifest, and gives up the
/// volumes that they keep.
async fn wait_until_gone(local: &Localnet, running: &Running) -> Result<()> {
    let wallet = &local.accounts[running.tenant];
    for lease in &running.leases {
        let client = gateway::client_for(&local.market, wallet, &lease.provider).await?;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match client.lease_status(lease.order).await {
                Ok(status) if status.phase == Phase::Closed && status.services.is_empty() => {
                    if status.kept_volumes.is_some() {
                        client.delete_volumes(lease.order).await?;
                    }
                    break;
                }
                // It is forgotten already.
                Err(GatewayError::Absent(_) | GatewayError::Refused { .. }) => break,
                other => ensure!(Instant::now() < deadline, "lease {}: {other:?}", lease.order),
            }
            time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

/// What the agents left in their clusters a while after the last lease ended.
async fn orphans(local: &Localnet) -> Result<Vec<String>> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut left = Vec::new();
        for provider in &local.providers {
            let file = Kubeconfig::read_from(provider.kubeconfig())?;
            let config = Config::from_custom_kubeconfig(file, &Default::default()).await?;
            let namespaces: Api<Namespace> = Api::all(kube::Client::try_from(config)?);
            let ours = ListParams::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
            // The agent's own two namespaces stay for as long as it is installed.
            let (network, orderbook) = (&local.market.network, &local.market.contracts.orderbook);
            let scope = MarketScope::new(&network.chain_id, orderbook, &provider.address);
            let own = [scope.own_namespace(), scope.dry_run_namespace()];
            let found = namespaces.list(&ours).await?.into_iter().map(|one| one.name_any());
            left.extend(found.filter(|name| !own.contains(name)));
        }
        if left.is_empty() || Instant::now() > deadline {
            return Ok(left);
        }
        time::sleep(Duration::from_millis(500)).await;
    }
}
