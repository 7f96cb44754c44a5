//! The market's client: what the command line, the provider's agent, tests and frontends share.
//!
//! [`network`] and [`record`] say where the contracts are, [`market`] asks them, [`events`] reads
//! what they emit, [`wallet`] signs and sends, [`gateway`] speaks to providers, [`quoting`] asks
//! them for prices, [`deploy`] brings a file to a running workload, [`keep`] watches it. [`contracts`] has the messages that make the contracts,
//! [`instantiate`] sends them. [`error`] is below all of these; [`exit`] says how a program ends with
//! such an error.
//! Nothing else off chain knows the contracts' messages.

pub mod contracts;
pub mod deploy;
pub mod error;
pub mod events;
pub mod exit;
pub mod gateway;
pub mod home;
pub mod instantiate;
pub mod keep;
pub mod market;
pub mod network;
pub mod quoting;
pub mod record;
pub mod sdl;
pub mod show;
pub mod wallet;

pub use contracts::{Contract, Contracts, PerContract};
pub use error::{Error, GatewayError, MarketError, Unfinished};
pub use events::MarketEvent;
pub use market::Market;
pub use network::Network;
pub use record::Record;
pub use wallet::Wallet;
