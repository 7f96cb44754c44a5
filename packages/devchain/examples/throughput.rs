//! How long a chain takes to start, and how many transactions a second it takes in, executes and answers.
//!
//! `cargo run --profile dist -p souk-devchain --example throughput -- [TRANSACTIONS]`

use std::time::{Duration, Instant};

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw, mode_info,
};
use cosmwasm_std::coins;
use k256::ecdsa::{Signature, SigningKey, signature::Signer};
use prost::{Message, Name};
use souk_devchain::Devchain;
use souk_devchain::address::{self, AddressCodec};

type Failure = Box<dyn std::error::Error>;

const CHAIN_ID: &str = "souk-throughput";

fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

fn coin(amount: u128) -> ProtoCoin {
    ProtoCoin { denom: "usouk".into(), amount: amount.to_string() }
}

fn signed_send(key: &SigningKey, from: &str, to: &str, sequence: u64) -> Vec<u8> {
    let body = TxBody {
        messages: vec![any(&MsgSend {
            from_address: from.into(),
            to_address: to.into(),
            amount: vec![coin(1)],
        })],
        ..TxBody::default()
    };
    let public = key.verifying_key().to_encoded_point(true);
    let auth = AuthInfo {
        signer_infos: vec![SignerInfo {
            public_key: Some(any(&PubKey { key: public.as_bytes().to_vec() })),
            mode_info: Some(ModeInfo {
                sum: Some(mode_info::Sum::Single(mode_info::Single { mode: 1 })),
            }),
            sequence,
        }],
        fee: Some(Fee { amount: vec![coin(5_000)], gas_limit: 200_000, ..Fee::default() }),
        ..AuthInfo::default()
    };
    let doc = SignDoc {
        body_bytes: body.encode_to_vec(),
        auth_info_bytes: auth.encode_to_vec(),
        chain_id: CHAIN_ID.into(),
        account_number: 0,
    };
    let signature: Signature = key.sign(&doc.encode_to_vec());
    TxRaw {
        body_bytes: doc.body_bytes,
        auth_info_bytes: doc.auth_info_bytes,
        signatures: vec![signature.to_bytes().to_vec()],
    }
    .encode_to_vec()
}

fn per_second(count: u64, took: Duration) -> String {
    format!("{:.0} a second", count as f64 / took.as_secs_f64())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 4_000,
    };
    let codec = AddressCodec::new("souk")?;
    let key = SigningKey::from_slice(&[7; 32])?;
    let public = key.verifying_key().to_encoded_point(true);
    let from = codec.encode(&address::of_public_key(public.as_bytes()));
    let to = codec.encode(&[9; 20]);

    let start = Instant::now();
    let chain = Devchain::builder()
        .chain_id(CHAIN_ID)
        .account(from.clone(), coins(1_000_000_000_000, "usouk"))
        .on_demand(Duration::from_secs(1))
        .start()
        .await?;
    println!("start, first block made: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let start = Instant::now();
    let txs: Vec<_> = (0..count).map(|n| signed_send(&key, &from, &to, n)).collect();
    println!("signing, by the client:  {}", per_second(count, start.elapsed()));

    let (mut checking, mut making) = (Duration::ZERO, Duration::ZERO);
    for batch in txs.chunks(1_000) {
        let batch = batch.to_vec();
        let begin = Instant::now();
        for checked in chain.broadcast(batch).await? {
            if let Some(error) = checked?.result.error {
                return Err(error.into());
            }
        }
        checking += begin.elapsed();
        let begin = Instant::now();
        let block = chain.produce_block().await?;
        making += begin.elapsed();
        if let Some(failed) = block.txs.iter().find(|tx| tx.result.error.is_some()) {
            return Err(failed.result.log().into());
        }
    }
    println!("checked into mempool:    {}", per_second(count, checking));
    println!("executed in blocks:      {}", per_second(count, making));
    println!("both:                    {}", per_second(count, checking + making));

    let start = Instant::now();
    let blocks = 10_000;
    chain.produce_blocks(blocks).await?;
    println!("empty blocks:            {}", per_second(blocks, start.elapsed()));
    chain.stop().await;
    Ok(())
}
