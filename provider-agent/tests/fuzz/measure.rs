//! What one input costs: memory, counted by the allocator, and time of the processor.

use std::{
    alloc::System,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait};

#[global_allocator]
static ALLOCATOR: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Memory is counted for the whole process: one input at a time.
static TURN: Mutex<()> = Mutex::new(());

/// No input takes a thread longer, in a build without optimizations.
const TIME: Duration = Duration::from_secs(2);

/// The memory that an input may take beside what was there before.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Bytes for any input: connections, buffers, what is always made.
    pub base: usize,
    /// Bytes for each byte of the input.
    pub per_byte: usize,
}

/// A test that runs alone: whatever it allocates, also for its next input, would count as another's.
pub struct Alone {
    _turn: MutexGuard<'static, ()>,
}

/// Waits until no other test of this process runs. All tests begin with it.
pub fn alone() -> Alone {
    // After a panic in another test this one goes on.
    Alone { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
}

impl Alone {
    /// Runs with an input of this many bytes and checks what it took.
    pub fn within<T>(&self, limit: Limit, bytes: usize, run: impl FnOnce() -> T) -> T {
        let began = processor_time();
        ALLOCATOR.reset_peak_memory();
        let result = run();
        let peak = ALLOCATOR.get_peak_memory();
        let took = processor_time().saturating_sub(began);
        let most = limit.base + limit.per_byte * bytes;
        assert!(
            peak <= most,
            "{peak} bytes of memory for {bytes} bytes of input, the limit is {most}"
        );
        assert!(took <= TIME, "{took:?} for {bytes} bytes of input");
        result
    }
}

/// What this thread has run so far, whoever else runs; zero where the system does not say.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

#[test]
#[should_panic(expected = "bytes of memory for 10 bytes of input")]
fn what_takes_more_memory_than_its_limit_is_found() {
    let alone = alone();
    let limit = Limit { base: 1_000, per_byte: 1 };
    alone.within(limit, 10, || drop(std::hint::black_box(vec![1u8; 100_000])));
}
