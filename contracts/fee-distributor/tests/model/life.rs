//! The contract and what is expected of it, side by side.

use cosmwasm_std::{Addr, Coin, Uint128, coins, from_json};
use cw_multi_test::{ContractWrapper, Executor};
use cw_ownable::Action;
use cw20::{Cw20Coin, Cw20ExecuteMsg};
use souk_api::fees::{DenomResponse, ExecuteMsg, QueryMsg, StakerResponse};
use souk_contract_std::{
    message_of,
    testing::{Act, Life as Dice, Office, Sent},
};
use souk_core::Denom;

use crate::{
    common::{DAY_AND_PERIOD, Fees, PERIOD, STAKE, START, UNSTAKING, amount, split, who},
    expected::{DENOMS, Expected, STAKED, STAKERS},
};

const MIN: u128 = 1_000;

#[derive(Clone, Debug)]
pub enum Step {
    Pass(u64),
    Income {
        denom: usize,
        units: u128,
    },
    Distribute {
        denom: usize,
    },
    PayPool {
        denom: usize,
    },
    Burn {
        denom: usize,
    },
    Stake {
        who: usize,
        units: u128,
    },
    Unstake {
        who: usize,
        units: u128,
    },
    UnstakeAll {
        who: usize,
    },
    ClaimUnstaked {
        who: usize,
    },
    Claim {
        who: usize,
        denom: usize,
    },
    Minimum {
        units: u128,
    },
    /// Just at or just above what is staked.
    TightMinimum {
        above: u128,
    },
    Split {
        parts: [u16; 3],
    },
    /// A unit more than is staked.
    UnstakeMore {
        who: usize,
    },
    /// A second too early, and then in time.
    ClaimOnTime {
        who: usize,
    },
    /// To the last second of a drip, to its end, or a second beyond.
    ToTheEnd {
        denom: usize,
        n: u64,
    },
    /// The pool's part goes elsewhere.
    Pool(usize),
    /// Something that owner or guardian may do, by its number.
    Office(u64),
}

/// The contract and what is expected of it, side by side.
pub struct Life {
    fees: Fees,
    pub expected: Expected,
    stakers: Vec<Addr>,
    token: Addr,
    /// Where the pool's part goes, and what each place got, by denom.
    pool: usize,
    pools: [[u128; DENOMS]; 2],
    office: Office,
    pub sent: Sent,
    /// Coins of the staked denom that each person has staked and got back.
    returned: [u128; STAKERS],
}

