//! The delegates of deployments, by the chain's newest state. The store does not have them, and a
//! removed one must not get in for long.

use std::time::{Duration, Instant};

use hashlink::LruCache;
use parking_lot::Mutex;
use souk_core::DeploymentId;

use super::GatewayError;
use crate::market::lookup::ChainLookup;

/// For this time an answer is not asked for again.
const MAX_AGE: Duration = Duration::from_secs(10);
/// Deployments that are remembered.
const CAPACITY: usize = 4_096;

/// What the chain said about delegates.
#[derive(Debug)]
pub struct Delegates(Mutex<LruCache<DeploymentId, (Instant, Option<String>)>>);

impl Default for Delegates {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl Delegates {
    /// Whether an account is the delegate of a deployment.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked.
    pub async fn is_delegate(
        &self,
        chain: &ChainLookup,
        deployment: DeploymentId,
        account: &str,
    ) -> Result<bool, GatewayError> {
        let known = self.0.lock().get(&deployment).cloned();
        if let Some((_, delegate)) = known.filter(|(at, _)| at.elapsed() < MAX_AGE) {
            return Ok(delegate.as_deref() == Some(account));
        }
        let delegate = chain.delegate(deployment).await.map_err(GatewayError::Chain)?;
        let is = delegate.as_deref() == Some(account);
        self.0.lock().insert(deployment, (Instant::now(), delegate));
        Ok(is)
    }
}
