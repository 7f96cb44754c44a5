//! Every file that `souk sdl init` writes runs as it is on the demonstration's market: by the
//! command alone, from bids to the last refund.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{path::Path, process::Output, time::Duration};

use serde_json::Value;
use souk_api::orderbook::OrderState;
use souk_chain::keys::write_plain_key_file;
use souk_core::OrderId;
use souk_localnet::{Localnet, LocalnetConfig, chain::ChainKind, process::binary, provider};
use souk_sdl::templates;
use tokio::{process::Command, time};

/// The command as a tenant of the market in `folder` runs it.
fn souk(folder: &Path, tenant: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("souk").unwrap());
    command
        .env_clear()
        .env("SOUK_HOME", folder.join("home"))
        .env("SOUK_NETWORK", folder.join("network.toml"))
        .env("SOUK_KEY", tenant)
        .current_dir(folder)
        .args(arguments)
        .kill_on_drop(true);
    command
}

fn answer(what: &str, output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_that_init_writes_is_deployed_made_ready_and_closed_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let config = LocalnetConfig {
        chain: ChainKind::Embedded {
            chain_id: "souk-templates".to_owned(),
            block_time: Duration::from_millis(200),
        },
        providers: provider::examples(),
        accounts: templates::ALL.len(),
        coins: 10_000_000_000,
        foreign_denoms: Vec::new(),
        foreign_auditors: Vec::new(),
    };
    let local = Localnet::start(config, folder.path()).await.unwrap();
    let (denom, folder) = (local.market.network.denom.clone(), folder.path());
    let supply = local.market.chain().supply(&denom).await.unwrap();
    std::fs::create_dir_all(folder.join("home/keys")).unwrap();
    for (template, key) in templates::ALL.iter().zip(&local.account_keys) {
        write_plain_key_file(&folder.join(format!("home/keys/{}.key", template.name)), key)
            .unwrap();
    }

    let mut deployments = tokio::task::JoinSet::new();
    for template in templates::ALL {
        let folder = folder.to_owned();
        deployments.spawn(async move { (template.name, deploy(&folder, template.name).await) });
    }
    let mut deployed = 0;
    loop {
        tokio::select! {
            done = deployments.join_next() => {
                let Some(done) = done else { break };
                let (name, running) = done.unwrap();
                assert!(!running["leases"].as_array().unwrap().is_empty(), "{name}: {running}");
                for lease in running["leases"].as_array().unwrap() {
                    assert_eq!(lease["phase"], "ready", "{name}: {running}");
                }
                let id = running["deployment"].to_string();
                let id = id.trim_matches('"');
                let closed = souk(folder, name, &["close", id, "--json"]).output().await.unwrap();
                answer(&format!("{name}: close"), &closed);
                deployed += 1;
            }
            () = time::sleep(Duration::from_millis(500)) => close_auctions(&local).await,
        }
    }
    assert_eq!(deployed, templates::ALL.len());
    let coins = local.all_coins().await.unwrap();
    assert_eq!((coins.balances, coins.supply), (supply, supply), "{coins:?}");
    local.stop().await;
}

/// Writes a template and deploys it; returns what the command prints.
async fn deploy(folder: &Path, name: &str) -> Value {
    let file = format!("{name}.yaml");
    let init =
        souk(folder, name, &["sdl", "init", name, "--output", &file]).output().await.unwrap();
    assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
    let arguments = ["deploy", &file, "--bid", "lowest", "--collect", "1", "--json"];
    answer(&format!("{name}: deploy"), &souk(folder, name, &arguments).output().await.unwrap())
}

/// Lets the time pass until binding auctions close, once every order that is open has bids. Who
/// closes them is the winner.
async fn close_auctions(local: &Localnet) {
    let (_, now) = local.market.now().await.unwrap();
    let mut latest = now;
    for order in 1..=u64::try_from(templates::ALL.len()).unwrap() {
        let Ok(order) = local.market.orderbook.order(OrderId(order)).await else { return };
        if order.state != OrderState::Open {
            continue;
        }
        // Time that passes for one passes for all.
        if local.market.orderbook.bids(order.id).await.unwrap().is_empty() {
            return;
        }
        latest = latest.max(order.closes_at.map_or(now, |closes_at| closes_at + 1));
    }
    if latest > now {
        local.pass(latest - now).await.unwrap();
    }
}
