//! Waiting for what takes its time.

use std::time::Duration;

/// Longer than anything takes on a slow and busy machine, and shorter than the agent takes to
/// apply everything again whether it saw a change or not.
pub const DEADLINE: Duration = Duration::from_secs(150);

/// Asks again and again until there is an answer.
///
/// # Panics
/// If there is none by the deadline.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("waited too long for: {what}"),
    }
}
