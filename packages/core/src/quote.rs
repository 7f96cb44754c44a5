//! What a provider's agent signs when it quotes a price for a group off chain.
//!
//! The bytes begin with [`TAG`], which nothing else that is signed with the same key begins with. Then follow, in the
//! order of [`Quoted`], the market's chain id and orderbook and each field: a text or bytes as its length in four
//! bytes and itself, the price in 16 bytes, the take rate in two and the other numbers in eight; numbers have their
//! highest byte first. They are signed as they are, with ed25519 (RFC 8032).
//!
//! JSON is compact: no blanks between parts, fields in the order in which the types have them, those at their default
//! left out where the types say so, text beyond ASCII as it is, and of the control characters `\b`, `\f`, `\n`, `\r`
//! and `\t` by these names, the others as `\u` and four hex digits, the letters of which are capitals. A chain checks no
//! more than 128 KiB of it.

use crate::{Price, presence::Market};

/// For how long a quote can hold, in seconds: it is an option that costs its tenant nothing.
pub const MAX_VALIDITY: u64 = 600;
/// For how long one holds if nobody says otherwise, in seconds.
pub const DEFAULT_VALIDITY: u64 = 60;

/// What the bytes begin with.
pub const TAG: &[u8] = b"souk quote 1\n";

/// A price, and all that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted<'a> {
    /// The market in which it can be used, and in no other.
    pub market: Market<'a>,
    /// Whose offer.
    pub provider: &'a str,
    /// To whom.
    pub tenant: &'a str,
    /// The group's specification as the orderbook stores it: compact JSON of `GroupSpec`, the ceiling included.
    pub group: &'a [u8],
    /// The lease's terms: compact JSON of the orderbook's `LeaseTerms`.
    pub terms: &'a [u8],
    /// The order of the running lease that is to be changed, and what its manifest must hash to then; 0 and empty
    /// for a new lease.
    pub change: (u64, &'a [u8]),
    /// The denom as it is written, such as `usouk` or `cw20:ADDRESS`.
    pub denom: &'a str,
    /// Base units an hour, for the whole group.
    pub price: Price,
    /// The highest take rate at which the provider agrees, in hundredths of a per cent.
    pub max_take_bps: u16,
    /// What the provider gives where the group leaves it open: compact JSON of a list of attributes.
    pub offer: &'a [u8],
    /// When it was made, by block time.
    pub issued_at: u64,
    /// The last second in which it can be used.
    pub valid_until: u64,
    /// Stands for one reservation of capacity: of the quotes of a provider with one nonce the chain takes the first.
    pub nonce: u64,
}

impl Quoted<'_> {
    /// The bytes to sign.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = TAG.to_vec();
        let (changed, commitment) = self.change;
        for text in [
            self.market.chain_id.as_bytes(),
            self.market.orderbook.as_bytes(),
            self.provider.as_bytes(),
            self.tenant.as_bytes(),
            self.group,
            self.terms,
        ] {
            put(&mut bytes, text);
        }
        bytes.extend_from_slice(&changed.to_be_bytes());
        for text in [commitment, self.denom.as_bytes()] {
            put(&mut bytes, text);
        }
        bytes.extend_from_slice(&self.price.u128().to_be_bytes());
        bytes.extend_from_slice(&self.max_take_bps.to_be_bytes());
        put(&mut bytes, self.offer);
        for number in [self.issued_at, self.valid_until, self.nonce] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{amount::AmountError, presence};

    #[test]
    fn any_other_field_gives_other_bytes() -> Result<(), AmountError> {
        let market = Market { chain_id: "souk-1", orderbook: "souk1book" };
        let quoted = Quoted {
            market,
            provider: "souk1pro",
            tenant: "souk1ann",
            group: b"{}",
            terms: b"[]",
            change: (0, b""),
            denom: "usouk",
            price: Price::new(900)?,
            max_take_bps: 200,
            offer: b"[]",
            issued_at: 7,
            valid_until: 8,
            nonce: 9,
        };
        let others = [
            quoted,
            Quoted { market: Market { chain_id: "souk-2", ..market }, ..quoted },
            Quoted { market: Market { orderbook: "souk1other", ..market }, ..quoted },
            // Where one text ends and the next begins is in the bytes.
            Quoted { provider: "souk1pros", tenant: "ouk1ann", ..quoted },
            Quoted { tenant: "souk1eve", ..quoted },
            Quoted { group: b"{ }", ..quoted },
            Quoted { group: b"{}[", terms: b"]", ..quoted },
            Quoted { terms: b"{}", ..quoted },
            Quoted { change: (1, b""), ..quoted },
            Quoted { change: (0, b"x"), ..quoted },
            Quoted { denom: "uother", ..quoted },
            Quoted { price: Price::new(901)?, ..quoted },
            Quoted { max_take_bps: 201, ..quoted },
            Quoted { offer: b"{}", ..quoted },
            Quoted { issued_at: 8, ..quoted },
            Quoted { valid_until: 9, ..quoted },
            Quoted { nonce: 10, ..quoted },
        ];
        let bytes: BTreeSet<_> = others.iter().map(Quoted::bytes).collect();
        assert_eq!(bytes.len(), others.len());
        assert!(!TAG.starts_with(presence::TAG) && !presence::TAG.starts_with(TAG));
        Ok(())
    }
}
