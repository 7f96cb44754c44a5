//! One watch that heals: whatever breaks it, it lists anew, so that being healthy again is
//! always told, also where nothing changes for hours. What is cached has a fingerprint instead
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

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Fills `cache` with the objects that match for as long as it is polled.
pub async fn follow<K>(
    api: Api<K>,
    config: watcher::Config,
    mut cache: Writer<K>,
    mut tell: impl FnMut(News),
) where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
{
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
