//! Simulations: on both chains, with and without another transaction that waits.

use cosmrs::proto::{cosmos::tx::v1beta1::SimulateRequest, traits::Message};
use souk_chain::{Client, TxHash, rpc::AbciResponse};

use super::{CHAIN_ID, Pair, Run};
use crate::{compare::Answer, tx::Tx};

impl Pair {
    /// Simulates on both at the same height; the gas is an estimate and not compared.
    pub async fn simulate(&mut self, tx: &Tx) {
        self.settle().await;
        let bytes = tx.for_simulation(self.sequence(tx.who).await);
        // A simulation sees the newest state; a block in between is no harm but at the edge of a
        // period, so it is only mostly avoided.
        for tries in 0.. {
            self.catch_up().await;
            let real = simulation(&self.real, &bytes).await;
            if self.real.status().await.unwrap().height != self.height && tries < 5 {
                continue;
            }
            let dev = simulation(&self.dev, &bytes).await;
            self.compare_simulations(tx, &real, &dev);
            return;
        }
    }

    /// Simulates while another transaction of the account waits for its block, again and again
    /// until the block does not come too early.
    pub async fn simulate_behind(&mut self, waiting: &Tx, txs: &[Tx]) {
        for _ in 0..30 {
            // Right after a block there is most time until the next.
            self.catch_up().await;
            self.repeat_next_block(&[], &mut Run::default()).await;
            self.settle().await;
            if self.simulated_behind(waiting, txs).await {
                return;
            }
        }
        panic!("no simulation met a waiting transaction");
    }

    /// Whether the transaction waited as long as it took.
    async fn simulated_behind(&mut self, waiting: &Tx, txs: &[Tx]) -> bool {
        let sequence = self.sequence(waiting.who).await;
        let [number, of_dev] = self.numbers(waiting.who).await;
        let bytes = waiting.sign(CHAIN_ID, number, sequence);
        let reply = self.real.broadcast_tx_sync(&bytes).await.reply.unwrap();
        let mut real = Vec::new();
        for tx in txs {
            real.push(simulation(&self.real, &tx.for_simulation(sequence)).await);
        }
        let it_waited = self.real.status().await.unwrap().height == self.height;
        let batch = [waiting.clone()];
        let mut run = Run {
            hashes: vec![TxHash::of(&bytes)],
            for_dev: vec![waiting.sign(CHAIN_ID, of_dev, sequence)],
            checks: vec![reply],
            results: vec![None],
            checked: 0,
        };
        if it_waited {
            self.check_up_to(&batch, &mut run, 1).await;
            for (tx, real) in txs.iter().zip(real) {
                let dev = simulation(&self.dev, &tx.for_simulation(sequence)).await;
                self.compare_simulations(tx, &real, &dev);
            }
        }
        while run.awaited() {
            self.repeat_next_block(&batch, &mut run).await;
        }
        it_waited
    }

    fn compare_simulations(&mut self, tx: &Tx, real: &AbciResponse, dev: &AbciResponse) {
        self.tally.simulated += 1;
        if real.code != 0 {
            self.count(&format!("simulation {}", real.codespace), real.code);
        }
        if Answer::of(real).verdict() != Answer::of(dev).verdict() {
            self.differ(format!(
                "simulation of {tx:?}\n  wasmd    {} {} {}\n  devchain {} {} {}",
                real.codespace, real.code, real.log, dev.codespace, dev.code, dev.log
            ));
        }
    }
}

async fn simulation(client: &Client, bytes: &[u8]) -> AbciResponse {
    const PATH: &str = "/cosmos.tx.v1beta1.Service/Simulate";
    #[allow(deprecated)]
    let request = SimulateRequest { tx: None, tx_bytes: bytes.to_vec() };
    client.abci_query(PATH, &request.encode_to_vec(), 0).await.unwrap()
}
