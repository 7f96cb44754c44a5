//! Prices that providers sign off chain, and what tenants do with them.

use cosmwasm_std::to_json_binary;
use cw20::Cw20ExecuteMsg;
use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::{
    defaults::TAKE_BPS,
    orderbook::{Absence, Cw20Hook, Quote, QuotedFor, events::DeploymentCreated},
};
use souk_core::{presence::Market as Named, quote::DEFAULT_VALIDITY};

use super::*;

/// For whom and for what a provider is asked to quote.
#[derive(Clone, Debug)]
pub struct Asked {
    pub tenant: String,
    pub spec: GroupSpec,
    pub denom: Denom,
    pub absence: Option<Absence>,
    /// The notice that is asked for, which the quote gives.
    pub window: Option<u64>,
}

/// The key with which the agent of a provider of that name signs.
pub fn quote_key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    for (byte, letter) in seed.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    SigningKey::from(seed)
}

impl Market {
    /// The agent of the provider of that name signs from now on with its key, or with nothing.
    pub fn set_quote_key(&mut self, name: &str, key: Option<&SigningKey>) {
        let (operator, registry) = (self.operator(name), self.registry.clone());
        let key = key.map(|key| HexBinary::from(<[u8; 32]>::from(VerificationKey::from(key))));
        let msg = registry::ExecuteMsg::SetQuoteKey { provider: self.who(name).into(), key };
        self.call(&operator, &registry, &msg, 0).unwrap();
    }

    /// A provider in Europe with ten slots, whose agent quotes.
    pub fn quoting_provider(&mut self, name: &str) -> Addr {
        let address = self.provider(name);
        self.set_quote_key(name, Some(&quote_key(name)));
        address
    }

    /// A group of a deployment that the tenant of that name is about to create, counted from 0; paid in coins.
    pub fn asked(&self, tenant: &str, new: &NewDeployment, group: usize) -> Asked {
        Asked {
            tenant: self.who(tenant).into(),
            spec: new.groups[group].clone(),
            denom: usouk(),
            absence: Some(new.absence.unwrap_or_default()),
            window: new.reclamation.map(|asked| asked.min_window),
        }
    }

    /// The group of an order.
    pub fn asked_by(&self, order: OrderId) -> Asked {
        let OrderResponse { tenant, spec, denom, absence, reclamation, .. } = self.order_of(order);
        let window = reclamation.map(|asked| asked.min_window);
        Asked { tenant, spec, denom, absence, window }
    }

    /// What the agent of the provider of that name signs now, for the usual time and with a nonce that is new.
    pub fn quote(&self, name: &str, asked: &Asked, units: u128) -> Quote {
        let (now, count) = (self.now(), self.quotes.get() + 1);
        self.quotes.set(count);
        let quote = Quote {
            provider: self.who(name).into(),
            price: price(units),
            max_take_bps: TAKE_BPS,
            offer: Vec::new(),
            reclamation_window: asked.window,
            issued_at: now,
            valid_until: now + DEFAULT_VALIDITY,
            nonce: now * 1_000_000 + count,
            signature: HexBinary::default(),
        };
        self.signed(&quote_key(name), asked, quote)
    }

    /// The same quote, signed with that key.
    pub fn signed(&self, key: &SigningKey, asked: &Asked, quote: Quote) -> Quote {
        let chain_id = self.app.block_info().chain_id;
        let market = Named { chain_id: &chain_id, orderbook: self.orderbook.as_str() };
        let Asked { tenant, spec, denom, absence, .. } = asked;
        let whom = QuotedFor { market, tenant, spec, denom, absence: *absence };
        let bytes = quote.signed_bytes(whom).unwrap();
        Quote { signature: HexBinary::from(key.sign(&bytes).to_bytes()), ..quote }
    }

    /// Creates a deployment whose leases begin at once, with a deposit of coins.
    pub fn create_with_quotes(
        &mut self,
        tenant: &str,
        new: &NewDeployment,
        quotes: &[Quote],
        deposit: u128,
    ) -> Result<DeploymentId, ContractError> {
        let (deployment, quotes) = (new.clone(), quotes.to_vec());
        let msg = ExecuteMsg::CreateWithQuotes { deployment, quotes };
        let response = self.pay(&self.who(tenant), &msg, &coins(deposit, DENOM))?;
        let created: Vec<DeploymentCreated> = self.events_of(&response);
        Ok(created[0].deployment)
    }

    /// The same, with a deposit of a token that the tenant of that name has.
    pub fn create_with_quotes_in(
        &mut self,
        token: &Addr,
        tenant: &str,
        new: &NewDeployment,
        quotes: &[Quote],
        deposit: u128,
    ) -> Result<AppResponse, String> {
        let (deployment, quotes) = (new.clone(), quotes.to_vec());
        let hook = Cw20Hook::CreateWithQuotes { deployment, quotes };
        let msg = Cw20ExecuteMsg::Send {
            contract: self.orderbook.to_string(),
            amount: deposit.into(),
            msg: to_json_binary(&hook).unwrap(),
        };
        self.call(&self.who(tenant), token, &msg, 0)
    }

    /// That one takes a price for an open order.
    pub fn accept_quote(
        &mut self,
        sender: &str,
        order: OrderId,
        quote: Quote,
    ) -> Result<AppResponse, ContractError> {
        self.send(&self.who(sender), &ExecuteMsg::AcceptQuote { order, quote })
    }
}
