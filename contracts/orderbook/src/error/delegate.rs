//! What can go wrong where a delegate makes its deployment cost something.

use souk_core::Rate;
use thiserror::Error;

/// What a delegate's limit, or the lack of one, forbids.
#[derive(Debug, Error, PartialEq)]
pub enum DelegateError {
    /// A limit for nobody.
    #[error("a limit of {0} an hour needs a delegate that it holds for; name one, or no limit")]
    LimitWithoutDelegate(Rate),
    /// A delegate for which its tenant set no limit.
    #[error(
        "this delegate may not make the deployment cost anything: its tenant set no limit; the tenant \
         sends set_delegate with one, or does this itself"
    )]
    WithoutLimit,
    /// More than a delegate may let a deployment cost.
    #[error(
        "the deployment could cost {after} an hour then, and its delegate's limit is {limit}; the \
         tenant raises that by set_delegate, or does this itself"
    )]
    AboveLimit {
        /// Base units an hour, all leases together.
        after: u128,
        /// The limit.
        limit: Rate,
    },
}
