//! A wasmd node and a devchain that repeats its blocks: the same transactions in the same order
//! at the same height and time, so that whatever contracts see is the same on both.

mod simulation;

use std::{collections::BTreeMap, time::Duration};

use cosmwasm_std::coin;
use sha2::{Digest, Sha256};
use souk_chain::{
    Client, ClientConfig, TxHash,
    query::QueryError,
    rpc::{BlockResponse, BroadcastReply, RpcError, TxResult},
};
use souk_devchain::{Devchain, Handle, proxy::Proxy};
use souk_tests::{
    tools,
    wasmd::{Options, PREFIX, Wasmd},
};

use crate::{
    accounts::{DENOM, MILLI_GAS_PRICE, OTHER, Who},
    compare::{Answer, Check, Executed, first_difference},
    tx::Tx,
};

pub const CHAIN_ID: &str = "souk-differential";
/// Longer than a block takes on a busy machine; reached only by a failure.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// The contracts: the artifact's name and the native code's.
pub const CONTRACTS: [(&str, &str); 5] = [
    ("souk_attestations", "souk-attestations"),
    ("souk_provider_registry", "souk-provider-registry"),
    ("souk_fee_distributor", "souk-fee-distributor"),
    ("souk_escrow", "souk-escrow"),
    ("souk_orderbook", "souk-orderbook"),
];

/// What became of a transaction on wasmd, and so on both.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// By the mempool's check.
    Refused,
    Included(TxResult),
}

impl Outcome {
    /// The result of one that was executed with success.
    pub fn success(&self) -> Option<&TxResult> {
        match self {
            Self::Included(result) if result.code == 0 => Some(result),
            _ => None,
        }
    }
}

/// Both chains.
pub struct Pair {
    node: Wasmd,
    devchain: Handle,
    real: Client,
    dev: Client,
    /// The last height that devchain repeated.
    height: u64,
    /// The last height whose state wasmd is known to have: a node shows a block before it has
    /// executed it.
    settled: u64,
    numbers: BTreeMap<Who, [u64; 2]>,
    /// What differed; printed at the end.
    pub differences: Vec<String>,
    pub tally: Tally,
}

/// What was played, for the reader of the log.
#[derive(Debug, Default)]
pub struct Tally {
    pub blocks: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub refused: u64,
    pub simulated: u64,
    pub queries: u64,
    /// How often each codespace and code came.
    pub codes: BTreeMap<String, u64>,
    /// Devchain's gas for each of wasmd's, in thousandths, of what succeeded.
    pub gas: Vec<u64>,
}

impl Pair {
    /// Starts both; none if wasmd or the contracts' wasm is not there (a failure with CI=true).
    pub async fn start() -> Option<Self> {
        tools::or_not_run(tools::artifacts())?;
        let mut options = Options::default()
            .chain_id(CHAIN_ID)
            .block_time(Duration::from_millis(250))
            .denom(OTHER);
        let mut devchain = Devchain::builder()
            .chain_id(CHAIN_ID)
            .prefix(PREFIX)
            .min_gas_price(u64::try_from(MILLI_GAS_PRICE).unwrap() * 1_000, DENOM)
            .on_demand(Duration::from_secs(1))
            .genesis_time(1)
            .retention(100_000, 100_000);
        for who in Who::ALL.into_iter().filter(|who| !who.coins().is_empty()) {
            let address = address(who);
            options = options.account(&address, who.coins());
            let coins = who.coins().iter().map(|c| coin(c.amount, &c.denom)).collect();
            devchain = devchain.account(address, coins);
        }
        devchain = souk_localnet::chain::codes::with_uploadable_codes(devchain);
        for (artifact, name) in CONTRACTS {
            let wasm = tools::wasm(artifact).unwrap();
            devchain = devchain.known_checksum(Sha256::digest(&wasm).into(), name);
        }
        let node = Wasmd::start_or_not_run(options).await?;
        let devchain = devchain.start().await.unwrap();
        let client = |url: String| Client::new(ClientConfig::new(CHAIN_ID, [url])).unwrap();
        let (real, dev) = (client(node.rpc_url()), client(devchain.rpc_url()));
        let numbers = BTreeMap::new();
        let (differences, tally) = (Vec::new(), Tally::default());
        Some(Self { node, devchain, real, dev, height: 1, settled: 0, numbers, differences, tally })
    }

