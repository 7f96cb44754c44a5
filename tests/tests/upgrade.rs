//! A market that was made with the wasm of version 0.1.0 moves to today's contract by contract on a wasmd node.
//! At every step everyone who is in it still gets out, and nothing is left at the end.
//!
//! `fixtures/0.1.0` has that wasm, gzipped, as its sources gave it then.
#![allow(clippy::unwrap_used)]

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use souk_chain::{
    Any, Coin, Event,
    tx::{self, Instantiate},
};
use souk_client::{Contract, Contracts, Wallet};
use souk_testing::group;
use souk_tests::{
    bench::{Account, Accounts, Done, Fixture},
    tools,
    wasmd::{DENOM, Options, Wasmd},
};
use tokio::time::sleep;

/// As `souk admin migrate` has it: the escrow first.
const ORDER: [Contract; 5] = [
    Contract::Escrow,
    Contract::Orderbook,
    Contract::Registry,
    Contract::FeeDistributor,
    Contract::Attestations,
];
/// Deployments that end at each step.
const ENDS: u64 = 4;
const DEPOSIT: u128 = 2_000_000;
const BOND: u128 = 100_000_000;
/// Longer than stake and bond of this market wait, which is a second.
const WAITING: Duration = Duration::from_millis(2_500);
/// What a stranger adds to an account.
const GIFT: u128 = 1_000;

/// The market, and who is in it.
struct Fleet {
    fixture: Fixture,
    accounts: Accounts,
}

fn coins(amount: u128) -> Vec<Coin> {
    vec![Coin::new(amount, DENOM)]
}

fn crate_name(contract: Contract) -> String {
    match contract {
        Contract::Registry => "souk_provider_registry".to_owned(),
        other => format!("souk_{}", other.name().replace('-', "_")),
    }
}

/// The wasm of version 0.1.0 as it is uploaded.
fn old_wasm(contract: Contract) -> Result<Vec<u8>> {
    let file = format!("{}.wasm.gz", crate_name(contract));
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/0.1.0");
    let path = folder.join(file);
    std::fs::read(&path).with_context(|| path.display().to_string())
}

/// An attribute of an event of this type.
fn attribute(events: &[Event], ty: &str, key: &str) -> Result<String> {
    let event = events.iter().find(|event| event.ty == ty).context("no such event")?;
    let found = event.attributes.iter().find(|attribute| attribute.key == key);
    Ok(found.context("no such attribute")?.value.clone())
}

impl Fleet {
    /// A market of version 0.1.0, with a provider, a tenant, a friend of the tenant's and a staker.
    async fn of_the_first_version() -> Result<Self> {
        let node = Wasmd::start(Options::default().chain_id("souk-upgrade")).await?;
        let (network, client) = (node.network()?, node.client()?);
        let funds = Wallet::new(client.clone(), node.funds.clone(), &network)?;
        let contracts = Contracts::default();
        let fixture = Fixture { node, client, network, contracts, funds };
        let accounts = Accounts::create(&fixture, 5).await?;
        let mut fleet = Self { fixture, accounts };
        fleet.make_contracts().await?;
        Ok(fleet)
    }

    fn owner(&self) -> &Account {
        &self.accounts.0[0]
    }
    fn provider(&self) -> &Account {
        &self.accounts.0[1]
    }
    fn tenant(&self) -> &Account {
        &self.accounts.0[2]
    }
    fn friend(&self) -> &Account {
        &self.accounts.0[3]
    }
    fn staker(&self) -> &Account {
        &self.accounts.0[4]
    }

    async fn upload(&self, wasm: Vec<u8>) -> Result<u64> {
        let owner = self.owner();
        let done = self.fixture.one(owner, vec![tx::store_code(&owner.address, wasm)]).await?;
        Ok(attribute(&done.events, "store_code", "code_id")?.parse()?)
    }

    /// Uploads a contract's old code and makes it.
    async fn make(&self, contract: Contract, message: Value) -> Result<String> {
        let code_id = self.upload(old_wasm(contract)?).await?;
        let owner = self.owner();
        let what = Instantiate {
            code_id,
            label: contract.name().to_owned(),
            admin: Some(owner.address.clone()),
            ..Instantiate::default()
        };
        let message = tx::instantiate(&owner.address, &what, &message)?;
        let done = self.fixture.one(owner, vec![message]).await?;
        attribute(&done.events, "instantiate", "_contract_address")
    }

