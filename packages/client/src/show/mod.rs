//! Values as people read them: coins, durations, tables.

mod duration;
mod money;
mod offers;
mod reclaim;
mod status;
mod table;

pub use duration::duration;
pub use money::{a_month, amount};
pub use offers::offers;
pub use reclaim::reclaim;
pub use status::status;
pub use table::table;
