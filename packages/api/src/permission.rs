//! Who may send a message. Each `ExecuteMsg` declares it for each of its messages; the
//! contract checks it before it acts, and the tables in the documents are printed from it.

use std::fmt;

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
    /// The deployment's owner.
    Tenant,
    /// The deployment's owner or the delegate that it named.
    TenantOrDelegate,
    /// The deployment's owner or delegate, or the operator of the lease's provider.
    TenantOrOperator,
    /// The provider's own account.
    Provider,
    /// The provider's operator key.
    Operator,
    /// A contract that the owner listed as controller.
    Controller,
    /// An account that the owner listed as slasher.
    Slasher,
    /// A cw20 contract that the owner listed.
    Cw20,
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
            Self::TenantOrOperator => "tenant, delegate or provider's operator",
            Self::Provider => "provider",
            Self::Operator => "provider's operator",
            Self::Controller => "controller",
            Self::Slasher => "slasher",
            Self::Cw20 => "listed cw20 token",
        })
    }
}
