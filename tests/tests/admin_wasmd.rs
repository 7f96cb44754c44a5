//! `souk admin` on a wasmd node, with the real wasm: deploy, verify, migrate, and the same by
//! a multisig account whose members sign with wasmd's own tools.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use souk_chain::{Coin, keys::write_plain_key_file, tx};
use souk_client::{Contract, Wallet};
use souk_localnet::process::binary;
use souk_tests::{
    tools,
    wasmd::{DENOM, Options, PREFIX, Wasmd},
};
use tempfile::TempDir;

/// The administrator's key.
const OPS: &str = "ops";

/// A node and an administrator's folder with the built contracts.
struct Fixture {
    node: Wasmd,
    folder: TempDir,
}

impl Fixture {
    async fn new() -> Option<Self> {
        let built = tools::or_not_run(tools::artifacts())?;
        let node = Wasmd::start_or_not_run(Options::default()).await?;
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self { node, folder };
        fs::create_dir_all(fixture.path("home/keys")).unwrap();
        fs::create_dir_all(fixture.path("networks")).unwrap();
        fs::create_dir_all(fixture.path("artifacts")).unwrap();
        let key = fixture.path(&format!("home/keys/{OPS}.key"));
        write_plain_key_file(&key, &fixture.node.funds).unwrap();
        fixture.node.network().unwrap().write(&fixture.path("networks/local.toml")).unwrap();
        for contract in Contract::ALL {
            let file = contract.file();
            fs::copy(built.join(&file), fixture.path("artifacts").join(&file)).unwrap();
        }
        fixture.write_checksums();
        Some(fixture)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_checksums(&self) {
        let line = |contract: Contract| {
            let wasm = fs::read(self.path("artifacts").join(contract.file())).unwrap();
            format!("{}  {}\n", hex::encode(Sha256::digest(wasm)), contract.file())
        };
        let sums: String = Contract::ALL.into_iter().map(line).collect();
        fs::write(self.path("artifacts/checksums.txt"), sums).unwrap();
    }

    /// The same code under another checksum: a custom section more changes nothing that runs.
    fn change(&self, contract: Contract) {
        let path = self.path("artifacts").join(contract.file());
        let mut wasm = fs::read(&path).unwrap();
        wasm.extend([0, 3, 1, b'v', 1]);
        fs::write(&path, wasm).unwrap();
        self.write_checksums();
    }

    /// A command of `souk admin` that must succeed; its JSON.
    fn admin(&self, args: &[&str]) -> Value {
        let output = Command::new(binary("souk").unwrap())
            .env_clear()
            .env("SOUK_HOME", self.path("home"))
            .env("SOUK_NETWORK", "local")
            .env("SOUK_KEY", OPS)
            .current_dir(self.folder.path())
            .args(["admin", "--json"])
            .args(args)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let words = self.node.log_tail();
        assert!(output.status.success(), "{args:?}: {stderr}\n{words}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs wasmd's own command with the node's keys.
    fn wasmd(&self, args: &[&str]) -> String {
        let output = Command::new(tools::program("wasmd", "chain").unwrap())
            .args(args)
            .arg("--home")
            .arg(self.node.home())
            .args(["--keyring-backend", "test"])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "wasmd {args:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Signs a file as two members of the multisig account and sends it.
    async fn sign_and_send(&self, file: &Path, multisig: &str) {
        let rpc = self.node.rpc_url().replace("http", "tcp");
        let file = file.to_str().unwrap();
        let on = ["--node", rpc.as_str(), "--chain-id", self.node.chain_id()];
        let part = |member: &str| {
            let path = self.path(&format!("{member}.sig"));
            let path = path.to_str().unwrap().to_owned();
            let sign = ["tx", "sign", file, "--from", member, "--multisig", multisig];
            self.wasmd(&[&sign[..], &["--output-document", &path], &on].concat());
            path
        };
        let (one, two) = (part("one"), part("two"));
        let whole = self.path("signed.json");
        let whole = whole.to_str().unwrap();
        let join = ["tx", "multi-sign", file, "board", &one, &two, "--output-document", whole];
        self.wasmd(&[&join[..], &on].concat());
        let client = self.node.client().unwrap();
        let sequence = client.query().account(multisig).await.unwrap().sequence;
        let send = ["tx", "broadcast", whole, "--output", "json", "--node", rpc.as_str()];
        let sent: Value = serde_json::from_str(&self.wasmd(&send)).unwrap();
        assert_eq!(sent["code"], 0, "{sent}");
        for _ in 0..600 {
            if client.query().account(multisig).await.unwrap().sequence > sequence {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{file} came into no block: {}", self.node.log_tail());
    }
}

fn length(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_deploys_verifies_and_migrates_the_real_wasm() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let report = fixture.admin(&["deploy", "--yes"]);
    assert_eq!(length(&report["executed"]), 6, "{report}");
    assert_eq!(length(&report["differences"]), 0, "{report}");
    for done in report["executed"].as_array().unwrap() {
        println!("{:>9} gas  {}", done["gas_used"], done["what"].as_str().unwrap());
    }
    assert_eq!(fixture.admin(&["verify"])["same"], true);
    assert_eq!(length(&fixture.admin(&["deploy", "--yes"])["executed"]), 0);

    for contract in Contract::ALL {
        fixture.change(contract);
    }
    let report = fixture.admin(&["migrate", "--yes"]);
    assert_eq!(length(&report["executed"]), 6, "{report}");
    println!("{:>9} gas  move all five", report["executed"][5]["gas_used"]);
    assert_eq!(fixture.admin(&["verify"])["same"], true);
    fixture.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multisig_account_deploys_and_migrates_by_files_that_its_members_sign() {
    let Some(mut fixture) = Fixture::new().await else { return };
    for member in ["one", "two", "three"] {
        fixture.wasmd(&["keys", "add", member]);
    }
    let members = ["--multisig", "one,two,three", "--multisig-threshold", "2"];
    fixture.wasmd(&[&["keys", "add", "board"][..], &members].concat());
    let board = fixture.wasmd(&["keys", "show", "board", "-a"]).trim().to_owned();
    let network = fixture.node.network().unwrap();
    let wallet =
        Wallet::new(fixture.node.client().unwrap(), fixture.node.funds.clone(), &network).unwrap();
    assert!(board.starts_with(PREFIX));
    let funds = tx::send(&wallet.address, &board, &[Coin::new(1_000_000_000_000, DENOM)]);
    wallet.send("funding the board", vec![funds]).await.unwrap();

    let mut sent = Vec::new();
    let mut changed = false;
    for round in 0..8 {
        let command = if changed { "migrate" } else { "deploy" };
        let folder = format!("unsigned-{round}");
        let args = [command, "--from", &board, "--generate-only", &folder];
        let files = fixture.admin(&args)["files"].clone();
        if length(&files) == 0 && changed {
            break;
        }
        if length(&files) == 0 {
            let verified = fixture.admin(&["verify", "--from", &board]);
            assert_eq!(verified["same"], true, "{verified}");
            fixture.change(Contract::Escrow);
            changed = true;
            continue;
        }
        for file in files.as_array().unwrap() {
            let file = fixture.path(file.as_str().unwrap());
            fixture.sign_and_send(&file, &board).await;
            sent.push(file.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        sent,
        [
            "01-upload-attestations",
            "02-upload-provider-registry",
            "03-upload-fee-distributor",
            "04-upload-escrow",
            "05-upload-orderbook",
            "01-make",
            "01-upload-escrow",
            "01-migrate",
        ]
    );
    assert_eq!(fixture.admin(&["verify", "--from", &board])["same"], true);
    fixture.node.stop().await;
}
