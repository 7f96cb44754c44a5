//! What the orderbook's code fixes, beside its configuration. Clients read it from here.

use std::ops::RangeInclusive;

use souk_core::time::{DAY, HOUR};

/// Attributes in a bid's offer at most.
pub const MAX_OFFER: usize = 4;
/// Providers in one of a tenant's lists (`allow`, `refuse`) at most.
pub const MAX_LISTED: usize = 16;
/// Providers that are excluded from a group at most; one more, and the oldest may bid again that left a
/// lease.
pub const MAX_EXCLUDED: usize = 16;
/// How many of them are those that the tenant does not want at most; one more, and the oldest of these may bid again. One place is
/// left, so that a provider that leaves does not win the next order.
pub const MAX_UNWANTED: usize = 15;
/// Bids in one message (`place_bids`) at most.
pub const MAX_BIDS: usize = 50;
/// Orders in one message (`release_bids`, `prune`) at most.
pub const MAX_ORDERS: usize = 50;
/// Disqualified bids that one `close_auction` goes through at most.
pub const MAX_DISQUALIFIED: u32 = 50;

/// A new lowest bid this close to the end of an auction extends it, and by as much, in seconds.
pub const EXTENSION: u64 = 60;
/// How often an auction is extended at most.
pub const MAX_EXTENSIONS: u8 = 10;
/// How long bidding goes on after a pause at least, in seconds.
pub const AFTER_PAUSE: u64 = 600;

/// For how long after a notice is over its lease can be ended by it, in seconds; then it is void.
pub const NOTICE_LAPSE: u64 = DAY;

/// For how much longer than the least runway an account must last when an order is put out beside leases that
/// run, in seconds: providers find it, and bid.
pub const TIME_TO_BID: u64 = 600;

/// How often a group is reopened within any day after providers closed a lease of it, without notice or,
/// in a binding auction, for want of a manifest, before it pauses.
pub const MAX_ROUNDS: u8 = 10;
/// How often a group is put out again within any day by starts and by its tenant's closes of leases, without
/// a lease that its tenant pays for until a provider may close it for want of a manifest. Each time costs
/// every provider a bid.
pub const MAX_STARTS: u8 = 10;
/// For how long after `Params::manifest_timeout` a provider may close for want of a manifest, in
/// seconds.
pub const MANIFEST_WINDOW: u64 = HOUR;
/// `Params::manifest_timeout` in markets and orders of the first release, which say nothing of it. Whatever
/// new markets begin with, this stays.
pub const FIRST_MANIFEST_TIMEOUT: u64 = 300;
/// `Params::slowest_block`, likewise, in milliseconds.
pub const FIRST_SLOWEST_BLOCK: u64 = 9_000;
/// The range of `Params::slowest_block`, in milliseconds.
pub const SLOWEST_BLOCK_RANGE: RangeInclusive<u64> = 100..=600_000;

/// [`FIRST_MANIFEST_TIMEOUT`], for fields that are absent.
pub const fn first_manifest_timeout() -> u64 {
    FIRST_MANIFEST_TIMEOUT
}

/// [`FIRST_SLOWEST_BLOCK`], likewise.
pub const fn first_slowest_block() -> u64 {
    FIRST_SLOWEST_BLOCK
}

/// `Params::idle_grace` in markets of the first release, likewise.
pub const fn first_idle_grace() -> u64 {
    DAY.saturating_mul(30)
}
