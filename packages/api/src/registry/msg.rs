//! Messages to the registry.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::HexBinary;
use souk_core::{Amount, Attribute, PriceFloor};

use crate::{Message, Permission};

/// Sets the registry up. The sender becomes its owner unless one is named.
#[cw_serde]
pub struct InstantiateMsg {
    /// The owner; the sender if none.
    pub owner: Option<String>,
    /// May stop registrations; the owner if none.
    pub guardian: Option<String>,
    /// The native denom of bonds.
    pub bond_denom: String,
    /// Least bond of a provider.
    pub min_bond: Amount,
    /// Seconds that a bond stays slashable after it was asked back. At most 90 days.
    pub unbonding_period: u64,
    /// Base units of bond for each slot (open bid or lease); what leases use stays bonded.
    pub bond_per_slot: Amount,
    /// Accounts that may slash.
    pub slashers: Vec<String>,
    /// How much they may take, how often and with which notice.
    pub slashing: Slashing,
    /// Who gets what is slashed; the owner if none.
    pub slash_receiver: Option<String>,
    /// Seconds until a provider's new gateway or price floors hold; at most a week.
    pub change_delay: u64,
}

/// The bounds of slashing.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Slashing {
    /// What one slash takes at most of what a provider has at stake, bonded and unbonding, when it
    /// is noticed; in hundredths of a per cent, 1 to 10000.
    pub cap_bps: u16,
    /// Seconds after a slash, a withdrawn or a lapsed notice in which no notice with bounds of its own
    /// is given for the provider; at most 90 days.
    pub period: u64,
    /// Seconds from a notice until it can be carried out; at most 30 days. It lapses a week later.
    pub delay: u64,
}

/// Migrates to the code's version; there is nothing to say.
#[cw_serde]
pub struct MigrateMsg {}

/// Where tenants reach a provider.
#[cw_serde]
#[derive(Eq)]
pub struct Gateway {
    /// `https://host[:port]`, no path; 256 bytes at most.
    pub uri: String,
    /// SHA-256 of the certificate's public key (SPKI), the current and the next; if there
    /// are any, only they count, if none, the web's certificate authorities do.
    pub pins: Vec<HexBinary>,
}

/// Where people reach a provider; each text 256 bytes at most.
#[cw_serde]
#[derive(Eq, Default)]
pub struct Contact {
    /// Mail address.
    pub email: String,
    /// Web page.
    pub website: String,
}

