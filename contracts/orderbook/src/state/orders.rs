//! Orders and the leases that they become.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize as _, Deserializer},
};
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::orderbook::{FIRST_MANIFEST_TIMEOUT, LeaseState, OrderState, first_manifest_timeout};
use souk_contract_std::Page;
use souk_core::{
    Attribute, CloseReason, GroupId, OrderId, Price, Rate,
    slot::{Ended, held_until},
};

use super::{absence::Absence, config::Config, notice::Notice};
use crate::{ContractError, rules::auction::Closing};

const ORDERS: Map<u64, Order> = Map::new("o");

/// An order with its lease.
#[cw_serde]
pub struct Order {
    /// The group that it is for.
    #[serde(rename = "g")]
    pub group: GroupId,
    /// Fee on the lease, in hundredths of a per cent.
    #[serde(rename = "f")]
    pub take_bps: u16,
    /// Least bid.
    #[serde(rename = "m")]
    pub min_price: Price,
    /// When it was created.
    #[serde(rename = "t")]
    pub created_at: u64,
    /// Its last second.
    #[serde(rename = "e")]
    pub expires_at: u64,
    /// Its auction, if it is a binding one.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub auction: Option<Auction>,
    /// Providers that may not bid because they had the group.
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Addr>,
    /// From how long after its lease's beginning that may be closed for want of a manifest. Absent is
    /// what holds for the orders of the first release.
    #[serde(
        rename = "w",
        default = "first_manifest_timeout",
        skip_serializing_if = "is_first_manifest_timeout"
    )]
    pub manifest_timeout: u64,
    /// What it reserves in its deployment's account while it is open, base units an hour. None in a lease or a
    /// closed order, and in open ones of the first release: of those auctions reserve the group's ceiling.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Rate>,
    /// Who may bid, if its deployment's lists were changed since it was opened.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Lists>,
    /// What holds when its lease's provider is not seen any more. None in orders that are older than the rule.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
    /// How far it has come.
    #[serde(rename = "s", deserialize_with = "read_status")]
    pub status: OrderStatus,
}

/// Kept apart from the reader of the whole order: chains take a hundred locals in a function.
#[inline(never)]
fn read_status<'de, D: Deserializer<'de>>(from: D) -> Result<OrderStatus, D::Error> {
    OrderStatus::deserialize(from)
}

/// The lists with which an order was opened.
#[cw_serde]
#[derive(Default, Eq)]
pub struct Lists {
    /// If not empty, only these may bid.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Addr>,
    /// These may not.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<Addr>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first_manifest_timeout(seconds: &u64) -> bool {
    *seconds == FIRST_MANIFEST_TIMEOUT
}

/// A binding auction's clock.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Auction {
    /// The tenant's time, extensions included.
    #[serde(rename = "t")]
    pub closes_at: u64,
    /// The first block at which it can close.
    #[serde(rename = "b")]
    pub from_block: u64,
    /// How often it was extended.
    #[serde(rename = "n", default)]
    pub extensions: u8,
}

impl Auction {
    /// What decides when it closes, as far as it is known at `now`.
    pub fn closing(&self, config: &Config, now: u64) -> Closing {
        let Self { closes_at, from_block, extensions } = *self;
        let slowest_block = config.params.slowest_block;
        Closing { closes_at, from_block, extensions, pause: config.last_pause(now), slowest_block }
    }
}

/// How far an order has come.
#[cw_serde]
pub enum OrderStatus {
    /// It takes bids, or waits for its auction to be closed or its end to be recorded.
    #[serde(rename = "o")]
    Open,
    /// It became a lease.
    #[serde(rename = "l")]
    Lease(Lease),
    /// It ended without a lease.
    #[serde(rename = "c")]
    Closed,
}

/// A lease.
#[cw_serde]
pub struct Lease {
    /// Who runs it.
    #[serde(rename = "p")]
    pub provider: Addr,
    /// Base units an hour.
    #[serde(rename = "r")]
    pub price: Price,
    /// When it began.
    #[serde(rename = "t")]
    pub created_at: u64,
    /// In which block; 0 in leases that are older than the rule of absence.
    #[serde(rename = "b", default, skip_serializing_if = "souk_core::time::is_zero")]
    pub created_block: u64,
    /// When and why it ended.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none", with = "stored_end")]
    #[schemars(skip)]
    pub ended: Option<(u64, CloseReason)>,
    /// The notice after which its provider may take it back, in seconds, as its bid offered.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// That its provider takes it back.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// Until when its provider is paid at most, if it was absent when the lease ended.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub paid_until: Option<u64>,
    /// The quote that it came of; none if it came of a bid.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Used>,
}

