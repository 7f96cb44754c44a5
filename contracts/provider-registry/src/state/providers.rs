//! Providers. A registered one has a published record (read raw by the orderbook) and its
//! details. One that left has details alone, which keep what must outlive the registration:
//! coins still at stake and the count of slashes.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::{
    published::{Floors, ProviderRecord, VERSION, namespace},
    registry::{Contact, Gateway, NextFloors, NextGateway, events::BondChanged},
};
use souk_contract_std::Page;
use souk_core::{Amount, PriceFloor};

use crate::{
    ContractError,
    rules::{bond::Stake, slashing::Slate},
};

const PROVIDERS: Map<&Addr, ProviderRecord> = Map::new(namespace::PROVIDERS);
const DETAILS: Map<&Addr, Details> = Map::new("d");

/// What nobody needs at bid or accept.
#[cw_serde]
pub struct Details {
    /// Where tenants reach the provider.
    pub gateway: Gateway,
    /// Where they will, if that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_gateway: Option<NextGateway>,
    /// Where people do.
    pub contact: Contact,
    /// Bond asked back.
    pub unbonding: Amount,
    /// When that can be claimed.
    pub claimable_at: u64,
    /// A slash that is noticed.
    #[serde(default, skip_serializing_if = "Slate::is_clean")]
    pub slate: Slate,
    /// What stays of the record of a provider that left.
    pub left: Option<Left>,
}

/// What stays of a record after deregistration.
#[cw_serde]
pub struct Left {
    /// The key that bid.
    pub operator: String,
    /// Who was paid.
    pub payee: String,
    /// Times it was slashed; goes on if it registers again.
    pub slashes: u32,
}

/// A provider as actions see it: record and details together.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its address.
    pub address: Addr,
    /// What is published while it is registered.
    pub record: ProviderRecord,
    /// Where tenants reach it, until `next_gateway` holds.
    pub gateway: Gateway,
    /// Where they will, if that changes.
    pub next_gateway: Option<NextGateway>,
    /// Where people do.
    pub contact: Contact,
    /// Bond asked back.
    pub unbonding: Amount,
    /// When that can be claimed.
    pub claimable_at: u64,
    /// A slash that is noticed.
    pub slate: Slate,
    /// False after deregistration.
    pub registered: bool,
}

impl Provider {
    /// Its coins at stake.
    pub fn stake(&self) -> Stake {
        Stake { bond: self.record.bond, unbonding: self.unbonding, claimable_at: self.claimable_at }
    }

    /// Where tenants reach it at `now`, and where they will if that changes.
    pub fn gateway_at(&self, now: u64) -> (&Gateway, Option<&NextGateway>) {
        match &self.next_gateway {
            Some(next) if now >= next.from => (&next.gateway, None),
            next => (&self.gateway, next.as_ref()),
        }
    }

    /// Another gateway, from `delay` seconds after `now` on. What was to follow is forgotten, unless it holds by
    /// `now`. Gives the second from which it holds: the one of before, if the same was to follow already.
    pub fn set_gateway(&mut self, gateway: Gateway, now: u64, delay: u64) -> u64 {
        self.gateway = self.gateway_at(now).0.clone();
        let same = |next: &NextGateway| next.from > now && next.gateway == gateway;
        let next = self.next_gateway.take().filter(same);
        let from = next.map_or(now.saturating_add(delay), |next| next.from);
        if from > now {
            self.next_gateway = Some(NextGateway { gateway, from });
        } else {
            self.gateway = gateway;
        }
        from
    }

    /// The price floors at `now`, and those that follow if they change.
    pub fn floors_at(&self, now: u64) -> (Vec<PriceFloor>, Option<NextFloors>) {
        let Some(floors) = &self.record.floors else { return (Vec::new(), None) };
        let next = (floors.from > now)
            .then(|| NextFloors { floors: floors.next.clone(), from: floors.from });
        (floors.at(now).to_vec(), next)
    }

    /// Other price floors, from `delay` seconds after `now` on. What was to follow is forgotten, unless it holds
    /// by `now`. Gives the second from which they hold, as for the gateway.
    pub fn set_floors(&mut self, list: Vec<PriceFloor>, now: u64, delay: u64) -> u64 {
        let (held, next) = self.floors_at(now);
        let next = next.filter(|next| next.floors == list);
        let from = next.map_or(now.saturating_add(delay), |next| next.from);
        let floors = if from > now {
            Floors { now: held, next: list, from }
        } else {
            Floors { now: list, next: Vec::new(), from: 0 }
        };
        let none = floors.now.is_empty() && floors.next.is_empty();
        self.record.floors = (!none).then_some(floors);
        from
    }

