//! Leases by quotes: providers sign prices, tenants use them.

mod again;
mod edges;
mod twists;

use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::orderbook::{
    Absence, NewDeployment, Quote,
    events::{DeploymentCreated, LeaseCreated},
};

use super::*;
use crate::market::{Asked, quote_key};

/// A deployment by quotes that is to be created.
#[derive(Clone)]
struct Deal {
    tenant: &'static str,
    /// Whether it pays coins or tokens.
    held: usize,
    new: NewDeployment,
    quotes: Vec<Quote>,
    deposit: u128,
}

impl Play {
    /// The key with which a provider's agent signs.
    fn key(&self, name: &str) -> SigningKey {
        match self.keys.get(name) {
            None => quote_key(name),
            Some(count) => quote_key(&format!("{name} {count}")),
        }
    }

    /// A provider's agent signs with another key from now on.
    fn rotate(&mut self, name: &'static str) {
        *self.keys.entry(name).or_default() += 1;
        let key = self.key(name);
        self.market.set_quote_key(name, Some(&key));
    }

    /// A provider's agent signs that, and the books know.
    fn sign(&mut self, name: &str, asked: &Asked, quote: Quote) -> Quote {
        let key = self.key(name);
        let quote = self.market.signed(&key, asked, quote);
        let key = <[u8; 32]>::from(VerificationKey::from(&key));
        self.ledger.quotes.sign(key.into(), asked, &quote);
        quote
    }

    /// A price of a provider, for the usual time.
    fn quoted(&mut self, name: &str, asked: &Asked, units: u128) -> Quote {
        let quote = self.market.quote(name, asked, units);
        self.sign(name, asked, quote)
    }

    /// What a group of a deployment that is to be created asks for.
    fn asked(&self, tenant: &str, held: usize, new: &NewDeployment, group: usize) -> Asked {
        let denom = self.ledger.fees.denom(held);
        Asked { denom, ..self.market.asked(tenant, new, group) }
    }

    /// A deployment of `count` groups, with a quote for each.
    fn deal(&mut self, tenant: &'static str, count: usize, which: u8, units: u16) -> Deal {
        let held = if which & 32 != 0 { TOKEN } else { COIN };
        let new = self.new_deployment(count, which, tenant_choice());
        let mut quotes = Vec::new();
        for group in 0..count {
            // All of one provider, or each of another.
            let other = if units % 2 == 0 { 0 } else { group };
            let name = PROVIDERS[(usize::from(units / 2) + other) % PROVIDERS.len()];
            let asked = self.asked(tenant, held, &new, group);
            let price = asked.spec.ceiling.u128() * (1 + u128::from(units) % 100) / 100;
            quotes.push(self.quoted(name, &asked, price));
        }
        let deposit = MIN_DEPOSIT * count as u128 + u128::from(units) * 3;
        Deal { tenant, held, new, quotes, deposit }
    }

    /// Creates a deployment by quotes.
    fn conclude(&mut self, deal: &Deal) -> Result<DeploymentId, String> {
        let Deal { tenant, held, new, quotes, deposit } = deal.clone();
        let (token, mut created) = (self.ledger.fees.token.clone(), None);
        self.attempt(|market| {
            let response = if held == TOKEN {
                market.create_with_quotes_in(&token, tenant, &new, &quotes, deposit)?
            } else {
                let msg = ExecuteMsg::CreateWithQuotes { deployment: new, quotes };
                let sent = market.pay(&market.who(tenant), &msg, &coins(deposit, DENOM));
                sent.map_err(|error| error.to_string())?
            };
            created = market.events_of::<DeploymentCreated>(&response).pop();
            Ok::<_, String>(response)
        })?;
        let id = created.unwrap().deployment;
        self.opened.push(id);
        self.count(if held == TOKEN { "created by quotes in tokens" } else { "created by quotes" });
        if deal.quotes.len() > 1 {
            self.count("several groups by quotes");
        }
        Ok(id)
    }