/// The registry's messages.
#[cw_ownable::cw_ownable_execute]
#[cw_serde]
pub enum ExecuteMsg {
    /// Registers the sender with the bond sent. Registering again after deregistration keeps
    /// its history.
    Register {
        /// Who is paid; the provider if none.
        payee: Option<String>,
        /// The key that bids and closes, never money.
        operator: String,
        /// Where tenants reach it.
        gateway: Gateway,
        /// What it claims, 64 at most.
        attributes: Vec<Attribute>,
        /// Where people reach it.
        contact: Contact,
    },
    /// Changes the record; what is not given stays.
    Update {
        /// Who is paid for leases won from now on.
        payee: Option<String>,
        /// What it claims.
        attributes: Option<Vec<Attribute>>,
        /// Where people reach it.
        contact: Option<Contact>,
    },
    /// Names another operator key.
    SetOperator {
        /// The key.
        operator: String,
    },
    /// Changes where tenants reach the provider, from the end of `change_delay` on. What was to
    /// follow by an earlier one is forgotten.
    SetGateway {
        /// The provider, which is the sender: a message of others, or of the first release, changes nothing.
        provider: String,
        /// The gateway.
        gateway: Gateway,
    },
    /// Changes what the provider works for at least, from the end of `change_delay` on. With floors
    /// its bids are refused that are lower, or in a denom that has none.
    SetFloors {
        /// The provider, which is the sender.
        provider: String,
        /// One for each denom in which it bids, 8 at most; none to bid at any price.
        floors: Vec<PriceFloor>,
    },
    /// Stops new bids or allows them again.
    SetMaintenance {
        /// The provider.
        provider: String,
        /// Whether new bids are refused.
        on: bool,
    },
    /// Sets the key with which the provider's agent signs what it says off chain, or takes it back. Whatever was
    /// signed with another key counts no more from then on. A new operator begins without one.
    SetQuoteKey {
        /// The provider.
        provider: String,
        /// An ed25519 key of 32 bytes; none to sign nothing any more.
        key: Option<HexBinary>,
    },
    /// Adds the coins sent to the bond.
    Bond {},
    /// Asks part of the bond back. It counts no more for new bids, stays slashable, and can
    /// be claimed after the unbonding period, which restarts for all that is pending. The
    /// least bond stays; deregister to take all.
    Unbond {
        /// How much.
        amount: Amount,
    },
    /// Takes what has unbonded, less what leases still use.
    ClaimUnbonded {},
    /// Ends the registration and unbonds everything. Refused while bids or leases use slots.
    Deregister {},
    /// Says that part of a bond will be taken. There is one notice for a provider at a time; as long
    /// as it stands, its amount stays at stake. A greater one of whichever slasher replaces it, and its delay
    /// begins again; together they hold coins one delay longer than the first one at most.
    NoticeSlash {
        /// The provider.
        provider: String,
        /// How much; up to the share that is allowed of what was at stake at the first notice.
        amount: Amount,
        /// Why, for the record.
        reason: String,
    },
    /// Carries a notice out after its delay: takes its amount of the bond, and of what unbonds once
    /// the bond is used up. It goes to the receiver that the owner set.
    Slash {
        /// The provider.
        provider: String,
        /// How much, as the notice says: what the sender saw is what is taken.
        amount: Amount,
    },
    /// Takes a notice back; only by the slasher that gave it, and not if it replaced another slasher's.
    /// Another notice can then be given at once, within the bounds of this one.
    WithdrawNotice {
        /// The provider.
        provider: String,
    },
    /// Changes the configuration; what is not given stays.
    UpdateConfig {
        /// The guardian.
        guardian: Option<String>,
        /// The orderbook, whose provider stats say what leases use. Probed; set once.
        orderbook: Option<String>,
        /// Least bond of a provider.
        min_bond: Option<Amount>,
        /// Accounts that may slash.
        slashers: Option<Vec<String>>,
        /// The bounds of slashing. Notices that stand keep their amount and times.
        slashing: Option<Slashing>,
        /// Who gets what is slashed.
        slash_receiver: Option<String>,
        /// Seconds until a provider's new gateway or price floors hold.
        change_delay: Option<u64>,
    },
    /// Stops registrations.
    Pause {},
    /// Allows them again.
    Unpause {},
}

impl Message for ExecuteMsg {
    fn permission(&self) -> Permission {
        match self {
            Self::Register { .. } => Permission::Self_,
            Self::Update { .. }
            | Self::SetOperator { .. }
            | Self::SetGateway { .. }
            | Self::SetFloors { .. }
            | Self::Bond {}
            | Self::Unbond { .. }
            | Self::ClaimUnbonded {}
            | Self::Deregister {} => Permission::Provider,
            Self::SetMaintenance { .. } | Self::SetQuoteKey { .. } => Permission::Operator,
            Self::NoticeSlash { .. } | Self::Slash { .. } | Self::WithdrawNotice { .. } => {
                Permission::Slasher
            }
            Self::UpdateConfig { .. } | Self::Unpause {} => Permission::Owner,
            Self::Pause {} => Permission::Guardian,
            // cw-ownable checks owner and pending owner itself.
            Self::UpdateOwnership(_) => Permission::Anyone,
        }
    }

    fn takes_coins(&self) -> bool {
        matches!(self, Self::Register { .. } | Self::Bond {})
    }

    fn is_new_business(&self) -> bool {
        matches!(self, Self::Register { .. })
    }
}
