//! What goes wrong on the command line, with what to do next.

use souk_chain::log::own_words;
use souk_chain::query::QueryError;
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
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let part = match cause.downcast_ref::<QueryError>() {
            Some(QueryError::Refused { log, .. }) => own_words(log).to_owned(),
            _ => cause.to_string(),
        };
        // Many errors quote their cause.
        if !parts.last().is_some_and(|last| last.ends_with(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use souk_client::Error;

    use super::describe;

    #[test]
    fn a_cause_that_its_error_quotes_is_said_once() {
        let source = std::io::Error::other("no such thing");
        let error = Error::File { path: "app.yaml".into(), source };
        assert_eq!(describe(&error.into()), "app.yaml: no such thing");
    }
}
