//! Who may send a message. Each `ExecuteMsg` declares it for each of its messages; the
//! contract checks it before it acts, and the tables in the documents are printed from it.

use std::fmt;

use cosmwasm_std::{Addr, StdResult, Storage};

/// The sender that a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anyone.
    Anyone,
    /// The contract's owner (cw-ownable; two steps to hand over).
    Owner,
    /// The owner or the guardian, who can only stop new business.
    Guardian,
    /// Whoever the message itself makes an owner of something (registers, stakes, attests).
    Self_,
    /// The deployment's tenant.
    Tenant,
    /// The deployment's tenant or the delegate that it named.
    TenantOrDelegate,
    /// The deployment's tenant or delegate; for a group that rests for lack of funds anyone, if the
    /// tenant allows it.
    TenantOrAllowed,
    /// The deployment's tenant or delegate, or the operator of the lease's provider.
    TenantOrOperator,
    /// The provider's own account.
    Provider,
    /// The provider's operator key.
    Operator,
    /// The provider's own account or its operator key.
    ProviderOrOperator,
    /// A contract that the owner listed as controller.
    Controller,
    /// An account that the owner listed as slasher.
    Slasher,
    /// A cw20 contract that the owner listed.
    Cw20,
}

/// What a contract checks of a message before it acts.
pub trait Message {
    /// Who may send it.
    fn permission(&self) -> Permission;

    /// Whether coins come with it.
    fn takes_coins(&self) -> bool;

    /// Whether a pause stops it.
    fn is_new_business(&self) -> bool;
}

impl Permission {
    /// Whether `sender` has it, for the roles that every contract has: anyone, owner,
    /// guardian. `None` if it is about something of the contract's own.
    pub fn by_role(
        self,
        storage: &dyn Storage,
        sender: &Addr,
        guardian: impl FnOnce() -> StdResult<Addr>,
    ) -> StdResult<Option<bool>> {
        Ok(match self {
            Self::Anyone | Self::Self_ => Some(true),
            Self::Owner => Some(cw_ownable::is_owner(storage, sender)?),
            Self::Guardian => {
                Some(guardian()? == *sender || cw_ownable::is_owner(storage, sender)?)
            }
            _ => None,
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anyone => "anyone",
            Self::Owner => "owner",
            Self::Guardian => "guardian or owner",
            Self::Self_ => "anyone, for itself",
            Self::Tenant => "tenant",
            Self::TenantOrDelegate => "tenant or delegate",
            Self::TenantOrAllowed => "tenant or delegate, or anyone whom the tenant lets",
            Self::TenantOrOperator => "tenant, delegate or provider's operator",
            Self::Provider => "provider",
            Self::Operator => "provider's operator",
            Self::ProviderOrOperator => "provider or its operator",
            Self::Controller => "controller",
            Self::Slasher => "slasher",
            Self::Cw20 => "listed cw20 token",
        })
    }
}
