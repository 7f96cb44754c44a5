//! What a tenant's tools and a provider's gateway agree on: tokens, routes, bodies, pins
