//! Values as people read them: coins, durations, tables.

mod absence;
mod duration;
mod money;
mod offers;
mod reclaim;
mod status;
mod table;

pub use absence::{absence_terms, paid_until, taken_back, unseen, when_absent};
pub use duration::{duration, moment};
pub use money::{a_month, amount};
pub use offers::{offers, quotes};
pub use reclaim::reclaim;
pub use status::status;
pub use table::table;
