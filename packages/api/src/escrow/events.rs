//! Events of the escrow. Every change of an account is followed by its [`AccountChanged`],
//! so a listener knows the moment of depletion in advance and learns of every change of it.

use souk_core::{AccountId, Amount, Denom, Price, Rate};

use crate::admin::events;

events! {
    /// The escrow's events.
    enum EscrowEvent of "souk_escrow";

    /// An account as it is from now on.
    AccountChanged = "souk_escrow_account" {
        /// The account.
        account: AccountId,
        /// What is left, in base units times 3600.
        remaining: u128,
        /// Base units an hour.
        rate: Rate,
        /// Reserve for open orders.
        reserved: Rate,
        /// Time of the settlement.
        anchor: u64,
        /// When the money will be used up or was; absent if not within a century.
        depletion: Option<u64>,
        /// Whether the clock stands for lack of money.
        depleted: bool,
        /// Whether the account is closed.
        closed: bool,
    }
    /// An account was opened.
    AccountOpened = "souk_escrow_account_opened" {
        /// The account.
        account: AccountId,
        /// Who owns it.
        tenant: String,
        /// The denom that it holds.
        denom: Denom,
        /// The first deposit.
        amount: Amount,
    }
    /// Coins were added.
    Deposited = "souk_escrow_deposited" {
        /// The account.
        account: AccountId,
        /// Who added them.
        depositor: String,
        /// The deposit's number; absent if they joined the tenant's balance.
        deposit: Option<u32>,
        /// How much.
        amount: Amount,
        /// Whether a stopped clock started again by it.
        restarted: bool,
    }
    /// The tenant took money out.
    DepositWithdrawn = "souk_escrow_deposit_withdrawn" {
        /// The account.
        account: AccountId,
        /// How much.
        amount: Amount,
    }
    /// A stream began.
    StreamOpened = "souk_escrow_stream_opened" {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
        /// Who is paid.
        payee: String,
        /// Base units an hour.
        rate: Price,
    }
    /// A stream ended.
    StreamClosed = "souk_escrow_stream_closed" {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
        /// Earned in all, whole units, fee included.
        earned: Amount,
    }
    /// A payee was paid.
    Withdrawn = "souk_escrow_withdrawn" {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
        /// Who was paid.
        payee: String,
        /// How much, after the fee.
        amount: Amount,
        /// The fee taken with it.
        fee: Amount,
        /// The denom.
        denom: Denom,
    }
    /// A refund was paid.
    Refunded = "souk_escrow_refunded" {
        /// The account.
        account: AccountId,
        /// The deposit; absent for the tenant's part.
        deposit: Option<u32>,
        /// Who was paid.
        to: String,
        /// How much.
        amount: Amount,
        /// The denom.
        denom: Denom,
    }
    /// Fees were sent to the collector.
    FeesSwept = "souk_escrow_fees_swept" {
        /// The denom.
        denom: Denom,
        /// How much.
        amount: Amount,
        /// Where to.
        collector: String,
    }
}
