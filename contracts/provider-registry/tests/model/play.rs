//! The contract and the bookkeeping side by side.

use cosmwasm_std::{Addr, HexBinary};
use cw_ownable::Action;
use souk_api::{
    defaults::{BOND_PER_SLOT, CHANGE_DELAY, MIN_BOND, SLASH_DELAY, SLASH_PERIOD},
    registry::{Contact, ExecuteMsg, Gateway},
};
use souk_contract_std::{
    message_of,
    testing::{Act, Life, Office, Sent},
};
use souk_core::{
    Attribute, Denom, PriceFloor,
    time::{DAY, HOUR},
};
use souk_provider_registry::rules::slashing::LAPSE;

use crate::{
    Step,
    common::{Changes, Fixture, PURSE, SOUK, amount, change, gateway, set_floors, set_gateway},
    expected::{Pending, Provider},
    shown,
    slasher::Slasher,
    take,
};

pub struct Play {
    fixture: Fixture,
    providers: [Addr; 3],
    expected: [Provider; 3],
    slashers: [Slasher; 3],
    office: Office,
    min_bond: u128,
    delay: u64,
    /// To whom slashes go, and what each got.
    receiver: usize,
    taken: [u128; 2],
    pub sent: Sent,
    pub refused: usize,
    /// Claims that paid less for a notice.
    pub held_back: usize,
}

fn number_gateway(n: u64) -> Gateway {
    let uri = if n == 0 { gateway().uri } else { format!("https://p{n}.example.com") };
    Gateway { uri, ..gateway() }
}

fn number_floors(n: u64) -> Vec<PriceFloor> {
    let price = |n: u64| amount(n.into());
    let floor = |n| PriceFloor {
        denom: Denom::native("usouk"),
        cpu: price(n),
        memory: price(n),
        gpu: price(n),
    };
    if n == 0 { Vec::new() } else { vec![floor(n)] }
}

fn quote_key(n: u64) -> HexBinary {
    HexBinary::from([u8::try_from(n).unwrap(); 32])
}

impl Play {
    pub fn begin() -> Self {
        let mut fixture = Fixture::linked();
        let providers = ["a", "b", "c"].map(|name| fixture.payer(name));
        let office = Office::new(&fixture.owner, &fixture.guardian);
        let mut play = Self {
            fixture,
            providers,
            expected: Default::default(),
            slashers: Default::default(),
            office,
            min_bond: MIN_BOND,
            delay: CHANGE_DELAY,
            receiver: 0,
            taken: [0; 2],
            sent: Sent::default(),
            refused: 0,
            held_back: 0,
        };
        play.configure(|changes, play| {
            changes.slash_receiver = Some(play.receivers()[0].to_string())
        });
        play
    }

    fn receivers(&self) -> [Addr; 2] {
        ["victim", "other victim"].map(|name| self.fixture.someone(name))
    }

    fn person(&self, who: usize, n: u64) -> Addr {
        if n == 0 { self.providers[who].clone() } else { self.fixture.someone(&format!("key {n}")) }
    }

    fn configure(&mut self, what: impl FnOnce(&mut Changes, &Self)) {
        let msg = change(|changes| what(changes, self));
        self.send(&self.office.owner(), &msg, true);
    }

    fn send(&mut self, from: &Addr, msg: &ExecuteMsg, expected: bool) {
        let done = self.fixture.send(from, msg);
        assert_eq!(done.is_ok(), expected, "{msg:?} of {from} at {}: {done:?}", self.fixture.now());
        if expected {
            self.sent.note(msg);
        } else {
            self.refused += 1;
        }
    }

