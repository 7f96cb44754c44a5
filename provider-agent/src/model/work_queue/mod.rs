//! Work on keys: which is next ([`queue`]), and which is due at what time ([`due`]). Both are pure:
//! the time is a parameter.

pub mod due;
pub mod queue;

pub use due::{DueTimes, next_refresh};
pub use queue::{End, Taken, Urgency, WorkQueue};
