//! A provider's bids, whatever orders they are on. The orderbook answers for one order at a time, so its
//! storage is read: entries by order and bidder, a page of them.

use serde::Deserialize;
use souk_chain::query::ListPage;
use souk_core::{OrderId, Price};

use super::MarketError;

/// Where bids are stored: the map's name with its length before it, as cw-storage-plus writes it. The
/// layout is the contract's own and fixed with its stored state.
const BIDS: &[u8] = &[0, 1, b't'];
/// An order's number with its length before it.
const ORDER: usize = 2 + 8;

/// A bid of the provider that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBid {
    /// The order.
    pub order: OrderId,
    /// Base units an hour.
    pub price: Price,
    /// When it was placed, block time; none if that is not known.
    pub placed_at: Option<u64>,
}

/// A page of all bids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BidsPage {
    /// Those of the provider, by order.
    pub own: Vec<OwnBid>,
    /// Where the next page begins, if there is one.
    pub next: Option<Vec<u8>>,
}

/// What is read of a stored bid.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "r")]
    price: Price,
    #[serde(rename = "t", default)]
    placed_at: Option<u64>,
}

/// Where the first page begins.
pub(super) fn beginning() -> Vec<u8> {
    BIDS.to_vec()
}

/// Reads a page of an orderbook's storage for the bids of one provider.
pub(super) fn read(
    contract: &str,
    provider: &str,
    page: ListPage<(Vec<u8>, Vec<u8>)>,
) -> Result<BidsPage, MarketError> {
    let mut own = Vec::new();
    for (key, value) in page.entries {
        let Some(rest) = key.strip_prefix(BIDS) else {
            return Ok(BidsPage { own, next: None });
        };
        let Some((order, bidder)) = rest.split_at_checked(ORDER) else { continue };
        if bidder != provider.as_bytes() {
            continue;
        }
        let stored = serde_json::from_slice::<Stored>(&value);
        let stored = stored.map_err(|error| MarketError::Record {
            record: "bid",
            contract: contract.to_owned(),
            problem: error.to_string(),
        })?;
        let Stored { price, placed_at } = stored;
        own.push(OwnBid { order: number(order), price, placed_at });
    }
    Ok(BidsPage { own, next: page.next })
}

/// The number in the last eight bytes.
fn number(key: &[u8]) -> OrderId {
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    OrderId(key.iter().skip(2).fold(0, fold))
}
