//! Values as people read them: coins, durations, tables.

mod duration;
mod money;
mod table;

pub use duration::duration;
pub use money::{a_month, amount};
pub use table::table;
