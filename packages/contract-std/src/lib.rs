//! What the five contracts do alike, so that each of them holds its own rules alone.
//!
//! - [`context`]: [`Ctx`], what an action works with, and [`View`], the same for queries;
//! - [`mod@config`]: the configuration's storage and what the rest must know of it;
//! - [`admin`]: set-up, pause, ownership and migration, each with its event;
//! - [`mod@pause`]: when a pause ends;
//! - [`permission`]: sender, coins and pause, checked from the message's own declaration;
//! - [`coins`]: coins that come in; [`pay`]: coins that go out, native and cw20;
//! - [`page`]: pages of maps; [`limits`]: lengths of texts and lists;
//! - [`error`]: what can go wrong in all of these;
//! - `testing`: a chain in memory for tests (a feature);
//! - `schema` and `readme`: the schema program, and tests that hold documents to the code
//!   (not in wasm).

pub mod admin;
pub mod coins;
pub mod config;
pub mod context;
pub mod error;
pub mod limits;
pub mod page;
pub mod pause;
pub mod pay;
pub mod permission;
#[cfg(not(target_arch = "wasm32"))]
pub mod readme;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;
mod version;

pub use coins::Paid;
pub use config::Config;
pub use context::{Ctx, View};
pub use error::CommonError;
pub use page::Page;
