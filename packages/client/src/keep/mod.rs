//! Watching a deployment for its tenant: what is seen, and what is then told and done.
//!
//! [`look`] asks the chain, [`listen`] the gateways of providers that the chain has not seen for long, [`decide`],
//! which is pure, says what is new and what to do, and [`take`] does it.

mod act;
mod decide;
mod memory;
mod news;
mod presence;

pub use act::{look, take};
pub use decide::{Kept, Step, Wishes, decide};
pub use memory::Memory;
pub use news::News;
pub use presence::{Heard, Said, listen, pass_on, serves};
