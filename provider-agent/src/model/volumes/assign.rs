//! Which replicas the services of a pool get.

use std::collections::{BTreeMap, BTreeSet};

use souk_sdl::ManifestService;

use super::{
    known::{Known, free_name},
    pool::{Pool, mount},
};
use crate::model::names::label_value;

/// A replica of a service.
#[derive(Debug)]
pub(super) enum Seat<'a> {
    /// One that is there.
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
///    one that has the volumes that it mounts, then one with as many replicas, and then by name;
/// 3. those without data: new ones, as far as the order has more than there are, and those of others that
///    never mounted anything;
/// 4. what is left: first of services that are gone, then of those that have fewer replicas now.
///
/// Services that mount a volume choose first, or one that mounts none would take data that it does not
/// use. For the same reason a service that mounts none keeps, finds and takes replicas without data first.
pub(super) fn assign<'p, 'a>(
    pool: &Pool<'p>,
    known: Vec<Known<'a>>,
    names: &mut BTreeSet<String>,
) -> Seats<'p, 'a> {
    let mut free = with_room(pool, known);
    let mut new = pool.replicas().saturating_sub(free.len());
    let mut services: Vec<(&'p ManifestService, Vec<Seat<'a>>)> =
        pool.services.iter().map(|service| (*service, Vec::new())).collect();
    services.sort_by_key(|(service, _)| !mounts(pool, service));
    for (service, seats) in &mut services {
        let label = label_value(&service.name);
        *seats = take(pool, &mut free, service, wanted(service), |one| one.service == label);
    }
    for (service, seats) in &mut services {
        let has_new = new > 0 && !mounts(pool, service);
        if seats.is_empty()
            && !has_new
            && let Some(gone) = renamed(pool, &free, service)
        {
            *seats = take(pool, &mut free, service, wanted(service), |one| one.service == gone);
        }
    }
    services.sort_by_key(|(service, _)| mounts(pool, service));
    for (service, seats) in &mut services {
        while seats.len() < wanted(service) {
            if new > 0 {
                new -= 1;
                seats.push(Seat::New(free_name(&service.name, 0, names)));
                continue;
            }
            let left = wanted(service) - seats.len();
            let in_turn: [&dyn Fn(&Known<'_>) -> bool; 3] =
                [&|one| one.volumes.is_empty(), &|one| !pool.has(&one.service), &|_| true];
            let mut taken = in_turn.iter().map(|fits| take(pool, &mut free, service, left, fits));
            let Some(mut taken) = taken.find(|taken| !taken.is_empty()) else { break };
            seats.append(&mut taken);
        }
        seats.sort_by(|one, other| one.order().cmp(&other.order()));
    }
    services.sort_by_key(|(service, _)| &service.name);
    Seats { services, idle: free }
}

/// The replicas that are there, and of those without claims no more than the order has room for.
fn with_room<'a>(pool: &Pool<'_>, mut known: Vec<Known<'a>>) -> Vec<Known<'a>> {
    let with_claims = known.iter().filter(|one| !one.claims.is_empty()).count();
    let mut room = pool.replicas().saturating_sub(with_claims);
    known.retain(|one| {
        let stays = !one.claims.is_empty() || room > 0;
        room = room.saturating_sub(usize::from(one.claims.is_empty()));
        stays
    });
    known
}

fn wanted(service: &ManifestService) -> usize {
    service.count as usize
}

/// Whether a service mounts any volume of its pool.
fn mounts(pool: &Pool<'_>, service: &ManifestService) -> bool {
    pool.volumes.iter().any(|volume| mount(service, &volume.name).is_some())
}

/// How many volumes a replica has that a service mounts.
fn mounted(pool: &Pool<'_>, service: &ManifestService, known: &Known<'_>) -> usize {
    let has = pool.volumes.iter().filter(|volume| known.volumes.contains(&volume.label()));
    has.filter(|volume| mount(service, &volume.name).is_some()).count()
}

/// Takes up to `most` that fit: those that have most of what the service mounts, or, if it mounts nothing,
/// those that have least; of the same the first.
fn take<'a>(
    pool: &Pool<'_>,
    free: &mut Vec<Known<'a>>,
    service: &ManifestService,
    most: usize,
    fits: impl Fn(&Known<'a>) -> bool,
) -> Vec<Seat<'a>> {
    let rank = |one: &Known<'_>| match mounts(pool, service) {
        true => pool.volumes.len() - mounted(pool, service, one),
        false => one.volumes.len(),
    };
    let mut places: Vec<usize> = (0..free.len()).filter(|at| fits(&free[*at])).collect();
    places.sort_by_key(|at| rank(&free[*at]));
    places.truncate(most);
    places.sort_unstable();
    // From behind, so that the other places stay what they are.
    let taken = places.into_iter().rev().map(|at| Seat::Known(free.remove(at)));
    let mut taken: Vec<Seat<'a>> = taken.collect();
    taken.reverse();
    taken
}

/// The service that is gone and whose replicas a new one takes over.
fn renamed(pool: &Pool<'_>, free: &[Known<'_>], service: &ManifestService) -> Option<String> {
    let mut gone: BTreeMap<&str, Vec<&Known<'_>>> = BTreeMap::new();
    for one in free.iter().filter(|one| !pool.has(&one.service)) {
        gone.entry(&one.service).or_default().push(one);
    }
    let suits = |replicas: &[&Known<'_>]| match mounts(pool, service) {
        true => replicas.iter().any(|one| mounted(pool, service, one) > 0),
        false => replicas.iter().all(|one| one.volumes.is_empty()),
    };
    let rank = |(_, replicas): &(&&str, &Vec<&Known<'_>>)| {
        (!suits(replicas.as_slice()), replicas.len() != wanted(service))
    };
    gone.iter().min_by_key(rank).map(|(service, _)| (*service).to_owned())
}