    /// Takes over changed coins; slots follow the bond.
    pub fn set_stake(&mut self, stake: Stake, bond_per_slot: Amount) {
        self.record.bond = stake.bond;
        self.record.slots = stake.slots(bond_per_slot);
        self.unbonding = stake.unbonding;
        self.claimable_at = stake.claimable_at;
    }

    /// What is emitted after each change of its coins.
    pub fn bond_changed(&self) -> BondChanged {
        BondChanged {
            provider: self.address.to_string(),
            bond: self.record.bond,
            unbonding: self.unbonding,
        }
    }
}

/// Whether the address is or was a provider.
pub fn is_known(storage: &dyn Storage, provider: &Addr) -> bool {
    DETAILS.has(storage, provider)
}

/// A registered provider's operator key.
///
/// # Errors
/// If the provider is not registered.
pub fn operator(storage: &dyn Storage, provider: &Addr) -> Result<String, ContractError> {
    let record = PROVIDERS.may_load(storage, provider)?;
    Ok(record.ok_or_else(|| not_registered(provider))?.operator)
}

/// A provider, registered or not; none if it never registered.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn find(storage: &dyn Storage, address: &Addr) -> StdResult<Option<Provider>> {
    let Some(details) = DETAILS.may_load(storage, address)? else { return Ok(None) };
    let record = PROVIDERS.may_load(storage, address)?;
    Ok(Some(join(address.clone(), record, details)))
}

/// A provider that is or was registered.
///
/// # Errors
/// If it never registered.
pub fn known(storage: &dyn Storage, address: &Addr) -> Result<Provider, ContractError> {
    find(storage, address)?.ok_or_else(|| not_registered(address))
}

/// A provider that is registered.
///
/// # Errors
/// If it is not.
pub fn registered(storage: &dyn Storage, address: &Addr) -> Result<Provider, ContractError> {
    let found = find(storage, address)?.filter(|provider| provider.registered);
    found.ok_or_else(|| not_registered(address))
}

/// Registered providers by address.
///
/// # Errors
/// If an entry is stored in a form that cannot be read, or has no details.
pub fn page(storage: &dyn Storage, page: Page<&Addr>) -> StdResult<Vec<Provider>> {
    let records = page.of(&PROVIDERS, storage)?.into_iter();
    let joined = records.map(|(address, record)| {
        let details = DETAILS.load(storage, &address)?;
        Ok(join(address, Some(record), details))
    });
    joined.collect()
}

/// Saves everything: the record is published or, after deregistration, deleted.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, provider: &Provider) -> StdResult<()> {
    if provider.registered {
        PROVIDERS.save(storage, &provider.address, &provider.record)?;
    } else {
        PROVIDERS.remove(storage, &provider.address);
    }
    save_details(storage, provider)
}

/// Saves the published record alone: for changes that touch nothing else.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_record(storage: &mut dyn Storage, provider: &Provider) -> StdResult<()> {
    if provider.registered {
        return PROVIDERS.save(storage, &provider.address, &provider.record);
    }
    save_details(storage, provider)
}

/// Saves the details alone.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_details(storage: &mut dyn Storage, provider: &Provider) -> StdResult<()> {
    let record = &provider.record;
    let left = (!provider.registered).then(|| Left {
        operator: record.operator.clone(),
        payee: record.payee.clone(),
        slashes: record.slashes,
    });
    let details = Details {
        gateway: provider.gateway.clone(),
        next_gateway: provider.next_gateway.clone(),
        contact: provider.contact.clone(),
        unbonding: provider.unbonding,
        claimable_at: provider.claimable_at,
        slate: provider.slate.clone(),
        left,
    };
    DETAILS.save(storage, &provider.address, &details)
}

fn join(address: Addr, record: Option<ProviderRecord>, details: Details) -> Provider {
    let registered = record.is_some();
    let left = details.left.as_ref();
    let record = record.unwrap_or_else(|| ProviderRecord {
        v: VERSION,
        operator: left.map_or_else(String::new, |left| left.operator.clone()),
        payee: left.map_or_else(String::new, |left| left.payee.clone()),
        bond: Amount::ZERO,
        slots: 0,
        maintenance: false,
        slashes: left.map_or(0, |left| left.slashes),
        attributes: Vec::new(),
        quote_key: None,
        floors: None,
    });
    Provider {
        address,
        record,
        gateway: details.gateway,
        next_gateway: details.next_gateway,
        contact: details.contact,
        unbonding: details.unbonding,
        claimable_at: details.claimable_at,
        slate: details.slate,
        registered,
    }
}

fn not_registered(provider: &Addr) -> ContractError {
    ContractError::NotRegistered { provider: provider.clone() }
}
