//! A market in which every kind of record is stored. Nothing in it is left to chance: played
//! again by the same code, it stores the same bytes.

mod paying_out;

use cosmwasm_std::{Addr, Binary, HexBinary, Uint128, to_json_binary};
use cw_multi_test::{AppResponse, ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20ExecuteMsg, Cw20QueryMsg};
use serde::Serialize;
use serde_json::json;
use souk_api::{
    attestations::{self, Evidence, Profile},
    defaults, escrow,
    fees::{self, Split},
    orderbook::{self, Absence},
    paging::MAX_LIMIT,
    registry,
};
use souk_core::{
    AccountId, Attribute, CloseReason, Denom, OrderId, Rate,
    time::{DAY, HOUR},
};
use souk_testing::{Deployment, Market, Workload, address, cpu, gpu, group, souk, usouk};

pub const PROVIDERS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];
pub const TENANTS: [&str; 2] = ["ann", "bob"];
pub const STAKERS: [&str; 3] = ["sue", "sam", "tim"];
pub const AUDITORS: [&str; 2] = ["auditor", "second-auditor"];

/// A market that takes a cw20 token beside its own denom.
pub struct Scenario {
    pub market: Market,
    pub token: Addr,
}

impl Scenario {
    /// The contracts and the token, whose units are with these holders.
    pub fn new(token_holders: Vec<Cw20Coin>) -> Self {
        let split = Split { pool_bps: 3_000, stakers_bps: 6_000, burn_bps: 1_000 };
        let mut market = Market::with(|settings| settings.fees.split = split);
        let code = market.chain.app.store_code(Box::new(ContractWrapper::new(
            cw20_base::contract::execute,
            cw20_base::contract::instantiate,
            cw20_base::contract::query,
        )));
        let msg = cw20_base::msg::InstantiateMsg {
            name: "Coin".into(),
            symbol: "COIN".into(),
            decimals: 6,
            initial_balances: token_holders,
            mint: None,
            marketing: None,
        };
        let owner = market.who("owner");
        let made = market.chain.app.instantiate_contract(code, owner, &msg, &[], "token", None);
        Self { market, token: made.unwrap() }
    }

    /// From the first block to the last.
    pub fn play() -> Self {
        let holder =
            |name| Cw20Coin { address: address(name).into(), amount: Uint128::new(100_000_000) };
        let mut scenario = Self::new(vec![holder("ann"), holder("friend")]);
        scenario.list_token();
        scenario.register_providers();
        scenario.attest();
        scenario.let_an_order_expire();
        scenario.lease_and_close_for_every_reason();
        scenario.close_deployments();
        scenario.pay_in_tokens();
        scenario.share_fees();
        scenario.spend_deposits_of_others();
        scenario.deplete_accounts();
        scenario.take_a_lease_back();
        scenario.leave_leases_alone();
        scenario.lease_by_quotes();
        scenario.leave_orders_open();
        scenario.leave_auctions_open();
        scenario.change_roles();
        scenario
    }

