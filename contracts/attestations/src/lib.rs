//! What auditors attest of providers
