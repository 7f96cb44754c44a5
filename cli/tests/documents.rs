//! Every `souk` command that a document shows is one that the program takes.
#![allow(clippy::unwrap_used)]

use clap::{Parser, error::ErrorKind};
use souk_cli::args::Cli;

const DOCUMENTS: [(&str, &str); 8] = [
    ("README.md", include_str!("../../README.md")),
    ("docs/architecture.md", include_str!("../../docs/architecture.md")),
    ("docs/tenant.md", include_str!("../../docs/tenant.md")),
    ("docs/provider.md", include_str!("../../docs/provider.md")),
    ("docs/staking.md", include_str!("../../docs/staking.md")),
    ("docs/auditing.md", include_str!("../../docs/auditing.md")),
    ("docs/deployment.md", include_str!("../../docs/deployment.md")),
    ("docs/guarded-launch.md", include_str!("../../docs/guarded-launch.md")),
];

/// What stands for something that the reader puts in.
const PLACEHOLDERS: [(&str, &str); 10] = [
    ("ADDRESS", "souk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnawd7cp"),
    ("AMOUNT", "5000000usouk"),
    ("DEPLOYMENT", "1"),
    ("ORDER", "1"),
    ("LEASE", "1"),
    ("PROVIDER", "souk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnawd7cp"),
    ("PIN", "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("FOLDER", "unsigned"),
    ("HEX", "0707070707070707070707070707070707070707070707070707070707070707"),
    ("...", ""),
];

/// Reads a command as the programs do: `souk devnet` and `souk demo` pass theirs on.
fn parse(words: Vec<String>) -> Result<(), clap::Error> {
    Cli::try_parse_from(&words)?;
    if matches!(words.get(1).map(String::as_str), Some("devnet" | "demo")) {
        souk_localnet::program::Cli::try_parse_from(&words)?;
    }
    Ok(())
}

fn words(command: &str) -> Vec<String> {
    let plain = command.split(" #").next().unwrap_or_default();
    let known = |word: &str| {
        let found = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
        found.map_or(word, |(_, value)| *value).to_owned()
    };
    plain.split_whitespace().map(known).filter(|word| !word.is_empty()).collect()
}

/// Lines of code and words between backticks that begin with the program's name.
fn commands(text: &str) -> (Vec<&str>, Vec<&str>) {
    let starts = |code: &&str| code.starts_with("souk ");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    ")).filter(starts);
    let spans = text
        .lines()
        .filter(|line| !line.starts_with("    "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(starts);
    (lines.collect(), spans.collect())
}

#[test]
fn every_line_of_code_is_a_whole_command() {
    let mut seen = 0;
    for (name, text) in DOCUMENTS {
        for command in commands(text).0 {
            seen += 1;
            let parsed = parse(words(command));
            assert!(parsed.is_ok(), "{name}: `{command}`: {}", parsed.unwrap_err());
        }
    }
    assert!(seen > 20, "only {seen} commands were found");
}

#[test]
fn every_command_named_in_a_sentence_is_there() {
    let mut seen = 0;
    for (name, text) in DOCUMENTS {
        for command in commands(text).1 {
            seen += 1;
            let Err(error) = parse(words(command)) else { continue };
            // A sentence may leave out what the command is given.
            let named = [
                ErrorKind::MissingRequiredArgument,
                ErrorKind::MissingSubcommand,
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ErrorKind::ValueValidation,
            ];
            assert!(named.contains(&error.kind()), "{name}: `{command}`: {error}");
        }
    }
    assert!(seen > 5, "only {seen} commands were found");
}
