//! The decision on one order.

use souk_api::orderbook::MAX_OFFER;
use souk_core::{
    Attribute, Denom, EndpointKind, GroupSpec, Price,
    matching::{self, MatchError},
};

use super::{
    DecisionInput, Eligible, LowestBid, Reason, WaitReason, Wanted,
    price::{gpu_rate, price},
    wanted::end_of_bidding,
};
use crate::{
    config::{Config, RateTable},
    model::{
        Order,
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

/// Decides on an order that is open as far as events say.
pub fn decide(order: &Order, config: &Config, input: &DecisionInput<'_>) -> Decision {
    if let Some(own) = input.own_bid {
        return lower(order, own, config, input).unwrap_or(Decision::Stay);
    }
    let Some(detail) = &order.detail else { return Decision::Wait(WaitReason::Detail) };
    decide_on(&Wanted::of_order(order, detail, input.now, input.height), config, input)
}

/// Decides on a group without an own bid: the one judgement for bids and quotes.
pub fn decide_on(wanted: &Wanted<'_>, config: &Config, input: &DecisionInput<'_>) -> Decision {
    judge(wanted, config, input).unwrap_or_else(Decision::Pass)
}

fn judge(
    wanted: &Wanted<'_>,
    config: &Config,
    input: &DecisionInput<'_>,
) -> Result<Decision, Reason> {
    if !config.bidding.enabled {
        return Err(Reason::Disabled);
    }
    if let Some(end) = wanted.over {
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
    check_named(wanted, &provider.address)?;
    let table = config.bidding.table(wanted.denom);
    let table = table.ok_or_else(|| Reason::Denom(wanted.denom.clone()))?;
    let group = wanted.group;
    matching::check_capabilities(group, &provider.claims)?;
    let named = &group.requirements.signed_by;
    if named.is_empty() {
        matching::check_known(group, &provider.claims, |_| Vec::new())?;
    }
    check_endpoints(group, config)?;
    let reclamation_window = notice(wanted, config)?;
    check_absence(wanted, config)?;

    if let Some(until) = input.quotes_out {
        return Ok(Decision::Wait(WaitReason::QuotesOut(until)));
    }
    let inventory = match input.inventory {
        Ok(inventory) => inventory,
        Err(why) => return Ok(Decision::Wait(WaitReason::Cluster(why.to_owned()))),
    };
    let value = |gpu: &_| gpu_rate(table, gpu).map(|rate| rate.billionths());
    let placements = match input.shared {
        Some(placements) => placements.to_vec(),
        None => fit(group, inventory, &value)?,
    };
    // A bid that nobody undercuts is the least that can be asked for.
    let asked = Asked::of(wanted, &placements, table, config, input)?;
    asked.against(wanted, None)?;
    check_limits(config, input)?;

    // Only what passes all of this costs a question.
    let mut questions = Questions::default();
    let until = wanted.attested_until;
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
    questions.lowest_bid = wanted.is_binding() && input.best == LowestBid::Unknown;
    match input.eligible {
        Eligible::No(why) => return Err(Reason::WouldBeRefused(why.to_owned())),
        Eligible::Yes => {}
        Eligible::Unknown => questions.eligible = wanted.age > COVERED_BLOCKS,
    }
    if questions != Questions::default() {
        return Ok(Decision::Ask(questions));
    }
    let best = match input.best {
        LowestBid::Of(best) if wanted.is_binding() => Some(best.price),
        _ => None,
    };
    let price = asked.against(wanted, best)?;
    let offer = offer(group, &placements);
    Ok(Decision::Bid { price, offer, reclamation_window, placements })
}

fn check_named(wanted: &Wanted<'_>, provider: &str) -> Result<(), Reason> {
    let has = |list: &[String]| list.iter().any(|entry| entry == provider);
    if !wanted.allow.is_empty() && !has(wanted.allow) {
        return Err(Reason::NotAllowed);
    }
    if has(wanted.refuse) {
        return Err(Reason::Refused);
    }
    if has(wanted.excluded) {
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
fn notice(wanted: &Wanted<'_>, config: &Config) -> Result<Option<u64>, Reason> {
    let Some(asked) = wanted.reclamation else { return Ok(None) };
    match config.bidding.reclamation_window {
        Some(given) if given.0 < asked => Err(Reason::Notice { asked, given: given.0 }),
        Some(given) => Ok(Some(given.0)),
        None => Ok(Some(asked)),
    }
}

/// Whether the order leaves the provider the time that it wants before it counts as absent. Orders that are older
/// than the rule leave it all.
fn check_absence(wanted: &Wanted<'_>, config: &Config) -> Result<(), Reason> {
    let least = config.bidding.shortest_absence_limit.0;
    match wanted.absence_limit {
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
        wanted: &Wanted<'_>,
        placements: &[Placement],
        table: &RateTable,
        config: &Config,
        input: &DecisionInput<'_>,
    ) -> Result<Self, Reason> {
        let least = least(wanted.denom, wanted.group, input)?;
        let price = price(wanted.group, placements, table)?.max(least);
        let floor = if wanted.is_binding() { floor_of(price, config).max(least) } else { price };
        Ok(Self { price, floor })
    }

    /// The price of a bid beside the lowest one of others: in a binding auction it is below that, but not
    /// below the floor.
    fn against(&self, wanted: &Wanted<'_>, best: Option<Price>) -> Result<Price, Reason> {
        let (mut price, floor) = (self.price, self.floor);
        if let Some(best) = best {
            let below = best.u128().saturating_sub(1);
            if below < floor {
                return Err(Reason::CannotWin { best, floor });
            }
            price = price.min(below);
        }
        let ceiling = wanted.ceiling;
        price = price.min(ceiling.u128().max(floor));
        let above = Reason::AboveCeiling { price, ceiling };
        if price > ceiling.u128() {
            return Err(above);
        }
        Price::new(price).map_err(|_| above)
    }
}

/// The least price of a bid: the market's, or what the provider itself works for at least.
fn least(denom: &Denom, group: &GroupSpec, input: &DecisionInput<'_>) -> Result<u128, Reason> {
    let least = input.min_prices.get(denom).map_or(1, |price| price.u128());
    let floors = input.provider.and_then(|provider| provider.floors.as_ref());
    let floors = floors.map_or(&[][..], |floors| floors.at(input.now));
    if floors.is_empty() {
        return Ok(least);
    }
    let own = floors.iter().find(|floor| floor.denom == *denom);
    let own = own.ok_or_else(|| Reason::Denom(denom.clone()))?;
    Ok(least.max(own.of(group)))
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
    let detail = order.detail.as_ref()?;
    let is_binding = Wanted::of_order(order, detail, input.now, input.height).is_binding();
    if !is_binding || end_of_bidding(order, input.now, input.height).is_some() {
        return None;
    }
    let provider = input.provider?;
    let table = config.bidding.table(&order.denom)?;
    let asked = price(&detail.spec, input.own_placements?, table).ok()?;
    let floor = floor_of(asked, config).max(least(&order.denom, &detail.spec, input).ok()?);
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
