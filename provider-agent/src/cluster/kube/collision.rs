//! Writes that fail since the API server writes something else at the same moment.
//!
//! What counts against a quota changes the quota's own state, for which the server has a few attempts.
//! While its controller counts the same quota these may not suffice; then it answers that the *quota*
//! was modified, though nothing of the agent's is wrong
//! (`checkQuotas` of the API server's admission, resourcequota/controller.go).

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

/// The first pause. The next are three times as long each, so that all are short beside the time for one
/// request.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MORE_ATTEMPTS: usize = 4;

/// Whether two writes met. A write that names no version of its object cannot be the cause.
pub fn is_collision(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict")
}

/// Sends a write that names no version of its object, and sends it again if it met another.
///
/// # Errors
///
/// As the last attempt.
pub async fn outlast<T, F>(send: impl FnMut() -> F) -> kube::Result<T>
where
    F: Future<Output = kube::Result<T>>,
{
    let pauses = ExponentialBuilder::new()
        .with_min_delay(FIRST_PAUSE)
        .with_factor(3.0)
        .with_max_times(MORE_ATTEMPTS);
    send.retry(pauses).when(is_collision).await
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn answer(code: u16, reason: &str) -> kube::Error {
        kube::Error::Api(Status::failure("", reason).with_code(code).boxed())
    }

    async fn attempts(failures: usize, error: fn() -> kube::Error) -> (usize, bool) {
        let mut attempts = 0;
        let done = outlast(|| {
            attempts += 1;
            std::future::ready(if attempts > failures { Ok(()) } else { Err(error()) })
        });
        let is_done = done.await.is_ok();
        (attempts, is_done)
    }

    #[tokio::test]
    async fn a_write_that_meets_another_is_sent_again_and_others_are_not() {
        assert_eq!(attempts(3, || answer(409, "Conflict")).await, (4, true));
        assert_eq!(attempts(9, || answer(409, "Conflict")).await, (5, false));
        assert_eq!(attempts(9, || answer(409, "AlreadyExists")).await, (1, false));
        assert_eq!(attempts(9, || answer(403, "Forbidden")).await, (1, false));
    }
}
