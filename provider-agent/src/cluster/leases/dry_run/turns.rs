//! Whose manifest is tried when: a few at once, of each tenant one, so that nobody takes all turns.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use souk_core::OrderId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The turns.
pub struct Turns {
    all: Semaphore,
    /// The turn of each tenant that has one or waits for one.
    tenants: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Leases that have a turn or wait for one.
    leases: Mutex<HashSet<OrderId>>,
    /// How long a manifest waits for its turn.
    wait: Duration,
}

/// Why a turn is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTurn {
    /// Another manifest of the lease is tried.
    SameLease,
    /// None came in time: others are tried, or another lease's of the tenant.
    Late,
}

/// A turn, until it is dropped.
pub struct Turn<'a> {
    // The permits go before what holds the tenant's place.
    _any: SemaphorePermit<'a>,
    _own: OwnedSemaphorePermit,
    _place: Place<'a>,
}

/// The place of a lease and its tenant.
struct Place<'a> {
    turns: &'a Turns,
    order: OrderId,
    tenant: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turns.leases.lock().remove(&self.order);
        let mut tenants = self.turns.tenants.lock();
        let is_last = tenants.get(&self.tenant).is_some_and(|one| Arc::strong_count(one) == 1);
        if is_last {
            tenants.remove(&self.tenant);
        }
    }
}

impl Turns {
    /// This number of turns at once, each of which is waited for as long as this.
    pub fn new(at_once: usize, wait: Duration) -> Self {
        let (tenants, leases) = Default::default();
        Self { all: Semaphore::new(at_once), tenants, leases, wait }
    }

    /// Waits for the turn of a tenant's lease.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the lease has one.
    pub async fn take(&self, order: OrderId, tenant: &str) -> Result<Turn<'_>, NoTurn> {
        if !self.leases.lock().insert(order) {
            return Err(NoTurn::SameLease);
        }
        let place = Place { turns: self, order, tenant: tenant.to_owned() };
        let one = || Arc::new(Semaphore::new(1));
        let own = Arc::clone(self.tenants.lock().entry(tenant.to_owned()).or_insert_with(one));
        // Who waits for its tenant's turn holds none of those of all.
        let both = async {
            Ok::<_, tokio::sync::AcquireError>((
                own.acquire_owned().await?,
                self.all.acquire().await?,
            ))
        };
        match tokio::time::timeout(self.wait, both).await {
            Ok(Ok((own, any))) => Ok(Turn { _any: any, _own: own, _place: place }),
            // The semaphores are never closed.
            Ok(Err(_)) | Err(_) => Err(NoTurn::Late),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    async fn refused(turns: &Turns, order: u64, tenant: &str) -> Option<NoTurn> {
        turns.take(OrderId(order), tenant).await.err()
    }

    #[tokio::test]
    async fn a_tenant_has_one_turn_however_many_leases_it_has() {
        let turns = Turns::new(4, SHORT);
        let first = turns.take(OrderId(1), "ann").await.ok();
        for order in 2..6 {
            assert_eq!(refused(&turns, order, "ann").await, Some(NoTurn::Late), "{order}");
        }
        assert_eq!(refused(&turns, 1, "ann").await, Some(NoTurn::SameLease));
        assert_eq!(refused(&turns, 9, "bob").await, None, "others get through");
        drop(first);
        assert_eq!(refused(&turns, 2, "ann").await, None);
    }

    #[tokio::test]
    async fn when_all_turns_are_taken_nobody_waits_longer_than_allowed() {
        let turns = Turns::new(2, SHORT);
        let held =
            [turns.take(OrderId(1), "ann").await.ok(), turns.take(OrderId(2), "bob").await.ok()];
        assert_eq!(refused(&turns, 3, "eve").await, Some(NoTurn::Late));
        drop(held);
        assert_eq!(refused(&turns, 3, "eve").await, None);
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_turn_that_ends_meanwhile() {
        let turns = Turns::new(1, Duration::from_secs(20));
        let first = turns.take(OrderId(1), "ann").await.ok();
        let second = turns.take(OrderId(2), "ann");
        let (second, ()) = tokio::join!(second, async {
            tokio::time::sleep(SHORT).await;
            drop(first);
        });
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn of_whoever_is_done_nothing_is_kept() {
        let turns = Turns::new(2, SHORT);
        let held = turns.take(OrderId(1), "ann").await.ok();
        assert!(refused(&turns, 2, "ann").await.is_some());
        drop(held);
        assert!(turns.tenants.lock().is_empty() && turns.leases.lock().is_empty());
    }
}
