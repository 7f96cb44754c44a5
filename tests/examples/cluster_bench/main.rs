//! What a provider's agent costs on a real Kubernetes control plane with simulated nodes, and how
//! quick it is: memory and processor time without and with many leases, blocks from an order to
//! the bid, time from a manifest to objects and running pods, and its requests to the API server.
//!
//!     scripts/bench-cluster [--profile NAME] [NODES [LEASES [SECONDS_AT_REST [OPEN_ORDERS]]]]
//!
//! The chain is the embedded one. Times depend on the machine, and readiness on the cluster's own
//! controllers as well; numbers of requests and of blocks do not.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod cluster;
mod fixture;
mod ledger;
mod measurements;
mod observations;
mod process;
mod report;
mod requests;

use anyhow::{Context as _, Result};

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Simulated nodes.
    pub nodes: u32,
    /// Leases at the end.
    pub leases: usize,
    /// Orders that come at once; their number is also the middle one of three numbers of leases.
    pub batch: usize,
    /// Orders that come one at a time.
    pub single: usize,
    /// Seconds for which the agent is watched at rest.
    pub rest: u64,
    /// Orders that stay open while others come.
    pub open: usize,
}

impl Size {
    fn from_arguments() -> Result<Self> {
        let given: Vec<u64> = std::env::args()
            .skip(1)
            .map(|text| text.parse().with_context(|| format!("`{text}` is not a number")))
            .collect::<Result<_>>()?;
        let at = |place: usize, default: u64| given.get(place).copied().unwrap_or(default);
        let leases = usize::try_from(at(1, 500))?.max(1);
        let batch = leases.div_ceil(5);
        Ok(Self {
            nodes: u32::try_from(at(0, 200))?,
            leases,
            batch,
            single: batch.min(20),
            rest: at(2, 300),
            open: usize::try_from(at(3, 1_000))?,
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let size = Size::from_arguments()?;
    let fixture = fixture::Fixture::start(size).await?;
    let results = measurements::run(fixture, size).await?;
    report::print(size, &results);
    Ok(())
}
