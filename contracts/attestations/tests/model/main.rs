//! Whatever is attested, revoked and stopped in whatever order, by whomever: each auditor's word is exactly what
//! it said, until the second in which it ends.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;
mod expected;

use common::{Fixture, evidence, revoke};
use cosmwasm_std::Addr;
use cw_ownable::Action;
use souk_api::attestations::{
    AttestationResponse, AttestationsResponse, AuditorResponse, CheckResponse, ExecuteMsg, Profile,
    QueryMsg,
};
use souk_contract_std::{
    message_of,
    testing::{Act, Life, Lives, Office, Sent},
};
use souk_core::{
    Attribute,
    time::{DAY, HOUR},
};

use expected::{Said, Words};

const YEAR: u64 = 365 * DAY;
const KEYS: [&str; 5] = ["aa", "bb", "ca", "cb", "dd"];

/// The contract and what auditors said, side by side.
struct Play {
    fixture: Fixture,
    auditors: [Addr; 4],
    providers: [Addr; 2],
    words: Words,
    office: Office,
    sent: Sent,
    /// Steps that were refused and that went well, to see that both happen.
    refused: usize,
}

impl Play {
    fn begin() -> Self {
        let fixture = Fixture::new();
        Self {
            auditors: ["a", "b", "c", "d"].map(|name| fixture.someone(name)),
            providers: ["p", "q"].map(|name| fixture.someone(name)),
            words: Words::new(YEAR),
            office: Office::new(&fixture.owner, &fixture.guardian),
            sent: Sent::default(),
            refused: 0,
            fixture,
        }
    }

    /// Sends a message that must go as foretold.
    fn send(&mut self, from: &Addr, msg: &ExecuteMsg, expected: bool) {
        let done = self.fixture.send(from, msg);
        assert_eq!(done.is_ok(), expected, "{msg:?} of {from}: {done:?}");
        if expected {
            self.sent.note(msg);
        } else {
            self.refused += 1;
        }
    }

    fn step(&mut self, life: &mut Life) {
        let auditor = self.auditors[life.below(4) as usize].clone();
        let provider = self.providers[life.below(2) as usize].clone();
        match life.below(20) {
            0..=8 => self.attest(life, &auditor, &provider),
            9..=12 => self.revoke(life, &auditor, &provider),
            13 => {
                let profile = Profile { name: format!("{}", life.below(9)), ..Profile::default() };
                let msg = ExecuteMsg::SetProfile { profile: profile.clone() };
                self.send(&auditor, &msg, true);
                self.words.profiles.insert(auditor.to_string(), profile);
            }
            14 => {
                let seconds = [HOUR, HOUR - 1, DAY, YEAR, 10 * YEAR, 10 * YEAR + 1];
                let seconds = seconds[life.below(6) as usize];
                let fine = (HOUR..=10 * YEAR).contains(&seconds);
                let guardian = None;
                let msg = ExecuteMsg::UpdateConfig { guardian, max_lifetime: Some(seconds) };
                self.send(&self.office.owner(), &msg, fine);
                if fine {
                    self.words.longest = seconds;
                }
            }
            15 | 16 => {
                let (by, act) = self.office.any(life);
                self.administer(&by, &act);
            }
            17 => {
                // To the second before one ends, or to its end.
                let now = self.fixture.now();
                let Some(ends) = self.words.next_end(now) else { return };
                self.fixture.pass(ends - now - life.below(2));
            }
            _ => {
                let seconds = [1, 60, HOUR, DAY, 8 * DAY][life.below(5) as usize];
                self.fixture.pass(seconds);
            }
        }
    }

    fn administer(&mut self, by: &Addr, act: &Act) {
        let expected = self.office.act(self.fixture.now(), by, act);
        self.send(by, &message_of!(act, ExecuteMsg), expected);
    }

    fn attest(&mut self, life: &mut Life, auditor: &Addr, provider: &Addr) {
        let now = self.fixture.now();
        let named = 1 + life.below((1 << KEYS.len()) - 1);
        let keys = KEYS.iter().enumerate().filter(|(n, _)| named & (1 << n) != 0);
        let value = format!("{}", life.below(9));
        let attributes: Vec<_> =
            keys.map(|(_, key)| Attribute::new(*key, value.as_str())).collect();
        let longest = now + self.words.longest;
        let ends = [now, now + 1, now + 60, now + HOUR, longest, longest + 1];
        let expires_at = ends[life.below(6) as usize];
        let rests_on = (life.below(2) == 0).then(|| evidence(life.below(9) as u8));
        let fine = !self.office.is_paused(now) && expires_at > now && expires_at <= longest;
        let msg = ExecuteMsg::Attest {
            provider: provider.to_string(),
            attributes: attributes.clone(),
            expires_at,
            evidence: rests_on.clone(),
        };
        self.send(auditor, &msg, fine);
        if fine {
            let said = attributes.into_iter().map(|one| (one.key, (one.value, expires_at)));
            self.words.attest(provider, auditor, now, said, rests_on);
        }
    }

