//! What a tenant would like to have, and what its market asks of a price.

use souk_api::orderbook::{Absence, ConfigResponse, OrderResponse, QuotedFor, Reclamation};
use souk_core::{Denom, GroupSpec, Price, presence::Market as Place};
use souk_gateway::QuotesRequest;

use crate::{error::Error, market::Market};

/// What a tenant would like to have.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who would use the quotes.
    pub tenant: String,
    /// What is paid in.
    pub denom: Denom,
    /// The groups.
    pub groups: Vec<GroupSpec>,
    /// What holds when the provider is not seen any more.
    pub absence: Absence,
    /// The notice for which the provider may take a lease back; none if it may not.
    pub reclamation: Option<Reclamation>,
    /// What the market takes of the provider's pay, in hundredths of a per cent.
    pub take_bps: u16,
    /// The least price that the market takes, base units an hour; none that is known if none.
    pub min_price: Option<Price>,
    /// If not empty, only these providers are asked.
    pub allow: Vec<String>,
    /// These are not.
    pub refuse: Vec<String>,
}

impl Wanted {
    /// What an open order asks for.
    ///
    /// # Errors
    /// If the order is older than the rule for absent providers: no quote is for such an order.
    pub fn by_order(order: &OrderResponse, config: &ConfigResponse) -> Result<Self, Error> {
        let absence = order.absence.ok_or_else(|| {
            let older = "it is older than the market's terms for absences, for which quotes are; take a bid";
            Error::input(format!("order {}", order.id), older)
        })?;
        let terms = config.denoms.iter().find(|terms| terms.denom == order.denom);
        let refuse = order.refuse.iter().chain(&order.excluded).cloned();
        Ok(Self {
            tenant: order.tenant.clone(),
            denom: order.denom.clone(),
            groups: vec![order.spec.clone()],
            absence,
            reclamation: order.reclamation,
            take_bps: order.take_bps,
            min_price: terms.map(|terms| terms.min_price),
            allow: order.allow.clone(),
            refuse: refuse.collect(),
        })
    }

    /// What is asked of a gateway about these groups.
    pub(super) fn request(&self, groups: &[usize], sign: bool) -> QuotesRequest {
        QuotesRequest {
            tenant: self.tenant.clone(),
            denom: self.denom.clone(),
            groups: groups.iter().filter_map(|group| self.groups.get(*group)).cloned().collect(),
            absence: Some(self.absence),
            reclamation: self.reclamation,
            sign,
        }
    }

    /// For what a quote for one of the groups must be.
    pub(super) fn whom<'a>(&'a self, spec: &'a GroupSpec, market: &'a Market) -> QuotedFor<'a> {
        let (chain_id, orderbook) = (&market.network.chain_id, &market.contracts.orderbook);
        QuotedFor {
            market: Place { chain_id, orderbook },
            tenant: &self.tenant,
            spec,
            denom: &self.denom,
            absence: Some(self.absence),
        }
    }
}
