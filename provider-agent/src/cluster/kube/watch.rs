//! One watch with a cache. After any error it lists again with backoff, so that its recovery is
//! reported even if nothing changes for hours; a server that stops answering is reported, too.
//! Cached objects have a [fingerprint] instead of their managed fields.

use std::{fmt::Debug, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use kube::{
    Api, Resource,
    runtime::{
        reflector::store::Writer,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

use super::fingerprint;

/// What a watch reports beside filling its cache.
#[derive(Debug)]
pub enum WatchEvent {
    /// It is listed: the cache is complete.
    Healthy,
    /// An object changed.
    Changed,
    /// It failed; the cache keeps its last state.
    Broken(watcher::Error),
}

/// Seconds after which a watch is restarted. Nothing may change for hours, so only a new watch shows
/// that the server still answers.
const WATCH_SECONDS: u32 = 30;
const MIN_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// Fills `cache` with the matching objects for as long as it is polled.
pub async fn follow<K>(
    api: Api<K>,
    mut config: watcher::Config,
    mut cache: Writer<K>,
    mut on_event: impl FnMut(WatchEvent),
) where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
{
    config.timeout.get_or_insert(WATCH_SECONDS);
    let backoffs = || {
        ExponentialBuilder::default()
            .with_min_delay(MIN_BACKOFF)
            .with_max_delay(MAX_BACKOFF)
            .with_jitter()
            .without_max_times()
            .build()
    };
    let mut backoff = backoffs();
    loop {
        let mut events = std::pin::pin!(watcher(api.clone(), config.clone()));
        while let Some(event) = events.next().await {
            match event {
                Ok(mut event) => {
                    if let Event::Apply(object) | Event::InitApply(object) = &mut event {
                        fingerprint::keep(object.meta_mut());
                    }
                    cache.apply_watcher_event(&event);
                    match event {
                        Event::InitDone => {
                            backoff = backoffs();
                            on_event(WatchEvent::Healthy);
                        }
                        Event::Apply(_) | Event::Delete(_) => on_event(WatchEvent::Changed),
                        Event::Init | Event::InitApply(_) => {}
                    }
                }
                Err(error) => {
                    on_event(WatchEvent::Broken(error));
                    break;
                }
            }
        }
        tokio::time::sleep(backoff.next().unwrap_or(MAX_BACKOFF)).await;
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Namespace;
    use kube::runtime::reflector;
    use souk_kubesim::{ClusterSpec, KubeSim, Outage};
    use tokio::sync::mpsc;

    use super::*;
    use crate::{cluster::kube::client::from_config_with, config::Cluster};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_stops_answering_is_reported_and_so_is_its_recovery() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        sim.write_kubeconfig(&kubeconfig).unwrap();
        let cluster = Cluster { kubeconfig: Some(kubeconfig), ..Cluster::default() };
        let client = from_config_with(&cluster, Duration::from_secs(1)).await.unwrap();
        let (reports, mut reported) = mpsc::unbounded_channel();
        let config = watcher::Config::default().timeout(1);
        let (_cache, writer) = reflector::store();
        let watching = tokio::spawn(async move {
            follow(Api::<Namespace>::all(client), config, writer, |event| {
                let _ = reports.send(matches!(event, WatchEvent::Healthy | WatchEvent::Changed));
            })
            .await;
        });
        let mut next = async |healthy| {
            let wait = async { while reported.recv().await.unwrap() != healthy {} };
            tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
        };
        next(true).await;
        sim.pause(Outage::Hold);
        next(false).await;
        sim.resume();
        next(true).await;
        watching.abort();
    }
}
