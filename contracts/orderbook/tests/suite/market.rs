//! A market on a chain of its own: the real escrow, registry and attestations around the
//! orderbook, and the few sentences that the tests are told in.

#![allow(dead_code)]

use std::collections::BTreeMap;

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Coin, Event, HexBinary, StdError, coins};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, ContractWrapper, Executor, MockApiBech32,
    SudoMsg,
};
use souk_api::{
    TypedEvent, attestations,
    defaults::{self, DENOM, Foundations, Roles},
    escrow,
    event::of_contract,
    orderbook::{
        BidResponse, BidsResponse, BookResponse, DeploymentResponse, EligibilityResponse,
        ExecuteMsg, InstantiateMsg, LeaseResponse, NewDeployment, OrderResponse, QueryMsg,
    },
    registry,
};
use souk_core::{
    AccountId, Amount, Attribute, AuctionPolicy, CloseReason, Denom, DeploymentId, GroupSpec,
    GroupUnit, OrderId, Price, Requirements, Resources, SignedBy, Volume,
};
use souk_orderbook::ContractError;

/// A deposit that lasts for a year of the prices used here.
pub const PLENTY: u128 = 1_000_000_000;
/// Base units of bond for a slot.
pub const SLOT: u128 = defaults::BOND_PER_SLOT;

pub struct Market {
    pub app: App<BankKeeper, MockApiBech32>,
    pub owner: Addr,
    pub guardian: Addr,
    pub slasher: Addr,
    pub collector: Addr,
    pub escrow: Addr,
    pub registry: Addr,
    pub attestations: Addr,
    pub book: Addr,
    pub book_code: u64,
    /// What was minted so far: nothing may be lost of it.
    pub minted: u128,
}

macro_rules! code {
    ($krate:ident) => {
        Box::new(
            ContractWrapper::new(
                $krate::contract::execute,
                $krate::contract::instantiate,
                $krate::contract::query,
            )
            .with_migrate($krate::contract::migrate),
        )
    };
}

impl Market {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// A market whose registry does not know the book, so that a provider can leave in the
    /// middle of its business.
    pub fn unlinked() -> Self {
        Self::put_up(|_| ())
    }

    /// A market whose orderbook is set up a little differently.
    pub fn with(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let mut market = Self::put_up(change);
        let link = defaults::link_registry(market.book.to_string());
        let (owner, registry) = (market.owner.clone(), market.registry.clone());
        market.tell(&owner, &registry, &link, 0).unwrap();
        market
    }

    fn put_up(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let api = MockApiBech32::new("souk");
        let mut app = AppBuilder::new().with_api(api).build(|_, _, _| {});
        let name = |name: &str| app.api().addr_make(name);
        let (owner, guardian) = (name("owner"), name("guardian"));
        let (slasher, collector) = (name("slasher"), name("collector"));
        let roles = || Roles { owner: None, guardian: Some(guardian.to_string()) };

        let code = app.store_code(code!(souk_attestations));
        let attestations = put(&mut app, code, &owner, &defaults::attestations(roles()));
        let code = app.store_code(code!(souk_provider_registry));
        let msg = defaults::registry(roles(), vec![slasher.to_string()]);
        let registry = put(&mut app, code, &owner, &msg);
        let code = app.store_code(code!(souk_escrow));
        let escrow = put(&mut app, code, &owner, &defaults::escrow(roles(), collector.to_string()));
        let book_code = app.store_code(code!(souk_orderbook));
        let on = Foundations {
            escrow: escrow.to_string(),
            registry: registry.to_string(),
            attestations: attestations.to_string(),
        };
        let mut msg = defaults::orderbook(roles(), on);
        change(&mut msg);
        let book = put(&mut app, book_code, &owner, &msg);
        let link = defaults::link_escrow(book.to_string());
        app.execute_contract(owner.clone(), escrow.clone(), &link, &[]).unwrap();
        Self {
            app,
            owner,
            guardian,
            slasher,
            collector,
            escrow,
            registry,
            attestations,
            book,
            book_code,
            minted: 0,
        }
    }

    /// The address of someone called so.
    pub fn who(&self, name: &str) -> Addr {
        self.app.api().addr_make(name)
    }

    /// The operator key of a provider of that name.
    pub fn operator(&self, name: &str) -> Addr {
        self.who(&format!("{name}-operator"))
    }

