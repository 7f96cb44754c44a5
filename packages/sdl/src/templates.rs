//! Files to start from: `souk sdl init` writes them.

/// A commented starting file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// The file, priced in [`DENOM`].
    pub text: &'static str,
}

/// What the templates are priced in: the denom of a network that was put up with the defaults.
pub const DENOM: &str = "usouk";

impl Template {
    /// The file, priced in another denom. The amounts stay.
    pub fn priced_in(&self, denom: &str) -> String {
        self.text.replace(&format!("denom: {DENOM}\n"), &format!("denom: {denom}\n"))
    }
}

/// A web server that the world can reach.
pub const WEB: Template = Template {
    name: "web",
    about: "a web server that the world can reach",
    text: include_str!("templates/web.yaml"),
};

/// A language model on a GPU, served by vLLM.
pub const GPU: Template = Template {
    name: "gpu",
    about: "a language model on a GPU, served by vLLM",
    text: include_str!("templates/gpu.yaml"),
};

/// Postgres with a volume that outlives its container.
pub const POSTGRES: Template = Template {
    name: "postgres",
    about: "Postgres with a persistent volume",
    text: include_str!("templates/postgres.yaml"),
};

/// A chain's full node with its RPC.
pub const RPC: Template = Template {
    name: "rpc",
    about: "a chain's full node with its RPC",
    text: include_str!("templates/rpc.yaml"),
};

/// A training run that ends.
pub const TRAINING: Template = Template {
    name: "training",
    about: "batch training on GPUs with a persistent volume",
    text: include_str!("templates/training.yaml"),
};

/// All of them.
pub const ALL: &[Template] = &[WEB, GPU, POSTGRES, RPC, TRAINING];

/// A template by its name.
pub fn find(name: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.name == name)
}
