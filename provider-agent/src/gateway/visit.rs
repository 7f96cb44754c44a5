//! Who makes a request, for its handler.

use std::{net::IpAddr, sync::Arc, time::Instant};

use super::{
    activity::Activity,
    visitors::{Visitor, Visitors},
};

/// One connection of a visitor, as its requests see it. It stands in each request's extensions.
#[derive(Clone, Debug)]
pub struct Visit {
    address: IpAddr,
    activity: Arc<Activity>,
    visitors: Visitors,
}

impl Visit {
    /// Of a visitor with this address.
    pub fn new(visitor: &Visitor, address: IpAddr) -> Self {
        let (activity, visitors) = (Arc::clone(&visitor.activity), visitor.visitors().clone());
        Self { address, activity, visitors }
    }

    /// What the connection does.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// The widest network that it is counted with; none where all visitors share an address.
    pub fn network(&self) -> Option<String> {
        self.visitors.network(self.address).map(|network| network.to_string())
    }

    /// Whether the visitor may make another request now.
    pub fn may_request(&self, now: Instant) -> bool {
        self.visitors.may_request(self.address, now)
    }
}
