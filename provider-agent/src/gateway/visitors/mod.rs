//! Who is connected: limits by address and network, and who goes first when the gateway is full.

mod prefix;
mod rate;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use ipnet::IpNet;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use self::{
    prefix::{Width, networks, widest},
    rate::RateTable,
};
use super::activity::{Activity, UseState};
use crate::config::GatewayLimits;

/// A request of somebody without a lease that takes longer is as good as idle: none of what is open
/// to everybody takes that long.
const UNANSWERED: Duration = Duration::from_secs(2);

/// Why a connection or request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its address or network has as many connections as it may have.
    #[error("{0} has as many connections as it may have")]
    Connections(IpNet),
    /// Its address or network comes too often.
    #[error("it comes too often")]
    Rate,
    /// The gateway is full, and nobody is idle.
    #[error("the gateway is full of connections that are in use")]
    Full,
}

/// All open connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Visitors(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    limits: GatewayLimits,
    /// All visitors have one address (`gateway.shared_address`): limits by address are off.
    shared: bool,
    next: u64,
    open: HashMap<u64, Open>,
    /// Connections of each network that has one.
    counts: HashMap<IpNet, u32>,
    connections: RateTable,
    requests: RateTable,
}

#[derive(Debug)]
struct Open {
    /// None until a balancer has named it.
    address: Option<IpAddr>,
    activity: Arc<Activity>,
    evicted: CancellationToken,
}

/// An open connection, until it is dropped.
#[derive(Debug)]
pub struct Visitor {
    number: u64,
    visitors: Visitors,
    /// What the connection does.
    pub activity: Arc<Activity>,
    /// Cancelled when the connection has to make room.
    pub evicted: CancellationToken,
}

impl Visitors {
    /// Nobody is connected yet. If all visitors share one address only the number of connections in
    /// all is limited.
    pub fn new(limits: GatewayLimits, shared: bool) -> Self {
        Self(Arc::new(Mutex::new(Table {
            limits,
            shared,
            next: 0,
            open: HashMap::new(),
            counts: HashMap::new(),
            connections: RateTable::new(limits.connection_rate),
            requests: RateTable::new(limits.request_rate),
        })))
    }

    /// Admits a connection; its address is not known yet if it comes through a balancer. In a full
    /// gateway an idle one of the busiest network makes room, else one whose request without a lease
    /// takes too long.
    ///
    /// # Errors
    ///
    /// If its address or network has or asks too much, or all are in use.
    pub fn admit(&self, address: Option<IpAddr>, now: Instant) -> Result<Visitor, Refused> {
        let mut table = self.0.lock();
        if let Some(address) = address {
            table.may_connect(address, now)?;
        }
        if table.open.len() >= table.limits.connections as usize {
            let number = table.who_goes(now).ok_or(Refused::Full)?;
            table.remove(number);
        }
        table.next += 1;
        let number = table.next;
        let (activity, evicted) = (Arc::new(Activity::new(now)), CancellationToken::new());
        if let Some(address) = address {
            table.count(address);
        }
        let open = Open { address, activity: Arc::clone(&activity), evicted: evicted.clone() };
        table.open.insert(number, open);
        Ok(Visitor { number, visitors: self.clone(), activity, evicted })
    }

    /// The widest network of an address; none if all visitors share one.
    pub fn network(&self, address: IpAddr) -> Option<IpNet> {
        let shared = self.0.lock().shared;
        if shared { None } else { widest(address) }
    }

    /// Whether an address may make another request.
    pub fn may_request(&self, address: IpAddr, now: Instant) -> bool {
        let mut table = self.0.lock();
        table.shared || table.requests.take(address, now)
    }
}

impl Visitor {
    /// Sets the address that a balancer named.
    ///
    /// # Errors
    ///
    /// If that address or its network has or asks too much.
    pub fn identify(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        let mut table = self.visitors.0.lock();
        table.may_connect(address, now)?;
        if let Some(open) = table.open.get_mut(&self.number) {
            open.address = Some(address);
            table.count(address);
        }
        Ok(())
    }

    /// All visitors, this one among them.
    pub fn visitors(&self) -> &Visitors {
        &self.visitors
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.visitors.0.lock().remove(self.number);
    }
}

impl Table {
    fn may_connect(&mut self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        if self.shared {
            return Ok(());
        }
        for (width, network) in networks(address) {
            let (of_address, of_network) =
                (self.limits.connections_per_address, self.limits.connections_per_network);
            let limit = match width {
                Width::Address => of_address,
                Width::Site => of_address.saturating_mul(width.factor()).min(of_network),
                Width::Network => of_network,
            };
            if self.counts.get(&network).is_some_and(|count| *count >= limit) {
                return Err(Refused::Connections(network));
            }
        }
        if self.connections.take(address, now) { Ok(()) } else { Err(Refused::Rate) }
    }

    fn count(&mut self, address: IpAddr) {
        for (_, network) in networks(address) {
            *self.counts.entry(network).or_default() += 1;
        }
    }

    /// Forgets a connection and ends it.
    fn remove(&mut self, number: u64) {
        let Some(open) = self.open.remove(&number) else { return };
        open.evicted.cancel();
        for (_, network) in open.address.into_iter().flat_map(networks) {
            if let Some(count) = self.counts.get_mut(&network) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(&network);
                }
            }
        }
    }

    /// Which connection makes room: an idle one of the busiest network, of these the longest idle; else
    /// one whose request without a lease takes longer than [`UNANSWERED`].
    fn who_goes(&self, now: Instant) -> Option<u64> {
        let rank = |open: &Open| {
            let (idle, since) = match open.activity.use_state(now) {
                UseState::Idle { since } => (true, since),
                UseState::Busy { since } if now.duration_since(since) >= UNANSWERED => {
                    (false, since)
                }
                UseState::Busy { .. } | UseState::Tenant => return None,
            };
            let network = open.address.and_then(widest);
            let count = network.and_then(|network| self.counts.get(&network)).copied();
            let count = if self.shared { 0 } else { count.unwrap_or(0) };
            Some((idle, count, now.duration_since(since)))
        };
        let ranked =
            self.open.iter().filter_map(|(number, open)| rank(open).map(|rank| (rank, *number)));
        ranked.max().map(|(_, number)| number)
    }
}

#[cfg(test)]
mod tests;
