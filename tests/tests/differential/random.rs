//! A random sequence from a seed: ordinary business of random accounts with random figures, one
//! in four spoiled, alone and in batches.

use std::collections::HashMap;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;
use souk_api::{attestations, escrow, fees, orderbook, registry};
use souk_chain::{Any, Coin, tx};
use souk_core::{
    AccountId, Attribute, AuctionPolicy, BidId, CloseReason, DeploymentId, GroupSeq, OrderId,
};

use crate::{
    accounts::{DENOM, OTHER, Who},
    bad,
    market::{Contracts, amount, group, native, opened, placed, price},
    pair::{Outcome, Pair, address},
    script::stake,
    tx::{Flaw, Tx},
};

const COIN: u128 = 1_000_000;
const PROVIDERS: [(Who, Who); 2] = [(Who::Cheap, Who::Operator), (Who::Dear, Who::Dear)];
const TENANTS: [Who; 2] = [Who::Ann, Who::Bob];

/// A walk through the market.
pub struct Walk<'a> {
    rng: StdRng,
    contracts: &'a Contracts,
    spoiled: Vec<(&'static str, Tx)>,
    /// The highest numbers that were given so far.
    orders: u64,
    deployments: u64,
    /// Each provider's newest bid on each order.
    bids: HashMap<(OrderId, String), BidId>,
}

impl<'a> Walk<'a> {
    pub fn new(seed: u64, contracts: &'a Contracts) -> Self {
        let sets = [bad::envelopes(), bad::bank(), bad::executes(contracts), bad::rules(contracts)];
        let spoiled = sets.into_iter().flatten().collect();
        let rng = StdRng::seed_from_u64(seed);
        Self { rng, contracts, spoiled, orders: 0, deployments: 0, bids: HashMap::new() }
    }

    /// Plays `steps` batches, with looks at the state between them.
    pub async fn play(&mut self, pair: &mut Pair, steps: usize) {
        for step in 0..steps {
            let batch = self.batch();
            if self.rng.gen_ratio(1, 4) {
                pair.simulate(&batch[0]).await;
            }
            let outcomes = pair.play(&batch).await;
            outcomes.iter().for_each(|outcome| self.learn(outcome));
            if step % 8 == 7 {
                pair.compare_accounts(self.contracts).await;
                let (deployment, order) = (self.deployment(), self.order());
                pair.compare_answers(self.contracts, deployment, order).await;
            }
        }
        pair.compare_accounts(self.contracts).await;
        pair.compare_contracts(self.contracts).await;
    }

    fn learn(&mut self, outcome: &Outcome) {
        let Some(result) = outcome.success() else { return };
        for (order, deployment) in opened(result, self.contracts) {
            self.orders = self.orders.max(order.0);
            self.deployments = self.deployments.max(deployment.0);
        }
        self.bids.extend(placed(result, self.contracts));
    }

    fn batch(&mut self) -> Vec<Tx> {
        let size = *[1, 1, 2, 3, 5].choose(&mut self.rng).unwrap();
        (0..size).map(|_| self.tx()).collect()
    }

    fn tx(&mut self) -> Tx {
        if self.rng.gen_ratio(1, 5) {
            return self.spoiled.choose(&mut self.rng).unwrap().1.clone();
        }
        let (who, message) = self.message();
        let mut messages = vec![message];
        if self.rng.gen_ratio(1, 6) {
            let more = self.rng.gen_range(1..3);
            messages.extend((0..more).map(|_| self.message_of(who)));
        }
        let tx = Tx::new(who, messages);
        match self.rng.gen_range(0..30) {
            0 => tx.flaw(Flaw::Sequence(*[-1, 1, 2].choose(&mut self.rng).unwrap())),
            1 => tx.gas(self.rng.gen_range(1..15_000)),
            2 => tx.fee(vec![Coin::new(self.rng.gen_range(0..37_500), DENOM)]),
            3 => tx.memo("once more"),
            _ => tx,
        }
    }

    /// A message of somebody, mostly of one who may send it.
    fn message(&mut self) -> (Who, Any) {
        let who = *Who::ALL[..9].choose(&mut self.rng).unwrap();
        let business = *[
            Who::Ann,
            Who::Ann,
            Who::Bob,
            Who::Operator,
            Who::Operator,
            Who::Dear,
            Who::Dear,
            Who::Cheap,
            Who::Staker,
            Who::Auditor,
            who,
        ]
        .choose(&mut self.rng)
        .unwrap();
        (business, self.message_of(business))
    }

    fn message_of(&mut self, who: Who) -> Any {
        let as_if = match self.rng.gen_ratio(1, 12) {
            true => *Who::ALL.choose(&mut self.rng).unwrap(),
            false => who,
        };
        match as_if {
            Who::Ann | Who::Bob => self.tenants(who),
            Who::Operator | Who::Dear => self.bidders(who),
            Who::Cheap => self.providers(who),
            Who::Staker => self.stakers(who),
            Who::Auditor => self.auditors(who),
            Who::Owner => self.owners(who),
            Who::Poor | Who::Nobody => self.senders(who),
        }
    }

