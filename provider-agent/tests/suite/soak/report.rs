//! How many faults of each kind there were, and how long it took until all was well again.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::fault::Fault;

/// A fault that was survived.
pub struct Suffered {
    pub fault: Fault,
    pub recovery: Duration,
}

/// The recoveries after each kind of fault.
#[derive(Default)]
pub struct Report(BTreeMap<Fault, Vec<Duration>>);

impl Report {
    pub fn add(&mut self, suffered: Vec<Suffered>) {
        for Suffered { fault, recovery } in suffered {
            self.0.entry(fault).or_default().push(recovery);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| fault | faults | seconds until all was well: median | 95 % | most |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        let mut all = Vec::new();
        for (fault, recoveries) in &self.0 {
            line(f, &format!("{fault:?}"), recoveries)?;
            all.extend(recoveries);
        }
        line(f, "all", &all)
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, recoveries: &[Duration]) -> fmt::Result {
    let mut sorted = recoveries.to_vec();
    sorted.sort_unstable();
    let at = |part: usize| {
        let index = (sorted.len() * part / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(0.0, Duration::as_secs_f64)
    };
    let (median, high, most) = (at(50), at(95), at(100));
    writeln!(f, "| {name} | {} | {median:.1} | {high:.1} | {most:.1} |", sorted.len())
}
