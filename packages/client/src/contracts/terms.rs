//! What the contracts are set up with: who may do what, denoms, times, amounts. A terms file states what
//! differs from the defaults.

use std::path::Path;

use serde::{Deserialize, Serialize};
use souk_api::{defaults, fees::Split, registry::Slashing};
use souk_core::{Amount, Denom, Price};
use toml::Table;

use super::text;
use crate::error::Error;

/// Everything that the contracts are set up with. Durations are in seconds, amounts in base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The market's name: the first word of the contracts' labels. With the sender's address it
    /// makes the contracts' addresses.
    pub market: String,
    /// Owns the contracts: changes their configuration.
    pub owner: String,
    /// May stop new business.
    pub guardian: String,
    /// May move the contracts to other code.
    pub admin: String,
    /// Where the community pool's part of the fees goes.
    pub pool: String,
    /// May slash bonds.
    pub slashers: Vec<String>,
    /// Gets what is slashed.
    pub slash_receiver: String,
    /// The orderbook's.
    pub orderbook: Orderbook,
    /// The escrow's.
    pub escrow: Escrow,
    /// The provider registry's.
    pub registry: Registry,
    /// The attestations'.
    pub attestations: Attestations,
    /// The fee distributor's.
    pub fees: Fees,
}

/// What a network's file says for the terms of a market on its chain.
#[derive(Clone, Copy, Debug)]
pub struct ChainDefaults<'a> {
    /// The native denom that prices, bonds and stakes are in unless the terms say otherwise.
    pub denom: &'a str,
    /// Milliseconds of a slow block, if the file says it.
    pub slowest_block: Option<u64>,
}

/// Times, counts and denoms of the orderbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orderbook {
    /// How long an order lives.
    #[serde(with = "text::seconds")]
    pub order_lifetime: u64,
    /// Shortest auction.
    #[serde(with = "text::seconds")]
    pub min_auction: u64,
    /// Longest auction.
    #[serde(with = "text::seconds")]
    pub max_auction: u64,
    /// Blocks before an auction can close.
    pub min_auction_blocks: u64,
    /// From marking a depleted deployment to ending it.
    #[serde(with = "text::seconds")]
    pub end_grace: u64,
    /// Blocks between the two.
    pub end_blocks: u64,
    /// How long a lease uses its slot after a breach.
    #[serde(with = "text::seconds")]
    pub slot_hold: u64,
    /// From when after its beginning a lease may be closed for want of a manifest.
    #[serde(with = "text::seconds")]
    pub manifest_timeout: u64,
    /// From marking a deployment whose groups all rest to ending it.
    #[serde(with = "text::seconds")]
    pub idle_grace: u64,
    /// Milliseconds of a slow block: one and a half times the chain's usual block time.
    pub slowest_block: u64,
    /// What deployments may be paid in.
    pub denoms: Vec<DenomTerms>,
}

/// What holds for deployments paid in one denom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenomTerms {
    /// The denom.
    #[serde(with = "text::number")]
    pub denom: Denom,
    /// Least ceiling and bid, an hour.
    #[serde(with = "text::number", default = "least_price")]
    pub min_price: Price,
    /// Highest ceiling, an hour.
    #[serde(with = "text::number", default = "highest_price")]
    pub max_price: Price,
    /// Least deposit for each group.
    #[serde(with = "text::number", default = "least_deposit")]
    pub min_deposit: Amount,
    /// Fee on what providers earn, in hundredths of a per cent.
    #[serde(default = "take")]
    pub take_bps: u16,
}

/// The escrow's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escrow {
    /// How long an account must last at its rates.
    #[serde(with = "text::seconds")]
    pub min_runway: u64,
    /// cw20 contracts whose tokens are taken.
    pub cw20_tokens: Vec<String>,
}

/// The provider registry's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The native denom of bonds.
    pub bond_denom: String,
    /// Least bond of a provider.
    #[serde(with = "text::number")]
    pub min_bond: Amount,
    /// Bond for each open bid or lease.
    #[serde(with = "text::number")]
    pub bond_per_slot: Amount,
    /// How long a bond stays slashable after it was asked back.
    #[serde(with = "text::seconds")]
    pub unbonding_period: u64,
    /// What one slash takes at most, in hundredths of a per cent of what is at stake.
    pub slash_cap_bps: u16,
    /// How long after a slash no other one is noticed for the provider.
    #[serde(with = "text::seconds")]
    pub slash_period: u64,
    /// How long after its notice a slash can be carried out.
    #[serde(with = "text::seconds")]
    pub slash_delay: u64,
    /// How long after it was set a provider's gateway or price floor holds.
    #[serde(with = "text::seconds")]
    pub change_delay: u64,
}