    /// A deployment whose leases begin at once, as long as there are few.
    pub(super) fn create_with_quotes(
        &mut self,
        tenant: &'static str,
        which: u8,
        units: u16,
    ) -> Done {
        let live = |seen: &&Seen| seen.order.state != OrderState::Closed;
        if self.view.orders.values().filter(live).count() > 4 {
            return self.prune();
        }
        let mut deal = self.deal(tenant, 1 + usize::from(which) % 3, which, units);
        if units % 4 == 3 {
            // Just as much as the deposit carries, or a unit more; the ceilings are far above.
            deal.new.groups.iter_mut().for_each(|group| group.ceiling = price(4 * MIN_DEPOSIT));
            let others: u128 = deal.quotes[1..].iter().map(|quote| quote.price.u128()).sum();
            let most = deal.deposit - others;
            deal.quotes[0].price = price(most + u128::from(units / 4 % 4 == 0));
            self.sign_again(&mut deal);
            self.conclude(&deal)?;
            self.count("quotes for all that is paid in");
            return Ok(());
        }
        self.conclude(&deal).map(drop)
    }

    /// All providers sign again for what the deployment asks for now.
    fn sign_again(&mut self, deal: &mut Deal) {
        for group in 0..deal.quotes.len() {
            let asked = self.asked(deal.tenant, deal.held, &deal.new, group);
            let name = self.name_of(&deal.quotes[group].provider);
            deal.quotes[group] = self.sign(name, &asked, deal.quotes[group].clone());
        }
    }

    /// A quote is taken for an open order, by its tenant or its delegate, whether or not its provider bid for it.
    pub(super) fn accept_quote(&mut self, provider: &'static str, which: u8, units: u16) -> Done {
        // Now and then one that binds.
        let open = |seen: &&Seen| {
            let binds = seen.order.closes_at.is_some();
            seen.order.state == OrderState::Open && (!binds || units % 16 == 7)
        };
        let open: Vec<_> = self.view.orders.values().filter(open).collect();
        let Some(seen) = open.get(usize::from(which) % open.len().max(1)) else {
            return Err("no order is open".to_owned());
        };
        let (order, others) = (seen.order.clone(), !seen.bids.is_empty());
        let (id, deployment) = (order.id, order.group.deployment);
        let tenant = self.name_of(&order.tenant);
        let own = |play: &Self| {
            play.market.bids(id).iter().any(|bid| play.name_of(&bid.provider) == provider)
        };
        let asked = self.market.asked_by(id);
        let ceiling = asked.spec.ceiling.u128();
        if units % 4 == 1 && !own(self) {
            let _ = self.attempt(|market| market.place(provider, id, ceiling));
        }
        let cost = ceiling * (1 + u128::from(units / 4) % 100) / 100;
        let mut quote = self.quoted(provider, &asked, cost);
        if units % 4 == 3 {
            return self.accept_twisted(tenant, id, provider, quote, units / 4);
        }
        if units % 8 == 4 {
            quote.offer = vec![eu()];
            quote = self.sign(provider, &asked, quote);
        }
        let had_bid = own(self);
        if units % 4 == 2 {
            // Just within the delegate's limit, or a unit beyond.
            let rate = self.market.account(deployment).clock.rate.u128();
            let limit = (rate + cost).saturating_sub(u128::from(units / 4 % 3 == 0));
            self.attempt(|market| market.set_delegate(tenant, deployment, "desk", Some(limit)))?;
            self.attempt(|market| market.accept_quote("desk", id, quote))?;
            self.count("quote accepted by a delegate");
        } else {
            self.attempt(|market| market.accept_quote(tenant, id, quote))?;
        }
        self.count(match (had_bid, others) {
            (true, _) => "quote accepted beside an own bid",
            (false, true) => "quote accepted before bids",
            _ => "quote accepted",
        });
        Ok(())
    }

    /// What leases by quotes say of themselves.
    pub(super) fn note_quoted(&mut self, response: &AppResponse) {
        for created in self.market.events_of::<LeaseCreated>(response) {
            if created.nonce.is_some() {
                self.count("lease by a quote");
            }
            if created.offer.is_some() {
                self.count("lease by a quote with an offer");
            }
        }
    }
}

/// Other terms than those.
fn other(absence: Option<Absence>) -> Option<Absence> {
    let absence = absence.unwrap_or_default();
    Some(Absence { reopens: !absence.reopens, ..absence })
}
