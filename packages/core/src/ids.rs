//! Names of things on chain, as types that cannot be confused.

use std::{fmt, num::ParseIntError, str::FromStr};

use cosmwasm_schema::cw_serde;
use thiserror::Error;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[cw_serde]
        #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for $inner {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// A deployment, counted from 1 and never reused.
    DeploymentId(u64)
}
id! {
    /// An order and the lease that it becomes, counted from 1 and never reused.
    OrderId(u64)
}
id! {
    /// A bid, counted from 1 over all orders and never reused. A lowered bid keeps its id.
    BidId(u64)
}
id! {
    /// A group within its deployment, counted from 1 in the order of the SDL file.
    GroupSeq(u32)
}

/// A group: its deployment and its place in it. Written `17/1`.
#[cw_serde]
#[derive(Copy, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId {
    /// The deployment that the group belongs to.
    pub deployment: DeploymentId,
    /// Its place, from 1.
    pub group: GroupSeq,
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.deployment, self.group)
    }
}

/// A group id that could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a group id; write it as DEPLOYMENT/GROUP, for instance 17/1")]
pub struct GroupIdError(String);

impl FromStr for GroupId {
    type Err = GroupIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (deployment, group) = text.split_once('/')?;
            Some(Self { deployment: deployment.parse().ok()?, group: group.parse().ok()? })
        };
        parse().ok_or_else(|| GroupIdError(text.to_owned()))
    }
}

/// An escrow account. The controller that opened it picks the lower 48 bits, the escrow
/// puts the controller's index in front, so that two controllers never meet. The first
/// controller has index 0: accounts of its deployments carry the deployment's own number.
#[cw_serde]
#[derive(Copy, Eq, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct AccountId(pub u64);

/// Why an account id could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AccountIdError {
    /// The controller's own number does not fit.
    #[error("account number {0} does not fit in 48 bits")]
    LocalTooLarge(u64),
    /// More controllers than ids have room for.
    #[error("controller index {0} is above {max}", max = AccountId::MAX_CONTROLLER)]
    ControllerTooLarge(u16),
}

impl AccountId {
    const LOCAL_BITS: u32 = 48;
    /// Ids stay below 2^53, so that JavaScript reads them exactly.
    pub const MAX_CONTROLLER: u16 = 31;

    /// The account that controller number `controller` calls `local`.
    pub fn new(controller: u16, local: u64) -> Result<Self, AccountIdError> {
        if controller > Self::MAX_CONTROLLER {
            return Err(AccountIdError::ControllerTooLarge(controller));
        }
        if local >> Self::LOCAL_BITS != 0 {
            return Err(AccountIdError::LocalTooLarge(local));
        }
        Ok(Self((u64::from(controller) << Self::LOCAL_BITS) | local))
    }

    /// The index of the controller that opened the account.
    pub fn controller(self) -> u16 {
        u16::try_from(self.0 >> Self::LOCAL_BITS).unwrap_or(u16::MAX)
    }

    /// The controller's own number for the account.
    pub fn local(self) -> u64 {
        self.0 & ((1 << Self::LOCAL_BITS) - 1)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AccountId {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_the_first_controller_carry_its_own_numbers() {
        assert_eq!(AccountId::new(0, 17), Ok(AccountId(17)));
    }

    #[test]
    fn two_controllers_never_share_an_account_id() {
        let id = AccountId::new(3, 17).unwrap();
        assert_eq!((id.controller(), id.local()), (3, 17));
        assert_ne!(id, AccountId(17));
        assert!(AccountId::new(32, 1).is_err());
        assert!(AccountId::new(0, 1 << 48).is_err());
    }

    #[test]
    fn a_group_id_reads_back_what_it_prints() {
        let id: GroupId = "17/2".parse().unwrap();
        assert_eq!(id.to_string(), "17/2");
        assert!("17".parse::<GroupId>().is_err());
    }
}