    /// Where strangers ask wasmd, and where devchain.
    pub fn urls(&self) -> [String; 2] {
        [self.node.rpc_url(), self.devchain.rpc_url()]
    }

    /// The last height that both have.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Broadcasts these to wasmd at once, and to devchain as wasmd's blocks come.
    pub async fn play(&mut self, batch: &[Tx]) -> Vec<Outcome> {
        self.settle().await;
        let mut run = Run::default();
        let mut next: BTreeMap<Who, u64> = BTreeMap::new();
        for tx in batch {
            let sequence = match next.get(&tx.who) {
                Some(sequence) => *sequence,
                None => self.sequence(tx.who).await,
            };
            let [real, dev] = self.numbers(tx.who).await;
            let bytes = tx.sign(CHAIN_ID, real, sequence);
            let reply = self.real.broadcast_tx_sync(&bytes).await.reply.unwrap();
            let accepted = reply == BroadcastReply::Accepted;
            next.insert(tx.who, sequence + u64::from(accepted));
            run.hashes.push(TxHash::of(&bytes));
            run.for_dev.push(tx.sign(CHAIN_ID, dev, sequence));
            run.checks.push(reply);
            run.results.push(None);
        }
        while run.awaited() {
            self.repeat_next_block(batch, &mut run).await;
        }
        self.check_up_to(batch, &mut run, batch.len()).await;
        self.tally.refused += run.results.iter().filter(|one| one.is_none()).count() as u64;
        let outcome = |result: Option<TxResult>| result.map_or(Outcome::Refused, Outcome::Included);
        run.results.into_iter().map(outcome).collect()
    }

    /// Repeats wasmd's blocks up to its head.
    pub async fn catch_up(&mut self) {
        let head = self.real.status().await.unwrap().height;
        while self.height < head {
            self.repeat_next_block(&[], &mut Run::default()).await;
        }
        self.settle().await;
    }

    /// Waits until wasmd has the state of the last repeated block.
    async fn settle(&mut self) {
        const PATH: &str = "/cosmos.bank.v1beta1.Query/Params";
        while self.settled < self.height {
            let answer = self.real.abci_query(PATH, &[], self.height).await.unwrap();
            match answer.lacks_state() {
                true => tokio::time::sleep(POLL).await,
                false => self.settled = self.height,
            }
        }
    }

    /// Repeats wasmd's blocks until `seconds` of chain time have passed.
    pub async fn pass(&mut self, seconds: u64) {
        let time = self.real.header(self.height).await.unwrap().time.seconds;
        while self.real.header(self.height).await.unwrap().time.seconds < time + seconds {
            self.repeat_next_block(&[], &mut Run::default()).await;
        }
    }

    /// The time of the last repeated block, in seconds.
    pub async fn time(&self) -> i64 {
        let time = self.real.header(self.height).await.unwrap().time.seconds;
        i64::try_from(time).unwrap()
    }

    async fn repeat_next_block(&mut self, batch: &[Tx], run: &mut Run) {
        let height = self.height + 1;
        let block = self.next_block(height).await;
        let place = |bytes: &Vec<u8>| {
            let hash = TxHash::of(bytes);
            run.hashes.iter().position(|known| *known == hash)
        };
        let places: Vec<usize> = block
            .txs
            .iter()
            .map(|bytes| place(bytes).expect("a transaction that nobody here sent"))
            .collect();
        let results = match places.is_empty() {
            true => Vec::new(),
            false => self.results(height).await,
        };
        let upto = places.iter().max().map_or(0, |last| last + 1);
        self.check_up_to(batch, run, upto).await;
        let time = block.header.time;
        let at = time.seconds * 1_000_000_000 + u64::from(time.nanos);
        let repeated = self.devchain.produce_block_at(at).await.unwrap();
        assert_eq!(repeated.height(), height, "devchain is at another height");
        self.height = height;
        self.tally.blocks += 1;
        if places.is_empty() {
            return;
        }
        let of_dev = self.dev.block_results(height).await.unwrap().txs_results;
        if of_dev.len() != results.len() {
            self.differ(format!(
                "block {height}: wasmd has {} transactions, devchain {}",
                results.len(),
                of_dev.len()
            ));
        }
        for ((place, real), dev) in places.into_iter().zip(results).zip(of_dev) {
            self.compare_results(&batch[place], &real, &dev);
            run.results[place] = Some(real);
        }
    }

