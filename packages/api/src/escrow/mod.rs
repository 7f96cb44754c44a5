//! The escrow: accounts that pay by the second, exactly.

pub mod events;
mod msg;
mod query;
mod reserve;

pub use events::EscrowEvent;
pub use msg::{Cw20Hook, ExecuteMsg, InstantiateMsg, MigrateMsg, NewStream};
pub use query::{
    AccountResponse, ConfigResponse, DepositResponse, DepositsResponse, PROTOCOL, QueryMsg,
    StreamResponse, StreamsResponse, TotalsResponse,
};
pub use reserve::ReserveChange;
