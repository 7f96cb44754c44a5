//! A provider's price for a group, as far as its gateway was believed.

use std::sync::Arc;

use souk_api::registry::ProviderResponse;
use souk_core::{Attribute, Price};

/// A price that a provider would run a group for, and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Base units an hour.
    pub price: Price,
    /// What it would give where the group leaves it open.
    pub offer: Vec<Attribute>,
    /// The notice that it would give, in seconds.
    pub reclamation_window: Option<u64>,
}

/// A provider's price for a group.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The provider.
    pub provider: Arc<ProviderResponse>,
    /// Its price.
    pub offered: Offered,
}
