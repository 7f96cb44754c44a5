//! The five contracts by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the five contracts, in the order in which they are made: each stands on those
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contract {
    /// What auditors attest.
    Attestations,
    /// Who provides.
    Registry,
    /// Where fees go.
    FeeDistributor,
    /// Accounts and streams.
    Escrow,
    /// Orders, bids, leases.
    Orderbook,
}

impl Contract {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 5] =
        [Self::Attestations, Self::Registry, Self::FeeDistributor, Self::Escrow, Self::Orderbook];

    /// Its name, as in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attestations => "attestations",
            Self::Registry => "provider-registry",
            Self::FeeDistributor => "fee-distributor",
            Self::Escrow => "escrow",
            Self::Orderbook => "orderbook",
        }
    }

    /// Its file among the artifacts.
    pub fn file(self) -> String {
        format!("souk_{}.wasm", self.name().replace('-', "_"))
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value for each contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerContract<T> {
    /// The orderbook's.
    pub orderbook: T,
    /// The escrow's.
    pub escrow: T,
    /// The provider registry's.
    pub registry: T,
    /// The attestations'.
    pub attestations: T,
    /// The fee distributor's.
    pub fee_distributor: T,
}

impl<T> PerContract<T> {
    /// Made one by one, in the contracts' order.
    pub fn make(mut value: impl FnMut(Contract) -> T) -> Self {
        let attestations = value(Contract::Attestations);
        let registry = value(Contract::Registry);
        let fee_distributor = value(Contract::FeeDistributor);
        let escrow = value(Contract::Escrow);
        let orderbook = value(Contract::Orderbook);
        Self { orderbook, escrow, registry, attestations, fee_distributor }
    }

    /// Made one by one, unless one cannot be made.
    ///
    /// # Errors
    /// The first that `value` gives.
    pub fn try_make<E>(mut value: impl FnMut(Contract) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            attestations: value(Contract::Attestations)?,
            registry: value(Contract::Registry)?,
            fee_distributor: value(Contract::FeeDistributor)?,
            escrow: value(Contract::Escrow)?,
            orderbook: value(Contract::Orderbook)?,
        })
    }

    /// One contract's value.
    pub fn of(&self, contract: Contract) -> &T {
        match contract {
            Contract::Attestations => &self.attestations,
            Contract::Registry => &self.registry,
            Contract::FeeDistributor => &self.fee_distributor,
            Contract::Escrow => &self.escrow,
            Contract::Orderbook => &self.orderbook,
        }
    }

    /// One contract's value, to be changed.
    pub fn of_mut(&mut self, contract: Contract) -> &mut T {
        match contract {
            Contract::Attestations => &mut self.attestations,
            Contract::Registry => &mut self.registry,
            Contract::FeeDistributor => &mut self.fee_distributor,
            Contract::Escrow => &mut self.escrow,
            Contract::Orderbook => &mut self.orderbook,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contracts_file_is_named_after_its_crate() {
        let files: Vec<String> = Contract::ALL.iter().map(|contract| contract.file()).collect();
        assert_eq!(
            files,
            [
                "souk_attestations.wasm",
                "souk_provider_registry.wasm",
                "souk_fee_distributor.wasm",
                "souk_escrow.wasm",
                "souk_orderbook.wasm"
            ]
        );
    }

    #[test]
    fn a_value_made_for_a_contract_is_that_contracts() {
        let each = PerContract::make(|contract| contract);
        assert!(Contract::ALL.iter().all(|contract| each.of(*contract) == contract));
    }
}
