//! Named points between two steps, at which a test can kill the process.
//!
//! They do something only where the crate `fail` is built with its feature `failpoints`, as
//! for this crate's tests, and where a test or the environment arms them, for instance
//! `FAILPOINTS='bidding::enqueued=panic'`. A panic then ends the process at once.

/// All points of the agent, so that a test visits each of them.
pub const ALL: &[&str] = &[
    "chain::before_commit",
    "chain::after_commit",
    "bidding::decided",
    "bidding::reserved",
    "bidding::enqueued",
    "bidding::committed",
    "quotes::decided",
    "quotes::writing",
    "quotes::reserved",
    "quotes::signed",
    "leases::before_apply",
    "leases::after_object",
    "leases::after_apply",
    "leases::after_prune",
    "leases::after_keep",
    "leases::before_teardown",
    "leases::after_teardown",
    "leases::after_forget",
];

/// Those of `backup` and `restore`, which are no part of the agent that runs.
pub const OF_COPIES: &[&str] = &[
    "backup::store_read",
    "restore::after_file",
    "restore::before_store",
    "restore::after_store",
    "restore::marked",
];

/// Passes a named point.
#[macro_export]
macro_rules! failpoint {
    ($name:expr) => {
        $crate::failpoint::pass($name)
    };
}

/// Does what was armed at `name`; mostly nothing.
pub fn pass(name: &'static str) {
    let _ = name;
    fail::fail_point!(name);
}

/// Arms the points named in the variable `FAILPOINTS`, if they are built in. While armed, a
/// panic aborts: no destructor runs and nothing is flushed, as with SIGKILL. Keep what it
/// returns until the end.
pub fn arm() -> Option<fail::FailScenario<'static>> {
    if !fail::has_failpoints() || std::env::var_os("FAILPOINTS").is_none() {
        return None;
    }
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    Some(fail::FailScenario::setup())
}
