//! Blocks: header, transactions and results, with CometBFT's hashes.
//!
//! One proposer without a key stands for the validators: headers are hashed as CometBFT does, commits carry no
//! signatures, and `app_hash` commits to the history of transactions and results instead of a state tree.

use cosmrs::proto::tendermint::v0_38::abci::ExecTxResult;
use cosmrs::tendermint::account::Id as ProposerId;
use cosmrs::tendermint::block::{Header, Height, Id as BlockId, header::Version, parts};
use cosmrs::tendermint::crypto::default::Sha256 as MerkleSha256;
use cosmrs::tendermint::{AppHash, Hash, Time, chain, merkle};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::tx::run::TxResult;

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct StoredTx {
    /// As broadcast.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// What it did.
    pub result: TxResult,
}

/// A block that was committed.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Hash of the header.
    pub hash: [u8; 32],
    /// Transactions in order.
    pub txs: Vec<StoredTx>,
    /// Commitment to everything up to this block, which the next header carries.
    pub app_hash_after: [u8; 32],
    /// Time, nanoseconds since 1970.
    pub time_ns: u64,
}

impl Block {
    /// Its height.
    pub fn height(&self) -> u64 {
        self.header.height.value()
    }

    /// As other blocks refer to it.
    pub fn id(&self) -> BlockId {
        block_id(self.hash)
    }
}

/// A block id; there is one part, whose hash is the block's.
pub fn block_id(hash: [u8; 32]) -> BlockId {
    BlockId {
        hash: Hash::Sha256(hash),
        part_set_header: parts::Header::new(1, Hash::Sha256(hash)).unwrap_or_default(),
    }
}

/// SHA-256 of a transaction.
pub fn tx_hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The proposer's address.
pub fn proposer(chain_id: &str) -> ProposerId {
    let digest = Sha256::digest(proposer_key(chain_id));
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    ProposerId::new(id)
}

/// Bytes in the place of the proposer's public key. Nobody has a key to them: blocks are not signed.
pub fn proposer_key(chain_id: &str) -> [u8; 32] {
    Sha256::digest(format!("souk-devchain unsigned proposer of {chain_id}")).into()
}

/// What the chain hands over to make a block of.
pub struct Draft<'a> {
    /// Chain id.
    pub chain_id: &'a chain::Id,
    /// Height of the new block.
    pub height: u64,
    /// Time of the new block.
    pub time_ns: u64,
    /// The block before.
    pub last: Option<&'a Block>,
    /// Transactions with their results.
    pub txs: Vec<StoredTx>,
}

impl Draft<'_> {
    /// Finishes header and hashes.
    pub fn seal(self) -> Block {
        let leaves: Vec<[u8; 32]> = self.txs.iter().map(|tx| tx.hash).collect();
        let data_hash = merkle_root(&leaves);
        let results = merkle_root(&self.last.map(encoded_results).unwrap_or_default());
        let empty = merkle_root::<Vec<u8>>(&[]);
        let validators: [u8; 32] = Sha256::digest(proposer_key(self.chain_id.as_str())).into();
        let app_hash = self.last.map_or([0; 32], |last| last.app_hash_after);
        let header = Header {
            version: Version { block: 11, app: 0 },
            chain_id: self.chain_id.clone(),
            height: Height::try_from(self.height).unwrap_or_default(),
            time: time(self.time_ns),
            last_block_id: self.last.map(Block::id),
            last_commit_hash: Some(Hash::Sha256(empty)),
            data_hash: Some(Hash::Sha256(data_hash)),
            validators_hash: Hash::Sha256(validators),
            next_validators_hash: Hash::Sha256(validators),
            consensus_hash: Hash::Sha256(empty),
            app_hash: AppHash::try_from(app_hash.to_vec()).unwrap_or_default(),
            last_results_hash: Some(Hash::Sha256(results)),
            evidence_hash: Some(Hash::Sha256(empty)),
            proposer_address: proposer(self.chain_id.as_str()),
        };
        let mut hash = [0; 32];
        hash.copy_from_slice(header.hash().as_bytes());
        let mut block =
            Block { header, hash, txs: self.txs, app_hash_after: [0; 32], time_ns: self.time_ns };
        block.app_hash_after = Sha256::new()
            .chain_update(app_hash)
            .chain_update(self.height.to_be_bytes())
            .chain_update(data_hash)
            .chain_update(merkle_root(&encoded_results(&block)))
            .finalize()
            .into();
        block
    }
}

fn merkle_root<T: AsRef<[u8]>>(leaves: &[T]) -> [u8; 32] {
    merkle::simple_hash_from_byte_vectors::<MerkleSha256>(leaves)
}

/// The part of results that CometBFT hashes.
fn encoded_results(block: &Block) -> Vec<Vec<u8>> {
    block
        .txs
        .iter()
        .map(|tx| {
            ExecTxResult {
                code: tx.result.code(),
                data: tx.result.data.clone().into(),
                gas_wanted: clamp(tx.result.gas_wanted),
                gas_used: clamp(tx.result.gas_used),
                ..ExecTxResult::default()
            }
            .encode_to_vec()
        })
        .collect()
}

fn clamp(gas: u64) -> i64 {
    i64::try_from(gas).unwrap_or(i64::MAX)
}

/// A time for headers.
pub fn time(ns: u64) -> Time {
    let seconds = i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX);
    let rest = u32::try_from(ns % 1_000_000_000).unwrap_or(0);
    Time::from_unix_timestamp(seconds, rest).unwrap_or_else(|_| Time::unix_epoch())
}
