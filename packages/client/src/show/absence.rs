//! That a provider is not seen, and what that means.

use souk_api::orderbook::{Absence, AbsenceResponse, LeaseResponse};
use souk_core::absence::paid_for;

use super::{duration, moment};
use crate::events::AbsentEnd;

/// What holds for the providers of a deployment when they are not seen any more.
pub fn absence_terms(terms: &Absence) -> String {
    let Absence { limit, anyone_closes, reopens } = terms;
    let ends = if *anyone_closes { "anyone may end" } else { "`souk lease absent LEASE` ends" };
    let group = match reopens {
        true => "takes bids again, without it",
        false => "rests until you start it",
    };
    format!(
        "If a provider is not seen for {}, {ends} its lease: it is paid for {} of that at most, the rest goes \
         back to the account.\nIts group then {group}. Volumes do not move to another provider.",
        duration(*limit),
        duration(paid_for(*limit)),
    )
}

/// When the provider of a lease was last seen, or that it is absent; nothing of a lease that does not run, or is
/// older than the rule. `now` is the newest block's time.
pub fn unseen(lease: &LeaseResponse, now: u64) -> Option<String> {
    let limit = duration(lease.absence.filter(|_| lease.state.runs())?.limit);
    let Some(unseen) = &lease.unseen else {
        return Some(format!("the market is paused, and nobody counts as absent (limit {limit})"));
    };
    let ago = duration(now.saturating_sub(unseen.since));
    Some(match unseen.absent {
        true => format!(
            "its provider is absent since {}, {ago} ago (limit {limit}): `souk lease absent {}` ends it",
            moment(unseen.since),
            lease.order
        ),
        false => format!("its provider was last seen {ago} ago (absent after {limit})"),
    })
}

/// Until when the provider of a lease that ended is paid, if it was absent.
pub fn paid_until(until: u64) -> String {
    format!(
        "its provider was absent and is paid until {} at most; what it would have earned since went back to the account",
        moment(until)
    )
}

/// That pay was taken back of leases that ended, a line for each.
pub fn taken_back(ends: &[AbsentEnd]) -> String {
    let line = |end: &AbsentEnd| format!("Lease {}: {}.", end.order, paid_until(end.paid_until));
    ends.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// When a lease can be closed as absent, by its tenant and its delegate or by anyone. `now` is the newest block's
/// time.
pub fn when_absent(unseen: &AbsenceResponse, by_tenant: bool, now: u64) -> String {
    let (from, block) = match by_tenant {
        true => (unseen.from, unseen.from_block),
        false => (unseen.anyone_from, unseen.anyone_from_block),
    };
    let wait = match from.saturating_sub(now) {
        0 => "now".to_owned(),
        wait => format!("in {} ({})", duration(wait), moment(from)),
    };
    let seen = duration(now.saturating_sub(unseen.since));
    format!(
        "its provider was last seen {seen} ago; you can end it {wait}, not before block {block}, unless it is seen again"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_api::orderbook::LeaseState;

    use super::*;

    const HOUR: u64 = 3_600;
    const TERMS: Absence = Absence { limit: 12 * HOUR, anyone_closes: false, reopens: false };
    const UNSEEN: AbsenceResponse = AbsenceResponse {
        since: 1_000,
        from: 1_000 + 12 * HOUR,
        from_block: 4_900,
        anyone_from: 1_000 + 24 * HOUR,
        anyone_from_block: 9_700,
        absent: false,
        paid_until: 1_000 + 3 * HOUR,
    };

    fn lease(absence: Option<Absence>, unseen: Option<AbsenceResponse>) -> LeaseResponse {
        serde_json::from_value(json!({
            "order": 7, "group": { "deployment": 1, "group": 1 }, "tenant": "souk1ann",
            "provider": "souk1pro", "price": "5", "denom": { "native": "usouk" }, "account": 1,
            "state": "active", "created_at": 1, "closed_at": null, "reason": null,
            "absence": absence, "unseen": unseen,
        }))
        .unwrap()
    }

    #[test]
    fn what_an_absence_means_is_said_with_the_times_of_its_terms() {
        let said = absence_terms(&TERMS);
        for part in
            ["not seen for 12 h,", "`souk lease absent LEASE` ends", "paid for 3 h of", "rests"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said = absence_terms(&Absence { anyone_closes: true, reopens: true, ..TERMS });
        assert!(said.contains("anyone may end") && said.contains("takes bids again"), "{said}");
    }

    #[test]
    fn a_lease_says_when_its_provider_was_seen_and_how_to_end_it_if_it_is_absent() {
        let said = unseen(&lease(Some(TERMS), Some(UNSEEN)), 1_180).unwrap();
        assert_eq!(said, "its provider was last seen 3 min ago (absent after 12 h)");
        let absent = AbsenceResponse { absent: true, ..UNSEEN };
        let said = unseen(&lease(Some(TERMS), Some(absent)), 1_000 + 13 * HOUR).unwrap();
        assert!(said.contains("absent since 1970-01-01T00:16:40Z, 13 h ago"), "{said}");
        assert!(said.ends_with("`souk lease absent 7` ends it"), "{said}");
        let said = unseen(&lease(Some(TERMS), None), 1_180).unwrap();
        assert!(said.contains("paused"), "{said}");
        assert_eq!(unseen(&lease(None, None), 1_180), None, "older than the rule");
        let ended = LeaseResponse { state: LeaseState::Closed, ..lease(Some(TERMS), None) };
        assert_eq!(unseen(&ended, 1_180), None);
    }

    #[test]
    fn tenants_and_others_wait_for_times_of_their_own() {
        let said = when_absent(&UNSEEN, true, 1_000 + HOUR);
        assert!(said.contains("in 11 h (1970-01-01T12:16:40Z), not before block 4900"), "{said}");
        let said = when_absent(&UNSEEN, false, 1_000 + HOUR);
        assert!(said.contains("in 23 h (") && said.contains("block 9700"), "{said}");
        let said = when_absent(&UNSEEN, true, 1_000 + 20 * HOUR);
        assert!(said.contains("end it now, not before block 4900"), "{said}");
    }
}
