//! What is signed is reserved first: nonce, capacity and quotes are one transaction, on disk before a signature
//! exists. Whatever happens after that, nothing is promised twice, and what nobody uses lapses.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{Quote, QuotedFor};
use souk_core::{Attribute, GroupSpec, Price, presence::Market};
use souk_gateway::quote;

use super::{super::run::Bidder, NotQuoted, QuotesAsked, Signing};
use crate::{
    failpoint,
    market::ChainError,
    model::{
        Cursor,
        placement::Reservation,
        quoting::{OpenQuote, QuoteReservation},
    },
    store::{StoreError, Tx, quotes},
};

/// A group that is to be signed for.
pub(super) struct Granted {
    pub spec: GroupSpec,
    pub price: Price,
    pub offer: Vec<Attribute>,
    pub window: Option<u64>,
    pub reservation: Reservation,
    /// The nonce that it shares, with its last second.
    pub shared: Option<(u64, u64)>,
}

/// For what is signed.
pub(super) struct Signer<'a> {
    pub at: Cursor,
    pub asked: &'a QuotesAsked,
    pub signing: &'a Signing,
}

impl Bidder {
    /// Reserves and signs; all or nothing.
    pub(super) async fn sign(
        &mut self,
        signer: Signer<'_>,
        granted: Vec<Granted>,
    ) -> Result<Result<Vec<Quote>, NotQuoted>, ChainError> {
        let Signer { at, asked, signing } = signer;
        let max_take_bps = self.cache.terms().take_bps.get(&asked.denom).copied();
        let Some(max_take_bps) = max_take_bps else { return Ok(Err(NotQuoted::Chain)) };
        let valid_until = at.time.saturating_add(self.deps.config.quotes.validity.0);
        let row = |one: &Granted| QuoteReservation {
            nonce: one.shared.map_or(0, |(nonce, _)| nonce),
            units: one.spec.units.clone(),
            reservation: one.reservation.clone(),
            valid_until: one.shared.map_or(valid_until, |(_, until)| until.min(valid_until)),
            quotes: vec![OpenQuote { asker: signing.asker.clone(), tenant: asked.tenant.clone() }],
        };
        let rows: Vec<QuoteReservation> = granted.iter().map(row).collect();
        failpoint!("quotes::decided");
        let written = self.deps.store.write(move |tx| reserve(tx, at.time, rows)).await?;
        failpoint!("quotes::reserved");
        // A lease took what it was to share.
        let Some(rows) = written else { return Ok(Err(NotQuoted::Busy)) };
        for (row, one) in rows.iter().zip(&granted) {
            self.promised(row, one.shared.is_none());
        }
        if self.deps.idle.borrow().is_some() {
            return Ok(Err(NotQuoted::Superseded));
        }
        let chain = &self.deps.config.chain;
        let orderbook = chain.contracts().orderbook.as_str();
        let market = Market { chain_id: &chain.chain_id, orderbook };
        let signed = rows.iter().zip(granted).map(|(row, one)| {
            let unsigned = Quote {
                provider: self.deps.market.provider().to_owned(),
                price: one.price,
                max_take_bps,
                offer: one.offer,
                reclamation_window: one.window,
                issued_at: at.time,
                valid_until: row.valid_until,
                nonce: row.nonce,
                signature: HexBinary::default(),
            };
            let whom = QuotedFor {
                market,
                tenant: &asked.tenant,
                spec: &one.spec,
                denom: &asked.denom,
                absence: Some(asked.absence),
            };
            self.counts.signed();
            quote::sign(self.deps.quote_key.signing(), unsigned, whom)
        });
        let signed: Vec<Quote> = signed.collect();
        tracing::info!(
            tenant = %asked.tenant, quotes = signed.len(), until = valid_until, "quotes signed"
        );
        failpoint!("quotes::signed");
        Ok(Ok(signed))
    }

    /// What was just stored counts from now on, before the store is read again.
    fn promised(&mut self, row: &QuoteReservation, is_new: bool) {
        if is_new {
            if let Ok(inventory) = &mut self.inventory {
                inventory.reserve(&row.reservation);
            }
            if let Some(provider) = &mut self.cache.provider {
                provider.used = provider.used.saturating_add(1);
            }
        }
        if let Some(known) = &mut self.known {
            known.add_quote(row.clone());
        }
    }
}

/// Gives each its nonce and writes all; none if one of those that are shared is used by now.
fn reserve(
    tx: &Tx<'_>,
    time: u64,
    mut rows: Vec<QuoteReservation>,
) -> Result<Option<Vec<QuoteReservation>>, StoreError> {
    for row in &rows {
        if row.nonce != 0 && !quotes::is_open(tx, row.nonce)? {
            return Ok(None);
        }
    }
    for row in &mut rows {
        if row.nonce == 0 {
            row.nonce = quotes::next_nonce(tx, time)?;
        }
        quotes::add(tx, row)?;
    }
    failpoint!("quotes::writing");
    Ok(Some(rows))
}
