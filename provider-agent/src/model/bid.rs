//! An own bid.

use std::{fmt, str::FromStr};

use souk_core::{OrderId, Price};

/// The progress of a bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BidProgress {
    /// Its message is in the outbox; not seen on the chain yet.
    Sent,
    /// On the chain.
    Open,
    /// It became the lease.
    Won,
    /// Another bid won, or the order ended; its slot is still held.
    Lost,
    /// As lost, and its release is in the outbox under the key in [`Bid::why`].
    Releasing,
    /// The chain refused it for the reason in [`Bid::why`]. It holds no slot.
    Refused,
}

impl BidProgress {
    const ALL: [Self; 6] =
        [Self::Sent, Self::Open, Self::Won, Self::Lost, Self::Releasing, Self::Refused];

    /// Its text in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Releasing => "releasing",
            Self::Refused => "refused",
        }
    }

    /// Whether it uses one of the bond's slots as a bid: one that is lost does, until it is released.
    pub const fn holds_slot(self) -> bool {
        matches!(self, Self::Sent | Self::Open | Self::Lost | Self::Releasing)
    }

    /// Whether it may still become a lease.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Sent | Self::Open)
    }
}

impl fmt::Display for BidProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BidProgress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|progress| progress.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not a progress of a bid"))
    }
}

/// An own bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bid {
    /// The order; one bid for each.
    pub order: OrderId,
    /// The order's tenant.
    pub tenant: String,
    /// Base units an hour, as last sent or seen.
    pub price: Price,
    /// Its progress.
    pub progress: BidProgress,
    /// The height of the decision, or at which it was lost.
    pub decided_height: u64,
    /// How many bids on this order the chain refused before.
    pub attempt: u32,
    /// If refused, why; if releasing, the outbox's key.
    pub why: Option<String>,
}
