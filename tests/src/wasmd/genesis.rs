//! The files of a new chain: genesis and configuration, made by wasmd's own commands.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use souk_chain::Coin;

use super::{FUNDS, PREFIX, Wasmd};

/// What the validator stakes; nobody else has any.
const STAKE: &str = "stake";
const VALIDATOR: &str = "validator";
const STAKED: u128 = 1_000_000_000;

impl Wasmd {
    /// Runs one of wasmd's own commands; its standard output.
    fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--home").arg(self.home.path());
        let ran = command.output().with_context(|| self.program.display().to_string())?;
        ensure!(
            ran.status.success(),
            "wasmd {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&ran.stderr)
        );
        Ok(String::from_utf8(ran.stdout)?)
    }

    pub(super) fn make_genesis(&self) -> Result<()> {
        let id = self.options.chain_id.as_str();
        self.command(&["init", "test", "--chain-id", id, "--default-denom", STAKE])?;
        let ring = ["--keyring-backend", "test"];
        let made = [&["keys", "add", VALIDATOR, "--output", "json"][..], &ring].concat();
        let key: Value = serde_json::from_str(&self.command(&made)?).context("the new key")?;
        let validator = key["address"].as_str().context("the key has no address")?;
        self.write_genesis(validator)?;
        let staked = format!("{STAKED}{STAKE}");
        let gentx = ["genesis", "gentx", VALIDATOR, &staked, "--chain-id", id];
        self.command(&[&gentx[..], &ring].concat())?;
        self.command(&["genesis", "collect-gentxs"])?;
        edit_toml(&self.config("config.toml"), &self.options.comet)?;
        edit_toml(&self.config("app.toml"), &self.options.app)
    }

    fn write_genesis(&self, validator: &str) -> Result<()> {
        let path = self.config("genesis.json");
        let mut genesis: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let coins = |amount| self.options.denoms.iter().map(move |it| Coin::new(amount, it));
        let mut all = vec![
            (validator.to_owned(), vec![Coin::new(STAKED, STAKE)]),
            (self.funds.address(PREFIX)?, coins(FUNDS).collect()),
        ];
        all.extend(self.options.accounts.iter().cloned());
        let account = |(address, _): &(String, Vec<Coin>)| {
            json!({
                "@type": "/cosmos.auth.v1beta1.BaseAccount", "address": address,
                "pub_key": null, "account_number": "0", "sequence": "0",
            })
        };
        genesis["app_state"]["auth"]["accounts"] = all.iter().map(account).collect();
        let balance = |(address, coins): &(String, Vec<Coin>)| {
            let mut coins = coins.clone();
            coins.sort_by(|a, b| a.denom.cmp(&b.denom));
            let coins: Vec<_> = coins
                .iter()
                .map(|coin| json!({ "denom": coin.denom, "amount": coin.amount.to_string() }))
                .collect();
            json!({ "address": address, "coins": coins })
        };
        genesis["app_state"]["bank"]["balances"] = all.iter().map(balance).collect();
        for (pointer, value) in &self.options.genesis {
            let place = genesis.pointer_mut(pointer);
            *place.with_context(|| format!("the genesis has no {pointer}"))? = value.clone();
        }
        fs::write(&path, serde_json::to_vec_pretty(&genesis)?).context("the genesis")
    }
}

/// Sets keys, written with dots between table and key. Missing keys are added: the files that
/// wasmd makes do not name all of them.
pub(super) fn edit_toml(path: &Path, edits: &[(String, toml::Value)]) -> Result<()> {
    let mut file: toml::Table = fs::read_to_string(path)?.parse()?;
    for (key, value) in edits {
        let mut names = key.split('.').rev();
        let last = names.next().unwrap_or_default();
        let mut table = &mut file;
        for name in names.rev() {
            let inner = table.entry(name).or_insert_with(|| toml::Table::new().into());
            table = inner.as_table_mut().with_context(|| format!("{name} is not a table"))?;
        }
        table.insert(last.to_owned(), value.clone());
    }
    fs::write(path, toml::to_string(&file)?).with_context(|| path.display().to_string())
}
