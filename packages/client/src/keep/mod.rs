//! Watching a deployment for its tenant: what is seen, and what is then told and done.
//!
//! [`Keeper::look`] asks the chain, and the gateways of providers that the chain has not seen for long ([`listen`]);
//! [`decide`], which is pure, says what is new and what to do, and [`Keeper::take`] does it.

mod act;
mod decide;
mod fill;
mod grant;
mod memory;
mod news;
mod presence;

pub use act::Keeper;
pub use decide::{Kept, Leave, Step, Wishes, decide};
pub use fill::{Fill, Reopened};
pub use grant::{Allowance, Change, Pair, grantable};
pub use memory::Memory;
pub use news::News;
pub use presence::{Heard, Said, listen, pass_on, serves};