    async fn make_contracts(&mut self) -> Result<()> {
        let owner = self.owner().address.clone();
        let roles = json!({ "owner": owner, "guardian": owner });
        let with = |more: Value| {
            let mut all = roles.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let denom = json!({ "native": DENOM });
        let attestations =
            self.make(Contract::Attestations, with(json!({ "max_lifetime": 31_536_000 }))).await?;
        let registry = json!({
            "bond_denom": DENOM, "min_bond": "10000000", "unbonding_period": 1,
            "bond_per_slot": "1000000", "slashers": [],
        });
        let registry = self.make(Contract::Registry, with(registry)).await?;
        let fees = json!({
            "pool": owner, "stake_denom": DENOM, "denoms": [denom], "min_total_stake": "1",
            "split": { "pool_bps": 4000, "stakers_bps": 6000, "burn_bps": 0 },
            "drip_period": 86_400, "unstaking_period": 1,
        });
        let fee_distributor = self.make(Contract::FeeDistributor, with(fees)).await?;
        let escrow = json!({
            "fee_collector": fee_distributor, "min_runway": 60, "controllers": [], "cw20_tokens": [],
        });
        let escrow = self.make(Contract::Escrow, with(escrow)).await?;
        let orderbook = json!({
            "escrow": escrow, "registry": registry, "attestations": attestations,
            "denoms": [{
                "denom": denom, "min_price": "1", "max_price": "1000000000000000",
                "min_deposit": "500000", "take_bps": 200,
            }],
            "params": {
                "order_lifetime": 86_400, "min_auction": 30, "max_auction": 3_600,
                "min_auction_blocks": 3, "reap_grace": 3_600, "reap_blocks": 10, "slot_hold": 60,
            },
        });
        let orderbook = self.make(Contract::Orderbook, with(orderbook)).await?;
        self.fixture.contracts =
            Contracts { attestations, registry, fee_distributor, escrow, orderbook };
        let owner = self.owner();
        let (escrow, registry, orderbook) = {
            let at = &self.fixture.contracts;
            (at.escrow.clone(), at.registry.clone(), at.orderbook.clone())
        };
        let lists = json!({ "update_config": { "add_controller": orderbook } });
        let names = json!({ "update_config": { "orderbook": orderbook } });
        self.send(owner, vec![(&escrow, lists, 0), (&registry, names, 0)]).await?;
        Ok(())
    }

    /// One transaction with these messages and coins.
    async fn send(&self, from: &Account, messages: Vec<(&str, Value, u128)>) -> Result<Done> {
        let message = |(contract, message, units): (&str, Value, u128)| -> Result<Any> {
            let coins = if units > 0 { coins(units) } else { Vec::new() };
            Ok(tx::execute(&from.address, contract, &message, &coins)?)
        };
        let messages = messages.into_iter().map(message).collect::<Result<_>>()?;
        self.fixture.one(from, messages).await
    }

    /// `count` deployments of one group, each with a deposit of the tenant's and one of the friend's, and a
    /// lease of the provider's. Deployment, order and account have the same number, from 1 on.
    async fn fill(&self, count: u64) -> Result<()> {
        let (at, provider) = (&self.fixture.contracts, self.provider());
        let register = json!({ "register": {
            "payee": null, "operator": provider.address, "attributes": [],
            "gateway": { "uri": "https://provider.example:8443", "pins": [] },
            "contact": { "email": "", "website": "" },
        }});
        self.send(provider, vec![(&at.registry, register, BOND)]).await?;
        self.send(self.staker(), vec![(&at.fee_distributor, json!({ "stake": {} }), BOND)]).await?;
        let create = json!({ "create_deployment": {
            "commitment": "07".repeat(32), "groups": [group("web").0],
            "auction": { "tenant_choice": {} },
        }});
        let (orderbook, escrow) = (at.orderbook.as_str(), at.escrow.as_str());
        let bid = |number: u64| {
            let bid = json!({ "order": number, "provider": provider.address, "price": "500000" });
            (orderbook, json!({ "place_bid": bid }), 0)
        };
        let accept = |number: u64| {
            let max =
                json!({ "order": number, "provider": provider.address, "max_price": "500000" });
            (orderbook, json!({ "accept_bid": max }), 0)
        };
        let gift = |number: u64| (escrow, json!({ "deposit": { "account": number } }), GIFT);
        let numbers = 1..=count;
        let creates = numbers.clone().map(|_| (orderbook, create.clone(), DEPOSIT));
        self.send(self.tenant(), creates.collect()).await?;
        self.send(provider, numbers.clone().map(bid).collect()).await?;
        let leased = numbers.clone().filter(|number| number % ENDS != 0);
        self.send(self.tenant(), leased.map(accept).collect()).await?;
        self.send(self.friend(), numbers.map(gift).collect()).await?;
        Ok(())
    }

    /// Ends the deployments of this step in four ways and takes everything out that is in them: closed with
    /// its lease; its lease closed by its tenant, or by its provider, before; closed with an open order. The
    /// staker and the provider take some of what they put in, too.
    async fn get_out(&self, step: u64) -> Result<()> {
        let at = &self.fixture.contracts;
        let (provider, tenant) = (self.provider(), self.tenant());
        let (orderbook, escrow) = (at.orderbook.as_str(), at.escrow.as_str());
        let numbers = step * ENDS + 1..=step * ENDS + ENDS;
        let [closed, by_tenant, by_provider, open] =
            <[u64; 4]>::try_from(numbers.clone().collect::<Vec<_>>()).unwrap();
        let close_lease = |number: u64, reason: Option<&str>| {
            (orderbook, json!({ "close_lease": { "order": number, "reason": reason } }), 0)
        };
        let close =
            |number: u64| (orderbook, json!({ "close_deployment": { "deployment": number } }), 0);
        let refund = |number: u64, deposit: Option<u32>| {
            let claim = json!({ "account": number, "deposit": deposit });
            (escrow, json!({ "claim_refund": claim }), 0)
        };
        let context = || format!("step {step}");
        let ends = vec![close_lease(by_provider, Some("unstable"))];
        self.send(provider, ends).await.with_context(context)?;
        let mut ends = vec![close_lease(by_tenant, None)];
        ends.extend(numbers.clone().map(close));
        ends.extend(numbers.clone().map(|number| refund(number, None)));
        self.send(tenant, ends).await.with_context(context)?;
        let refunds = numbers.map(|number| refund(number, Some(1))).collect();
        self.send(self.friend(), refunds).await.with_context(context)?;
        let withdraw = |number: u64| {
            (escrow, json!({ "withdraw": { "account": number, "stream": number } }), 0)
        };
        let released = json!({ "provider": provider.address, "orders": [open] });
        let mut pay = vec![(orderbook, json!({ "release_bids": released }), 0)];
        pay.extend([closed, by_tenant, by_provider].map(withdraw));
        self.send(provider, pay).await.with_context(context)?;
        let (some, staker) = ("1000000", self.staker());
        let unstake = json!({ "unstake": { "amount": some } });
        self.send(staker, vec![(&at.fee_distributor, unstake, 0)]).await.with_context(context)?;
        let unbond = json!({ "unbond": { "amount": some } });
        self.send(provider, vec![(&at.registry, unbond, 0)]).await.with_context(context)?;
        sleep(WAITING).await;
        let claim = json!({ "claim_unstaked": {} });
        self.send(staker, vec![(&at.fee_distributor, claim, 0)]).await.with_context(context)?;
        let claim = json!({ "claim_unbonded": {} });
        self.send(provider, vec![(&at.registry, claim, 0)]).await.with_context(context)?;
        Ok(())
    }

    /// Moves a contract to today's code.
    async fn migrate(&self, contract: Contract) -> Result<()> {
        let code_id = self.upload(tools::packed_wasm(&crate_name(contract))?).await?;
        let (owner, to) = (self.owner(), self.fixture.contracts.of(contract));
        let message = tx::migrate(&owner.address, to, code_id, &json!({}))?;
        self.fixture.one(owner, vec![message]).await.with_context(|| contract.name())?;
        Ok(())
    }

    async fn balance(&self, address: &str) -> Result<u128> {
        Ok(self.fixture.client.query().balance(address, DENOM).await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_of_an_upgrade_everyone_gets_out_with_what_is_theirs() {
    if tools::or_not_run(tools::artifacts().and(tools::program("wasmd", "chain"))).is_none() {
        return;
    }
    let fleet = Fleet::of_the_first_version().await.unwrap();
    let at = fleet.fixture.contracts.clone();
    fleet.fill(ENDS * (1 + ORDER.len() as u64)).await.unwrap();
    fleet.get_out(0).await.unwrap();
    for (step, contract) in (1..).zip(ORDER) {
        fleet.migrate(contract).await.unwrap();
        fleet.get_out(step).await.unwrap();
    }
    // Fees that were not sent at once.
    let sweep = json!({ "sweep_fees": { "denom": { "native": DENOM } } });
    fleet.send(fleet.owner(), vec![(&at.escrow, sweep, 0)]).await.unwrap();
    assert_eq!(fleet.balance(&at.escrow).await.unwrap(), 0, "all accounts are closed and paid out");
    let taken_out = 6 * 1_000_000;
    assert_eq!(fleet.balance(&at.registry).await.unwrap(), BOND - taken_out);
    fleet.fixture.stop().await;
}
