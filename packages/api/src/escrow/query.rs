//! What the escrow is asked.

use cosmwasm_schema::{
    QueryResponses, cw_serde,
    schemars::JsonSchema,
    serde::{Deserialize, Serialize},
};
use souk_core::{AccountId, Amount, Clock, Denom, Price, Rate, clock::digits};

/// The escrow's queries.
#[cw_ownable::cw_ownable_query]
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// The configuration.
    #[returns(ConfigResponse)]
    Config {},
    /// An account as it stands at the block's time.
    #[returns(AccountResponse)]
    Account {
        /// The account.
        account: AccountId,
    },
    /// A stream as it stands at the block's time.
    #[returns(StreamResponse)]
    Stream {
        /// The account.
        account: AccountId,
        /// The stream.
        stream: u64,
    },
    /// An account's streams that are open or still owe something.
    #[returns(StreamsResponse)]
    Streams {
        /// The account.
        account: AccountId,
        /// The last stream of the page before.
        start_after: Option<u64>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// Deposits of others that were not claimed yet.
    #[returns(DepositsResponse)]
    Deposits {
        /// The account.
        account: AccountId,
        /// The last deposit of the page before.
        start_after: Option<u32>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// What the contract owes in a denom, all accounts together.
    #[returns(TotalsResponse)]
    Totals {
        /// The denom.
        denom: Denom,
    },
}

/// The configuration.
#[cw_serde]
pub struct ConfigResponse {
    /// May stop new business.
    pub guardian: String,
    /// Where fees go.
    pub fee_collector: String,
    /// Least runway in seconds.
    pub min_runway: u64,
    /// Contracts that may open accounts; their place is their index.
    pub controllers: Vec<String>,
    /// cw20 contracts whose tokens are taken.
    pub cw20_tokens: Vec<String>,
    /// Controllers and tokens of these lists that were delisted.
    #[serde(default)]
    pub delisted: Vec<String>,
    /// Which messages of controllers it knows: [`PROTOCOL`]. Those of before the field are of 1.
    #[serde(default = "first_protocol")]
    pub protocol: u32,
    /// Whether new business is stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

/// What an escrow of today's code knows of its controllers' messages: 2 since streams hold pay and end as of a second,
/// 3 since streams can begin with their account.
/// A controller that says more than that would be passed over in silence.
pub const PROTOCOL: u32 = 3;

const fn first_protocol() -> u32 {
    1
}

/// An account, settled to the block's time.
#[cw_serde]
pub struct AccountResponse {
    /// The account.
    pub id: AccountId,
    /// Who owns it.
    pub tenant: String,
    /// The denom that it holds.
    pub denom: Denom,
    /// The clock, settled.
    #[serde(with = "ShownClock")]
    pub clock: Clock,
    /// What is left, in whole units, rounded down.
    pub balance: Amount,
    /// The tenant's part of it that could be withdrawn now.
    pub withdrawable: Amount,
    /// The reserve for open orders.
    pub reserved: Rate,
    /// When the money is used up, if it will be or was.
    pub depletion: Option<u64>,
    /// Open streams.
    pub streams: u32,
    /// Deposits of others ever made.
    pub deposits: u32,
    /// Whether it is closed.
    pub closed: bool,
}

/// The clock and what feeds it, as answers show it. Stored records keep an older name of
/// `depleted_since`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(crate = "cosmwasm_schema::serde", remote = "Clock", deny_unknown_fields)]
#[schemars(crate = "cosmwasm_schema::schemars", rename = "Clock")]
struct ShownClock {
    /// What is left, in base units times 3600. At most 2^124.
    #[serde(with = "digits")]
    #[schemars(with = "String")]
    remaining: u128,
    /// Sum of the rates of all open streams.
    rate: Rate,
    /// Funded seconds so far.
    clock: u64,
    /// Time of the last settlement, in seconds.
    anchor: u64,
    /// The second at which the money was used up; none while there is some. It stays until a
    /// deposit starts the clock again, or the last stream closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    depleted_since: Option<u64>,
}

/// A stream, settled to the block's time.
#[cw_serde]
pub struct StreamResponse {
    /// Its number within the account.
    pub stream: u64,
    /// Who is paid.
    pub payee: String,
    /// Base units an hour.
    pub rate: Price,
    /// Fee in hundredths of a per cent.
    pub take_bps: u16,
    /// Earned so far, whole units, fee included.
    pub earned: Amount,
    /// Fee on it.
    pub fee: Amount,
    /// Paid out so far.
    pub paid: Amount,
    /// What a withdrawal would pay to the payee now.
    pub owed: Amount,
    /// The pay of how many last seconds is not paid out while the stream runs.
    #[serde(default)]
    pub hold: u64,
    /// What the payee earned in them and would be paid if the stream ended now.
    #[serde(default)]
    pub held: Amount,
    /// Whether it still runs.
    pub open: bool,
}

/// A page of streams.
#[cw_serde]
pub struct StreamsResponse {
    /// In the order of their numbers.
    pub streams: Vec<StreamResponse>,
}

/// Another's deposit.
#[cw_serde]
pub struct DepositResponse {
    /// Its number within the account, from 1.
    pub deposit: u32,
    /// Who made it.
    pub depositor: String,
    /// How much it was.
    pub amount: Amount,
    /// What would be returned if the account were closed now.
    pub left: Amount,
}

/// A page of deposits.
#[cw_serde]
pub struct DepositsResponse {
    /// In the order of their numbers.
    pub deposits: Vec<DepositResponse>,
}

/// What the contract owes in a denom.
#[cw_serde]
pub struct TotalsResponse {
    /// Everything that accounts, payees and depositors can still claim, fees aside.
    pub held: Amount,
    /// Fees not swept yet.
    pub fees: Amount,
}