impl Registry {
    /// The bounds of slashing.
    pub fn slashing(&self) -> Slashing {
        let (cap_bps, period, delay) = (self.slash_cap_bps, self.slash_period, self.slash_delay);
        Slashing { cap_bps, period, delay }
    }
}

/// The attestations' terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestations {
    /// Longest lifetime of an attestation.
    #[serde(with = "text::seconds")]
    pub max_lifetime: u64,
}

/// The fee distributor's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// The native denom that is staked.
    pub stake_denom: String,
    /// What income is taken in.
    #[serde(with = "text::list")]
    pub denoms: Vec<Denom>,
    /// The community pool's part, in hundredths of a per cent.
    pub pool_bps: u16,
    /// The stakers' part.
    pub stakers_bps: u16,
    /// The part that is burned.
    pub burn_bps: u16,
    /// Below this total stake the stakers' part goes to the pool.
    #[serde(with = "text::number")]
    pub min_total_stake: Amount,
    /// Over how long income is dripped to stakers.
    #[serde(with = "text::seconds")]
    pub drip_period: u64,
    /// Until unstaked coins can be claimed.
    #[serde(with = "text::seconds")]
    pub unstaking_period: u64,
}

impl Terms {
    /// The defaults, in one native denom, with all power and the pool at one account.
    pub fn new(denom: &str, owner: &str) -> Self {
        let owner = owner.to_owned();
        let fees = defaults::fee_distributor(defaults::Roles::default(), String::new());
        let registry = defaults::registry(defaults::Roles::default(), Vec::new());
        let params = defaults::orderbook_params();
        Self {
            market: "souk".to_owned(),
            guardian: owner.clone(),
            admin: owner.clone(),
            pool: owner.clone(),
            slash_receiver: owner.clone(),
            owner,
            slashers: Vec::new(),
            orderbook: Orderbook {
                order_lifetime: params.order_lifetime,
                min_auction: params.min_auction,
                max_auction: params.max_auction,
                min_auction_blocks: params.min_auction_blocks,
                end_grace: params.end_grace,
                end_blocks: params.end_blocks,
                slot_hold: params.slot_hold,
                manifest_timeout: params.manifest_timeout,
                idle_grace: params.idle_grace,
                slowest_block: params.slowest_block,
                denoms: vec![DenomTerms::new(Denom::native(denom))],
            },
            escrow: Escrow { min_runway: defaults::MIN_RUNWAY, cw20_tokens: Vec::new() },
            registry: Registry {
                bond_denom: denom.to_owned(),
                min_bond: registry.min_bond,
                bond_per_slot: registry.bond_per_slot,
                unbonding_period: registry.unbonding_period,
                slash_cap_bps: registry.slashing.cap_bps,
                slash_period: registry.slashing.period,
                slash_delay: registry.slashing.delay,
                change_delay: registry.change_delay,
            },
            attestations: Attestations { max_lifetime: defaults::MAX_LIFETIME },
            fees: Fees {
                stake_denom: denom.to_owned(),
                denoms: vec![Denom::native(denom)],
                pool_bps: fees.split.pool_bps,
                stakers_bps: fees.split.stakers_bps,
                burn_bps: fees.split.burn_bps,
                min_total_stake: fees.min_total_stake,
                drip_period: fees.drip_period,
                unstaking_period: fees.unstaking_period,
            },
        }
    }

    /// The defaults on a chain.
    pub fn on(chain: ChainDefaults<'_>, owner: &str) -> Self {
        let mut terms = Self::new(chain.denom, owner);
        terms.orderbook.slowest_block =
            chain.slowest_block.unwrap_or(terms.orderbook.slowest_block);
        terms
    }

    /// The defaults with what a terms file states over them; guardian, admin and pool are the
    /// file's owner, or `owner`, unless the file names others.
    ///
    /// # Errors
    /// If the text is no TOML, has an unknown key, or a value of another kind; the text says which.
    pub fn read(text: &str, chain: ChainDefaults<'_>, owner: &str) -> Result<Self, String> {
        let stated: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let owner = match stated.get("owner") {
            Some(owner) => owner.as_str().ok_or("`owner` is not a text")?,
            None => owner,
        };
        let mut table =
            Table::try_from(Self::on(chain, owner)).map_err(|error| error.to_string())?;
        lay_over(&mut table, stated);
        table.try_into().map_err(|error: toml::de::Error| error.to_string())
    }

