//! `souk devnet` and `souk demo` are the program `souk-localnet` beside `souk`.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A folder with `souk` alone. It is beside the built program, where a hard link is possible.
fn folder() -> (TempDir, PathBuf) {
    let built = Path::new(env!("CARGO_BIN_EXE_souk"));
    let folder = tempfile::tempdir_in(built.parent().unwrap()).unwrap();
    let souk = folder.path().join("souk");
    fs::hard_link(built, &souk).unwrap();
    (folder, souk)
}

/// A program beside `souk` that does what the shell script says.
fn put_localnet(folder: &TempDir, script: &str) {
    let path = folder.path().join("souk-localnet");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn command(souk: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(souk);
    command.env_clear().env("SOUK_HOME", souk.with_file_name("home")).args(arguments);
    command
}

#[test]
fn without_the_program_it_says_where_it_should_be_and_how_to_build_it() {
    let (folder, souk) = folder();
    let output = command(&souk, &["demo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    let place = folder.path().join("souk-localnet").display().to_string();
    assert!(text.contains(&place) && text.contains("cargo build -p souk-localnet"), "{text}");
}

#[test]
fn options_and_arguments_are_passed_on() {
    let (folder, souk) = folder();
    put_localnet(&folder, "for argument; do echo \"$argument\"; done");
    let home = folder.path().join("home").display().to_string();
    for (given, passed) in [
        (&["demo"][..], &["demo", "--home", &home][..]),
        (&["demo", "--help"], &["demo", "--home", &home, "--help"]),
        (&["--json", "devnet"], &["devnet", "--home", &home, "--json"]),
        (
            &["--network", "n", "demo", "a file.yaml", "--keep", "--node-host", "h"],
            &[
                "demo",
                "--network",
                "n",
                "--home",
                &home,
                "a file.yaml",
                "--keep",
                "--node-host",
                "h",
            ],
        ),
        (
            &["devnet", "--listen", "127.0.0.1:0", "--json"],
            &["devnet", "--home", &home, "--listen", "127.0.0.1:0", "--json"],
        ),
    ] {
        let output = command(&souk, given).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), passed, "{given:?}");
    }
}

#[test]
fn the_exit_code_is_the_programs_own() {
    let (folder, souk) = folder();
    put_localnet(&folder, "exit 7");
    assert_eq!(command(&souk, &["demo"]).status().unwrap().code(), Some(7));
}

#[test]
fn it_has_the_process_id_of_souk_and_so_gets_its_signals() {
    let (folder, souk) = folder();
    put_localnet(&folder, "echo $$\nread line");
    let mut child =
        command(&souk, &["devnet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    drop(child.stdin.take());
    child.wait().unwrap();
}
