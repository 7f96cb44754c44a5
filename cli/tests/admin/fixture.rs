//! A chain without the market's codes, an administrator's home, artifacts and a network file.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use cosmwasm_std::coins;
use serde_json::Value;
use sha2::{Digest, Sha256};
use souk_chain::{Client, ClientConfig, Queries, SecretKey, keys::write_plain_key_file};
use souk_client::{
    contracts::{Contract, PerContract},
    network::Network,
    wallet::Wallet,
};
use souk_devchain::{Devchain, Handle, marker};
use souk_localnet::chain::codes::with_uploadable_codes;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The administrator's key.
pub const ME: &str = "ops";
/// Another account's key.
pub const DAO: &str = "dao";
/// The guardian's key.
pub const GUARD: &str = "guard";

/// Everything that an administrator starts from.
pub struct Fixture {
    pub chain: Handle,
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Fixture {
    /// On a chain that makes blocks by itself.
    pub async fn new() -> Self {
        Self::on(Devchain::builder().block_time(Duration::from_millis(50))).await
    }

    /// On a chain whose blocks are a second apart.
    pub async fn with_slow_blocks() -> Self {
        Self::on(Devchain::builder().block_time(Duration::from_secs(1))).await
    }

    /// On a chain that makes blocks on demand.
    pub async fn on_demand() -> Self {
        Self::on(Devchain::builder().on_demand(Duration::from_secs(1))).await
    }

    async fn on(chain: Devchain) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("home/keys");
        fs::create_dir_all(&keys).unwrap();
        let mut chain = with_uploadable_codes(chain);
        for (name, byte) in [(ME, 1), (DAO, 2), (GUARD, 3)] {
            let key = secret(byte);
            write_plain_key_file(&keys.join(format!("{name}.key")), &key).unwrap();
            chain = chain.account(key.address("souk").unwrap(), coins(1_000_000_000_000, "usouk"));
        }
        let fixture = Self { chain: chain.start().await.unwrap(), folder };
        fixture.write_artifacts(PerContract::make(|_| 0));
        fs::create_dir(fixture.path("networks")).unwrap();
        let network = format!(
            "name = \"test\"\nchain_id = \"souk-dev\"\nrpc = [\"{}\"]\nprefix = \"souk\"\n\
             denom = \"usouk\"\ngas_price = \"0.025usouk\"\n",
            fixture.chain.rpc_url()
        );
        fs::write(fixture.path("networks/test.toml"), network).unwrap();
        fixture
    }

    /// A path in the administrator's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts code of these versions among the artifacts, and its checksums.
    pub fn write_artifacts(&self, versions: PerContract<u8>) {
        let folder = self.path("artifacts");
        fs::create_dir_all(&folder).unwrap();
        let mut sums = String::new();
        for contract in Contract::ALL {
            let wasm = code(contract, *versions.of(contract));
            fs::write(folder.join(contract.file()), &wasm).unwrap();
            sums += &format!("{}  {}\n", hex::encode(Sha256::digest(&wasm)), contract.file());
        }
        fs::write(folder.join("checksums.txt"), sums).unwrap();
    }

    /// A command of the administrator.
    pub fn command(&self, key: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command
            .env_clear()
            .env("SOUK_HOME", self.path("home"))
            .env("SOUK_NETWORK", "test")
            .current_dir(self.folder.path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if !key.is_empty() {
            command.env("SOUK_KEY", key);
        }
        command
    }

    /// Starts a command.
    pub fn start(&self, key: &str, args: &[&str]) -> Child {
        self.command(key, args).spawn().unwrap()
    }

    /// Runs a command to its end.
    pub async fn run(&self, key: &str, args: &[&str]) -> Ended {
        let output = self.command(key, args).output().await.unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command of `souk admin` that must succeed; its JSON.
    pub async fn admin(&self, key: &str, args: &[&str]) -> Value {
        let ended = self.run(key, &[&["admin", "--json"], args].concat()).await;
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Deploys with the administrator's key.
    pub async fn deploy(&self) -> Value {
        self.admin(ME, &["deploy", "--yes"]).await
    }

    /// What verify finds, such as `escrow: paused`, sorted.
    pub async fn differences(&self) -> Vec<String> {
        let ended = self.run("", &["admin", "verify", "--json"]).await;
        let found: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        let found = found["differences"].as_array().unwrap().clone();
        assert_eq!(ended.code, i32::from(!found.is_empty()), "{ended:?}");
        let text = |one: &Value| {
            format!("{}: {}", one["contract"].as_str().unwrap(), one["what"].as_str().unwrap())
        };
        let mut texts: Vec<String> = found.iter().map(text).collect();
        texts.sort();
        texts
    }

    /// The contracts are as they should be.
    pub async fn assert_right(&self) {
        let differences = self.differences().await;
        assert!(differences.is_empty(), "{differences:?}");
    }

    /// The chain's own questions.
    pub fn queries(&self) -> Queries {
        self.client().query()
    }

    fn client(&self) -> Client {
        Client::new(ClientConfig::new("souk-dev", vec![self.chain.rpc_url()])).unwrap()
    }

    /// A key's wallet.
    pub fn wallet(&self, name: &str) -> Wallet {
        let key = match name {
            ME => secret(1),
            GUARD => secret(3),
            _ => secret(2),
        };
        Wallet::new(self.client(), key, &self.network()).unwrap()
    }

    /// The network as any command finds it.
    pub fn network(&self) -> Network {
        Network::find(self.path("networks/test.toml").to_str().unwrap(), self.folder.path())
            .unwrap()
    }

    /// How many codes were uploaded, and how many contracts this key made.
    pub async fn counts(&self, name: &str) -> (usize, usize) {
        let codes = self.queries().newest_codes(None).await.unwrap().entries.len();
        let address = self.wallet(name).address;
        let contracts = self.queries().contracts_by_creator(&address).await.unwrap();
        (codes, contracts.len())
    }
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

/// Bytes that stand for a contract's native code; those of another version have another checksum.
/// As long as a small contract and as hard to pack, so that an upload costs what uploads do.
fn code(contract: Contract, version: u8) -> Vec<u8> {
    let mut noise = Vec::new();
    for block in 0..255_u8 {
        noise.extend(Sha256::digest([version, block, contract as u8]));
    }
    let mut wasm = marker(&format!("souk-{contract}"));
    // A custom section `v`; its length as two groups of seven bits.
    let length = noise.len() + 2;
    wasm.extend([0, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8, 1, b'v']);
    wasm.extend(noise);
    wasm
}
