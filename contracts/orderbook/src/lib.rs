//! Orders, bids and leases: the reverse auction on chain
