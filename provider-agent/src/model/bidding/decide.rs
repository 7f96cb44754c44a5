//! The decision on one order.

use souk_api::orderbook::{EXTENSION, MAX_EXTENSIONS, MAX_OFFER};
use souk_core::{
    Attribute, AuctionPolicy, EndpointKind, GroupSpec, Price,
    matching::{self, MatchError},
};

use super::{
    DecisionInput, Eligible, LowestBid, Reason, WaitReason,
    price::{gpu_rate, price},
};
use crate::{
    config::{Config, RateTable},
    model::{
        Order, OrderDetail,
        placement::{Placement, fit},
    },
};

/// What to do about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Place a bid.
    Bid {
        /// Base units an hour.
        price: Price,
        /// What is given where the order leaves it open.
        offer: Vec<Attribute>,
        /// The notice that is given before the lease is taken back, in seconds, if the order asks for one.
        reclamation_window: Option<u64>,
        /// Where the replicas go.
        placements: Vec<Placement>,
    },
    /// Lower the bid that is there.
    Lower {
        /// The new price.
        price: Price,
    },
    /// Leave the bid that is there as it is.
    Stay,
    /// No bid.
    Pass(Reason),
    /// Decide later.
    Wait(WaitReason),
    /// Ask the chain, then decide: everything that is free to know speaks for a bid.
    Ask(Questions),
}

/// What the chain is to be asked about an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Auditors, for what they attest of the provider; each once.
    pub auditors: Vec<String>,
    /// Whether the lowest bid is to be known.
    pub lowest_bid: bool,
    /// Whether the orderbook is asked if it would take a bid.
    pub eligible: bool,
}

/// Blocks after an order was opened in which nobody asks whether its account still covers it: the chain let
/// it be opened. Later its deployment's other leases may have spent that, and the chain would refuse the bid.
const COVERED_BLOCKS: u64 = 10;

/// Seconds by which extensions move an auction's close at most; attestations must be valid until
/// then.
const EXTENSIONS: u64 = EXTENSION * MAX_EXTENSIONS as u64;

/// Decides on an order that is open as far as events say.
pub fn decide(order: &Order, config: &Config, input: &DecisionInput<'_>) -> Decision {
    if let Some(own) = input.own_bid {
        return lower(order, own, config, input).unwrap_or(Decision::Stay);
    }
    let Some(detail) = &order.detail else { return Decision::Wait(WaitReason::Detail) };
    match decide_bid(order, detail, config, input) {
        Ok(decision) => decision,
        Err(reason) => Decision::Pass(reason),
    }
}

fn decide_bid(
    order: &Order,
    detail: &OrderDetail,
    config: &Config,
    input: &DecisionInput<'_>,
) -> Result<Decision, Reason> {
    if !config.bidding.enabled {
        return Err(Reason::Disabled);
    }
    if let Some(end) = end_of_bidding(order, input.now, input.height) {
        return Err(Reason::Over(end));
    }
    let provider = input.provider.ok_or(Reason::NotRegistered)?;
    if let Some(operator) = &provider.other_operator {
        return Err(Reason::NotOperator(operator.clone()));
    }
    if provider.maintenance {
        return Err(Reason::Maintenance);
    }
    if input.paused {
        return Err(Reason::Paused);
    }
    if let Some(why) = input.short_of_coins {
        return Err(Reason::Coins(why.to_owned()));
    }
    check_named(detail, &provider.address)?;
    let table = config.bidding.table(&order.denom);
    let table = table.ok_or_else(|| Reason::Denom(order.denom.clone()))?;
    let group = &detail.spec;
    matching::check_capabilities(group, &provider.claims)?;
    let named = &group.requirements.signed_by;
    if named.is_empty() {
        matching::check_known(group, &provider.claims, |_| Vec::new())?;
    }
    check_endpoints(group, config)?;
    let reclamation_window = notice(detail, config)?;
    check_absence(detail, config)?;

    let inventory = match input.inventory {
        Ok(inventory) => inventory,
        Err(why) => return Ok(Decision::Wait(WaitReason::Cluster(why.to_owned()))),
    };
    let value = |gpu: &_| gpu_rate(table, gpu).map(|rate| rate.billionths());
    let placements = fit(group, inventory, &value)?;
    // A bid that nobody undercuts is the least that can be asked for.
    let asked = Asked::of(order, group, &placements, table, config, input)?;
    asked.against(order, None)?;
    check_limits(config, input)?;

    // Only what passes all of this costs a question.
    let mut questions = Questions::default();
    let until = attested_until(order, detail, input.now);
    let attested = |auditor: &str| match input.attestations.is_known(auditor) {
        true => Ok(input.attestations.of(auditor).map(|r| r.valid_at(until)).unwrap_or_default()),
        false => Err(()),
    };
    match matching::check_requirements(&group.requirements, &provider.claims, attested) {
        Ok(()) => {}
        Err(MatchError::Mismatch(mismatch)) => return Err(mismatch.into()),
        Err(MatchError::LookUp(())) => {
            let unknown = named.auditors().filter(|auditor| !input.attestations.is_known(auditor));
            questions.auditors = unknown.map(str::to_owned).collect();
            questions.auditors.sort_unstable();
            questions.auditors.dedup();
        }
    }
    questions.lowest_bid = is_binding(order) && input.best == LowestBid::Unknown;
    match input.eligible {
        Eligible::No(why) => return Err(Reason::WouldBeRefused(why.to_owned())),
        Eligible::Yes => {}
        Eligible::Unknown => {
            let age = input.height.saturating_sub(order.opened_height);
            questions.eligible = age > COVERED_BLOCKS;
        }
    }
    if questions != Questions::default() {
        return Ok(Decision::Ask(questions));
    }
    let best = match input.best {
        LowestBid::Of(best) if is_binding(order) => Some(best.price),
        _ => None,
    };
    let price = asked.against(order, best)?;
    let offer = offer(group, &placements);
    Ok(Decision::Bid { price, offer, reclamation_window, placements })
}