    /// Anything, and then a look at everyone.
    pub fn step(&mut self, life: &mut Life) {
        let who = life.below(3) as usize;
        match life.below(32) {
            0..=2 => {
                let units = [self.min_bond, self.min_bond - 1, self.min_bond + SOUK * 20];
                self.stakes(who, &Step::Register(units[life.below(3) as usize]));
            }
            3 | 4 => self.stakes(who, &Step::Bond(life.below(5_000_000).into())),
            5..=8 => {
                // All but the least bond, a unit more, or something.
                let all = self.expected[who].bond.saturating_sub(self.min_bond);
                let units = [all, all + 1, life.below(20_000_000).into()];
                self.stakes(who, &Step::Unbond(units[life.below(3) as usize]));
            }
            9..=11 => self.stakes(who, &Step::Claim),
            12 if life.below(2) == 0 => self.claim_while_noticed(who),
            12 => self.claim_on_time(who),
            13 => self.stakes(who, &Step::Leave),
            14..=16 => {
                let share = [2_500, 2_501, u128::from(life.below(3_000))];
                self.stakes(who, &Step::Notice(share[life.below(3) as usize]));
            }
            17 | 18 => self.stakes(who, &Step::Slash),
            19 => self.slash_on_time(who, life),
            20 => self.stakes(who, &Step::Withdraw),
            21 => {
                // As many slots as the stake backs, one more, or some.
                let all = (self.expected[who].at_stake() / BOND_PER_SLOT) as u32;
                let used = [0, 0, all, all + 1, life.below(30) as u32][life.below(5) as usize];
                self.use_slots(who, used);
            }
            22..=25 => self.says(who, life),
            26 => self.sets(life),
            27 | 28 => {
                let (by, act) = self.office.any(life);
                self.administer(&by, &act);
            }
            _ => {
                let seconds = [1, HOUR, 3 * DAY, 10 * DAY, SLASH_PERIOD, SLASH_DELAY, LAPSE];
                self.fixture.pass(seconds[life.below(7) as usize]);
            }
        }
        self.check();
    }

    fn use_slots(&mut self, who: usize, used: u32) {
        self.fixture.set_used_slots(&self.providers[who], used);
        self.expected[who].used = used;
    }

    fn administer(&mut self, by: &Addr, act: &Act) {
        let expected = self.office.act(self.fixture.now(), by, act);
        self.send(by, &message_of!(act, ExecuteMsg), expected);
    }

    /// What moves or holds coins.
    fn stakes(&mut self, who: usize, step: &Step) {
        let provider = self.providers[who].clone();
        let (now, before) = (self.fixture.now(), self.expected[who].at_stake());
        let held = self.slashers[who].held(now);
        let noticed = self.slashers[who].notice.as_ref().map(|notice| notice.amount.u128());
        // Coins must be there.
        let purse = self.expected[who].purse();
        if matches!(step, Step::Register(units) | Step::Bond(units) if *units > purse) {
            return;
        }
        let took = take(&mut self.fixture, &provider, step);
        let of = &mut self.expected[who];
        let (foretold, name) = match step {
            Step::Register(units) => {
                let paused = self.office.is_paused(now);
                (Some(!paused && of.register(*units, self.min_bond, 0)), "register")
            }
            Step::Bond(units) => (Some(of.add(*units)), "bond"),
            Step::Unbond(units) => (Some(of.unbond(*units, self.min_bond, now)), "unbond"),
            Step::Claim => {
                self.held_back += usize::from(of.claimable(held, now) < of.claimable(0, now));
                (Some(of.claim(held, now)), "claim_unbonded")
            }
            Step::Leave => (Some(of.leave(now)), "deregister"),
            Step::Slash => (None, "slash"),
            Step::Notice(_) => (None, "notice_slash"),
            Step::Withdraw => (None, "withdraw_notice"),
            Step::Pass(_) => return,
        };
        assert!(foretold.is_none_or(|fine| fine == took), "{step:?} at {now}: {took}, {of:?}");
        if !took {
            self.refused += 1;
            return;
        }
        self.sent.note_text(&format!("{{\"{name}\":"));
        if matches!(step, Step::Slash) {
            of.slash(noticed.unwrap());
            self.taken[self.receiver] += noticed.unwrap();
        }
        self.slashers[who].check(&self.fixture, &provider, before, step);
    }