    /// [`Terms::read`] of a file.
    ///
    /// # Errors
    /// If the file cannot be read, and as [`Terms::read`].
    pub fn read_file(path: &Path, chain: ChainDefaults<'_>, owner: &str) -> Result<Self, Error> {
        let file = |source| Error::File { path: path.into(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        Self::read(&text, chain, owner)
            .map_err(|reason| Error::input(format!("terms file {}", path.display()), reason))
    }

    /// Changes each account's name, for instance from a key's name to its address.
    ///
    /// # Errors
    /// The first that `address` gives.
    pub fn with_addresses<E>(
        mut self,
        address: impl Fn(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        let single = [
            &mut self.owner,
            &mut self.guardian,
            &mut self.admin,
            &mut self.pool,
            &mut self.slash_receiver,
        ];
        for name in single.into_iter().chain(&mut self.slashers) {
            *name = address(name)?;
        }
        Ok(self)
    }

    /// How income is split.
    pub fn split(&self) -> Split {
        Split {
            pool_bps: self.fees.pool_bps,
            stakers_bps: self.fees.stakers_bps,
            burn_bps: self.fees.burn_bps,
        }
    }

    /// A contract's label.
    pub fn label(&self, contract: super::Contract) -> String {
        format!("{} {contract}", self.market)
    }
}

impl DenomTerms {
    /// The defaults for a denom.
    pub fn new(denom: Denom) -> Self {
        let defaults = defaults::denom_config(denom);
        Self {
            denom: defaults.denom,
            min_price: defaults.min_price,
            max_price: defaults.max_price,
            min_deposit: defaults.min_deposit,
            take_bps: defaults.take_bps,
        }
    }
}

fn default_denom() -> DenomTerms {
    DenomTerms::new(Denom::native(defaults::DENOM))
}

fn least_price() -> Price {
    default_denom().min_price
}

fn highest_price() -> Price {
    default_denom().max_price
}

fn least_deposit() -> Amount {
    default_denom().min_deposit
}

fn take() -> u16 {
    default_denom().take_bps
}

/// Tables are laid over tables, everything else takes the place of what was there.
fn lay_over(table: &mut Table, stated: Table) {
    for (key, value) in stated {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: ChainDefaults<'_> = ChainDefaults { denom: "ucosm", slowest_block: None };

    fn read(text: &str) -> Result<Terms, String> {
        Terms::read(text, CHAIN, "wasm1me")
    }

    #[test]
    fn a_slow_block_is_what_the_terms_say_or_the_network_or_the_default() {
        let chain = ChainDefaults { slowest_block: Some(1_800), ..CHAIN };
        let stated = "[orderbook]\nslowest_block = 2000";
        for (text, chain, milliseconds) in
            [("", CHAIN, 9_000), ("", chain, 1_800), (stated, chain, 2_000), (stated, CHAIN, 2_000)]
        {
            let terms = Terms::read(text, chain, "wasm1me").unwrap();
            assert_eq!(terms.orderbook.slowest_block, milliseconds, "{text:?} on {chain:?}");
        }
    }

    #[test]
    fn an_empty_file_states_the_defaults_in_the_networks_denom() {
        let terms = read("").unwrap();
        assert_eq!(terms, Terms::new("ucosm", "wasm1me"));
        assert_eq!(terms.orderbook.denoms[0].denom, Denom::native("ucosm"));
        assert_eq!(terms.registry.bond_denom, "ucosm");
    }

    #[test]
    fn what_a_file_states_takes_the_place_of_a_default_and_of_no_other() {
        let terms = read(
            r#"
            slashers = ["wasm1court"]
            [escrow]
            min_runway = "90s"
            [orderbook]
            min_auction = 10
            [[orderbook.denoms]]
            denom = "ibc/27AB"
            min_deposit = 7
            take_bps = 100
            "#,
        )
        .unwrap();
        let mut expected = Terms::new("ucosm", "wasm1me");
        expected.slashers = vec!["wasm1court".to_owned()];
        expected.escrow.min_runway = 90;
        expected.orderbook.min_auction = 10;
        let denom = DenomTerms::new(Denom::native("ibc/27AB"));
        let min_deposit = Amount::new(7).unwrap();
        expected.orderbook.denoms = vec![DenomTerms { min_deposit, take_bps: 100, ..denom }];
        assert_eq!(terms, expected);
    }

    #[test]
    fn who_owns_the_contracts_holds_every_role_that_is_not_given_away() {
        let terms = read("owner = \"wasm1dao\"\nguardian = \"wasm1ops\"").unwrap();
        assert_eq!(terms.owner, "wasm1dao");
        assert_eq!(terms.guardian, "wasm1ops");
        assert_eq!((terms.admin.as_str(), terms.pool.as_str()), ("wasm1dao", "wasm1dao"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (text, named) in [
            ("ownr = \"x\"", "ownr"),
            ("[escrow]\nmin_runaway = 5", "min_runaway"),
            ("[escrow]\nmin_runway = \"soon\"", "soon"),
            ("[registry]\nmin_bond = -1", "-1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn terms_read_back_what_they_print() {
        let terms = Terms::new("ucosm", "wasm1me");
        assert_eq!(read(&toml::to_string_pretty(&terms).unwrap()).unwrap(), terms);
    }
}