    async fn next_block(&self, height: u64) -> BlockResponse {
        let waiting = async {
            loop {
                match self.real.block(height).await {
                    Ok(block) => return block,
                    Err(RpcError::NotYet { .. }) => tokio::time::sleep(POLL).await,
                    Err(error) => panic!("block {height}: {error}\n{}", self.node.log_tail()),
                }
            }
        };
        let waited = tokio::time::timeout(TIMEOUT, waiting).await;
        waited.unwrap_or_else(|_| panic!("no block {height}:\n{}", self.node.log_tail()))
    }

    async fn results(&self, height: u64) -> Vec<TxResult> {
        let waiting = async {
            loop {
                match self.real.block_results(height).await {
                    Ok(found) => return found.txs_results,
                    Err(_) => tokio::time::sleep(POLL).await,
                }
            }
        };
        let waited = tokio::time::timeout(TIMEOUT, waiting).await;
        waited.unwrap_or_else(|_| panic!("no results of {height}:\n{}", self.node.log_tail()))
    }

    /// Broadcasts to devchain what wasmd was given before its next block.
    async fn check_up_to(&mut self, batch: &[Tx], run: &mut Run, end: usize) {
        for (place, tx) in batch.iter().enumerate().take(end).skip(run.checked) {
            let reply = self.dev.broadcast_tx_sync(&run.for_dev[place]).await.reply.unwrap();
            let (real, dev) = (Check::of(&run.checks[place]), Check::of(&reply));
            if let Check::Refused { codespace, code, .. } = &real {
                self.count(codespace, *code);
            }
            if real != dev {
                self.differ(format!(
                    "check of {tx:?}\n  wasmd    {:?}\n  devchain {reply:?}",
                    run.checks[place]
                ));
            }
        }
        run.checked = run.checked.max(end);
    }

    fn compare_results(&mut self, tx: &Tx, real: &TxResult, dev: &TxResult) {
        match real.code {
            0 => {
                self.tally.succeeded += 1;
                self.tally.gas.push(dev.gas_used * 1_000 / real.gas_used.max(1));
            }
            code => {
                self.tally.failed += 1;
                self.count(&real.codespace, code);
            }
        }
        let (a, b) = (Executed::of(real), Executed::of(dev));
        if a != b {
            self.differ(format!(
                "result of {tx:?}\n  wasmd    {} {} {}\n  devchain {} {} {}\n  data equal: {}; gas wanted {} and {}; {}",
                real.codespace,
                real.code,
                real.log,
                dev.codespace,
                dev.code,
                dev.log,
                a.data == b.data,
                a.gas_wanted,
                b.gas_wanted,
                first_difference(&a.events, &b.events)
            ));
        }
    }

    /// Asks both the same at the same height.
    pub async fn ask(&mut self, what: &str, path: &str, request: &[u8]) -> Vec<u8> {
        self.settle().await;
        let height = self.height;
        let real = self.real.abci_query(path, request, height).await.unwrap();
        let dev = self.dev.abci_query(path, request, height).await.unwrap();
        self.tally.queries += 1;
        if real.code != 0 {
            self.count(&format!("query {}", real.codespace), real.code);
        }
        let (a, b) = (Answer::of(&real), Answer::of(&dev));
        if a != b {
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            self.differ(format!(
                "{what}\n  wasmd    {} {} {} {:?}\n  devchain {} {} {} {:?}",
                real.codespace,
                real.code,
                real.log,
                text(&real.value),
                dev.codespace,
                dev.code,
                dev.log,
                text(&dev.value)
            ));
        }
        real.value
    }

