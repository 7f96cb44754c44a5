//! Offers as they come.

use std::{collections::BTreeMap, time::Duration};

use souk_core::{OrderId, Price};
use tokio::time::{self, Instant};

use super::{OfferSource, Offers};
use crate::error::Error;

/// How often the offers are looked at.
const POLL: Duration = Duration::from_millis(300);

/// Watches an order until `enough` says so, the order is taken, or the time is over; `enough` has
/// the offers and how long was waited, `seen` is called with every change.
///
/// # Errors
/// [`Error::NoOffer`] if none came in time; what the source says.
pub async fn watch(
    source: &impl OfferSource,
    order: OrderId,
    timeout: Duration,
    mut enough: impl FnMut(&Offers, Duration) -> bool,
    mut seen: impl FnMut(&Offers),
) -> Result<Offers, Error> {
    let start = Instant::now();
    let mut last: BTreeMap<String, Price> = BTreeMap::new();
    loop {
        let look = source.look(order).await?;
        let offers = look.offers;
        let now: BTreeMap<_, _> =
            offers.offers.iter().map(|offer| (offer.provider.clone(), offer.price)).collect();
        if now != last {
            seen(&offers);
            last = now;
        }
        let waited = start.elapsed();
        if enough(&offers, waited) || !look.open {
            return Ok(offers);
        }
        if waited > timeout {
            if offers.offers.is_empty() {
                let (deployment, seconds) = (look.deployment, timeout.as_secs());
                return Err(Error::NoOffer { order, deployment, seconds });
            }
            return Ok(offers);
        }
        time::sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use souk_core::DeploymentId;

    use super::*;
    use crate::deploy::{Look, Offer, offers::tests::offer};

    /// A source that says one thing after the other, the last for ever.
    struct Script(Mutex<Vec<(bool, Vec<Offer>)>>);

    impl Script {
        fn of(looks: &[(bool, &[(&str, u128)])]) -> Self {
            let offers =
                |all: &[(&str, u128)]| all.iter().map(|(who, price)| offer(who, *price)).collect();
            Self(Mutex::new(looks.iter().map(|(open, all)| (*open, offers(all))).collect()))
        }
    }

    impl OfferSource for Script {
        async fn look(&self, order: OrderId) -> Result<Look, Error> {
            let mut left = self.0.lock().unwrap();
            let (open, offers) = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
            let ceiling = Price::new(100).unwrap();
            let offers = Offers { order, ceiling, offers, others: Vec::new() };
            Ok(Look { deployment: DeploymentId(3), open, offers })
        }
    }

    const ORDER: OrderId = OrderId(1);

    #[tokio::test]
    async fn each_change_is_seen_once_until_there_is_enough() {
        let one: &[(&str, u128)] = &[("a", 5)];
        let source = Script::of(&[(true, &[]), (true, one), (true, one), (true, &[("a", 4)])]);
        let mut seen = Vec::new();
        let enough = |offers: &Offers, _| offers.offers.first().is_some_and(|o| o.price.u128() < 5);
        let look = |offers: &Offers| seen.push(offers.offers[0].price.u128());
        let found = watch(&source, ORDER, Duration::from_secs(60), enough, look).await.unwrap();
        assert_eq!(found.providers(), ["a"]);
        assert_eq!(seen, [5, 4]);
    }

    #[tokio::test]
    async fn an_order_that_is_taken_or_closed_is_watched_no_longer() {
        let source = Script::of(&[(false, &[])]);
        let found = watch(&source, ORDER, Duration::from_secs(60), |_, _| false, |_| ()).await;
        assert!(found.unwrap().offers.is_empty());
    }

    #[tokio::test]
    async fn offers_count_at_the_end_of_the_time_and_none_is_an_error_with_the_deployment() {
        let source = Script::of(&[(true, &[("a", 5)])]);
        let found = watch(&source, ORDER, Duration::ZERO, |_, _| false, |_| ()).await;
        assert_eq!(found.unwrap().offers.len(), 1);
        let source = Script::of(&[(true, &[])]);
        let found = watch(&source, ORDER, Duration::ZERO, |_, _| false, |_| ()).await;
        let deployment = DeploymentId(3);
        assert!(matches!(found, Err(Error::NoOffer { deployment: d, .. }) if d == deployment));
    }
}
