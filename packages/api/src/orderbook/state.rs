//! The states of deployments, groups, orders, bids and leases, in the field's words.

use std::{fmt, str::FromStr};

use cosmwasm_schema::cw_serde;

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $( $(#[$vdoc:meta])* $variant:ident = $text:literal ),* $(,)? }) => {
        $(#[$doc])*
        #[cw_serde]
        #[derive(Copy, Eq, Hash)]
        pub enum $name { $( $(#[$vdoc])* $variant ),* }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( Self::$variant => $text ),* })
            }
        }

        impl FromStr for $name {
            type Err = UnknownState;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $text => Ok(Self::$variant), )*
                    _ => Err(UnknownState),
                }
            }
        }

        impl crate::event::EventValue for $name {
            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
            fn read(text: Option<&str>) -> Option<Self> {
                text?.parse().ok()
            }
        }
    };
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown state")]
pub struct UnknownState;

states! {
    /// A deployment's states.
    DeploymentState {
        /// It has groups that may run.
        Active = "active",
        /// It ended; its account is closed.
        Closed = "closed",
    }
}
states! {
    /// A group's states.
    GroupState {
        /// It has an open order or a lease.
        Open = "open",
        /// It rests until it is started: its tenant paused it, its order found no taker, there was no
        /// manifest, or providers ended too many leases of it.
        Paused = "paused",
        /// It rests for lack of funds, until it is started.
        InsufficientFunds = "insufficient_funds",
        /// It ended.
        Closed = "closed",
    }
}
states! {
    /// An order's states.
    OrderState {
        /// It takes bids or waits for its auction to be closed.
        Open = "open",
        /// It became a lease.
        Active = "active",
        /// It ended.
        Closed = "closed",
    }
}
states! {
    /// A bid's states; derived, never stored.
    BidState {
        /// Its order is open.
        Open = "open",
        /// It became the lease.
        Active = "active",
        /// Another became the lease, or its order ended without one.
        Lost = "lost",
    }
}
states! {
    /// A lease's states.
    LeaseState {
        /// It runs, or waits for money.
        Active = "active",
        /// It runs likewise, and its provider announced that it takes the lease back.
        Reclaiming = "reclaiming",
        /// It ended for lack of money.
        InsufficientFunds = "insufficient_funds",
        /// It ended.
        Closed = "closed",
    }
}

impl LeaseState {
    /// Whether it runs and is paid, as long as there is money: a lease that is being reclaimed does until it
    /// ends.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Active | Self::Reclaiming)
    }
}
