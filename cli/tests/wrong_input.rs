//! What the command says to wrong input: which exit code, on which stream, with what to do.
#![allow(clippy::unwrap_used)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use assert_cmd::Command;
use predicates::{prelude::*, str::contains};
use tempfile::TempDir;

const NETWORK: &str = r#"
name = "nowhere"
chain_id = "nowhere-1"
rpc = ["http://127.0.0.1:9"]
prefix = "souk"
denom = "usouk"
gas_price = "0.025usouk"
[contracts]
orderbook = "souk1orderbook"
escrow = "souk1escrow"
registry = "souk1registry"
attestations = "souk1attestations"
fee_distributor = "souk1fees"
"#;

const SDL: &str = include_str!("../../examples/chat.yaml");

/// A home with a network that nobody serves and a key named `me`.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("networks")).unwrap();
    fs::write(home.path().join("networks/nowhere.toml"), NETWORK).unwrap();
    souk(home.path()).args(["keys", "add", "me", "--plain"]).assert().success();
    home
}

fn souk(home: &Path) -> Command {
    let mut command = Command::cargo_bin("souk").unwrap();
    command.env_clear().env("SOUK_HOME", home).current_dir(home);
    command
}

#[test]
fn without_a_network_it_says_how_to_choose_one() {
    let home = home();
    souk(home.path()).args(["list", "--key", "me"]).assert().code(3).stderr(contains("--network"));
}

#[test]
fn an_unknown_network_names_where_it_was_looked_for() {
    let home = home();
    let asked = souk(home.path()).args(["list", "--network", "atlantis"]).assert();
    asked.code(3).stderr(contains("atlantis.toml"));
}

#[test]
fn a_network_file_with_a_misspelt_key_is_refused_by_that_key() {
    let home = home();
    let file = home.path().join("bad.toml");
    fs::write(&file, NETWORK.replace("gas_price", "gas_prise")).unwrap();
    let asked = souk(home.path()).args(["balance", "--network", "bad.toml"]).assert();
    asked.code(3).stderr(contains("gas_prise"));
}

#[test]
fn a_chain_that_cannot_be_reached_is_told_apart_from_a_refusal() {
    let home = home();
    let asked = souk(home.path()).args(["balance", "--network", "nowhere", "--key", "me"]).assert();
    asked.code(5).stderr(contains("127.0.0.1:9"));
}

#[test]
fn errors_are_objects_for_programs_and_leave_standard_output_alone() {
    let home = home();
    let asked = souk(home.path()).args(["list", "--json"]).assert().code(3).stdout("");
    let output = asked.get_output();
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["exit"], 3);
    assert!(error["error"].as_str().unwrap().contains("--network"), "{error}");
}