    /// Who is paid for a provider of that name.
    pub fn payee(&self, name: &str) -> Addr {
        self.who(&format!("{name}-payee"))
    }

    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// One block later, by so many seconds.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.blocks(1, seconds)
    }

    /// So many blocks later, all in all by so many seconds.
    pub fn blocks(&mut self, blocks: u64, seconds: u64) -> &mut Self {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(seconds);
        });
        self
    }

    pub fn mint(&mut self, to: &Addr, units: u128) {
        let (to_address, amount) = (to.to_string(), coins(units, DENOM));
        self.app.sudo(SudoMsg::Bank(BankSudo::Mint { to_address, amount })).unwrap();
        self.minted += units;
    }

    pub fn balance(&self, of: &Addr) -> u128 {
        self.app.wrap().query_balance(of, DENOM).unwrap().amount.u128()
    }

    /// Sends a message to the orderbook.
    pub fn send(&mut self, from: &Addr, msg: &ExecuteMsg) -> Result<AppResponse, ContractError> {
        self.pay(from, msg, &[])
    }

    /// Sends a message with coins, minted for it.
    pub fn pay(
        &mut self,
        from: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        for coin in funds {
            if coin.denom == DENOM {
                self.mint(from, coin.amount.u128());
            } else {
                let (to_address, amount) = (from.to_string(), vec![coin.clone()]);
                self.app.sudo(SudoMsg::Bank(BankSudo::Mint { to_address, amount })).unwrap();
            }
        }
        let sent = self.app.execute_contract(from.clone(), self.book.clone(), msg, funds);
        sent.map_err(|error| match error.downcast::<ContractError>() {
            Ok(error) => error,
            Err(other) => ContractError::Std(StdError::generic_err(format!("{other:#}"))),
        })
    }

    /// Sends a message to another contract of the suite.
    pub fn tell<M: Serialize + std::fmt::Debug>(
        &mut self,
        from: &Addr,
        to: &Addr,
        msg: &M,
        units: u128,
    ) -> Result<AppResponse, String> {
        let funds = if units == 0 {
            Vec::new()
        } else {
            self.mint(from, units);
            coins(units, DENOM)
        };
        let sent = self.app.execute_contract(from.clone(), to.clone(), msg, &funds);
        sent.map_err(|error| format!("{error:#}"))
    }

    /// Registers a provider whose bond backs so many slots.
    pub fn provider_with(&mut self, name: &str, slots: u128, attributes: &[Attribute]) -> Addr {
        let (address, registry) = (self.who(name), self.registry.clone());
        let msg = registry::ExecuteMsg::Register {
            payee: Some(self.payee(name).to_string()),
            operator: self.operator(name).to_string(),
            gateway: registry::Gateway {
                uri: format!("https://{name}.example.com"),
                pins: Vec::new(),
            },
            attributes: attributes.to_vec(),
            contact: registry::Contact::default(),
        };
        self.tell(&address, &registry, &msg, slots * SLOT).unwrap();
        address
    }

    /// A provider in Europe with ten slots.
    pub fn provider(&mut self, name: &str) -> Addr {
        self.provider_with(name, 10, &[Attribute::new("region", "eu")])
    }

    pub fn slash(&mut self, provider: &Addr, units: u128) {
        let msg = registry::ExecuteMsg::Slash {
            provider: provider.to_string(),
            amount: amount(units),
            recipient: self.collector.to_string(),
            reason: "downtime".into(),
        };
        let (slasher, registry) = (self.slasher.clone(), self.registry.clone());
        self.tell(&slasher, &registry, &msg, 0).unwrap();
    }

    pub fn deregister(&mut self, provider: &Addr) {
        let registry = self.registry.clone();
        self.tell(provider, &registry, &registry::ExecuteMsg::Deregister {}, 0).unwrap();
    }

    /// An auditor attests attributes of a provider until a moment.
    pub fn attest(&mut self, auditor: &str, provider: &Addr, what: &[Attribute], until: u64) {
        let (auditor, attestations) = (self.who(auditor), self.attestations.clone());
        let msg = attestations::ExecuteMsg::Attest {
            provider: provider.to_string(),
            attributes: what.to_vec(),
            expires_at: until,
            evidence: None,
        };
        self.tell(&auditor, &attestations, &msg, 0).unwrap();
    }

    pub fn revoke(&mut self, auditor: &str, provider: &Addr) {
        let (auditor, attestations) = (self.who(auditor), self.attestations.clone());
        let msg = attestations::ExecuteMsg::Revoke { provider: provider.to_string(), keys: None };
        self.tell(&auditor, &attestations, &msg, 0).unwrap();
    }

    /// Creates a deployment with a deposit.
    pub fn create(
        &mut self,
        tenant: &str,
        new: &NewDeployment,
        deposit: u128,
    ) -> Result<DeploymentId, ContractError> {
        let tenant = self.who(tenant);
        let msg = ExecuteMsg::CreateDeployment(new.clone());
        let response = self.pay(&tenant, &msg, &coins(deposit, DENOM))?;
        let created: Vec<souk_api::orderbook::events::DeploymentCreated> =
            self.events_of(&response);
        Ok(created[0].deployment)
    }

    /// A deployment of one group for anyone up to 1000 an hour, and its order.
    pub fn order(&mut self, tenant: &str, auction: AuctionPolicy) -> OrderId {
        let id = self.create(tenant, &deployment(&[group("web", 1_000)], auction), PLENTY).unwrap();
        self.deployment(id).groups[0].order
    }

    pub fn place(
        &mut self,
        name: &str,
        order: OrderId,
        units: u128,
    ) -> Result<AppResponse, ContractError> {
        let msg = ExecuteMsg::PlaceBid {
            order,
            provider: self.who(name).to_string(),
            price: price(units),
            offer: Vec::new(),
        };
        self.send(&self.operator(name), &msg)
    }

    pub fn lower(
        &mut self,
        name: &str,
        order: OrderId,
        units: u128,
    ) -> Result<AppResponse, ContractError> {
        let provider = self.who(name).to_string();
        let msg = ExecuteMsg::LowerBid { order, provider, price: price(units) };
        self.send(&self.operator(name), &msg)
    }

    pub fn withdraw(&mut self, name: &str, order: OrderId) -> Result<AppResponse, ContractError> {
        let provider = self.who(name).to_string();
        self.send(&self.operator(name), &ExecuteMsg::WithdrawBid { order, provider })
    }

    pub fn accept(
        &mut self,
        tenant: &str,
        order: OrderId,
        provider: &str,
        max: u128,
    ) -> Result<AppResponse, ContractError> {
        let provider = self.who(provider).to_string();
        let msg = ExecuteMsg::AcceptBid { order, provider, max_price: price(max) };
        self.send(&self.who(tenant), &msg)
    }

    /// A lease of `provider` at `units` an hour, for a tenant of that name.
    pub fn lease(&mut self, tenant: &str, provider: &str, units: u128) -> OrderId {
        let order = self.order(tenant, tenant_choice());
        self.place(provider, order, units).unwrap();
        self.accept(tenant, order, provider, units).unwrap();
        order
    }

    /// The provider of that name closes a lease.
    pub fn provider_closes(
        &mut self,
        name: &str,
        order: OrderId,
        reason: CloseReason,
    ) -> Result<AppResponse, ContractError> {
        let msg = ExecuteMsg::CloseLease { order, reason: Some(reason) };
        self.send(&self.operator(name), &msg)
    }

    /// The tenant of that name closes a lease.
    pub fn tenant_closes(
        &mut self,
        name: &str,
        order: OrderId,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(name), &ExecuteMsg::CloseLease { order, reason: None })
    }

    pub fn close_auction(
        &mut self,
        order: OrderId,
        limit: u32,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who("anyone"), &ExecuteMsg::CloseAuction { order, limit })
    }

    pub fn close(&mut self, tenant: &str, id: DeploymentId) -> Result<AppResponse, ContractError> {
        self.send(&self.who(tenant), &ExecuteMsg::CloseDeployment { deployment: id })
    }

    pub fn expire(&mut self, order: OrderId) -> Result<AppResponse, ContractError> {
        self.send(&self.who("anyone"), &ExecuteMsg::ExpireOrder { order })
    }

    pub fn reap(&mut self, deployment: DeploymentId) -> Result<AppResponse, ContractError> {
        self.send(&self.who("anyone"), &ExecuteMsg::ReapDeployment { deployment })
    }

    /// Anyone releases bids of the provider of that name.
    pub fn release(&mut self, name: &str, orders: &[OrderId]) -> AppResponse {
        let provider = self.who(name).to_string();
        let msg = ExecuteMsg::ReleaseBids { provider, orders: orders.to_vec() };
        self.send(&self.who("anyone"), &msg).unwrap()
    }

    /// Anyone prunes orders.
    pub fn prune(&mut self, orders: &[OrderId]) -> AppResponse {
        self.send(&self.who("anyone"), &ExecuteMsg::Prune { orders: orders.to_vec() }).unwrap()
    }

    /// Anyone adds coins to a deployment's account.
    pub fn deposit(&mut self, from: &str, deployment: DeploymentId, units: u128) {
        let (from, escrow) = (self.who(from), self.escrow.clone());
        let msg = escrow::ExecuteMsg::Deposit { account: AccountId(deployment.0) };
        self.tell(&from, &escrow, &msg, units).unwrap();
    }

    pub fn pause(&mut self, on: bool) {
        let msg = if on { ExecuteMsg::Pause {} } else { ExecuteMsg::Unpause {} };
        self.send(&self.owner.clone(), &msg).unwrap();
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.book, msg).map_err(|error| error.to_string())
    }

    pub fn deployment(&self, deployment: DeploymentId) -> DeploymentResponse {
        self.query(&QueryMsg::Deployment { deployment }).unwrap()
    }

    pub fn order_of(&self, order: OrderId) -> OrderResponse {
        self.query(&QueryMsg::Order { order }).unwrap()
    }

    pub fn bid(&self, name: &str, order: OrderId) -> BidResponse {
        let provider = self.who(name).to_string();
        self.query(&QueryMsg::Bid { order, provider }).unwrap()
    }

    pub fn bids(&self, order: OrderId) -> Vec<BidResponse> {
        let msg = QueryMsg::Bids { order, start_after: None, limit: Some(100) };
        self.query::<BidsResponse>(&msg).unwrap().bids
    }

    pub fn lease_of(&self, order: OrderId) -> LeaseResponse {
        self.query(&QueryMsg::Lease { order }).unwrap()
    }

    pub fn book_of(&self, name: &str) -> BookResponse {
        let provider = self.who(name).to_string();
        self.query(&QueryMsg::Book { provider }).unwrap()
    }

    /// Why a provider could not bid; `None` if it could.
    pub fn ineligible(&self, name: &str, order: OrderId) -> Option<String> {
        let provider = self.who(name).to_string();
        let answer: EligibilityResponse =
            self.query(&QueryMsg::Eligible { order, provider }).unwrap();
        assert_eq!(answer.eligible, answer.reason.is_none());
        answer.reason
    }

    pub fn account(&self, deployment: DeploymentId) -> escrow::AccountResponse {
        let msg = escrow::QueryMsg::Account { account: AccountId(deployment.0) };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    pub fn stream(&self, deployment: DeploymentId, order: OrderId) -> escrow::StreamResponse {
        let account = AccountId(deployment.0);
        let msg = escrow::QueryMsg::Stream { account, stream: order.0 };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    /// The orderbook's events of one type in a response.
    pub fn events_of<E: TypedEvent>(&self, response: &AppResponse) -> Vec<E> {
        let read = |event: &Event| {
            let ty = of_contract(&event.ty, &event.attributes, self.book.as_str())?;
            (ty == E::TYPE).then(|| E::from_attributes(&event.attributes).unwrap())
        };
        response.events.iter().filter_map(read).collect()
    }

    /// Everything in the orderbook's storage.
    pub fn storage(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.app.dump_wasm_raw(&self.book).into_iter().collect()
    }
}

impl Default for Market {
    fn default() -> Self {
        Self::new()
    }
}

fn put<M: Serialize>(
    app: &mut App<BankKeeper, MockApiBech32>,
    code: u64,
    owner: &Addr,
    msg: &M,
) -> Addr {
    let admin = Some(owner.to_string());
    app.instantiate_contract(code, owner.clone(), msg, &[], "part of the market", admin).unwrap()
}

pub fn price(units: u128) -> Price {
    Price::new(units).unwrap()
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn tenant_choice() -> AuctionPolicy {
    AuctionPolicy::TenantChoice {}
}

pub fn lowest_price(closes_after: u64) -> AuctionPolicy {
    AuctionPolicy::LowestPrice { closes_after }
}

pub fn eu() -> Attribute {
    Attribute::new("region", "eu")
}

/// A small group in Europe.
pub fn group(name: &str, ceiling: u128) -> GroupSpec {
    let storage = Volume { name: "default".into(), size: 512 << 20, attributes: Vec::new() };
    let resources = Resources {
        cpu_milli: 500,
        cpu_attributes: Vec::new(),
        memory: 512 << 20,
        gpu: None,
        storage: vec![storage],
        endpoints: Vec::new(),
    };
    GroupSpec {
        name: name.into(),
        requirements: Requirements { signed_by: SignedBy::default(), attributes: vec![eu()] },
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: price(ceiling),
    }
}

pub fn deployment(groups: &[GroupSpec], auction: AuctionPolicy) -> NewDeployment {
    NewDeployment {
        commitment: HexBinary::from([7; 32]),
        groups: groups.to_vec(),
        auction,
        delegate: None,
        allow: Vec::new(),
        refuse: Vec::new(),
    }
}

pub fn usouk() -> Denom {
    Denom::native(DENOM)
}
