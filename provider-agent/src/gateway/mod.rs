//! Serves tenants: manifest, status, logs, events and shell of their leases, by wallet tokens.