/// Until when attestations must last: the latest regular close of a binding auction, else now.
fn attested_until(order: &Order, detail: &OrderDetail, now: u64) -> u64 {
    match order.auction {
        AuctionPolicy::LowestPrice { closes_after } => {
            let latest = closes_after.saturating_add(EXTENSIONS);
            now.max(detail.created_at.saturating_add(latest))
        }
        AuctionPolicy::TenantChoice {} => now,
    }
}

/// When an order stopped taking bids, if it did by this block time and height.
pub(super) fn end_of_bidding(order: &Order, now: u64, height: u64) -> Option<u64> {
    // At the close no bid is taken any more; in the lifetime's last second one still is.
    if let Some(closed_at) = order.auction_over(now, height) {
        return Some(closed_at);
    }
    let end = order.expires_at;
    (!order.open || now > end).then_some(end)
}

fn check_named(detail: &OrderDetail, provider: &str) -> Result<(), Reason> {
    let has = |list: &[String]| list.iter().any(|entry| entry == provider);
    if !detail.allow.is_empty() && !has(&detail.allow) {
        return Err(Reason::NotAllowed);
    }
    if has(&detail.refuse) {
        return Err(Reason::Refused);
    }
    if has(&detail.excluded) {
        return Err(Reason::Excluded);
    }
    Ok(())
}

