//! A market, a cluster and agents for a test, and waiting.

pub mod agent;
pub mod api_proxy;
pub mod fixture;
pub mod nonsense;
pub mod proxy;
pub mod workload;

use std::{fmt::Debug, time::Duration};

pub use agent::{InProcess, Process};
pub use api_proxy::ApiProxy;
pub use fixture::{Fixture, Options};
pub use workload::{app, gpu_app};

/// Longer than anything takes on a slow and busy machine.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Asks again and again until there is an answer.
pub async fn until<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("waited too long for: {what}"),
    }
}

/// A port of this machine that nothing listens at now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Unwraps with a message.
pub trait Must<T> {
    fn must(self, what: &str) -> T;
}

impl<T, E: Debug> Must<T> for Result<T, E> {
    fn must(self, what: &str) -> T {
        self.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }
}
