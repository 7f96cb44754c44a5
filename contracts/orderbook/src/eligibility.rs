//! Who may bid on an order, and what takes a placed bid out of it again. The same checks
//! serve a bid and the query that explains them.

use cosmwasm_std::Addr;
use souk_api::published::{ProviderRecord, ProviderStats};
use souk_core::{
    Denom, GroupSpec, OrderId, Price, Rate,
    matching::{self, MatchError, Mismatch},
};

use crate::{
    ContractError, View,
    lifecycle::order::LoadedOrder,
    neighbours::{attestations, escrow, registry},
    rules::price,
    state::bids::{self, Bid},
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

/// What a provider is held against, whether it bids or quotes.
pub struct Asked<'a> {
    /// If not empty, these alone are asked.
    pub allow: &'a [Addr],
    /// These are not,
    pub refuse: &'a [Addr],
    /// nor these, because they had the group.
    pub excluded: &'a [Addr],
    /// The group.
    pub spec: &'a GroupSpec,
    /// What it is paid in.
    pub denom: &'a Denom,
    /// Least price.
    pub min_price: Price,
    /// Until when attestations must last.
    pub until: u64,
}

impl<'a> Asked<'a> {
    /// By an order, at `now`.
    pub fn by(loaded: &'a LoadedOrder, spec: &'a GroupSpec, now: u64) -> Self {
        Self {
            allow: loaded.allow(),
            refuse: loaded.refuse(),
            excluded: &loaded.order.excluded,
            spec,
            denom: &loaded.deployment.denom,
            min_price: loaded.order.min_price,
            until: loaded.binding_until(now),
        }
    }

    /// Every check on a provider that is new to an order, cheap ones first; without a price all but those on it.
    ///
    /// # Errors
    /// What makes it not eligible, or if a record cannot be read.
    pub fn check(
        &self,
        view: &View,
        bidder: &Bidder,
        stats: &ProviderStats,
        price: Option<Price>,
    ) -> Result<(), ContractError> {
        let Bidder { address, record } = bidder;
        if record.maintenance {
            return Err(ContractError::InMaintenance(address.clone()));
        }
        self.check_named(address)?;
        if let Some(price) = price {
            price::check(price, self.min_price, self.spec.ceiling, self.denom)?;
        }
        if let Some(floors) = &record.floors {
            price::check_floors(floors.at(view.now()), self.denom, self.spec, price)?;
        }
        if stats.used >= record.slots {
            let (used, slots, bond) = (stats.used, record.slots, record.bond);
            return Err(ContractError::BondExhausted { used, slots, bond });
        }
        let attested = |auditor: &str| attestations::attested(view, auditor, address, self.until);
        matching::check(self.spec, &record.attributes, attested).map_err(unmatched)
    }

    fn check_named(&self, provider: &Addr) -> Result<(), ContractError> {
        if !self.allow.is_empty() && !self.allow.contains(provider) {
            return Err(ContractError::NotAllowed(provider.clone()));
        }
        if self.refuse.contains(provider) {
            return Err(ContractError::Refused(provider.clone()));
        }
        if self.excluded.contains(provider) {
            return Err(ContractError::Excluded(provider.clone()));
        }
        Ok(())
    }
}

/// Every check that a new bid goes through after its sender was found to be the provider's
/// operator, cheap ones first, but for [`check_no_bid`]; without a price all but those on it.
pub fn check(
    view: &View,
    loaded: &LoadedOrder,
    bidder: &Bidder,
    stats: &ProviderStats,
    price: Option<Price>,
) -> Result<(), ContractError> {
    check_takes_bids(view, loaded)?;
    let spec = loaded.spec(view.storage)?;
    Asked::by(loaded, &spec, view.now()).check(view, bidder, stats, price)?;
    check_cover(view, loaded)
}

/// Refuses a second bid of a provider on an order.
pub fn check_no_bid(view: &View, order: OrderId, provider: &Addr) -> Result<(), ContractError> {
    match bids::find(view.storage, order, provider)? {
        Some(Bid { price, .. }) => {
            let provider = provider.clone();
            Err(ContractError::BidExists { order, provider, price })
        }
        None => Ok(()),
    }
}

/// Whether the deployment's account still carries what it pays and reserves, this order's ceiling among it. Its
/// own leases may have spent it since the order was opened.
fn check_cover(view: &View, loaded: &LoadedOrder) -> Result<(), ContractError> {
    let funds = escrow::funds(view, loaded.deployment_id())?;
    let order = loaded.id;
    let carried = funds.carry(Rate::ZERO, Rate::ZERO);
    carried.map_err(|short| ContractError::NoCover { order, short })
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
