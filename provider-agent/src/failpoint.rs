//! Named points between two steps, at which a test can kill the process.
//!
//! Compiled in with the feature `failpoints` and armed by the environment, for instance
//! `FAILPOINTS='bidding::after_enqueue=return(abort)'`. Without the feature a point is nothing.

/// All points that this crate has, so that a test visits each of them.
pub const ALL: &[&str] = &[
    "chain::before_commit",
    "chain::after_commit",
    "bidding::decided",
    "bidding::reserved",
    "bidding::enqueued",
    "bidding::committed",
];

/// Passes a named point. `return(abort)` ends the process at once, as SIGKILL would: no
/// destructor runs and nothing is flushed.
#[macro_export]
macro_rules! failpoint {
    ($name:expr) => {{
        #[cfg(feature = "failpoints")]
        $crate::failpoint::pass($name);
        #[cfg(not(feature = "failpoints"))]
        let _ = $name;
    }};
}

/// Does what the environment asks for at `name`.
#[cfg(feature = "failpoints")]
pub fn pass(name: &'static str) {
    let action = |argument: Option<String>| -> Option<()> {
        match argument.as_deref() {
            Some("abort") | None => std::process::abort(),
            Some(_) => Some(()),
        }
    };
    let _ = fail::eval(name, action);
}

/// Arms the points named in the variable `FAILPOINTS`; call it once at the start.
#[cfg(feature = "failpoints")]
pub fn arm() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}