#[test]
fn a_key_that_others_may_read_is_refused_with_the_remedy() {
    let home = home();
    let key = home.path().join("keys/me.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let asked = souk(home.path()).args(["keys", "show", "me"]).assert().failure();
    asked.stderr(contains("chmod 600"));
}

#[test]
fn a_key_is_not_kept_unencrypted_by_accident_nor_overwritten() {
    let home = home();
    let add = |name: &str| souk(home.path()).args(["keys", "add", name]).assert();
    add("other").code(3).stderr(contains("SOUK_PASSPHRASE").and(contains("--plain")));
    let again = souk(home.path()).args(["keys", "add", "me", "--plain"]).assert();
    again.failure().stderr(contains("me.key"));
}

#[test]
fn a_recovered_key_has_the_address_that_every_wallet_gives_it() {
    let home = home();
    // The BIP-39 test vector's mnemonic, path m/44'/118'/0'/0/0.
    let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    let add = souk(home.path())
        .args(["keys", "add", "vector", "--plain", "--recover"])
        .write_stdin(words)
        .assert();
    add.success().stdout(contains("souk19rl4cm2hmr8afy4kldpxz3fka4jguq0a"));
}

#[test]
fn invalid_sdl_is_shown_with_file_line_and_advice_before_anything_is_sent() {
    let home = home();
    fs::write(home.path().join("app.yaml"), SDL.replace("class: beta3", "class: beta9")).unwrap();
    let deploy = ["deploy", "app.yaml", "--network", "nowhere", "--key", "me"];
    souk(home.path())
        .args(deploy)
        .assert()
        .code(3)
        .stderr(contains("app.yaml").and(contains("beta9")));
    let check = souk(home.path()).args(["sdl", "check", "app.yaml"]).assert();
    check.code(1).stdout(contains("app.yaml:"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let home = home();
    let check = souk(home.path()).args(["sdl", "check", "nothing.yaml"]).assert();
    check.code(3).stderr(contains("nothing.yaml"));
}

#[test]
fn amounts_and_picks_that_cannot_be_read_are_refused_with_an_example() {
    let home = home();
    let usual = ["--network", "nowhere", "--key", "me"];
    let deposit = souk(home.path()).args(["deposit", "1", "1.5usouk"]).args(usual).assert();
    deposit.code(3).stderr(contains("1.5usouk").and(contains("5000000usouk")));
    let pick = souk(home.path()).args(["accept", "1", "cheapest"]).args(usual).assert();
    pick.code(2).stderr(contains("lowest"));
    let order = souk(home.path()).args(["bids", "one"]).args(usual).assert();
    order.code(2).stderr(contains("one"));
}

#[test]
fn templates_begin_files_that_check_clean_and_overwrite_nothing() {
    let home = home();
    for kind in ["web", "gpu", "postgres", "rpc", "training"] {
        let file = format!("{kind}.yaml");
        let init = ["sdl", "init", kind, "--output", &file];
        souk(home.path()).args(init).assert().success();
        souk(home.path()).args(["sdl", "check", "--strict", &file]).assert().success();
        souk(home.path()).args(init).assert().code(3).stderr(contains(file.as_str()));
    }
    let unknown = souk(home.path()).args(["sdl", "init", "website"]).assert();
    unknown.code(3).stderr(contains("website").and(contains("postgres")));
}

#[test]
fn a_key_that_is_not_there_is_told_with_those_that_are() {
    let home = home();
    for arguments in [["keys", "show", "nobody"], ["balance", "--key", "nobody"]] {
        let asked = souk(home.path()).args(arguments).args(["--network", "nowhere"]).assert();
        asked.code(3).stderr(contains("you have me").and(contains("souk keys add nobody")));
    }
}

#[test]
fn a_locked_key_says_which_variable_opens_it() {
    let home = home();
    let add = ["keys", "add", "locked"];
    souk(home.path()).args(add).env("SOUK_PASSPHRASE", "open").assert().success();
    let show = ["keys", "show", "locked"];
    souk(home.path()).args(show).assert().code(3).stderr(contains("SOUK_PASSPHRASE"));
    let wrong = souk(home.path()).args(show).env("SOUK_PASSPHRASE", "shut").assert();
    wrong.code(3).stderr(contains("wrong"));
}

#[test]
fn an_address_with_a_typo_is_found_before_anything_is_asked() {
    let home = home();
    let asked = souk(home.path())
        .args(["balance", "souk19rl4cm2hmr8afy4kldpxz3fka4jguq0a", "--network", "nowhere"])
        .assert();
    asked.code(3).stderr(contains("souk19rl4cm2hmr8afy4kldpxz3fka4jguq0a"));
}

#[test]
fn what_nobody_reads_any_more_is_the_end_and_no_panic() {
    let home = home();
    let souk = assert_cmd::cargo::cargo_bin("souk");
    let shell = format!("{} sdl schema | head -n 1", souk.display());
    let asked = Command::new("sh").args(["-c", &shell]).current_dir(home.path()).assert();
    asked.success().stderr("");
}

#[test]
fn a_wait_that_no_clock_can_count_is_refused() {
    let home = home();
    let long = u64::MAX.to_string();
    for option in ["--wait", "--collect", "--ready"] {
        let asked = souk(home.path()).args(["deploy", "app.yaml", option, &long]).assert();
        asked.code(2).stderr(contains(option));
    }
    let asked = souk(home.path()).args(["lease", "status", "1", "--wait", &long]).assert();
    asked.code(2).stderr(contains("--wait"));
}

#[test]
fn where_nobody_reads_an_error_any_more_a_command_ends_with_its_code_and_no_panic() {
    for arguments in [
        &["--json", "sdl", "check", "/nonexistent.yaml"][..],
        &["sdl", "check", "/nonexistent.yaml"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_souk"));
        let status = program.args(arguments).stderr(writer).status().unwrap();
        // A panic would be 101.
        assert!(status.code().is_some_and(|code| code != 0 && code != 101), "{status}");
    }
}