    /// A claim in the second in which it may be, and not one before.
    fn claim_on_time(&mut self, who: usize) {
        let (now, of) = (self.fixture.now(), &self.expected[who]);
        if of.unbonding == 0 || now >= of.claimable_at {
            return;
        }
        let wait = of.claimable_at - now;
        self.fixture.pass(wait - 1);
        self.stakes(who, &Step::Claim);
        self.fixture.pass(1);
        self.stakes(who, &Step::Claim);
    }

    /// A claim of what has unbonded while slots need the bond and a new notice holds back part of the rest.
    fn claim_while_noticed(&mut self, who: usize) {
        let (now, of) = (self.fixture.now(), &self.expected[who]);
        if of.unbonding == 0 {
            return;
        }
        let used = (of.bond / BOND_PER_SLOT) as u32;
        self.fixture.pass(of.claimable_at.saturating_sub(now));
        self.use_slots(who, used);
        self.stakes(who, &Step::Notice(2_500));
        self.stakes(who, &Step::Claim);
    }

    /// A slash in the first second of its week, in the last one, or in the one after that.
    fn slash_on_time(&mut self, who: usize, life: &mut Life) {
        let Some(notice) = self.slashers[who].notice.clone() else { return };
        let ends = [
            notice.executable_at - 1,
            notice.executable_at,
            notice.lapses_at - 1,
            notice.lapses_at,
        ];
        let nth = life.below(4) as usize;
        let Some(wait) = ends[nth].checked_sub(self.fixture.now()) else { return };
        self.fixture.pass(wait);
        let before = self.taken;
        self.stakes(who, &Step::Slash);
        assert_eq!(self.taken != before, nth == 1 || nth == 2, "{notice:?} at {}", ends[nth]);
    }

    /// What a provider says of itself, or somebody else in its name.
    fn says(&mut self, who: usize, life: &mut Life) {
        let (now, n, delay) = (self.fixture.now(), life.below(4), self.delay);
        let provider = self.providers[who].clone();
        let stranger = life.below(6) == 0;
        let sender = if stranger { self.fixture.someone("stranger") } else { provider.clone() };
        let key = self.person(who, n);
        let fine = self.expected[who].registered && !stranger;
        let operator = self.person(who, self.expected[who].operator);
        let kind = life.below(7);
        let (sender, msg) = match kind {
            0 => (sender, set_gateway(&provider, number_gateway(n))),
            1 => (sender, set_floors(&provider, &number_floors(n))),
            2 => (sender, ExecuteMsg::SetOperator { operator: key.into() }),
            3 => {
                let by = if stranger { sender } else { operator };
                let provider = provider.to_string();
                (by, ExecuteMsg::SetMaintenance { provider, on: n % 2 == 0 })
            }
            4 => {
                let by = if stranger { sender } else { operator };
                let provider = provider.to_string();
                (by, ExecuteMsg::SetQuoteKey { provider, key: (n > 0).then(|| quote_key(n)) })
            }
            5 => {
                let (attributes, contact) = (None, None);
                (sender, ExecuteMsg::Update { payee: Some(key.into()), attributes, contact })
            }
            _ => {
                let attributes = Some(vec![Attribute::new("claim", format!("{n}"))]);
                let contact = Contact { email: format!("{n}@example.com"), website: String::new() };
                (sender, ExecuteMsg::Update { payee: None, attributes, contact: Some(contact) })
            }
        };
        self.send(&sender, &msg, fine);
        if !fine {
            return;
        }
        let of = &mut self.expected[who];
        match kind {
            0 => of.gateway.set(n, now, delay),
            // No floors instead of none: what was to follow is forgotten.
            1 if n == 0 && of.floors.at(now).0 == 0 => of.floors = Pending::of(0),
            1 => of.floors.set(n, now, delay),
            2 => {
                // Another operator's agent signs with another key.
                of.quote_key = of.quote_key.filter(|_| of.operator == n);
                of.operator = n;
            }
            3 => of.maintenance = n % 2 == 0,
            4 => of.quote_key = (n > 0).then_some(n),
            5 => of.payee = n,
            _ => (of.email, of.claims) = (n + 1, n + 1),
        }
    }

