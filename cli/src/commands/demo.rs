//! `souk demo`: the whole market on this machine, and one deployment's story on it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{context::Context, demo, exit::Exit};

/// Run the demonstration.
#[derive(Debug, Args)]
pub struct Demo {
    /// The SDL file; an example of ours if none.
    file: Option<PathBuf>,
    /// Leave everything running at the end and say how to look around.
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Runs it; Ctrl-C ends it cleanly.
    pub async fn run(self, _: &Context) -> Result<Exit> {
        demo::run(self.file.as_deref(), self.keep).await?;
        Ok(Exit::Ok)
    }
}
