//! One action a file: load, decide by the rules, save, emit.

mod bond;
mod claim_unbonded;
mod deregister;
mod instantiate;
mod notice_slash;
mod register;
mod set_floors;
mod set_gateway;
mod set_maintenance;
mod set_operator;
mod set_quote_key;
mod slash;
mod unbond;
mod update;
mod update_config;
mod withdraw_notice;

pub use bond::bond;
pub use claim_unbonded::claim_unbonded;
pub use deregister::deregister;
pub use instantiate::instantiate;
pub use notice_slash::notice_slash;
pub use register::register;
pub use set_floors::set_floors;
pub use set_gateway::set_gateway;
pub use set_maintenance::set_maintenance;
pub use set_operator::set_operator;
pub use set_quote_key::set_quote_key;
pub use slash::slash;
pub use unbond::unbond;
pub use update::update;
pub use update_config::{Change, update_config};
pub use withdraw_notice::withdraw_notice;
