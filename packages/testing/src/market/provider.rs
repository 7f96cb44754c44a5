//! What providers and their operators do.

use cosmwasm_std::HexBinary;
use souk_api::{
    orderbook,
    registry::{Contact, ExecuteMsg, Gateway},
};
use souk_core::{Amount, Attribute, CloseReason, OrderId, Price};

use super::{Market, Outcome};
use crate::{Hardware, usouk};

impl Market {
    /// Registers a provider with a bond of its own coins, in base units.
    pub fn register(&mut self, name: &str, hardware: &Hardware, bond: u128) -> Outcome {
        let msg = ExecuteMsg::Register {
            payee: Some(self.payee(name).into()),
            operator: self.operator(name).into(),
            gateway: Gateway {
                uri: format!("https://{name}.example.com:8443"),
                pins: vec![HexBinary::from([1; 32])],
            },
            attributes: hardware.attributes(),
            contact: Contact::default(),
        };
        self.tell_registry(name, &msg, bond)
    }

    /// The provider claims other attributes.
    pub fn reclaim_attributes(&mut self, name: &str, hardware: &Hardware) -> Outcome {
        let attributes = Some(hardware.attributes());
        self.tell_registry(name, &ExecuteMsg::Update { payee: None, attributes, contact: None }, 0)
    }

    /// The provider adds to its bond.
    pub fn bond(&mut self, name: &str, units: u128) -> Outcome {
        self.tell_registry(name, &ExecuteMsg::Bond {}, units)
    }

    /// The provider asks part of its bond back.
    pub fn unbond(&mut self, name: &str, units: u128) -> Outcome {
        self.tell_registry(name, &ExecuteMsg::Unbond { amount: amount(units) }, 0)
    }

    /// The provider takes what has unbonded.
    pub fn claim_unbonded(&mut self, name: &str) -> Outcome {
        self.tell_registry(name, &ExecuteMsg::ClaimUnbonded {}, 0)
    }

    /// The provider leaves.
    pub fn deregister(&mut self, name: &str) -> Outcome {
        self.tell_registry(name, &ExecuteMsg::Deregister {}, 0)
    }

    /// The operator stops new bids or allows them again.
    pub fn set_maintenance(&mut self, name: &str, on: bool) -> Outcome {
        let provider = self.who(name).into();
        let (operator, registry) = (self.operator(name), self.contracts.registry.clone());
        self.send(&operator, &registry, &ExecuteMsg::SetMaintenance { provider, on }, &[])
    }

    /// The slasher takes part of a bond, for a receiver that the owner sets before. In markets of
    /// tests that needs no delay, unless their settings have one.
    pub fn slash(&mut self, provider: &str, units: u128, recipient: &str) -> Outcome {
        let receiver = ExecuteMsg::UpdateConfig {
            guardian: None,
            orderbook: None,
            min_bond: None,
            slashers: None,
            slashing: None,
            slash_receiver: Some(self.who(recipient).into()),
            change_delay: None,
        };
        self.tell_registry("owner", &receiver, 0)?;
        let provider: String = self.who(provider).into();
        let (amount, reason) = (amount(units), "a test".to_owned());
        let notice = ExecuteMsg::NoticeSlash { provider: provider.clone(), amount, reason };
        self.tell_registry("slasher", &notice, 0)?;
        self.tell_registry("slasher", &ExecuteMsg::Slash { provider, amount }, 0)
    }

    /// The operator bids, in base units an hour, with the notice that the order asks for.
    pub fn bid(&mut self, provider: &str, order: OrderId, price: u128) -> Outcome {
        self.bid_offering(provider, order, price, Vec::new())
    }

    /// The operator bids and says what it would give.
    pub fn bid_offering(
        &mut self,
        provider: &str,
        order: OrderId,
        price: u128,
        offer: Vec<Attribute>,
    ) -> Outcome {
        let (name, price) = (self.who(provider).into(), to_price(price));
        let found: Result<orderbook::OrderResponse, _> =
            self.chain.try_ask(&self.contracts.orderbook, &orderbook::QueryMsg::Order { order });
        let asked = found.ok().and_then(|order| order.reclamation);
        let reclamation_window = asked.map(|asked| asked.min_window);
        let msg = orderbook::ExecuteMsg::PlaceBid {
            order,
            provider: name,
            price,
            offer,
            reclamation_window,
        };
        self.send_as_operator(provider, &msg)
    }

    /// The operator announces that it takes a lease back.
    pub fn start_reclaim(
        &mut self,
        provider: &str,
        order: OrderId,
        reason: CloseReason,
    ) -> Outcome {
        self.send_as_operator(provider, &orderbook::ExecuteMsg::StartReclaim { order, reason })
    }

    /// The operator lowers its bid.
    pub fn lower(&mut self, provider: &str, order: OrderId, price: u128) -> Outcome {
        let (name, price) = (self.who(provider).into(), to_price(price));
        let msg = orderbook::ExecuteMsg::LowerBid { order, provider: name, price };
        self.send_as_operator(provider, &msg)
    }

    /// The operator takes its bid back.
    pub fn withdraw_bid(&mut self, provider: &str, order: OrderId) -> Outcome {
        let name = self.who(provider).into();
        let msg = orderbook::ExecuteMsg::WithdrawBid { order, provider: name };
        self.send_as_operator(provider, &msg)
    }

    /// The operator says that its provider is there.
    pub fn heartbeat(&mut self, provider: &str) -> Outcome {
        let name = self.who(provider).into();
        let msg = orderbook::ExecuteMsg::Heartbeat { provider: name, statement: None };
        self.send_as_operator(provider, &msg)
    }

    /// The operator ends a lease.
    pub fn give_up_lease(
        &mut self,
        provider: &str,
        order: OrderId,
        reason: CloseReason,
    ) -> Outcome {
        let msg = orderbook::ExecuteMsg::CloseLease { order, reason: Some(reason), exclude: false };
        self.send_as_operator(provider, &msg)
    }

    fn send_as_operator(&mut self, provider: &str, msg: &orderbook::ExecuteMsg) -> Outcome {
        let (operator, orderbook) = (self.operator(provider), self.contracts.orderbook.clone());
        self.send(&operator, &orderbook, msg, &[])
    }

    fn tell_registry(&mut self, name: &str, msg: &ExecuteMsg, units: u128) -> Outcome {
        let (sender, registry) = (self.who(name), self.contracts.registry.clone());
        let coins = if units == 0 { vec![] } else { vec![usouk(units)] };
        self.send(&sender, &registry, msg, &coins)
    }
}

pub(super) fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn to_price(units: u128) -> Price {
    Price::new(units).unwrap_or_else(|error| panic!("{error}"))
}
