//! One watch. It lists, then watches from there; after any error it lists again with backoff, so that
//! its recovery is reported even if nothing changes for hours.
//!
//! A server that stops answering is reported. A watch that hears nothing, not even a bookmark, may be
//! one from a version that the server does not have yet, as after its data was put back from a copy:
//! no error would ever come, so it lists again.

mod page;

use std::{fmt, fmt::Debug, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use kube::{
    Api, Resource,
    api::{ListParams, WatchParams},
    core::{ListMeta, PartialObjectMeta, WatchEvent, request::Request},
    runtime::watcher,
};
use serde::de::DeserializeOwned;

use super::message::message;

/// What a watch reports.
#[derive(Debug)]
pub enum Report<T> {
    /// A list begins: its objects come as [`Report::Changed`].
    Listing,
    /// The list is complete: what did not come in it is gone.
    Listed,
    /// An object is there.
    Changed(T),
    /// An object is gone.
    Gone(T),
    /// It failed; what was seen before is all that is known until the next list.
    Broken(WatchError),
}

/// Why a watch failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchError {
    /// The message of the API server, or what kept it from being asked.
    pub message: String,
    /// Whether it is for want of a permission.
    pub forbidden: bool,
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<kube::Error> for WatchError {
    fn from(error: kube::Error) -> Self {
        let forbidden =
            matches!(&error, kube::Error::Api(status) if [401, 403].contains(&status.code));
        Self { message: message(&error), forbidden }
    }
}

/// What a watch says, until it ends.
pub type Events<T> = BoxStream<'static, kube::Result<WatchEvent<T>>>;

/// What takes each object of a page.
pub type Each<'a, T> = dyn FnMut(T) + Send + 'a;

/// Where objects are listed and watched.
pub trait Source: Send + Sync {
    /// What comes of each object.
    type Object: Resource + Clone + DeserializeOwned + Debug + Send + 'static;

    /// Lists a page of objects, and hands each over as it is read: as JSON a page is small, as objects it
    /// is not.
    fn list<'a>(
        &'a self,
        params: &'a ListParams,
        each: &'a mut Each<'a, Self::Object>,
    ) -> BoxFuture<'a, kube::Result<ListMeta>>;

    /// Watches from a version.
    fn watch<'a>(
        &'a self,
        params: &'a WatchParams,
        version: &'a str,
    ) -> BoxFuture<'a, kube::Result<Events<Self::Object>>>;
}

/// Whole objects.
pub struct Whole<K>(pub Api<K>);

/// The metadata of objects: their content never reaches this process.
pub struct MetadataOnly<K>(pub Api<K>);

impl<K> Source for Whole<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    type Object = K;

    fn list<'a>(
        &'a self,
        params: &'a ListParams,
        each: &'a mut Each<'a, K>,
    ) -> BoxFuture<'a, kube::Result<ListMeta>> {
        let request = Request::new(self.0.resource_url()).list(params);
        page::read(self.0.clone().into_client(), request, each).boxed()
    }

    fn watch<'a>(
        &'a self,
        params: &'a WatchParams,
        version: &'a str,
    ) -> BoxFuture<'a, kube::Result<BoxStream<'static, kube::Result<WatchEvent<K>>>>> {
        async { Ok(self.0.watch(params, version).await?.boxed()) }.boxed()
    }
}

impl<K> Source for MetadataOnly<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    type Object = PartialObjectMeta<K>;

    fn list<'a>(
        &'a self,
        params: &'a ListParams,
        each: &'a mut Each<'a, Self::Object>,
    ) -> BoxFuture<'a, kube::Result<ListMeta>> {
        let request = Request::new(self.0.resource_url()).list_metadata(params);
        page::read(self.0.clone().into_client(), request, each).boxed()
    }

    fn watch<'a>(
        &'a self,
        params: &'a WatchParams,
        version: &'a str,
    ) -> BoxFuture<'a, kube::Result<BoxStream<'static, kube::Result<WatchEvent<Self::Object>>>>>
    {
        async { Ok(self.0.watch_metadata(params, version).await?.boxed()) }.boxed()
    }
}

/// Seconds after which a watch is restarted. The API server sends a bookmark before it ends one.
const WATCH_SECONDS: u32 = 30;
/// How much later than it should a watch may end.
const LATE: Duration = Duration::from_secs(5);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Seconds for which watches may hear nothing. A kind of which nothing changes gets no bookmarks either, and a
/// list costs as much as there is of it.
const MAX_SILENT: u32 = 3_600;
/// Objects of a page. As JSON they take about six KiB each.
const PAGE: u32 = 250;

