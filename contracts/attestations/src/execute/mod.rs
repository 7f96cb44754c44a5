//! One action a file: load, decide by the rules, save, emit.

mod attest;
mod instantiate;
mod revoke;
mod set_profile;
mod update_config;

pub use attest::attest;
pub use instantiate::instantiate;
pub use revoke::revoke;
pub use set_profile::set_profile;
pub use update_config::update_config;
