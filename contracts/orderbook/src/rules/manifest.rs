//! When a provider may close a lease for want of a manifest. Pure.

use souk_api::orderbook::MANIFEST_WINDOW;

/// The first and the last second in which it may, of a lease that began at `created_at`. Later
/// than that a provider that leaves has another reason.
pub fn window(created_at: u64, manifest_timeout: u64) -> (u64, u64) {
    let from = created_at.saturating_add(manifest_timeout);
    (from, from.saturating_add(MANIFEST_WINDOW))
}

/// Whether a lease that began at `created_at` is paid for until its provider may close it for that.
pub fn was_paid(created_at: u64, manifest_timeout: u64, now: u64) -> bool {
    now >= window(created_at, manifest_timeout).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_an_hour_and_begins_with_the_tenants_time_over() {
        assert_eq!(window(1_000, 300), (1_300, 4_900));
        assert_eq!(window(u64::MAX, 300), (u64::MAX, u64::MAX));
    }
}
