//! What goes wrong on the command line, with what to do next.

use thiserror::Error;

/// What the command line does not say.
#[derive(Debug, Error)]
pub enum Missing {
    /// No network chosen.
    #[error(
        "no network is chosen; give --network NAME or FILE, or set SOUK_NETWORK (`souk demo --keep` and `souk devnet` print theirs)"
    )]
    Network,
    /// No key chosen.
    #[error(
        "no key is chosen; give --key NAME or set SOUK_KEY, and make one with `souk keys add NAME`"
    )]
    Key,
}

/// An error and its causes from the outside in, each said once, and without what chain and
/// modules wrap around a contract's own words.
pub fn describe(error: &anyhow::Error) -> String {
    souk_client::exit::describe(error.chain())
}
