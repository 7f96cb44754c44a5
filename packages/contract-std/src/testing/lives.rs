//! Random lives of contracts, by number: the same number is the same life.

#![allow(clippy::arithmetic_side_effects, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    str::FromStr,
};

use cosmwasm_schema::{
    schema_for,
    schemars::{JsonSchema, schema::SingleOrVec},
    serde::Serialize,
};
use cosmwasm_std::to_json_string;

/// The number of the first life if none is asked for: the one with which `scripts/test` runs.
const SEED: u64 = 2_165_683_702;
/// Lives in which a rule was broken before the rest is given up.
const ENOUGH: usize = 5;

/// The lives that a test plays.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    first: u64,
    steps: usize,
    usual: usize,
    each: usize,
}

/// One of them: its number, how many steps it takes, and dice that fall as the number says.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its number.
    pub seed: u64,
    /// How many steps it takes.
    pub steps: usize,
    dice: u64,
}

impl Lives {
    /// `usual` steps in lives of `each`. The variable `SOUK_STEPS` asks for another sum of steps, `SOUK_SEED`
    /// for other lives: it is the number of the first one.
    pub fn new(usual: usize, each: usize) -> Self {
        let (steps, first) = (asked("SOUK_STEPS").unwrap_or(usual), asked("SOUK_SEED"));
        Self { first: first.unwrap_or(SEED), steps, usual, each }
    }

    /// Whether as many steps are played as usual: then each kind of step must have gone well.
    pub fn are_whole(&self) -> bool {
        self.steps >= self.usual
    }

    /// Plays all of them and prints how many steps that were.
    ///
    /// # Panics
    /// If a rule was broken, once all lives are over: in which, and how to play it again.
    pub fn play(&self, of: &str, mut one: impl FnMut(&mut Life)) {
        let mut broken = Vec::new();
        let (mut left, mut seed) = (self.steps, self.first);
        while left > 0 && broken.len() < ENOUGH {
            let steps = left.min(self.each);
            let mut life = Life::new(seed, steps);
            if catch_unwind(AssertUnwindSafe(|| one(&mut life))).is_err() {
                broken.push(seed);
            }
            (left, seed) = (left - steps, seed.wrapping_add(1));
        }
        let (from, steps, broke) = (self.first, self.steps - left, broken.len());
        println!("{of}: {steps} steps, seeds {from} to {}, {broke} violations", seed - 1);
        let again = format!("SOUK_STEPS={} SOUK_SEED=... plays one again", self.each);
        assert!(broken.is_empty(), "{of}: rules were broken in the lives {broken:?}; {again}");
    }
}

fn asked<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: `{text}` is no number")))
}

impl Life {
    /// The life of that number.
    pub fn new(seed: u64, steps: usize) -> Self {
        Self { seed, steps, dice: seed }
    }

    /// Any number (SplitMix64).
    pub fn any(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Any number below `end`, which is above zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    /// Bytes for another generator.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.any().to_be_bytes());
        }
        bytes
    }
}

/// Which messages went well, by their names on the chain. A change of owner counts by its kind.
#[derive(Clone, Debug, Default)]
pub struct Sent(BTreeMap<String, usize>);

impl Sent {
    /// Counts a message that went well.
    pub fn note(&mut self, msg: &impl Serialize) {
        self.note_text(&to_json_string(msg).unwrap_or_default());
    }

    /// Counts one that is written as JSON.
    pub fn note_text(&mut self, text: &str) {
        let mut names = text.split('"').skip(1).step_by(2);
        let name = names.next().unwrap_or_default().to_owned();
        if name == "update_ownership" {
            let kind = names.next().unwrap_or_default().to_owned();
            *self.0.entry(kind).or_default() += 1;
        }
        *self.0.entry(name).or_default() += 1;
    }

    /// Adds what another one counted.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }

    /// How often a message went well.
    pub fn count(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Holds that each message of the enum `M` went well, and each kind of change of owner.
    ///
    /// # Panics
    /// With those that did not.
    pub fn assert_all<M: JsonSchema>(&self) {
        let changes = ["transfer_ownership", "accept_ownership", "renounce_ownership"];
        let mut all = variants::<M>();
        if all.contains("update_ownership") {
            all.extend(changes.map(str::to_owned));
        }
        assert!(all.len() > 1, "no messages were found");
        let missing: Vec<_> = all.into_iter().filter(|name| self.count(name) == 0).collect();
        assert!(missing.is_empty(), "never sent with success: {missing:?} of {:?}", self.0);
    }
}

/// The names of an enum's variants, by its schema.
fn variants<M: JsonSchema>() -> BTreeSet<String> {
    let all = schema_for!(M).schema.subschemas.and_then(|subschemas| subschemas.one_of);
    let mut names = BTreeSet::new();
    for schema in all.unwrap_or_default() {
        let schema = schema.into_object();
        let is_text = matches!(&schema.instance_type, Some(SingleOrVec::Single(one))
            if **one == cosmwasm_schema::schemars::schema::InstanceType::String);
        if is_text {
            let values = schema.enum_values.unwrap_or_default();
            names.extend(values.iter().filter_map(|value| value.as_str().map(str::to_owned)));
        } else {
            names.extend(schema.object.unwrap_or_default().required);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use cosmwasm_schema::cw_serde;

    use super::*;

    #[cw_serde]
    enum Message {
        Pay { units: u64 },
        Stop {},
        Nothing,
    }

    #[test]
    fn a_message_that_was_never_sent_is_missed() {
        let mut sent = Sent::default();
        sent.note(&Message::Pay { units: 7 });
        sent.note(&Message::Nothing);
        let missed = |sent: &Sent| {
            let sent = sent.clone();
            catch_unwind(AssertUnwindSafe(|| sent.assert_all::<Message>())).is_err()
        };
        assert!(missed(&sent), "{sent:?}");
        sent.note(&Message::Stop {});
        assert!(!missed(&sent), "{sent:?}");
        assert_eq!((sent.count("pay"), sent.count("stop"), sent.count("units")), (1, 1, 0));
    }

    #[test]
    fn the_same_number_is_the_same_life() {
        let throws = |seed| {
            let mut life = Life::new(seed, 1);
            (0..9).map(|_| life.below(100)).collect::<Vec<_>>()
        };
        assert_eq!(throws(5), throws(5));
        assert_ne!(throws(5), throws(6));
    }

    #[test]
    fn a_broken_life_fails_the_test_and_the_others_are_played() {
        let lives = Lives { first: 1, steps: 100, usual: 100, each: 10 };
        let mut played = 0;
        let broke = catch_unwind(AssertUnwindSafe(|| {
            lives.play("lives", |life| {
                played += 1;
                assert!(life.seed != 3, "a rule is broken");
            });
        }));
        assert!(broke.is_err());
        assert_eq!(played, 10);
    }
}
