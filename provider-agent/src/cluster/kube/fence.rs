//! Keeps what acts from the cluster while the agent does not hold the lock: requests that change something
//! are refused, and those that wait for an answer are given up.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{Method, Request};
use tokio::sync::watch;
use tower::{BoxError, Layer, Service};

/// Until when the agent may act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Until {
    /// It may not.
    #[default]
    Closed,
    /// Until this moment, if it is not moved on.
    Moment(Instant),
    /// For as long as it likes.
    Always,
}

impl Until {
    fn is_open(self) -> bool {
        match self {
            Self::Closed => false,
            Self::Moment(moment) => Instant::now() < moment,
            Self::Always => true,
        }
    }
}

/// Whether the agent may act now. It closes by itself at its moment, whatever becomes of the task that
/// opens it. Cheap to clone; closed at first.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<watch::Sender<Until>>);

impl Fence {
    /// One that never closes.
    pub fn always_open() -> Self {
        let fence = Self::default();
        fence.open();
        fence
    }

    /// Opens it until `moment`.
    pub fn open_until(&self, moment: Instant) {
        self.0.send_replace(Until::Moment(moment));
    }

    /// Opens it for as long as nobody closes it.
    pub fn open(&self) {
        self.0.send_replace(Until::Always);
    }

    /// Closes it.
    pub fn close(&self) {
        self.0.send_replace(Until::Closed);
    }

    /// Whether it is open now.
    pub fn is_open(&self) -> bool {
        self.0.borrow().is_open()
    }

    /// Waits until it is closed.
    pub async fn closed(&self) {
        let mut state = self.0.subscribe();
        loop {
            let until = *state.borrow_and_update();
            let moment = match until {
                _ if !until.is_open() => return,
                Until::Moment(moment) => Some(moment),
                Until::Always | Until::Closed => None,
            };
            let over = async {
                match moment {
                    Some(moment) => tokio::time::sleep_until(moment.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {}
                // The sender is this fence's own.
                _ = state.changed() => {}
            }
        }
    }
}

/// A request was not sent, or its answer not waited for.
#[derive(Debug, thiserror::Error)]
#[error("this agent does not hold the lock of its provider; another may act")]
pub struct Fenced;

/// A layer that puts a fence before a client's writes.
#[derive(Clone, Debug)]
pub struct FenceLayer(pub Fence);

impl<S> Layer<S> for FenceLayer {
    type Service = FencedService<S>;

    fn layer(&self, inner: S) -> FencedService<S> {
        FencedService { inner, fence: self.0.clone() }
    }
}

/// A client whose writes are behind a fence.
#[derive(Clone, Debug)]
pub struct FencedService<S> {
    inner: S,
    fence: Fence,
}

impl<S, I> Service<Request<I>> for FencedService<S>
where
    S: Service<Request<I>>,
    S::Error: Into<BoxError>,
    S::Response: 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if reads {
            let answer = self.inner.call(request);
            return Box::pin(async move { answer.await.map_err(Into::into) });
        }
        if !self.fence.is_open() {
            return Box::pin(async { Err(Fenced.into()) });
        }
        let (answer, fence) = (self.inner.call(request), self.fence.clone());
        Box::pin(async move {
            tokio::select! {
                answer = answer => answer.map_err(Into::into),
                () = fence.closed() => Err(Fenced.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tower::{ServiceExt, service_fn};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    fn request(method: Method) -> Request<()> {
        Request::builder().method(method).uri("/x").body(()).unwrap()
    }

    #[tokio::test]
    async fn what_changes_something_passes_only_while_the_fence_is_open_and_reads_always() {
        let passed = AtomicUsize::new(0);
        let server = service_fn(|_: Request<()>| {
            passed.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, BoxError>(()) }
        });
        let fence = Fence::default();
        let service = FenceLayer(fence.clone()).layer(server);
        let send = async |method| service.clone().oneshot(request(method)).await;
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        for method in &writes {
            assert!(send(method.clone()).await.unwrap_err().is::<Fenced>(), "{method}");
        }
        assert!(send(Method::GET).await.is_ok());
        assert_eq!(passed.load(Ordering::SeqCst), 1);
        fence.open_until(Instant::now() + LONG);
        for method in &writes {
            assert!(send(method.clone()).await.is_ok(), "{method}");
        }
        fence.open_until(Instant::now() + SOON);
        tokio::time::sleep(SOON * 2).await;
        assert!(send(Method::POST).await.is_err(), "it closes by itself");
        fence.open();
        assert!(send(Method::POST).await.is_ok());
    }

    #[tokio::test]
    async fn what_waits_for_an_answer_is_given_up_when_the_fence_closes() {
        let silent = service_fn(|_: Request<()>| std::future::pending::<Result<(), BoxError>>());
        let fence = Fence::default();
        let service = FenceLayer(fence.clone()).layer(silent);
        for closes in [true, false] {
            fence.open_until(Instant::now() + LONG);
            let other = fence.clone();
            let moved = tokio::spawn(async move {
                tokio::time::sleep(SOON).await;
                match closes {
                    true => other.close(),
                    false => other.open_until(Instant::now() + SOON),
                }
            });
            let begun = Instant::now();
            let answer =
                tokio::time::timeout(LONG / 2, service.clone().oneshot(request(Method::PUT)));
            assert!(answer.await.expect("an end").unwrap_err().is::<Fenced>());
            assert!(begun.elapsed() >= SOON);
            moved.await.unwrap();
        }
    }
}
