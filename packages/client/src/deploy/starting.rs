//! Which groups that rest for lack of funds go on with a deposit. Pure.

use souk_api::{
    escrow::AccountResponse,
    orderbook::{DeploymentResponse, GroupResponse, GroupState, MAX_STARTS, TIME_TO_BID},
};
use souk_core::{Amount, AuctionPolicy, GroupSeq, Price, Rate, clock::SCALE};

/// For how much longer than the least runway the money must last, in seconds: some of it is spent
/// before the deposit is in a block.
const SENDING: u64 = 60;

/// What a market asks of an account to which groups are started.
#[derive(Clone, Copy, Debug)]
pub struct Cover {
    /// For how many seconds it must last.
    pub min_runway: u64,
    /// What it must hold at least.
    pub min_deposit: Amount,
    /// The least and the highest ceiling of a group.
    pub ceilings: (Price, Price),
}

/// The groups that `sender` may start in one transaction with a deposit of `added` base units, and
/// that the account then carries as the market asks; the first of them first. A delegate starts binding auctions
/// up to its limit.
pub fn startable(
    deployment: &DeploymentResponse,
    account: &AccountResponse,
    added: Amount,
    cover: Cover,
    sender: &str,
) -> Vec<GroupSeq> {
    let acts = deployment.tenant == sender || deployment.delegate.as_deref() == Some(sender);
    if !acts && !deployment.anyone_starts {
        return Vec::new();
    }
    let coins = account.balance.u128().saturating_add(added.u128()).saturating_mul(SCALE);
    // Leases that run spend of what the new orders need until there are bids.
    let slack = if account.clock.rate.u128() == 0 { 0 } else { TIME_TO_BID };
    let runway = u128::from(cover.min_runway.saturating_add(SENDING).saturating_add(slack));
    let lasts = |rate: u128| coins >= rate.saturating_mul(runway);
    // What is spent until the deposit is in a block.
    let spent = account.clock.rate.u128().saturating_mul(u128::from(SENDING));
    if coins < cover.min_deposit.u128().saturating_mul(SCALE).saturating_add(spent) {
        return Vec::new();
    }
    let mut burden = account.clock.rate.u128().saturating_add(account.reserved.u128());
    if account.clock.depleted_since.is_some() && !lasts(account.clock.rate.u128()) {
        return Vec::new();
    }
    let binds = matches!(deployment.auction, AuctionPolicy::LowestPrice { .. });
    let limit = match binds && deployment.tenant != sender && acts {
        true => deployment.delegate_limit.map_or(0, Rate::u128),
        false => u128::MAX,
    };
    let mut carried = |group: &&GroupResponse| {
        let with = burden.saturating_add(group.spec.ceiling.u128());
        let fits = lasts(with) && with <= limit;
        // Its order reserves its ceiling.
        if fits {
            burden = with;
        }
        fits
    };
    let resting =
        deployment.groups.iter().filter(|group| group.state == GroupState::InsufficientFunds);
    let (least, highest) = cover.ceilings;
    let resting = resting.filter(|group| {
        group.starts < MAX_STARTS.into() && (least..=highest).contains(&group.spec.ceiling)
    });
    resting.filter(|group| carried(group)).map(|group| group.seq).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_core::time::HOUR;

    use super::*;

    fn deployment(auction: serde_json::Value) -> DeploymentResponse {
        let group = |seq: u32, state: &str| {
            json!({
                "seq": seq, "state": state, "order": seq, "order_state": "closed", "excluded": [],
                "spec": {
                    "name": format!("g{seq}"), "units": [], "ceiling": "100",
                    "requirements": { "attributes": [] },
                },
            })
        };
        let groups =
            [group(1, "insufficient_funds"), group(2, "paused"), group(3, "insufficient_funds")];
        serde_json::from_value(json!({
            "id": 7, "tenant": "souk1ann", "delegate": "souk1desk", "commitment": "07",
            "denom": { "native": "usouk" }, "auction": auction, "state": "active", "account": 7,
            "created_at": 1, "marked_at": null, "anyone_starts": false, "groups": groups,
        }))
        .unwrap()
    }

    fn account(rate: u128, depleted: bool) -> AccountResponse {
        let since = depleted.then_some(5);
        serde_json::from_value(json!({
            "id": 7, "tenant": "souk1ann", "denom": { "native": "usouk" },
            "clock": {
                "remaining": "0", "rate": rate.to_string(), "clock": 0, "anchor": 0,
                "depleted_since": since,
            },
            "balance": "0", "withdrawable": "0", "reserved": "0", "depletion": null, "streams": 0,
            "deposits": 0, "closed": false,
        }))
        .unwrap()
    }

    fn started(
        deployment: &DeploymentResponse,
        account: &AccountResponse,
        units: u128,
        sender: &str,
    ) -> Vec<u32> {
        let added = Amount::new(units).unwrap();
        started_with(deployment, account, added, sender, 1)
    }

    fn started_with(
        deployment: &DeploymentResponse,
        account: &AccountResponse,
        added: Amount,
        sender: &str,
        min_deposit: u128,
    ) -> Vec<u32> {
        let ceilings = (Price::new(50).unwrap(), Price::new(200).unwrap());
        let min_deposit = Amount::new(min_deposit).unwrap();
        let cover = Cover { min_runway: HOUR, min_deposit, ceilings };
        let groups = startable(deployment, account, added, cover, sender);
        groups.into_iter().map(|group| group.0).collect()
    }

    #[test]
    fn tenant_and_delegate_start_what_the_account_carries() {
        let deployment = deployment(json!({ "tenant_choice": {} }));
        for sender in ["souk1ann", "souk1desk"] {
            assert_eq!(started(&deployment, &account(0, false), 204, sender), [1, 3]);
        }
        let depleted = account(1_000, true);
        assert!(started(&deployment, &depleted, 1_000, "souk1ann").is_empty(), "still depleted");
        assert!(started(&deployment, &depleted, 1_301, "souk1ann").is_empty(), "no time to bid");
        assert_eq!(started(&deployment, &depleted, 1_302, "souk1ann"), [1]);
    }

    #[test]
    fn nothing_is_started_with_less_than_the_least_deposit() {
        let deployment = deployment(json!({ "tenant_choice": {} }));
        for (rate, units, groups) in
            [(0, 499, vec![]), (0, 500, vec![1, 3]), (60, 500, vec![]), (60, 501, vec![1, 3])]
        {
            let (account, added) = (account(rate, false), Amount::new(units).unwrap());
            let started = started_with(&deployment, &account, added, "souk1ann", 500);
            assert_eq!(started, groups, "{units} at {rate} an hour");
        }
    }

    #[test]
    fn what_the_market_would_refuse_is_not_started_and_keeps_no_other_down() {
        let mut deployment = deployment(json!({ "tenant_choice": {} }));
        deployment.groups[0].starts = MAX_STARTS.into();
        assert_eq!(started(&deployment, &account(0, false), 1_000, "souk1ann"), [3]);
        deployment.groups[0].starts = 0;
        for (ceiling, groups) in
            [(49, vec![3]), (50, vec![1, 3]), (200, vec![1, 3]), (201, vec![3])]
        {
            deployment.groups[0].spec.ceiling = Price::new(ceiling).unwrap();
            assert_eq!(
                started(&deployment, &account(0, false), 1_000, "souk1ann"),
                groups,
                "{ceiling}"
            );
        }
    }

    #[test]
    fn others_start_what_the_account_carries_if_the_tenant_lets_them() {
        let mut deployment = deployment(json!({ "tenant_choice": {} }));
        assert!(started(&deployment, &account(0, false), 5_000, "souk1friend").is_empty());
        deployment.anyone_starts = true;
        for (units, groups) in [(101, vec![]), (102, vec![1]), (204, vec![1, 3])] {
            assert_eq!(started(&deployment, &account(0, false), units, "souk1friend"), groups);
        }
    }

    #[test]
    fn a_delegate_starts_binding_auctions_up_to_its_limit() {
        let binding = json!({ "lowest_price": { "closes_after": 60 } });
        for (auction, limit, groups) in [
            (binding.clone(), None, vec![]),
            (binding.clone(), Some(99), vec![]),
            (binding.clone(), Some(100), vec![1]),
            (binding, Some(200), vec![1, 3]),
            (json!({ "tenant_choice": {} }), None, vec![1, 3]),
        ] {
            let mut deployment = deployment(auction);
            deployment.delegate_limit = limit.map(|limit| Rate::new(limit).unwrap());
            let started = started(&deployment, &account(0, false), 1_000, "souk1desk");
            assert_eq!(started, groups, "limit {limit:?}");
        }
    }

    #[test]
    fn groups_are_started_as_far_as_their_ceilings_together_are_carried() {
        for auction in
            [json!({ "tenant_choice": {} }), json!({ "lowest_price": { "closes_after": 60 } })]
        {
            let deployment = deployment(auction);
            for (units, groups) in
                [(101, vec![]), (102, vec![1]), (203, vec![1]), (204, vec![1, 3])]
            {
                assert_eq!(started(&deployment, &account(0, false), units, "souk1ann"), groups);
            }
        }
    }
}
