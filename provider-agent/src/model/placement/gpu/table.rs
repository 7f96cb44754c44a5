//! The devices of `devices.toml`, by name and by PCI id.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::name;

/// A line of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    pub vendor: String,
    /// Device ids, four hexadecimal digits.
    pub pci: Vec<String>,
    pub model: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Sizes in GiB.
    pub memory: Vec<u64>,
    pub interface: String,
    /// What the driver prints.
    pub names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    devices: Vec<Device>,
}

struct Table {
    devices: Vec<Device>,
    /// Places in `devices` by vendor and [`name::key`].
    names: HashMap<(String, String), usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the file with its errors; an unreadable one would leave all names unknown.
    let File { devices } = read().unwrap_or_default();
    let mut names = HashMap::new();
    for (place, device) in devices.iter().enumerate() {
        for name in &device.names {
            names.insert((device.vendor.clone(), name::key(name)), place);
        }
    }
    Table { devices, names }
});

fn read() -> Result<File, toml::de::Error> {
    toml::from_str(include_str!("devices.toml"))
}

/// The device that a vendor's driver or labeller calls so.
pub(super) fn by_name(vendor: &str, product: &str) -> Option<&'static Device> {
    let table = &*TABLE;
    let place = table.names.get(&(vendor.to_owned(), name::key(product)))?;
    table.devices.get(*place)
}

/// The devices with a PCI id, in lower case; several kinds of a card may share one.
pub(super) fn by_pci(vendor: &str, id: &str) -> Vec<&'static Device> {
    let has = |device: &&Device| device.vendor == vendor && device.pci.iter().any(|own| own == id);
    TABLE.devices.iter().filter(has).collect()
}

/// All lines.
#[cfg(test)]
pub(super) fn devices() -> Vec<Device> {
    read().unwrap().devices
}
