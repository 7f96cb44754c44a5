//! Prices that providers give at their gateways for groups that are on no chain.
//!
//! First all who match are asked at once ([`ask_prices`]), which reserves nothing and costs nothing. Then the best sign
//! ([`sign`]), which reserves capacity for a minute. A gateway is somebody else's machine: what it says is checked
//! (`judge`) before it counts, and one that says nothing, too much or something else keeps no other from its price.
//! [`public_prices`] is what gateways ask for in general, whatever is wanted.

mod ask;
mod candidates;
mod choose;
mod gather;
mod judge;
mod offer;
mod public;
mod signing;
#[cfg(test)]
mod testing;
mod wanted;
mod words;

pub use ask::{Asked, COLLECTING, GroupPrices, ask_prices};
pub use candidates::{MOST_ASKED, has_slot};
pub use choose::{MOST_SIGNED, best};
pub use offer::{Offered, Priced};
pub use public::{Filter, NoPrices, PublicPrice, PublicPrices, public_prices};
pub use signing::{SIGNING, Signed, SignedGroup, sign, wait_for};
pub use wanted::Wanted;
