//! What can go wrong, with the values that made it wrong.

use cosmwasm_std::Addr;
use souk_contract_std::CommonError;
use souk_core::{AccountId, Amount, Denom, ids::AccountIdError};
use thiserror::Error;

/// What can go wrong.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// What can go wrong in every contract.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// An account number that does not fit.
    #[error(transparent)]
    AccountId(#[from] AccountIdError),

    /// A coin that the account does not hold.
    #[error("account {account} holds {held}; {sent} was sent")]
    WrongDenom {
        /// The account.
        account: AccountId,
        /// Its denom.
        held: Denom,
        /// What came.
        sent: Denom,
    },
    /// An account for a token that the owner did not list.
    #[error("cw20 token {0} is not listed; the escrow's owner lists it by update_config")]
    TokenNotListed(Addr),
    /// A controller or token that was delisted: it opens no account.
    #[error(
        "{0} is delisted: no account is opened by it or in it; accounts that are open go on, with their \
         streams, deposits and refunds; open one by another controller or in another denom"
    )]
    Delisted(Addr),
    /// To delist or list again what is in no list, or is as it should be.
    #[error("{entry} cannot be {what}: {why}")]
    Listing {
        /// The address.
        entry: Addr,
        /// `delisted` or `listed again`.
        what: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// More than can be counted.
    #[error("{denom}: adding {amount} would exceed what {what} can hold, {max}", max = Amount::MAX)]
    TooMuch {
        /// The denom.
        denom: Denom,
        /// What was to be added.
        amount: Amount,
        /// To what.
        what: &'static str,
    },
    /// More would leave than came in. Cannot happen; stops it if it did.
    #[error("{denom}: {asked} asked, the escrow owes {held}")]
    Overdrawn {
        /// The denom.
        denom: Denom,
        /// What is owed in all.
        held: Amount,
        /// What was to be paid.
        asked: Amount,
    },

    /// More would leave an account than is in it. Cannot happen; stops it if it did.
    #[error("account {account}: {asked} asked, {there} are there (base units times 3600)")]
    NotThere {
        /// The account.
        account: AccountId,
        /// What was to leave.
        asked: u128,
        /// What there is.
        there: u128,
    },
    /// A stream's payee had more than it earned. Cannot happen; stops it if it did.
    #[error("stream {stream} of account {account}: {drawn} drawn of {earned} earned")]
    OverdrawnStream {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
        /// What was paid out, fee included.
        drawn: Amount,
        /// What was earned.
        earned: Amount,
    },

    /// What is left of an account is not its tenant's and depositors'. Cannot happen; stops it if it did.
    #[error(
        "what is left of account {0} is not what belongs to its tenant and depositors; nothing is paid of it"
    )]
    AddsUpWrong(AccountId),
    /// No such account.
    #[error("account {0} does not exist")]
    NoAccount(AccountId),
    /// The controller's number is taken.
    #[error("account {0} exists already; a controller uses each number once")]
    AccountExists(AccountId),
    /// The account has ended.
    #[error("account {0} is closed")]
    AccountClosed(AccountId),
    /// The account has not ended.
    #[error("account {0} is open; refunds can be claimed when it is closed")]
    AccountOpen(AccountId),
    /// The clock stands for lack of money.
    #[error(
        "account {account} was depleted at second {since}; deposit enough for the least runway first"
    )]
    AccountDepleted {
        /// The account.
        account: AccountId,
        /// When.
        since: u64,
    },
    /// The money would not last.
    #[error(
        "account {account} would hold {has} base units; {burden} an hour for {runway} s need {needed}; deposit the difference or ask for less"
    )]
    TooShortRunway {
        /// The account.
        account: AccountId,
        /// Whole base units that would be there.
        has: Amount,
        /// All rates and reserves, base units an hour.
        burden: u128,
        /// The least runway, in seconds.
        runway: u64,
        /// Base units that it takes, rounded up.
        needed: u128,
    },
    /// More than the tenant has there.
    #[error("account {account}: {asked} asked, {own} of its balance are the tenant's own")]
    NotOwnMoney {
        /// The account.
        account: AccountId,
        /// What was asked.
        asked: Amount,
        /// The tenant's own whole units.
        own: Amount,
    },

    /// No such stream.
    #[error("account {account} has no stream {stream}: never opened, or closed and paid in full")]
    NoStream {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
    },
    /// The controller's number is taken.
    #[error("account {account} has a stream {stream} already")]
    StreamExists {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
    },
    /// The stream has ended.
    #[error("stream {stream} of account {account} is closed")]
    StreamClosed {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
    },
    /// The list to close is not all that is open.
    #[error(
        "account {account} has {open} open streams, {given} were given; name each open one once"
    )]
    OtherStreams {
        /// The account.
        account: AccountId,
        /// How many are open.
        open: u32,
        /// How many were given.
        given: usize,
    },
    /// A fee above everything.
    #[error("a take rate of {0} hundredths of a per cent is above 10000")]
    TakeRate(u16),
    /// No such deposit.
    #[error("account {account} has no deposit {deposit}: never made, or refunded already")]
    NoDeposit {
        /// The account.
        account: AccountId,
        /// The deposit.
        deposit: u32,
    },

    /// A runway outside its range.
    #[error("min_runway is {0} s; allowed is 1 s to a week")]
    MinRunway(u64),
    /// An entry twice.
    #[error("{what}: {entry} stands there twice")]
    Duplicate {
        /// Which list.
        what: &'static str,
        /// The entry.
        entry: Addr,
    },
    /// A cw20 message that says nothing known.
    #[error("the token's hook cannot be read: {0}; it is deposit or fund")]
    Hook(String),
}

souk_contract_std::from_common!(ContractError);
