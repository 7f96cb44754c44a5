//! What the contracts on a chain should be: their terms and the code that it should run.

use serde_json::{Value, json};
use souk_api::{attestations, escrow, fees, orderbook, registry};
use souk_client::{
    Contract, Contracts, PerContract,
    contracts::{Checksum, Terms, messages},
};
use souk_core::Amount;

/// What the contracts should be.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is set up with.
    pub terms: Terms,
    /// SHA-256 of each contract's code.
    pub checksums: PerContract<Checksum>,
}

/// Entries of a configuration that a contract computes and nobody sets.
const COMPUTED: [&str; 2] = ["total_stake", "protocol"];

impl Target {
    /// The configuration that a contract should answer with, as its JSON; computed entries left out.
    pub fn config(&self, contract: Contract, at: &Contracts) -> Value {
        let terms = &self.terms;
        let guardian = terms.guardian.clone();
        let paused = false;
        let value = match contract {
            Contract::Attestations => json!(attestations::ConfigResponse {
                guardian,
                max_lifetime: terms.attestations.max_lifetime,
                paused,
                pause_ends: None,
            }),
            Contract::Registry => json!(registry::ConfigResponse {
                guardian,
                bond_denom: terms.registry.bond_denom.clone(),
                min_bond: terms.registry.min_bond,
                unbonding_period: terms.registry.unbonding_period,
                bond_per_slot: terms.registry.bond_per_slot,
                orderbook: Some(at.orderbook.clone()),
                slashers: terms.slashers.clone(),
                slashing: terms.registry.slashing(),
                slash_receiver: Some(terms.slash_receiver.clone()),
                change_delay: terms.registry.change_delay,
                paused,
                pause_ends: None,
            }),
            Contract::FeeDistributor => json!(fees::ConfigResponse {
                guardian,
                pool: terms.pool.clone(),
                stake_denom: terms.fees.stake_denom.clone(),
                denoms: terms.fees.denoms.clone(),
                split: terms.split(),
                min_total_stake: terms.fees.min_total_stake,
                drip_period: terms.fees.drip_period,
                unstaking_period: terms.fees.unstaking_period,
                total_stake: Amount::ZERO,
                paused,
                pause_ends: None,
            }),
            Contract::Escrow => json!(escrow::ConfigResponse {
                guardian,
                fee_collector: at.fee_distributor.clone(),
                min_runway: terms.escrow.min_runway,
                controllers: vec![at.orderbook.clone()],
                cw20_tokens: terms.escrow.cw20_tokens.clone(),
                delisted: Vec::new(),
                protocol: escrow::PROTOCOL,
                paused,
                pause_ends: None,
            }),
            Contract::Orderbook => json!(orderbook::ConfigResponse {
                guardian,
                escrow: at.escrow.clone(),
                registry: at.registry.clone(),
                attestations: at.attestations.clone(),
                denoms: messages::denoms(terms),
                params: messages::params(terms),
                paused,
                pause_ends: None,
            }),
        };
        without_computed(value)
    }
}

/// A configuration without its computed entries.
pub fn without_computed(mut config: Value) -> Value {
    if let Some(entries) = config.as_object_mut() {
        entries.retain(|name, _| !COMPUTED.contains(&name.as_str()));
    }
    config
}