    fn list_token(&mut self) {
        let contracts = self.market.contracts.clone();
        let denoms = Some(vec![defaults::denom_config(self.cw20())]);
        let msg = orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None };
        self.send("owner", &contracts.orderbook, &msg);
        let msg = escrow::ExecuteMsg::UpdateConfig {
            guardian: None,
            fee_collector: None,
            add_controller: None,
            add_cw20: Some(vec![self.token.to_string()]),
            delist: None,
            relist: None,
        };
        self.send("owner", &contracts.escrow, &msg);
        let msg = fees::ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: None,
            split: None,
            add_denoms: Some(vec![self.cw20()]),
            min_total_stake: None,
        };
        self.send("owner", &contracts.fees, &msg);
    }

    fn register_providers(&mut self) {
        let market = &mut self.market;
        for name in PROVIDERS {
            market.mint(name, souk(100));
            let hardware = match name {
                "alpha" => gpu("h100", 8).storage_class("beta3"),
                _ => cpu(64),
            };
            market.register(name, &hardware, defaults::MIN_BOND).unwrap();
        }
        for (name, whole) in [("ann", 1_000), ("bob", 100), ("friend", 100), ("sponsor", 100)] {
            market.mint(name, souk(whole));
        }
        for (name, whole) in [("sue", 30), ("sam", 20), ("tim", 5)] {
            market.mint(name, souk(whole + 1));
            market.stake(name, souk(whole)).unwrap();
        }

        market.bond("zeta", 5_000_000).unwrap();
        market.unbond("zeta", 5_000_000).unwrap();
        market.pass(21 * DAY);
        market.claim_unbonded("zeta").unwrap();

        market.bond("alpha", 10_000_000).unwrap();
        market.bond("beta", 10_000_000).unwrap();
        market.unbond("beta", 4_000_000).unwrap();
        market.slash("gamma", 1_000_000, "victim").unwrap();
        market.slash("epsilon", 2_000_000, "victim").unwrap();
        market.deregister("epsilon").unwrap();
        let contact = registry::Contact {
            email: "ops@beta.example.com".into(),
            website: "https://beta.example.com".into(),
        };
        let msg =
            registry::ExecuteMsg::Update { payee: None, attributes: None, contact: Some(contact) };
        let registry = self.market.contracts.registry.clone();
        self.send("beta", &registry, &msg);
    }

    fn attest(&mut self) {
        let contract = self.market.contracts.attestations.clone();
        let profile = Profile {
            name: "Auditor".into(),
            website: "https://auditor.example.com".into(),
            policy: "on site, once a year".into(),
        };
        self.send("auditor", &contract, &attestations::ExecuteMsg::SetProfile { profile });
        let evidence =
            Evidence { hash: [5; 32].into(), uri: "https://auditor.example.com/alpha".into() };
        let msg = attestations::ExecuteMsg::Attest {
            provider: address("alpha").into(),
            attributes: vec![Attribute::new("region", "eu-west"), Attribute::new("tier", "3")],
            expires_at: self.market.now() + 30 * DAY,
            evidence: Some(evidence),
        };
        self.send("auditor", &contract, &msg);
        let market = &mut self.market;
        market.attest("second-auditor", "alpha", &[("tier", "4")], 20 * DAY).unwrap();
        market.attest("auditor", "beta", &[("region", "eu-west"), ("tier", "2")], DAY).unwrap();
        let keys = Some(vec!["tier".into()]);
        let provider = address("beta").into();
        self.send("auditor", &contract, &attestations::ExecuteMsg::Revoke { provider, keys });
    }

    fn let_an_order_expire(&mut self) {
        let market = &mut self.market;
        let unwanted = market.deploy("ann", group("unwanted"), souk(1)).unwrap();
        market.pass(DAY + 1);
        market.expire(unwanted.order()).unwrap();
        // A mark for lack of use.
        market.end_deployment(unwanted.id).unwrap();
    }

    fn lease_and_close_for_every_reason(&mut self) {
        let market = &mut self.market;
        let groups = group("web").ceiling(500_000).and(group("worker").replicas(2));
        let deployment = market.deploy("ann", groups.delegate("desk"), souk(50)).unwrap();
        market.set_delegate("ann", deployment.id, Some("desk"), Some(Rate::MAX)).unwrap();
        let [web, worker] = deployment.orders[..] else { panic!("{deployment:?}") };
        market.update("desk", deployment.id, [9; 32]).unwrap();
        let offer = vec![Attribute::new("capabilities/gpu/vendor/nvidia/model/h100", "true")];
        market.bid_offering("alpha", worker, 250_000, offer).unwrap();
        market.accept("ann", worker, "alpha", 250_000).unwrap();

        let mut order = web;
        for provider in ["alpha", "beta", "gamma", "delta"] {
            market.bid(provider, order, 300_000).unwrap();
        }
        // The other bids on the first order are lost; one of them is released.
        for (provider, reason) in [
            ("alpha", CloseReason::Unstable),
            ("beta", CloseReason::Decommission),
            ("gamma", CloseReason::Unspecified),
            ("delta", CloseReason::ManifestTimeout),
        ] {
            if order != web {
                market.bid(provider, order, 310_000).unwrap();
            }
            market.accept("desk", order, provider, 310_000).unwrap();
            market.pass(HOUR + 7);
            market.give_up_lease(provider, order, reason).unwrap();
            order = market.deployment(deployment.id).groups[0].order;
        }
        market.release("beta", &[web]).unwrap();
    }

    fn close_deployments(&mut self) {
        // One with money of both to be claimed and a stream that is owed.
        let (unclaimed, lease) = self.lease("ann", "unclaimed", "gamma", 400_000);
        let market = &mut self.market;
        market.top_up("friend", unclaimed.account(), souk(2)).unwrap();
        market.pass(HOUR / 2 + 1);
        market.withdraw(unclaimed.account(), lease).unwrap();
        market.pass(HOUR);
        market.close("ann", unclaimed.id).unwrap();

        // One of which only its account is left.
        let (gone, lease) = self.lease("bob", "gone", "delta", 400_000);
        let market = &mut self.market;
        market.close_lease("bob", lease).unwrap();
        market.close("bob", gone.id).unwrap();
        market.withdraw(gone.account(), lease).unwrap();
        market.claim_refund(gone.account(), None).unwrap();
        market.prune(&[lease, OrderId(lease.0 + 1)]).unwrap();
    }

    fn pay_in_tokens(&mut self) {
        let (orderbook, escrow) =
            (self.market.contracts.orderbook.clone(), self.market.contracts.escrow.clone());
        let workload = Workload::from(group("tokens"));
        let hook = orderbook::Cw20Hook::CreateDeployment(workload.message());
        let created =
            self.send_tokens("ann", &orderbook, 50_000_000, to_json_binary(&hook).unwrap());
        let deployment = Deployment::created(&self.market, &created);
        let (account, order) = (deployment.account(), deployment.order());
        self.market.bid("gamma", order, 900_000).unwrap();
        self.market.accept("ann", order, "gamma", 900_000).unwrap();
        let hook = to_json_binary(&escrow::Cw20Hook::Deposit { account }).unwrap();
        self.send_tokens("friend", &escrow, 5_000_000, hook);
        // The pay of the last day is held.
        self.market.pass(DAY + 2 * HOUR);
        self.market.withdraw(account, order).unwrap();
    }

    fn share_fees(&mut self) {
        self.distribute_fees();
        self.market.burn().unwrap();
        self.market.pass(DAY);
        self.market.claim_rewards("sue").unwrap();
        self.market.unstake("sam", 5_000_000).unwrap();
        self.market.unstake("tim", 5_000_000).unwrap();
        self.withdraw_all();
        self.distribute_fees();
        self.market.pass(HOUR);
        // Fees that are not swept.
        self.withdraw_all();
    }

    fn spend_deposits_of_others(&mut self) {
        let market = &mut self.market;
        let order = market.deploy("bob", group("shared"), usouk(1_500_000)).unwrap();
        let (account, lease) = (order.account(), order.order());
        market.top_up("friend", account, souk(1)).unwrap();
        market.top_up("sponsor", account, souk(40)).unwrap();
        market.bid("beta", lease, 1_000_000).unwrap();
        market.accept("bob", lease, "beta", 1_000_000).unwrap();
        market.pass(HOUR + 11);
        market.withdraw(account, lease).unwrap();
        market.pass(2 * HOUR);
        // Settles: the first deposit is spent and the second begun.
        market.top_up("friend", account, souk(3)).unwrap();
    }

    fn deplete_accounts(&mut self) {
        let (closed, lease) = self.lease("bob", "depleted-and-closed", "alpha", 1_000_000);
        let (marked, _) = self.lease("bob", "depleted-and-marked", "beta", 1_000_000);
        let (ended, _) = self.lease("bob", "depleted-and-ended", "delta", 1_000_000);
        let market = &mut self.market;
        market.pass(4 * HOUR);
        market.close_lease("bob", lease).unwrap();
        assert_eq!(market.lease(lease).reason, Some(CloseReason::InsufficientFunds));
        market.top_up("friend", closed.account(), usouk(9)).unwrap();
        // Too little to start the clock.
        market.top_up("bob", marked.account(), usouk(100_000)).unwrap();
        market.end_deployment(ended.id).unwrap();
        market.pass_blocks(400, HOUR);
        market.end_deployment(marked.id).unwrap();
        market.end_deployment(ended.id).unwrap();
    }

    fn take_a_lease_back(&mut self) {
        let market = &mut self.market;
        let workload = Workload::from(group("taken-back")).reclaimable(HOUR);
        let order = market.deploy("ann", workload, souk(20)).unwrap().order();
        market.bid("gamma", order, 300_000).unwrap();
        market.accept("ann", order, "gamma", 300_000).unwrap();
        market.pass(HOUR);
        market.start_reclaim("gamma", order, CloseReason::Decommission).unwrap();
    }

    /// Of a provider that is not seen: one lease ends for it, and one runs whose tenant did not look.
    fn leave_leases_alone(&mut self) {
        let key = Some(HexBinary::from([6; 32]));
        let msg = registry::ExecuteMsg::SetQuoteKey { provider: address("alpha").into(), key };
        let registry = self.market.contracts.registry.clone();
        self.send("alpha-operator", &registry, &msg);
        let market = &mut self.market;
        let absence = Absence { limit: 6 * HOUR, anyone_closes: true, reopens: true };
        let mut leased = |name: &str| {
            let workload = Workload::from(group(name)).absence(absence);
            let order = market.deploy("ann", workload, souk(20)).unwrap().order();
            market.bid("delta", order, 300_000).unwrap();
            market.accept("ann", order, "delta", 300_000).unwrap();
            order
        };
        let (gone, _) = (leased("gone-with-its-provider"), leased("forgotten"));
        market.pass_blocks(2_400, 6 * HOUR);
        market.heartbeat("gamma").unwrap();
        market.close_absent("friend", gone).unwrap();
        assert!(market.lease(gone).paid_until.is_some());
    }

    /// Leases by quotes: one runs, one ended with its slot let go of, one still holds it.
    fn lease_by_quotes(&mut self) {
        let market = &mut self.market;
        market.set_quote_key("gamma").unwrap();
        let leased = |market: &mut Market, name: &str| {
            market.deploy_by_quotes("ann", group(name), souk(20), "gamma", 300_000).unwrap()
        };
        let (_, over) = (leased(market, "quoted"), leased(market, "quoted-and-over"));
        let held = leased(market, "quoted-and-held");
        market.pass(HOUR);
        market.close("ann", over.id).unwrap();
        market.pass(HOUR);
        market.release("gamma", &over.orders).unwrap();
        market.give_up_lease("gamma", held.order(), CloseReason::Unstable).unwrap();
    }

    fn leave_orders_open(&mut self) {
        let (_, lease) = self.lease("ann", "closed-by-its-tenant", "delta", 200_000);
        let market = &mut self.market;
        market.pass(HOUR);
        market.close_lease("ann", lease).unwrap();
        let signed = group("signed").requires("region", "eu-west").signed_by("auditor");
        let signed = Workload::from(signed).allow(&["alpha", "beta"]);
        let signed = market.deploy("ann", signed, souk(2)).unwrap();
        market.bid("alpha", signed.order(), 600_000).unwrap();
        // The open order keeps its lists, and its delegate has a limit.
        market.set_lists("ann", signed.id, Some(&[]), Some(&["gamma"])).unwrap();
        let limit = Rate::new(700_000).ok();
        market.set_delegate("ann", signed.id, Some("desk"), limit).unwrap();
        let any = group("any").signed_by_any(&AUDITORS).requires("tier", "4").gpu("h100", 1);
        let any = Workload::from(any).refuse(&["beta", "gamma"]);
        market.deploy("ann", any, souk(2)).unwrap();
        market.set_maintenance("delta", true).unwrap();
    }

    fn leave_auctions_open(&mut self) {
        let market = &mut self.market;
        let orderbook = market.contracts.orderbook.clone();
        market.pause(&orderbook).unwrap();
        market.pass(60);
        market.unpause(&orderbook).unwrap();
        market.pass(HOUR);

        let groups = || group("won").and(group("without-bids")).lowest_price(600);
        let over = market.deploy("ann", groups(), souk(20)).unwrap();
        let [won, without_bids] = over.orders[..] else { panic!("{over:?}") };
        let open = market.deploy("ann", groups().lowest_price(3_000), souk(20)).unwrap();
        market.bid("alpha", won, 700_000).unwrap();
        market.bid("gamma", won, 650_000).unwrap();
        market.pass_blocks(100, 700);
        market.close_auction(won).unwrap();
        market.close_auction(without_bids).unwrap();

        market.bid("alpha", open.order(), 800_000).unwrap();
        market.bid("beta", open.order(), 800_000).unwrap();
        market.pass_blocks(230, 2_290);
        market.lower("alpha", open.order(), 500_000).unwrap();
        market.bid("gamma", open.order(), 450_000).unwrap();
        market.pass(5);
    }

    fn change_roles(&mut self) {
        let contracts = self.market.contracts.clone();
        let offer = json!({ "update_ownership": { "transfer_ownership": {
            "new_owner": address("next-owner"), "expiry": { "at_height": 1_000_000 },
        } } });
        self.send("owner", &contracts.registry, &offer);
        let msg = escrow::ExecuteMsg::UpdateConfig {
            guardian: Some(address("next-guardian").into()),
            fee_collector: None,
            add_controller: Some(address("second-book").into()),
            add_cw20: None,
            delist: None,
            relist: None,
        };
        self.send("owner", &contracts.escrow, &msg);
        self.market.pause(&contracts.attestations).unwrap();
    }

    /// A deployment of one group that is leased at once.
    fn lease(
        &mut self,
        tenant: &str,
        name: &str,
        provider: &str,
        price: u128,
    ) -> (Deployment, OrderId) {
        let market = &mut self.market;
        let deployment = market.deploy(tenant, group(name), usouk(2_000_000)).unwrap();
        let order = deployment.order();
        market.bid(provider, order, price).unwrap();
        market.accept(tenant, order, provider, price).unwrap();
        (deployment, order)
    }

    /// Every deployment on the orderbook.
    pub fn deployments(&self) -> Vec<orderbook::DeploymentResponse> {
        let msg = orderbook::QueryMsg::Deployments {
            tenant: None,
            start_after: None,
            limit: Some(MAX_LIMIT),
        };
        let page: orderbook::DeploymentsResponse =
            self.market.chain.ask(&self.market.contracts.orderbook, &msg);
        page.deployments
    }

    /// Every order on the orderbook.
    pub fn orders(&self) -> Vec<OrderId> {
        let msg = orderbook::QueryMsg::Orders { start_after: None, limit: Some(MAX_LIMIT) };
        let page: orderbook::OrdersResponse =
            self.market.chain.ask(&self.market.contracts.orderbook, &msg);
        page.orders.into_iter().map(|order| order.id).collect()
    }

    /// Every account ever opened: of deployments that are gone, too.
    pub fn accounts(&self) -> Vec<AccountId> {
        let last = self.deployments().last().unwrap().id.0;
        (1..=last).map(AccountId).collect()
    }

    /// Those in which deployments are paid.
    pub fn denoms(&self) -> [Denom; 2] {
        [Denom::native(defaults::DENOM), self.cw20()]
    }

    fn cw20(&self) -> Denom {
        Denom::Cw20(self.token.to_string())
    }

    /// What an address holds of the token.
    pub fn tokens(&self, of: &Addr) -> u128 {
        let msg = Cw20QueryMsg::Balance { address: of.to_string() };
        let balance: BalanceResponse = self.market.chain.ask(&self.token, &msg);
        balance.balance.u128()
    }

    fn send_tokens(&mut self, from: &str, to: &Addr, units: u128, msg: Binary) -> AppResponse {
        let (contract, amount) = (to.to_string(), Uint128::new(units));
        let (from, token) = (address(from), self.token.clone());
        let msg = Cw20ExecuteMsg::Send { contract, amount, msg };
        self.market.send(&from, &token, &msg, &[]).unwrap()
    }

    fn send<M: Serialize + std::fmt::Debug>(&mut self, from: &str, to: &Addr, msg: &M) {
        let from = self.market.who(from);
        self.market.send(&from, to, msg, &[]).unwrap();
    }
}
