use serde_json::json;

use super::*;

const ESCROW: &str = "souk1escrow";
const UNTIL: u64 = 1_900_000_000;

fn deployment(denom: Denom) -> DeploymentResponse {
    serde_json::from_value(json!({
        "id": 7, "tenant": "souk1ann", "delegate": null, "commitment": "07", "denom": denom,
        "auction": { "tenant_choice": {} }, "state": "active", "account": 7, "created_at": 1,
        "marked_at": null, "groups": [],
    }))
    .unwrap()
}

fn grant(account: u64, units: u128) -> ContractGrant {
    let limit = GrantLimit::Coins(vec![Coin::new(units, "usouk")]);
    ContractGrant::exactly(ESCROW, &deposit(AccountId(account)), limit).unwrap()
}

fn held(grants: Vec<ContractGrant>) -> Option<ExecutionGrants> {
    Some(ExecutionGrants { grants, expires: Some(UNTIL) })
}

fn change(held: Option<ExecutionGrants>, until: u64, replace: bool) -> Result<Change, GrantError> {
    let deployment = deployment(Denom::native("usouk"));
    let pair = Pair { tenant: "souk1ann", keeper: "souk1bob", deployment: &deployment };
    pair.with(held, grant(7, 50), until, replace)
}

#[test]
fn what_is_granted_is_the_deposit_into_one_account() {
    let GrantedMessages::Exactly(messages) = grant(7, 1).messages else { panic!() };
    assert_eq!(messages, [br#"{"deposit":{"account":7}}"#.to_vec()]);
}

#[test]
fn a_grant_replaces_that_of_its_account_and_keeps_the_others_as_they_are() {
    let first = change(None, UNTIL, false).unwrap();
    assert_eq!((first.replaced, first.kept, first.dropped), (None, 0, 0));
    assert_eq!(first.grants, held(vec![grant(7, 50)]));
    let next = change(held(vec![grant(7, 9), grant(8, 4)]), UNTIL, false).unwrap();
    let replaced = Allowance { left: Amount::new(9).unwrap(), until: Some(UNTIL) };
    assert_eq!((next.replaced, next.kept, next.dropped), (Some(replaced), 1, 0));
    assert_eq!(next.grants, held(vec![grant(8, 4), grant(7, 50)]));
}

#[test]
fn the_time_of_others_is_not_changed_and_they_are_dropped_only_when_that_is_asked_for() {
    let others = || held(vec![grant(8, 4), grant(9, 4)]);
    for until in [UNTIL - 1, UNTIL + 1] {
        let refused = change(others(), until, false).unwrap_err();
        assert!(matches!(refused, GrantError::OtherTime { others: 2, .. }), "{refused}");
        assert!(refused.to_string().contains("until 2030-03-17T17:46:40Z"), "{refused}");
        let replaced = change(others(), until, true).unwrap();
        assert_eq!((replaced.kept, replaced.dropped), (0, 2));
        assert_eq!(replaced.grants.unwrap().grants, [grant(7, 50)]);
    }
    let for_ever = ExecutionGrants { expires: None, ..others().unwrap() };
    let refused = change(Some(for_ever), UNTIL, false).unwrap_err();
    assert!(refused.to_string().contains("for ever"), "{refused}");
    // The time of the account's own grant is its own.
    assert!(change(held(vec![grant(7, 9)]), UNTIL + 1, false).is_ok());
}

#[test]
fn what_is_left_is_that_of_the_largest_grant_that_allows_the_deposit() {
    let denom = Denom::native("usouk");
    let of = |grants| {
        let held = ExecutionGrants { grants, expires: Some(UNTIL) };
        left(&held, ESCROW, AccountId(7), &denom).map(|allowance| allowance.left.u128())
    };
    assert_eq!(of(vec![grant(7, 5), grant(8, 90)]), Some(5));
    assert_eq!(of(vec![grant(8, 90)]), None);
    let wide = |messages| ContractGrant { messages, ..grant(7, 6) };
    assert_eq!(
        of(vec![grant(7, 5), wide(GrantedMessages::WithKey(vec!["deposit".into()]))]),
        Some(6)
    );
    assert_eq!(of(vec![wide(GrantedMessages::All)]), Some(6));
    assert_eq!(of(vec![wide(GrantedMessages::WithKey(vec!["withdraw".into()]))]), None);
    let elsewhere = ContractGrant { contract: "souk1other".into(), ..grant(7, 6) };
    assert_eq!(of(vec![elsewhere]), None);
    let calls = ContractGrant { limit: GrantLimit::Calls(3), ..grant(7, 6) };
    assert_eq!(of(vec![calls]), None, "calls without coins top nothing up");
}

#[test]
fn the_tenant_alone_lets_others_pay_and_in_the_chains_own_coins_alone() {
    let native = deployment(Denom::native("usouk"));
    assert_eq!(grantable(&native, "souk1ann"), Ok("usouk"));
    let refused = grantable(&native, "souk1bob").unwrap_err();
    assert!(
        matches!(&refused, GrantError::NotTenant { key, .. } if key == "souk1bob"),
        "{refused}"
    );
    let token = deployment(Denom::Cw20("souk1token".to_owned()));
    let refused = grantable(&token, "souk1ann").unwrap_err();
    assert!(matches!(&refused, GrantError::Token { denom, .. } if denom == "cw20:souk1token"));
    assert!(refused.to_string().contains("whose amount stands in the message"), "{refused}");
}