    fn revoke(&mut self, life: &mut Life, auditor: &Addr, provider: &Addr) {
        let named = life.below(1 << KEYS.len());
        let keys = KEYS.iter().enumerate().filter(|(n, _)| named & (1 << n) != 0);
        let keys: Vec<&str> = keys.map(|(_, key)| *key).collect();
        let keys = match life.below(4) {
            0 => None,
            1 => Some(&keys[..]),
            // One that it may well have attested.
            _ => Some(&KEYS[life.below(5) as usize..][..1]),
        };
        let fine = self.words.revoke(provider, auditor, keys);
        self.send(auditor, &revoke(provider, keys), fine);
    }

    /// The list names exactly the auditors whose word stands, each with what it said.
    fn check(&self) {
        let now = self.fixture.now();
        for provider in &self.providers {
            let expected = self.words.of(provider);
            let shown = self.list(provider, 3);
            let shown: Vec<_> = shown
                .into_iter()
                .map(|entry| {
                    let values = entry.values.into_iter();
                    let values = values.map(|one| (one.key, (one.value, one.expires_at))).collect();
                    (entry.auditor, Said { values, evidence: entry.evidence })
                })
                .collect();
            assert_eq!(shown, expected, "of {provider} at {now}");
            let answer: CheckResponse = self.fixture.ask(&QueryMsg::Check {
                provider: provider.to_string(),
                auditors: self.auditors.iter().map(ToString::to_string).collect(),
                keys: Some(vec!["aa".into(), "c*".into()]),
                at: Some(now),
            });
            assert_eq!(answer.auditors.len(), self.auditors.len());
            for of in answer.auditors {
                let attested = self.words.attested(provider, &of.auditor, now);
                let asked = |key: &String| key == "aa" || key.starts_with('c');
                let keys: Vec<_> = attested.into_iter().filter(asked).collect();
                let shown: Vec<_> = of.values.into_iter().map(|value| value.key).collect();
                assert_eq!(shown, keys, "{} of {provider} at {now}", of.auditor);
            }
        }
        for auditor in &self.auditors {
            let auditor = auditor.to_string();
            let shown: AuditorResponse =
                self.fixture.ask(&QueryMsg::Auditor { auditor: auditor.clone() });
            assert_eq!(shown.profile.as_ref(), self.words.profiles.get(&auditor));
        }
    }

    fn list(&self, provider: &Addr, page: u32) -> Vec<AttestationResponse> {
        let mut all: Vec<AttestationResponse> = Vec::new();
        loop {
            let msg = QueryMsg::Attestations {
                provider: provider.to_string(),
                start_after: all.last().map(|last| last.auditor.clone()),
                limit: Some(page),
            };
            let answer: AttestationsResponse = self.fixture.ask(&msg);
            if answer.attestations.is_empty() {
                return all;
            }
            assert!(answer.attestations.len() <= usize::try_from(page).unwrap());
            all.extend(answer.attestations);
        }
    }

    /// The owner gives the contract up, which waits for the end of a pause.
    fn renounce(&mut self) {
        let (owner, renounce) = (self.office.owner(), Act::Own(Action::RenounceOwnership));
        for act in [Act::Pause, renounce.clone(), Act::Unpause, renounce, Act::Pause] {
            self.administer(&owner, &act);
        }
    }
}

#[test]
fn an_auditors_word_is_what_it_said_until_it_ends() {
    let lives = Lives::new(3_000, 150);
    let (mut sent, mut refused) = (Sent::default(), 0);
    lives.play("attestations", |life| {
        let mut play = Play::begin();
        for _ in 0..life.steps {
            play.step(life);
            play.check();
        }
        play.renounce();
        sent.add(&play.sent);
        refused += play.refused;
    });
    if lives.are_whole() {
        sent.assert_all::<ExecuteMsg>();
        assert!(refused > 100, "{refused} were refused");
    }
}