/// Watches the matching objects for as long as it is polled. Of `config`, the selectors and the
/// timeout count.
pub async fn run<S: Source>(
    source: S,
    config: watcher::Config,
    mut report: impl FnMut(Report<S::Object>) + Send,
) {
    let mut lists = ListParams::default();
    lists.label_selector.clone_from(&config.label_selector);
    lists.field_selector.clone_from(&config.field_selector);
    let seconds = config.timeout.unwrap_or(WATCH_SECONDS);
    let mut watches = WatchParams::default().timeout(seconds);
    watches.label_selector = config.label_selector;
    watches.field_selector = config.field_selector;
    let limit = Duration::from_secs(seconds.into()) + LATE;
    let mut backoff = backoffs();
    loop {
        let broken = match list(&source, &lists, &mut report).await {
            Ok(version) => {
                backoff = backoffs();
                let newest = lists.clone().limit(1);
                watch_on(&source, &watches, &newest, limit, version, &mut report).await
            }
            Err(error) => Some(error),
        };
        if let Some(error) = broken {
            report(Report::Broken(error));
            tokio::time::sleep(backoff.next().unwrap_or(BACKOFF.1)).await;
        }
    }
}

fn backoffs() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(BACKOFF.0)
        .with_max_delay(BACKOFF.1)
        .with_jitter()
        .without_max_times()
        .build()
}

/// Lists all objects, and returns the version to watch from.
async fn list<S: Source>(
    source: &S,
    params: &ListParams,
    report: &mut (impl FnMut(Report<S::Object>) + Send),
) -> Result<String, WatchError> {
    report(Report::Listing);
    let mut each = |object| report(Report::Changed(object));
    let version = all_pages(source, params.clone(), &mut each).await?;
    report(Report::Listed);
    Ok(version)
}

/// Hands over each object of a list, page by page, and returns the list's version.
///
/// # Errors
///
/// If a page cannot be had; some objects may have been handed over before.
pub async fn all_pages<S: Source>(
    source: &S,
    params: ListParams,
    each: &mut Each<'_, S::Object>,
) -> kube::Result<String> {
    let mut params = params.limit(PAGE);
    loop {
        let page = source.list(&params, each).await?;
        params.continue_token = page.continue_.filter(|token| !token.is_empty());
        if params.continue_token.is_none() {
            return Ok(page.resource_version.unwrap_or_default());
        }
    }
}

/// Watches again and again from where the watch before ended; returns when it is time to list
/// again, with the error if there was one. After one that heard nothing the server is asked for its newest
/// version, by a list of one object: it may have been put back to an older state, whose changes no watch
/// from a newer one hears.
async fn watch_on<S: Source>(
    source: &S,
    params: &WatchParams,
    newest: &ListParams,
    limit: Duration,
    mut version: String,
    report: &mut (impl FnMut(Report<S::Object>) + Send),
) -> Option<WatchError> {
    // Seconds.
    let mut silent = 0_u32;
    loop {
        let began = tokio::time::Instant::now();
        let mut heard = false;
        let watching = async {
            let mut events = source.watch(params, &version).await?;
            while let Some(event) = events.next().await {
                heard = true;
                let at = match event? {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                        let at = object.meta().resource_version.clone();
                        report(Report::Changed(object));
                        at
                    }
                    WatchEvent::Deleted(object) => {
                        let at = object.meta().resource_version.clone();
                        report(Report::Gone(object));
                        at
                    }
                    WatchEvent::Bookmark(bookmark) => Some(bookmark.metadata.resource_version),
                    // The version is too old by now, which happens where much changes.
                    WatchEvent::Error(status) if status.code == 410 => return Ok(true),
                    WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
                };
                if let Some(at) = at {
                    version = at;
                }
            }
            Ok::<_, WatchError>(false)
        };
        let ended = tokio::time::timeout(limit, watching).await;
        // A server that ends watches at once is not asked as fast as it does so.
        if ended.is_ok() && began.elapsed() < BACKOFF.0 {
            tokio::time::sleep(BACKOFF.0).await;
        }
        match ended {
            Ok(Ok(true)) => return None,
            Ok(Ok(false)) if heard => silent = 0,
            Ok(Ok(false)) => {
                silent = silent.saturating_add(params.timeout.unwrap_or(WATCH_SECONDS));
                let page = match source.list(newest, &mut |_| {}).await {
                    Ok(page) => page,
                    Err(error) => return Some(error.into()),
                };
                let now = page.resource_version.unwrap_or_default();
                if silent >= MAX_SILENT || is_before(&now, &version) {
                    return None;
                }
            }
            Ok(Err(error)) => return Some(error),
            Err(_) => {
                let message =
                    format!("the API server says nothing for {} seconds", limit.as_secs());
                return Some(WatchError { message, forbidden: false });
            }
        }
    }
}

/// Whether one resource version is before another: they are numbers that can be compared (KEP-5504). Others
/// say nothing.
fn is_before(one: &str, other: &str) -> bool {
    match (one.parse::<u64>(), other.parse::<u64>()) {
        (Ok(one), Ok(other)) => one < other,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
