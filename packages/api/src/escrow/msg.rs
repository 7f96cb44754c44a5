//! Messages to the escrow.

use cosmwasm_schema::cw_serde;
use cw20::Cw20ReceiveMsg;
use souk_core::{AccountId, Amount, Denom, Price, Rate};

use super::ReserveChange;
use crate::{Message, Permission};

/// Sets the escrow up. The sender becomes its owner unless one is named.
#[cw_serde]
pub struct InstantiateMsg {
    /// The owner; the sender if none.
    pub owner: Option<String>,
    /// May stop new business; the owner if none.
    pub guardian: Option<String>,
    /// Where fees go: the fee distributor.
    pub fee_collector: String,
    /// Seconds that an account must last at all its rates after an accept or a withdrawal
    /// by its tenant, and for which deposits must suffice to start a stopped clock. 1 to a week.
    pub min_runway: u64,
    /// Contracts that may open accounts; more can be added, none removed. Their place in the
    /// list is their index in account ids.
    pub controllers: Vec<String>,
    /// cw20 contracts whose tokens are taken.
    pub cw20_tokens: Vec<String>,
}

/// Migrates to the code's version; there is nothing to say.
#[cw_serde]
pub struct MigrateMsg {}

/// A stream to begin.
#[cw_serde]
#[derive(Eq)]
pub struct NewStream {
    /// Its number within the account (the order's), never used before.
    pub stream: u64,
    /// Who is paid.
    pub payee: String,
    /// Base units an hour.
    pub rate: Price,
    /// Fee in hundredths of a per cent of what is earned, at most 10000.
    pub take_bps: u16,
    /// The pay of how many last seconds is not paid out while the stream runs.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub hold: u64,
}

