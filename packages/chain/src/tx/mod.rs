//! Transactions: messages, gas and fee, signing, and what the chain's refusals mean.

mod authz;
mod gas;
mod msg;
mod price;
mod refusal;
mod sign;

pub use authz::{
    ContractGrant, ExecutionGrants, GrantLimit, GrantedMessages, as_granted, grant_execution,
    revoke_execution,
};
pub use gas::GasConfig;
pub use msg::{
    Instantiate, MsgError, clear_admin, execute, execute_bytes, instantiate, migrate, send,
    store_code, update_admin,
};
pub use price::{GasPrice, InvalidGasPrice};
pub(crate) use refusal::TX_TOO_LARGE;
pub use refusal::{Refusal, RefusalKind, TxPhase};
pub use sign::{SignedTx, SignerData, TxPlan, messages_from_bytes, messages_to_bytes};
