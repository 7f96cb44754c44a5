//! souk: deploy, bids, leases, providers, audits, operator, devnet, demo
