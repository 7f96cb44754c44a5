//! One watch that heals: whatever breaks it, it lists anew, so that being healthy again is
//! always told, also where nothing changes for hours. A server that goes silent is told too. What is cached has a fingerprint instead
//! of its record of fields.

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

/// What a watch tells beside filling its cache.
#[derive(Debug)]
pub enum News {
    /// The cache is complete and follows the cluster.
    Healthy,
    /// Something changed.
    Changed,
    /// It is broken; the cache keeps what it had.
    Broken(watcher::Error),
}

/// Seconds after which a watch is begun anew. Nothing may come of a quiet kind for hours, so what
/// tells a server that is gone from one that has no news is that it takes the next watch.
const WATCH: u32 = 30;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Fills `cache` with the objects that match for as long as it is polled.
pub async fn follow<K>(
    api: Api<K>,
    mut config: watcher::Config,
    mut cache: Writer<K>,
    mut tell: impl FnMut(News),
) where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
{
    config.timeout.get_or_insert(WATCH);
    let pauses = || {
        ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .without_max_times()
            .build()
    };
    let mut pause = pauses();
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
                            pause = pauses();
                            tell(News::Healthy);
                        }
                        Event::Apply(_) | Event::Delete(_) => tell(News::Changed),
                        Event::Init | Event::InitApply(_) => {}
                    }
                }
                Err(error) => {
                    tell(News::Broken(error));
                    break;
                }
            }
        }
        tokio::time::sleep(pause.next().unwrap_or(LONGEST_PAUSE)).await;
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
    async fn a_server_that_goes_silent_is_told_and_so_is_that_it_is_back() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        sim.write_kubeconfig(&kubeconfig).unwrap();
        let cluster = Cluster { kubeconfig: Some(kubeconfig), ..Cluster::default() };
        let client = from_config_with(&cluster, Duration::from_secs(1)).await.unwrap();
        let (told, mut news) = mpsc::unbounded_channel();
        let config = watcher::Config::default().timeout(1);
        let (_cache, writer) = reflector::store();
        let watching = tokio::spawn(async move {
            follow(Api::<Namespace>::all(client), config, writer, |news| {
                let _ = told.send(matches!(news, News::Healthy | News::Changed));
            })
            .await;
        });
        let mut next = async |healthy| {
            let wait = async { while news.recv().await.unwrap() != healthy {} };
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
