//! The fee distributor: the take rate's way to community pool, stakers and burn.

pub mod events;
mod msg;
mod query;

pub use events::FeeEvent;
pub use msg::{ExecuteMsg, InstantiateMsg, MigrateMsg, Split};
pub use query::{
    ConfigResponse, DenomResponse, QueryMsg, RewardResponse, StakerResponse, StakersResponse,
};
