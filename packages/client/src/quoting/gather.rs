//! Answers of many strangers, as far as they come in time.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::time::{Instant, timeout, timeout_at};

/// As many are asked at a time. A process has some hundred connections at most.
pub(super) const CONCURRENT: usize = 100;

/// Asks all, [`CONCURRENT`] at a time, for `within` in all. Those who say nothing take their place in turn from others:
/// if not all can be asked at once, each has its share of the time alone. Gives what came, in the order of the
/// questions; none where nothing did.
pub(super) async fn gather<T>(
    asks: Vec<impl Future<Output = T>>,
    within: Duration,
) -> Vec<Option<T>> {
    let deadline = Instant::now() + within;
    let rounds = u32::try_from(asks.len().div_ceil(CONCURRENT)).unwrap_or(u32::MAX).max(1);
    let each = within / rounds;
    let mut answers: Vec<Option<T>> = asks.iter().map(|_| None).collect();
    let asks = asks.into_iter().enumerate();
    let asks = asks.map(|(at, ask)| async move { (at, timeout(each, ask).await.ok()) });
    let mut running = stream::iter(asks).buffer_unordered(CONCURRENT);
    while let Ok(Some((at, answer))) = timeout_at(deadline, running.next()).await {
        answers[at] = answer;
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures::future::{BoxFuture, FutureExt as _};

    use super::*;

    #[tokio::test]
    async fn those_who_say_nothing_keep_no_other_from_being_heard() {
        let silent = || pending::<usize>().boxed();
        let asks: Vec<BoxFuture<'_, usize>> = (0..CONCURRENT)
            .map(|_| silent())
            .chain((0..50).map(|at| async move { at }.boxed()))
            .collect();
        let begun = Instant::now();
        let answers = gather(asks, Duration::from_millis(600)).await;
        assert!(answers[..CONCURRENT].iter().all(Option::is_none));
        let heard: Vec<usize> = answers[CONCURRENT..].iter().flatten().copied().collect();
        assert_eq!(heard, (0..50).collect::<Vec<_>>());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn no_more_are_asked_at_a_time_than_may_be() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let ask = || async {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
            now.fetch_sub(1, Ordering::Relaxed);
        };
        let asks: Vec<_> = (0..CONCURRENT * 2).map(|_| ask()).collect();
        let answers = gather(asks, Duration::from_millis(600)).await;
        assert!(answers.iter().all(Option::is_some));
        assert_eq!(most.load(Ordering::Relaxed), CONCURRENT);
    }
}
