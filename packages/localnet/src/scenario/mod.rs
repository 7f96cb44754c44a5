//! The whole market on this machine, and the story of one deployment told on it: tender,
//! bids, lease, workload, money to the last unit, and the same by a binding auction.

mod auction;
mod cast;
mod conserve;
mod lifecycle;
mod stage;
mod tell;
mod visit;

pub use cast::providers;
pub use conserve::Sum;
pub use stage::Stage;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use souk_core::Denom;

use crate::{
    error::CliError,
    local::{Site, Venue},
    sdl,
};

/// What runs unless another file is given.
const EXAMPLE: &str = include_str!("../../../examples/chat.yaml");
const BLOCK_TIME: Duration = Duration::from_millis(100);

/// Where the story is told.
#[derive(Debug)]
pub struct Setting {
    /// The chain.
    pub venue: Venue,
    /// The clusters; simulated ones if none.
    pub clusters: Option<Clusters>,
}

/// Clusters that are there already.
#[derive(Debug)]
pub struct Clusters {
    /// One for each provider, or one for all: then a node is the provider's that its label
    /// [`NODE_LABEL`] names.
    pub kubeconfigs: Vec<PathBuf>,
    /// Whether images are on the nodes, and none is to be pulled.
    pub local_images: bool,
    /// Where node ports of each provider are reached, in the cast's order; `NAME.localhost`, which
    /// leads nowhere, where there is none.
    pub hosts: Vec<String>,
}

/// The label of nodes in a cluster that several providers share; its value is a provider's name.
pub const NODE_LABEL: &str = "souk.market/provider";

impl Clusters {
    /// The cluster of the provider at a place in the cast.
    ///
    /// # Errors
    /// If there are several and none is at that place.
    pub fn of(&self, name: &str, place: usize) -> Result<Site> {
        let (kubeconfig, nodes) = match self.kubeconfigs.as_slice() {
            [one] => (Some(one), BTreeMap::from([(NODE_LABEL.to_owned(), name.to_owned())])),
            several => (several.get(place), BTreeMap::new()),
        };
        let kubeconfig = kubeconfig.ok_or_else(|| {
            CliError::input(
                "--kubeconfig",
                format!("there is none for {name}; name one for all providers, or one for each"),
            )
        })?;
        Ok(Site {
            kubeconfig: kubeconfig.clone(),
            nodes,
            local_images: self.local_images,
            host: self.hosts.get(place).cloned(),
        })
    }
}

/// The embedded chain on which the story is told unless another is given.
pub fn embedded() -> Venue {
    Venue::Embedded { chain_id: "souk-demo".to_owned(), block_time: BLOCK_TIME }
}

/// Tells the story with the file, and leaves the stage standing if `keep` says so.
pub async fn run(setting: Setting, file: Option<&Path>, keep: bool) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("souk-demo-").tempdir()?;
    let stage = tokio::select! {
        stage = Stage::set(setting, folder.path()) => stage?,
        interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
    };
    let told = tokio::select! {
        told = story(&stage, file, keep) => told,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            tell::line("interrupted; everything is being stopped");
            Ok(())
        }
    };
    if told.is_ok() && keep {
        stage.show_around()?;
        tokio::signal::ctrl_c().await?;
    }
    if told.is_err() {
        eprint!("{}", stage.last_words());
    }
    stage.strike().await;
    told
}

async fn story(stage: &Stage, file: Option<&Path>, keep: bool) -> Result<()> {
    let before = Sum::take(stage).await?;
    let map = &stage.market.network.map;
    let read = || match file {
        Some(file) => sdl::read(file, map, false),
        None => sdl::compile("examples/chat.yaml", EXAMPLE.as_bytes(), map, false),
    };
    let (first, second) = (read()?, read()?);
    lifecycle::tell(stage, first).await?;
    auction::tell(stage, second, keep).await?;
    tell::chapter("The sum of all coins");
    let denom = Denom::native(stage.market.network.denom.clone());
    Sum::take(stage).await?.compare(&before, &denom)
}
