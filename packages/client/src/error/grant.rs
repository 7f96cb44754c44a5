//! Why a keeper is not allowed to top an account up.

use souk_core::DeploymentId;

/// What keeps a tenant from allowing it. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It is paid in a token.
    #[error(
        "deployment {deployment} is paid in the token {denom}, which the chain cannot let another key deposit: a \
         token's coins are sent by a call to its contract, whose amount stands in the message, and the limit of a \
         grant counts the chain's own coins alone; deposit it yourself"
    )]
    Token {
        /// The deployment.
        deployment: DeploymentId,
        /// What it is paid in.
        denom: String,
    },
    /// The key is not the tenant's.
    #[error(
        "the key is {key}'s, and what it pays into deployment {deployment} would be a gift; this takes the key of the \
         tenant, {tenant}"
    )]
    NotTenant {
        /// The deployment.
        deployment: DeploymentId,
        /// Its tenant.
        tenant: String,
        /// Who it is.
        key: String,
    },
    /// The keeper is the tenant.
    #[error(
        "{0} is the tenant's own key, which needs no leave; name the key that `souk keep` runs with"
    )]
    OwnKey(String),
    /// There are grants with another time, and the chain keeps one time for all of them.
    #[error(
        "{keeper} has leave for {others} other contracts or accounts, which holds {until}, and the chain keeps one time \
         for all of it; give the same --until, or --replace to take the rest back"
    )]
    OtherTime {
        /// Who has them.
        keeper: String,
        /// How many.
        others: usize,
        /// For people: until when.
        until: String,
    },
    /// What there is allows more than this program can show, and would be replaced.
    #[error(
        "{keeper} has leave of another kind already ({reason}), which a new grant takes back as a whole; give --replace to \
         do that"
    )]
    Unknown {
        /// Who has it.
        keeper: String,
        /// What it is.
        reason: String,
    },
    /// There is no such grant.
    #[error(
        "{keeper} has no leave to top deployment {deployment} up: it was never given, or is used up or over"
    )]
    None {
        /// Who has none.
        keeper: String,
        /// The deployment.
        deployment: DeploymentId,
    },
}
