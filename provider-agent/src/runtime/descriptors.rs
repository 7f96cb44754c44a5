//! File descriptors: how many the process may have, and who gets them. The gateway gets what is left
//! after a reserve for the chain, the cluster, the store and metrics, which no visitor can take.

use crate::{
    cluster::kube::streams::{EVENT_CONNECTIONS, LOG_CONNECTIONS},
    config::Config,
    gateway::CLOSING,
};

/// The program itself, the store's files, and name resolution.
const BASE: u64 = 64;
/// Connections to one RPC endpoint: queries, broadcasts, and the websocket.
const PER_ENDPOINT: u64 = 24;
/// Watches, and writes for leases.
const CLUSTER: u64 = 96;
/// Connections for metrics.
const METRICS: u64 = 32;
/// With fewer connections the gateway does not serve.
const LEAST: u64 = 64;

/// How descriptors are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Descriptors that the process may have.
    pub limit: u64,
    /// Those that visitors cannot take.
    pub reserve: u64,
    /// Connections of the gateway that the configuration wants.
    pub wanted: u32,
    /// Those that it gets.
    pub connections: u32,
}

/// There are too few descriptors for the gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this process may have {limit} files open: {reserve} are kept for chain, cluster, store and \
     metrics, and the gateway needs {LEAST} at least; {}", advice(*.reserve, 1_000)
)]
pub struct TooFew {
    limit: u64,
    reserve: u64,
}

/// What to do for a gateway of this many connections.
fn advice(reserve: u64, wanted: u32) -> String {
    let enough = (reserve + u64::from(wanted)).next_power_of_two();
    format!(
        "set LimitNOFILE={enough} in the service's unit, or `ulimit -Hn {enough}` before it starts"
    )
}

impl Plan {
    /// Divides this many descriptors.
    ///
    /// # Errors
    ///
    /// If the gateway would get too few.
    pub fn of(config: &Config, limit: u64) -> Result<Self, TooFew> {
        Self::new(config.chain.rpc.len(), config.gateway.limits.connections, limit)
    }

    fn new(endpoints: usize, wanted: u32, limit: u64) -> Result<Self, TooFew> {
        let endpoints = u64::try_from(endpoints).unwrap_or(u64::MAX);
        let connections = [LOG_CONNECTIONS, EVENT_CONNECTIONS, CLOSING];
        let reserve = BASE
            + endpoints.saturating_mul(PER_ENDPOINT)
            + CLUSTER
            + METRICS
            + connections.into_iter().map(u64::from).sum::<u64>();
        let left = limit.saturating_sub(reserve);
        if left < LEAST {
            return Err(TooFew { limit, reserve });
        }
        let connections = u32::try_from(left).unwrap_or(u32::MAX).min(wanted);
        Ok(Self { limit, reserve, wanted, connections })
    }

    /// What the operator should know and do, if the gateway gets less than it wants.
    pub fn shortage(&self) -> Option<(String, String)> {
        let Self { limit, reserve, wanted, connections } = *self;
        (connections < wanted).then(|| {
            let found = format!(
                "this process may have {limit} files open: {reserve} are kept for chain, cluster, \
                 store and metrics, so the gateway gets {connections} connections instead of {wanted}"
            );
            let advice = advice(reserve, wanted);
            (found, format!("{advice}, or lower gateway.limits.connections"))
        })
    }
}

/// Raises the limit to what the system allows this process. Returns the limit then.
///
/// # Errors
///
/// If the limit cannot be read.
pub fn raise() -> std::io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_get_what_the_reserve_leaves() {
        let plan = Plan::new(2, 1_000, 1_048_576).unwrap();
        assert_eq!((plan.connections, plan.shortage()), (1_000, None));
        let plan = Plan::new(2, 1_000, 1_024).unwrap();
        assert_eq!(u64::from(plan.connections) + plan.reserve, 1_024);
        let (found, advice) = plan.shortage().unwrap();
        assert!(found.contains("1024") && found.contains("instead of 1000"), "{found}");
        assert!(advice.contains("LimitNOFILE=2048"), "{advice}");
        let error = Plan::new(2, 1_000, 256).unwrap_err().to_string();
        assert!(error.contains("256") && error.contains("LimitNOFILE"), "{error}");
    }

    #[test]
    fn the_limit_is_raised_to_the_hard_one() {
        let raised = raise().unwrap();
        let (soft, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap();
        assert_eq!((raised, soft), (hard, hard));
    }
}
