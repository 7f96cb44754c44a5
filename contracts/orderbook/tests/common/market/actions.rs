//! What tenants, providers and strangers do.

use souk_api::defaults::MIN_DEPOSIT;

use super::*;

/// What is done to a group.
#[derive(Clone, Copy, Debug)]
pub enum GroupAction {
    Pause,
    Start,
    StartWithoutLast,
    Close,
}

impl Market {
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
        let to = self.orderbook.clone();
        let sent = self.app.execute_contract(from.clone(), to.clone(), msg, funds);
        self.write_down(from, &to, msg, funds, sent.as_ref().ok());
        sent.map_err(|error| match error.downcast::<ContractError>() {
            Ok(error) => error,
            Err(other) => ContractError::from(StdError::generic_err(format!("{other:#}"))),
        })
    }

    /// Sends a message to another contract of the suite.
    pub fn call<M: Serialize + std::fmt::Debug>(
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
        self.write_down(from, to, msg, &funds, sent.as_ref().ok());
        sent.map_err(|error| format!("{error:#}"))
    }

    /// Registers a provider whose bond backs `slots` slots.
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
        self.call(&address, &registry, &msg, slots * SLOT).unwrap();
        address
    }

    /// A provider in Europe with ten slots.
    pub fn provider(&mut self, name: &str) -> Addr {
        self.provider_with(name, 10, &[Attribute::new("region", "eu")])
    }

    /// Takes part of a bond at once: this market's registry needs no delay.
    pub fn slash(&mut self, provider: &Addr, units: u128) {
        let (slasher, registry) = (self.slasher.clone(), self.registry.clone());
        let provider = provider.to_string();
        let notice = registry::ExecuteMsg::NoticeSlash {
            provider: provider.clone(),
            amount: amount(units),
            reason: "downtime".to_owned(),
        };
        self.call(&slasher, &registry, &notice, 0).unwrap();
        let amount = amount(units);
        self.call(&slasher, &registry, &registry::ExecuteMsg::Slash { provider, amount }, 0)
            .unwrap();
    }

    /// The provider says what it works for at least; it holds at once here.
    pub fn set_floors(&mut self, name: &str, floors: Vec<PriceFloor>) {
        let (provider, registry) = (self.who(name), self.registry.clone());
        let msg = registry::ExecuteMsg::SetFloors { provider: provider.to_string(), floors };
        self.call(&provider, &registry, &msg, 0).unwrap();
    }

    /// A provider leaves in the middle of its business. The registry allows that where it does not know the
    /// orderbook, which it forgets for the moment.
    pub fn deregister(&mut self, provider: &Addr) {
        let (registry, key) = (self.registry.clone(), b"config");
        let config = self.app.contract_storage(&registry).get(key).unwrap();
        let named = format!(r#""orderbook":"{}""#, self.orderbook);
        let text = String::from_utf8(config.clone()).unwrap();
        assert!(text.contains(&named), "{text}");
        let forgotten = text.replacen(&named, r#""orderbook":null"#, 1);
        self.app.contract_storage_mut(&registry).set(key, forgotten.as_bytes());
        self.call(provider, &registry, &registry::ExecuteMsg::Deregister {}, 0).unwrap();
        self.app.contract_storage_mut(&registry).set(key, &config);
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
        self.call(&auditor, &attestations, &msg, 0).unwrap();
    }

    pub fn revoke(&mut self, auditor: &str, provider: &Addr) {
        let (auditor, attestations) = (self.who(auditor), self.attestations.clone());
        let msg = attestations::ExecuteMsg::Revoke { provider: provider.to_string(), keys: None };
        self.call(&auditor, &attestations, &msg, 0).unwrap();
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
            reclamation_window: self.asked_window(order),
        };
        self.send(&self.operator(name), &msg)
    }

    /// The notice that an order asks for.
    fn asked_window(&self, order: OrderId) -> Option<u64> {
        let found: Result<OrderResponse, _> = self.query(&QueryMsg::Order { order });
        found.ok()?.reclamation.map(|asked| asked.min_window)
    }

    /// The provider of that name announces that it takes a lease back.
    pub fn start_reclaim(
        &mut self,
        name: &str,
        order: OrderId,
        reason: CloseReason,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.operator(name), &ExecuteMsg::StartReclaim { order, reason })
    }

    /// That one ends a lease whose notice is over.
    pub fn end_reclaim(
        &mut self,
        name: &str,
        order: OrderId,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(name), &ExecuteMsg::EndReclaim { order })
    }

    /// The operator of the provider of that name says that it is there.
    pub fn heartbeat(&mut self, name: &str) -> Result<AppResponse, ContractError> {
        let provider = self.who(name).into();
        self.send(&self.operator(name), &ExecuteMsg::Heartbeat { provider, statement: None })
    }

    /// Somebody says that the provider of a lease is absent.
    pub fn close_absent(
        &mut self,
        name: &str,
        order: OrderId,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(name), &ExecuteMsg::CloseAbsent { order })
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
        let asked = QueryMsg::Bid { order, provider: self.who(provider).to_string() };
        let found: Result<BidResponse, _> = self.query(&asked);
        self.accept_bid(tenant, order, provider, found.map_or(BidId(0), |bid| bid.id), max)
    }

    /// Accepts the bid of that number.
    pub fn accept_bid(
        &mut self,
        tenant: &str,
        order: OrderId,
        provider: &str,
        bid: BidId,
        max: u128,
    ) -> Result<AppResponse, ContractError> {
        let provider = self.who(provider).to_string();
        let msg = ExecuteMsg::AcceptBid { order, provider, bid, max_price: price(max) };
        self.send(&self.who(tenant), &msg)
    }

    /// A lease of `provider` at `units` an hour, for a tenant of that name.
    pub fn lease(&mut self, tenant: &str, provider: &str, units: u128) -> OrderId {
        let order = self.order(tenant, tenant_choice());
        self.place(provider, order, units).unwrap();
        self.accept(tenant, order, provider, units).unwrap();
        order
    }

    /// A deployment of `ann` whose account pays its one lease, at `pro`, for exactly an hour.
    pub fn lease_for_an_hour(&mut self) -> (DeploymentId, OrderId) {
        self.provider("pro");
        let new = deployment(&[group("web", MIN_DEPOSIT)], tenant_choice());
        let id = self.create("ann", &new, MIN_DEPOSIT).unwrap();
        let order = self.deployment(id).groups[0].order;
        self.place("pro", order, MIN_DEPOSIT).unwrap();
        self.accept("ann", order, "pro", MIN_DEPOSIT).unwrap();
        (id, order)
    }

    /// The provider of that name closes a lease.
    pub fn provider_closes(
        &mut self,
        name: &str,
        order: OrderId,
        reason: CloseReason,
    ) -> Result<AppResponse, ContractError> {
        let msg = ExecuteMsg::CloseLease { order, reason: Some(reason), exclude: false };
        self.send(&self.operator(name), &msg)
    }

    /// The tenant of that name closes a lease.
    pub fn tenant_closes(
        &mut self,
        name: &str,
        order: OrderId,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(name), &ExecuteMsg::CloseLease { order, reason: None, exclude: false })
    }

    /// The tenant of that name closes a lease and does not want its provider again.
    pub fn tenant_excludes(
        &mut self,
        name: &str,
        order: OrderId,
    ) -> Result<AppResponse, ContractError> {
        let msg = ExecuteMsg::CloseLease { order, reason: None, exclude: true };
        self.send(&self.who(name), &msg)
    }

    /// That one pauses, starts or closes a group of a deployment.
    pub fn group(
        &mut self,
        name: &str,
        action: GroupAction,
        deployment: DeploymentId,
        seq: u32,
    ) -> Result<AppResponse, ContractError> {
        let group = GroupSeq(seq);
        let start = |without_last| ExecuteMsg::StartGroup { deployment, group, without_last };
        let msg = match action {
            GroupAction::Pause => ExecuteMsg::PauseGroup { deployment, group },
            GroupAction::Start => start(false),
            GroupAction::StartWithoutLast => start(true),
            GroupAction::Close => ExecuteMsg::CloseGroup { deployment, group },
        };
        self.send(&self.who(name), &msg)
    }

    /// The tenant of that name lets anyone start its groups, or no longer.
    pub fn let_anyone_start(
        &mut self,
        tenant: &str,
        deployment: DeploymentId,
        on: bool,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(tenant), &ExecuteMsg::SetAnyoneStarts { deployment, on })
    }

    /// That one changes who may bid on the orders to come.
    pub fn set_lists(
        &mut self,
        sender: &str,
        deployment: DeploymentId,
        allow: Option<&[&str]>,
        refuse: Option<&[&str]>,
    ) -> Result<AppResponse, ContractError> {
        let addresses = |names: &[&str]| names.iter().map(|name| self.who(name).into()).collect();
        let (allow, refuse) = (allow.map(addresses), refuse.map(addresses));
        let msg = ExecuteMsg::UpdateDeployment { deployment, commitment: None, allow, refuse };
        self.send(&self.who(sender), &msg)
    }

    /// The tenant of that name makes another one its delegate, with a limit or without.
    pub fn set_delegate(
        &mut self,
        tenant: &str,
        deployment: DeploymentId,
        delegate: &str,
        limit: Option<u128>,
    ) -> Result<AppResponse, ContractError> {
        let delegate = Some(self.who(delegate).to_string());
        let limit = limit.map(|units| Rate::new(units).unwrap());
        self.send(&self.who(tenant), &ExecuteMsg::SetDelegate { deployment, delegate, limit })
    }

    /// That one says who may not bid on the first group any more, and who may again.
    pub fn set_excluded(
        &mut self,
        sender: &str,
        deployment: DeploymentId,
        add: &[&str],
        remove: &[&str],
    ) -> Result<AppResponse, ContractError> {
        let addresses = |names: &[&str]| names.iter().map(|name| self.who(name).into()).collect();
        let (add, remove) = (addresses(add), addresses(remove));
        let msg = ExecuteMsg::SetExcluded { deployment, group: GroupSeq(1), add, remove };
        self.send(&self.who(sender), &msg)
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

    pub fn end_deployment(
        &mut self,
        deployment: DeploymentId,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who("anyone"), &ExecuteMsg::EndDeployment { deployment })
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
        self.call(&from, &escrow, &msg, units).unwrap();
    }

    pub fn pause(&mut self, on: bool) {
        let msg = if on { ExecuteMsg::Pause {} } else { ExecuteMsg::Unpause {} };
        self.send(&self.owner.clone(), &msg).unwrap();
    }
}
