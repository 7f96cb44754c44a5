//! The market's five contracts as native code of an embedded chain: stored under fixed ids from
//! the start, or waiting to be uploaded.

use cosmwasm_std::Empty;
use cw_multi_test::{Contract, ContractWrapper};
use souk_client::contracts::Codes;
use souk_devchain::Devchain;

macro_rules! native {
    ($krate:ident) => {
        || -> Box<dyn Contract<Empty>> {
            use $krate::contract::{execute, instantiate, migrate, query};
            Box::new(
                ContractWrapper::new_with_empty(execute, instantiate, query)
                    .with_migrate_empty(migrate),
            )
        }
    };
}

macro_rules! codes {
    ($chain:expr, $method:ident) => {
        $chain
            .$method("souk-escrow", native!(souk_escrow))
            .$method("souk-orderbook", native!(souk_orderbook))
            .$method("souk-provider-registry", native!(souk_provider_registry))
            .$method("souk-attestations", native!(souk_attestations))
            .$method("souk-fee-distributor", native!(souk_fee_distributor))
    };
}

/// Code id of the escrow.
pub const ESCROW: u64 = 1;
/// Code id of the orderbook.
pub const ORDERBOOK: u64 = 2;
/// Code id of the provider registry.
pub const PROVIDER_REGISTRY: u64 = 3;
/// Code id of the attestations.
pub const ATTESTATIONS: u64 = 4;
/// Code id of the fee distributor.
pub const FEE_DISTRIBUTOR: u64 = 5;

/// The code ids on a chain that was made by [`with_codes`].
pub fn ids() -> Codes {
    Codes {
        escrow: ESCROW,
        orderbook: ORDERBOOK,
        registry: PROVIDER_REGISTRY,
        attestations: ATTESTATIONS,
        fee_distributor: FEE_DISTRIBUTOR,
    }
}

/// Stores the contracts' code on a chain from its start, under the [`ids`]. Add no other code
/// before: ids are given in order.
pub fn with_codes(chain: Devchain) -> Devchain {
    codes!(chain, code)
}

/// Lets the contracts' code be uploaded to a chain, which has none of it at the start. What is
/// uploaded begins with the contract's [`souk_devchain::marker`].
pub fn with_uploadable_codes(chain: Devchain) -> Devchain {
    codes!(chain, uploadable)
}
