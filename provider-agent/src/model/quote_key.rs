//! The key with which the agent signs what it says off chain.

use std::fmt;

use ed25519_zebra::{SigningKey, VerificationKey};

/// An ed25519 key. It is never shown.
#[derive(Clone)]
pub struct QuoteKey(SigningKey);

impl QuoteKey {
    /// The key of a seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from(seed))
    }

    /// What the registry has of it.
    pub fn public(&self) -> [u8; 32] {
        VerificationKey::from(&self.0).into()
    }

    /// For signing.
    pub fn signing(&self) -> &SigningKey {
        &self.0
    }
}

impl fmt::Debug for QuoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuoteKey")
    }
}

/// Whose key the registry has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Registered {
    /// It is not known, or there is none, or this agent's is on its way.
    #[default]
    Unknown,
    /// This agent's.
    Own,
    /// Another one, which came after this agent's.
    Another,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let key = QuoteKey::from_seed([7; 32]);
        assert_eq!(format!("{key:?}"), "QuoteKey");
        assert_ne!(key.public(), QuoteKey::from_seed([8; 32]).public());
    }
}