/// A quote that was used.
#[cw_serde]
#[derive(Eq)]
pub struct Used {
    /// Its nonce.
    #[serde(rename = "n")]
    pub nonce: u64,
    /// Whether the lease uses a slot of its provider, which else the winning bid's record does.
    #[serde(rename = "h", default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_slot: bool,
    /// What its provider gives where the group leaves it open.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<Attribute>,
}

/// The end of a lease as it is stored, with the words of the first release.
mod stored_end {
    use cosmwasm_schema::serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use souk_core::CloseReason;

    pub fn serialize<S: Serializer>(
        end: &Option<(u64, CloseReason)>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        end.map(|(at, reason)| (at, reason.as_stored())).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<(u64, CloseReason)>, D::Error> {
        let Some((at, word)) = Option::<(u64, String)>::deserialize(from)? else { return Ok(None) };
        let reason = CloseReason::from_stored(&word).map_err(D::Error::custom)?;
        Ok(Some((at, reason)))
    }
}

impl Lease {
    /// Whether it uses a slot of its provider without a bid.
    pub fn holds_slot(&self) -> bool {
        self.quote.as_ref().is_some_and(|quote| quote.holds_slot)
    }

    /// Lets go of a slot that it used without a bid. `true` if there was one.
    pub fn release_slot(&mut self) -> bool {
        let Some(quote) = &mut self.quote else { return false };
        std::mem::take(&mut quote.holds_slot)
    }

    /// Its state.
    pub fn state(&self) -> LeaseState {
        match self.ended {
            None if self.notice.is_some() => LeaseState::Reclaiming,
            None => LeaseState::Active,
            Some((_, CloseReason::InsufficientFunds)) => LeaseState::InsufficientFunds,
            Some(_) => LeaseState::Closed,
        }
    }

    /// Whether its provider ended it when the notice was over.
    pub fn ended_by_notice(&self) -> bool {
        self.notice.is_some_and(|notice| notice.ended)
    }

    /// Whether its end was no breach, for whatever reason it ended.
    fn ended_without_breach(&self) -> bool {
        self.ended_by_notice() || self.paid_until.is_some()
    }

    /// Whether it has let go of its provider's slot at `now`; one that runs never has. `hold` is the
    /// orderbook's `slot_hold`, in seconds.
    pub fn frees_slot(&self, now: u64, hold: u64) -> bool {
        self.ended.is_some_and(|(at, reason)| {
            let without_breach = self.ended_without_breach();
            let ended = Ended { at, reason, without_breach };
            now >= held_until(self.created_at, ended, hold)
        })
    }
}

impl Order {
    /// Its state at `now`. An order past its last second is closed even if nobody recorded
    /// it, unless it is a binding auction: that waits to be closed.
    pub fn state(&self, now: u64) -> OrderState {
        match &self.status {
            OrderStatus::Open if self.is_expired(now) && self.auction.is_none() => {
                OrderState::Closed
            }
            OrderStatus::Open => OrderState::Open,
            OrderStatus::Lease(lease) if lease.ended.is_none() => OrderState::Active,
            OrderStatus::Lease(_) | OrderStatus::Closed => OrderState::Closed,
        }
    }

    /// Whether its lifetime is over.
    pub fn is_expired(&self, now: u64) -> bool {
        now > self.expires_at
    }

    /// Its lease, running or ended.
    pub fn lease(&self) -> Option<&Lease> {
        match &self.status {
            OrderStatus::Lease(lease) => Some(lease),
            OrderStatus::Open | OrderStatus::Closed => None,
        }
    }

    /// Its lease, while that runs.
    ///
    /// # Errors
    /// [`ContractError::NoLease`], or [`ContractError::LeaseNotActive`] with the state in which it ended.
    pub fn running_lease(&mut self, id: OrderId) -> Result<&mut Lease, ContractError> {
        let OrderStatus::Lease(lease) = &mut self.status else {
            return Err(ContractError::NoLease(id));
        };
        if lease.ended.is_some() {
            return Err(ContractError::LeaseNotActive { order: id, state: lease.state() });
        }
        Ok(lease)
    }

