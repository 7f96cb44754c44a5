//! The arithmetic of a rolling update: how far the new set may grow and the old ones shrink.

use serde_json::Value;

/// A replica set as a rollout sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// Replicas asked for.
    pub wanted: i64,
    /// Replicas that exist.
    pub replicas: i64,
    /// Replicas that serve.
    pub available: i64,
}

/// How much a rollout may exceed and undercut the wanted number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingLimits {
    /// Pods above the wanted number.
    pub surge: i64,
    /// Pods below it.
    pub unavailable: i64,
}

impl RollingLimits {
    /// From a deployment's strategy: a share of surge rounds up, of unavailable down.
    pub fn of(strategy: &Value, wanted: i64) -> Self {
        let rolling = &strategy["rollingUpdate"];
        let surge = share(&rolling["maxSurge"], wanted, true);
        let unavailable = share(&rolling["maxUnavailable"], wanted, false);
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
        Self { surge, unavailable: unavailable.min(wanted) }
    }
}

/// A number, or a share of `of` in percent.
pub fn share(value: &Value, of: i64, up: bool) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            let product = of * percent;
            if up { (product + 99) / 100 } else { product / 100 }
        }
        other => other.as_i64().unwrap_or(0),
    }
}

/// The next number of replicas of the new set and of each old one.
pub fn step(wanted: i64, limits: RollingLimits, new: Set, old: &[Set]) -> (i64, Vec<i64>) {
    let old_total: i64 = old.iter().map(|s| s.wanted).sum();
    let grown = if new.wanted < wanted {
        let room = (wanted + limits.surge - new.wanted - old_total).max(0);
        (new.wanted + room).min(wanted)
    } else {
        wanted
    };
    let mut next: Vec<i64> = old.iter().map(|s| s.wanted).collect();
    let least = wanted - limits.unavailable;
    let new_missing = new.wanted - new.available;
    let mut may_go = new.wanted + old_total - least - new_missing;
    // Replicas that do not serve go first: removing them changes nothing for clients.
    for (set, next) in old.iter().zip(&mut next) {
        let idle = (*next - set.available).min(may_go).max(0);
        *next -= idle;
        may_go -= idle;
    }
    let serving: i64 = new.available + old.iter().map(|s| s.available).sum::<i64>();
    let mut spare = (serving - least).max(0);
    for next in &mut next {
        let gone = (*next).min(spare).min(may_go.max(0));
        *next -= gone;
        spare -= gone;
        may_go -= gone;
    }
    (grown, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn limits(surge: i64, unavailable: i64) -> RollingLimits {
        RollingLimits { surge, unavailable }
    }

    fn set(wanted: i64, available: i64) -> Set {
        Set { wanted, replicas: wanted, available }
    }

    #[test]
    fn a_share_of_surge_rounds_up_and_of_unavailable_down() {
        let strategy = json!({"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        assert_eq!(RollingLimits::of(&strategy, 3), limits(1, 0));
        assert_eq!(RollingLimits::of(&strategy, 1), limits(1, 0));
        let none = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}});
        assert_eq!(RollingLimits::of(&none, 3), limits(0, 1));
    }

    #[test]
    fn a_rollout_never_leaves_its_bounds_and_ends() {
        for wanted in 1..8 {
            for limits in [limits(1, 0), limits(0, 1), limits(2, 1), limits(wanted, wanted)] {
                let (mut new, mut old) = (set(0, 0), set(wanted, wanted));
                for _ in 0..50 {
                    let (n, o) = step(wanted, limits, new, &[old]);
                    assert!(n + o[0] <= wanted + limits.surge, "{wanted} {limits:?}");
                    old.available = old.available.min(o[0]);
                    assert!(new.available + old.available >= wanted - limits.unavailable.max(0));
                    old.wanted = o[0];
                    // What was started serves by the next step.
                    new = set(n, n);
                }
                assert_eq!((new.wanted, old.wanted), (wanted, 0), "{wanted} {limits:?}");
            }
        }
    }

    #[test]
    fn a_new_set_that_never_serves_does_not_take_the_old_one_down() {
        let (mut new, mut old) = (set(0, 0), set(4, 4));
        for _ in 0..20 {
            let (n, o) = step(4, limits(1, 1), new, &[old]);
            new = set(n, 0);
            old = set(o[0], o[0]);
        }
        assert_eq!((new.wanted, old.wanted), (2, 3));
    }
}
