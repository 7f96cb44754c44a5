//! Which replicas the services of a pool get.

use std::collections::BTreeSet;

use souk_sdl::ManifestService;

use super::{
    known::{Known, free_name},
    pool::Pool,
};
use crate::model::names::label_value;

/// A replica of a service.
#[derive(Debug)]
pub(super) enum Seat<'a> {
    /// One that has claims.
    Known(Known<'a>),
    /// A new one, by its name.
    New(String),
}

impl Seat<'_> {
    /// As replicas that are known are ordered.
    fn order(&self) -> (usize, &str) {
        let (Self::Known(Known { name, .. }) | Self::New(name)) = self;
        (name.len(), name)
    }
}

/// The replicas of a pool.
#[derive(Debug)]
pub(super) struct Seats<'p, 'a> {
    pub services: Vec<(&'p ManifestService, Vec<Seat<'a>>)>,
    /// Those that no service has; there are none unless claims were made by hand.
    pub idle: Vec<Known<'a>>,
}

/// Gives each service of a pool its replicas:
///
/// 1. those that it had, as many as it still has;
/// 2. a new service those of one that is gone, which it may be by another name; where there are several,
///    one with as many replicas, and then by name;
/// 3. new ones, as far as the order has more than there are;
/// 4. what is left: first of services that are gone, then of those that have fewer replicas now.
pub(super) fn assign<'p, 'a>(
    pool: &Pool<'p>,
    known: Vec<Known<'a>>,
    names: &mut BTreeSet<String>,
) -> Seats<'p, 'a> {
    let mut new = pool.replicas().saturating_sub(known.len());
    let mut free = known;
    let mut services: Vec<(&'p ManifestService, Vec<Seat<'a>>)> = Vec::new();
    for service in &pool.services {
        let label = label_value(&service.name);
        let own = take(&mut free, wanted(service), |one| one.service == label);
        services.push((service, own));
    }
    for (service, seats) in &mut services {
        if seats.is_empty()
            && let Some(gone) = renamed(pool, &free, wanted(service))
        {
            seats.extend(take(&mut free, wanted(service), |one| one.service == gone));
        }
    }
    for (service, seats) in &mut services {
        while seats.len() < wanted(service) {
            let left = wanted(service) - seats.len();
            if new > 0 {
                new -= 1;
                seats.push(Seat::New(free_name(&service.name, 0, names)));
                continue;
            }
            let mut taken = take(&mut free, left, |one| !pool.has(&one.service));
            if taken.is_empty() {
                taken = take(&mut free, left, |_| true);
            }
            if taken.is_empty() {
                break;
            }
            seats.append(&mut taken);
        }
        seats.sort_by(|one, other| one.order().cmp(&other.order()));
    }
    Seats { services, idle: free }
}

fn wanted(service: &ManifestService) -> usize {
    service.count as usize
}

/// Takes the first `most` that fit.
fn take<'a>(
    free: &mut Vec<Known<'a>>,
    most: usize,
    fits: impl Fn(&Known<'a>) -> bool,
) -> Vec<Seat<'a>> {
    let mut taken = Vec::new();
    let mut at = 0;
    while at < free.len() && taken.len() < most {
        if fits(&free[at]) {
            taken.push(Seat::Known(free.remove(at)));
        } else {
            at += 1;
        }
    }
    taken
}

/// The service that is gone and whose replicas one that wants `wanted` takes over.
fn renamed(pool: &Pool<'_>, free: &[Known<'_>], wanted: usize) -> Option<String> {
    let mut gone: Vec<&str> = free.iter().map(|one| one.service.as_str()).collect();
    gone.retain(|service| !pool.has(service));
    gone.sort_unstable();
    let count = |service: &str| gone.iter().filter(|other| **other == service).count();
    let same = gone.iter().find(|service| count(service) == wanted);
    same.or_else(|| gone.first()).map(|service| (*service).to_owned())
}
