//! A volume, as `resources.storage` gives it.

use crate::{manifest::Attribute, reader::Read, yaml::NodeId};

/// A volume as the file gives it.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub at: NodeId,
    pub name: String,
    /// Bytes.
    pub size: Read<u64>,
    /// `class` and `persistent`, in that order.
    pub attributes: Vec<Attribute>,
}

impl Volume {
    fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(found.value.as_str())
    }

    /// Bytes; 0 if they could not be read.
    pub fn bytes(&self) -> u64 {
        self.size.as_ref().value().copied().unwrap_or_default()
    }

    /// `true` or `false`, if it has attributes.
    pub fn persistent(&self) -> Option<&str> {
        self.attribute("persistent")
    }

    pub fn is_persistent(&self) -> bool {
        self.persistent() == Some("true")
    }

    pub fn class(&self) -> Option<&str> {
        self.attribute("class")
    }
}