fn check_endpoints(group: &GroupSpec, config: &Config) -> Result<(), Reason> {
    let cluster = &config.cluster;
    for endpoint in group.units.iter().flat_map(|unit| &unit.resources.endpoints) {
        match endpoint.kind {
            EndpointKind::SharedHttp if cluster.ingress_class.is_none() => {
                return Err(Reason::Endpoint("no HTTP endpoints (cluster.ingress_class)"));
            }
            EndpointKind::RandomPort if cluster.node_port_host.is_none() => {
                return Err(Reason::Endpoint("no port endpoints (cluster.node_port_host)"));
            }
            EndpointKind::LeasedIp if cluster.leased_ips == 0 => {
                return Err(Reason::Endpoint("no leased addresses (cluster.leased_ips)"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The notice to offer: the configured one, or what the order asks for. None where it asks for none.
fn notice(detail: &OrderDetail, config: &Config) -> Result<Option<u64>, Reason> {
    let Some(asked) = detail.reclamation else { return Ok(None) };
    match config.bidding.reclamation_window {
        Some(given) if given.0 < asked => Err(Reason::Notice { asked, given: given.0 }),
        Some(given) => Ok(Some(given.0)),
        None => Ok(Some(asked)),
    }
}

/// Whether the order leaves the provider the time that it wants before it counts as absent. Orders that are older
/// than the rule leave it all.
fn check_absence(detail: &OrderDetail, config: &Config) -> Result<(), Reason> {
    let least = config.bidding.shortest_absence_limit.0;
    match detail.absence_limit {
        Some(asked) if asked < least => Err(Reason::AbsenceLimit { asked, least }),
        _ => Ok(()),
    }
}

/// What is asked for a group, in base units an hour.
struct Asked {
    /// By the table of rates, and at least the market's least.
    price: u128,
    /// Below this there is no bid.
    floor: u128,
}

impl Asked {
    fn of(
        order: &Order,
        group: &GroupSpec,
        placements: &[Placement],
        table: &RateTable,
        config: &Config,
        input: &DecisionInput<'_>,
    ) -> Result<Self, Reason> {
        let least = least(order, group, input)?;
        let price = price(group, placements, table)?.max(least);
        let floor = if is_binding(order) { floor_of(price, config).max(least) } else { price };
        Ok(Self { price, floor })
    }

    /// The price of a bid beside the lowest one of others: in a binding auction it is below that, but not
    /// below the floor.
    fn against(&self, order: &Order, best: Option<Price>) -> Result<Price, Reason> {
        let (mut price, floor) = (self.price, self.floor);
        if let Some(best) = best {
            let below = best.u128().saturating_sub(1);
            if below < floor {
                return Err(Reason::CannotWin { best, floor });
            }
            price = price.min(below);
        }
        let ceiling = order.ceiling;
        price = price.min(ceiling.u128().max(floor));
        let above = Reason::AboveCeiling { price, ceiling };
        if price > ceiling.u128() {
            return Err(above);
        }
        Price::new(price).map_err(|_| above)
    }
}

/// The least price of a bid: the market's, or what the provider itself works for at least.
fn least(order: &Order, group: &GroupSpec, input: &DecisionInput<'_>) -> Result<u128, Reason> {
    let least = input.min_prices.get(&order.denom).map_or(1, |price| price.u128());
    let floors = input.provider.and_then(|provider| provider.floors.as_ref());
    let floors = floors.map_or(&[][..], |floors| floors.at(input.now));
    if floors.is_empty() {
        return Ok(least);
    }
    let own = floors.iter().find(|floor| floor.denom == order.denom);
    let own = own.ok_or_else(|| Reason::Denom(order.denom.clone()))?;
    Ok(least.max(own.of(group)))
}

fn is_binding(order: &Order) -> bool {
    matches!(order.auction, AuctionPolicy::LowestPrice { .. })
}

fn floor_of(asked: u128, config: &Config) -> u128 {
    asked.saturating_mul(u128::from(config.bidding.auction_floor_percent)).div_ceil(100).max(1)
}

fn check_limits(config: &Config, input: &DecisionInput<'_>) -> Result<(), Reason> {
    let slots = input.provider.map_or(0, |provider| provider.slots);
    let cap = config.bidding.most_open_bids(slots);
    if input.open_for_tenant >= cap {
        return Err(Reason::TenantCap { open: input.open_for_tenant, cap });
    }
    match input.provider {
        Some(provider) if provider.used >= provider.slots => {
            Err(Reason::NoSlots { slots: provider.slots, used: provider.used })
        }
        _ => Ok(()),
    }
}

/// A lower price that would lead again, if it is not below the floor, or the question for the lowest
/// bid. None while the own bid leads.
fn lower(
    order: &Order,
    own: Price,
    config: &Config,
    input: &DecisionInput<'_>,
) -> Option<Decision> {
    if !is_binding(order) || end_of_bidding(order, input.now, input.height).is_some() {
        return None;
    }
    let provider = input.provider?;
    let detail = order.detail.as_ref()?;
    let table = config.bidding.table(&order.denom)?;
    let asked = price(&detail.spec, input.own_placements?, table).ok()?;
    let floor = floor_of(asked, config).max(least(order, &detail.spec, input).ok()?);
    // The orderbook takes steps of one per cent or more.
    let most = own.u128().saturating_mul(99) / 100;
    if most < floor {
        return None;
    }
    let best = match input.best {
        LowestBid::Unknown => {
            return Some(Decision::Ask(Questions { lowest_bid: true, ..Questions::default() }));
        }
        LowestBid::Nobody => return None,
        LowestBid::Of(best) => best,
    };
    if best.provider == provider.address || best.price > own {
        return None;
    }
    let price = most.min(best.price.u128().saturating_sub(1));
    if price < floor {
        return None;
    }
    Some(Decision::Lower { price: Price::new(price).ok()? })
}

/// The offer: the GPU model of each resource unit that has GPUs.
fn offer(group: &GroupSpec, placements: &[Placement]) -> Vec<Attribute> {
    let mut units: Vec<(u32, Attribute)> = Vec::new();
    for placement in placements {
        let Some(gpu) = &placement.gpu else { continue };
        if units.iter().any(|(unit, _)| *unit == placement.unit) {
            continue;
        }
        let wanted = group.units.iter().find(|unit| unit.id == placement.unit);
        let wanted = wanted.and_then(|unit| unit.resources.gpu.as_ref());
        let wanted = wanted.map(|gpu| gpu.attributes.as_slice()).unwrap_or_default();
        let key = format!("gpu/{}", placement.unit);
        units.push((placement.unit, Attribute::new(key, gpu.offered_as(wanted))));
    }
    units.into_iter().map(|(_, attribute)| attribute).take(MAX_OFFER).collect()
}
