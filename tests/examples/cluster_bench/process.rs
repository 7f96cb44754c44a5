//! What a process uses, as the system says.

use std::fmt;

use anyhow::{Context as _, Result};

/// Memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// All that is resident.
    pub resident: f64,
    /// What of it the program allocated; the rest is the program itself and its libraries, of
    /// which a debug build has much more.
    pub allocated: f64,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}, {:.0} of it allocated", self.resident, self.allocated)
    }
}

/// Memory that a process holds.
pub fn memory(id: u32) -> Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let mib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("no memory")?;
        anyhow::Ok(kib.parse::<f64>()? / 1_024.0)
    };
    Ok(Memory { resident: mib("VmRSS:")?, allocated: mib("RssAnon:")? })
}

/// Processor time so far, in seconds.
pub fn processor(id: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The fields after the name, which may hold blanks: user and system time in hundredths.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("no processor times are results")?;
    Ok((user + system) / 100.0)
}
