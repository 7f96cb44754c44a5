//! A provider's price for one group and tenant, signed off chain and used in one transaction.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{HexBinary, StdResult, to_json_vec};
use souk_core::{Attribute, Denom, GroupSpec, Price, presence::Market, quote::Quoted};

use super::Absence;

/// What a lease comes with beside its group and its price. A quote is for one kind of lease: what is added later
/// stands here, so that no older quote makes a lease with it.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct LeaseTerms {
    /// What holds when the provider is not seen any more; none in orders that are older than the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
    /// The notice that the provider gives before it takes the lease back, in seconds; none if it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation_window: Option<u64>,
}

/// A provider's signed price. It binds the provider alone, until `valid_until`, and can be used once.
#[cw_serde]
#[derive(Eq)]
pub struct Quote {
    /// Whose.
    pub provider: String,
    /// Base units an hour, for the whole group.
    pub price: Price,
    /// The highest take rate at which the provider agrees, in hundredths of a per cent.
    pub max_take_bps: u16,
    /// What the provider gives where the group leaves it open, such as the GPU model; 4 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<Attribute>,
    /// The notice that it gives before it takes the lease back, in seconds: no less than the deployment asks for, 30
    /// days at most. None if it asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation_window: Option<u64>,
    /// When it was made, by block time; not after the block that uses it.
    pub issued_at: u64,
    /// The last second in which it can be used; ten minutes after `issued_at` at most.
    pub valid_until: u64,
    /// Stands for one reservation of capacity: of the quotes of a provider with one nonce the first is taken.
    pub nonce: u64,
    /// Over the bytes of `souk_core::quote`, with the provider's `quote_key`; 64 bytes.
    pub signature: HexBinary,
}

/// For what a quote is.
#[derive(Clone, Copy, Debug)]
pub struct QuotedFor<'a> {
    /// The market.
    pub market: Market<'a>,
    /// Who may use it.
    pub tenant: &'a str,
    /// The group.
    pub spec: &'a GroupSpec,
    /// What the lease is paid in.
    pub denom: &'a Denom,
    /// What holds when its provider is not seen any more; none in orders that are older than the rule.
    pub absence: Option<Absence>,
}

impl Quote {
    /// The bytes that its provider signs. One code for who signs and who checks.
    ///
    /// # Errors
    /// If something cannot be written as JSON, which all of it can.
    pub fn signed_bytes(&self, whom: QuotedFor) -> StdResult<Vec<u8>> {
        let QuotedFor { market, tenant, spec, denom, absence } = whom;
        let terms = LeaseTerms { absence, reclamation_window: self.reclamation_window };
        let quoted = Quoted {
            market,
            provider: &self.provider,
            tenant,
            group: &to_json_vec(spec)?,
            terms: &to_json_vec(&terms)?,
            change: (0, &[]),
            denom: &denom.to_string(),
            price: self.price,
            max_take_bps: self.max_take_bps,
            offer: &to_json_vec(&self.offer)?,
            issued_at: self.issued_at,
            valid_until: self.valid_until,
            nonce: self.nonce,
        };
        Ok(quoted.bytes())
    }
}
