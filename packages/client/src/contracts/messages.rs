//! The messages by which the contracts are made, linked and moved to other code.

use serde::Serialize;
use souk_api::{attestations, defaults, escrow, fees, orderbook, registry};
use souk_chain::{
    Any,
    tx::{self, Instantiate, MsgError},
};

use super::{Codes, Contract, Contracts, PerContract, Terms, address::salt};

/// Makes one contract at its predicted address.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn instantiate(
    terms: &Terms,
    contract: Contract,
    sender: &str,
    codes: &Codes,
    at: &Contracts,
) -> Result<Any, MsgError> {
    let what = Instantiate {
        code_id: *codes.of(contract),
        label: terms.label(contract),
        admin: Some(terms.admin.clone()),
        salt: Some(salt(terms, contract)),
        ..Instantiate::default()
    };
    match contract {
        Contract::Attestations => tx::instantiate(sender, &what, &attestations(terms)),
        Contract::Registry => tx::instantiate(sender, &what, &registry(terms)),
        Contract::FeeDistributor => tx::instantiate(sender, &what, &fee_distributor(terms)),
        Contract::Escrow => tx::instantiate(sender, &what, &escrow(terms, at)),
        Contract::Orderbook => tx::instantiate(sender, &what, &orderbook(terms, at)),
    }
}

/// The owner's message that names the orderbook to the registry. It is a message of its own,
/// since the registry looks whether there is an orderbook.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn link_registry(sender: &str, at: &Contracts) -> Result<Any, MsgError> {
    tx::execute(sender, &at.registry, &defaults::link_registry(at.orderbook.clone()), &[])
}

/// The owner's message by which an escrow that was made without its orderbook lists it.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn link_escrow(sender: &str, at: &Contracts) -> Result<Any, MsgError> {
    tx::execute(sender, &at.escrow, &defaults::link_escrow(at.orderbook.clone()), &[])
}

/// The admin's message that moves a contract to another code.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn migrate(
    sender: &str,
    contract: Contract,
    address: &str,
    code_id: u64,
) -> Result<Any, MsgError> {
    fn to(sender: &str, at: &str, code_id: u64, msg: &impl Serialize) -> Result<Any, MsgError> {
        tx::migrate(sender, at, code_id, msg)
    }
    match contract {
        Contract::Attestations => to(sender, address, code_id, &attestations::MigrateMsg {}),
        Contract::Registry => to(sender, address, code_id, &registry::MigrateMsg {}),
        Contract::FeeDistributor => to(sender, address, code_id, &fees::MigrateMsg {}),
        Contract::Escrow => to(sender, address, code_id, &escrow::MigrateMsg {}),
        Contract::Orderbook => to(sender, address, code_id, &orderbook::MigrateMsg {}),
    }
}

/// All contracts and the link, for one transaction of a sender who is also the owner.
///
/// # Errors
/// If a message cannot be written as JSON.
pub fn all(
    terms: &Terms,
    sender: &str,
    codes: &Codes,
    at: &Contracts,
) -> Result<Vec<Any>, MsgError> {
    let made = PerContract::try_make(|contract| instantiate(terms, contract, sender, codes, at))?;
    let mut messages: Vec<Any> = Contract::ALL.map(|contract| made.of(contract).clone()).into();
    messages.push(link_registry(sender, at)?);
    Ok(messages)
}

/// What the attestations are made with.
pub fn attestations(terms: &Terms) -> attestations::InstantiateMsg {
    attestations::InstantiateMsg {
        owner: Some(terms.owner.clone()),
        guardian: Some(terms.guardian.clone()),
        max_lifetime: terms.attestations.max_lifetime,
    }
}

/// What the provider registry is made with.
pub fn registry(terms: &Terms) -> registry::InstantiateMsg {
    registry::InstantiateMsg {
        owner: Some(terms.owner.clone()),
        guardian: Some(terms.guardian.clone()),
        bond_denom: terms.registry.bond_denom.clone(),
        min_bond: terms.registry.min_bond,
        unbonding_period: terms.registry.unbonding_period,
        bond_per_slot: terms.registry.bond_per_slot,
        slashers: terms.slashers.clone(),
        slashing: terms.registry.slashing(),
        slash_receiver: Some(terms.slash_receiver.clone()),
        change_delay: terms.registry.change_delay,
    }
}

/// What the fee distributor is made with.
pub fn fee_distributor(terms: &Terms) -> fees::InstantiateMsg {
    fees::InstantiateMsg {
        owner: Some(terms.owner.clone()),
        guardian: Some(terms.guardian.clone()),
        pool: terms.pool.clone(),
        stake_denom: terms.fees.stake_denom.clone(),
        denoms: terms.fees.denoms.clone(),
        split: terms.split(),
        min_total_stake: terms.fees.min_total_stake,
        drip_period: terms.fees.drip_period,
        unstaking_period: terms.fees.unstaking_period,
    }
}

/// What the escrow is made with: it lists the orderbook before that exists.
pub fn escrow(terms: &Terms, at: &Contracts) -> escrow::InstantiateMsg {
    escrow::InstantiateMsg {
        owner: Some(terms.owner.clone()),
        guardian: Some(terms.guardian.clone()),
        fee_collector: at.fee_distributor.clone(),
        min_runway: terms.escrow.min_runway,
        controllers: vec![at.orderbook.clone()],
        cw20_tokens: terms.escrow.cw20_tokens.clone(),
    }
}

/// What the orderbook is made with.
pub fn orderbook(terms: &Terms, at: &Contracts) -> orderbook::InstantiateMsg {
    orderbook::InstantiateMsg {
        owner: Some(terms.owner.clone()),
        guardian: Some(terms.guardian.clone()),
        escrow: at.escrow.clone(),
        registry: at.registry.clone(),
        attestations: at.attestations.clone(),
        denoms: denoms(terms),
        params: params(terms),
    }
}

/// The orderbook's denoms.
pub fn denoms(terms: &Terms) -> Vec<orderbook::DenomConfig> {
    let config = |denom: &super::terms::DenomTerms| orderbook::DenomConfig {
        denom: denom.denom.clone(),
        min_price: denom.min_price,
        max_price: denom.max_price,
        min_deposit: denom.min_deposit,
        take_bps: denom.take_bps,
        delisted: None,
    };
    terms.orderbook.denoms.iter().map(config).collect()
}

/// The orderbook's times and counts.
pub fn params(terms: &Terms) -> orderbook::Params {
    let terms = &terms.orderbook;
    orderbook::Params {
        order_lifetime: terms.order_lifetime,
        min_auction: terms.min_auction,
        max_auction: terms.max_auction,
        min_auction_blocks: terms.min_auction_blocks,
        end_grace: terms.end_grace,
        end_blocks: terms.end_blocks,
        slot_hold: terms.slot_hold,
        manifest_timeout: terms.manifest_timeout,
        idle_grace: terms.idle_grace,
        slowest_block: terms.slowest_block,
    }
}