    fn order(&mut self) -> u64 {
        let newest = self.orders + 1;
        let oldest = newest.saturating_sub(6).max(1);
        self.rng.gen_range(oldest..=newest)
    }

    fn deployment(&mut self) -> u64 {
        let newest = self.deployments + 1;
        let oldest = newest.saturating_sub(4).max(1);
        self.rng.gen_range(oldest..=newest)
    }

    fn provider(&mut self) -> Who {
        PROVIDERS.choose(&mut self.rng).unwrap().0
    }

    fn coins(&mut self) -> u128 {
        let most = *[10, 1_000, 700_000, 5 * COIN, 90 * COIN].choose(&mut self.rng).unwrap();
        self.rng.gen_range(0..=most)
    }

    fn price(&mut self) -> u128 {
        let most = *[3, 1_000, 3 * COIN, 4_000 * COIN].choose(&mut self.rng).unwrap();
        self.rng.gen_range(1..=most)
    }

    fn tenants(&mut self, who: Who) -> Any {
        let contracts = self.contracts;
        let (deployment, order) = (self.deployment(), self.order());
        let account = AccountId(deployment);
        match self.rng.gen_range(0..14) {
            0..=2 => {
                let auction = match self.rng.gen_ratio(1, 3) {
                    true => AuctionPolicy::LowestPrice { closes_after: self.rng.gen_range(9..13) },
                    false => AuctionPolicy::TenantChoice {},
                };
                let count = *[0, 1, 1, 1, 2, 3].choose(&mut self.rng).unwrap();
                let groups = (0..count).map(|n| group(&format!("g{n}"), self.price())).collect();
                let coins = self.coins().max(self.rng.gen_range(0..2) * 600_000 * count);
                contracts.deploy(who, groups, auction, coins)
            }
            3..=5 => {
                let provider = self.provider();
                let known = self.bids.get(&(OrderId(order), address(provider)));
                let bid = known.map_or(1, |bid| bid.0);
                contracts.accept(who, order, provider, bid, self.price())
            }
            6 => contracts.close(who, deployment),
            7 => contracts.deposit(who, deployment, self.coins()),
            8 => {
                let amount = amount(self.coins());
                contracts.escrow(who, &escrow::ExecuteMsg::WithdrawDeposit { account, amount })
            }
            9 => {
                let deposit = *[None, Some(1), Some(2)].choose(&mut self.rng).unwrap();
                contracts.escrow(who, &escrow::ExecuteMsg::ClaimRefund { account, deposit })
            }
            10 => {
                let deployment = DeploymentId(deployment);
                let delegate = Some(address(*TENANTS.choose(&mut self.rng).unwrap()));
                contracts.to_orderbook(
                    who,
                    &orderbook::ExecuteMsg::SetDelegate { deployment, delegate, limit: None },
                )
            }
            11 => {
                let (deployment, group) = (DeploymentId(deployment), GroupSeq(1));
                let msg = match self.rng.gen_range(0..6) {
                    0 => orderbook::ExecuteMsg::CloseGroup { deployment, group },
                    1 | 2 => orderbook::ExecuteMsg::PauseGroup { deployment, group },
                    _ => {
                        orderbook::ExecuteMsg::StartGroup { deployment, group, without_last: false }
                    }
                };
                contracts.to_orderbook(who, &msg)
            }
            12 => {
                let (deployment, group) = (DeploymentId(deployment), GroupSeq(1));
                let msg = match self.rng.gen_bool(0.5) {
                    true => {
                        let (add, remove) =
                            (vec![address(self.provider())], vec![address(self.provider())]);
                        orderbook::ExecuteMsg::SetExcluded { deployment, group, add, remove }
                    }
                    false => orderbook::ExecuteMsg::SetAnyoneStarts { deployment, on: true },
                };
                contracts.to_orderbook(who, &msg)
            }
            _ => {
                let order = OrderId(order);
                contracts.to_orderbook(
                    who,
                    &orderbook::ExecuteMsg::CloseLease { order, reason: None, exclude: false },
                )
            }
        }
    }

