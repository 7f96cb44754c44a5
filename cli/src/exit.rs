//! Exit codes, for scripts: those of all Souk's programs.

pub use souk_client::exit::Exit;

use crate::error::Missing;

/// The exit code that an error stands for: that of the first cause that says one.
pub fn of(error: &anyhow::Error) -> Exit {
    let of_cause = |cause: &(dyn std::error::Error + 'static)| match cause.is::<Missing>() {
        true => Some(Exit::Input),
        false => souk_client::exit::of_cause(cause),
    };
    error.chain().find_map(of_cause).unwrap_or(Exit::Failure)
}

#[cfg(test)]
mod tests {
    use souk_client::Error;

    use super::*;

    #[test]
    fn the_first_cause_that_says_an_exit_code_decides() {
        let refused = || Error::Refused { action: "a deposit".to_owned(), reason: "no".to_owned() };
        for (error, exit) in [
            (anyhow::Error::new(Missing::Key), Exit::Input),
            (anyhow::Error::new(refused()).context("depositing"), Exit::Refused),
            (anyhow::anyhow!("something else"), Exit::Failure),
        ] {
            assert_eq!(of(&error), exit, "{error:#}");
        }
    }
}
