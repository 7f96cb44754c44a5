//! What a provider's agent signs to say that it is there, so that others can pass it on.
//!
//! The bytes begin with [`TAG`], which nothing else that is signed with the same key begins with. Then follow
//! chain id, orderbook and provider, each as its length in four bytes and its text, and the second in eight bytes;
//! numbers have their highest byte first. They are signed as they are, with ed25519 (RFC 8032).

use crate::time::HOUR;

/// For how long a word can be passed on, in seconds. Whoever kept many of one that is gone could else pass them on
/// one by one, and delay its absence by each.
pub const LIFETIME: u64 = HOUR;

/// What the bytes begin with.
pub const TAG: &[u8] = b"souk presence 1\n";

/// The market in which a statement counts, and in no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market<'a> {
    /// The chain's id.
    pub chain_id: &'a str,
    /// The orderbook's address.
    pub orderbook: &'a str,
}

/// The bytes that say that `provider` was there at the second `issued_at`, block time.
pub fn statement(market: Market, provider: &str, issued_at: u64) -> Vec<u8> {
    let mut bytes = TAG.to_vec();
    for text in [market.chain_id, market.orderbook, provider] {
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(&issued_at.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_market_provider_or_second_gives_other_bytes() {
        let here = Market { chain_id: "souk-1", orderbook: "souk1book" };
        let bytes = statement(here, "souk1pro", 7);
        for (market, provider, issued_at) in [
            (Market { chain_id: "souk-2", ..here }, "souk1pro", 7),
            (Market { orderbook: "souk1other", ..here }, "souk1pro", 7),
            // Where one text ends and the next begins is in the bytes.
            (Market { orderbook: "souk1book4", ..here }, "ouk1pro", 7),
            (here, "souk1other", 7),
            (here, "souk1pro", 8),
        ] {
            assert_ne!(statement(market, provider, issued_at), bytes);
        }
        assert_eq!(statement(here, "souk1pro", 7), bytes);
    }
}