/// The escrow's messages.
#[cw_ownable::cw_ownable_execute]
#[cw_serde]
pub enum ExecuteMsg {
    /// Opens account number `local` of the sender with the coins sent; those belong to `tenant`.
    OpenAccount {
        /// The controller's number for the account, below 2^48, never used before.
        local: u64,
        /// Who owns the account.
        tenant: String,
        /// What its open orders may come to cost an hour.
        reserved: Rate,
        /// Streams that begin with it, as by [`ExecuteMsg::OpenStreams`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        streams: Vec<NewStream>,
    },
    /// Opens account number `local` of the sender, without coins, to be held in a listed cw20
    /// token; they follow by [`Cw20Hook::Fund`]. So the account is there and is the sender's,
    /// whatever the token does.
    OpenTokenAccount {
        /// As for [`ExecuteMsg::OpenAccount`].
        local: u64,
        /// Who owns the account.
        tenant: String,
        /// The token's contract.
        token: String,
        /// What its open orders may come to cost an hour.
        reserved: Rate,
    },
    /// Begins to pay `rate` to `payee`. Fails unless the account then lasts the least runway
    /// at all its rates and reserves.
    OpenStream {
        /// The account.
        local: u64,
        /// The stream's number within the account (the order's), never used before.
        stream: u64,
        /// Who is paid.
        payee: String,
        /// Base units an hour.
        rate: Price,
        /// Fee in hundredths of a per cent of what is earned, at most 10000.
        take_bps: u16,
        /// How the account's reserve changes: what the stream's order had reserved is let go.
        #[serde(default, skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
        /// The pay of how many last seconds is not paid out while the stream runs.
        #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
        hold: u64,
    },
    /// Begins several streams of an account, all or none. Each as by [`ExecuteMsg::OpenStream`], without a change
    /// of the account's reserve.
    OpenStreams {
        /// The account.
        local: u64,
        /// The streams, each number once.
        streams: Vec<NewStream>,
    },
    /// Ends a stream. The payee is owed whole units, the fraction goes back to the account.
    CloseStream {
        /// The account.
        local: u64,
        /// The stream.
        stream: u64,
        /// How the account's reserve changes: more, if the lease's group is put out again.
        #[serde(default, skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
        /// If given, its payee has earned nothing after this second, in seconds since the epoch; nor after the
        /// clock last started again, if that was later. What was paid out stays paid. The rest goes back to the
        /// deposits of others, as far as any of them is spent, and then to the tenant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_after: Option<u64>,
    },
    /// Changes the account's reserve. Whether the account carries it is the controller's to look at before.
    Reserve {
        /// The account.
        local: u64,
        /// How it changes.
        reserved: ReserveChange,
    },
    /// Ends the given streams, which must be all that are open, and the account. What is
    /// left can be claimed. Cannot overflow.
    CloseAccount {
        /// The account.
        local: u64,
        /// Its open streams, each once.
        streams: Vec<u64>,
        /// Those of them that have earned nothing after a second, with that second, as for
        /// [`ExecuteMsg::CloseStream`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_after: Vec<(u64, u64)>,
    },
    /// Adds the coins sent to an open account. From its tenant they join the tenant's own balance,
    /// from anyone else they are a deposit of their own, returned to its depositor as far as
    /// it is not spent. A stopped clock starts again if they suffice for the least runway.
    Deposit {
        /// The account.
        account: AccountId,
    },
    /// Pays a stream's payee what is owed by now.
    Withdraw {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
    },
    /// Takes own money out of an open account, as long as the least runway remains.
    WithdrawDeposit {
        /// The account.
        account: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Pays what is left of a closed account: the tenant's part, or a deposit of another.
    ClaimRefund {
        /// The account.
        account: AccountId,
        /// The deposit's number; none for the tenant's part.
        deposit: Option<u32>,
    },
    /// Sends all fees taken so far in a denom to the fee collector.
    SweepFees {
        /// The denom.
        denom: Denom,
    },
    /// A cw20 token came; the hook says for what.
    Receive(Cw20ReceiveMsg),
    /// Changes the configuration; what is not given stays.
    UpdateConfig {
        /// The guardian.
        guardian: Option<String>,
        /// Where fees go.
        fee_collector: Option<String>,
        /// A contract that may open accounts from now on.
        add_controller: Option<String>,
        /// cw20 contracts whose tokens are taken from now on.
        add_cw20: Option<Vec<String>>,
        /// Controllers that open no more accounts, and tokens in which none are opened; streams of open
        /// accounts go on being opened. They stay in their lists, since a controller's place is part of its
        /// accounts' numbers.
        delist: Option<Vec<String>>,
        /// Those of them that may again.
        relist: Option<Vec<String>>,
    },
    /// Stops the opening of accounts and streams.
    Pause {},
    /// Allows them again.
    Unpause {},
}

/// What a cw20 token's `send` carries to the escrow.
#[cw_serde]
pub enum Cw20Hook {
    /// As [`ExecuteMsg::Deposit`].
    Deposit {
        /// The account.
        account: AccountId,
    },
    /// The tenant's coins for an open account, sent on by the account's controller.
    Fund {
        /// The controller's number for the account.
        local: u64,
    },
}

impl Message for ExecuteMsg {
    fn permission(&self) -> Permission {
        match self {
            Self::OpenAccount { .. }
            | Self::OpenTokenAccount { .. }
            | Self::OpenStream { .. }
            | Self::OpenStreams { .. }
            | Self::CloseStream { .. }
            | Self::Reserve { .. }
            | Self::CloseAccount { .. } => Permission::Controller,
            Self::Deposit { .. }
            | Self::Withdraw { .. }
            | Self::ClaimRefund { .. }
            | Self::SweepFees { .. } => Permission::Anyone,
            Self::WithdrawDeposit { .. } => Permission::Tenant,
            Self::Receive(_) => Permission::Cw20,
            Self::UpdateConfig { .. } | Self::Unpause {} => Permission::Owner,
            Self::Pause {} => Permission::Guardian,
            // cw-ownable checks owner and pending owner itself.
            Self::UpdateOwnership(_) => Permission::Anyone,
        }
    }

    fn takes_coins(&self) -> bool {
        matches!(self, Self::OpenAccount { .. } | Self::Deposit { .. })
    }

    fn is_new_business(&self) -> bool {
        matches!(
            self,
            Self::OpenAccount { .. }
                | Self::OpenTokenAccount { .. }
                | Self::OpenStream { .. }
                | Self::OpenStreams { .. }
        )
    }
}
