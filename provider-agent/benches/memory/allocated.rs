//! How much memory this process has, by its allocator and by the system.

use std::{
    alloc::System,
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
};

use peakmem_alloc::{PeakMemAlloc, PeakMemAllocTrait};

/// The system's allocator, which the agent has, counted.
#[global_allocator]
static ALLOCATOR: PeakMemAlloc<System> = PeakMemAlloc::new(System);

/// Bytes that were there when the allocator's peak was set back.
static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// More than there ever is, and never touched.
const PROBE: usize = 4 << 30;

/// Bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Allocated now.
    pub live: usize,
    /// The most that was, since the last time.
    pub peak: usize,
    /// Resident, and not a file's.
    pub anonymous: usize,
}

/// What there is now. One thread asks.
pub fn now() -> Memory {
    let anonymous = anonymous();
    let before = BEFORE.load(Ordering::Relaxed);
    let peak = before + ALLOCATOR.get_peak_memory();
    // The allocator names its peak alone: one that is higher than any shows what is below it.
    drop(black_box(Vec::<u8>::with_capacity(PROBE)));
    let live = (before + ALLOCATOR.get_peak_memory()).saturating_sub(PROBE);
    ALLOCATOR.reset_peak_memory();
    BEFORE.store(live, Ordering::Relaxed);
    Memory { live, peak: peak.max(live), anonymous }
}

fn anonymous() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or_default() * 1_024
}