impl Life {
    pub fn new() -> Self {
        let mut fees = Fees::with(|msg| msg.denoms = vec![Denom::native(STAKE)]);
        let token = issue(&mut fees);
        let stakers = (0..STAKERS).map(|n| who(&format!("person {n}"))).collect();
        let expected = Expected::new(START, MIN, [2_000, 5_000, 3_000]);
        let office = Office::new(&who("owner"), &who("guardian"));
        let (pool, pools, returned) = (0, [[0; DENOMS]; 2], [0; STAKERS]);
        let sent = Sent::default();
        let mut life = Self { fees, expected, stakers, returned, token, pool, pools, office, sent };
        let msg = ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: None,
            split: None,
            add_denoms: Some(vec![life.denom(1)]),
            min_total_stake: Some(amount(MIN)),
        };
        life.send(&who("owner"), &msg, &[], true);
        life
    }

    /// Coins, or tokens.
    fn denom(&self, denom: usize) -> Denom {
        if denom == STAKED { Denom::native(STAKE) } else { Denom::Cw20(self.token.to_string()) }
    }

    fn balance(&self, of: &Addr, denom: usize) -> u128 {
        if denom == STAKED {
            return self.fees.balance(of, STAKE);
        }
        // The token's own record, which is quicker than a query.
        let key = [b"\0\x07balance".as_slice(), of.as_bytes()].concat();
        let found = self.fees.app.wrap().query_wasm_raw(&self.token, key).unwrap();
        found.map_or(0, |units| from_json::<Uint128>(units).unwrap().u128())
    }

    /// Sends a message that must go as foretold.
    fn send(&mut self, from: &Addr, msg: &ExecuteMsg, funds: &[Coin], expected: bool) {
        let done = self.fees.send(from, msg, funds);
        assert_eq!(done.is_ok(), expected, "{msg:?} of {from}: {done:?}");
        if expected {
            self.sent.note(msg);
        } else if !funds.is_empty() {
            // Coins made for a refused message must not count.
            self.fees.app.send_tokens(from.clone(), who("nowhere"), funds).unwrap();
        }
    }

    fn administer(&mut self, by: &Addr, act: &Act) {
        let expected = self.office.act(self.fees.now(), by, act);
        self.send(by, &message_of!(act, ExecuteMsg), &[], expected);
    }

    /// The owner gives the contract up, which waits for the end of a pause.
    pub fn renounce(&mut self) {
        let (owner, renounce) = (self.office.owner(), Act::Own(Action::RenounceOwnership));
        for act in [Act::Pause, renounce.clone(), Act::Unpause, renounce, Act::Pause] {
            self.administer(&owner, &act);
        }
    }

    fn pools() -> [Addr; 2] {
        ["pool", "other pool"].map(who)
    }

    fn pass(&mut self, seconds: u64) {
        self.fees.pass(seconds);
        self.expected.pass(seconds);
    }

    pub fn step(&mut self, step: &Step) {
        let (stranger, owner) = (who("stranger"), self.office.owner());
        let change = |min_total_stake, split, pool: Option<Addr>| ExecuteMsg::UpdateConfig {
            guardian: None,
            pool: pool.map(Addr::into_string),
            split,
            add_denoms: None,
            min_total_stake,
        };
        match *step {
            Step::Pass(seconds) => self.pass(seconds),
            Step::Income { denom: STAKED, units } => {
                let address = self.fees.address.clone();
                self.fees.mint(&address, units, STAKE);
                self.expected.income(STAKED, units);
            }
            Step::Income { denom, units } => {
                let (recipient, amount) = (self.fees.address.to_string(), units.into());
                let msg = Cw20ExecuteMsg::Transfer { recipient, amount };
                let token = self.token.clone();
                self.fees.app.execute_contract(who("issuer"), token, &msg, &[]).unwrap();
                self.expected.income(denom, units);
            }
            Step::Distribute { denom } => {
                let msg = ExecuteMsg::Distribute { denom: self.denom(denom) };
                self.send(&stranger, &msg, &[], true);
                self.expected.distribute(denom, PERIOD);
            }
            Step::PayPool { denom } => {
                let pool = Self::pools()[self.pool].clone();
                let before = self.balance(&pool, denom);
                let pending = self.shown(denom).pending_pool.u128();
                self.send(&stranger, &ExecuteMsg::PayPool { denom: self.denom(denom) }, &[], true);
                let paid = self.balance(&pool, denom) - before;
                assert_eq!(paid, pending, "what was shown is paid");
                self.pools[self.pool][denom] += paid;
                self.expected.denoms[denom].pool_paid += paid;
            }
            Step::Burn { denom } => {
                self.send(&stranger, &ExecuteMsg::Burn { denom: self.denom(denom) }, &[], true);
                self.expected.burn(denom);
            }
            Step::Stake { who, units } => {
                let fine = !self.office.is_paused(self.fees.now());
                let staker = self.stakers[who].clone();
                self.send(&staker, &ExecuteMsg::Stake {}, &coins(units, STAKE), fine);
                self.expected.stakes[who] += if fine { units } else { 0 };
            }
            Step::Unstake { who, units } => {
                let fine = self.expected.unstake(who, units, UNSTAKING);
                let msg = ExecuteMsg::Unstake { amount: amount(units) };
                self.send(&self.stakers[who].clone(), &msg, &[], fine);
            }
            Step::UnstakeAll { who } => {
                let units = self.expected.stakes[who];
                self.step(&Step::Unstake { who, units });
            }
            Step::UnstakeMore { who } => {
                let units = self.expected.stakes[who] + 1;
                self.step(&Step::Unstake { who, units });
            }
            Step::ClaimUnstaked { who } => {
                let expected = self.expected.claim_unstaked(who);
                let staker = self.stakers[who].clone();
                self.send(&staker, &ExecuteMsg::ClaimUnstaked {}, &[], expected.is_some());
                self.returned[who] += expected.unwrap_or(0);
            }
            Step::ClaimOnTime { who } => {
                let (units, at) = self.expected.unstaking[who];
                let Some(wait) = at.checked_sub(self.fees.now() + 1).filter(|_| units > 0) else {
                    return;
                };
                self.pass(wait);
                self.step(&Step::ClaimUnstaked { who });
                self.pass(1);
                self.step(&Step::ClaimUnstaked { who });
                assert_eq!(self.expected.unstaking[who].0, 0, "it came back in its second");
            }
            Step::ToTheEnd { denom, n } => {
                let Some(end) = self.expected.denoms[denom].next_end() else { return };
                self.pass((end + n).saturating_sub(self.fees.now() + 1));
            }
            Step::Claim { who, denom } => {
                let before = self.balance(&self.stakers[who], denom);
                let staker = self.stakers[who].to_string();
                let msg = ExecuteMsg::ClaimRewards { staker, denoms: vec![self.denom(denom)] };
                self.send(&stranger, &msg, &[], true);
                let paid = self.balance(&self.stakers[who], denom) - before;
                self.expected.denoms[denom].paid[who] += paid;
            }
            Step::Minimum { units } => {
                self.send(&owner, &change(Some(amount(units)), None, None), &[], true);
                self.expected.set_min(units);
            }
            Step::TightMinimum { above } => {
                let units = (self.expected.total() + above).max(1);
                self.step(&Step::Minimum { units });
            }
            Step::Split { parts } => {
                let parts_msg = split(parts[0], parts[1], parts[2]);
                self.send(&owner, &change(None, Some(parts_msg), None), &[], true);
                self.expected.split = parts.map(Into::into);
            }
            Step::Pool(n) => {
                let to = Self::pools()[n].clone();
                self.send(&owner, &change(None, None, Some(to)), &[], true);
                self.pool = n;
            }
            Step::Office(number) => {
                let (by, act) = self.office.any(&mut Dice::new(number, 1));
                self.administer(&by, &act);
            }
        }
    }

    fn shown(&self, denom: usize) -> DenomResponse {
        self.fees.query(&QueryMsg::Denom { denom: self.denom(denom) })
    }

    /// Everything that must hold at every moment.
    pub fn check(&self) {
        for denom in 0..DENOMS {
            self.check_denom(denom);
        }
        for (who, person) in self.stakers.iter().enumerate() {
            let paid = self.expected.denoms[STAKED].paid[who];
            let has = self.fees.balance(person, STAKE);
            assert_eq!(has, paid + self.returned[who], "stakes come back whole");
        }
    }

    fn check_denom(&self, denom: usize) {
        let (fees, expected) = (&self.fees, &self.expected.denoms[denom]);
        let shown = self.shown(denom);
        let stakes: u128 = self.expected.total()
            + self.expected.unstaking.map(|(units, _)| units).iter().sum::<u128>();
        let stakes = if denom == STAKED { stakes } else { 0 };
        let parts = [
            shown.undistributed,
            shown.dripping,
            shown.unclaimed,
            shown.pending_pool,
            shown.pending_burn,
        ];
        let owed: u128 = parts.iter().map(|part| part.u128()).sum();
        assert_eq!(self.balance(&fees.address, denom), stakes + owed, "nothing is uncounted");

        for (place, paid) in Self::pools().iter().zip(self.pools) {
            assert_eq!(self.balance(place, denom), paid[denom], "whom the owner named by then");
        }
        let pool = self.pools[0][denom] + self.pools[1][denom];
        let paid: u128 = expected.paid.iter().sum();
        assert_eq!(
            expected.came,
            pool + expected.burned + paid + owed,
            "income is all accounted for"
        );
        assert_eq!((shown.to_pool.u128(), pool), (pool, expected.pool_paid));
        assert_eq!(shown.undistributed.u128(), expected.unsplit(), "split to the unit");
        assert_eq!(
            (shown.pending_burn.u128(), shown.burned.u128()),
            (expected.to_burn(), expected.burned)
        );

        // To the unit: the contract's shares may differ from the expected ones by the last bits.
        let pool_due = pool + shown.pending_pool.u128();
        let pool_expected = expected.pool_split() + expected.pool_dripped();
        assert!(
            pool_due.abs_diff(pool_expected) <= 1,
            "pool: {pool_due}, expected {pool_expected}"
        );
        for (who, person) in self.stakers.iter().enumerate() {
            let staker: StakerResponse =
                fees.query(&QueryMsg::Staker { staker: person.to_string() });
            assert_eq!(staker.stake.u128(), self.expected.stakes[who]);
            let earned = staker.rewards[denom].amount.u128() + expected.paid[who];
            assert!(
                earned.abs_diff(expected.earned(who)) <= 1,
                "{earned}, {}",
                expected.earned(who)
            );
            if denom != STAKED {
                assert_eq!(self.balance(person, denom), expected.paid[who], "what was claimed");
            }
        }
    }

    /// Lets everything drip and everybody claim.
    pub fn end(&mut self) {
        let all = (0..STAKERS).flat_map(|who| (0..DENOMS).map(move |denom| (who, denom)));
        for denom in 0..DENOMS {
            self.step(&Step::Distribute { denom });
        }
        self.step(&Step::Pass(DAY_AND_PERIOD));
        for denom in 0..DENOMS {
            self.step(&Step::Distribute { denom });
            self.step(&Step::PayPool { denom });
            self.step(&Step::Burn { denom });
        }
        for (who, denom) in all {
            self.step(&Step::Claim { who, denom });
        }
        for who in 0..STAKERS {
            let units = self.expected.stakes[who];
            if units > 0 {
                self.step(&Step::Unstake { who, units });
            }
        }
        self.step(&Step::Pass(UNSTAKING));
        for who in 0..STAKERS {
            self.step(&Step::ClaimUnstaked { who });
        }
        self.check();
        for denom in 0..DENOMS {
            assert!(!self.expected.denoms[denom].drips());
            let left = self.balance(&self.fees.address, denom);
            // A fraction of each staker and of the index; two units of splits at most.
            let bound = u128::try_from(STAKERS).unwrap() + 1 + 2;
            assert!(left <= bound, "{left} of {denom} are left over");
        }
    }
}

/// A token of which its issuer has plenty.
fn issue(fees: &mut Fees) -> Addr {
    let code = fees.app.store_code(Box::new(ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    )));
    let holder = Cw20Coin { address: who("issuer").into(), amount: Uint128::new(1 << 120) };
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Token".into(),
        symbol: "TOKEN".into(),
        decimals: 6,
        initial_balances: vec![holder],
        mint: None,
        marketing: None,
    };
    fees.app.instantiate_contract(code, who("issuer"), &msg, &[], "token", None).unwrap()
}
