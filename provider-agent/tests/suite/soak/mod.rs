//! Random faults while tenants come and go: nothing is lost, nothing is done twice, and all is well
//! again soon.
//!
//! `SOUK_SOAK_FAULTS` faults in each market, `SOUK_SOAK_SEEDS` a seed for each market,
//! `SOUK_SOAK_AT_ONCE` markets side by side, `SOUK_SOAK_SECONDS` the longest recovery that is allowed.
//! `scripts/soak-agent` sets them.

mod check;
mod fault;
mod market;
mod report;

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::Semaphore;

use self::{
    fault::Fault,
    market::{Market, some_time},
    report::{Report, Suffered},
};
use crate::support::Must;

/// Longer than any recovery on a slow and busy machine, in seconds.
const DEADLINE: usize = 90;

/// More than the agent ever needs with so few leases, unoptimised, in MiB.
const MEMORY: u64 = 256;

fn number(name: &str, default: usize) -> usize {
    env::var(name).map_or(default, |text| text.parse().must(name))
}

/// Waits until there are no open points; says how long that took.
async fn recovered(market: &mut Market, after: &str) -> Duration {
    let began = Instant::now();
    let deadline = number("SOUK_SOAK_SECONDS", DEADLINE);
    loop {
        let open = market.open_points().await;
        if open.is_empty() {
            return began.elapsed();
        }
        let late = began.elapsed() > Duration::from_secs(deadline as u64);
        assert!(!late, "still open after `{after}`: {open:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One market, all of whose choices follow from the seed. When they meet the agent differs from run
/// to run; what must hold does not.
async fn run(seed: u64, faults: usize) -> Vec<Suffered> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut market = Market::start_new().await;
    recovered(&mut market, "the start").await;
    let mut suffered = Vec::new();
    for fault in Fault::sequence(faults, &mut rng) {
        let (what, end) = fault::begin(fault, &mut market, &mut rng).await;
        let done = market.tenants_act(&mut rng).await;
        tokio::time::sleep(some_time(&mut rng)).await;
        fault::end(end, &mut market).await;
        let text = format!("{what}; {done}");
        let recovery = recovered(&mut market, &text).await;
        let memory = market.memory();
        println!("market {seed}: {text}; well after {} ms, {memory} MiB", recovery.as_millis());
        assert!(memory < MEMORY, "{memory} MiB after `{text}`");
        suffered.push(Suffered { fault, recovery });
    }
    let losses = market.losses().await;
    assert!(losses.is_empty(), "market {seed}: {losses:#?}");
    suffered
}

#[tokio::test(flavor = "multi_thread")]
async fn under_random_faults_no_lease_bid_or_volume_is_lost() {
    rlimit::increase_nofile_limit(u64::MAX).must("files");
    let faults = number("SOUK_SOAK_FAULTS", 10);
    let seeds = env::var("SOUK_SOAK_SEEDS").unwrap_or_else(|_| "1 2".into());
    let at_once = Arc::new(Semaphore::new(number("SOUK_SOAK_AT_ONCE", 2)));
    let runs: Vec<_> = seeds
        .split_whitespace()
        .map(|seed| {
            let (seed, at_once) = (seed.parse().must("a seed"), at_once.clone());
            tokio::spawn(async move {
                let _turn = at_once.acquire_owned().await;
                run(seed, faults).await
            })
        })
        .collect();
    let mut report = Report::default();
    for run in runs {
        report.add(run.await.must("a market"));
    }
    println!("{report}");
}