    /// A client of devchain, and the proxy that records what it asks.
    pub async fn recorded(&self) -> (Proxy, Client) {
        let proxy = Proxy::before(&self.devchain.rpc_url()).await;
        let client = Client::new(ClientConfig::new(CHAIN_ID, [proxy.url().to_owned()])).unwrap();
        (proxy, client)
    }

    /// Compares an account's sequence.
    pub async fn compare_sequence(&mut self, who: Who) {
        self.settle().await;
        let mut found = Vec::new();
        for client in [&self.real, &self.dev] {
            let account = client.query().at(self.height).account(&address(who)).await;
            found.push(match account {
                Ok(account) => Some(account.sequence),
                Err(QueryError::NotFound { .. }) => None,
                Err(error) => panic!("{who:?}: {error}"),
            });
        }
        self.tally.queries += 1;
        if found[0] != found[1] {
            self.differ(format!(
                "sequence of {who:?}: wasmd {:?}, devchain {:?}",
                found[0], found[1]
            ));
        }
    }

    /// The account's next sequence on wasmd.
    async fn sequence(&self, who: Who) -> u64 {
        match self.real.query().account(&address(who)).await {
            Ok(account) => account.sequence,
            Err(QueryError::NotFound { .. }) => 0,
            Err(error) => panic!("{who:?}: {error}"),
        }
    }

    /// The account's numbers on both.
    async fn numbers(&mut self, who: Who) -> [u64; 2] {
        if let Some(known) = self.numbers.get(&who) {
            return *known;
        }
        let mut found = [0; 2];
        for (number, client) in found.iter_mut().zip([&self.real, &self.dev]) {
            match client.query().account(&address(who)).await {
                Ok(account) => *number = account.number,
                Err(QueryError::NotFound { .. }) => return [0; 2],
                Err(error) => panic!("{who:?}: {error}"),
            }
        }
        self.numbers.insert(who, found);
        found
    }

    pub fn differ(&mut self, what: String) {
        self.differences.push(format!("height {}: {what}", self.height));
    }

    fn count(&mut self, codespace: &str, code: u32) {
        *self.tally.codes.entry(format!("{codespace} {code}")).or_default() += 1;
    }

    /// Tells what was played; fails if anything differed.
    pub fn finish(mut self, what: &str) {
        let tally = &mut self.tally;
        tally.gas.sort_unstable();
        let gas = &tally.gas;
        println!(
            "{what}: {} transactions succeeded, {} failed, {} were refused; {} simulations, {} queries; {} blocks",
            tally.succeeded,
            tally.failed,
            tally.refused,
            tally.simulated,
            tally.queries,
            tally.blocks
        );
        println!("codes that came: {:?}", tally.codes);
        if let (Some(least), Some(most)) = (gas.first(), gas.last()) {
            println!(
                "estimated gas for wasmd's, in thousandths: least {least}, median {}, most {most}",
                gas[gas.len() / 2]
            );
        }
        let count = self.differences.len();
        self.differences.truncate(20);
        assert!(count == 0, "{what}: {count} differences\n{}", self.differences.join("\n"));
    }
}

/// A batch under way.
#[derive(Default)]
struct Run {
    hashes: Vec<TxHash>,
    for_dev: Vec<Vec<u8>>,
    checks: Vec<BroadcastReply>,
    results: Vec<Option<TxResult>>,
    /// How many devchain was given.
    checked: usize,
}

impl Run {
    fn awaited(&self) -> bool {
        let both = self.checks.iter().zip(&self.results);
        both.into_iter()
            .any(|(check, result)| *check == BroadcastReply::Accepted && result.is_none())
    }
}

/// The address of whoever is called so.
pub fn address(who: Who) -> String {
    who.key().address(PREFIX).unwrap()
}
