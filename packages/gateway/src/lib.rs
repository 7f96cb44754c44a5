//! What a tenant's tools and a provider's gateway agree on: the wallet tokens that open
//! routes, the routes and their bodies, the commitment that ties a manifest to the chain,
//! the pins that tie a gateway to its provider. The client is `souk_client::gateway`.
//!
//! A token is signed by the tenant's wallet key and carries its public key, from which the
//! address is derived: a gateway needs no chain to verify it.

pub mod body;
pub mod commitment;
pub mod pin;
pub mod presence;
pub mod prices;
pub mod quote;
pub mod route;
pub mod token;

pub use commitment::{Salt, commitment};
pub use pin::Pin;
pub use presence::Presence;
pub use prices::Prices;
pub use quote::{QuoteAnswer, QuotesRequest, QuotesResponse};
pub use token::{Access, Audience, Claims, Scope, TokenError};
