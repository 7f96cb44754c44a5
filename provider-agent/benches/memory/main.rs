//! What the agent keeps in memory of N leases, part by part: its store's indexes, the caches of what is
//! seen of the cluster, the inventory. It prints and judges nothing.
//!
//!     cargo test --workspace --bench memory -- [LEASES...]      500, 2,000 and 10,000 if none are named
//!
//! A number of leases is measured in a process of its own, against an API server in another one, whose
//! objects are those of a lease on Kubernetes 1.36 (`objects.json`), and with a store that a third one has
//! filled. `live` is what is allocated, `peak` the most of it since the line before, `anonymous` what of
//! the process is resident and no file. SQLite's own memory is in the last one alone.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod allocated;
mod filled;
mod measured;
mod objects;
mod server;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

const LEASES: [u64; 3] = [500, 2_000, 10_000];

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // What Cargo adds begins with two lines.
    let given: Vec<String> =
        std::env::args().skip(1).filter(|one| !one.starts_with("--")).collect();
    let number = |text: &String| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"));
    match given.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", leases] => server::run(leases.parse().unwrap()),
        ["fill", leases, path] => filled::run(leases.parse().unwrap(), path.as_ref()),
        ["measure", leases, address, path] => {
            measured::run(leases.parse().unwrap(), address, path.as_ref());
        }
        [] => LEASES.into_iter().for_each(measure),
        _ => given.iter().map(number).for_each(measure),
    }
}

/// Another process of this program.
fn started(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments);
    command
}

/// Ends with the scope.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn measure(leases: u64) {
    let leases = leases.to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.db");
    let path = path.to_str().unwrap();
    assert!(started(&["fill", &leases, path]).status().unwrap().success());
    let mut server = Server(started(&["serve", &leases]).stdout(Stdio::piped()).spawn().unwrap());
    let mut address = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
    println!("{leases} leases");
    let measuring = started(&["measure", &leases, address.trim(), path]).status();
    assert!(measuring.unwrap().success());
}
