//! Who may bid on an order, and what takes a placed bid out of it again. The same checks
//! serve a bid and the query that explains them.

use cosmwasm_std::Addr;
use souk_api::published::{ProviderRecord, ProviderStats};
use souk_core::{
    GroupSpec, Price, Rate,
    matching::{self, MatchError, Mismatch},
};

use crate::{
    ContractError, View,
    lifecycle::order::LoadedOrder,
    neighbours::{attestations, escrow, registry},
    rules::price,
    state::{
        bids::{self, Bid},
        provider_stats,
    },
};

/// A provider that bids or would like to.
pub struct Bidder {
    /// Its address.
    pub address: Addr,
    /// What the registry says of it.
    pub record: ProviderRecord,
}

/// Whether an order takes bids at this moment.
pub fn check_takes_bids(view: &View, loaded: &LoadedOrder) -> Result<(), ContractError> {
    let (id, order) = (loaded.id, &loaded.order);
    order.must_be_open(id)?;
    if order.is_expired(view.now()) {
        return Err(ContractError::OrderExpired { order: id, expired_at: order.expires_at });
    }
    let Some(auction) = order.auction else { return Ok(()) };
    let closing = auction.closing(view.config, view.now());
    if closing.is_over(view.now(), view.height()) {
        let closed_at = closing.deadline().time;
        return Err(ContractError::AuctionOver { order: id, closed_at });
    }
    Ok(())
}

/// Every check that a new bid goes through after its sender was found to be the provider's
/// operator, cheap ones first; without a price all but those on it. Returns the provider's
/// stats, which the bid changes.
pub fn check(
    view: &View,
    loaded: &LoadedOrder,
    bidder: &Bidder,
    price: Option<Price>,
) -> Result<ProviderStats, ContractError> {
    check_takes_bids(view, loaded)?;
    let Bidder { address, record } = bidder;
    if record.maintenance {
        return Err(ContractError::InMaintenance(address.clone()));
    }
    check_named(loaded, address)?;
    let spec = loaded.spec(view.storage)?;
    if let Some(price) = price {
        let denom = &loaded.deployment.denom;
        price::check(price, loaded.order.min_price, spec.ceiling, denom)?;
    }
    if let Some(floors) = &record.floors {
        price::check_floors(floors.at(view.now()), &loaded.deployment.denom, &spec, price)?;
    }
    let stats = provider_stats::get(view.storage, address)?;
    if stats.used >= record.slots {
        let (used, slots, bond) = (stats.used, record.slots, record.bond);
        return Err(ContractError::BondExhausted { used, slots, bond });
    }
    check_cover(view, loaded)?;
    let until = loaded.binding_until(view.now());
    let attested = |auditor: &str| attestations::attested(view, auditor, address, until);
    matching::check(&spec, &record.attributes, attested).map_err(unmatched)?;
    if let Some(Bid { price, .. }) = bids::find(view.storage, loaded.id, address)? {
        let (order, provider) = (loaded.id, address.clone());
        return Err(ContractError::BidExists { order, provider, price });
    }
    Ok(stats)
}

/// Whether the deployment's account still carries what it pays and reserves, this order's ceiling among it. Its
/// own leases may have spent it since the order was opened.
fn check_cover(view: &View, loaded: &LoadedOrder) -> Result<(), ContractError> {
    let funds = escrow::funds(view, loaded.deployment_id())?;
    let order = loaded.id;
    let carried = funds.carry(Rate::ZERO, Rate::ZERO);
    carried.map_err(|short| ContractError::NoCover { order, short })
}

fn check_named(loaded: &LoadedOrder, provider: &Addr) -> Result<(), ContractError> {
    let allow = loaded.allow();
    if !allow.is_empty() && !allow.contains(provider) {
        return Err(ContractError::NotAllowed(provider.clone()));
    }
    if loaded.refuse().contains(provider) {
        return Err(ContractError::Refused(provider.clone()));
    }
    if loaded.order.excluded.contains(provider) {
        return Err(ContractError::Excluded(provider.clone()));
    }
    Ok(())
}

/// What takes a placed bid out.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Disqualification {
    /// It left the registry.
    #[error("the provider is no longer registered")]
    Deregistered,
    /// It lost bond.
    #[error("the provider was slashed since it bid")]
    Slashed,
    /// What auditors attest does not suffice any more.
    #[error(transparent)]
    Attestation(#[from] Mismatch),
}

/// Holds a placed bid against what happened since: whether its provider is registered, was
/// not slashed, and whether its attestations hold at `moment`. Its own claims were settled
/// when it bid.
pub fn still_counts(
    view: &View,
    spec: &GroupSpec,
    provider: &Addr,
    bid: &Bid,
    moment: u64,
) -> Result<Result<ProviderRecord, Disqualification>, ContractError> {
    let Some(record) = registry::find(view, provider)? else {
        return Ok(Err(Disqualification::Deregistered));
    };
    if record.slashes != bid.slashes {
        return Ok(Err(Disqualification::Slashed));
    }
    if spec.requirements.signed_by.is_empty() {
        return Ok(Ok(record));
    }
    let attested = |auditor: &str| attestations::attested(view, auditor, provider, moment);
    match matching::check_requirements(&spec.requirements, &record.attributes, attested) {
        Ok(()) => Ok(Ok(record)),
        Err(MatchError::Mismatch(mismatch)) => Ok(Err(mismatch.into())),
        Err(MatchError::LookUp(error)) => Err(error.into()),
    }
}

fn unmatched<E: Into<ContractError>>(error: MatchError<E>) -> ContractError {
    match error {
        MatchError::Mismatch(mismatch) => mismatch.into(),
        MatchError::LookUp(error) => error.into(),
    }
}
