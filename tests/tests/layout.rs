//! The direction of imports inside the crates, read from their sources.

use std::path::Path;

use souk_testing::layers::{Finding, Modules};

/// The folders of the provider's agent, the lowest first. Those in one line do not know each other.
const AGENT: &[&[&str]] = &[
    &["failpoint"],
    &["config"],
    &["model"],
    &["store"],
    &["cluster", "market"],
    &["gateway"],
    &["runtime"],
];

/// Crates that have no circle between their top-level modules, nor between the files of a folder.
const WITHOUT_CIRCLES: &[&str] = &[
    "cli",
    "contracts/attestations",
    "contracts/escrow",
    "contracts/fee-distributor",
    "contracts/orderbook",
    "contracts/provider-registry",
    "packages/api",
    "packages/chain",
    "packages/client",
    "packages/contract-std",
    "packages/core",
    "packages/devchain",
    "packages/gateway",
    "packages/kubesim",
    "packages/localnet",
    "packages/sdl",
    "packages/testing",
    "provider-agent",
];

fn modules(name: &str) -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
    Modules::read(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()))
}

fn assert_none(name: &str, findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(|one| format!("{name}/src/{one}")).collect();
    assert!(lines.is_empty(), "imports that point the wrong way:\n{}", lines.join("\n"));
}

#[test]
fn the_agents_folders_import_only_what_is_below_them() {
    assert_none("provider-agent", &modules("provider-agent").against(AGENT));
}

#[test]
fn no_folder_has_a_circle_between_its_files() {
    for name in WITHOUT_CIRCLES {
        let modules = modules(name);
        for folder in modules.top() {
            assert_none(name, &modules.circles(folder));
        }
    }
}

#[test]
fn no_crate_has_a_circle_between_its_modules() {
    for name in WITHOUT_CIRCLES {
        assert_none(name, &modules(name).circles(""));
    }
}
