//! `why`, `status`, `leases`, `version`: reads the store, also while the agent runs.

use std::{
    collections::BTreeMap,
    path::Path,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use souk_core::OrderId;

use super::{health::Known, output};
use crate::{
    config::Config,
    model::{self, kept::KeptVolume, placement::Requests},
    runtime::app,
    store::{
        Store, StoreError, bids, cursor, kept_volumes, leases as lease_rows, manifests, orders,
        reservations,
    },
};

async fn open(path: &Path) -> Result<Store> {
    open_of(&Config::load(path)?).await
}

async fn open_of(config: &Config) -> Result<Store> {
    if !config.store.path.exists() {
        bail!(
            "there is no store at {} yet; start the agent with `souk-provider run`",
            config.store.path.display()
        );
    }
    Ok(app::open_store(config).await?)
}

#[derive(Serialize)]
struct Why {
    order: OrderId,
    verdict: String,
    reason: String,
    tenant_reason: String,
    price: Option<String>,
    since_height: Option<u64>,
    bid: Option<String>,
}

/// Why there is a bid, or none.
pub async fn why(path: &Path, order: OrderId, json: bool) -> Result<ExitCode> {
    let store = open(path).await?;
    let bid = store.read(move |sql| bids::get(sql, order)).await.context("bid")?;
    let known = store.order(order).await?;
    let Some(decision) = store.decision(order).await? else {
        if known.is_some() {
            bail!("order {order} is known but nothing is decided yet; look again in a moment");
        }
        bail!("order {order} is not known: it may be on another chain, too old, or yet to come");
    };
    let why = Why {
        order,
        verdict: decision.verdict.to_string(),
        reason: decision.reason,
        tenant_reason: decision.tenant_reason,
        price: decision.price.map(|price| price.to_string()),
        since_height: Some(decision.height),
        bid: bid.map(|bid| bid.progress.to_string()),
    };
    output::answer(&why, json, |why| {
        let price = why.price.as_ref().map(|p| format!(" at {p} an hour")).unwrap_or_default();
        let bid = why.bid.as_ref().map(|b| format!("\nbid: {b}")).unwrap_or_default();
        let height = why.since_height.unwrap_or_default();
        format!(
            "order {order}: {}{price} since height {height}\nreason: {}\nshown to the tenant: {}{bid}",
            why.verdict, why.reason, why.tenant_reason
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    stored: Stored,
    health: Known,
}

#[derive(Serialize)]
struct Stored {
    height: Option<u64>,
    block_time: Option<u64>,
    open_orders: usize,
    live_bids: usize,
    active_leases: usize,
    depleted_leases: usize,
    reserved_cpu_milli: u64,
    reserved_memory: u64,
    reserved_gpus: u32,
}

/// Health of the running agent, height, orders, bids, leases and reserved capacity.
pub async fn status(path: &Path, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let store = open_of(&config).await?;
    let stored = store
        .read(|sql| {
            let at = cursor::get(sql)?;
            let active = lease_rows::active(sql)?;
            let now = at.map_or(0, |at| at.time);
            let placed = reservations::all(sql)?.into_iter().flat_map(|row| row.placements);
            let reserved = placed.map(|p| p.requests).fold(Requests::default(), Requests::plus);
            Ok::<_, StoreError>(Stored {
                reserved_cpu_milli: reserved.cpu_milli,
                reserved_memory: reserved.memory,
                reserved_gpus: reserved.gpu,
                height: at.map(|at| at.height),
                block_time: at.map(|at| at.time),
                open_orders: orders::open(sql)?.len(),
                live_bids: bids::all(sql)?.iter().filter(|bid| bid.progress.is_live()).count(),
                depleted_leases: active.iter().filter(|lease| !lease.is_funded_at(now)).count(),
                active_leases: active.len(),
            })
        })
        .await?;
    let status = Status { stored, health: Known::of(&config).await };
    output::answer(&status, json, |Status { stored: status, health }| {
        let height = status.height.map_or_else(|| "none yet".to_owned(), |h| h.to_string());
        format!(
            "{}\nlast block: {height}\nopen orders: {}\nlive bids: {}\nleases: {} ({} depleted)\n\
             reserved for bids and leases: {}m CPU, {} MiB memory, {} GPUs",
            health.text(),
            status.open_orders,
            status.live_bids,
            status.active_leases,
            status.depleted_leases,
            status.reserved_cpu_milli,
            status.reserved_memory >> 20,
            status.reserved_gpus,
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Lease {
    order: OrderId,
    deployment: String,
    tenant: String,
    price: String,
    denom: String,
    state: String,
    funded: bool,
    depletion: Option<u64>,
    manifest: bool,
    kept_volumes: Option<Kept>,
    /// Until when one runs at least that is being taken back, in block time.
    #[serde(skip_serializing_if = "Option::is_none")]
    reclaimed_at: Option<u64>,
}

/// The volumes of a lease that ended.
#[derive(Serialize)]
struct Kept {
    /// When they go, Unix seconds.
    until: u64,
    volumes: Vec<KeptVolume>,
}

impl Kept {
    fn text(&self) -> String {
        let bytes: u64 = self.volumes.iter().map(|volume| volume.bytes).sum();
        let until = UNIX_EPOCH.checked_add(Duration::from_secs(self.until));
        let when = match until.filter(|until| *until > SystemTime::now()) {
            Some(until) => format!("kept until {}", humantime::format_rfc3339_seconds(until)),
            None => "being deleted".to_owned(),
        };
        format!("{} volumes ({} MiB) {when}", self.volumes.len(), bytes >> 20)
    }
}

impl Lease {
    /// One of which only the volumes are known.
    fn lost(order: OrderId, kept: Kept) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            order,
            deployment: unknown(),
            tenant: unknown(),
            price: "0".to_owned(),
            denom: String::new(),
            state: "ended".to_owned(),
            funded: false,
            depletion: None,
            manifest: false,
            kept_volumes: Some(kept),
            reclaimed_at: None,
        }
    }
}

/// All leases that are not forgotten.
pub async fn leases(path: &Path, json: bool) -> Result<ExitCode> {
    let store = open(path).await?;
    let list = store
        .read(|sql| {
            let now = cursor::get(sql)?.map_or(0, |at| at.time);
            let kept = kept_volumes::all(sql)?.into_iter();
            let of = |row: model::kept::Kept| Kept { until: row.until, volumes: row.volumes };
            let mut kept: BTreeMap<OrderId, Kept> = kept.map(|row| (row.order, of(row))).collect();
            let mut list = Vec::new();
            for lease in lease_rows::all(sql)? {
                list.push(Lease {
                    order: lease.order,
                    deployment: lease.group.to_string(),
                    price: lease.price.to_string(),
                    denom: lease.denom.to_string(),
                    state: lease.state.to_string(),
                    funded: lease.is_funded_at(now),
                    depletion: lease.depletion(),
                    manifest: manifests::exists(sql, lease.order)?,
                    kept_volumes: kept.remove(&lease.order),
                    reclaimed_at: lease.reclaim.map(|reclaim| reclaim.deadline),
                    tenant: lease.tenant,
                });
            }
            // Of leases that the store has lost.
            list.extend(kept.into_iter().map(|(order, kept)| Lease::lost(order, kept)));
            Ok::<_, StoreError>(list)
        })
        .await?;
    output::answer(&list, json, |list| {
        if list.is_empty() {
            return "no leases".to_owned();
        }
        let line = |lease: &Lease| {
            let paid = if lease.funded { "funded" } else { "no money" };
            let manifest = if lease.manifest { "" } else { ", no manifest" };
            let reclaimed = lease.reclaimed_at.map(|at| format!(", reclaimed at {at}"));
            let kept = lease.kept_volumes.as_ref().map(|kept| format!("  {}", kept.text()));
            format!(
                "{}  {}  {}  {} {} an hour  {paid}{manifest}{}  {}{}",
                lease.order,
                lease.deployment,
                lease.state,
                lease.price,
                lease.denom,
                reclaimed.unwrap_or_default(),
                lease.tenant,
                kept.unwrap_or_default()
            )
        };
        list.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

/// The version.
pub fn version(json: bool) -> Result<ExitCode> {
    let version = Version { version: env!("CARGO_PKG_VERSION") };
    output::answer(&version, json, |v| format!("souk-provider {}", v.version))?;
    Ok(ExitCode::SUCCESS)
}
