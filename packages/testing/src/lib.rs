//! Builders that put up a whole market in a test: the five contracts, linked, on a chain in
//! memory, and accounts with names and coins.
//!
//! ```
//! use souk_testing::{Market, gpu, group, souk, usouk};
//!
//! let mut market = Market::new()
//!     .provider("cheap", gpu("h100", 8))
//!     .provider("dear", gpu("h100", 8))
//!     .tenant("ann", souk(50));
//! let app = group("web").gpu("h100", 1).ceiling(900_000);
//! let deployment = market.deploy("ann", app, souk(20)).unwrap();
//! let order = deployment.order();
//! market.bid("cheap", order, 500_000).unwrap();
//! market.bid("dear", order, 800_000).unwrap();
//! market.accept("ann", order, "cheap", 500_000).unwrap();
//! market.pass(3_600).close_lease("ann", order).unwrap();
//! market.withdraw(deployment.account(), order).unwrap();
//! assert_eq!(market.balance("cheap-payee"), 490_000, "an hour less 2 % take rate");
//! market.check_supply();
//! ```
//!
//! Set-up panics when it fails; steps return `anyhow::Result`, whose errors downcast to the
//! error of the contract that refused: `error.downcast_ref::<souk_escrow::ContractError>()`.
//! Here all five contracts are linked as on a chain. A contract's own tests instantiate it, and
//! what it needs, by themselves: this crate depends on the contracts.

mod chain;
mod coins;
mod contracts;
pub mod events;
mod hardware;
pub mod layers;
mod market;
mod workload;

pub use chain::{Chain, PREFIX, address};
pub use coins::{souk, usouk};
pub use contracts::{Codes, Contracts};
pub use hardware::{Hardware, cpu, gpu};
pub use market::{Deployment, Market, Outcome, Settings};
pub use workload::{Group, Workload, group};

/// The contracts' errors, to downcast to.
pub mod refused {
    pub use souk_attestations::ContractError as ByAttestations;
    pub use souk_contract_std::CommonError;
    pub use souk_escrow::ContractError as ByEscrow;
    pub use souk_fee_distributor::ContractError as ByFeeDistributor;
    pub use souk_orderbook::ContractError as ByOrderbook;
    pub use souk_provider_registry::ContractError as ByRegistry;
}
