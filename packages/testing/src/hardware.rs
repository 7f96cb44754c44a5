//! What a provider claims to have.

use souk_core::Attribute;

/// A provider's claims, as the registry keeps them.
#[derive(Clone, Debug)]
pub struct Hardware {
    attributes: Vec<Attribute>,
}

/// Machines without GPUs, of this many cores, in `eu-west`.
pub fn cpu(cores: u32) -> Hardware {
    Hardware { attributes: Vec::new() }.with("region", "eu-west").with("cores", cores)
}

/// Machines with `units` NVIDIA GPUs of a model, in `eu-west`.
pub fn gpu(model: &str, units: u32) -> Hardware {
    cpu(128)
        .with(&format!("capabilities/gpu/vendor/nvidia/model/{model}"), true)
        .with("gpus", units)
}

impl Hardware {
    /// Somewhere else.
    pub fn region(self, region: &str) -> Self {
        self.with("region", region)
    }

    /// Claims an attribute, in place of one with the same key.
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.attributes.retain(|attribute| attribute.key != key);
        self.attributes.push(Attribute::new(key, value.to_string()));
        self
    }

    /// Persistent storage of a class.
    pub fn storage_class(self, class: &str) -> Self {
        self.with("capabilities/storage/1/class", class)
            .with("capabilities/storage/1/persistent", true)
    }

    /// The claims.
    pub fn attributes(&self) -> Vec<Attribute> {
        self.attributes.clone()
    }
}