    /// Refuses unless nothing ended it yet, time aside.
    ///
    /// # Errors
    /// [`ContractError::OrderNotOpen`] with the state that it is in.
    pub fn must_be_open(&self, id: OrderId) -> Result<(), ContractError> {
        match self.status {
            OrderStatus::Open => Ok(()),
            // The state of what is not open does not depend on the time.
            _ => Err(ContractError::OrderNotOpen { order: id, state: self.state(0) }),
        }
    }
}

/// An order, if it is there.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn find(storage: &dyn Storage, id: OrderId) -> StdResult<Option<Order>> {
    ORDERS.may_load(storage, id.0)
}

/// An order.
///
/// # Errors
/// [`ContractError::OrderNotFound`], or if it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, id: OrderId) -> Result<Order, ContractError> {
    find(storage, id)?.ok_or(ContractError::OrderNotFound(id))
}

/// Saves it.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, id: OrderId, order: &Order) -> StdResult<()> {
    ORDERS.save(storage, id.0, order)
}

/// Deletes it.
pub fn delete(storage: &mut dyn Storage, id: OrderId) {
    ORDERS.remove(storage, id.0);
}

/// Orders by number.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn page(storage: &dyn Storage, page: Page<u64>) -> StdResult<Vec<(OrderId, Order)>> {
    let found = page.of(&ORDERS, storage)?.into_iter();
    Ok(found.map(|(id, order)| (OrderId(id), order)).collect())
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_string};

    use super::*;

    #[test]
    fn an_order_of_the_first_release_has_five_minutes_for_its_manifest_and_is_stored_as_it_was()
    -> StdResult<()> {
        let old = r#"{"g":{"deployment":2,"group":1},"f":200,"m":"1","t":5,"e":9,"s":"o"}"#;
        let order: Order = from_json(old)?;
        assert_eq!((order.manifest_timeout, &order.lists), (300, &None));
        assert_eq!(to_json_string(&order)?, old);
        let lists = Lists { allow: vec![Addr::unchecked("pro")], refuse: Vec::new() };
        let (reserved, lists) = (Rate::new(5).ok(), Some(lists));
        let other = Order { manifest_timeout: 60, reserved, lists, ..order };
        assert_eq!(from_json::<Order>(to_json_string(&other)?)?, other);
        Ok(())
    }

    #[test]
    fn a_lease_of_the_first_release_has_no_notice_and_is_stored_as_it_was() -> StdResult<()> {
        let old = r#"{"p":"pro","r":"900","t":5}"#;
        let lease: Lease = from_json(old)?;
        assert_eq!((lease.window, lease.notice, lease.state()), (None, None, LeaseState::Active));
        assert_eq!(to_json_string(&lease)?, old);
        Ok(())
    }

    #[test]
    fn a_slot_is_free_from_the_second_on_until_which_it_is_held() -> StdResult<()> {
        let (tenant, provider) = (CloseReason::Tenant, CloseReason::Unstable);
        let noticed: Lease = from_json(
            r#"{"p":"pro","r":"900","t":1000,"n":{"r":"unstable","t":6,"d":7,"b":8,"x":true}}"#,
        )?;
        for (ended, by_notice, now, free) in [
            (None, false, u64::MAX, false),
            (Some((1_300, tenant)), false, 1_599, false),
            (Some((1_300, tenant)), false, 1_600, true),
            (Some((1_300, provider)), false, 10_299, false),
            (Some((1_300, provider)), false, 10_300, true),
            (Some((1_300, provider)), true, 1_599, false),
            (Some((1_300, provider)), true, 1_600, true),
        ] {
            let notice = noticed.notice.filter(|_| by_notice);
            let lease = Lease { ended, notice, ..noticed.clone() };
            let found = lease.frees_slot(now, 9_000);
            assert_eq!(found, free, "{ended:?} at {now}, by notice: {by_notice}");
        }
        Ok(())
    }

    #[test]
    fn a_notice_is_stored_with_its_lease() -> StdResult<()> {
        let stored =
            r#"{"p":"pro","r":"900","t":5,"w":3600,"n":{"r":"decommission","t":6,"d":7,"b":8}}"#;
        let lease: Lease = from_json(stored)?;
        assert_eq!(lease.state(), LeaseState::Reclaiming);
        assert!(!lease.ended_by_notice());
        assert_eq!(to_json_string(&lease)?, stored);
        Ok(())
    }
}
