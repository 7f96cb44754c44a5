//! What time it is for heartbeats while the store does not follow.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use souk_devchain::proxy::{Effect, On, Proxy, change};

use super::{fixture, heartbeats, leased, now, seen_after, watched};
use crate::support::{Fixture, InProcess};

/// No block gets into a store by this endpoint from now on. What was being asked for is over by the end.
pub async fn stand_still(endpoint: &Proxy) {
    for asked in ["block", "block_results"] {
        endpoint.always(On(asked, ""), Effect::Unreachable);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Lets a heartbeat be due and waits for it.
async fn is_due(fixture: &Fixture) {
    fixture.chain.advance(4_400).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    let due = now(fixture).await;
    seen_after(fixture, due).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_stands_still_one_heartbeat_follows_the_other() {
    let fixture = fixture().await;
    let endpoint = Proxy::before(&fixture.proxy.url).await;
    let (config, _) = watched(&fixture, &[endpoint.url()]);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    stand_still(&endpoint).await;
    let height = agent.store.height().await.unwrap();
    for _ in 0..3 {
        is_due(&fixture).await;
    }
    assert_eq!(agent.store.height().await.unwrap(), height);
    assert_eq!(heartbeats(&fixture), 3);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_runs_ahead_at_one_endpoint_makes_no_heartbeat_while_the_store_stands_still() {
    let mut fixture = fixture().await;
    let second = fixture.chain.another_endpoint().await.unwrap();
    let ahead = Proxy::before(&fixture.proxy.url).await;
    let honest = Proxy::before(&second.url()).await;
    let (config, _) = watched(&fixture, &[ahead.url(), honest.url()]);
    let agent = InProcess::start(&config).await;
    leased(&fixture, &agent).await;
    stand_still(&ahead).await;
    stand_still(&honest).await;
    // Each time two hours later.
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let lie = change(move |result: &mut Value| {
        let hours = 2 * (count.fetch_add(1, Ordering::SeqCst) + 1);
        let time = &mut result["sync_info"]["latest_block_time"];
        let real = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
        let later = real + Duration::from_secs(hours * 3_600);
        *time = json!(humantime::format_rfc3339_nanos(later).to_string());
    });
    ahead.always(On("status", ""), lie);
    let rounds = || honest.requests(On("status", ""));
    let before = rounds();
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert!(asked.load(Ordering::SeqCst) > 1 && rounds() > before);
    assert_eq!(heartbeats(&fixture), 0);
    // What is due is sent all the same.
    is_due(&fixture).await;
    assert_eq!(heartbeats(&fixture), 1);
    agent.stop().await;
}