    fn bidders(&mut self, who: Who) -> Any {
        let contracts = self.contracts;
        let number = self.order();
        let order = OrderId(number);
        let provider = match self.rng.gen_ratio(1, 10) {
            true => self.provider(),
            false => PROVIDERS.iter().find(|pair| pair.1 == who).map_or(Who::Cheap, |pair| pair.0),
        };
        let named = address(provider);
        let value = self.price();
        match self.rng.gen_range(0..13) {
            0..=4 => contracts.bid(who, provider, number, value),
            5 => contracts.to_orderbook(
                who,
                &orderbook::ExecuteMsg::LowerBid { order, provider: named, price: price(value) },
            ),
            6 => contracts
                .to_orderbook(who, &orderbook::ExecuteMsg::WithdrawBid { order, provider: named }),
            7 => {
                let reason = Some(*CloseReason::ALL.choose(&mut self.rng).unwrap());
                contracts.to_orderbook(
                    who,
                    &orderbook::ExecuteMsg::CloseLease { order, reason, exclude: false },
                )
            }
            8 => {
                let orders = [number, self.order()];
                contracts.release(who, provider, &orders)
            }
            9 => {
                let account = AccountId(self.deployment());
                let stream = number;
                contracts.escrow(who, &escrow::ExecuteMsg::Withdraw { account, stream })
            }
            10 => {
                let limit = self.rng.gen_range(0..4);
                contracts.to_orderbook(who, &orderbook::ExecuteMsg::CloseAuction { order, limit })
            }
            11 => {
                let deployment = DeploymentId(self.deployment());
                contracts.to_orderbook(who, &orderbook::ExecuteMsg::EndDeployment { deployment })
            }
            _ => {
                let orders = vec![order, OrderId(self.order())];
                contracts.to_orderbook(who, &orderbook::ExecuteMsg::Prune { orders })
            }
        }
    }

    fn providers(&mut self, who: Who) -> Any {
        use registry::ExecuteMsg as Registry;
        let contracts = self.contracts;
        let value = *["eu-west", "eu-north"].choose(&mut self.rng).unwrap();
        let msg = match self.rng.gen_range(0..8) {
            0 | 1 => {
                return contracts.pay(who, &contracts.registry, &Registry::Bond {}, self.coins());
            }
            2 => Registry::Unbond { amount: amount(self.coins()) },
            3 => Registry::ClaimUnbonded {},
            4 => Registry::Update {
                payee: Some(address(*TENANTS.choose(&mut self.rng).unwrap())),
                attributes: Some(vec![Attribute::new("region", value)]),
                contact: None,
            },
            5 => Registry::SetMaintenance { provider: address(who), on: self.rng.gen_ratio(1, 4) },
            6 => return contracts.register(who, Who::Operator, self.coins()),
            _ => match self.rng.gen_ratio(1, 8) {
                true => Registry::Deregister {},
                false => Registry::SetOperator { operator: address(Who::Operator) },
            },
        };
        contracts.send(who, &contracts.registry, &msg)
    }

    fn stakers(&mut self, who: Who) -> Any {
        let contracts = self.contracts;
        let denom = native();
        let msg = match self.rng.gen_range(0..8) {
            0 | 1 => return stake(contracts, self.coins()),
            2 => fees::ExecuteMsg::Unstake { amount: amount(self.coins()) },
            3 => fees::ExecuteMsg::ClaimUnstaked {},
            4 => {
                fees::ExecuteMsg::ClaimRewards { staker: address(Who::Staker), denoms: vec![denom] }
            }
            5 => return contracts.escrow(who, &escrow::ExecuteMsg::SweepFees { denom }),
            6 => fees::ExecuteMsg::PayPool { denom },
            _ => fees::ExecuteMsg::Distribute { denom },
        };
        contracts.send(who, &contracts.fees, &msg)
    }

    fn auditors(&mut self, who: Who) -> Any {
        let contracts = self.contracts;
        let provider = self.provider();
        let named = address(provider);
        let msg = match self.rng.gen_range(0..4) {
            0 | 1 => {
                let attributes = vec![Attribute::new("region", "eu-west")];
                let expires_at = *[1, 4_000_000_000, 1_810_000_000].choose(&mut self.rng).unwrap();
                let evidence = None;
                attestations::ExecuteMsg::Attest {
                    provider: named,
                    attributes,
                    expires_at,
                    evidence,
                }
            }
            2 => attestations::ExecuteMsg::Revoke { provider: named, keys: None },
            _ => attestations::ExecuteMsg::SetProfile {
                profile: attestations::Profile {
                    name: "auditor".into(),
                    ..attestations::Profile::default()
                },
            },
        };
        contracts.send(who, &contracts.attestations, &msg)
    }

    /// Pauses do not last: the next unpause is as likely.
    fn owners(&mut self, who: Who) -> Any {
        let contracts = self.contracts;
        let contract = (*contracts.all().choose(&mut self.rng).unwrap()).clone();
        let words = ["unpause", "pause", "unpause", "unpause"];
        let word = *words.choose(&mut self.rng).unwrap();
        let msg: Value = serde_json::json!({ word: {} });
        contracts.send(who, &contract, &msg)
    }

    fn senders(&mut self, who: Who) -> Any {
        let to = address(*Who::ALL.choose(&mut self.rng).unwrap());
        let denom = *[DENOM, OTHER].choose(&mut self.rng).unwrap();
        let coins = self.coins() % 20_000;
        tx::send(&address(who), &to, &[Coin::new(coins, denom)])
    }
}
