//! The provider registry: who provides, with what, at which gateway, behind which bond.

pub mod events;
mod msg;
mod query;

pub use events::RegistryEvent;
pub use msg::{Contact, ExecuteMsg, Gateway, InstantiateMsg, MigrateMsg, Slashing};
pub use query::{
    ConfigResponse, NextFloors, NextGateway, NoticeResponse, ProviderResponse, ProvidersResponse,
    QueryMsg, UnbondingResponse,
};