    /// What the owner sets.
    fn sets(&mut self, life: &mut Life) {
        match life.below(3) {
            0 => {
                self.min_bond = [MIN_BOND, SOUK, 12 * SOUK][life.below(3) as usize];
                self.configure(|changes, play| changes.min_bond = Some(amount(play.min_bond)));
            }
            1 => {
                self.delay = [CHANGE_DELAY, 0, DAY][life.below(3) as usize];
                self.configure(|changes, play| changes.change_delay = Some(play.delay));
            }
            _ => {
                self.receiver = life.below(2) as usize;
                let to = self.receivers()[self.receiver].to_string();
                self.configure(|changes, _| changes.slash_receiver = Some(to));
            }
        }
    }

    /// Everyone has what is theirs, and each record says what was said.
    fn check(&self) {
        let (fixture, now) = (&self.fixture, self.fixture.now());
        let staked: u128 = self.expected.iter().map(Provider::at_stake).sum();
        assert_eq!(fixture.balance(&fixture.registry), staked, "it holds what is at stake");
        for (receiver, taken) in self.receivers().iter().zip(self.taken) {
            assert_eq!(fixture.balance(receiver), taken, "the receiver is paid what was slashed");
        }
        for (who, of) in self.expected.iter().enumerate() {
            let provider = &self.providers[who];
            assert_eq!(fixture.balance(provider), of.purse(), "the purse of {provider}");
            let Some(shown) = shown(fixture, provider) else {
                assert!(!of.known, "{provider} is known");
                continue;
            };
            let unbonding =
                shown.unbonding.map_or((0, 0), |one| (one.amount.u128(), one.claimable_at));
            let own = (of.unbonding, if of.unbonding > 0 { of.claimable_at } else { 0 });
            assert_eq!((shown.bond.u128(), unbonding), (of.bond, own), "{provider}");
            assert_eq!(
                (shown.slashes, shown.registered),
                (of.slashes, of.registered),
                "{provider}"
            );
            let published = fixture.published(provider);
            assert_eq!(published.is_some(), of.registered, "{provider}");
            if let Some(record) = published {
                assert_eq!(u128::from(record.slots), of.bond / BOND_PER_SLOT);
                let (floors, next) = of.floors.at(now);
                assert_eq!(shown.floors, number_floors(floors), "floors of {provider}");
                let shown_next = shown.next_floors.map(|next| (next.floors, next.from));
                assert_eq!(shown_next, next.map(|(n, from)| (number_floors(n), from)));
                let (gateway, next) = of.gateway.at(now);
                assert_eq!(shown.gateway, number_gateway(gateway), "gateway of {provider}");
                let shown_next = shown.next_gateway.map(|next| (next.gateway, next.from));
                assert_eq!(shown_next, next.map(|(n, from)| (number_gateway(n), from)));
                let (payee, operator) = (self.person(who, of.payee), self.person(who, of.operator));
                assert_eq!((shown.payee, shown.operator), (payee.into(), operator.into()));
                assert_eq!(shown.maintenance, of.maintenance, "maintenance of {provider}");
                let key = of.quote_key.map(quote_key);
                assert_eq!(shown.quote_key, key, "key of {provider}");
                let email = if of.email == 0 {
                    "ops@example.com".to_owned()
                } else {
                    format!("{}@example.com", of.email - 1)
                };
                assert_eq!(shown.contact.email, email, "contact of {provider}");
                if of.claims > 0 {
                    let claims = vec![Attribute::new("claim", format!("{}", of.claims - 1))];
                    assert_eq!(shown.attributes, claims, "claims of {provider}");
                }
            }
        }
        let all: u128 = self.expected.iter().map(Provider::purse).sum();
        assert_eq!(all + staked + self.taken[0] + self.taken[1], 3 * PURSE, "nothing is lost");
    }

    /// The owner gives the contract up, which waits for the end of a pause.
    pub fn renounce(&mut self) {
        let (owner, renounce) = (self.office.owner(), Act::Own(Action::RenounceOwnership));
        for act in [Act::Pause, renounce.clone(), Act::Unpause, renounce, Act::Pause] {
            self.administer(&owner, &act);
        }
    }
}
