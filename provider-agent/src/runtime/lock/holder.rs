//! By what name a process holds the lock.

use std::fmt;

use rand::RngCore as _;

use crate::model::names::hash;

/// Where an agent runs.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The machine's name, for people.
    pub host: String,
    /// What the kernel made up when it started; none if it does not say.
    pub boot: Option<String>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let read = |path| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        Self {
            host: read("/proc/sys/kernel/hostname").unwrap_or_default(),
            boot: read("/proc/sys/kernel/random/boot_id").filter(|id| !id.is_empty()),
        }
    }
}

/// The name by which one process holds the lock: `HOST/PLACE-PROCESS`.
///
/// No two processes have the same. Two have the same place only one after the other: it is of the running
/// kernel, of the store, and of the file that the process keeps locked, so that of two such processes the
/// one that does not have that file is dead. A copy of the store has another file, and a clone of the
/// machine another kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    host: String,
    place: String,
    process: String,
}

impl Holder {
    /// The name of this process.
    ///
    /// `store` tells the store from its copies. `file` is the file that this process keeps locked, by device
    /// and number; none if that is not known, and then nobody has the same place.
    pub fn new(machine: &Machine, store: &str, file: Option<(u64, u64)>) -> Self {
        let place = match (&machine.boot, file) {
            (Some(boot), Some((device, number))) => {
                hash(&[store, boot, &device.to_string(), &number.to_string()], 16)
            }
            _ => random(),
        };
        Self { host: machine.host.clone(), place, process: random() }
    }

    /// Whether this is the name of a process that ended: one with the same place, which this process has.
    pub fn follows(&self, holder: &str) -> bool {
        let name = holder.rsplit_once('/').map_or(holder, |(_, name)| name);
        let place = name.split_once('-').map(|(place, _)| place);
        place == Some(&self.place) && holder != self.to_string()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.host.is_empty() {
            write!(f, "{}/", self.host)?;
        }
        write!(f, "{}-{}", self.place, self.process)
    }
}

fn random() -> String {
    let mut bytes = [0; 8];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Option<(u64, u64)> = Some((8, 1_234));

    fn machine(boot: &str) -> Machine {
        Machine { host: "m1/x".into(), boot: Some(boot.into()) }
    }

    #[test]
    fn no_two_processes_have_one_name_and_a_place_is_of_kernel_store_and_locked_file() {
        let first = Holder::new(&machine("boot"), "store", FILE);
        let unknown = Machine { boot: None, ..machine("boot") };
        for (case, later, follows) in [
            ("started again", Holder::new(&machine("boot"), "store", FILE), true),
            (
                "a clone of the machine, or a restart of it",
                Holder::new(&machine("other"), "store", FILE),
                false,
            ),
            ("a store that was put back", Holder::new(&machine("boot"), "another", FILE), false),
            (
                "a copy of the folder",
                Holder::new(&machine("boot"), "store", Some((8, 1_235))),
                false,
            ),
            (
                "a copy on another disk",
                Holder::new(&machine("boot"), "store", Some((9, 1_234))),
                false,
            ),
            ("no file is known", Holder::new(&machine("boot"), "store", None), false),
            ("no kernel is known", Holder::new(&unknown, "store", FILE), false),
        ] {
            assert_ne!(later.to_string(), first.to_string(), "{case}");
            assert_eq!(later.follows(&first.to_string()), follows, "{case}");
        }
        assert!(!first.follows(&first.to_string()), "itself");
        let both = [(); 2].map(|()| Holder::new(&unknown, "store", FILE));
        assert!(!both[0].follows(&both[1].to_string()), "what is not known proves nothing");
        for other in ["", "m1/x", "m1/0123456789abcdef", "-", "/-"] {
            assert!(!first.follows(other), "{other}");
        }
    }
}
