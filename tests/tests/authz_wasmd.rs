//! A tenant allows a keeper to top up one account, on a wasmd node with the real wasm: what the keeper
//! deposits is the tenant's own money, and what was not allowed is refused.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::json;
use souk_api::escrow;
use souk_chain::{
    Any, Coin, TxHash,
    log::own_words,
    rpc::{BroadcastReply, TxResult},
    tx::{self, ContractGrant, ExecutionGrants, GrantLimit, SignerData, TxPlan},
};
use souk_client::market::Market;
use souk_core::AccountId;
use souk_tests::{
    bench::{Account, Accounts, Fixture, Parties, coins},
    tools,
    wasmd::DENOM,
};
use tokio::time::{Instant, sleep};

/// What the tenant allows to be deposited, in base units.
const LIMIT: u128 = 1_000_000;
const GAS: u64 = 2_000_000;
const POLL: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(60);

/// A query that any state answers.
const PARAMS: &str = "/cosmos.bank.v1beta1.Query/Params";

/// Codespace and code.
type Code = (&'static str, u32);
const FINE: Code = ("", 0);
const NOT_ALLOWED: Code = ("sdk", 4);
const NO_GRANT: Code = ("authz", 2);
const EXPIRY_PASSED: Code = ("authz", 3);
const CONTRACT_REFUSES: Code = ("wasm", 5);

/// A tenant with an account, its keeper, and a stranger.
struct Scene {
    fixture: Fixture,
    market: Market,
    accounts: Accounts,
    account: AccountId,
}

impl Scene {
    async fn new() -> Option<Self> {
        tools::or_not_run(tools::artifacts().and(tools::program("wasmd", "chain")))?;
        let fixture = Fixture::start().await.unwrap();
        let accounts = Accounts::create(&fixture, 3).await.unwrap();
        let parties = Parties { fixture: &fixture, tenant: &accounts.0[0], providers: &[] };
        let account = parties.create(1, 1).await.unwrap().account;
        let market = Market::new(fixture.network.clone()).unwrap();
        Some(Self { fixture, market, accounts, account })
    }

    fn tenant(&self) -> &Account {
        &self.accounts.0[0]
    }

    fn keeper(&self) -> &Account {
        &self.accounts.0[1]
    }

    fn stranger(&self) -> &Account {
        &self.accounts.0[2]
    }

    fn deposit(&self) -> escrow::ExecuteMsg {
        escrow::ExecuteMsg::Deposit { account: self.account }
    }

    /// A grant of exactly the deposit into the account.
    fn grant(&self, limit: GrantLimit, expires: Option<u64>) -> ExecutionGrants {
        let escrow = &self.fixture.contracts.escrow;
        let grant = ContractGrant::exactly(escrow, &self.deposit(), limit).unwrap();
        ExecutionGrants { grants: vec![grant], expires }
    }

    fn granted(&self, grants: &ExecutionGrants) -> Vec<Any> {
        vec![tx::grant_execution(&self.tenant().address, &self.keeper().address, grants)]
    }

    /// A message of the tenant's to a contract.
    fn call(&self, contract: &str, json: &str, coins: &[Coin]) -> Any {
        tx::execute_bytes(&self.tenant().address, contract, json.as_bytes().to_vec(), coins)
    }

    /// The tenant's deposit, as the keeper sends it.
    fn paid(&self, amount: u128) -> Any {
        self.tenant().deposit(&self.fixture, self.account, amount)
    }

    fn for_tenant(&self, messages: Vec<Any>) -> Vec<Any> {
        vec![tx::as_granted(&self.keeper().address, messages)]
    }

    /// One transaction in a block.
    async fn result(&self, account: &Account, messages: Vec<Any>) -> TxResult {
        let (client, network) = (&self.fixture.client, &self.fixture.network);
        let fee = network.gas_price.fee(GAS);
        let plan = TxPlan { messages, gas_limit: GAS, fee, ..TxPlan::default() };
        let signer = SignerData {
            chain_id: network.chain_id.clone(),
            account_number: account.number,
            sequence: account.next_sequence(),
        };
        let signed = plan.sign(&account.key, &signer);
        let mut height = client.status().await.unwrap().height;
        let reply = client.broadcast_tx_sync(&signed.bytes).await.reply.unwrap();
        assert_eq!(reply, BroadcastReply::Accepted);
        let deadline = Instant::now() + TIMEOUT;
        loop {
            assert!(Instant::now() < deadline, "no block: {}", self.fixture.node.log_tail());
            // A node announces a block before it has its results.
            let Ok(results) = client.block_results(height + 1).await else {
                sleep(POLL).await;
                continue;
            };
            height += 1;
            let txs = client.block(height).await.unwrap().txs;
            let place = txs.iter().position(|bytes| TxHash::of(bytes) == signed.hash);
            if let Some(place) = place {
                // It has them before it has the state.
                while self
                    .fixture
                    .client
                    .abci_query(PARAMS, &[], height)
                    .await
                    .unwrap()
                    .lacks_state()
                {
                    sleep(POLL).await;
                }
                return results.txs_results[place].clone();
            }
        }
    }

    async fn expect(&self, what: &str, code: Code, account: &Account, messages: Vec<Any>) {
        let result = self.result(account, messages).await;
        let found = (result.codespace.as_str(), result.code);
        assert_eq!(found, code, "{what}: {}", result.log);
        let words = own_words(&result.log);
        assert!(!words.contains("failed to execute message"), "{what}: {words}");
    }

    async fn left(&self) -> Option<ExecutionGrants> {
        let query = self.fixture.client.query();
        query.execution_grants(&self.tenant().address, &self.keeper().address).await.unwrap()
    }

    /// Balance of the escrow account, the tenant's part, and how many deposits others made.
    async fn state(&self) -> (u128, u128, u32) {
        let account = self.market.escrow.account(self.account).await.unwrap();
        assert_eq!(account.tenant, self.tenant().address);
        let part = account.withdrawable.u128();
        (account.balance.u128(), part, account.deposits)
    }

    async fn coins_of(&self, account: &Account) -> u128 {
        self.fixture.client.query().balance(&account.address, DENOM).await.unwrap()
    }

    /// The time of the newest block, in seconds.
    async fn now(&self) -> u64 {
        let height = self.fixture.client.status().await.unwrap().height;
        self.fixture.client.header(height).await.unwrap().time.seconds
    }

    /// The keeper's deposits are the tenant's own, up to the limit.
    async fn within_the_limit(&self) {
        let grants =
            self.grant(GrantLimit::Coins(vec![coins(LIMIT)]), Some(self.now().await + 3_600));
        self.expect("grant", FINE, self.tenant(), self.granted(&grants)).await;
        assert_eq!(self.left().await, Some(grants.clone()));

        let (balance, own, deposits) = self.state().await;
        assert_eq!(deposits, 0);
        let (tenant, keeper) = (self.tenant(), self.keeper());
        let before = (self.coins_of(tenant).await, self.coins_of(keeper).await);
        self.expect("deposit", FINE, keeper, self.for_tenant(vec![self.paid(400_000)])).await;
        // Nobody but the tenant owns any of it: no deposit of another's was made.
        assert_eq!(self.state().await, (balance + 400_000, own + 400_000, 0));
        assert!(self.market.escrow.deposits(self.account).await.unwrap().is_empty());
        assert_eq!(self.coins_of(tenant).await, before.0 - 400_000);
        let fee: u128 = self.fixture.network.gas_price.fee(GAS).iter().map(|c| c.amount).sum();
        assert_eq!(self.coins_of(keeper).await, before.1 - fee);
        let less = GrantLimit::Coins(vec![coins(LIMIT - 400_000)]);
        assert_eq!(self.left().await, Some(self.grant(less, grants.expires)));
    }

    /// What was not allowed is refused, and neither spends nor moves anything.
    async fn beyond(&self) {
        let (held, state) = (self.left().await, self.state().await);
        let tenant = self.coins_of(self.tenant()).await;
        let contracts = &self.fixture.contracts;
        let (escrow, one) = (contracts.escrow.as_str(), vec![coins(1)]);
        let deposit = serde_json::to_value(self.deposit()).unwrap();
        let exact = deposit.to_string();
        let call =
            |json: &serde_json::Value, coins: &[Coin]| self.call(escrow, &json.to_string(), coins);
        let account = self.account;
        let (back, other) = (
            json!({ "withdraw_deposit": { "account": account, "amount": "1" } }),
            json!({ "deposit": { "account": account.0 + 1 } }),
        );
        let mut two = deposit.clone();
        two["withdraw_deposit"] = back["withdraw_deposit"].clone();
        let to = &self.stranger().address;
        let other_denom = vec![Coin::new(1, "uother")];
        let of_stranger = self.stranger().deposit(&self.fixture, account, 1);
        for (what, code, messages) in [
            ("above what is left", NOT_ALLOWED, vec![self.paid(600_001)]),
            ("above what is left, in two", NOT_ALLOWED, vec![self.paid(599_999), self.paid(2)]),
            // The first uses it up; the second takes it along.
            ("one after the last", NO_GRANT, vec![self.paid(600_000), self.paid(1)]),
            ("another account", NOT_ALLOWED, vec![call(&other, &one)]),
            ("another message", NOT_ALLOWED, vec![call(&back, &[])]),
            ("two keys", NOT_ALLOWED, vec![call(&two, &one)]),
            ("a blank more", NOT_ALLOWED, vec![self.call(escrow, &format!("{exact} "), &one)]),
            ("another contract", NOT_ALLOWED, vec![self.call(&contracts.orderbook, &exact, &one)]),
            ("another denom", NOT_ALLOWED, vec![call(&deposit, &other_denom)]),
            ("no coins", CONTRACT_REFUSES, vec![call(&deposit, &[])]),
            ("a transfer", NO_GRANT, vec![tx::send(&self.tenant().address, to, &one)]),
            ("another tenant", NO_GRANT, vec![of_stranger]),
        ] {
            self.expect(what, code, self.keeper(), self.for_tenant(messages)).await;
            assert_eq!(self.left().await, held, "{what}");
            assert_eq!(self.state().await, state, "{what}");
            assert_eq!(self.coins_of(self.tenant()).await, tenant, "{what}");
        }
        let stranger = tx::as_granted(&self.stranger().address, vec![self.paid(1)]);
        self.expect("another keeper", NO_GRANT, self.stranger(), vec![stranger]).await;
        assert_eq!(self.state().await, state);
    }

    /// The last coin ends the grant.
    async fn used_up(&self) {
        self.expect("the rest", FINE, self.keeper(), self.for_tenant(vec![self.paid(600_000)]))
            .await;
        assert_eq!(self.left().await, None);
        self.expect("one more", NO_GRANT, self.keeper(), self.for_tenant(vec![self.paid(1)])).await;
    }

    /// Calls are counted beside coins; a new grant replaces the old; a revoked one is gone.
    async fn replaced_and_revoked(&self) {
        let limit = |calls, left| GrantLimit::CallsAndCoins { calls, coins: vec![coins(left)] };
        let first = self.grant(GrantLimit::Coins(vec![coins(5)]), None);
        self.expect("a grant", FINE, self.tenant(), self.granted(&first)).await;
        let second = self.grant(limit(2, 7), None);
        self.expect("another grant", FINE, self.tenant(), self.granted(&second)).await;
        assert_eq!(self.left().await, Some(second));
        let state = self.state().await;
        let one = || self.for_tenant(vec![self.paid(1)]);
        self.expect("a call of two", FINE, self.keeper(), one()).await;
        let left = self.grant(limit(1, 6), None);
        assert_eq!(self.left().await, Some(left.clone()));
        assert_eq!(left.grants[0].limit.left_of(DENOM), 6);
        self.expect("the last call", FINE, self.keeper(), one()).await;
        assert_eq!(self.left().await, None);
        assert_eq!(self.state().await, (state.0 + 2, state.1 + 2, 0));

        self.expect("a grant again", FINE, self.tenant(), self.granted(&first)).await;
        let revoke = || vec![tx::revoke_execution(&self.tenant().address, &self.keeper().address)];
        self.expect("revoke", FINE, self.tenant(), revoke()).await;
        assert_eq!(self.left().await, None);
        self.expect("after the revoke", NO_GRANT, self.keeper(), one()).await;
        self.expect("revoke nothing", NO_GRANT, self.tenant(), revoke()).await;
    }

    /// A grant ends with its time.
    async fn expired(&self) {
        let limit = || GrantLimit::Coins(vec![coins(LIMIT)]);
        let passed = self.grant(limit(), Some(self.now().await.saturating_sub(1)));
        self.expect("too late", EXPIRY_PASSED, self.tenant(), self.granted(&passed)).await;
        let until = self.now().await + 8;
        let short = self.grant(limit(), Some(until));
        self.expect("a short grant", FINE, self.tenant(), self.granted(&short)).await;
        let one = || self.for_tenant(vec![self.paid(1)]);
        self.expect("in time", FINE, self.keeper(), one()).await;
        let deadline = Instant::now() + TIMEOUT;
        while self.now().await <= until {
            assert!(Instant::now() < deadline, "the chain's time stands still");
            sleep(POLL).await;
        }
        assert_eq!(self.left().await, None);
        let state = self.state().await;
        self.expect("after the expiry", NO_GRANT, self.keeper(), one()).await;
        assert_eq!(self.state().await, state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_tops_up_the_account_that_a_tenant_allowed_and_does_nothing_else() {
    let Some(scene) = Scene::new().await else { return };
    scene.within_the_limit().await;
    scene.beyond().await;
    scene.used_up().await;
    scene.replaced_and_revoked().await;
    scene.expired().await;
    scene.fixture.stop().await;
}
