//! The provider's agent: follows the chain, bids, runs leases on Kubernetes, serves tenants
