//! What a process uses, as the system says.

use anyhow::{Context as _, Result};

/// Resident memory in MiB.
pub fn memory(id: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no memory is told")?;
    Ok(kib.parse::<f64>()? / 1_024.0)
}

/// Processor time so far, in seconds.
pub fn processor(id: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The fields after the name, which may hold blanks: user and system time in hundredths.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("no processor times are told")?;
    Ok((user + system) / 100.0)
}
